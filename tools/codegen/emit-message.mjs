// Emits one message: its interface, its straight-line encoder and decoder, its codec.

import { goName, propertyName } from './model.mjs';

const WIRE_TYPE = { bytes: 2, string: 2, message: 2 };
const TS_TYPE = {
  bytes: 'Uint8Array',
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  uint32: 'number',
};

function wireType(field) {
  return WIRE_TYPE[field.kind] ?? 0;
}

function elementType(field) {
  if (field.kind === 'message' || field.kind === 'enum') return field.ref.tsName;
  return TS_TYPE[field.kind] ?? (field.jsNumber ? 'number' : 'bigint');
}

function defaultValue(field) {
  if (field.repeated) return '[]';
  if (field.kind === 'message') return 'null';
  if (field.kind === 'bytes') return 'EMPTY_BYTES';
  if (field.kind === 'string') return "''";
  if (field.kind === 'bool') return 'false';
  return elementType(field) === 'bigint' ? '0n' : '0';
}

function isPresent(field, value) {
  if (field.repeated || field.kind === 'bytes') return `${value}.length !== 0`;
  if (field.kind === 'message') return `${value} !== null`;
  if (field.kind === 'string') return `${value} !== ''`;
  if (field.kind === 'bool') return value;
  return elementType(field) === 'bigint' ? `${value} !== 0n` : `${value} !== 0`;
}

/** The runtime's name for a scalar in `size*` and `write*`. */
function writerKind(field) {
  if (field.kind === 'bytes') return 'Bytes';
  if (field.kind === 'string') return 'String';
  if (field.kind === 'enum' || field.kind === 'int32') return 'Int32';
  if (field.kind === 'uint32') return 'Uint32';
  return field.jsNumber ? 'Number' : 'Bigint';
}

function readCall(field) {
  const { kind } = field;
  if (kind === 'bytes') return 'r.view()';
  if (kind === 'enum') return 'r.int32()';
  if (field.jsNumber) return kind === 'int64' ? 'r.int64Number()' : 'r.uint64Number()';
  return `r.${kind}()`;
}

function varintBytes(value) {
  const bytes = [];
  while (value >= 0x80) {
    bytes.push((value % 0x80) | 0x80);
    value = Math.floor(value / 0x80);
  }
  bytes.push(value);
  return bytes;
}

function tagOf(field, type = wireType(field)) {
  return field.number * 8 + type;
}

function tagSize(field) {
  return varintBytes(tagOf(field)).length;
}

function emitTag(field, type) {
  return varintBytes(tagOf(field, type)).map((b) => `out[at++] = ${b};`);
}

function isPacked(field) {
  return field.repeated && wireType(field) === 0;
}

/** The lines that add one value's size to `n`. */
function sizeOne(field, value, use) {
  const tag = tagSize(field);
  if (field.kind === 'bool') return [`n += ${tag + 1};`];
  if (field.kind !== 'message') {
    use(`size${writerKind(field)}`);
    return [`n += ${tag} + size${writerKind(field)}(${value});`];
  }
  use('sizeUint32');
  const { tsName, flat } = field.ref;
  if (flat) {
    return [
      `const size = size${tsName}(${value});`,
      'sizes.add(size);',
      `n += ${tag} + sizeUint32(size) + size;`,
    ];
  }
  return [
    'const place = sizes.reserve();',
    `const size = size${tsName}(${value}, sizes);`,
    'sizes.fill(place, size);',
    `n += ${tag} + sizeUint32(size) + size;`,
  ];
}

function writeOne(field, value, use) {
  const tag = emitTag(field);
  if (field.kind === 'bool') return [...tag, 'out[at++] = 1;'];
  if (field.kind !== 'message') {
    use(`write${writerKind(field)}`);
    return [...tag, `at = write${writerKind(field)}(${value}, out, at);`];
  }
  use('writeUint32');
  const { tsName, flat } = field.ref;
  return [
    ...tag,
    'at = writeUint32(sizes.next(), out, at);',
    `at = write${tsName}(${value}, out, at${flat ? '' : ', sizes'});`,
  ];
}

function sizePacked(field, value, use) {
  const kind = writerKind(field);
  use(`sizePacked${kind}`);
  use('sizeUint32');
  return [
    `const size = sizePacked${kind}(${value});`,
    `n += ${varintBytes(tagOf(field, 2)).length} + sizeUint32(size) + size;`,
  ];
}

function writePacked(field, value, use) {
  const kind = writerKind(field);
  use(`writePacked${kind}`);
  return [...emitTag(field, 2), `at = writePacked${kind}(${value}, out, at);`];
}

function indent(lines, by = '  ') {
  return lines.map((line) => by + line);
}

/** Walks the fields in wire order; `one` and `packed` emit the lines for a value. */
function eachField(message, one, packed, use) {
  const lines = [];
  const seen = new Set();
  for (const field of message.fields) {
    const value = `m.${field.property}`;
    if (field.oneof !== null) {
      if (seen.has(field.oneof)) continue;
      seen.add(field.oneof);
      lines.push(...eachCase(message, field.oneof, one, use));
    } else if (isPacked(field)) {
      lines.push(`if (${isPresent(field, value)}) {`, ...indent(packed(field, value, use)), '}');
    } else if (field.repeated) {
      const item = `${field.property}[i] as ${elementType(field)}`;
      lines.push(
        `for (let i = 0, ${field.property} = ${value}; i < ${field.property}.length; i++) {`,
        ...indent(one(field, item, use)),
        '}',
      );
    } else {
      lines.push(`if (${isPresent(field, value)}) {`, ...indent(one(field, value, use)), '}');
    }
  }
  return lines;
}

function eachCase(message, oneof, one, use) {
  const property = propertyName(oneof);
  const lines = [`const ${property} = m.${property};`, `if (${property} !== null) {`];
  lines.push(`  switch (${property}.$case) {`);
  for (const field of message.fields.filter((f) => f.oneof === oneof)) {
    lines.push(`    case '${field.property}': {`);
    lines.push(...indent(one(field, `${property}.${field.property}`, use), '      '));
    lines.push('      break;', '    }');
  }
  return [...lines, '  }', '}'];
}

function emitInterface(message) {
  const lines = [`/** \`${message.fullName}\` */`];
  const members = [];
  const seen = new Set();
  for (const field of message.fields) {
    if (field.oneof === null) {
      const type = elementType(field);
      const full = field.repeated
        ? `${type}[]`
        : field.kind === 'message'
          ? `${type} | null`
          : type;
      members.push(`  ${field.property}: ${full};`);
      continue;
    }
    if (seen.has(field.oneof)) continue;
    seen.add(field.oneof);
    members.push(`  ${propertyName(field.oneof)}:`);
    for (const one of message.fields.filter((f) => f.oneof === field.oneof)) {
      const tag = `$case: '${one.property}'; ${one.property}: ${elementType(one)}`;
      members.push(`    | { ${tag} }`);
    }
    members.push('    | null;');
  }
  if (members.length === 0) return [...lines, `export type ${message.tsName} = object;`, ''];
  return [...lines, `export interface ${message.tsName} {`, ...members, '}', ''];
}

function emitNew(message) {
  const { tsName } = message;
  const parts = [];
  const seen = new Set();
  for (const field of message.fields) {
    if (field.oneof === null) parts.push(`${field.property}: ${defaultValue(field)},`);
    else if (!seen.has(field.oneof)) {
      seen.add(field.oneof);
      parts.push(`${propertyName(field.oneof)}: null,`);
    }
  }
  if (parts.length === 0)
    return [`export function new${tsName}(): ${tsName} {`, '  return {};', '}', ''];
  return [
    `export function new${tsName}(): ${tsName} {`,
    '  return {',
    ...indent(parts, '    '),
    '  };',
    '}',
    '',
  ];
}

function readLines(field) {
  const { property, oneof } = field;
  const store = (value) =>
    oneof === null
      ? `m.${property} = ${value};`
      : `m.${propertyName(oneof)} = { $case: '${property}', ${property}: ${value} };`;
  if (field.kind !== 'message') {
    return [field.repeated ? `m.${property}.push(${readCall(field)});` : store(readCall(field))];
  }
  const { tsName } = field.ref;
  const merged = !field.repeated && oneof === null;
  const lines = [
    merged ? `const v = (m.${property} ??= new${tsName}());` : `const v = new${tsName}();`,
    'const outer = r.enter();',
    `merge${tsName}(r, v);`,
    'r.leave(outer);',
  ];
  if (field.repeated) lines.push(`m.${property}.push(v);`);
  else if (!merged) lines.push(store('v'));
  return lines;
}

function emitMerge(message) {
  const { tsName, fields } = message;
  const m = fields.length === 0 ? '_m' : 'm';
  const lines = [`export function merge${tsName}(r: Reader, ${m}: ${tsName}): void {`];
  lines.push('  while (r.pos < r.end) {', '    const tag = r.tag();', '    switch (tag) {');
  for (const field of fields) {
    lines.push(`      case ${tagOf(field)}: {`, ...indent(readLines(field), '        '));
    lines.push('        break;', '      }');
    if (!isPacked(field)) continue;
    lines.push(`      case ${tagOf(field, 2)}: {`, '        const outer = r.enter();');
    lines.push(`        while (r.pos < r.end) ${readLines(field)[0]}`);
    lines.push('        r.leave(outer);', '        break;', '      }');
  }
  lines.push('      default:', `        r.other(tag, '${tsName}', ${tsName}Fields);`);
  return [...lines, '    }', '  }', '}', ''];
}

function emitCodec(message) {
  const { tsName, flat } = message;
  const sizes = flat ? [] : ['const sizes = new Sizes();'];
  const more = flat ? '' : ', sizes';
  const measured = flat ? [] : [...sizes, `size${tsName}(m, sizes);`];
  return [
    `export const ${tsName}: Codec<${tsName}> = {`,
    `  typeName: '${message.fullName}',`,
    '  create(fields) {',
    `    const m = new${tsName}();`,
    '    return fields === undefined ? m : Object.assign(m, fields);',
    '  },',
    '  sizeOf(m) {',
    `    return size${tsName}(m${flat ? '' : ', new Sizes()'});`,
    '  },',
    '  write(m, out, at) {',
    ...indent(measured, '    '),
    `    return write${tsName}(m, out, at${more});`,
    '  },',
    '  encode(m) {',
    ...indent(sizes, '    '),
    `    const size = size${tsName}(m${more});`,
    '    if (size === 0) return EMPTY_BYTES;',
    '    const out = allocate(size);',
    `    checkEnd(write${tsName}(m, out, 0${more}), size);`,
    '    return out;',
    '  },',
    '  decode(bytes, lo = 0, hi = bytes.length) {',
    '    const r = new Reader(bytes, lo, hi);',
    `    const m = new${tsName}();`,
    `    merge${tsName}(r, m);`,
    '    return m;',
    '  },',
    '};',
    '',
  ];
}

/** The TypeScript of one message; `use` is told which runtime names it needs. */
export function emitMessage(message, use) {
  const { tsName, flat, fields } = message;
  const m = fields.length === 0 ? '_m' : 'm';
  const out = fields.length === 0 ? '_out' : 'out';
  const more = flat ? '' : ', sizes: Sizes';
  for (const name of ['Codec', 'FieldNames', 'Reader', 'EMPTY_BYTES', 'allocate', 'checkEnd'])
    use(name);
  if (!flat) use('Sizes');
  const size = eachField(message, sizeOne, sizePacked, use);
  const write = eachField(message, writeOne, writePacked, use);
  const names = fields.map((f) => `[${f.number}, '${goName(f.name)}'],`);
  return [
    ...emitInterface(message),
    `const ${tsName}Fields: FieldNames = new Map(${names.length === 0 ? '' : '['}`,
    ...indent(names),
    names.length === 0 ? ');' : ']);',
    '',
    ...emitNew(message),
    `export function size${tsName}(${m}: ${tsName}${more}): number {`,
    ...(size.length === 0 ? ['  return 0;'] : ['  let n = 0;', ...indent(size), '  return n;']),
    '}',
    '',
    `export function write${tsName}(`,
    `  ${m}: ${tsName},`,
    `  ${out}: Uint8Array,`,
    '  at: number,',
    ...(flat ? [] : ['  sizes: Sizes,']),
    '): number {',
    ...indent(write),
    '  return at;',
    '}',
    '',
    ...emitMerge(message),
    ...emitCodec(message),
  ];
}
