/**
 * Events of past revisions, for watchers that catch up: whole revisions, in order, of many ranges.
 */
import { type ByteString, type Revision, toByteString } from '@conclave/base';
import { RangeSet } from './key-range.js';
import type { Read } from './reads.js';
import { encodeDeleted, recordKey } from './record.js';
import { RevisionScan, type StoredRow } from './revision-scan.js';
import { rowIsTombstone, rowMain, rowSub } from './rows.js';
import type { State } from './state.js';
import type { HistoryEvent, HistoryQuery, HistoryResult, Version } from './types.js';

type Filled = { -readonly [K in keyof HistoryEvent]: HistoryEvent[K] };

export class HistoryRead implements Read {
  floor: Revision = 0;
  readonly #state: State;
  readonly #query: HistoryQuery;
  readonly #ranges: RangeSet;
  readonly #done: (result: HistoryResult) => void;
  #events: Filled[] = [];
  #compactRevision: Revision = -1;

  constructor(state: State, query: HistoryQuery, done: (result: HistoryResult) => void) {
    this.#state = state;
    this.#query = query;
    this.#ranges = new RangeSet(query.ranges);
    this.#done = done;
  }

  restart(): void {
    const { revision, compactRevision, reads } = this.#state;
    const { lo, limit } = this.#query;
    if (lo < compactRevision) {
      this.#done({ ok: false, code: 'compacted', compactRevision });
      return;
    }
    this.#events = [];
    this.#compactRevision = compactRevision;
    // The value before the first revision is read at the revision below it.
    this.floor = Math.max(lo - 1, compactRevision);
    if (lo > revision) {
      this.#done({ ok: true, events: this.#events, next: lo });
      return;
    }
    const hi = Math.min(revision + 1, Math.max(lo, 0) + Math.max(limit, 1));
    reads.add(this);
    new RevisionScan(
      this.#state,
      lo,
      hi,
      (rows) => this.#add(rows),
      () => this.#previous(0, hi),
    ).step();
  }

  #add(rows: readonly StoredRow[]): void {
    for (const row of rows) {
      const key = toByteString(recordKey(row.value));
      if (!this.#ranges.has(key)) continue;
      const event = this.#event(row, key);
      if (event !== null) this.#events.push(event);
    }
  }

  /** Null: the row waits for the compaction that dropped its version. */
  #event(row: StoredRow, key: ByteString): Filled | null {
    const history = this.#state.index.get(key);
    const main = rowMain(row.key);
    const sub = rowSub(row.key);
    const at = history === undefined ? -1 : history.exact(main, sub);
    if (history === undefined || at < 0) return null;
    const tombstone = rowIsTombstone(row.key);
    const create = history.createAt(at);
    const none = create === main || main <= this.#compactRevision;
    const before = none ? -1 : history.aliveAt(main - 1);
    return {
      type: tombstone ? 'delete' : 'put',
      key,
      main,
      sub,
      kv: tombstone ? encodeDeleted(row.value, main) : row.value,
      create,
      previous: before < 0 ? null : history.version(before),
      prevKv: null,
    };
  }

  /** Fills in the records before, a slice a turn, and answers. */
  #previous(from: number, next: Revision): void {
    const { records, scheduler, options, reads } = this.#state;
    const to = Math.min(this.#events.length, from + options.rangeSliceRows);
    if (!this.#query.prevKv || from === to) {
      reads.remove(this);
      this.#done({ ok: true, events: this.#events, next });
      return;
    }
    const wanting = this.#events.slice(from, to).filter((event) => event.previous !== null);
    const places = wanting.map((event) => event.previous as Version);
    const epoch = records.epoch;
    records.fetch(places, (found) => {
      for (let i = 0; i < wanting.length; i++) {
        (wanting[i] as Filled).prevKv = found[i] as Uint8Array;
      }
      scheduler.yieldTo(() => {
        if (epoch === records.epoch) this.#previous(to, next);
      });
    });
  }
}
