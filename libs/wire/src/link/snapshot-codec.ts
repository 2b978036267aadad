import { assertLe, crc32c } from '@conclave/base';
import type { ByteReader } from '../format/byte-reader.js';
import type { ByteWriter } from '../format/byte-writer.js';
import { putSnapshotMeta, readSnapshotMeta } from '../raft/state.js';
import {
  SNAPSHOT_CHUNK_BYTES_MAX,
  type SnapshotAckFrame,
  type SnapshotAckState,
  type SnapshotBeginFrame,
  type SnapshotChunkFrame,
  type SnapshotEndFrame,
} from './frame.js';

/**
 * The four frames of a snapshot stream, without their type byte.
 *
 * The decoder answers for what can be told from one frame: bounds, and a checksum that agrees with its
 * data. Order and completeness are the receiver's.
 */

const ACK_TEXT_BYTES_MAX = 4_096;
const CHUNKS_MAX = 0xffff_ffff;
const CREDIT_CHUNKS_MAX = 1_024;

/** Position is the number on the wire: append only. */
const ACK_STATES: readonly SnapshotAckState[] = ['receiving', 'received', 'refused'];

export function putSnapshotBegin(frame: SnapshotBeginFrame, w: ByteWriter): void {
  w.u64(frame.snapshotId);
  w.number(frame.format);
  w.u64(frame.clusterId);
  w.number(frame.feature);
  putSnapshotMeta(frame.meta, w);
}

export function readSnapshotBegin(r: ByteReader): SnapshotBeginFrame {
  const snapshotId = r.u64();
  const format = r.number();
  const clusterId = r.u64();
  const feature = r.number();
  const meta = readSnapshotMeta(r);
  return { type: 'snapshot-begin', snapshotId, format, clusterId, feature, meta };
}

export function putSnapshotChunk(frame: SnapshotChunkFrame, w: ByteWriter): void {
  assertLe(frame.data.length, SNAPSHOT_CHUNK_BYTES_MAX, 'snapshot chunk bytes');
  w.u64(frame.snapshotId);
  w.number(frame.number);
  w.u32(frame.crc);
  w.bytes(frame.data);
}

export function readSnapshotChunk(r: ByteReader): SnapshotChunkFrame {
  const snapshotId = r.u64();
  const number = r.number(CHUNKS_MAX);
  const crc = r.u32();
  const data = r.view(SNAPSHOT_CHUNK_BYTES_MAX);
  if (crc32c(data) !== crc) r.fail(`snapshot chunk ${number} has a wrong checksum`);
  return { type: 'snapshot-chunk', snapshotId, number, crc, data };
}

export function putSnapshotEnd(frame: SnapshotEndFrame, w: ByteWriter): void {
  w.u64(frame.snapshotId);
  w.number(frame.chunks);
  w.number(frame.rows);
  w.number(frame.bytes);
  w.u32(frame.crc);
}

export function readSnapshotEnd(r: ByteReader): SnapshotEndFrame {
  const snapshotId = r.u64();
  const chunks = r.number(CHUNKS_MAX);
  const rows = r.number();
  const bytes = r.number();
  return { type: 'snapshot-end', snapshotId, chunks, rows, bytes, crc: r.u32() };
}

export function putSnapshotAck(frame: SnapshotAckFrame, w: ByteWriter): void {
  w.u64(frame.snapshotId);
  w.u8(ACK_STATES.indexOf(frame.state));
  w.number(frame.next);
  w.number(frame.credit);
  w.string(frame.text.slice(0, ACK_TEXT_BYTES_MAX / 4));
}

export function readSnapshotAck(r: ByteReader): SnapshotAckFrame {
  const snapshotId = r.u64();
  const state = ACK_STATES[r.u8Below(ACK_STATES.length, 'ack state')] as SnapshotAckState;
  const next = r.number(CHUNKS_MAX);
  const credit = r.number(CREDIT_CHUNKS_MAX);
  return {
    type: 'snapshot-ack',
    snapshotId,
    state,
    next,
    credit,
    text: r.string(ACK_TEXT_BYTES_MAX),
  };
}
