/**
 * The first 4 KiB of a segment: whose log it is, and everything that must not be lost when the segments
 * below it are removed (last HardState, last cut point, chain, where the segment before ended).
 *
 *     0  magic "CNCLVLOG" | 8 format u32 | 12 payload bytes u32 | 16 CRC-32C u32 | 20 payload | zeros
 *
 * The checksum covers magic, format, length and payload. The head is written together with the first
 * group of its segment, so a head that was torn off belongs to a group nobody was told about.
 * A segment prepared ahead of use has a head of zeros.
 */
import { type Index, type Term, assertLe, crc32c, encodeUtf8, equalBytes } from '@conclave/base';
import type { ConfState, HardState, SnapshotMeta } from '@conclave/wire';
import { ByteReader, ByteWriter } from './byte-cursor.js';

export const SEGMENT_HEAD_BYTES = 4096;
export const LOG_FORMAT = 1;
const MAGIC = encodeUtf8('CNCLVLOG');
const PAYLOAD_AT = 20;
/** Ids in all four lists of a ConfState; far above any cluster, and they must fit the head. */
export const CONF_STATE_IDS_MAX = 400;

/** Whose log it is. Another identity is refused; the incarnation also salts the heads of groups. */
export interface LogIdentity {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly incarnation: bigint;
}

export interface SegmentHead extends LogIdentity {
  /** Raised whenever the log is started over; segments of one log have one generation. */
  readonly generation: number;
  /** The number in the file's name; never used twice. */
  readonly sequence: number;
  /** Where the last group of the segment before ends; 0 in the first segment of a generation. */
  readonly previousEnd: number;
  /** The chain before the first group. */
  readonly chain: number;
  /** Number of the first group. */
  readonly nextGroup: number;
  /** Last entry of the log when the segment was begun. */
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  readonly hardState: HardState;
  readonly cut: SnapshotMeta;
}

export function segmentName(sequence: number): string {
  return `${sequence.toString(16).padStart(16, '0')}.log`;
}

/** The sequence in a segment's name; null for any other name. */
export function segmentSequence(name: string): number | null {
  if (!/^[0-9a-f]{16}\.log$/.test(name)) return null;
  const sequence = Number.parseInt(name.slice(0, 16), 16);
  return sequence >= 1 && sequence <= 0xffff_ffff ? sequence : null;
}

export function encodeSegmentHead(head: SegmentHead): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEAD_BYTES);
  const out = new ByteWriter(bytes, PAYLOAD_AT);
  out.id(head.clusterId);
  out.id(head.memberId);
  out.id(head.incarnation);
  out.u32(head.generation);
  out.u32(head.sequence);
  out.u32(head.previousEnd);
  out.u32(head.chain);
  out.number(head.nextGroup);
  out.number(head.lastIndex);
  out.number(head.lastTerm);
  writeHardState(out, head.hardState);
  writeCut(out, head.cut);
  const end = out.at;
  bytes.set(MAGIC, 0);
  const lead = new ByteWriter(bytes, 8);
  lead.u32(LOG_FORMAT);
  lead.u32(end - PAYLOAD_AT);
  lead.u32(crc32c(bytes, crc32c(bytes, 0, 0, 16), PAYLOAD_AT, end));
  return bytes;
}

export type DecodedHead =
  | { readonly type: 'head'; readonly head: SegmentHead }
  | { readonly type: 'empty' }
  | { readonly type: 'bad' }
  | { readonly type: 'unknown-format'; readonly format: number };

/** `bytes` are the first SEGMENT_HEAD_BYTES of the file, or fewer if it is shorter. */
export function decodeSegmentHead(bytes: Uint8Array): DecodedHead {
  if (bytes.every((b) => b === 0)) return { type: 'empty' };
  if (bytes.length < SEGMENT_HEAD_BYTES) return { type: 'bad' };
  if (!equalBytes(bytes.subarray(0, 8), MAGIC)) return { type: 'bad' };
  const lead = new ByteReader(bytes, 8);
  const format = lead.u32();
  // A write torn inside the format number leaves zeros there.
  if (format === 0) return { type: 'bad' };
  const length = lead.u32();
  const checksum = lead.u32();
  const end = PAYLOAD_AT + length;
  const whole =
    end <= SEGMENT_HEAD_BYTES &&
    crc32c(bytes, crc32c(bytes, 0, 0, 16), PAYLOAD_AT, end) === checksum;
  if (format !== LOG_FORMAT) return { type: 'unknown-format', format };
  if (!whole) return { type: 'bad' };
  const from = new ByteReader(bytes.subarray(0, end), PAYLOAD_AT);
  const head: SegmentHead = {
    clusterId: from.id(),
    memberId: from.id(),
    incarnation: from.id(),
    generation: from.u32(),
    sequence: from.u32(),
    previousEnd: from.u32(),
    chain: from.u32(),
    nextGroup: from.number(),
    lastIndex: from.number(),
    lastTerm: from.number(),
    hardState: readHardState(from),
    cut: readCut(from),
  };
  return from.failed || from.left !== 0 ? { type: 'bad' } : { type: 'head', head };
}

export function writeHardState(out: ByteWriter, hardState: HardState): void {
  out.number(hardState.term);
  out.id(hardState.vote);
  out.number(hardState.commit);
}

export function readHardState(from: ByteReader): HardState {
  return { term: from.number(), vote: from.id(), commit: from.number() };
}

export function writeCut(out: ByteWriter, cut: SnapshotMeta): void {
  const { voters, learners, votersOutgoing, learnersNext, autoLeave } = cut.confState;
  const ids = voters.length + learners.length + votersOutgoing.length + learnersNext.length;
  assertLe(ids, CONF_STATE_IDS_MAX, 'ids of a ConfState');
  out.number(cut.index);
  out.number(cut.term);
  out.u8(autoLeave ? 1 : 0);
  for (const list of [voters, learners, votersOutgoing, learnersNext]) {
    out.u16(list.length);
    for (const id of list) out.id(id);
  }
}

export function readCut(from: ByteReader): SnapshotMeta {
  const index = from.number();
  const term = from.number();
  const autoLeave = from.u8() === 1;
  const lists = [readIds(from), readIds(from), readIds(from), readIds(from)];
  const [voters, learners, votersOutgoing, learnersNext] = lists as [
    bigint[],
    bigint[],
    bigint[],
    bigint[],
  ];
  const confState: ConfState = { voters, learners, votersOutgoing, learnersNext, autoLeave };
  return { index, term, confState };
}

function readIds(from: ByteReader): bigint[] {
  const length = from.u16();
  if (length > CONF_STATE_IDS_MAX) {
    from.failed = true;
    return [];
  }
  const ids: bigint[] = [];
  for (let i = 0; i < length; i++) ids.push(from.id());
  return ids;
}

/** Bytes that `writeCut` writes. */
export function cutBytes(cut: SnapshotMeta): number {
  const { voters, learners, votersOutgoing, learnersNext } = cut.confState;
  const ids = voters.length + learners.length + votersOutgoing.length + learnersNext.length;
  return 8 + 8 + 1 + 4 * 2 + 8 * ids;
}

export const HARD_STATE_BYTES = 24;
