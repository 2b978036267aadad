/**
 * Bytes and byte strings.
 *
 * Pure rooms know no Buffer. A *byte string* is a JavaScript string with one UTF-16 unit (0..255)
 * for each byte: V8 stores it in one byte a character, compares it like memcmp, and a Map can be
 * keyed by it. Keys of the store are byte strings in the core rooms; comparing two with `<` is
 * comparing their bytes.
 */

/** A key, or any other bytes, with one character (0..255) for each byte. */
export type ByteString = string;

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

/** Negative, 0 or positive as `a` sorts before, with or after `b`, bytewise. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < n; i++) {
    const d = (a[i] as number) - (b[i] as number);
    if (d !== 0) return d;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** One new array holding all chunks in order. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const c of chunks) length += c.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const c of chunks) {
    out.set(c, at);
    at += c.length;
  }
  return out;
}

const CHUNK = 4096;
/** Up to here, characters by the eight cost half of what a list of them does (measured). */
const SHORT = 64;

/** The byte string of `bytes[lo, hi)`. Copies. */
export function toByteString(bytes: Uint8Array, lo = 0, hi = bytes.length): ByteString {
  if (hi - lo <= SHORT) return shortString(bytes, lo, hi);
  if (hi - lo <= CHUNK) {
    return String.fromCharCode.apply(null, bytes.subarray(lo, hi) as unknown as number[]);
  }
  let out = '';
  for (let at = lo; at < hi; at += CHUNK) {
    const end = at + CHUNK < hi ? at + CHUNK : hi;
    out += String.fromCharCode.apply(null, bytes.subarray(at, end) as unknown as number[]);
  }
  return out;
}

function shortString(bytes: Uint8Array, lo: number, hi: number): ByteString {
  let out = '';
  let i = lo;
  for (; i + 8 <= hi; i += 8) {
    out += String.fromCharCode(
      bytes[i] as number,
      bytes[i + 1] as number,
      bytes[i + 2] as number,
      bytes[i + 3] as number,
      bytes[i + 4] as number,
      bytes[i + 5] as number,
      bytes[i + 6] as number,
      bytes[i + 7] as number,
    );
  }
  if (i + 4 <= hi) {
    out += String.fromCharCode(
      bytes[i] as number,
      bytes[i + 1] as number,
      bytes[i + 2] as number,
      bytes[i + 3] as number,
    );
    i += 4;
  }
  for (; i < hi; i++) out += String.fromCharCode(bytes[i] as number);
  return out;
}

/** The bytes of a byte string, as a new array. */
export function fromByteString(text: ByteString): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

const HEX = '0123456789abcdef';

/** Lower-case hex, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const b of bytes) out += (HEX[b >> 4] as string) + (HEX[b & 15] as string);
  return out;
}
