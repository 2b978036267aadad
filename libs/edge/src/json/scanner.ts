/**
 * Finds where a JSON value ends, byte by byte, and refuses what is no JSON in the words of Go's
 * encoding/json, because etcd's clients see them.
 *
 * It may be fed in pieces of any size and keeps no bytes: a state, a stack of open containers, and for each
 * container of the value where it ends. With that table whoever reads the value afterwards steps over
 * what he does not want at no cost, however deep it is (a second look at each level would let a few
 * megabytes of brackets cost minutes). No recursion: depth is bounded by a number, not by the stack.
 *
 * Invariant: after `value` the bytes [lo, hi) are exactly one well-formed JSON value.
 */
import { assert } from '@conclave/base';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './characters.js';

/** As Go's encoding/json. */
const DEPTH_MAX = 10_000;
/** Of one value: each costs more than its two brackets, and nobody waits for others' brackets. */
const CONTAINERS_MAX = 1 << 18;

export type ScanResult =
  /** All bytes are used up and the value goes on. */
  | 'more'
  /** `lo`, `hi` and `ends` describe a value. */
  | 'value'
  /** `fault` says what is wrong. */
  | 'bad';

const enum At {
  Begin,
  /** After `[`: a value or `]`. */
  FirstElement,
  /** After `{`: a key or `}`. */
  FirstKey,
  /** After `,` in an object. */
  Key,
  AfterKey,
  AfterValue,
  String,
  Escape,
  Hex,
  Literal,
  Minus,
  Zero,
  Digits,
  Dot,
  Fraction,
  E,
  ESign,
  Exponent,
}

const COLON = 0x3a;

const LITERALS = ['true', 'false', 'null'] as const;

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

/** A byte as Go's messages show it: in single quotes, escaped where it is no visible character. */
export function quoteByte(byte: number): string {
  if (byte === 0x27) return "'\\''";
  if (byte === QUOTE) return `'"'`;
  if (byte === BACKSLASH) return "'\\\\'";
  const short = new Map([
    [0x07, 'a'],
    [0x08, 'b'],
    [0x0c, 'f'],
    [0x0a, 'n'],
    [0x0d, 'r'],
    [0x09, 't'],
    [0x0b, 'v'],
  ]).get(byte);
  if (short !== undefined) return `'\\${short}'`;
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`;
  const isInvisible = (byte >= 0x80 && byte <= 0xa0) || byte === 0xad;
  return isInvisible ? `'\\u00${byte.toString(16)}'` : `'${String.fromCharCode(byte)}'`;
}

export class JsonScanner {
  /** Of the value, once there is one; `lo` already while it is read. -1: no byte of it was seen. */
  lo = -1;
  hi = -1;
  fault = '';
  /** For the n-th container of the value: where it ends, and the number of the next one behind it. */
  ends = new Int32Array(32);
  #containers = 0;
  #state: At = At.Begin;
  /** Numbers of the open containers; the sign tells objects (n) from arrays (-n - 1). */
  #open = new Int32Array(16);
  #depth = 0;
  #isKey = false;
  #literal = '';
  #left = 0;

  /** Forgets the value before; the next byte is the first of another. */
  reset(): void {
    this.lo = -1;
    this.hi = -1;
    this.#containers = 0;
    this.#state = At.Begin;
    this.#depth = 0;
  }

  /** Reads `bytes[from, to)`, the first of which is the byte `offset` of all that is scanned. */
  scan(bytes: Uint8Array, from: number, to: number, offset: number): ScanResult {
    assert(this.hi < 0 && this.fault === '', 'a scanner is reset before its next value');
    let at = from;
    while (at < to) {
      if (this.#state === At.String) {
        at = this.#skipText(bytes, at, to);
        if (at === to) break;
      }
      const byte = bytes[at] as number;
      if (!this.#isInside() && isSpace(byte)) {
        at++;
        continue;
      }
      const isUsed = this.#step(byte, offset + at - from);
      if (this.fault !== '') return 'bad';
      if (isUsed) at++;
      if (this.hi >= 0) return 'value';
    }
    return 'more';
  }

  /** No more bytes will come: a number at the end is complete now. */
  end(offset: number): ScanResult {
    if (this.lo < 0) return 'more';
    if (this.#depth === 0 && this.#isNumber()) this.hi = offset;
    else this.fault = 'unexpected EOF';
    return this.hi >= 0 ? 'value' : 'bad';
  }

  /** True within a string, a number or a literal, where a space means something else. */
  #isInside(): boolean {
    return this.#state >= At.String;
  }

  #isNumber(): boolean {
    const state = this.#state;
    const isWhole = state === At.Zero || state === At.Digits || state === At.Fraction;
    return isWhole || state === At.Exponent;
  }

  /** To the next byte of a string that is not plain text. */
  #skipText(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to) {
      const byte = bytes[at] as number;
      if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
      at++;
    }
    return at;
  }

  /** True if the byte was used; a number ends before the byte that ends it. */
  #step(byte: number, offset: number): boolean {
    switch (this.#state) {
      case At.Begin:
        this.#begin(byte, offset);
        return true;
      case At.FirstElement:
        if (byte === CLOSE_BRACKET) this.#close(byte, offset);
        else this.#begin(byte, offset);
        return true;
      case At.FirstKey:
        if (byte === CLOSE_BRACE) this.#close(byte, offset);
        else this.#beginKey(byte);
        return true;
      case At.Key:
        this.#beginKey(byte);
        return true;
      case At.AfterKey:
        if (byte === COLON) this.#state = At.Begin;
        else this.#fail(byte, 'after object key');
        return true;
      case At.AfterValue:
        this.#afterValue(byte, offset);
        return true;
      case At.String:
        this.#inString(byte, offset);
        return true;
      case At.Escape:
        this.#inEscape(byte);
        return true;
      case At.Hex:
        if (!isHex(byte)) this.#fail(byte, 'in \\u hexadecimal character escape');
        else if (--this.#left === 0) this.#state = At.String;
        return true;
      case At.Literal:
        this.#inLiteral(byte, offset);
        return true;
      default:
        return this.#inNumber(byte, offset);
    }
  }

  #begin(byte: number, offset: number): void {
    if (this.lo < 0) this.lo = offset;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#openContainer(byte);
    else if (byte === QUOTE) {
      this.#isKey = false;
      this.#state = At.String;
    } else if (byte === 0x2d) this.#state = At.Minus;
    else if (byte === 0x30) this.#state = At.Zero;
    else if (isDigit(byte)) this.#state = At.Digits;
    else {
      const literal = LITERALS.find((word) => word.charCodeAt(0) === byte);
      if (literal === undefined) this.#fail(byte, 'looking for beginning of value');
      else {
        this.#literal = literal;
        this.#left = literal.length - 1;
        this.#state = At.Literal;
      }
    }
  }

  #beginKey(byte: number): void {
    if (byte !== QUOTE) this.#fail(byte, 'looking for beginning of object key string');
    else {
      this.#isKey = true;
      this.#state = At.String;
    }
  }

  #openContainer(byte: number): void {
    if (this.#depth >= DEPTH_MAX) {
      this.#fail(byte, 'exceeded max depth');
      return;
    }
    if (this.#containers >= CONTAINERS_MAX) {
      this.fault = `more than ${CONTAINERS_MAX} objects and arrays in one message`;
      return;
    }
    const n = this.#containers++;
    this.#open = roomFor(this.#open, this.#depth + 1);
    this.ends = roomFor(this.ends, 2 * n + 2);
    const isObject = byte === OPEN_BRACE;
    this.#open[this.#depth++] = isObject ? n : -n - 1;
    this.#state = isObject ? At.FirstKey : At.FirstElement;
  }

  #isInObject(): boolean {
    return (this.#open[this.#depth - 1] as number) >= 0;
  }

  #close(byte: number, offset: number): void {
    const open = this.#open[--this.#depth] as number;
    const n = open >= 0 ? open : -open - 1;
    assert(open >= 0 === (byte === CLOSE_BRACE), 'a container ends as it began');
    this.ends[2 * n] = offset + 1;
    this.ends[2 * n + 1] = this.#containers;
    this.#ended(offset + 1);
  }

  /** A value is complete; `hi` is the byte behind it. */
  #ended(hi: number): void {
    this.#state = At.AfterValue;
    if (this.#depth === 0) this.hi = hi;
  }

  #afterValue(byte: number, offset: number): void {
    if (this.#isInObject()) {
      if (byte === COMMA) this.#state = At.Key;
      else if (byte === CLOSE_BRACE) this.#close(byte, offset);
      else this.#fail(byte, 'after object key:value pair');
    } else if (byte === COMMA) this.#state = At.Begin;
    else if (byte === CLOSE_BRACKET) this.#close(byte, offset);
    else this.#fail(byte, 'after array element');
  }

  #inString(byte: number, offset: number): void {
    if (byte === QUOTE) {
      if (this.#isKey) this.#state = At.AfterKey;
      else this.#ended(offset + 1);
    } else if (byte === BACKSLASH) this.#state = At.Escape;
    else this.#fail(byte, 'in string literal');
  }

  #inEscape(byte: number): void {
    if (byte === 0x75) {
      this.#left = 4;
      this.#state = At.Hex;
    } else if ('"\\/bfnrt'.includes(String.fromCharCode(byte))) this.#state = At.String;
    else this.#fail(byte, 'in string escape code');
  }

  #inLiteral(byte: number, offset: number): void {
    const wanted = this.#literal[this.#literal.length - this.#left] as string;
    if (byte !== wanted.charCodeAt(0)) {
      this.#fail(byte, `in literal ${this.#literal} (expecting '${wanted}')`);
    } else if (--this.#left === 0) this.#ended(offset + 1);
  }

  #inNumber(byte: number, offset: number): boolean {
    const digit = isDigit(byte);
    switch (this.#state) {
      case At.Minus:
        if (!digit) this.#fail(byte, 'in numeric literal');
        else this.#state = byte === 0x30 ? At.Zero : At.Digits;
        return true;
      case At.Dot:
        if (!digit) this.#fail(byte, 'after decimal point in numeric literal');
        else this.#state = At.Fraction;
        return true;
      case At.E:
        if (byte === 0x2b || byte === 0x2d) {
          this.#state = At.ESign;
          return true;
        }
        return this.#exponent(byte, digit);
      case At.ESign:
        return this.#exponent(byte, digit);
      default:
        return this.#wholeNumber(byte, digit, offset);
    }
  }

  #exponent(byte: number, digit: boolean): boolean {
    if (!digit) this.#fail(byte, 'in exponent of numeric literal');
    else this.#state = At.Exponent;
    return true;
  }

  /** Behind a number that might end here. */
  #wholeNumber(byte: number, digit: boolean, offset: number): boolean {
    const state = this.#state;
    if (digit && state !== At.Zero) return true;
    const isE = (byte | 0x20) === 0x65;
    if (byte === 0x2e && (state === At.Zero || state === At.Digits)) this.#state = At.Dot;
    else if (isE && state !== At.Exponent) this.#state = At.E;
    else {
      this.#ended(offset);
      return false;
    }
    return true;
  }

  #fail(byte: number, context: string): void {
    this.fault = `invalid character ${quoteByte(byte)} ${context}`;
  }
}

function roomFor(have: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= have.length) return have;
  const more = new Int32Array(2 * have.length);
  more.set(have);
  return more;
}
