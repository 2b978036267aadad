/**
 * Strings of JSON and what is in them: escapes and base64, read as Go reads them and written as Go writes
 * them.
 */
import { EMPTY_BYTES, decodeUtf8, encodeUtf8 } from '@conclave/base';
import { BACKSLASH } from './characters.js';
import { JsonFault } from './json-fault.js';

const PAD = 0x3d;
const NO_DIGIT = 0xff;
const SURROGATE = /[\ud800-\udfff]/;

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '"'],
  [0x5c, '\\'],
  [0x2f, '/'],
  [0x62, '\b'],
  [0x66, '\f'],
  [0x6e, '\n'],
  [0x72, '\r'],
  [0x74, '\t'],
]);

/** The text of a well-formed string whose quotes are just outside of `bytes[lo, hi)`. */
export function unescapeText(bytes: Uint8Array, lo: number, hi: number): string {
  let at = nextEscape(bytes, lo, hi);
  if (at === hi) return decodeUtf8(bytes, lo, hi);
  let text = '';
  let plain = lo;
  while (at < hi) {
    text += decodeUtf8(bytes, plain, at);
    const kind = bytes[at + 1] as number;
    if (kind === 0x75) {
      text += String.fromCharCode(hexAt(bytes, at + 2));
      plain = at + 6;
    } else {
      text += ESCAPES.get(kind) ?? '';
      plain = at + 2;
    }
    at = nextEscape(bytes, plain, hi);
  }
  text += decodeUtf8(bytes, plain, hi);
  // Half a surrogate pair is no character: U+FFFD, as in Go.
  return SURROGATE.test(text) ? decodeUtf8(encodeUtf8(text)) : text;
}

/** The next backslash in `bytes[lo, hi)`, or `hi`. `indexOf` would look through all that follows. */
function nextEscape(bytes: Uint8Array, lo: number, hi: number): number {
  let at = lo;
  while (at < hi && bytes[at] !== BACKSLASH) at++;
  return at;
}

function hexAt(bytes: Uint8Array, at: number): number {
  const digits = String.fromCharCode(...bytes.subarray(at, at + 4));
  return Number.parseInt(digits, 16);
}

const DIGITS: Uint8Array = base64Digits();

function base64Digits(): Uint8Array {
  const digits = new Uint8Array(256).fill(NO_DIGIT);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  for (let i = 0; i < alphabet.length; i++) digits[alphabet.charCodeAt(i)] = i;
  return digits;
}

function illegal(at: number): never {
  throw new JsonFault(`illegal base64 data at input byte ${at}`);
}

/**
 * The bytes of a `bytes` field whose string is `bytes[lo, hi)`: standard base64 with padding; line ends
 * within are skipped. A copy. Throws a `JsonFault` that names the place as Go does.
 */
export function readBase64(bytes: Uint8Array, lo: number, hi: number): Uint8Array {
  if (lo === hi) return EMPTY_BYTES;
  if (nextEscape(bytes, lo, hi) === hi) return decodeBase64(bytes, lo, hi);
  const plain = encodeUtf8(unescapeText(bytes, lo, hi));
  return decodeBase64(plain, 0, plain.length);
}

function decodeBase64(bytes: Uint8Array, lo: number, hi: number): Uint8Array {
  const out = new Uint8Array(Math.ceil((hi - lo) / 4) * 3);
  let size = 0;
  let at = lo;
  // Whole groups of four digits, which is all there is but for the last.
  for (; at + 4 <= hi; at += 4) {
    const a = DIGITS[bytes[at] as number] as number;
    const b = DIGITS[bytes[at + 1] as number] as number;
    const c = DIGITS[bytes[at + 2] as number] as number;
    const d = DIGITS[bytes[at + 3] as number] as number;
    if ((a | b | c | d) >= 64) break;
    out[size++] = (a << 2) | (b >> 4);
    out[size++] = (b << 4) | (c >> 2);
    out[size++] = (c << 6) | d;
  }
  size += decodeLast(bytes, lo, at, hi, out, size);
  return out.subarray(0, size);
}

function isLineEnd(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}

/** The rest from `from` on, where there is padding or a line end; answers how many bytes it wrote. */
function decodeLast(
  bytes: Uint8Array,
  lo: number,
  from: number,
  hi: number,
  out: Uint8Array,
  to: number,
): number {
  const group = [0, 0, 0, 0];
  let digits = 0;
  let size = 0;
  for (let at = from; at < hi; at++) {
    const byte = bytes[at] as number;
    if (isLineEnd(byte)) continue;
    if (byte === PAD) {
      checkPadding(bytes, lo, at, hi, digits);
      return size + writeGroup(group, digits, out, to + size);
    }
    const digit = DIGITS[byte] as number;
    if (digit === NO_DIGIT) illegal(at - lo);
    group[digits++] = digit;
    if (digits < 4) continue;
    size += writeGroup(group, 4, out, to + size);
    digits = 0;
  }
  if (digits > 0) illegal(hi - lo - digits);
  return size;
}

/** `bytes[at]` is the first `=` of a group of `digits`; nothing but its second may follow. */
function checkPadding(bytes: Uint8Array, lo: number, at: number, hi: number, digits: number): void {
  if (digits < 2) illegal(at - lo);
  let next = skipLineEnds(bytes, at + 1, hi);
  if (digits === 2) {
    if (next === hi) illegal(hi - lo);
    if (bytes[next] !== PAD) illegal(next - lo);
    next = skipLineEnds(bytes, next + 1, hi);
  }
  if (next < hi) illegal(next - lo);
}

function skipLineEnds(bytes: Uint8Array, from: number, hi: number): number {
  let at = from;
  while (at < hi && isLineEnd(bytes[at] as number)) at++;
  return at;
}

function writeGroup(group: readonly number[], digits: number, out: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = group;
  out[at] = (a << 2) | (b >> 4);
  if (digits > 2) out[at + 1] = (b << 4) | (c >> 2);
  if (digits > 3) out[at + 2] = (c << 6) | d;
  return digits - 1;
}

/** A view over the same memory, so that nothing is copied. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

const UNSAFE = /[<>&\u2028\u2029]/;

/** A string as Go's encoder writes it: what could end a script or a tag of a page is escaped. */
export function quoteText(text: string): string {
  const quoted = JSON.stringify(text);
  if (!UNSAFE.test(quoted)) return quoted;
  return quoted.replace(/[<>&\u2028\u2029]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
