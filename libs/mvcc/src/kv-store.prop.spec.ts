/**
 * The store against the naive one: random requests with reads left under way while writes,
 * batches, compaction, restarts and crashes go on.
 */
import { Random, toByteString, toHex } from '@conclave/base';
import { KeyValue, RangeRequest, type TxnRequest } from '@conclave/wire';
import type { HistoryEvent, KeyRange, WriteRequest } from './index.js';
import { NaiveError, NaiveStore, keyValue } from './testing/naive-store.js';
import { RandomRequests, isReadTxn, withoutIgnore } from './testing/random-requests.js';
import { StoreHarness } from './testing/store-harness.js';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = Number(process.env['ROUNDS'] ?? 15);
const STEPS = 200;

/** What the API refuses: the same key put twice, or put and deleted, in a transaction. */
function putsAKeyTwice(txn: TxnRequest): boolean {
  const seen = new Set<string>();
  let twice = false;
  const look = (one: TxnRequest): void => {
    for (const op of [...one.success, ...one.failure]) {
      if (op.request?.$case === 'requestTxn') look(op.request.requestTxn);
      if (op.request?.$case !== 'requestPut') continue;
      const key = toByteString(op.request.requestPut.key);
      twice ||= seen.has(key);
      seen.add(key);
    }
  };
  look(txn);
  return twice;
}

const rowText = (key: Uint8Array): string => toHex(key.subarray(1));

class Run {
  readonly random: Random;
  readonly requests: RandomRequests;
  readonly ours: StoreHarness;
  naive = new NaiveStore();
  /** The state of the last batch taken, of the last one finished, and of the last flush. */
  #taken = new NaiveStore();
  #durable = new NaiveStore();
  #writing = false;
  /** Checks of reads under way. */
  open = 0;
  #hashes: { revision: number; hash: number; before: number }[] = [];
  #epoch = 0;
  /** How many turns and slices of compaction a step gets, less one. */
  readonly #turns: number;
  readonly #steps: number;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.requests = new RandomRequests(this.random.fork());
    this.#turns = this.random.pick([2, 4, 12]);
    this.#steps = this.random.pick([2, 8]);
    const kept = this.random.pick([0, 3]);
    this.ours = new StoreHarness({
      cacheBytesMax: this.random.pick([0, 600]),
      rangeSliceRows: 3,
      compactionBatchRows: 2,
      hashesKept: kept,
    });
    this.naive.leases = new Set([1n, 2n, -3n]);
    this.ours.leases.add(1n).add(2n).add(-3n);
    this.flush();
  }

  step(): void {
    const { naive, random, requests } = this;
    requests.revision = naive.revision;
    requests.compactRevision = naive.compactRevision;
    requests.leases = [...naive.leases, 9n];
    const kind = random.below(100);
    if (kind < 25) this.#write({ type: 'put', request: requests.put() });
    else if (kind < 35) this.#write({ type: 'delete-range', request: requests.deleteRange() });
    else if (kind < 55) this.#txn(withoutIgnore(requests.txn()));
    else if (kind < 60) this.#readTxn(requests.readTxn());
    else if (kind < 75) this.#range(requests.range());
    else if (kind < 78) this.#write({ type: 'delete-keys', keys: this.#someKeys() });
    else if (kind < 82) this.#compact();
    else if (kind < 88) this.#hash();
    else if (kind < 97) this.#history();
    else if (kind < 98) this.#crash();
    else this.#restart();
    if (random.chance(0.3)) this.batch();
    for (let i = random.below(this.#steps); i > 0; i--) this.ours.store.compactionStep();
    for (let i = random.below(this.#turns); i > 0; i--) this.ours.tasks.runOne();
  }

  #someKeys(): string[] {
    return this.naive
      .alive(this.naive.revision)
      .map((row) => row.key)
      .filter(() => this.random.chance(0.3))
      .reverse();
  }

  /** The naive answer, as text. */
  #expected(answer: () => Uint8Array | void): string {
    try {
      const body = answer() ?? new Uint8Array(0);
      return `${this.naive.revision} ${toHex(body)}`;
    } catch (error) {
      if (!(error instanceof NaiveError)) throw error;
      return error.message;
    }
  }

  #write(request: WriteRequest): void {
    const { naive } = this;
    const before = naive.rows.length;
    const expected = this.#expected(() => {
      switch (request.type) {
        case 'put':
          return naive.put(request.request);
        case 'delete-range': {
          const { key, rangeEnd, prevKv } = request.request;
          return naive.deleteRange(key, rangeEnd, prevKv);
        }
        case 'txn':
          return naive.txn(request.request);
        case 'delete-keys':
          return naive.deleteKeys(request.keys);
      }
    });
    const result = this.ours.write(request);
    expect(result.ok ? `${result.revision} ${toHex(result.body)}` : result.code).toBe(expected);
    const events = naive.rows.slice(before).map((row) => ({
      type: row.tombstone ? 'delete' : 'put',
      key: row.key,
      at: `${row.main}.${row.sub}`,
      kv: toHex(KeyValue.encode(keyValue(row))),
      create: row.create,
      previous: naive.before(row)?.main ?? null,
    }));
    const made = result.ok ? result.events : [];
    expect(
      made.map(({ type, key, main, sub, kv, create, previous }) => {
        const at = `${main}.${sub}`;
        return { type, key, at, kv: toHex(kv), create, previous: previous?.main ?? null };
      }),
    ).toEqual(events);
    expect(this.ours.store.keyCount).toBe(naive.alive(naive.revision).length);
  }

  #txn(request: TxnRequest): void {
    if (isReadTxn(request)) this.#readTxn(request);
    else if (!putsAKeyTwice(request)) this.#write({ type: 'txn', request });
  }

  /** Leaves a read under way; its answer must be the one of now. */
  #later(expected: string, start: (done: (answer: string) => void) => void): void {
    const epoch = this.#epoch;
    this.open++;
    start((answer) => {
      if (epoch !== this.#epoch) return;
      this.open--;
      expect(answer).toBe(expected);
    });
  }

  #range(request: RangeRequest): void {
    const expected = this.#expected(() => this.naive.range(request));
    this.#later(expected, (done) =>
      this.ours.store.range(request, (r) => done(r.ok ? `${r.revision} ${toHex(r.body)}` : r.code)),
    );
  }

  #readTxn(request: TxnRequest): void {
    const expected = this.#expected(() => this.naive.txn(request));
    this.#later(expected, (done) =>
      this.ours.store.readTxn(request, (r) =>
        done(r.ok ? `${r.revision} ${toHex(r.body)}` : r.code),
      ),
    );
  }

  #compact(): void {
    const { naive, random } = this;
    const before = naive.compactRevision;
    const revision = before - 1 + random.below(naive.revision + 3 - before);
    const expected = this.#expected(() => naive.compact(revision));
    const result = this.ours.store.compact(revision);
    expect(result.ok ? `${naive.revision} ` : result.code).toBe(expected);
    if (!result.ok) return;
    const epoch = this.#epoch;
    this.#hashes.push({ revision, hash: naive.hash(revision, before), before });
    this.open++;
    this.ours.store.whenCompacted(revision, () => {
      if (epoch === this.#epoch) this.open--;
    });
  }

  #hash(): void {
    const { naive } = this;
    const revision = this.random.below(naive.revision + 3);
    const at = revision === 0 ? naive.revision : revision;
    const kept = this.ours.store.compactionHashes.find(
      (hash) => revision > 0 && hash.revision === revision,
    );
    let expected = `${naive.hash(at, naive.compactRevision)} ${at} ${naive.compactRevision}`;
    if (kept !== undefined) {
      const made = this.#hashes.find((hash) => hash.revision === revision);
      expected = `${made?.hash} ${at} ${made?.before}`;
    } else if (at > naive.revision) expected = 'future-revision';
    else if (at < naive.compactRevision) expected = 'compacted';
    this.#later(expected, (done) =>
      this.ours.store.hashKv(revision, (r) =>
        done(r.ok ? `${r.hash} ${r.hashRevision} ${r.compactRevision}` : r.code),
      ),
    );
  }

  #history(): void {
    const { naive, random } = this;
    const lo = Math.max(0, naive.compactRevision - 1 + random.below(8));
    const limit = 1 + random.below(6);
    const ranges: KeyRange[] = [];
    for (let i = random.below(4); i >= 0; i--) {
      const key = toByteString(this.requests.key());
      const end = random.chance(0.5) ? key + '\0' : toByteString(this.requests.key());
      ranges.push({ key, end: random.chance(0.2) ? null : end });
    }
    const prevKv = random.chance(0.5);
    this.#later(this.#events(lo, limit, ranges, prevKv), (done) =>
      this.ours.store.history({ lo, ranges, limit, prevKv }, (r) =>
        done(r.ok ? `${r.next} ${r.events.map(eventText).join(' ')}` : r.code),
      ),
    );
  }

  #events(lo: number, limit: number, ranges: readonly KeyRange[], prevKv: boolean): string {
    const { naive } = this;
    if (lo < naive.compactRevision) return 'compacted';
    const next = lo > naive.revision ? lo : Math.min(naive.revision + 1, lo + limit);
    const inside = (key: string): boolean =>
      ranges.some((r) => key >= r.key && (r.end === null || key < r.end));
    const events = naive.stored(true).filter((r) => r.main >= lo && r.main < next && inside(r.key));
    const texts = events.map((row) => {
      const before = naive.before(row);
      return eventText({
        type: row.tombstone ? 'delete' : 'put',
        main: row.main,
        sub: row.sub,
        kv: KeyValue.encode(keyValue(row)),
        create: row.create,
        prevKv: prevKv && before !== null ? KeyValue.encode(keyValue(before)) : null,
      });
    });
    return `${next} ${texts.join(' ')}`;
  }

  /** Starts a batch, if none is under way. */
  batch(): void {
    if (this.#writing) return;
    this.#writing = true;
    const state = this.naive.clone();
    const epoch = this.#epoch;
    this.ours.engine.write(this.ours.store.takeOps(), () => {
      if (epoch !== this.#epoch) return;
      this.ours.store.opsDone();
      this.#writing = false;
      this.#taken = state;
      if (this.random.chance(0.3)) this.#flushEngine();
    });
  }

  #flushEngine(): void {
    const state = this.#taken;
    const epoch = this.#epoch;
    this.ours.engine.flush(() => {
      if (epoch === this.#epoch) this.#durable = state;
    });
  }

  /** Finishes all reads, compaction and batches. */
  flush(): void {
    for (let i = 0; i < 10_000; i++) {
      const more = this.ours.store.compactionStep();
      this.batch();
      this.ours.tasks.run();
      if (!more && this.ours.store.overlayBytes === 0) return;
    }
    throw new Error('no end of compaction');
  }

  /** Everything that waited was answered, and only what is needed is stored. */
  settle(): void {
    this.flush();
    this.batch();
    this.ours.tasks.run();
    expect(this.open).toBe(0);
    const rows = this.ours.engine.dump().filter((row) => row.key[0] === 0x76);
    const stored = this.naive.stored(true).map((row) => `${row.main}.${row.sub}`);
    expect(rows.map((row) => numbers(rowText(row.key)))).toEqual(stored);
  }

  #restart(): void {
    this.settle();
    this.ours.engine.flush(() => {});
    this.ours.tasks.run();
    this.#durable = this.naive.clone();
    this.#crash();
  }

  /** Back to the last flush. */
  #crash(): void {
    this.#epoch++;
    this.open = 0;
    this.#writing = false;
    this.#hashes = [];
    this.ours.engine.crash();
    this.ours.attached.clear();
    this.ours.tasks.clear();
    this.naive = this.#durable.clone();
    this.naive.leases = new Set(this.ours.leases);
    this.#taken = this.naive.clone();
    for (const row of this.naive.alive(this.naive.revision)) {
      if (row.lease === 0n) continue;
      const keys = this.ours.attached.get(row.lease) ?? new Set();
      this.ours.attached.set(row.lease, keys.add(row.key));
    }
    this.ours.reopen();
    expect(this.ours.store.revision).toBe(this.naive.revision);
    expect(this.ours.store.compactRevision).toBe(this.naive.compactRevision);
    const everything = { key: new Uint8Array([0]), rangeEnd: new Uint8Array([0]) };
    const from = Math.max(1, this.naive.compactRevision);
    for (let revision = from; revision <= this.naive.revision; revision++) {
      this.#range(RangeRequest.create({ ...everything, revision }));
    }
  }
}

/** `main.sub` of a version row in hex. */
function numbers(hex: string): string {
  return `${parseInt(hex.slice(0, 16), 16)}.${parseInt(hex.slice(18, 34), 16)}`;
}

function eventText(
  event: Pick<HistoryEvent, 'type' | 'main' | 'sub' | 'kv' | 'create' | 'prevKv'>,
): string {
  const before = event.prevKv === null ? '' : toHex(event.prevKv);
  return `${event.type}@${event.main}.${event.sub}:${toHex(event.kv)}/${event.create}/${before}`;
}

describe('KvStore', () => {
  it('equals the naive store under reads, writes, compaction, restarts and crashes', () => {
    for (let round = 0; round < ROUNDS; round++) {
      const seed = SEED + round;
      try {
        const run = new Run(seed);
        for (let i = 0; i < STEPS; i++) run.step();
        run.settle();
      } catch (error) {
        throw new Error(`SEED=${seed} ROUNDS=1: ${(error as Error).message}`, { cause: error });
      }
    }
    console.log(`SEED=${SEED} ROUNDS=${ROUNDS}`);
  });
});
