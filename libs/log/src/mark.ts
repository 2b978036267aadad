/**
 * The file `mark`: how far the log was, said a second time in another place.
 *
 * It trails the log by at most 100 ms and is never waited for. At start a log that ends before its mark
 * was cut short, and is refused. Two slots written in turn: a torn write spoils one of them at most.
 *
 *     slot: magic "CNCLVMRK" | format u32 | fields | CRC-32C u32, at 0 and at 4096
 */
import { type Index, type Term, crc32c, encodeUtf8, equalBytes } from '@conclave/base';
import type { HardState } from '@conclave/wire';
import { ByteReader, ByteWriter } from './byte-cursor.js';
import { type LogIdentity, readHardState, writeHardState } from './segment-head.js';

export const MARK_NAME = 'mark';
const MARK_FORMAT = 1;
const SLOT_BYTES = 4096;
export const MARK_BYTES = 2 * SLOT_BYTES;
const MAGIC = encodeUtf8('CNCLVMRK');
const ENCODED_BYTES = 8 + 4 + 8 + 24 + 4 + 4 + 8 + 4 + 4 + 16 + 24 + 4;

export interface Mark extends LogIdentity {
  /** Counts marks written; the higher valid slot counts. */
  readonly number: number;
  readonly generation: number;
  /** Segment, group, end and chain of the last group that was durable when the mark was made. */
  readonly sequence: number;
  readonly group: number;
  readonly end: number;
  readonly chain: number;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  readonly hardState: HardState;
}

/** Where the slot of this mark begins in the file. */
export function markOffset(mark: Mark): number {
  return (mark.number % 2) * SLOT_BYTES;
}

export function encodeMark(mark: Mark): Uint8Array {
  const bytes = new Uint8Array(ENCODED_BYTES);
  bytes.set(MAGIC, 0);
  const out = new ByteWriter(bytes, 8);
  out.u32(MARK_FORMAT);
  out.number(mark.number);
  out.id(mark.clusterId);
  out.id(mark.memberId);
  out.id(mark.incarnation);
  out.u32(mark.generation);
  out.u32(mark.sequence);
  out.number(mark.group);
  out.u32(mark.end);
  out.u32(mark.chain);
  out.number(mark.lastIndex);
  out.number(mark.lastTerm);
  writeHardState(out, mark.hardState);
  out.u32(crc32c(bytes, 0, 0, out.at));
  return bytes;
}

export type DecodedMark =
  | { readonly type: 'mark'; readonly mark: Mark }
  | { readonly type: 'bad' }
  | { readonly type: 'unknown-format'; readonly format: number };

/** The newest valid slot of the file's bytes. */
export function decodeMarks(bytes: Uint8Array): DecodedMark {
  let best: DecodedMark = { type: 'bad' };
  for (let at = 0; at + ENCODED_BYTES <= bytes.length; at += SLOT_BYTES) {
    const slot = decodeSlot(bytes.subarray(at, at + ENCODED_BYTES));
    if (slot.type === 'unknown-format') return slot;
    if (slot.type === 'bad') continue;
    if (best.type !== 'mark' || best.mark.number < slot.mark.number) best = slot;
  }
  return best;
}

function decodeSlot(bytes: Uint8Array): DecodedMark {
  if (!equalBytes(bytes.subarray(0, 8), MAGIC)) return { type: 'bad' };
  const from = new ByteReader(bytes, 8);
  const format = from.u32();
  const checksum = new ByteReader(bytes, ENCODED_BYTES - 4).u32();
  if (crc32c(bytes, 0, 0, ENCODED_BYTES - 4) !== checksum) return { type: 'bad' };
  if (format !== MARK_FORMAT) return { type: 'unknown-format', format };
  const mark: Mark = {
    number: from.number(),
    clusterId: from.id(),
    memberId: from.id(),
    incarnation: from.id(),
    generation: from.u32(),
    sequence: from.u32(),
    group: from.number(),
    end: from.u32(),
    chain: from.u32(),
    lastIndex: from.number(),
    lastTerm: from.number(),
    hardState: readHardState(from),
  };
  return from.failed ? { type: 'bad' } : { type: 'mark', mark };
}
