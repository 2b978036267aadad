/**
 * The subject of a key, and back: `/` splits tokens, bytes that a subject may not hold are
 * percent-escaped, an empty token is written `%`. No two keys share a subject.
 *
 *     registry/pods/a     -> <prefix>.registry.pods.a
 *     /registry//a.b c    -> <prefix>.%.registry.%.a%2Eb%20c
 *
 * A token that begins with `%` and two letters that are no hex digits cannot come from a key: `%gap`,
 * `%mark` and `%long` are the feed's own. A key whose subject would be too long, or have too many
 * tokens, gets `<prefix>.%long.<digest of the key>`; its name is in the headers.
 */
import type { ByteString } from '@conclave/base';

/** NATS refuses a protocol line above 4,096 bytes; half of it leaves room for reply and prefix. */
export const SUBJECT_BYTES_MAX = 2_048;
/** Each token costs a step of every subscription match in the server. */
export const SUBJECT_TOKENS_MAX = 64;

export const GAP_TOKEN = '%gap';
export const MARK_TOKEN = '%mark';
const LONG_TOKEN = '%long';
const EMPTY_TOKEN = '%';

const HEX = '0123456789ABCDEF';
const SLASH = 0x2f;

/** Printable ASCII without `%`, and without what means something in a subject. */
function isPlain(byte: number): boolean {
  if (byte <= 0x20 || byte >= 0x7f) return false;
  return byte !== 0x25 && byte !== 0x2a && byte !== 0x2e && byte !== 0x3e;
}

function escaped(byte: number): string {
  return `%${HEX[byte >> 4] as string}${HEX[byte & 15] as string}`;
}

/** The key as header text: `%`, controls, spaces and what is not ASCII are escaped; `/` stays. */
export function escapeKey(key: ByteString): string {
  let out = '';
  for (let i = 0; i < key.length; i++) {
    const byte = key.charCodeAt(i);
    out += byte > 0x20 && byte < 0x7f && byte !== 0x25 ? (key[i] as string) : escaped(byte);
  }
  return out;
}

/** The inverse of `escapeKey`; null for text that it never makes. */
export function unescapeKey(text: string): ByteString | null {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c !== '%') {
      out += c;
      continue;
    }
    const digits = text.slice(i + 1, i + 3);
    if (!/^[0-9A-F]{2}$/.test(digits)) return null;
    out += String.fromCharCode(Number.parseInt(digits, 16));
    i += 2;
  }
  return out;
}

/** `digest` names a key too long for a subject: hex, the same for the same key. */
export function subjectOf(
  prefix: string,
  key: ByteString,
  digest: (key: ByteString) => string,
): string {
  let out = prefix;
  let tokens = 0;
  let token = '';
  for (let i = 0; i <= key.length; i++) {
    if (i === key.length || key.charCodeAt(i) === SLASH) {
      out += `.${token === '' ? EMPTY_TOKEN : token}`;
      token = '';
      tokens++;
    } else {
      const byte = key.charCodeAt(i);
      token += isPlain(byte) ? (key[i] as string) : escaped(byte);
    }
    if (out.length + token.length > SUBJECT_BYTES_MAX || tokens > SUBJECT_TOKENS_MAX) {
      return `${prefix}.${LONG_TOKEN}.${digest(key)}`;
    }
  }
  return out;
}

/** The key of a subject under `prefix`; null for the feed's own subjects and for a `%long` one. */
export function keyOfSubject(prefix: string, subject: string): ByteString | null {
  if (!subject.startsWith(`${prefix}.`)) return null;
  const tokens = subject.slice(prefix.length + 1).split('.');
  const parts: ByteString[] = [];
  for (const token of tokens) {
    const part = token === EMPTY_TOKEN ? '' : unescapeKey(token);
    if (part === null) return null;
    parts.push(part);
  }
  return parts.join('/');
}

/** What is wrong with a subject prefix given by an operator; null: nothing. */
export function prefixFault(prefix: string): string | null {
  const tokens = prefix.split('.');
  if (prefix.length > 128) return 'it is longer than 128 characters';
  if (!tokens.every((token) => /^[A-Za-z0-9_-]+$/.test(token))) {
    return 'it must be tokens of letters, digits, _ and -, joined by dots';
  }
  return null;
}

/** What is wrong with a stream's name; null: nothing. */
export function streamNameFault(name: string): string | null {
  return /^[A-Za-z0-9_-]{1,128}$/.test(name) ? null : 'it must be letters, digits, _ and -';
}
