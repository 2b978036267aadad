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
import { type EnginePut, VersionPacker, indexRow, versionRow } from './rows.js';

/** What a row costs in memory besides its bytes. */
const ROW_OVERHEAD_BYTES = 200;

export class Overlay {
  #revisions = new Map<Revision, EnginePut[]>();
  readonly #packer = new VersionPacker();
  #values: EngineOp[] = [];
  #others: EngineOp[] = [];
  #pendingBytes = 0;
  #flightBytes = 0;
  #inFlight = false;
  #engineMain: Revision;
  #flightMain: Revision;
  #lastMain: Revision;
  #flightDones: (() => void)[] = [];
  #pendingDones: (() => void)[] = [];

  constructor(engineMain: Revision) {
    this.#engineMain = engineMain;
    this.#flightMain = engineMain;
    this.#lastMain = engineMain;
  }

  /** Versions up to this revision are in the engine. */
  get engineMain(): Revision {
    return this.#engineMain;
  }

  get bytes(): number {
    return this.#pendingBytes + this.#flightBytes;
  }

  /** Rows of a revision in order of sub; undefined: in the engine, or not written. */
  rows(main: Revision): readonly EnginePut[] | undefined {
    return this.#revisions.get(main);
  }

  record(main: Revision, sub: number): Uint8Array | null {
    if (main <= this.#engineMain) return null;
    return this.#revisions.get(main)?.[sub]?.value ?? null;
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
    const op: EnginePut = { type: 'put', key: versionRow(main, sub, tombstone), value: record };
    if (sub === 0) {
      assertEq(main, this.#lastMain + 1, 'overlay: revisions have no gap');
      this.#lastMain = main;
      this.#revisions.set(main, [op]);
    } else {
      const rows = this.#revisions.get(main) as EnginePut[];
      assertEq(rows.length, sub, 'overlay: subs have no gap');
      rows.push(op);
    }
    this.#values.push(op);
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
    const ops = this.#values;
    if (this.#packer.count > 0) {
      ops.push({ type: 'put', key: indexRow(this.#lastMain), value: this.#packer.take() });
    }
    for (const op of this.#others) ops.push(op);
    this.#values = [];
    this.#others = [];
    this.#flightMain = this.#lastMain;
    this.#flightBytes = this.#pendingBytes;
    this.#pendingBytes = 0;
    this.#flightDones = this.#pendingDones;
    this.#pendingDones = [];
    return ops;
  }

  /** The batch in flight is in the engine; `keep` sees each record that leaves memory. */
  finished(keep: (main: Revision, sub: number, record: Uint8Array) => void): void {
    assert(this.#inFlight, 'a batch is in flight');
    for (let main = this.#engineMain + 1; main <= this.#flightMain; main++) {
      const rows = this.#revisions.get(main) as EnginePut[];
      this.#revisions.delete(main);
      for (let sub = 0; sub < rows.length; sub++) {
        const row = rows[sub] as EnginePut;
        if (row.key.length === 18) keep(main, sub, row.value);
      }
    }
    this.#engineMain = this.#flightMain;
    this.#flightBytes = 0;
    this.#inFlight = false;
    const dones = this.#flightDones;
    this.#flightDones = [];
    for (const done of dones) done();
  }
}
