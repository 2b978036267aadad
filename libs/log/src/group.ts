/**
 * A group: what one durable write carries.
 *
 *     group head, 32 bytes, at a multiple of 64:
 *       0 magic u32 | 4 body bytes u32 | 8 group number u64 | 16 previous end u32 | 20 sequence u32
 *       24 chain before u32 | 28 CRC-32C of [0, 28), salted
 *     record: 0 body bytes u32 | 4 chain u32 | 8 kind u8 | 9 body
 *       ENTRY body:      type u8 | term u64 | index u64 | data
 *       HARD_STATE body: term u64 | vote u64 | commit u64
 *       CUT body:        index u64 | term u64 | ConfState
 *
 * The chain is one CRC-32C carried on over group heads and records of the whole log; each record stores
 * it as it stands behind that record (over its length, kind and body). So a record is valid only
 * behind exactly the records that came before it.
 *
 * `previous end` names the end of the group before in this segment, which was durable when this one was
 * written; 0 in the first group. A group head checks by itself, without the chain, so that recovery
 * can find a later one behind bad bytes; the salt keeps a client from forging one inside a value.
 */
import { type Index, type Term, crc32c } from '@conclave/base';
import type { EntryType } from '@conclave/wire';
import type { LogIdentity } from './segment-head.js';

export const GROUP_ALIGN = 64;
export const GROUP_HEAD_BYTES = 32;
export const GROUP_MAGIC = 0x50524743;
export const RECORD_HEAD_BYTES = 9;
export const ENTRY_FIXED_BYTES = 17;

export const RecordKind = { ENTRY: 1, HARD_STATE: 2, CUT: 3 } as const;

export interface GroupHead {
  readonly bodyBytes: number;
  readonly group: number;
  readonly previousEnd: number;
  readonly sequence: number;
  readonly chainBefore: number;
}

/** The next place where a group may begin. */
export function alignUp(offset: number): number {
  return Math.ceil(offset / GROUP_ALIGN) * GROUP_ALIGN;
}

/** What the checksums of group heads begin with. */
export function groupSalt(identity: LogIdentity): number {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, identity.clusterId, true);
  view.setBigUint64(8, identity.memberId, true);
  view.setBigUint64(16, identity.incarnation, true);
  return crc32c(bytes);
}

/** Writes the head at `at`; answers the chain behind it. */
export function writeGroupHead(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  head: GroupHead,
  salt: number,
): number {
  view.setUint32(at, GROUP_MAGIC, true);
  view.setUint32(at + 4, head.bodyBytes, true);
  writeNumber(view, at + 8, head.group);
  view.setUint32(at + 16, head.previousEnd, true);
  view.setUint32(at + 20, head.sequence, true);
  view.setUint32(at + 24, head.chainBefore, true);
  view.setUint32(at + 28, crc32c(bytes, salt, at, at + 28), true);
  return crc32c(bytes, head.chainBefore, at, at + GROUP_HEAD_BYTES);
}

/** The head at `at` if its own checksum holds, else null. */
export function readGroupHead(bytes: Uint8Array, at: number, salt: number): GroupHead | null {
  if (at + GROUP_HEAD_BYTES > bytes.length) return null;
  if (readU32(bytes, at) !== GROUP_MAGIC) return null;
  if (readU32(bytes, at + 28) !== crc32c(bytes, salt, at, at + 28)) return null;
  return {
    bodyBytes: readU32(bytes, at + 4),
    group: readNumber(bytes, at + 8),
    previousEnd: readU32(bytes, at + 16),
    sequence: readU32(bytes, at + 20),
    chainBefore: readU32(bytes, at + 24),
  };
}

export function writeNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

/** Little-endian, as all of the log; without a DataView, of which a start would make one a record. */
function readU32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}

/** A number beyond 2^53 - 1 comes out imprecise: the caller compares or range-checks. */
function readNumber(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at + 4) * 0x1_0000_0000 + readU32(bytes, at);
}

/** A record as found in `bytes`; its checksum was verified. */
export interface FoundRecord {
  /** Where it begins. */
  readonly at: number;
  readonly kind: number;
  /** The body is `bytes[bodyAt, end)`. */
  readonly bodyAt: number;
  readonly end: number;
  readonly chainBefore: number;
  readonly chain: number;
}

/** The record at `at` if it ends at or before `limit` and continues `chainBefore`, else null. */
export function readRecord(
  bytes: Uint8Array,
  at: number,
  limit: number,
  chainBefore: number,
): FoundRecord | null {
  if (at + RECORD_HEAD_BYTES > limit) return null;
  const end = at + RECORD_HEAD_BYTES + readU32(bytes, at);
  if (end > limit) return null;
  const chain = crc32c(bytes, crc32c(bytes, chainBefore, at, at + 4), at + 8, end);
  if (readU32(bytes, at + 4) !== chain) return null;
  const bodyAt = at + RECORD_HEAD_BYTES;
  return { at, kind: bytes[at + 8] as number, bodyAt, end, chainBefore, chain };
}

export interface EntryHead {
  readonly type: EntryType;
  readonly term: Term;
  readonly index: Index;
  readonly dataAt: number;
}

/** The fixed fields of an ENTRY body; null if it is too short or a number is out of range. */
export function readEntryHead(bytes: Uint8Array, bodyAt: number, end: number): EntryHead | null {
  if (bodyAt + ENTRY_FIXED_BYTES > end) return null;
  const term = readNumber(bytes, bodyAt + 1);
  const index = readNumber(bytes, bodyAt + 9);
  if (!Number.isSafeInteger(term) || !Number.isSafeInteger(index)) return null;
  const type = bytes[bodyAt] as number;
  if (type > 1) return null;
  return { type: type as EntryType, term, index, dataAt: bodyAt + ENTRY_FIXED_BYTES };
}
