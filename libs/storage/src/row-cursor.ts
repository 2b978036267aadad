/**
 * Rows of one RocksDB iterator, a piece at a time; the iterator stays open from piece to piece. Opening,
 * seeking and closing one costs two hops to a thread and back, as much as reading some hundred rows.
 *
 * RocksDB gives rows by number, never by bytes, so `capacity` rows are what memory must hold at a time. While a
 * piece is worked on, the stream fetches the next `capacity` rows.
 *
 * Invariants: one `next` at a time; `open` is called once for each row handed out, in order; after an error
 * every `next` answers the same error.
 */
import { type EngineRow, assert, equalBytes } from '@conclave/base';
import type { RocksFound, RocksIterator, RocksSession } from './rocksdb.js';

/** The value of a row as it is stored; throws when it is not what was written. */
export type OpenRow = (key: Uint8Array, row: Buffer) => Uint8Array;

/** Rows opened in one turn: some milliseconds of checksums. */
const TURN_BYTES = 1024 * 1024;

interface Waiting {
  readonly rows: EngineRow[];
  readonly limit: number;
  resolve(rows: readonly EngineRow[]): void;
  reject(error: unknown): void;
}

export class RowCursor {
  readonly capacity: number;
  readonly #hi: Uint8Array | null;
  readonly #open: OpenRow;
  readonly #found: RocksIterator;
  #lastKey: Uint8Array | null = null;
  #turnBytes = 0;
  #waiting: Waiting | null = null;
  #ended = false;
  #fault: unknown = null;
  /** Not empty: it is to be closed. */
  readonly #onClosed: (() => void)[] = [];

  /**
   * Keys in [lo, hi), to the end if `hi` is null. `once`: there is one `next`, of `capacity` rows, and
   * nothing is fetched behind them.
   */
  constructor(
    session: RocksSession,
    lo: Uint8Array,
    hi: Uint8Array | null,
    capacity: number,
    once: boolean,
    open: OpenRow,
  ) {
    this.capacity = capacity;
    this.#hi = hi;
    this.#open = open;
    const range = hi === null ? { gte: lo } : { gte: lo, lt: hi };
    // One row more than the limit makes the binding end without a second hop.
    const how = once ? { limit: capacity, capacity: capacity + 1 } : { capacity };
    this.#found = session.iterator(range, how);
    // Events, not `for await`: that makes promises for each row, a third of what a scan costs.
    this.#found.on('data', (found) => this.#row(found));
    this.#found.on('error', (error) => (this.#fault ??= error));
    this.#found.on('close', () => this.#closed());
    this.#found.pause();
  }

  /** No row is left that was not handed out. */
  get ended(): boolean {
    return this.#ended;
  }

  get busy(): boolean {
    return this.#waiting !== null;
  }

  /** Whether the keys in [lo, hi) are exactly the rest of this one. */
  continues(lo: Uint8Array, hi: Uint8Array | null): boolean {
    const last = this.#lastKey;
    if (last === null || this.#waiting !== null || this.#fault !== null) return false;
    if (lo.length !== last.length + 1 || lo[last.length] !== 0) return false;
    if (!equalBytes(lo.subarray(0, last.length), last)) return false;
    return hi === null || this.#hi === null ? hi === this.#hi : equalBytes(hi, this.#hi);
  }

  /** The next `limit` rows; fewer only at the end. */
  next(limit: number): Promise<readonly EngineRow[]> {
    assert(this.#waiting === null, 'one piece at a time');
    if (this.#fault !== null) return Promise.reject(this.#fault as Error);
    if (this.#ended || limit === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#waiting = { rows: [], limit, resolve, reject };
      this.#turnBytes = 0;
      this.#found.resume();
    });
  }

  /** Once the piece that is being read came. `closed` is called when RocksDB holds nothing for it. */
  close(closed: () => void): void {
    if (this.#ended) return closed();
    this.#onClosed.push(closed);
    if (this.#waiting === null) this.#found.destroy();
  }

  #row({ key, value }: RocksFound): void {
    const waiting = this.#waiting;
    if (waiting === null || this.#fault !== null) return;
    const own = new Uint8Array(key.buffer, key.byteOffset, key.byteLength);
    try {
      waiting.rows.push({ key: own, value: this.#open(own, value) });
    } catch (error) {
      this.#fault = error;
      this.#found.destroy();
      return;
    }
    this.#lastKey = own;
    this.#turnBytes += value.length;
    if (waiting.rows.length === waiting.limit) {
      this.#found.pause();
      this.#waiting = null;
      waiting.resolve(waiting.rows);
      if (this.#onClosed.length > 0) this.#found.destroy();
    } else if (this.#turnBytes >= TURN_BYTES) {
      this.#found.pause();
      this.#turnBytes = 0;
      setImmediate(() => this.#found.resume());
    }
  }

  #closed(): void {
    this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (this.#fault !== null) waiting?.reject(this.#fault);
    else waiting?.resolve(waiting.rows);
    for (const closed of this.#onClosed) closed();
  }
}
