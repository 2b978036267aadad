import { EMPTY_BYTES } from '@conclave/base';
import { ByteReader } from '../format/byte-reader.js';
import { ByteWriter } from '../format/byte-writer.js';
import {
  type ConfChange,
  type ConfChangeTransition,
  type ConfChangeType,
  type ConfState,
  type HardState,
  type SnapshotMeta,
} from './message.js';

/**
 * HardState, ConfState and SnapshotMeta as pieces of records and frames (no format number of their
 * own), and ConfChange as the data of an entry (with one).
 *
 * A ConfState that breaks its invariants (ids sorted and unique, learners apart from voters) is
 * refused: no decoder hands on a configuration that elections could not work with.
 */

/** Ids in each list of a ConfState. */
export const CONF_IDS_MAX = 1_024;
export const CONF_CHANGES_MAX = 64;
/** Member attributes and a request id: far below. */
export const CONF_CONTEXT_BYTES_MAX = 1024 * 1024;

const CONF_CHANGE_FORMAT = 1;
const CONF_CHANGE_TRANSITIONS = 4;
const CONF_CHANGE_TYPES = 3;

export function putHardState(state: HardState, w: ByteWriter): void {
  w.number(state.term);
  w.u64(state.vote);
  w.number(state.commit);
}

export function readHardState(r: ByteReader): HardState {
  const term = r.number();
  const vote = r.u64();
  return { term, vote, commit: r.number() };
}

export function encodeHardState(state: HardState): Uint8Array {
  const w = new ByteWriter(24);
  putHardState(state, w);
  return w.finish();
}

/** The HardState that `bytes[lo, hi)` holds, exactly. Throws `DecodeError`. */
export function decodeHardState(bytes: Uint8Array, lo = 0, hi = bytes.length): HardState {
  const r = new ByteReader(bytes, 'hard state', lo, hi);
  const state = readHardState(r);
  r.finish();
  return state;
}

function putIds(ids: readonly bigint[], w: ByteWriter): void {
  w.number(ids.length);
  for (const id of ids) w.u64(id);
}

function readIds(r: ByteReader): bigint[] {
  const count = r.count(CONF_IDS_MAX, 8);
  const ids: bigint[] = [];
  for (let i = 0; i < count; i++) {
    const id = r.u64();
    if (id === 0n) r.fail('member id 0');
    if (i > 0 && id <= (ids[i - 1] as bigint)) r.fail('member ids not in order');
    ids.push(id);
  }
  return ids;
}

export function putConfState(state: ConfState, w: ByteWriter): void {
  putIds(state.voters, w);
  putIds(state.learners, w);
  putIds(state.votersOutgoing, w);
  putIds(state.learnersNext, w);
  w.bool(state.autoLeave);
}

export function readConfState(r: ByteReader): ConfState {
  const voters = readIds(r);
  const learners = readIds(r);
  const votersOutgoing = readIds(r);
  const learnersNext = readIds(r);
  const taken = new Set([...voters, ...votersOutgoing]);
  for (const id of learners) if (taken.has(id)) r.fail('a learner that votes');
  return { voters, learners, votersOutgoing, learnersNext, autoLeave: r.bool() };
}

export function encodeConfState(state: ConfState): Uint8Array {
  const w = new ByteWriter(64);
  putConfState(state, w);
  return w.finish();
}

/** The ConfState that `bytes[lo, hi)` holds, exactly. Throws `DecodeError`. */
export function decodeConfState(bytes: Uint8Array, lo = 0, hi = bytes.length): ConfState {
  const r = new ByteReader(bytes, 'conf state', lo, hi);
  const state = readConfState(r);
  r.finish();
  return state;
}

export function putSnapshotMeta(meta: SnapshotMeta, w: ByteWriter): void {
  w.number(meta.index);
  w.number(meta.term);
  putConfState(meta.confState, w);
}

export function readSnapshotMeta(r: ByteReader): SnapshotMeta {
  const index = r.number();
  const term = r.number();
  return { index, term, confState: readConfState(r) };
}

export function encodeSnapshotMeta(meta: SnapshotMeta): Uint8Array {
  const w = new ByteWriter(80);
  putSnapshotMeta(meta, w);
  return w.finish();
}

/** The SnapshotMeta that `bytes[lo, hi)` holds, exactly. Throws `DecodeError`. */
export function decodeSnapshotMeta(bytes: Uint8Array, lo = 0, hi = bytes.length): SnapshotMeta {
  const r = new ByteReader(bytes, 'snapshot meta', lo, hi);
  const meta = readSnapshotMeta(r);
  r.finish();
  return meta;
}

/** The data of a CONF_CHANGE entry. "Leave the joint configuration" without context is no bytes. */
export function encodeConfChange(change: ConfChange): Uint8Array {
  if (change.changes.length === 0 && change.context.length === 0 && change.transition === 0) {
    return EMPTY_BYTES;
  }
  const w = new ByteWriter(8 + change.changes.length * 9 + change.context.length);
  w.u8(CONF_CHANGE_FORMAT);
  w.u8(change.transition);
  w.number(change.changes.length);
  for (const { type, id } of change.changes) {
    w.u8(type);
    w.u64(id);
  }
  w.bytes(change.context);
  return w.finish();
}

/** Its context is a view of the input. Throws `DecodeError`. */
export function decodeConfChange(bytes: Uint8Array): ConfChange {
  if (bytes.length === 0) return { transition: 0, changes: [], context: EMPTY_BYTES };
  const r = new ByteReader(bytes, 'conf change');
  r.format(CONF_CHANGE_FORMAT);
  const transition = r.u8Below(CONF_CHANGE_TRANSITIONS, 'transition') as ConfChangeTransition;
  const count = r.count(CONF_CHANGES_MAX, 9);
  const changes: { type: ConfChangeType; id: bigint }[] = [];
  for (let i = 0; i < count; i++) {
    const type = r.u8Below(CONF_CHANGE_TYPES, 'change') as ConfChangeType;
    const id = r.u64();
    if (id === 0n) r.fail('member id 0');
    changes.push({ type, id });
  }
  const context = r.view(CONF_CONTEXT_BYTES_MAX);
  r.finish();
  return { transition, changes, context };
}
