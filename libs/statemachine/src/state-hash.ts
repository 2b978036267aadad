/** A checksum over rows: CRC-32C of each row's lengths, key and value, in the given order. */
import { type EngineRow, crc32c } from '@conclave/base';

export function hashRows(rows: readonly EngineRow[]): number {
  const lengths = new Uint8Array(8);
  const view = new DataView(lengths.buffer);
  let crc = 0;
  for (const { key, value } of rows) {
    view.setUint32(0, key.length);
    view.setUint32(4, value.length);
    crc = crc32c(value, crc32c(key, crc32c(lengths, crc)));
  }
  return crc;
}
