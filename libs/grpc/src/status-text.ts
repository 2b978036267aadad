/**
 * The `grpc-message` trailer: UTF-8, with every byte outside printable ASCII, and `%`, as `%XX`.
 *
 * Blanks at either end are encoded as well: RFC 9113 section 8.2.1 forbids them in a field value.
 */
import { encodeUtf8 } from '@conclave/base';

const HEX = '0123456789ABCDEF';

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || c > 0x7e || c === 0x25) return false;
  }
  return !text.startsWith(' ') && !text.endsWith(' ');
}

/** The header value that carries `text`; `text` itself in the usual case, without an allocation. */
export function encodeStatusText(text: string): string {
  if (isPlain(text)) return text;
  const bytes = encodeUtf8(text);
  let out = '';
  for (let i = 0; i < bytes.length; i++) {
    const b = bytes[i] as number;
    const isEdge = i === 0 || i === bytes.length - 1;
    if (b < 0x20 || b > 0x7e || b === 0x25 || (b === 0x20 && isEdge)) {
      out += `%${HEX[b >> 4]}${HEX[b & 15]}`;
    } else {
      out += String.fromCharCode(b);
    }
  }
  return out;
}
