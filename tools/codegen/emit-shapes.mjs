// Emits what a table needs to know about each message that has a path in the JSON gateway, and about all
// that such messages hold: names in .proto and in JSON, kinds, enums.

/** protoc's `json_name`: `range_end` -> `rangeEnd`; a first capital stays (`ID`). */
export function jsonName(name) {
  return name.replace(/_+(.?)/g, (_, letter) => letter.toUpperCase());
}

/** Every message of the gateway, each once, the outer ones first. */
function reachable(files) {
  const found = new Set();
  const visit = (message) => {
    if (found.has(message)) return;
    found.add(message);
    for (const field of message.fields) if (field.kind === 'message') visit(field.ref);
  };
  for (const file of files) {
    for (const { methods } of file.services) {
      for (const method of methods.filter((m) => m.httpPaths.length > 0)) {
        visit(method.requestType);
        visit(method.responseType);
      }
    }
  }
  return [...found];
}

function emitField(field, propertyName) {
  const parts = [
    `name: '${field.name}'`,
    `jsonName: '${jsonName(field.name)}'`,
    `property: '${field.property}'`,
    `kind: '${field.kind}'`,
    `type: '${field.ref?.fullName ?? ''}'`,
    `isRepeated: ${field.repeated}`,
    `isNumber: ${field.jsNumber === true}`,
    `oneof: ${field.oneof === null ? 'null' : `'${propertyName(field.oneof)}'`}`,
  ];
  return `      { ${parts.join(', ')} },`;
}

/** The text of `shapes.ts`, without its head. */
export function emitShapes(files, propertyName) {
  const messages = reachable(files);
  const imports = new Map();
  const add = ({ file, tsName }) => {
    imports.set(file.tsFile, (imports.get(file.tsFile) ?? new Set()).add(tsName));
  };
  for (const message of messages) add(message);
  const enums = new Set();
  for (const { fields } of messages) {
    for (const { kind, ref } of fields) if (kind === 'enum') enums.add(ref);
  }
  for (const e of enums) add(e);
  const lines = ["import type { EnumShape, MessageShape } from '../protobuf/shape.js';"];
  for (const [tsFile, names] of imports) {
    lines.push(`import {\n  ${[...names].sort().join(',\n  ')},\n} from './${tsFile}.js';`);
  }
  lines.push('', '/** Messages of the JSON gateway. */');
  lines.push('export const MESSAGE_SHAPES: readonly MessageShape[] = [');
  for (const { fullName, tsName, fields } of messages) {
    lines.push('  {', `    typeName: '${fullName}',`, `    create: () => ${tsName}.create(),`);
    if (fields.length === 0) lines.push('    fields: [],');
    else lines.push('    fields: [', ...fields.map((f) => emitField(f, propertyName)), '    ],');
    lines.push('  },');
  }
  lines.push('];', '', '/** Enums of their fields. */');
  lines.push('export const ENUM_SHAPES: readonly EnumShape[] = [');
  for (const { fullName, tsName } of enums) {
    lines.push(`  { typeName: '${fullName}', values: ${tsName} },`);
  }
  lines.push('];');
  return lines;
}
