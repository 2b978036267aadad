/**
 * A Range answered in slices: at most `rangeSliceRows` rows a turn, all at one revision.
 *
 * In key order rows are fetched as the walk finds them; with a sort, all are collected first. The
 * revision is fixed at the beginning; later writes are newer, and physical compaction above
 * it waits for the read (see reads.ts).
 */
import type { Revision } from '@conclave/base';
import { SortTarget } from '@conclave/wire';
import { type RangePlan, type Row, Selection, keyOnly, rowOrder } from './range-plan.js';
import type { Read } from './reads.js';
import { recordValue } from './record.js';
import { rangeBody } from './response.js';
import { sortSliced } from './sliced-sort.js';
import type { State } from './state.js';
import type { MvccErrorCode, RangeResult } from './types.js';

/** Keys only counted cost less than keys fetched. */
const COUNT_FACTOR = 16;

/** The revision a range reads at, or why it cannot; `begin` is the current one. */
export function readRevision(state: State, asked: Revision): Revision | MvccErrorCode {
  if (asked > state.revision) return 'future-revision';
  const revision = asked <= 0 ? state.revision : asked;
  return revision < state.compactRevision ? 'compacted' : revision;
}

export class RangeRead implements Read {
  floor: Revision = 0;
  readonly #state: State;
  readonly #plan: RangePlan;
  readonly #headerRevision: Revision;
  readonly #fixed: Revision | null;
  readonly #done: (result: RangeResult) => void;
  #epoch = 0;
  #revision: Revision = 0;
  #selection: Selection;
  #kvs: Uint8Array[] = [];

  /**
   * `fixed`: read at this revision, which the caller holds, whatever the request says.
   * `headerRevision`: as for `rangeBody`.
   */
  constructor(
    state: State,
    plan: RangePlan,
    done: (result: RangeResult) => void,
    fixed: Revision | null = null,
    headerRevision: Revision = 0,
  ) {
    this.#state = state;
    this.#plan = plan;
    this.#done = done;
    this.#fixed = fixed;
    this.#headerRevision = headerRevision;
    this.#selection = new Selection(plan, 0);
  }

  restart(): void {
    const state = this.#state;
    this.#epoch = state.records.epoch;
    this.#kvs = [];
    const revision = this.#fixed ?? readRevision(state, this.#plan.request.revision);
    if (typeof revision === 'string') {
      this.#done({ ok: false, code: revision });
      return;
    }
    this.floor = revision;
    this.#revision = state.revision;
    this.#selection = new Selection(this.#plan, revision);
    if (this.#fixed === null) state.reads.add(this);
    if (this.#plan.range === null) this.#finish(false);
    else if (this.#plan.point) this.#point();
    else this.#walk(this.#plan.range.key);
  }

  #point(): void {
    const range = this.#plan.range;
    const history = range === null ? undefined : this.#state.index.get(range.key);
    if (history !== undefined) this.#selection.visit(history);
    this.#walked(null);
  }

  #walk(from: string): void {
    const { index, options } = this.#state;
    const selection = this.#selection;
    const end = this.#plan.range?.end ?? null;
    const max = options.rangeSliceRows * (selection.collecting ? 1 : COUNT_FACTOR);
    const next = index.walk(from, end, max, (history) => {
      selection.visit(history);
      return true;
    });
    this.#walked(next);
  }

  /** The walk ended for now; `next` is where it goes on. */
  #walked(next: string | null): void {
    if (this.#plan.natural) {
      this.#emit(this.#selection.take(), () => {
        if (next === null) this.#finish(this.#selection.collected > this.#limit);
        else this.#later(() => this.#walk(next));
      });
    } else if (next !== null) this.#later(() => this.#walk(next));
    else if (this.#plan.target === SortTarget.VALUE) this.#values(this.#selection.rows, 0);
    else this.#sort(this.#selection.rows);
  }

  get #limit(): number {
    return this.#plan.limit === 0 ? Number.POSITIVE_INFINITY : this.#plan.limit;
  }

  /** Reads the values of all rows, to sort by them. */
  #values(rows: Row[], from: number): void {
    const slice = rows.slice(from, from + this.#state.options.rangeSliceRows);
    this.#state.records.fetch(slice, (records) => {
      for (let i = 0; i < slice.length; i++) {
        const row = slice[i] as Row;
        row.record = records[i] as Uint8Array;
        row.value = recordValue(row.record);
      }
      const next = from + slice.length;
      if (next >= rows.length) this.#sort(rows);
      else this.#later(() => this.#values(rows, next));
    });
  }

  #sort(rows: Row[]): void {
    const epoch = this.#epoch;
    sortSliced(rows, rowOrder(this.#plan), this.#state.scheduler, (sorted) => {
      if (epoch !== this.#state.records.epoch) return;
      const more = sorted.length > this.#limit;
      if (more) sorted.length = this.#limit;
      this.#emitFrom(sorted, 0, more);
    });
  }

  #emitFrom(rows: Row[], from: number, more: boolean): void {
    const slice = rows.slice(from, from + this.#state.options.rangeSliceRows);
    this.#emit(slice, () => {
      const next = from + slice.length;
      if (next >= rows.length) this.#finish(more);
      else this.#later(() => this.#emitFrom(rows, next, more));
    });
  }

  /** Adds rows to the answer, up to the limit. */
  #emit(rows: Row[], then: () => void): void {
    const room = this.#limit - this.#kvs.length;
    if (rows.length > room) rows.length = room;
    if (this.#plan.request.keysOnly) {
      for (const row of rows) this.#kvs.push(keyOnly(this.#state.bodies, row));
      then();
      return;
    }
    if (rows[0]?.record != null) {
      for (const row of rows) this.#kvs.push(row.record as Uint8Array);
      then();
      return;
    }
    this.#state.records.fetch(rows, (records) => {
      for (let i = 0; i < records.length; i++) this.#kvs.push(records[i] as Uint8Array);
      then();
    });
  }

  #later(task: () => void): void {
    const epoch = this.#epoch;
    this.#state.scheduler.yieldTo(() => {
      if (epoch === this.#state.records.epoch) task();
    });
  }

  #finish(more: boolean): void {
    this.#state.reads.remove(this);
    const count = this.#selection.count;
    const body = rangeBody(this.#state.bodies, this.#headerRevision, this.#kvs, more, count);
    this.#done({ ok: true, revision: this.#revision, body, count });
  }
}
