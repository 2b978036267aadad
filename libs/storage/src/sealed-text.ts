/**
 * Small files that a person can read and a flipped bit cannot change: one line of JSON that begins with
 * the format number, and one line with its CRC-32C.
 *
 *     {"format":1,"clusterId":"cdf818194e3a8c32", ...}
 *     crc32c 1a2b3c4d
 */
import { crc32c, encodeUtf8 } from '@conclave/base';
import { storageError } from './disk-trouble.js';

export type Fields = Readonly<Record<string, string | number>>;

export function sealText(format: number, fields: Fields): Uint8Array {
  const line = `${JSON.stringify({ format, ...fields })}\n`;
  return encodeUtf8(`${line}crc32c ${checksum(line)}\n`);
}

/** The fields; throws `corrupt` or `unknown-format`, naming `what`. */
export function unsealText(bytes: Uint8Array, format: number, what: string): Fields {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const end = text.indexOf('\n') + 1;
  if (end === 0 || text.slice(end) !== `crc32c ${checksum(text.slice(0, end))}\n`) {
    throw storageError('corrupt', `${what} is corrupt: its checksum does not match`);
  }
  const fields = JSON.parse(text.slice(0, end)) as Fields;
  if (fields['format'] !== format) {
    throw storageError(
      'unknown-format',
      `${what} has unknown format ${fields['format']}, this program knows ${format}`,
    );
  }
  return fields;
}

function checksum(line: string): string {
  return crc32c(Buffer.from(line, 'latin1')).toString(16).padStart(8, '0');
}
