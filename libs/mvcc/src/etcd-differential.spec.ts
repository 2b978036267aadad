/**
 * Our store against a real etcd: the same random requests, every answer byte for byte, HashKV at
 * random revisions, and at the end the whole history as a watch sees it.
 */
import { Random, toHex } from '@conclave/base';
import {
  CompactionRequest,
  DeleteRangeRequest,
  Event,
  HashKVRequest,
  HashKVResponse,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
  ResponseHeader,
  SortTarget,
  TxnRequest,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from '@conclave/wire';
import type { MvccErrorCode, WriteRequest } from './index.js';
import { EtcdProcess, type RawAnswer, etcdVersion } from './testing/etcd-process.js';
import { RandomRequests, isReadTxn, withoutIgnore } from './testing/random-requests.js';
import { StoreHarness } from './testing/store-harness.js';

const REQUESTS = Number(process.env['REQUESTS'] ?? 4_000);
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** etcd's sort is stable only for so few. */
const STABLE_MAX = 12;

const TEXTS: Readonly<Record<MvccErrorCode, string>> = {
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  'future-revision': 'etcdserver: mvcc: required revision is a future revision',
  'key-not-found': 'etcdserver: key not found',
  'lease-not-found': 'etcdserver: requested lease not found',
  'invalid-sort-option': 'etcdserver: invalid sort option',
};

/** What the API refuses before the store is asked. */
const REFUSED = ['etcdserver: duplicate key given in txn request'];

/** Splits an answer into its header's revision and the rest. */
function split(answer: Uint8Array): { revision: number; body: Uint8Array } {
  if (answer[0] !== 0x0a) throw new Error('an answer begins with its header');
  const length = answer[1] as number;
  const header = ResponseHeader.decode(answer.subarray(2, 2 + length));
  return { revision: header.revision, body: answer.subarray(2 + length) };
}

type Ours = { ok: true; revision: number; body: Uint8Array } | { ok: false; code: MvccErrorCode };

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) =>
    v instanceof Uint8Array ? toHex(v) : typeof v === 'bigint' ? `${v}n` : v,
  );

class Differential {
  readonly random = new Random(SEED);
  readonly requests = new RandomRequests(this.random.fork());
  readonly ours = new StoreHarness({
    cacheBytesMax: 1_000,
    hashesKept: 0,
    rangeSliceRows: 3,
    compactionBatchRows: 2,
  });
  readonly counts: Record<string, number> = {};
  readonly etcd: EtcdProcess;
  #nextLease = 1n;
  #physical = true;
  readonly #compactions = this.random.pick([1, 0.1]);

  constructor(etcd: EtcdProcess) {
    this.etcd = etcd;
    this.requests.anySortInTxn = false;
  }

  async step(): Promise<void> {
    const { store } = this.ours;
    this.requests.revision = store.revision;
    this.requests.compactRevision = store.compactRevision;
    this.requests.leases = [...this.ours.leases, 999n];
    const kind = this.random.below(100);
    if (kind < 25) await this.#put();
    else if (kind < 33) await this.#deleteRange();
    else if (kind < 60) await this.#txn(withoutIgnore(this.requests.txn()));
    else if (kind < 65) await this.#txn(this.requests.readTxn());
    else if (kind < 85) await this.#range(this.requests.range());
    else if (kind < 89) await this.#grant();
    else if (kind < 91) await this.#revoke();
    else if (kind < 94) await this.#maybeCompact();
    else await this.#hash();
    this.#maintain();
  }

  /** Batches, compaction slices and restarts at any time. */
  #maintain(): void {
    if (this.random.chance(0.2)) this.ours.flush();
    if (this.random.chance(0.3)) this.ours.store.compactionStep();
    if (!this.random.chance(0.02)) return;
    this.ours.flush();
    this.ours.reopen();
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  async #put(): Promise<void> {
    const request = this.requests.put();
    const theirs = await this.etcd.unary('/etcdserverpb.KV/Put', PutRequest.encode(request));
    this.#write('put', { type: 'put', request }, theirs);
  }

  async #deleteRange(): Promise<void> {
    const request = this.requests.deleteRange();
    const bytes = DeleteRangeRequest.encode(request);
    const theirs = await this.etcd.unary('/etcdserverpb.KV/DeleteRange', bytes);
    this.#write('delete', { type: 'delete-range', request }, theirs);
  }

  async #txn(request: TxnRequest): Promise<void> {
    const theirs = await this.etcd.unary('/etcdserverpb.KV/Txn', TxnRequest.encode(request));
    if (!theirs.ok && REFUSED.includes(theirs.text)) {
      this.#count('refused');
      return;
    }
    if (isReadTxn(request)) this.#same('readTxn', request, this.ours.readTxn(request), theirs);
    else this.#write('txn', { type: 'txn', request }, theirs);
  }

  #write(what: string, request: WriteRequest, theirs: RawAnswer): void {
    const before = this.ours.store.revision;
    const ours = this.ours.write(request);
    this.#same(what, request, ours, theirs);
    const after = this.ours.store.revision;
    if (ours.ok) {
      expect(after).toBe(ours.events.length > 0 ? before + 1 : before);
      expect(ours.events.map((e) => [e.main, e.sub])).toEqual(
        ours.events.map((_, i) => [after, i]),
      );
    } else expect(after).toBe(before);
  }

  async #range(request: RangeRequest): Promise<void> {
    const theirs = await this.etcd.unary('/etcdserverpb.KV/Range', RangeRequest.encode(request));
    const ours = this.ours.range(request);
    const ties = request.sortTarget !== SortTarget.KEY && ours.ok && ours.count > STABLE_MAX;
    if (ties && theirs.ok) this.#sameButTies(request, ours.body, theirs.body);
    else this.#same('range', request, ours, theirs);
  }

  /** Only what is sorted by, where the order of equal rows is unspecified. */
  #sameButTies(request: RangeRequest, ours: Uint8Array, theirs: Uint8Array): void {
    const seen = (body: Uint8Array): string => {
      const { kvs, more, count } = RangeResponse.decode(body);
      const by = kvs.map(
        (kv) =>
          [toHex(kv.key), kv.version, kv.createRevision, kv.modRevision, toHex(kv.value)][
            request.sortTarget
          ],
      );
      return text({ by, more, count });
    };
    this.#count('ties');
    expect(`${text(request)} ${seen(ours)}`).toBe(`${text(request)} ${seen(theirs)}`);
  }

  #same(what: string, request: unknown, ours: Ours, theirs: RawAnswer): void {
    const mine = ours.ok
      ? `revision ${ours.revision} ${toHex(ours.body)}`
      : `error ${TEXTS[ours.code]}`;
    let real = '';
    if (theirs.ok) {
      const { revision, body } = split(theirs.body);
      real = `revision ${revision} ${toHex(body)}`;
    } else real = `error ${theirs.text}`;
    this.#count(ours.ok ? what : `${what} ${ours.code}`);
    if (mine !== real) throw new Error(`${what} ${text(request)}\nours ${mine}\netcd ${real}`);
  }

  async #grant(): Promise<void> {
    if (this.ours.leases.size >= 6) return this.#revoke();
    const id = this.random.chance(0.2) ? -this.#nextLease++ : this.#nextLease++;
    const request = LeaseGrantRequest.encode(LeaseGrantRequest.create({ TTL: 100_000, ID: id }));
    const theirs = await this.etcd.unary('/etcdserverpb.Lease/LeaseGrant', request);
    expect(theirs.ok).toBe(true);
    this.ours.leases.add(id);
  }

  async #revoke(): Promise<void> {
    if (this.ours.leases.size === 0) return;
    const id = this.random.pick([...this.ours.leases]);
    const request = LeaseRevokeRequest.encode(LeaseRevokeRequest.create({ ID: id }));
    const theirs = await this.etcd.unary('/etcdserverpb.Lease/LeaseRevoke', request);
    const ours = this.ours.revoke(id);
    this.#same('revoke', id, ours, theirs);
  }

  /** Some runs compact seldom, so that histories grow long. */
  async #maybeCompact(): Promise<void> {
    if (this.random.chance(this.#compactions)) await this.#compact();
  }

  async #compact(): Promise<void> {
    const { store } = this.ours;
    const lo = store.compactRevision - 1;
    const revision = lo + this.random.below(store.revision + 3 - lo);
    this.#physical = this.random.chance(0.8);
    const request = CompactionRequest.create({ revision, physical: this.#physical });
    const bytes = CompactionRequest.encode(request);
    const theirs = await this.etcd.unary('/etcdserverpb.KV/Compact', bytes);
    const result = store.compact(revision);
    const body = new Uint8Array(0);
    const ours: Ours = result.ok ? { ok: true, revision: store.revision, body } : result;
    this.#same('compact', revision, ours, theirs);
  }

  /** etcd 3.4.23 refuses the compacted revision itself, and an unfinished compaction may show. */
  async #hash(): Promise<void> {
    const { store } = this.ours;
    const lo = store.compactRevision - 1;
    const revision = lo + this.random.below(store.revision + 3 - lo);
    if (revision === store.compactRevision || (revision === 0 && lo === -2)) return;
    const request = HashKVRequest.encode(HashKVRequest.create({ revision }));
    const theirs = await this.etcd.unary('/etcdserverpb.Maintenance/HashKV', request);
    const ours = this.ours.hashKv(revision);
    if (!ours.ok || !theirs.ok) {
      const mine: Ours = ours.ok ? { ok: true, revision: 0, body: new Uint8Array(0) } : ours;
      this.#same('hash', revision, mine, theirs);
      return;
    }
    const real = HashKVResponse.decode(theirs.body);
    if (!this.#physical && this.#noneAlive(revision)) return;
    this.#count('hash');
    const where = `HashKV(${revision}) of ${store.revision}:`;
    expect(`${where} ${ours.hash} ${ours.compactRevision}`).toBe(
      `${where} ${real.hash} ${real.compactRevision}`,
    );
  }

  #noneAlive(revision: number): boolean {
    const everything = { key: new Uint8Array([0]), rangeEnd: new Uint8Array([0]) };
    const result = this.ours.range(RangeRequest.create({ ...everything, revision }));
    return result.ok && result.count === 0;
  }

  /** All events since the compacted revision, with previous values. */
  async history(): Promise<number> {
    const { store } = this.ours;
    const lo = Math.max(2, store.compactRevision + 1);
    const theirs = await this.#watch(lo, store.revision);
    const events: Uint8Array[] = [];
    for (let next = lo; next <= store.revision;) {
      const ranges = [{ key: '', end: null }];
      const result = this.ours.history({ lo: next, ranges, limit: 7, prevKv: true });
      if (!result.ok) throw new Error(result.code);
      for (const event of result.events) events.push(encodeEvent(event));
      next = result.next;
    }
    expect(events.map(toHex)).toEqual(theirs.map(toHex));
    return events.length;
  }

  async #watch(startRevision: number, until: number): Promise<Uint8Array[]> {
    if (startRevision > until) return [];
    const stream = this.etcd.stream('/etcdserverpb.Watch/Watch');
    const createRequest = WatchCreateRequest.create({
      key: new Uint8Array([0]),
      rangeEnd: new Uint8Array([0]),
      startRevision,
      prevKv: true,
    });
    stream.write(
      WatchRequest.encode(
        WatchRequest.create({ requestUnion: { $case: 'createRequest', createRequest } }),
      ),
    );
    const events: Uint8Array[] = [];
    stream.on('error', () => {});
    for await (const bytes of stream) {
      const response = WatchResponse.decode(bytes as Buffer);
      for (const event of response.events) events.push(Event.encode(event));
      const last = response.events[response.events.length - 1];
      if (last?.kv != null && last.kv.modRevision >= until) break;
    }
    stream.cancel();
    return events;
  }
}

/** An Event around encoded KeyValues. */
function encodeEvent(event: {
  type: 'put' | 'delete';
  kv: Uint8Array;
  prevKv: Uint8Array | null;
}): Uint8Array {
  const field = (tag: number, bytes: Uint8Array): Uint8Array => {
    const length: number[] = [];
    let n = bytes.length;
    for (; n >= 128; n >>= 7) length.push((n & 127) | 128);
    return Uint8Array.from([tag, ...length, n, ...bytes]);
  };
  return Uint8Array.from([
    ...(event.type === 'delete' ? [0x08, 1] : []),
    ...field(0x12, event.kv),
    ...(event.prevKv === null ? [] : field(0x1a, event.prevKv)),
  ]);
}

const version = etcdVersion();
const withEtcd = version === null ? describe.skip : describe;
if (version === null) console.log('etcd-differential: skipped, no `etcd` binary in PATH');

withEtcd(`KvStore against etcd ${version ?? ''}`, () => {
  let etcd: EtcdProcess;

  beforeAll(async () => {
    etcd = await EtcdProcess.start();
  }, 30_000);

  afterAll(async () => {
    await etcd.stop();
  });

  it(`answers ${REQUESTS} random requests with etcd's bytes, hashes and history`, async () => {
    const run = new Differential(etcd);
    try {
      for (let i = 0; i < REQUESTS; i++) await run.step();
      run.counts['history'] = await run.history();
    } catch (error) {
      throw new Error(`SEED=${SEED}: ${(error as Error).message}`, { cause: error });
    }
    console.log(`SEED=${SEED} ${text(run.counts)}`);
  }, 300_000);
});
