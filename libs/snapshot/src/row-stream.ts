import {
  EMPTY_BYTES,
  type EngineRow,
  compareBytes,
  concatBytes,
  crc32c,
  joinCrc32c,
} from '@conclave/base';
import { putNumber, sizeOfNumber } from '@conclave/wire';

/**
 * The rows of a state as one stream of bytes: for each row, in ascending order of keys, the length of
 * the key, the key, the length of the value, the value (lengths as varints). Chunks are pieces of this
 * stream, so its checksum says nothing about where it was cut.
 *
 * Invariant of `StreamPosition`: `rows` rows of `bytes` bytes were complete, the last one with key
 * `lastKey`, and `crc` is the CRC-32C of those bytes.
 */
export interface StreamPosition {
  readonly rows: number;
  readonly bytes: number;
  readonly crc: number;
  /** Null before the first row. */
  readonly lastKey: Uint8Array | null;
}

export const STREAM_START: StreamPosition = Object.freeze({
  rows: 0,
  bytes: 0,
  crc: 0,
  lastKey: null,
});

/** Lengths stay below 2^35. */
const LENGTH_BYTES_MAX = 5;

export function sizeOfRow({ key, value }: EngineRow): number {
  return sizeOfNumber(key.length) + key.length + sizeOfNumber(value.length) + value.length;
}

/** Writes a row into `out` at `at`; answers the end offset. */
export function writeRow({ key, value }: EngineRow, out: Uint8Array, at: number): number {
  let end = putNumber(key.length, out, at);
  out.set(key, end);
  end = putNumber(value.length, out, end + key.length);
  out.set(value, end);
  return end + value.length;
}

export const SCAN_ROWS_FIRST = 16;

/**
 * Bounds the memory of the one scan that aims at small rows and meets large ones: 256 rows of 100 KiB are
 * 26 MB. The engine reads a snapshot in order without beginning anew, so larger pieces gain no more.
 */
const SCAN_ROWS_MAX = 256;

/** How many rows to ask for after a scan of `limit` that gave `rows`, to get about `bytes`. */
export function nextScanRows(rows: readonly EngineRow[], limit: number, bytes: number): number {
  let got = 0;
  for (const row of rows) got += sizeOfRow(row);
  const fitting = got === 0 ? limit : Math.ceil((bytes / got) * rows.length);
  return Math.max(1, Math.min(fitting, 4 * limit, SCAN_ROWS_MAX));
}

/** The next key there can be behind the last of `rows`. */
export function keyBehind({ key }: EngineRow): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

export type ParsedRows =
  | { readonly ok: true; readonly rows: readonly EngineRow[] }
  | { readonly ok: false; readonly text: string };

/**
 * Reads rows out of chunks. A row that goes beyond its chunk is held until the rest comes.
 *
 * Invariant: `#held` is the beginning of one row that is not complete, or empty.
 */
export class RowParser {
  readonly #rowBytesMax: number;
  #position: StreamPosition;
  #held: Uint8Array = EMPTY_BYTES;
  /** Where `#row` and `#length` stopped reading. */
  #at = 0;

  /** A row that takes more than `rowBytesMax` in the stream is refused. */
  constructor(from: StreamPosition, rowBytesMax: number) {
    this.#position = from;
    this.#rowBytesMax = rowBytesMax;
  }

  /** After the last complete row. */
  get position(): StreamPosition {
    return this.#position;
  }

  /** No row is cut here: the stream can be taken up again from `position`. */
  get whole(): boolean {
    return this.#held.length === 0;
  }

  /**
   * The rows that `data` completes, as views; `crc` is its CRC-32C, if that is known. After a refusal the
   * parser is of no more use.
   */
  push(data: Uint8Array, crc: number | null = null): ParsedRows {
    const bytes = this.whole ? data : concatBytes([this.#held, data]);
    const rows: EngineRow[] = [];
    let end = 0;
    let lastKey = this.#position.lastKey;
    for (;;) {
      this.#at = end;
      const row = this.#row(bytes);
      if (row === null) break;
      if (typeof row === 'string') return { ok: false, text: `snapshot row: ${row}` };
      if (lastKey !== null && compareBytes(lastKey, row.key) >= 0) {
        return { ok: false, text: 'snapshot row: keys out of order' };
      }
      lastKey = row.key;
      rows.push(row);
      end = this.#at;
    }
    // Copies: a view would keep the whole chunk.
    this.#held = end === bytes.length ? EMPTY_BYTES : bytes.slice(end);
    if (lastKey !== null && rows.length > 0) {
      this.#position = {
        rows: this.#position.rows + rows.length,
        bytes: this.#position.bytes + end,
        crc:
          crc !== null && end === data.length && bytes === data
            ? joinCrc32c(this.#position.crc, crc, end)
            : crc32c(bytes, this.#position.crc, 0, end),
        lastKey: lastKey.slice(),
      };
    }
    return { ok: true, rows };
  }

  /** The row at `#at`, which moves behind it; null: it needs more bytes; a text: it is no row. */
  #row(bytes: Uint8Array): EngineRow | null | string {
    const start = this.#at;
    const keyLength = this.#length(bytes);
    if (keyLength === -1) return 'an impossible length';
    if (keyLength === 0) return 'an empty key';
    if (keyLength !== null && keyLength > this.#rowBytesMax) return 'larger than allowed';
    if (keyLength === null) return null;
    const key = this.#at;
    this.#at += keyLength;
    const valueLength = this.#length(bytes);
    if (valueLength === -1) return 'an impossible length';
    if (valueLength === null) return null;
    const value = this.#at;
    this.#at += valueLength;
    if (this.#at - start > this.#rowBytesMax) return 'larger than allowed';
    if (this.#at > bytes.length) return null;
    return { key: bytes.subarray(key, key + keyLength), value: bytes.subarray(value, this.#at) };
  }

  /** A varint at `#at`, which moves behind it; null: it needs more bytes; -1: none of ours. */
  #length(bytes: Uint8Array): number | null {
    let length = 0;
    let factor = 1;
    for (let i = 0; i < LENGTH_BYTES_MAX; i++) {
      const b = bytes[this.#at++];
      if (b === undefined) return null;
      length += (b & 0x7f) * factor;
      if (b < 0x80) return b === 0 && i > 0 ? -1 : length;
      factor *= 0x80;
    }
    return -1;
  }
}
