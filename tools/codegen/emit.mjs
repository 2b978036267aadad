// Emits the TypeScript files: one for each .proto file with messages, and the table of services.

import { emitMessage } from './emit-message.mjs';
import { emitShapes } from './emit-shapes.mjs';
import { propertyName } from './model.mjs';

const HEAD = '// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.';

const RUNTIME = [
  { from: '@conclave/base', names: ['EMPTY_BYTES'] },
  { from: '../protobuf/allocate.js', names: ['allocate'] },
  { from: '../protobuf/codec.js', names: ['Codec', 'MethodDescriptor'], types: true },
  { from: '../protobuf/reader.js', names: ['FieldNames', 'Reader'], typeNames: ['FieldNames'] },
  { from: '../protobuf/writer.js', names: null },
];

function importLines(used) {
  const rest = new Set(used);
  const lines = [];
  for (const { from, names, types, typeNames } of RUNTIME) {
    const take = (names ?? [...rest].sort()).filter((name) => rest.delete(name));
    if (take.length === 0) continue;
    const list = take.map((name) => (typeNames?.includes(name) ? `type ${name}` : name));
    lines.push(`import ${types ? 'type ' : ''}{ ${list.join(', ')} } from '${from}';`);
  }
  return lines;
}

function emitEnum(e) {
  return [
    `/** \`${e.fullName}\`. Unknown values are kept, hence any number. */`,
    `export const ${e.tsName} = {`,
    ...e.values.map((v) => `  ${v.name}: ${v.number},`),
    '} as const;',
    `export type ${e.tsName} = number;`,
    '',
  ];
}

function foreignImports(file) {
  const byFile = new Map();
  for (const message of file.messages) {
    for (const { kind, ref } of message.fields) {
      if (ref === undefined || ref.file === file) continue;
      const names = byFile.get(ref.file.tsFile) ?? new Set();
      byFile.set(ref.file.tsFile, names);
      if (kind === 'enum') names.add(`type ${ref.tsName}`);
      else {
        names.add(`type ${ref.tsName}`);
        for (const verb of ['new', 'merge', 'size', 'write']) names.add(verb + ref.tsName);
      }
    }
  }
  return [...byFile].map(
    ([tsFile, names]) =>
      `import {\n  ${[...names].sort().join(',\n  ')},\n} from './${tsFile}.js';`,
  );
}

function emitFile(file) {
  const used = new Set();
  const body = [];
  for (const e of file.enums) body.push(...emitEnum(e));
  for (const m of file.messages) body.push(...emitMessage(m, (name) => used.add(name)));
  const head = [HEAD, ...importLines(used), ...foreignImports(file), ''];
  return `${[...head, ...body].join('\n').trimEnd()}\n`;
}

function serviceName(service) {
  return service.name === 'KV' ? 'KvService' : `${service.name}Service`;
}

function emitMethod(service, method) {
  const type = `MethodDescriptor<${method.requestType.tsName}, ${method.responseType.tsName}>`;
  return [
    `  ${propertyName(method.name)}: {`,
    `    path: '/${service.fullName}/${method.name}',`,
    `    service: '${service.fullName}',`,
    `    name: '${method.name}',`,
    `    request: ${method.requestType.tsName},`,
    `    response: ${method.responseType.tsName},`,
    `    clientStreaming: ${method.clientStreaming},`,
    `    serverStreaming: ${method.serverStreaming},`,
    `    httpPaths: [${method.httpPaths.map((path) => `'${path}'`).join(', ')}],`,
    `  } as ${type},`,
  ];
}

function emitServices(files) {
  const imports = new Map();
  const body = [];
  const names = [];
  for (const file of files) {
    for (const service of file.services) {
      for (const { requestType, responseType } of service.methods) {
        for (const type of [requestType, responseType]) {
          const list = imports.get(type.file.tsFile) ?? new Set();
          imports.set(type.file.tsFile, list.add(type.tsName));
        }
      }
      names.push(serviceName(service));
      body.push(
        `/** Methods of \`${service.fullName}\`. */`,
        `export const ${serviceName(service)} = {`,
        ...service.methods.flatMap((method) => emitMethod(service, method)),
        '} as const;',
        '',
      );
    }
  }
  const lines = [HEAD, "import type { MethodDescriptor } from '../protobuf/codec.js';"];
  for (const [tsFile, list] of imports) {
    lines.push(`import {\n  ${[...list].sort().join(',\n  ')},\n} from './${tsFile}.js';`);
  }
  const table = [
    '/** Every method of every service, with untyped codecs; a service has typed ones. */',
    'export const METHODS: readonly MethodDescriptor[] = [',
    ...names.map((name) => `  ...(Object.values(${name}) as unknown as MethodDescriptor[]),`),
    '];',
    '',
    '/** gRPC path to method. */',
    'export const METHODS_BY_PATH: ReadonlyMap<string, MethodDescriptor> = new Map(',
    '  METHODS.map((method) => [method.path, method]),',
    ');',
    '',
    '/** HTTP path of the JSON gateway to method. */',
    'export const METHODS_BY_HTTP_PATH: ReadonlyMap<string, MethodDescriptor> = new Map(',
    '  METHODS.flatMap((method) => method.httpPaths.map((path) => [path, method] as const)),',
    ');',
  ];
  return `${[...lines, '', ...body, ...table].join('\n')}\n`;
}

/** File name (without folder) to text, for all generated files. */
export function emitAll(files) {
  const out = new Map();
  for (const file of files) {
    if (file.messages.length + file.enums.length > 0) out.set(`${file.tsFile}.ts`, emitFile(file));
  }
  out.set('services.ts', emitServices(files));
  out.set('shapes.ts', `${[HEAD, ...emitShapes(files, propertyName)].join('\n')}\n`);
  return out;
}
