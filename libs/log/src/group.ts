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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(at, true) !== GROUP_MAGIC) return null;
  if (view.getUint32(at + 28, true) !== crc32c(bytes, salt, at, at + 28)) return null;
  return {
    bodyBytes: view.getUint32(at + 4, true),
    group: readNumber(view, at + 8),
    previousEnd: view.getUint32(at + 16, true),
    sequence: view.getUint32(at + 20, true),
    chainBefore: view.getUint32(at + 24, true),
  };
}

export function writeNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

/** A number beyond 2^53 - 1 comes out imprecise: the caller compares or range-checks. */
export function readNumber(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}

/** A record as found in `bytes`; its checksum was verified. */
export interface FoundRecord {
  readonly kind: number;
  /** The body is `bytes[bodyAt, end)`. */
  readonly bodyAt: number;
  readonly end: number;
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = at + RECORD_HEAD_BYTES + view.getUint32(at, true);
  if (end > limit) return null;
  const chain = crc32c(bytes, crc32c(bytes, chainBefore, at, at + 4), at + 8, end);
  if (view.getUint32(at + 4, true) !== chain) return null;
  return { kind: bytes[at + 8] as number, bodyAt: at + RECORD_HEAD_BYTES, end, chain };
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const term = readNumber(view, bodyAt + 1);
  const index = readNumber(view, bodyAt + 9);
  if (!Number.isSafeInteger(term) || !Number.isSafeInteger(index)) return null;
  const type = bytes[bodyAt] as number;
  if (type > 1) return null;
  return { type: type as EntryType, term, index, dataAt: bodyAt + ENTRY_FIXED_BYTES };
}
