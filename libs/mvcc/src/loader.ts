/**
 * Rebuilds the index from packed rows: meta, then the 'k' rows of the last finished compaction, then
 * all 'i' rows. Values are never read. Versions in 'i' rows that the compaction already accounted
 * for are skipped.
 */
import type { EngineRow, Revision } from '@conclave/base';
import { failureText } from './records.js';
import {
  FORMAT,
  type VersionVisitor,
  decodeNumber,
  indexRow,
  keysRow,
  metaRow,
  rowAfter,
  unpackVersions,
} from './rows.js';
import type { State } from './state.js';

/**
 * Of one read, which is one turn. A batch under load makes a packed row of some thousand versions, a quiet
 * store one of a few: the number of rows follows the bytes that came.
 */
const READ_BYTES = 512 * 1024;
const ROWS_FIRST = 8;
const ROWS_MAX = 1_000;

export interface Loaded {
  /** No row of this room at all. */
  readonly empty: boolean;
  readonly revision: Revision;
  readonly scheduled: Revision;
  readonly finished: Revision;
}

export class Loader {
  readonly #state: State;
  readonly #done: (failure: string | null, loaded: Loaded | null) => void;
  readonly #epoch: number;
  #revision: Revision = 1;
  #scheduled: Revision = -1;
  #finished: Revision = -1;
  #skip: Revision = -1;
  #empty = true;
  #formatted = false;
  #wrong: string | null = null;

  constructor(state: State, done: (failure: string | null, loaded: Loaded | null) => void) {
    this.#state = state;
    this.#done = done;
    this.#epoch = state.records.epoch;
  }

  start(): void {
    const names = ['format', 'scheduled', 'finished'] as const;
    this.#state.records.engine.get(names.map(metaRow), (failure, values) => {
      if (this.#state.records.epoch !== this.#epoch) return;
      if (failure !== null) this.#fail(failureText('load', failure));
      else this.#meta(values);
    });
  }

  #meta(values: readonly (Uint8Array | null)[]): void {
    const [format, scheduled, finished] = values.map((v) => (v === null ? null : decodeNumber(v)));
    this.#formatted = format !== null;
    this.#empty = format === null;
    this.#scheduled = scheduled ?? -1;
    this.#finished = finished ?? -1;
    this.#revision = Math.max(1, this.#scheduled);
    if (format !== null && format !== FORMAT) this.#fail(`state: unknown store format ${format}`);
    else if (!(this.#finished <= this.#scheduled)) this.#fail('state: bad compaction marks');
    else {
      const lo = Math.max(0, this.#finished);
      this.#rows(keysRow(lo, 0), keysRow(lo + 1, 0), () => this.#increments());
    }
  }

  #increments(): void {
    this.#skip = this.#finished;
    this.#rows(indexRow(0), indexRow(Number.MAX_SAFE_INTEGER), () => this.#finish());
  }

  /** Reads ahead: while rows are unpacked, the next ones are on their way. */
  #rows(from: Uint8Array, hi: Uint8Array, then: () => void, limit = ROWS_FIRST): void {
    this.#state.records.engine.scan(from, hi, limit, (failure, rows) => {
      if (this.#state.records.epoch !== this.#epoch || this.#wrong !== null) return;
      if (failure !== null) {
        this.#stop(failureText('load', failure));
        return;
      }
      const last = rows[rows.length - 1];
      const more = last !== undefined && rows.length === limit;
      if (more) this.#rows(rowAfter(last.key), hi, then, nextLimit(rows, limit));
      this.#take(rows);
      if (this.#wrong !== null) this.#fail(this.#wrong);
      else if (!more) then();
    });
  }

  /** What was read ahead finds that it is over. */
  #stop(message: string): void {
    this.#wrong = message;
    this.#fail(message);
  }

  #take(rows: readonly EngineRow[]): void {
    for (const row of rows) {
      this.#empty = false;
      const wrong = unpackVersions(row.value, this.#restore);
      if (wrong !== null) this.#wrong ??= wrong;
    }
  }

  readonly #restore: VersionVisitor = (key, main, sub, create, version, lease, tombstone) => {
    if (main <= this.#skip) return;
    const state = this.#state;
    const history = state.index.restore(key);
    const before = history.alive;
    if (!history.restore(main, sub, create, version, lease, tombstone)) {
      this.#wrong ??= `state: index rows out of order at revision ${main}`;
      return;
    }
    if (before) state.keyCount--;
    if (!tombstone) state.keyCount++;
    if (main > this.#revision) this.#revision = main;
  };

  #finish(): void {
    if (!this.#formatted && !this.#empty) {
      this.#fail('state: rows of the store, but no format number');
      return;
    }
    this.#done(null, {
      empty: this.#empty,
      revision: this.#revision,
      scheduled: this.#scheduled,
      finished: this.#finished,
    });
  }

  #fail(message: string): void {
    this.#done(message, null);
  }
}

function nextLimit(rows: readonly EngineRow[], limit: number): number {
  let bytes = 1;
  for (const row of rows) bytes += row.value.length;
  const fitting = Math.ceil((READ_BYTES / bytes) * rows.length);
  return Math.max(1, Math.min(fitting, 4 * limit, ROWS_MAX));
}
