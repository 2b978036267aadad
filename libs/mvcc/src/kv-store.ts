/**
 * The multi-version store: every revision of every key since the last compaction.
 *
 * What is where: all but the values in the index in memory; records (encoded KeyValues) in the engine,
 * with the unfinished batches and a bounded cache in memory. Writes come one at a time from the
 * state machine, run without I/O (`prefetch` first) and are seen at once; their rows leave with the
 * next `takeOps`. Reads come at any time, in slices, each at one revision.
 *
 * Invariants: revision grows by one with each write that changes something, and never goes back;
 * compactRevision <= revision; nothing here depends on a clock, on chance or on the cache, so equal
 * writes lead to equal stores, answers and hashes on every member.
 */
import {
  type ByteString,
  type EngineOp,
  type EngineReader,
  NO_PROBE,
  type Probe,
  type Revision,
  type Scheduler,
  assert,
} from '@conclave/base';
import type { DeleteRangeRequest, PutRequest, RangeRequest, TxnRequest } from '@conclave/wire';
import { type CompactionHash, Compactor } from './compactor.js';
import { HashFold, HashRead } from './hash-read.js';
import { HistoryRead } from './history-read.js';
import { KeyIndex } from './key-index.js';
import { keyRangeOf } from './key-range.js';
import { type Loaded, Loader } from './loader.js';
import { OpCounts } from './op-counts.js';
import { PrefixSurvey, type PrefixSizes } from './prefix-survey.js';
import { Overlay } from './overlay.js';
import { placesOf } from './prefetch.js';
import { type RangePlan, planRange } from './range-plan.js';
import { RangeRead, readRevision } from './range-read.js';
import { Reads } from './reads.js';
import { RecordRead } from './record-read.js';
import { Records } from './records.js';
import { deleteBody, putBody, rangeBody } from './response.js';
import { ReadTxn } from './read-txn.js';
import { FORMAT, encodeNumber, metaRow } from './rows.js';
import { Slab } from './slab.js';
import { KV_OPTIONS, type KvOptions, type State } from './state.js';
import { checkPath, needsMissingKey, needsMissingLease, takePath } from './txn-path.js';
import type {
  HashResult,
  HistoryQuery,
  HistoryResult,
  MvccErrorCode,
  RangeResult,
  Store,
  Version,
  WriteRequest,
  WriteResult,
} from './types.js';
import { WriteTxn } from './write-txn.js';

export interface KvPorts {
  readonly engine: EngineReader;
  readonly scheduler: Scheduler;
  readonly probe?: Probe;
  /** The engine failed or lacks a row: the process must stop. Default: throws. */
  readonly failed?: (message: string) => void;
}

export class KvStore implements Store {
  readonly #state: State;
  readonly #compactor: Compactor;
  #loaded = false;

  constructor(options: Partial<KvOptions>, ports: KvPorts) {
    const all: KvOptions = Object.freeze({ ...KV_OPTIONS, ...options });
    assert(all.rangeSliceRows >= 1 && all.rangeSliceRows <= 1_000, 'rangeSliceRows: 1 to 1,000');
    assert(all.compactionBatchRows >= 1, 'compactionBatchRows: one at least');
    const failed =
      ports.failed ??
      ((message: string): void => {
        throw new Error(message);
      });
    const { engine, scheduler } = ports;
    this.#state = {
      options: all,
      index: new KeyIndex(),
      records: new Records(engine, all.cacheBytesMax, { scheduler, failed }),
      reads: new Reads(),
      scheduler,
      probe: ports.probe ?? NO_PROBE,
      failed,
      bodies: new Slab(),
      recordBytes: new Slab(),
      counts: new OpCounts(),
      revision: 1,
      compactRevision: -1,
      keyCount: 0,
    };
    this.#compactor = new Compactor(this.#state);
  }

  get revision(): Revision {
    return this.#state.revision;
  }

  get compactRevision(): Revision {
    return this.#state.compactRevision;
  }

  /** Keys alive at the current revision. */
  get keyCount(): number {
    return this.#state.keyCount;
  }

  get overlayBytes(): number {
    return this.#state.records.overlay.bytes;
  }

  /** Hashes made at the last compactions of this member, oldest first. */
  get compactionHashes(): readonly CompactionHash[] {
    return this.#compactor.hashes;
  }

  /**
   * Reads the index from the engine's rows; needed once before anything else, also on an empty
   * engine. `failure` names rows that cannot be ours. Reads that waited begin again.
   */
  load(done: (failure: string | null) => void): void {
    assert(!this.#loaded, 'load: once, and again after reset');
    new Loader(this.#state, (failure, loaded) => {
      if (failure !== null || loaded === null) done(failure);
      else {
        this.#begin(loaded);
        done(null);
      }
    }).start();
  }

  /**
   * Forgets all state, as a snapshot takes its place. Reads under way begin again after `load`. The
   * revisions stand until then, so that nobody is told a lower one meanwhile.
   */
  reset(): void {
    const state = this.#state;
    this.#loaded = false;
    state.index.clear();
    state.records.reset(new Overlay(1));
    state.keyCount = 0;
  }

  /** The engine that the next `load` reads. Only after `reset`, or before the first load. */
  attach(engine: EngineReader): void {
    assert(!this.#loaded, 'attach: after reset');
    this.#state.records.engine = engine;
  }

  /** Visits every key alive that is attached to a lease, for the lease room after a load. */
  leasedKeys(visit: (key: ByteString, lease: bigint) => void): void {
    this.#state.index.walk('', null, Number.MAX_SAFE_INTEGER, (history) => {
      const at = history.aliveAt(this.#state.revision);
      if (at >= 0 && history.leaseAt(at) !== 0n) visit(history.key, history.leaseAt(at));
      return true;
    });
  }

  /** Keys by the first `depth` parts of their path; in slices, beside everything else. */
  survey(depth: number, done: (sizes: PrefixSizes) => void): void {
    const range = this.range.bind(this);
    new PrefixSurvey(this.#state, depth, range, done).start();
  }

  range(request: RangeRequest, done: (result: RangeResult) => void): void {
    const plan = planRange(request);
    if (plan === null) {
      done({ ok: false, code: 'invalid-sort-option' });
      return;
    }
    this.#state.counts.ranges++;
    if (plan.point && this.#rangeNow(plan, done)) return;
    const read = new RangeRead(this.#state, plan, done);
    if (this.#loaded) read.restart();
    else this.#state.reads.add(read);
  }

  readTxn(request: TxnRequest, done: (result: WriteResult) => void): void {
    const read = new ReadTxn(this.#state, request, done);
    if (this.#loaded) read.restart();
    else this.#state.reads.add(read);
  }

  prefetch(request: WriteRequest, ready: () => void): boolean {
    const { records } = this.#state;
    const places = placesOf(this.#state, request);
    if (places.length === 0) return true;
    let now = true;
    let found = false;
    records.fetch(places, (fetched) => {
      for (let i = 0; i < places.length; i++) {
        const { main, sub } = places[i] as Version;
        records.pin(main, sub, fetched[i] as Uint8Array);
      }
      if (now) found = true;
      else ready();
    });
    now = false;
    return found;
  }

  write(request: WriteRequest, leaseExists: (id: bigint) => boolean): WriteResult {
    assert(this.#loaded, 'write: after load');
    const { counts, records } = this.#state;
    const before = counts.ops;
    const result = this.#write(request, leaseExists);
    if (counts.ops > before + 1) counts.txns++;
    records.unpin();
    return result;
  }

  compact(
    revision: Revision,
  ): { readonly ok: true } | { readonly ok: false; readonly code: MvccErrorCode } {
    const state = this.#state;
    if (revision <= state.compactRevision) return { ok: false, code: 'compacted' };
    if (revision > state.revision) return { ok: false, code: 'future-revision' };
    this.#compactor.schedule(revision, state.compactRevision);
    state.compactRevision = revision;
    const value = encodeNumber(revision);
    state.records.overlay.addRow({ type: 'put', key: metaRow('scheduled'), value });
    return { ok: true };
  }

  compactionStep(): boolean {
    return this.#compactor.step();
  }

  whenCompacted(revision: Revision, done: () => void): void {
    this.#compactor.whenWritten(revision, done);
  }

  takeOps(): readonly EngineOp[] {
    this.#state.counts.flush(this.#state.probe);
    return this.#state.records.overlay.take();
  }

  opsDone(): void {
    this.#state.records.opsDone();
  }

  hashKv(revision: Revision, done: (result: HashResult) => void): void {
    const state = this.#state;
    if (!this.#loaded) {
      state.reads.add({ floor: 0, restart: () => this.hashKv(revision, done) });
      return;
    }
    const current = state.revision;
    const kept = revision > 0 ? this.#compactor.hashOf(revision) : null;
    if (kept !== null) {
      const { hash, compactRevision } = kept;
      done({ ok: true, hash, revision: current, hashRevision: revision, compactRevision });
      return;
    }
    const { compactRevision } = state;
    const at = revision === 0 ? current : revision;
    if (at > current) done({ ok: false, code: 'future-revision' });
    else if (at > 0 && at < compactRevision) done({ ok: false, code: 'compacted' });
    else {
      new HashRead(state, at, compactRevision, (hash) => {
        if (hash === null) this.hashKv(revision, done);
        else done({ ok: true, hash, revision: current, hashRevision: at, compactRevision });
      }).start();
    }
  }

  /** Versions up to this revision, and no others, are in the engine's finished batches. */
  get writtenRevision(): Revision {
    return this.#state.records.overlay.engineMain;
  }

  /**
   * `done` once all that was written by now is in the engine, inside `opsDone`: so before a further
   * batch, and a snapshot of the engine taken there holds exactly what `writtenRevision` says.
   */
  whenWritten(done: () => void): void {
    this.#state.records.overlay.whenWritten(done);
  }

  /**
   * HashKV of the present compacted revision at `revision`, from rows that someone else reads anyway. It
   * holds compaction back until its `end`. `replaced`: a snapshot was installed meanwhile.
   */
  hashFold(revision: Revision, replaced: () => void): HashFold {
    const fold = new HashFold(this.#state, revision, this.#state.compactRevision, replaced);
    fold.hold();
    return fold;
  }

  history(query: HistoryQuery, done: (result: HistoryResult) => void): void {
    const read = new HistoryRead(this.#state, query, done);
    if (this.#loaded) read.restart();
    else this.#state.reads.add(read);
  }

  record(version: Version, key: ByteString, done: (kv: Uint8Array | null) => void): void {
    const read = new RecordRead(this.#state, version, key, done);
    if (this.#loaded) read.restart();
    else this.#state.reads.add(read);
  }

  /** A single key whose record is in memory, or that is not there. False: not so easy. */
  #rangeNow(plan: RangePlan, done: (result: RangeResult) => void): boolean {
    const state = this.#state;
    const { request } = plan;
    if (!this.#loaded || plan.filtered || request.keysOnly || plan.range === null) return false;
    const revision = readRevision(state, request.revision);
    if (typeof revision === 'string') {
      done({ ok: false, code: revision });
      return true;
    }
    const history = state.index.get(plan.range.key);
    const at = history === undefined ? -1 : history.aliveAt(revision);
    if (history === undefined || at < 0) {
      done({
        ok: true,
        revision: state.revision,
        body: rangeBody(state.bodies, 0, [], false, 0),
        count: 0,
      });
      return true;
    }
    const kvs: Uint8Array[] = [];
    if (!request.countOnly) {
      const record = state.records.peek(history.mainAt(at), history.subAt(at));
      if (record === null) return false;
      kvs.push(record);
    }
    done({
      ok: true,
      revision: state.revision,
      body: rangeBody(state.bodies, 0, kvs, false, 1),
      count: 1,
    });
    return true;
  }

  #write(request: WriteRequest, leaseExists: (id: bigint) => boolean): WriteResult {
    switch (request.type) {
      case 'put':
        return this.#put(request.request, leaseExists);
      case 'delete-range':
        return this.#deleteRange(request.request);
      case 'txn':
        return this.#txn(request.request, leaseExists);
      case 'delete-keys': {
        const txn = new WriteTxn(this.#state);
        txn.deleteKeys(request.keys);
        return this.#end(txn, deleteBody(0, 0, []));
      }
    }
  }

  #put(request: PutRequest, leaseExists: (id: bigint) => boolean): WriteResult {
    const code = needsMissingLease(request, leaseExists) ?? needsMissingKey(this.#state, request);
    if (code !== null) return { ok: false, code };
    const txn = new WriteTxn(this.#state);
    return this.#end(txn, putBody(0, txn.put(request)));
  }

  #deleteRange(request: DeleteRangeRequest): WriteResult {
    const txn = new WriteTxn(this.#state);
    const range = keyRangeOf(request.key, request.rangeEnd);
    const deleted = txn.deleteRange(range, request.rangeEnd.length === 0, request.prevKv);
    return this.#end(txn, deleteBody(0, deleted.count, deleted.previous));
  }

  #txn(request: TxnRequest, leaseExists: (id: bigint) => boolean): WriteResult {
    const state = this.#state;
    const path = takePath(state.index, request, state.revision, (main, sub) =>
      state.records.now(main, sub),
    );
    const code = checkPath(state, path, leaseExists);
    if (code !== null) return { ok: false, code };
    const txn = new WriteTxn(state);
    return this.#end(txn, txn.run(path, false));
  }

  #end(txn: WriteTxn, body: Uint8Array): WriteResult {
    const revision = txn.revision;
    this.#state.revision = revision;
    return { ok: true, revision, body, events: txn.events, leaseMoves: txn.leaseMoves };
  }

  #begin(loaded: Loaded): void {
    const state = this.#state;
    state.revision = loaded.revision;
    state.compactRevision = loaded.scheduled;
    state.records.reset(new Overlay(loaded.revision));
    if (loaded.empty) {
      const value = encodeNumber(FORMAT);
      state.records.overlay.addRow({ type: 'put', key: metaRow('format'), value });
    }
    this.#loaded = true;
    this.#compactor.reset(loaded.scheduled, loaded.finished);
    state.reads.restartAll();
  }
}
