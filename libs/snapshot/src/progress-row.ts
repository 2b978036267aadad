import { type EngineOp, type EngineReader, encodeUtf8 } from '@conclave/base';
import {
  ByteReader,
  ByteWriter,
  DecodeError,
  type SnapshotMeta,
  putSnapshotMeta,
  readSnapshotMeta,
} from '@conclave/wire';
import type { StreamPosition } from './row-stream.js';
import { SNAPSHOT_FORMAT } from './types.js';

/**
 * How far a snapshot was received, as a row of the state being filled: it is in the same batch as the rows it
 * counts, so after a crash it tells exactly what is there. It goes with the last step, so a state with
 * this row is never mistaken for a whole one.
 *
 * The first byte, zero, is no room's namespace.
 */
export const PROGRESS_KEY: Uint8Array = encodeUtf8('\0snapshot-progress');

const KEY_BYTES_MAX = 64 * 1024 * 1024;

export interface Progress {
  readonly snapshotId: bigint;
  readonly clusterId: bigint;
  readonly feature: number;
  readonly meta: SnapshotMeta;
  /** The chunk to go on with; all before it are in the state. */
  readonly next: number;
  readonly position: StreamPosition;
}

export function progressOp(progress: Progress): EngineOp {
  const { meta, position } = progress;
  const w = new ByteWriter(128 + (position.lastKey?.length ?? 0));
  w.u8(SNAPSHOT_FORMAT);
  w.u64(progress.snapshotId);
  w.u64(progress.clusterId);
  w.number(progress.feature);
  putSnapshotMeta(meta, w);
  w.number(progress.next);
  w.number(position.rows);
  w.number(position.bytes);
  w.u32(position.crc);
  w.bool(position.lastKey !== null);
  w.bytes(position.lastKey ?? new Uint8Array(0));
  return { type: 'put', key: PROGRESS_KEY, value: w.finish() };
}

/** Null: there is none, or none that this program understands; then the state is of no use. */
export function readProgress(
  reader: EngineReader,
  done: (progress: Progress | null) => void,
): void {
  reader.get([PROGRESS_KEY], (failure, values) => {
    const value = values[0];
    done(failure !== null || value == null ? null : decodeProgress(value));
  });
}

function decodeProgress(bytes: Uint8Array): Progress | null {
  try {
    const r = new ByteReader(bytes, 'snapshot progress');
    r.format(SNAPSHOT_FORMAT);
    const snapshotId = r.u64();
    const clusterId = r.u64();
    const feature = r.number();
    const meta = readSnapshotMeta(r);
    const next = r.number();
    const rows = r.number();
    const size = r.number();
    const crc = r.u32();
    const hasKey = r.bool();
    const key = r.view(KEY_BYTES_MAX);
    r.finish();
    const position = { rows, bytes: size, crc, lastKey: hasKey ? key.slice() : null };
    return { snapshotId, clusterId, feature, meta, next, position };
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
