/**
 * Stored versions in order of revision, page by page: from the engine what is there, from the overlay
 * what is not yet. One page a turn.
 *
 * The caller is registered in `reads`, so that no row in question goes away meanwhile. Batches that
 * finish during the scan only move the border between the two, and each page asks anew where it is.
 */
import type { Revision } from '@conclave/base';
import { failureText } from './records.js';
import { rowAfter, versionRowsFrom } from './rows.js';
import type { State } from './state.js';

/** Aimed at in one page: values may have a megabyte and more each. */
const PAGE_BYTES = 1024 * 1024;
const PAGE_ROWS_FIRST = 16;
/** More rows a page are no faster (measured), and cost more where large rows follow small ones. */
const PAGE_ROWS_MAX = 128;

export interface StoredRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export class RevisionScan {
  readonly #state: State;
  readonly #hi: Revision;
  readonly #page: (rows: readonly StoredRow[]) => void;
  readonly #end: () => void;
  readonly #epoch: number;
  /** The revision the next page begins at, and the row, if that is inside it. */
  #next: Revision;
  #from: Uint8Array | null = null;
  #rowsMax: number;

  /** Versions with lo <= main < hi. `page` is called for each page, `end` once, last. */
  constructor(
    state: State,
    lo: Revision,
    hi: Revision,
    page: (rows: readonly StoredRow[]) => void,
    end: () => void,
  ) {
    this.#state = state;
    this.#next = Math.max(lo, 0);
    this.#hi = hi;
    this.#page = page;
    this.#end = end;
    this.#epoch = state.records.epoch;
    this.#rowsMax = Math.min(PAGE_ROWS_FIRST, state.options.rangeSliceRows);
  }

  step(): void {
    if (this.#next >= this.#hi) this.#end();
    else if (this.#next <= this.#state.records.overlay.engineMain) this.#scan();
    else this.#copy();
  }

  #scan(): void {
    const { records, failed } = this.#state;
    const hi = Math.min(this.#hi, records.overlay.engineMain + 1);
    const limit = this.#rowsMax;
    const from = this.#from ?? versionRowsFrom(this.#next);
    records.engine.scan(from, versionRowsFrom(hi), limit, (failure, rows) => {
      if (this.#epoch !== records.epoch) return;
      if (failure !== null) {
        failed(failureText('scan', failure));
        return;
      }
      const last = rows[rows.length - 1];
      if (rows.length < limit || last === undefined) {
        this.#next = hi;
        this.#from = null;
      } else {
        this.#from = rowAfter(last.key);
      }
      this.#adapt(rows);
      this.#page(rows);
      this.#later();
    });
  }

  #adapt(rows: readonly StoredRow[]): void {
    let bytes = 0;
    for (const row of rows) bytes += row.key.length + row.value.length;
    const fitting = Math.ceil((PAGE_BYTES / Math.max(1, bytes)) * rows.length);
    const most = Math.min(4 * this.#rowsMax, PAGE_ROWS_MAX, this.#state.options.rangeSliceRows);
    this.#rowsMax = Math.max(1, Math.min(fitting, most));
  }

  /** A page of whole revisions from memory. */
  #copy(): void {
    const { overlay } = this.#state.records;
    const rows: StoredRow[] = [];
    while (this.#next < this.#hi && rows.length < this.#state.options.rangeSliceRows) {
      for (const row of overlay.rows(this.#next)) rows.push(row);
      this.#next++;
    }
    this.#page(rows);
    if (this.#next >= this.#hi) this.#end();
    else this.#later();
  }

  #later(): void {
    this.#state.scheduler.yieldTo(() => {
      if (this.#epoch === this.#state.records.epoch) this.step();
    });
  }
}
