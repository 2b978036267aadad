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
  }

  step(): void {
    if (this.#next >= this.#hi) this.#end();
    else if (this.#next <= this.#state.records.overlay.engineMain) this.#scan();
    else this.#copy();
  }

  #scan(): void {
    const { records, options, failed } = this.#state;
    const hi = Math.min(this.#hi, records.overlay.engineMain + 1);
    const limit = options.rangeSliceRows;
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
      this.#page(rows);
      this.#later();
    });
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
