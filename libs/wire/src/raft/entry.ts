import { ByteReader } from '../format/byte-reader.js';
import { putNumber, sizeOfNumber } from '../format/byte-writer.js';
import { type Entry, EntryType } from './message.js';

/**
 * One log entry as bytes: type (1 byte), term, index, data length (varints), data. The same bytes
 * stand in the log's records and in Raft frames, so they carry no format number of their own: that
 * of the record or frame governs.
 */

/** The largest data of one entry that is read back: 64 MiB. Proposals are bound far lower. */
export const ENTRY_DATA_BYTES_MAX = 64 * 1024 * 1024;

/** The smallest entry: four bytes of head. */
export const ENTRY_BYTES_MIN = 4;

/** Bytes before the data, for those who write head and data apart (vectored). */
export function sizeOfEntryHead(entry: Entry): number {
  return 1 + sizeOfNumber(entry.term) + sizeOfNumber(entry.index) + sizeOfNumber(entry.data.length);
}

/** Writes everything but the data, which must follow; returns the end offset. */
export function writeEntryHead(entry: Entry, out: Uint8Array, at: number): number {
  out[at++] = entry.type;
  at = putNumber(entry.term, out, at);
  at = putNumber(entry.index, out, at);
  return putNumber(entry.data.length, out, at);
}

export function sizeOfEntry(entry: Entry): number {
  return sizeOfEntryHead(entry) + entry.data.length;
}

/** Writes head and data; returns the end offset. */
export function writeEntry(entry: Entry, out: Uint8Array, at: number): number {
  at = writeEntryHead(entry, out, at);
  out.set(entry.data, at);
  return at + entry.data.length;
}

export function encodeEntry(entry: Entry): Uint8Array {
  const out = new Uint8Array(sizeOfEntry(entry));
  writeEntry(entry, out, 0);
  return out;
}

/** The next entry; its data is a view of the input. */
export function readEntry(r: ByteReader): Entry {
  const type = r.u8Below(EntryType.CONF_CHANGE + 1, 'entry type') as EntryType;
  const term = r.number();
  const index = r.number();
  return { term, index, type, data: r.view(ENTRY_DATA_BYTES_MAX) };
}

/** The entry that `bytes[lo, hi)` holds, exactly. Its data is a view. Throws `DecodeError`. */
export function decodeEntry(bytes: Uint8Array, lo = 0, hi = bytes.length): Entry {
  const r = new ByteReader(bytes, 'entry', lo, hi);
  const entry = readEntry(r);
  r.finish();
  return entry;
}
