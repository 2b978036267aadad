/**
 * UTF-8 without a host API, as tolerant as etcd: invalid input becomes U+FFFD, never an error.
 */

/** The number of bytes `encodeUtf8` writes for `text`. */
export function utf8Length(text: string): number {
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x80) n += 1;
    else if (c < 0x800) n += 2;
    else if (c >= 0xd800 && c < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      n += 4;
      i++;
    } else n += 3;
  }
  return n;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Writes `text` into `out` at `at` and returns the end offset. A lone surrogate becomes U+FFFD. */
export function writeUtf8(text: string, out: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    let c = text.charCodeAt(i);
    if (c < 0x80) {
      out[at++] = c;
      continue;
    }
    if (c < 0x800) {
      out[at++] = 0xc0 | (c >> 6);
      out[at++] = 0x80 | (c & 63);
      continue;
    }
    if (c >= 0xd800 && c < 0xe000) {
      const low = text.charCodeAt(i + 1);
      if (c < 0xdc00 && isLow(low)) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        i++;
        out[at++] = 0xf0 | (c >> 18);
        out[at++] = 0x80 | ((c >> 12) & 63);
        out[at++] = 0x80 | ((c >> 6) & 63);
        out[at++] = 0x80 | (c & 63);
        continue;
      }
      c = 0xfffd;
    }
    out[at++] = 0xe0 | (c >> 12);
    out[at++] = 0x80 | ((c >> 6) & 63);
    out[at++] = 0x80 | (c & 63);
  }
  return at;
}

export function encodeUtf8(text: string): Uint8Array {
  const out = new Uint8Array(utf8Length(text));
  writeUtf8(text, out, 0);
  return out;
}

/** The text of `bytes[lo, hi)`; each byte that is no part of a valid sequence becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, lo = 0, hi = bytes.length): string {
  let out = '';
  let i = lo;
  while (i < hi) {
    const b = bytes[i] as number;
    if (b < 0x80) {
      out += String.fromCharCode(b);
      i++;
      continue;
    }
    const size = b >= 0xf0 && b < 0xf5 ? 4 : b >= 0xe0 ? 3 : b >= 0xc2 ? 2 : 0;
    const code = size === 0 || b >= 0xf5 ? -1 : decodeSequence(bytes, i, hi, size);
    if (code < 0) {
      out += '\ufffd';
      i++;
    } else {
      out += String.fromCodePoint(code);
      i += size;
    }
  }
  return out;
}

const LOWEST = [0, 0, 0x80, 0x800, 0x10000] as const;

function decodeSequence(bytes: Uint8Array, at: number, hi: number, size: number): number {
  if (at + size > hi) return -1;
  let code = (bytes[at] as number) & (0xff >> (size + 1));
  for (let k = 1; k < size; k++) {
    const b = bytes[at + k] as number;
    if ((b & 0xc0) !== 0x80) return -1;
    code = (code << 6) | (b & 63);
  }
  if (code < (LOWEST[size] as number) || code > 0x10ffff) return -1;
  if (code >= 0xd800 && code < 0xe000) return -1;
  return code;
}
