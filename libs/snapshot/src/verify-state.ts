import { type Engine, type EngineRow, crc32c } from '@conclave/base';
import type { SnapshotMeta } from '@conclave/wire';
import { PROGRESS_KEY } from './progress-row.js';
import { SCAN_ROWS_FIRST, keyBehind, nextScanRows, sizeOfRow, writeRow } from './row-stream.js';
import type { ReadHead } from './types.js';

/**
 * Reads a received state back from the engine, row by row in slices, and compares it with what the
 * sender said it is: number of rows, bytes and checksum of the whole stream, and the head as its own
 * rows tell it.
 */
export interface Expected {
  readonly rows: number;
  readonly bytes: number;
  readonly crc: number;
  readonly meta: SnapshotMeta;
  readonly feature: number;
}

/** Aimed at in one turn: some milliseconds. */
const SLICE_BYTES = 1024 * 1024;

/** `done` gets null, or what is wrong. Ends at the next slice once `isStopped`. */
export function verifyState(
  engine: Engine,
  expected: Expected,
  readHead: ReadHead,
  isStopped: () => boolean,
  done: (fault: string | null) => void,
): void {
  let rows = 0;
  let bytes = 0;
  let crc = 0;
  const count = (slice: readonly EngineRow[]): void => {
    const own = slice.filter((row) => row.key[0] !== PROGRESS_KEY[0]);
    let size = 0;
    for (const row of own) size += sizeOfRow(row);
    const encoded = new Uint8Array(size);
    let end = 0;
    for (const row of own) end = writeRow(row, encoded, end);
    rows += own.length;
    bytes += size;
    crc = crc32c(encoded, crc);
  };
  // Read in order, a snapshot costs less than the engine itself: see `RocksEngine`.
  const snapshot = engine.snapshot();
  const end = (fault: string | null): void => {
    snapshot.release();
    done(fault);
  };
  const step = (lo: Uint8Array, limit: number): void => {
    snapshot.scan(lo, null, limit, (failure, slice) => {
      if (failure !== null) return end(`${failure.code}: ${failure.message}`);
      if (isStopped()) return end('stopped');
      const last = slice[slice.length - 1];
      const more = last !== undefined && slice.length === limit;
      // While these are summed up, the next are read.
      if (more) step(keyBehind(last), nextScanRows(slice, limit, SLICE_BYTES));
      count(slice);
      if (more) return;
      if (rows !== expected.rows || bytes !== expected.bytes || crc !== expected.crc) {
        return end('the state written is not the state sent');
      }
      readHead(snapshot, (fault, head) => {
        if (fault !== null || head === null) return end(fault ?? 'the state has no head');
        end(sameHead(head, expected) ? null : 'the state stands elsewhere than announced');
      });
    });
  };
  step(new Uint8Array(0), SCAN_ROWS_FIRST);
}

function sameHead(
  head: SnapshotMeta & { readonly feature: number },
  expected: Pick<Expected, 'meta' | 'feature'>,
): boolean {
  return head.feature === expected.feature && sameMeta(head, expected.meta);
}

export function sameMeta(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return (
    a.index === b.index &&
    a.term === b.term &&
    sameIds(a.confState.voters, b.confState.voters) &&
    sameIds(a.confState.learners, b.confState.learners) &&
    sameIds(a.confState.votersOutgoing, b.confState.votersOutgoing) &&
    sameIds(a.confState.learnersNext, b.confState.learnersNext) &&
    a.confState.autoLeave === b.confState.autoLeave
  );
}

function sameIds(a: readonly bigint[], b: readonly bigint[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
