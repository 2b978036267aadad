/**
 * A KvStore on an engine in memory, for tests: asks and waits for the answer, writes batches, and
 * starts the store again from its rows.
 */
import { type ByteString, assert } from '@conclave/base';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import type { RangeRequest, TxnRequest } from '@conclave/wire';
import {
  type HashResult,
  type HistoryQuery,
  type HistoryResult,
  type KvOptions,
  KvStore,
  type RangeResult,
  type WriteRequest,
  type WriteResult,
} from '../index.js';

export class StoreHarness {
  readonly tasks = new TaskQueue();
  engine = new MemoryEngine(this.tasks);
  store: KvStore;
  readonly leases = new Set<bigint>();
  /** Which keys each lease holds, kept from lease moves alone. */
  readonly attached = new Map<bigint, Set<ByteString>>();
  readonly #options: Partial<KvOptions>;

  constructor(options: Partial<KvOptions> = {}) {
    this.#options = options;
    this.store = this.#open();
  }

  /** Runs tasks until `start`'s answer arrives. */
  ask<T>(start: (done: (result: T) => void) => void): T {
    const answer: { result?: T } = {};
    start((result) => {
      assert(!('result' in answer), 'answered once');
      answer.result = result;
    });
    while (!('result' in answer)) {
      if (!this.tasks.runOne() && !this.store.compactionStep()) throw new Error('no answer');
    }
    return answer.result as T;
  }

  range(request: RangeRequest): RangeResult {
    return this.ask((done) => this.store.range(request, done));
  }

  readTxn(request: TxnRequest): WriteResult {
    return this.ask((done) => this.store.readTxn(request, done));
  }

  hashKv(revision: number): HashResult {
    return this.ask((done) => this.store.hashKv(revision, done));
  }

  history(query: HistoryQuery): HistoryResult {
    return this.ask((done) => this.store.history(query, done));
  }

  write(request: WriteRequest): WriteResult {
    const now = { ready: false };
    if (!this.store.prefetch(request, () => (now.ready = true))) {
      while (!now.ready) assert(this.tasks.runOne(), 'prefetch ends');
    }
    const result = this.store.write(request, (id) => this.leases.has(id));
    if (!result.ok) return result;
    for (const { key, from, to } of result.leaseMoves) {
      if (from !== 0n) this.attached.get(from)?.delete(key);
      if (to === 0n) continue;
      const keys = this.attached.get(to) ?? new Set();
      this.attached.set(to, keys.add(key));
    }
    return result;
  }

  revoke(lease: bigint): WriteResult {
    const keys = [...(this.attached.get(lease) ?? [])];
    const result = this.write({ type: 'delete-keys', keys });
    this.leases.delete(lease);
    this.attached.delete(lease);
    return result;
  }

  /** One batch into the engine. */
  flush(): void {
    this.ask<null>((done) => {
      this.engine.write(this.store.takeOps(), (failure) => {
        assert(failure === null, 'the batch is written');
        this.store.opsDone();
        done(null);
      });
    });
  }

  /** Runs all physical compaction and writes it. */
  compactFully(): void {
    while (this.store.compactionStep()) this.tasks.run();
    this.flush();
  }

  /** A new process on what the engine has: `flush` before, or the last writes are lost. */
  reopen(): void {
    this.tasks.clear();
    this.store = this.#open();
    const attached = new Map<bigint, Set<ByteString>>();
    this.store.leasedKeys((key, lease) => {
      attached.set(lease, (attached.get(lease) ?? new Set()).add(key));
    });
    for (const [lease, keys] of this.attached) if (keys.size === 0) this.attached.delete(lease);
    expectSame(attached, this.attached);
  }

  #open(): KvStore {
    const store = new KvStore(this.#options, { engine: this.engine, scheduler: this.tasks });
    const answer: { failure: string | null } = { failure: 'not loaded' };
    store.load((failure) => (answer.failure = failure));
    this.tasks.run();
    if (answer.failure !== null) throw new Error(answer.failure);
    return store;
  }
}

function expectSame(
  a: ReadonlyMap<bigint, ReadonlySet<string>>,
  b: ReadonlyMap<bigint, ReadonlySet<string>>,
): void {
  const text = (map: ReadonlyMap<bigint, ReadonlySet<string>>): string =>
    [...map]
      .map(([lease, keys]) => `${lease}:${[...keys].sort().join(',')}`)
      .sort()
      .join(';');
  assert(text(a) === text(b), 'a start finds the attached keys of before');
}
