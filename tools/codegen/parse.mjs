// Parses the subset of proto3 that libs/wire/proto is written in, and refuses everything else.
//
// Known: syntax, package, import, message (nested enums, oneof, repeated), enum, service, rpc with
// `option (conclave.http_path)`, the field option `jstype = JS_NUMBER`, and `extend` (skipped:
// it only declares our own option).

const SCALARS = new Set(['bytes', 'string', 'bool', 'int64', 'uint64', 'int32', 'uint32']);

function tokenize(text, file) {
  const tokens = [];
  const pattern = /\/\/[^\n]*|\s+|"([^"\n]*)"|[A-Za-z_][\w.]*|\d+|[{}()[\]=;,]/gy;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      const line = text.slice(0, at).split('\n').length;
      throw new Error(`${file}:${line}: unexpected ${JSON.stringify(text[at])}`);
    }
    if (!/^(\s|\/\/)/.test(match[0])) tokens.push({ text: match[0], value: match[1], at });
  }
  return tokens;
}

class Parser {
  constructor(text, file) {
    this.text = text;
    this.file = file;
    this.tokens = tokenize(text, file);
    this.at = 0;
  }

  fail(message) {
    const at = this.tokens[Math.min(this.at, this.tokens.length) - 1]?.at ?? 0;
    throw new Error(`${this.file}:${this.text.slice(0, at).split('\n').length}: ${message}`);
  }

  peek() {
    return this.tokens[this.at]?.text;
  }

  next() {
    const token = this.tokens[this.at++];
    if (token === undefined) this.fail('unexpected end of file');
    return token;
  }

  expect(text) {
    const token = this.next();
    if (token.text !== text) this.fail(`expected ${text}, found ${token.text}`);
  }

  accept(text) {
    if (this.peek() !== text) return false;
    this.at++;
    return true;
  }

  name() {
    const { text } = this.next();
    if (!/^[A-Za-z_][\w.]*$/.test(text)) this.fail(`expected a name, found ${text}`);
    return text;
  }

  number() {
    const { text } = this.next();
    if (!/^\d+$/.test(text)) this.fail(`expected a number, found ${text}`);
    return Number(text);
  }

  string() {
    const { value } = this.next();
    if (value === undefined) this.fail('expected a string');
    return value;
  }

  skipBlock() {
    this.expect('{');
    for (let depth = 1; depth > 0;) {
      const { text } = this.next();
      if (text === '{') depth++;
      if (text === '}') depth--;
    }
  }

  parseFile() {
    const out = { file: this.file, package: '', messages: [], enums: [], services: [] };
    this.expect('syntax');
    this.expect('=');
    if (this.string() !== 'proto3') this.fail('only proto3 is known');
    this.expect(';');
    while (this.at < this.tokens.length) {
      const word = this.name();
      if (word === 'package') {
        out.package = this.name();
        this.expect(';');
      } else if (word === 'import') {
        this.string();
        this.expect(';');
      } else if (word === 'message') out.messages.push(this.message(out));
      else if (word === 'enum') out.enums.push(this.enum(''));
      else if (word === 'service') out.services.push(this.service(out));
      else if (word === 'extend') {
        this.name();
        this.skipBlock();
      } else this.fail(`unknown word ${word}`);
    }
    return out;
  }

  message(file) {
    const message = { name: this.name(), fields: [] };
    this.expect('{');
    while (!this.accept('}')) {
      if (this.accept('enum')) file.enums.push(this.enum(message.name));
      else if (this.accept('oneof')) {
        const oneof = this.name();
        this.expect('{');
        while (!this.accept('}')) message.fields.push(this.field(oneof));
      } else message.fields.push(this.field(null));
    }
    message.fields.sort((a, b) => a.number - b.number);
    const numbers = new Set(message.fields.map((f) => f.number));
    if (numbers.size !== message.fields.length) this.fail(`${message.name}: a number twice`);
    return message;
  }

  field(oneof) {
    const repeated = this.accept('repeated');
    if (repeated && oneof !== null) this.fail('repeated within oneof');
    const type = this.name();
    const name = this.name();
    this.expect('=');
    const number = this.number();
    let jsNumber = false;
    if (this.accept('[')) {
      this.expect('jstype');
      this.expect('=');
      this.expect('JS_NUMBER');
      this.expect(']');
      jsNumber = true;
    }
    this.expect(';');
    if (type === 'bool' && (repeated || oneof !== null)) this.fail('bool must be a plain field');
    if (jsNumber && type !== 'int64' && type !== 'uint64') this.fail('jstype on a small type');
    return { name, number, type, scalar: SCALARS.has(type), repeated, oneof, jsNumber };
  }

  enum(parent) {
    const out = { name: this.name(), parent, values: [] };
    this.expect('{');
    while (!this.accept('}')) {
      const name = this.name();
      this.expect('=');
      out.values.push({ name, number: this.number() });
      this.expect(';');
    }
    if (out.values[0]?.number !== 0) this.fail(`enum ${out.name} does not begin with 0`);
    return out;
  }

  service(file) {
    const service = { name: this.name(), fullName: '', methods: [] };
    service.fullName = `${file.package}.${service.name}`;
    this.expect('{');
    while (!this.accept('}')) {
      this.expect('rpc');
      const method = { name: this.name(), httpPaths: [] };
      this.expect('(');
      method.clientStreaming = this.accept('stream');
      method.request = this.name();
      this.expect(')');
      this.expect('returns');
      this.expect('(');
      method.serverStreaming = this.accept('stream');
      method.response = this.name();
      this.expect(')');
      if (this.accept('{')) {
        while (!this.accept('}')) {
          this.expect('option');
          this.expect('(');
          this.expect('conclave.http_path');
          this.expect(')');
          this.expect('=');
          method.httpPaths.push(this.string());
          this.expect(';');
        }
      } else this.expect(';');
      service.methods.push(method);
    }
    return service;
  }
}

/** One parsed file: package, messages (fields by ascending number), enums, services. */
export function parseProto(text, file) {
  return new Parser(text, file).parseFile();
}
