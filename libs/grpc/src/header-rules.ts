/**
 * Which header fields a request may have (RFC 9113 section 8.2 and 8.3), as far as grpc-go minds them.
 *
 * Broken rules make a request malformed: its stream is reset. Not minded, because grpc-go does not: an
 * `:authority` of any form, a missing `:scheme`, a content-length that lies.
 */

/** 1 for bytes a field name may have: token characters without capitals. */
const NAME_BYTES = ((): Uint8Array => {
  const table = new Uint8Array(256);
  for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") table[c.charCodeAt(0)] = 1;
  return table;
})();
const COLON = 58;

/** A name in lower case; one colon in front is a pseudo field's. */
export function isFieldName(bytes: Uint8Array, lo: number, hi: number): boolean {
  let at = lo < hi && bytes[lo] === COLON ? lo + 1 : lo;
  if (at >= hi) return false;
  for (; at < hi; at++) if (NAME_BYTES[bytes[at] as number] !== 1) return false;
  return true;
}

/** No control characters except the tab. */
export function isFieldValue(bytes: Uint8Array, lo: number, hi: number): boolean {
  for (let at = lo; at < hi; at++) {
    const b = bytes[at] as number;
    if ((b < 0x20 && b !== 9) || b === 0x7f) return false;
  }
  return true;
}

const PSEUDO_BIT: Readonly<Record<string, number>> = Object.freeze({
  ':method': 1,
  ':path': 2,
  ':scheme': 4,
  ':authority': 8,
});

/**
 * Checks a request's fields (name, value, name, value, ...) for what can only be seen in their
 * order: unknown, repeated or late pseudo fields, fields of HTTP/1.1 connections, a `te` that is not
 * `trailers`.
 */
export function areFieldsInOrder(fields: readonly string[]): boolean {
  let pseudo = 0;
  let isRegular = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.charCodeAt(0) === COLON) {
      const bit = Object.hasOwn(PSEUDO_BIT, name) ? (PSEUDO_BIT[name] as number) : 0;
      if (bit === 0 || isRegular || (pseudo & bit) !== 0) return false;
      pseudo |= bit;
      continue;
    }
    isRegular = true;
    switch (name) {
      case 'connection':
      case 'proxy-connection':
      case 'keep-alive':
      case 'transfer-encoding':
      case 'upgrade':
        return false;
      case 'te':
        if (fields[i + 1] !== 'trailers') return false;
        break;
    }
  }
  return true;
}
