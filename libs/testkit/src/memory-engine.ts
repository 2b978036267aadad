/**
 * `Engine` in memory, for tests and the simulator: a sorted list of byte-string keys over a Map.
 *
 * It keeps the promises of the real one and no more: batches are atomic and one at a time, a snapshot
 * does not move, and what a finished `flush` covered survives `crash()`; a flush under way may have
 * finished or not. Completions run through
 * the given scheduler, so always in a later turn. A row's bytes are copied in and handed out shared:
 * readers must not change them.
 */
import {
  type ByteString,
  type DiskDone,
  type DiskFailure,
  type Engine,
  type EngineOp,
  type EngineRow,
  type EngineSnapshot,
  type Scheduler,
  assert,
  assertLe,
  fromByteString,
  toByteString,
} from '@conclave/base';

const ROWS_MAX = 1_000;

/** Rows at one moment. Shared between the engine and its snapshots; whoever writes copies first. */
class Rows {
  readonly map: Map<ByteString, Uint8Array>;
  readonly keys: ByteString[];
  /** Holders besides the engine itself. */
  shares = 0;

  constructor(map: Map<ByteString, Uint8Array>, keys: ByteString[]) {
    this.map = map;
    this.keys = keys;
  }

  static empty(): Rows {
    return new Rows(new Map(), []);
  }

  copy(): Rows {
    return new Rows(new Map(this.map), this.keys.slice());
  }

  /** The place of the first key >= `key`. */
  lowerBound(key: ByteString): number {
    let lo = 0;
    let hi = this.keys.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if ((this.keys[mid] as ByteString) < key) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }

  put(key: ByteString, value: Uint8Array): void {
    if (!this.map.has(key)) {
      const last = this.keys[this.keys.length - 1];
      if (last === undefined || last < key) this.keys.push(key);
      else this.keys.splice(this.lowerBound(key), 0, key);
    }
    this.map.set(key, value);
  }

  delete(key: ByteString): void {
    if (this.map.delete(key)) this.keys.splice(this.lowerBound(key), 1);
  }

  deleteRange(lo: ByteString, hi: ByteString): void {
    const from = this.lowerBound(lo);
    const to = this.lowerBound(hi);
    if (to <= from) return;
    for (const key of this.keys.splice(from, to - from)) this.map.delete(key);
  }

  scan(lo: Uint8Array, hi: Uint8Array | null, limit: number): EngineRow[] {
    const out: EngineRow[] = [];
    const end = hi === null ? this.keys.length : this.lowerBound(toByteString(hi));
    for (let i = this.lowerBound(toByteString(lo)); i < end && out.length < limit; i++) {
      const key = this.keys[i] as ByteString;
      out.push({ key: fromByteString(key), value: this.map.get(key) as Uint8Array });
    }
    return out;
  }

  get(keys: readonly Uint8Array[]): (Uint8Array | null)[] {
    return keys.map((key) => this.map.get(toByteString(key)) ?? null);
  }
}

export type EngineOperation = 'get' | 'scan' | 'write' | 'flush' | 'close';

export class MemoryEngine implements Engine {
  readonly #scheduler: Scheduler;
  #rows = Rows.empty();
  #durable = Rows.empty();
  #epoch = 0;
  #writing = false;
  #closed = false;
  #failure: DiskFailure | null = null;
  #snapshots = 0;
  /** Covered by the flush under way. */
  #flushing: Rows | null = null;
  /** Asked before each operation: what it fails with. A crash takes it away. */
  inject: ((operation: EngineOperation) => DiskFailure | null) | null = null;
  #onClose: () => void = () => {};

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#durable = this.#rows;
    this.#rows.shares = 1;
  }

  /** Snapshots not yet released: a test may ask for none to leak. */
  get openSnapshots(): number {
    return this.#snapshots;
  }

  get(
    keys: readonly Uint8Array[],
    done: (failure: DiskFailure | null, values: readonly (Uint8Array | null)[]) => void,
  ): void {
    assertLe(keys.length, ROWS_MAX, 'keys of a get');
    this.#later('get', (failure) => done(failure, failure ? [] : this.#rows.get(keys)));
  }

  scan(
    lo: Uint8Array,
    hi: Uint8Array | null,
    limit: number,
    done: (failure: DiskFailure | null, rows: readonly EngineRow[]) => void,
  ): void {
    assertLe(limit, ROWS_MAX, 'rows of a scan');
    this.#later('scan', (failure) => {
      done(failure, failure ? [] : this.#rows.scan(lo, hi, limit));
    });
  }

  write(ops: readonly EngineOp[], done: DiskDone): void {
    assert(!this.#writing, 'one batch in flight');
    this.#writing = true;
    this.#later('write', (failure) => {
      this.#writing = false;
      if (failure === null) this.#apply(ops);
      done(failure);
    });
  }

  snapshot(): EngineSnapshot {
    assert(!this.#closed, 'engine is open');
    const rows = this.#rows;
    rows.shares++;
    this.#snapshots++;
    const epoch = this.#epoch;
    let released = false;
    return {
      get: (keys, done) => {
        assert(!released, 'snapshot is not released');
        assertLe(keys.length, ROWS_MAX, 'keys of a get');
        this.#later('get', (failure) => done(failure, failure ? [] : rows.get(keys)));
      },
      scan: (lo, hi, limit, done) => {
        assert(!released, 'snapshot is not released');
        assertLe(limit, ROWS_MAX, 'rows of a scan');
        this.#later('scan', (failure) => done(failure, failure ? [] : rows.scan(lo, hi, limit)));
      },
      release: () => {
        assert(!released, 'snapshot is released once');
        released = true;
        rows.shares--;
        if (epoch === this.#epoch) this.#snapshots--;
      },
    };
  }

  flush(done: DiskDone): void {
    // What is durable is what was there when the flush was asked for.
    const rows = this.#rows;
    rows.shares++;
    this.#flushing = rows;
    this.#later('flush', (failure) => {
      if (this.#flushing === rows) this.#flushing = null;
      if (failure === null) {
        this.#durable.shares--;
        this.#durable = rows;
      } else rows.shares--;
      done(failure);
    });
  }

  sizeBytes(): { readonly total: number; readonly inUse: number } {
    let bytes = 0;
    for (const [key, value] of this.#rows.map) bytes += key.length + value.length;
    return { total: bytes, inUse: bytes };
  }

  /** As the real one: what was not flushed is gone afterwards. */
  close(done: DiskDone): void {
    this.#later('close', (failure) => {
      const closed = this.#onClose;
      this.crash();
      this.#closed = true;
      closed();
      done(failure);
    });
  }

  /** Opens a closed engine again; `onClose` is told when it is closed. */
  reopen(onClose: () => void = () => {}): void {
    this.#closed = false;
    this.#onClose = onClose;
  }

  /**
   * The process died: back to the last finished flush, or with `flushed` to the one under way; whatever
   * was under way never completes.
   */
  crash(flushed = false): void {
    this.#epoch++;
    if (flushed && this.#flushing !== null) this.#durable = this.#flushing;
    this.#flushing = null;
    this.inject = null;
    this.#rows = this.#durable;
    this.#rows.shares = 1;
    this.#writing = false;
    this.#closed = false;
    this.#failure = null;
    this.#snapshots = 0;
  }

  /** From now on every operation fails, until a crash. */
  fail(failure: DiskFailure): void {
    this.#failure = failure;
  }

  /** All rows, for comparing two engines. */
  dump(): EngineRow[] {
    return this.#rows.scan(new Uint8Array(0), null, Number.MAX_SAFE_INTEGER);
  }

  #later(operation: EngineOperation, task: (failure: DiskFailure | null) => void): void {
    assert(!this.#closed, 'engine is open');
    const epoch = this.#epoch;
    const failure = this.inject === null ? null : this.inject(operation);
    this.#scheduler.yieldTo(() => {
      if (epoch === this.#epoch) task(this.#failure ?? failure);
    });
  }

  #apply(ops: readonly EngineOp[]): void {
    if (this.#rows.shares > 0) this.#rows = this.#rows.copy();
    for (const op of ops) {
      switch (op.type) {
        case 'put':
          this.#rows.put(toByteString(op.key), op.value.slice());
          break;
        case 'delete':
          this.#rows.delete(toByteString(op.key));
          break;
        case 'delete-range':
          this.#rows.deleteRange(toByteString(op.lo), toByteString(op.hi));
          break;
      }
    }
  }
}
