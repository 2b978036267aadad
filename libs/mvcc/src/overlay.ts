/**
 * What was written and is not yet in a finished batch: the next batch's rows, the one in flight,
 * and the versions of both, which are read from here until the engine has them.
 *
 * A batch holds, in this order: value rows, one index row for all versions in it, then the rows of
 * compaction and meta; deletes of a compaction therefore come behind the puts they may meet.
 *
 * Invariants: all versions with main <= `engineMain` are in the engine, all later ones are here;
 * revisions here have no gap; at most one batch is in flight.
 */
import { type ByteString, type EngineOp, type Revision, assert, assertEq } from '@conclave/base';
import { type EnginePut, VersionPacker, indexRow, rowIsTombstone, versionRow } from './rows.js';
import type { WrittenRecords } from './written-records.js';

/** What a row costs in memory besides its bytes. */
const ROW_OVERHEAD_BYTES = 200;

/**
 * The value rows of one batch, in order of (main, sub).
 *
 * Invariant: `starts[i]` is where revision `first + i` begins in `rows`, and its end is where the next
 * one begins.
 */
class Versions {
  readonly first: Revision;
  readonly rows: EnginePut[] = [];
  readonly starts: number[] = [];

  constructor(first: Revision) {
    this.first = first;
  }

  /** The last revision here; first - 1: none. */
  get last(): Revision {
    return this.first + this.starts.length - 1;
  }

  endOf(main: Revision): number {
    return this.starts[main - this.first + 1] ?? this.rows.length;
  }

  row(main: Revision, sub: number): EnginePut | null {
    const start = this.starts[main - this.first];
    if (start === undefined || start + sub >= this.endOf(main)) return null;
    return this.rows[start + sub] ?? null;
  }

  slice(main: Revision): EnginePut[] {
    return this.rows.slice(this.starts[main - this.first], this.endOf(main));
  }
}

export class Overlay {
  readonly #packer = new VersionPacker();
  #flight: Versions;
  #pending: Versions;
  #others: EngineOp[] = [];
  #pendingBytes = 0;
  #flightBytes = 0;
  #inFlight = false;
  #engineMain: Revision;
  #flightDones: (() => void)[] = [];
  #pendingDones: (() => void)[] = [];

  constructor(engineMain: Revision) {
    this.#engineMain = engineMain;
    this.#flight = new Versions(engineMain + 1);
    this.#pending = new Versions(engineMain + 1);
  }

  /** Versions up to this revision are in the engine. */
  get engineMain(): Revision {
    return this.#engineMain;
  }

  get bytes(): number {
    return this.#pendingBytes + this.#flightBytes;
  }

  /** Rows of a revision in order of sub. */
  rows(main: Revision): readonly EnginePut[] {
    return this.#versions(main).slice(main);
  }

  record(main: Revision, sub: number): Uint8Array | null {
    if (main <= this.#engineMain) return null;
    return this.#versions(main).row(main, sub)?.value ?? null;
  }

  /** Adds a version; subs of a revision come in order from 0. `version` and `create` 0: tombstone. */
  add(
    key: ByteString,
    main: Revision,
    sub: number,
    create: Revision,
    version: number,
    lease: bigint,
    record: Uint8Array,
  ): void {
    const tombstone = version === 0;
    const pending = this.#pending;
    const last = pending.last;
    if (sub === 0) {
      assertEq(main, last + 1, 'overlay: revisions have no gap');
      pending.starts.push(pending.rows.length);
    } else {
      assertEq(main, last, 'overlay: a revision is written in one go');
      assertEq(pending.rows.length - (pending.starts[main - pending.first] as number), sub, 'subs');
    }
    pending.rows.push({ type: 'put', key: versionRow(main, sub, tombstone), value: record });
    this.#packer.add(key, main, sub, create, version, lease, tombstone);
    this.#pendingBytes += record.length + key.length + ROW_OVERHEAD_BYTES;
  }

  /** Adds a row of compaction or meta to the next batch. */
  addRow(op: EngineOp): void {
    this.#others.push(op);
    const value = op.type === 'put' ? op.value.length : 0;
    this.#pendingBytes += value + ROW_OVERHEAD_BYTES;
  }

  /** `done` runs once everything added so far is in the engine. */
  whenWritten(done: () => void): void {
    this.#pendingDones.push(done);
  }

  take(): readonly EngineOp[] {
    assert(!this.#inFlight, 'one batch in flight');
    this.#inFlight = true;
    const flight = this.#pending;
    const ops: EngineOp[] = flight.rows.slice();
    if (this.#packer.count > 0) {
      ops.push({ type: 'put', key: indexRow(flight.last), value: this.#packer.take() });
    }
    for (const op of this.#others) ops.push(op);
    this.#others = [];
    this.#flight = flight;
    this.#pending = new Versions(flight.last + 1);
    this.#flightBytes = this.#pendingBytes;
    this.#pendingBytes = 0;
    this.#flightDones = this.#pendingDones;
    this.#pendingDones = [];
    return ops;
  }

  /** The batch in flight is in the engine; `kept` is given each record that leaves memory. */
  finished(kept: WrittenRecords): void {
    assert(this.#inFlight, 'a batch is in flight');
    const { first, last, rows, starts } = this.#flight;
    for (let main = first, at = 0; main <= last; main++) {
      const start = starts[main - first] as number;
      for (const end = this.#flight.endOf(main); at < end; at++) {
        const row = rows[at] as EnginePut;
        if (!rowIsTombstone(row.key)) kept.add(main, at - start, row.value);
      }
    }
    this.#engineMain = last;
    this.#flight = new Versions(last + 1);
    this.#flightBytes = 0;
    this.#inFlight = false;
    const dones = this.#flightDones;
    this.#flightDones = [];
    for (const done of dones) done();
  }

  #versions(main: Revision): Versions {
    return main >= this.#pending.first ? this.#pending : this.#flight;
  }
}
