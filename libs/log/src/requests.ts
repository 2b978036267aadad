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

/**
 * The log as it will be when everything queued is durable: what the next request must continue. A start
 * refuses a log that breaks these rules, so they are asserted before anything is written.
 */
export class Tail {
  #index: Index;
  #term: Term;
  #hardState: HardState;
  #cut: Index;
  /** Resets queued or under way; while there is one, stragglers behind its cut are let pass. */
  #resets = 0;
  readonly #entryBytesMax: number;

  constructor(index: Index, term: Term, hardState: HardState, cut: Index, entryBytesMax: number) {
    this.#index = index;
    this.#term = term;
    this.#hardState = hardState;
    this.#cut = cut;
    this.#entryBytesMax = entryBytesMax;
  }

  append(entries: readonly Entry[], hardState: HardState | null): void {
    if (entries.length > 0) this.#entries(entries);
    if (hardState === null) return;
    assertLe(this.#hardState.term, hardState.term, 'the term of the log does not fall');
    if (this.#resets === 0) assertLe(hardState.commit, this.#index, 'commit is within the log');
    this.#hardState = raised(hardState, Math.max(this.#cut, this.#hardState.commit));
  }

  cut(index: Index): void {
    assert(index > this.#cut, 'the cut goes forward');
    this.#cut = index;
    this.#hardState = raised(this.#hardState, index);
  }

  reset(cut: SnapshotMeta): void {
    this.cut(cut.index);
    this.#resets++;
    this.#index = cut.index;
    this.#term = cut.term;
  }

  /** A reset is done; its stragglers were written or dropped. */
  resetDone(): void {
    this.#resets--;
  }

  #entries(entries: readonly Entry[]): void {
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
    if (this.#resets > 0 && last <= this.#index) return;
    assertLe(first.index, this.#index + 1, 'append leaves no gap');
    if (this.#resets === 0) {
      assert(first.index > this.#cut, 'append is behind the cut');
      const fresh = first.index > this.#index;
      assert(fresh || first.index > this.#hardState.commit, 'nothing committed is overwritten');
      if (fresh) assertLe(this.#term, first.term, 'terms of the log do not fall');
    }
    this.#index = last;
    this.#term = term;
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

/** What was cut is committed, whatever the last stored commit says. */
export function raised(hardState: HardState, index: Index): HardState {
  if (hardState.commit >= index) return hardState;
  return { term: hardState.term, vote: hardState.vote, commit: index };
}
