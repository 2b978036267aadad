/**
 * What waits in the log's queue, and the rule of what may be appended next.
 */
import {
  type DiskDone,
  type DiskFailure,
  type Index,
  type Term,
  assert,
  assertEq,
  assertLe,
} from '@conclave/base';
import type { Entry, HardState, SnapshotMeta } from '@conclave/wire';
import type { Segment } from './entry-index.js';
import { HARD_STATE_RECORD_BYTES, cutRecordBytes, entryRecordBytes } from './group-builder.js';

export type Done = (failure: DiskFailure | null) => void;
export type Publish = (firstSegment: number, done: DiskDone) => void;

export interface Append {
  readonly type: 'append';
  readonly hardState: HardState | null;
  /** Shortened when a reset meanwhile put the first of them behind the cut. */
  entries: readonly Entry[];
  readonly done: Done;
}

export interface Cut {
  readonly type: 'cut';
  readonly cut: SnapshotMeta;
  readonly done: Done;
}

export interface Reset {
  readonly type: 'reset';
  readonly cut: SnapshotMeta;
  readonly publish: Publish;
  readonly done: Done;
}

/** What the write in flight will have changed. */
export interface Flight {
  readonly requests: readonly (Append | Cut)[];
  /** The segment that begins with this group. */
  readonly segment: Segment | null;
  readonly group: number;
  readonly end: number;
  readonly chain: number;
}

/** The end of the log including what is queued. */
export class Tail {
  index: Index;
  term: Term;
  /** Resets queued or under way; while there is one, stragglers behind its cut are let pass. */
  resets = 0;
  readonly #entryBytesMax: number;

  constructor(index: Index, term: Term, entryBytesMax: number) {
    this.index = index;
    this.term = term;
    this.#entryBytesMax = entryBytesMax;
  }

  /** Asserts that `entries` may come next, and moves behind them. */
  append(entries: readonly Entry[], cutIndex: Index, commit: Index): void {
    if (entries.length === 0) return;
    const first = entries[0] as Entry;
    let term = 0;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      assertEq(entry.index, first.index + i, 'appended entries are contiguous');
      assertLe(term, entry.term, 'terms of appended entries do not fall');
      assertLe(entry.data.length, this.#entryBytesMax, 'entry is within its bound');
      term = entry.term;
    }
    const last = first.index + entries.length - 1;
    if (this.resets > 0 && last <= this.index) return;
    assertLe(first.index, this.index + 1, 'append leaves no gap');
    if (this.resets === 0) {
      assert(first.index > cutIndex, 'append is behind the cut');
      const fresh = first.index > this.index;
      assert(fresh || first.index > commit, 'nothing committed is overwritten');
      if (fresh) assertLe(this.term, first.term, 'terms of the log do not fall');
    }
    this.index = last;
    this.term = term;
  }

  reset(cut: SnapshotMeta): void {
    this.resets++;
    this.index = cut.index;
    this.term = cut.term;
  }
}

/** Bytes of the request's records. Also drops entries that a reset has put behind the cut. */
export function bodyBytes(request: Append | Cut, cutIndex: Index): number {
  if (request.type === 'cut') return cutRecordBytes(request.cut);
  let bytes = request.hardState === null ? 0 : HARD_STATE_RECORD_BYTES;
  const first = request.entries[0];
  if (first !== undefined && first.index <= cutIndex) {
    request.entries = request.entries.filter((entry) => entry.index > cutIndex);
  }
  for (const entry of request.entries) bytes += entryRecordBytes(entry);
  return bytes;
}
