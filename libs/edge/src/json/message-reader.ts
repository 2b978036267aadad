/**
 * From a scanned JSON value to a message of `wire`, with the tolerance of etcd's gateway (Go's jsonpb) and
 * its error texts.
 *
 *   - names as in .proto or in lowerCamelCase, which wins; the last of several equal ones counts;
 *     unknown names are stepped over; `null` leaves a field as it is
 *   - 64-bit integers as numbers or as strings that hold one; enums by number or by name
 *   - bytes as standard base64, or as an array of numbers
 *
 * Invariant: `#at` is the first byte of a value or behind one, and `#next` the number of the next container
 * from there on, in the order of the scanner's table.
 */
import { NUMBER_MAX, assert } from '@conclave/base';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './characters.js';
import { JsonFault } from './json-fault.js';
import type { EnumPlan, FieldPlan, MessagePlan } from './message-plan.js';
import { isSpace, JsonScanner, quoteByte } from './scanner.js';
import { readBase64, unescapeText } from './text.js';

/** Messages within messages; a transaction within a transaction costs two. */
export const JSON_DEPTH_MAX = 1_024;
/** Members of objects and elements of lists in one message: a second of work at most. */
export const JSON_VALUES_MAX = 1 << 19;
/** Numbers in an array that stands for bytes; no request is larger. */
const BYTES_MAX = 1 << 22;
/** For each field while its object is read: where its value is, the container there, what is final. */
const PLACE = 3;

const N = 0x6e;
const T = 0x74;
const F = 0x66;

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;
const SAFE_DIGITS_MAX = 15;
const INTEGER = /^-?\d+$/;

/** Bounds of each integer kind. */
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = Object.freeze({
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [INT64_MIN, INT64_MAX],
  uint64: [0n, UINT64_MAX],
  uint8: [0n, 255n],
});

function mismatch(what: string, goType: string): never {
  throw new JsonFault(`json: cannot unmarshal ${what} into Go value of type ${goType}`);
}

/** A JSON text of its own, inside of a string: its kind and bytes, without space around it. */
function scanInner(bytes: Uint8Array): Uint8Array {
  const scanner = new JsonScanner();
  let result = scanner.scan(bytes, 0, bytes.length, 0);
  if (result === 'more') result = scanner.end(bytes.length);
  if (result === 'more' || scanner.fault === 'unexpected EOF') {
    throw new JsonFault('unexpected end of JSON input');
  }
  if (result === 'bad') throw new JsonFault(scanner.fault);
  for (let at = scanner.hi; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (isSpace(byte)) continue;
    throw new JsonFault(`invalid character ${quoteByte(byte)} after top-level value`);
  }
  return bytes.subarray(scanner.lo, scanner.hi);
}

/** Reads one value that a `JsonScanner` has found in `bytes`. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #ends: Int32Array;
  #at: number;
  #next = 0;
  #depth = 0;
  #values = 0;
  /** Places of the fields of all open objects; no array for each of them. */
  #places = new Int32Array(256);
  #placesEnd = 0;

  /** `ends`: the scanner's table, borrowed until `read` returns. */
  constructor(bytes: Uint8Array, lo: number, ends: Int32Array) {
    this.#bytes = bytes;
    this.#at = lo;
    this.#ends = ends;
  }

  /** Throws a `JsonFault`, nothing else. `bytes` fields are copies. */
  read(plan: MessagePlan): object {
    return this.#message(plan) ?? plan.create();
  }

  /** Null for a JSON `null`. */
  #message(plan: MessagePlan): Record<string, unknown> | null {
    const first = this.#peek();
    if (first === N) {
      this.#skip();
      return null;
    }
    if (first !== OPEN_BRACE) mismatch(this.#kind(), 'map[string]json.RawMessage');
    if (++this.#depth > JSON_DEPTH_MAX) throw new JsonFault('messages nested too deeply');
    const own = this.#next++;
    const base = this.#findPlaces(plan);
    const message = plan.create();
    for (let i = 0; i < plan.fields.length; i++) {
      const at = this.#places[base + PLACE * i] as number;
      if (at < 0) continue;
      this.#at = at;
      this.#next = this.#places[base + PLACE * i + 1] as number;
      this.#field(plan.fields[i] as FieldPlan, message);
    }
    this.#placesEnd = base;
    this.#leave(own);
    this.#depth--;
    return message;
  }

  /** Finds for each field of the plan where its value begins (-1: not given); answers the first place. */
  #findPlaces(plan: MessagePlan): number {
    const base = this.#placesEnd;
    const end = base + PLACE * plan.fields.length;
    if (end > this.#places.length) {
      const more = new Int32Array(2 * end);
      more.set(this.#places);
      this.#places = more;
    }
    this.#placesEnd = end;
    const places = this.#places.fill(-1, base, end);
    this.#at++;
    while (this.#space() !== CLOSE_BRACE) {
      this.#countValue();
      const named = plan.byName.get(this.#string());
      this.#space();
      this.#at++;
      this.#space();
      if (named !== undefined) {
        const place = base + PLACE * named.field;
        if (named.isJsonName || places[place + 2] === -1) {
          places[place] = this.#at;
          places[place + 1] = this.#next;
          if (named.isJsonName) places[place + 2] = 1;
        }
      }
      this.#skip();
      if (this.#space() === COMMA) this.#at++;
    }
    return base;
  }

  #countValue(): void {
    if (++this.#values <= JSON_VALUES_MAX) return;
    throw new JsonFault(`more than ${JSON_VALUES_MAX} values in one message`);
  }

  /** Behind the container with that number. */
  #leave(container: number): void {
    this.#at = this.#ends[2 * container] as number;
    this.#next = this.#ends[2 * container + 1] as number;
  }

  #field(field: FieldPlan, message: Record<string, unknown>): void {
    const { property, isRepeated, oneof } = field.shape;
    if (isRepeated) {
      this.#elements(field, message[property] as unknown[]);
      return;
    }
    const value = field.message === null ? this.#scalar(field) : this.#message(field.message);
    if (value === null) return;
    if (oneof === null) message[property] = value;
    else message[oneof] = { $case: property, [property]: value };
  }

  #elements(field: FieldPlan, list: unknown[]): void {
    const first = this.#peek();
    if (first === N) return;
    if (first !== OPEN_BRACKET) mismatch(this.#kind(), '[]json.RawMessage');
    const own = this.#next++;
    this.#at++;
    while (this.#space() !== CLOSE_BRACKET) {
      this.#countValue();
      const value = field.message === null ? this.#scalar(field) : this.#message(field.message);
      if (value !== null) list.push(value);
      else if (field.message === null) list.push(zeroOf(field));
      else throw new JsonFault(`null is no element of ${field.shape.name}`);
      if (this.#space() === COMMA) this.#at++;
    }
    this.#leave(own);
  }

  /** Null for a JSON `null`. */
  #scalar(field: FieldPlan): unknown {
    if (this.#peek() === N) {
      this.#skip();
      return null;
    }
    const { kind, isNumber } = field.shape;
    if (field.enum !== null) return this.#enum(field.enum);
    switch (kind) {
      case 'bytes':
        return this.#bytesValue();
      case 'string':
        if (this.#peek() !== QUOTE) mismatch(this.#kind(), 'string');
        return this.#string();
      case 'bool':
        return this.#bool();
      case 'int32':
      case 'uint32':
        return Number(this.#integer(kind) ?? 0n);
      default: {
        const value = this.#integer(kind);
        if (value === null) return isNumber ? 0 : 0n;
        return isNumber ? clamped(value) : BigInt(value);
      }
    }
  }

  #bool(): boolean {
    const first = this.#peek();
    if (first !== T && first !== F) mismatch(this.#kind(), 'bool');
    this.#skip();
    return first === T;
  }

  #enum(plan: EnumPlan): number {
    if (this.#peek() !== QUOTE)
      return Number(this.#number(this.#raw(), 'int32', plan.goName) ?? 0n);
    const lo = this.#at + 1;
    this.#skip();
    const name = Buffer.from(this.#bytes.subarray(lo, this.#at - 1)).toString();
    const number = plan.numbers.get(name);
    if (number !== undefined) return number;
    throw new JsonFault(`unknown value ${JSON.stringify(name)} for enum ${plan.goName}`);
  }

  /** A number, or a string that holds one; null if it holds `null`. */
  #integer(kind: string): bigint | number | null {
    let raw = this.#raw();
    if (raw[0] === QUOTE) {
      raw = raw.subarray(1, -1);
      if (!isPlainInteger(raw)) raw = scanInner(raw);
      if (raw[0] === N) return null;
    }
    return this.#number(raw, kind, kind);
  }

  /** `raw` is one whole JSON value. A number if it is small. */
  #number(raw: Uint8Array, kind: string, goType: string): bigint | number {
    const text = String.fromCharCode(...raw.subarray(0, 400));
    if (!isNumberText(raw)) mismatch(kindOf(raw[0] as number), goType);
    if (!INTEGER.test(text) || raw.length > 400) mismatch(`number ${text}`, goType);
    if (text.length <= SAFE_DIGITS_MAX && kind === 'int64') return Number(text) + 0;
    const value = BigInt(text);
    const [low, high] = RANGES[kind] as readonly [bigint, bigint];
    if (value < low || value > high) mismatch(`number ${text}`, goType);
    return value;
  }

  #bytesValue(): Uint8Array {
    const first = this.#peek();
    if (first === OPEN_BRACKET) return this.#byteArray();
    if (first !== QUOTE) mismatch(this.#kind(), '[]uint8');
    const lo = this.#at + 1;
    this.#skip();
    return readBase64(this.#bytes, lo, this.#at - 1);
  }

  #byteArray(): Uint8Array {
    const own = this.#next++;
    const list: number[] = [];
    this.#at++;
    while (this.#space() !== CLOSE_BRACKET) {
      if (list.length >= BYTES_MAX) throw new JsonFault(`more than ${BYTES_MAX} bytes in an array`);
      list.push(this.#byte());
      if (this.#space() === COMMA) this.#at++;
    }
    this.#leave(own);
    return Uint8Array.from(list);
  }

  #byte(): number {
    const bytes = this.#bytes;
    const lo = this.#at;
    let value = 0;
    let at = lo;
    while (at < lo + 3 && isDigit(bytes[at] as number)) {
      value = 10 * value + (bytes[at++] as number) - 0x30;
    }
    if (at > lo && value < 256 && isEnd(bytes[at])) {
      this.#at = at;
      return value;
    }
    const raw = this.#raw();
    return raw[0] === N ? 0 : Number(this.#number(raw, 'uint8', 'uint8'));
  }

  // ------------------------------------------------------------------ values as they stand there

  #peek(): number {
    return this.#bytes[this.#at] as number;
  }

  /** Over white space; answers the byte behind it. */
  #space(): number {
    while (isSpace(this.#bytes[this.#at] as number)) this.#at++;
    return this.#bytes[this.#at] as number;
  }

  #kind(): string {
    return kindOf(this.#peek());
  }

  /** The value's bytes; it is behind us afterwards. */
  #raw(): Uint8Array {
    const lo = this.#at;
    this.#skip();
    return this.#bytes.subarray(lo, this.#at);
  }

  #string(): string {
    const lo = this.#at + 1;
    this.#skip();
    return unescapeText(this.#bytes, lo, this.#at - 1);
  }

  #skip(): void {
    const first = this.#peek();
    if (first === OPEN_BRACE || first === OPEN_BRACKET) this.#leave(this.#next);
    else if (first === QUOTE) this.#skipString();
    else {
      while (!isEnd(this.#bytes[this.#at])) this.#at++;
    }
  }

  #skipString(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    while (bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    assert(at < bytes.length, 'a scanned string ends');
    this.#at = at + 1;
  }
}

function isEnd(byte: number | undefined): boolean {
  if (byte === undefined || isSpace(byte)) return true;
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isPlainInteger(raw: Uint8Array): boolean {
  if (raw.length === 0 || raw.length > SAFE_DIGITS_MAX) return false;
  const first = raw[0] as number;
  if (first < 0x31 || first > 0x39) return false;
  return raw.every(isDigit);
}

function isNumberText(raw: Uint8Array): boolean {
  const first = raw[0] as number;
  return first === 0x2d || isDigit(first);
}

function kindOf(first: number): string {
  if (first === OPEN_BRACE) return 'object';
  if (first === OPEN_BRACKET) return 'array';
  if (first === QUOTE) return 'string';
  if (first === T || first === F) return 'bool';
  return first === N ? 'null' : 'number';
}

/** As the codecs clamp what comes by gRPC. */
function clamped(value: bigint | number): number {
  const number = Number(value);
  return Math.max(-NUMBER_MAX, Math.min(NUMBER_MAX, number));
}

/** What a `null` in a list stands for. */
function zeroOf({ shape }: FieldPlan): unknown {
  switch (shape.kind) {
    case 'bytes':
      return new Uint8Array(0);
    case 'string':
      return '';
    case 'bool':
      return false;
    default:
      return (shape.kind === 'int64' || shape.kind === 'uint64') && !shape.isNumber ? 0n : 0;
  }
}
