import { encodeUtf8, fromByteString, toByteString } from '@conclave/base';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import {
  DeleteRangeRequest,
  type KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  TxnRequest,
  TxnResponse,
} from '@conclave/wire';
import { KvStore, type RangeResult, type WriteResult } from './index.js';
import { StoreHarness } from './testing/store-harness.js';

const bytes = encodeUtf8;
const show = (kv: KeyValue): string =>
  `${toByteString(kv.key)}=${toByteString(kv.value)}@${kv.createRevision}/${kv.modRevision}/${kv.version}`;

let at: StoreHarness;

beforeEach(() => {
  at = new StoreHarness({ cacheBytesMax: 0, rangeSliceRows: 10, compactionBatchRows: 10 });
});

function ok(result: WriteResult): Uint8Array {
  if (!result.ok) throw new Error(result.code);
  return result.body;
}

function put(key: string, value: string, more: Partial<PutRequest> = {}): PutResponse {
  const request = PutRequest.create({ key: bytes(key), value: bytes(value), ...more });
  return PutResponse.decode(ok(at.write({ type: 'put', request })));
}

function del(key: string, rangeEnd = ''): void {
  const request = DeleteRangeRequest.create({ key: bytes(key), rangeEnd: bytes(rangeEnd) });
  ok(at.write({ type: 'delete-range', request }));
}

const opPut = (more: Partial<PutRequest>): RequestOp =>
  RequestOp.create({ request: { $case: 'requestPut', requestPut: PutRequest.create(more) } });
const opRange = (more: Partial<RangeRequest>): RequestOp =>
  RequestOp.create({ request: { $case: 'requestRange', requestRange: RangeRequest.create(more) } });
const opDelete = (more: Partial<DeleteRangeRequest>): RequestOp =>
  RequestOp.create({
    request: { $case: 'requestDeleteRange', requestDeleteRange: DeleteRangeRequest.create(more) },
  });
const txn = (success: RequestOp[]): WriteResult =>
  at.write({ type: 'txn', request: TxnRequest.create({ success }) });

function rows(result: RangeResult): string[] {
  if (!result.ok) throw new Error(result.code);
  return RangeResponse.decode(result.body).kvs.map(show);
}

const all = { key: bytes('\0'), rangeEnd: bytes('\0') };

const get = (more: Partial<RangeRequest> = {}): string[] =>
  rows(at.range(RangeRequest.create({ ...all, ...more })));

const row = (index: number): string => `k${String(index).padStart(4, '0')}`;

const rowsOf = (namespace: string): number =>
  at.engine.dump().filter((r) => r.key[0] === namespace.charCodeAt(0)).length;

describe('writes', () => {
  it('a new store stands at revision 1 and the first write makes 2', () => {
    expect([at.store.revision, at.store.compactRevision, at.store.keyCount]).toEqual([1, -1, 0]);
    put('a', '1');
    expect([at.store.revision, at.store.keyCount]).toEqual([2, 1]);
  });

  it('a deletion of nothing does not move the revision', () => {
    del('a');
    expect(at.store.revision).toBe(1);
  });

  it('a put after a deletion begins a new generation', () => {
    put('a', '1');
    put('a', '2');
    del('a');
    put('a', '3');
    expect(get()).toEqual(['a=3@5/5/1']);
    expect(get({ revision: 3 })).toEqual(['a=2@2/3/2']);
    expect(get({ revision: 4 })).toEqual([]);
  });

  it('a put without a lease takes the key from its lease, and says so', () => {
    at.leases.add(7n);
    put('a', '1', { lease: 7n });
    const request = PutRequest.create({ key: bytes('a') });
    const result = at.write({ type: 'put', request });
    expect(result.ok && result.leaseMoves).toEqual([{ key: 'a', from: 7n, to: 0n }]);
  });

  it('an unknown lease comes before a missing key', () => {
    const request = PutRequest.create({ key: bytes('a'), lease: 9n, ignoreValue: true });
    expect(at.write({ type: 'put', request })).toEqual({ ok: false, code: 'lease-not-found' });
  });

  it('delete-keys deletes in the order of keys, in one revision', () => {
    for (const key of ['b', 'a', 'c']) put(key, '');
    const result = at.write({ type: 'delete-keys', keys: ['c', 'gone', 'a'] });
    expect(result.ok && result.events.map((e) => `${e.key}@${e.main}.${e.sub}`)).toEqual([
      'a@5.0',
      'c@5.1',
    ]);
  });

  it('an event names the version before its revision, as watch does', () => {
    put('a', '1');
    const result = txn([
      opPut({ key: bytes('a') }),
      opDelete({ key: bytes('a'), rangeEnd: bytes('\0') }),
    ]);
    expect(result.ok && result.events.map((e) => e.previous?.main)).toEqual([2, 2]);
  });

  it('a put that wants the value of a key its transaction deleted is refused as a whole', () => {
    put('a', '1');
    const key = bytes('a');
    const result = txn([
      opDelete({ key, rangeEnd: bytes('\0') }),
      opPut({ key, ignoreValue: true }),
    ]);
    expect(result).toEqual({ ok: false, code: 'key-not-found' });
    expect([at.store.revision, get()]).toEqual([2, ['a=1@2/2/1']]);
  });

  it('what etcd refuses such a transaction for is told first: a lease, a range', () => {
    for (const value of ['1', '2', '3']) put('a', value);
    at.store.compact(3);
    const key = bytes('a');
    const behind = [
      opDelete({ key, rangeEnd: bytes('\0') }),
      opPut({ key, ignoreLease: true, value: bytes('v') }),
    ];
    const ranged = (revision: number): unknown => txn([...behind, opRange({ key, revision })]);
    expect(ranged(2)).toEqual({ ok: false, code: 'compacted' });
    expect(ranged(9)).toEqual({ ok: false, code: 'future-revision' });
    expect(ranged(4)).toEqual({ ok: false, code: 'key-not-found' });
    const leased = txn([...behind, opPut({ key: bytes('b'), lease: 77n })]);
    expect(leased).toEqual({ ok: false, code: 'lease-not-found' });
  });
});

describe('prefetch', () => {
  it('finds the rows of a range whose limit moves on past keys the transaction deletes', () => {
    for (const key of ['a', 'b', 'c', 'd']) put(key, key);
    at.flush();
    const success = [
      opDelete({ key: bytes('a'), rangeEnd: bytes('c') }),
      opRange({ ...all, limit: 1 }),
    ];
    const { responses } = TxnResponse.decode(ok(txn(success)));
    const second = responses[1]?.response;
    expect(second?.$case === 'responseRange' && second.responseRange.kvs.map(show)).toEqual([
      'c=c@4/4/1',
    ]);
  });

  it('finds the rows where a limit cuts before the sort', () => {
    for (const key of ['d', 'c', 'b', 'a', 'z']) put(key, key);
    at.flush();
    const request = TxnRequest.create({
      success: [opRange({ ...all, limit: 2, sortTarget: 3 })],
      failure: [opPut({ key: bytes('a') })],
    });
    const { responses } = TxnResponse.decode(ok(at.write({ type: 'txn', request })));
    const only = responses[0]?.response;
    expect(only?.$case === 'responseRange' && only.responseRange.kvs.map(show)).toEqual([
      'c=c@3/3/1',
      'b=b@4/4/1',
    ]);
  });

  it('a write that reads nothing needs no I/O', () => {
    put('a', '1');
    put('b', 'the last one written stays in the cache');
    at.flush();
    const request = PutRequest.create({ key: bytes('a') });
    expect(at.store.prefetch({ type: 'put', request }, () => {})).toBe(true);
    const asking = { type: 'put' as const, request: { ...request, prevKv: true } };
    expect(at.store.prefetch(asking, () => {})).toBe(false);
  });
});

describe('reads', () => {
  it('a large range takes turns and stays at its revision', () => {
    for (let i = 0; i < 100; i++) put(row(i), 'old');
    at.flush();
    let result: RangeResult | null = null;
    at.store.range(RangeRequest.create(all), (r) => (result = r));
    for (let i = 0; i < 100; i++) put(row(i), 'new');
    put('a', 'new');
    del(row(50), row(99));
    let turns = 0;
    while (result === null && at.tasks.runOne()) turns++;
    expect(turns).toBeGreaterThanOrEqual(10);
    expect(rows(result as unknown as RangeResult).filter((r) => r.includes('=old@'))).toHaveLength(
      100,
    );
    expect((result as unknown as { revision: number }).revision).toBe(101);
  });

  it('physical compaction waits for a range below it, and new ranges there are refused', () => {
    for (let i = 0; i < 40; i++) put(row(i), 'old');
    for (let i = 0; i < 40; i++) put(row(i), 'new');
    at.flush();
    let result: RangeResult | null = null;
    at.store.range(RangeRequest.create({ ...all, revision: 41 }), (r) => (result = r));
    expect(at.store.compact(81)).toEqual({ ok: true });
    for (let i = 0; i < 50; i++) at.store.compactionStep();
    expect(at.range(RangeRequest.create({ ...all, revision: 41 }))).toEqual({
      ok: false,
      code: 'compacted',
    });
    at.tasks.run();
    expect(rows(result as unknown as RangeResult)).toHaveLength(40);
    at.compactFully();
    expect(rowsOf('v')).toBe(40);
  });

  it('misses of one turn are read together', () => {
    for (let i = 0; i < 50; i++) put(row(i), 'x');
    at.flush();
    const engine = at.engine;
    const get = jest.spyOn(engine, 'get');
    const answers: RangeResult[] = [];
    for (let i = 0; i < 50; i++) {
      at.store.range(RangeRequest.create({ key: bytes(row(i)) }), (r) => answers.push(r));
    }
    at.tasks.run();
    expect([answers.length, get.mock.calls.length]).toEqual([50, 1]);
  });

  it('rows that sort equal keep the order of their keys, descending too', () => {
    for (const key of ['a', 'b', 'c', 'd']) put(key, 'same');
    put('c', 'same');
    expect(get({ sortOrder: 2, sortTarget: 1 }).map((r) => r[0])).toEqual(['c', 'a', 'b', 'd']);
    expect(get({ sortOrder: 2, sortTarget: 4 }).map((r) => r[0])).toEqual(['a', 'b', 'c', 'd']);
  });

  it('an unknown sort order or target is refused', () => {
    for (const bad of [{ sortOrder: 3 }, { sortTarget: 5 }, { sortOrder: -1 }]) {
      const request = RangeRequest.create({ ...all, ...(bad as Partial<RangeRequest>) });
      const refused = { ok: false, code: 'invalid-sort-option' };
      expect(at.range(request)).toEqual(refused);
      expect(txn([opPut({ key: bytes('a') }), opRange(request)])).toEqual(refused);
    }
  });

  it('record answers a version until the revision before the next change is compacted', () => {
    put('a', '1');
    put('a', '2');
    put('a', '3');
    at.flush();
    const version = { main: 2, sub: 0, create: 2, version: 1, lease: 0n, tombstone: false };
    const ask = (): Uint8Array | null => at.ask((done) => at.store.record(version, 'a', done));
    expect(ask()).not.toBeNull();
    expect(at.store.compact(2)).toEqual({ ok: true });
    expect(ask()).not.toBeNull();
    expect(at.store.compact(3)).toEqual({ ok: true });
    expect(ask()).toBeNull();
  });
});

describe('compaction', () => {
  it('the compacted revision itself stays readable and cannot be compacted again', () => {
    put('a', '1');
    put('a', '2');
    expect(at.store.compact(2)).toEqual({ ok: true });
    expect(get({ revision: 2 })).toEqual(['a=1@2/2/1']);
    expect(at.store.compact(2)).toEqual({ ok: false, code: 'compacted' });
    expect(at.store.compact(4)).toEqual({ ok: false, code: 'future-revision' });
  });

  it('0 compacts a store that never was, once; -1 is compacted', () => {
    expect(at.store.compact(-1)).toEqual({ ok: false, code: 'compacted' });
    expect(at.store.compact(0)).toEqual({ ok: true });
    expect(at.store.compact(0)).toEqual({ ok: false, code: 'compacted' });
  });

  it('a tombstone at the compacted revision stays for watches until the next compaction', () => {
    put('a', '1');
    del('a');
    at.store.compact(3);
    at.compactFully();
    const ranges = [{ key: '', end: null }];
    const query = { lo: 3, ranges, limit: 10, prevKv: true };
    const result = at.history(query);
    expect(result.ok && result.events.map((e) => [e.type, e.main, e.prevKv])).toEqual([
      ['delete', 3, null],
    ]);
    put('b', '1');
    at.store.compact(4);
    at.compactFully();
    expect(rowsOf('v')).toBe(1);
  });

  it('the revision of a store that lost all its keys does not go back over a restart', () => {
    put('a', '1');
    del('a');
    put('b', '1');
    del('b');
    at.store.compact(5);
    at.compactFully();
    at.reopen();
    expect([at.store.revision, at.store.compactRevision, at.store.keyCount]).toEqual([5, 5, 0]);
    put('c', '1');
    expect(get()).toEqual(['c=1@6/6/1']);
  });

  it('tells when the physical part is in a finished batch, not before', () => {
    for (let i = 0; i < 30; i++) put('a', String(i));
    at.store.compact(31);
    let told = false;
    at.store.whenCompacted(31, () => (told = true));
    while (at.store.compactionStep()) at.tasks.run();
    expect(told).toBe(false);
    at.flush();
    expect(told).toBe(true);
    let again = false;
    at.store.whenCompacted(30, () => (again = true));
    expect(again).toBe(true);
  });

  it('an interrupted compaction resumes at the start', () => {
    for (let i = 0; i < 60; i++) put(row(i % 20), String(i));
    at.store.compact(61);
    for (let i = 0; i < 3; i++) {
      at.store.compactionStep();
      at.tasks.run();
    }
    at.flush();
    at.reopen();
    expect(get()).toHaveLength(20);
    at.compactFully();
    expect([rowsOf('v'), rowsOf('i'), rowsOf('k') > 0]).toEqual([20, 0, true]);
    at.reopen();
    expect(get()).toHaveLength(20);
  });

  it('remembers the hashes of the last compactions with the revision before each', () => {
    const few = new StoreHarness({ hashesKept: 2 });
    at = few;
    for (let i = 0; i < 9; i++) put('a', String(i));
    for (const revision of [3, 5, 7]) {
      const before = at.store.compactRevision;
      const expected = at.hashKv(revision);
      at.store.compact(revision);
      at.compactFully();
      expect(at.store.compactionHashes.at(-1)).toEqual({
        revision,
        hash: expected.ok ? expected.hash : null,
        compactRevision: before,
      });
    }
    expect(at.hashKv(3)).toEqual({ ok: false, code: 'compacted' });
    expect(at.hashKv(5)).toMatchObject({ ok: true, hashRevision: 5, compactRevision: 3 });
  });
});

describe('load', () => {
  it('reads no values', () => {
    for (let i = 0; i < 30; i++) put(row(i), 'value');
    at.flush();
    const ranges = jest.spyOn(at.engine, 'scan');
    at.reopen();
    for (const [lo] of ranges.mock.calls) expect(['i', 'k']).toContain(toByteString(lo)[0]);
  });

  it('a hash reads large values about a megabyte at a time', () => {
    for (let i = 0; i < 40; i++) put(`k${i}`, 'x'.repeat(200_000));
    at.flush();
    const scans = jest.spyOn(at.engine, 'scan');
    let hash = 0;
    at.store.hashKv(0, (result) => void (result.ok && (hash = result.hash)));
    at.tasks.run();
    expect(hash).not.toBe(0);
    const [first, ...rest] = scans.mock.calls.map(([, , limit]) => limit);
    expect(first).toBeLessThanOrEqual(16);
    expect(Math.max(...rest)).toBeLessThanOrEqual(6);
  });

  it('a snapshot takes the place of all state, and reads under way begin again on it', () => {
    put('a', 'old');
    put('b', 'the last one written stays in the cache');
    at.flush();
    const other = new StoreHarness();
    const mine = at;
    at = other;
    put('a', '1');
    put('a', 'new');
    at.flush();
    at = mine;
    let result: RangeResult | null = null;
    at.store.range(RangeRequest.create({ key: bytes('a') }), (r) => (result = r));
    at.store.reset();
    at.store.attach(other.engine);
    expect(at.store.revision).toBe(3);
    at.store.range(RangeRequest.create({ key: bytes('a') }), () => {});
    let failure: string | null = 'none';
    at.store.load((f) => (failure = f));
    for (let i = 0; i < 9; i++) {
      other.tasks.run();
      at.tasks.run();
    }
    expect(failure).toBeNull();
    expect(rows(result as unknown as RangeResult)).toEqual(['a=new@2/3/2']);
  });

  it('refuses rows of another format, and rows without one', () => {
    const load = (key: string, value: Uint8Array): string | null => {
      const tasks = new TaskQueue();
      const engine = new MemoryEngine(tasks);
      engine.write([{ type: 'put', key: fromByteString(key), value }], () => {});
      tasks.run();
      let failure: string | null = 'none';
      new KvStore({}, { engine, scheduler: tasks }).load((f) => (failure = f));
      tasks.run();
      return failure;
    };
    expect(load('cformat', new Uint8Array([0, 0, 0, 0, 0, 0, 0, 2]))).toBe(
      'state: unknown store format 2',
    );
    expect(load('i\0\0\0\0\0\0\0\x02', new Uint8Array([1]))).toMatch('no format number');
    expect(load('i\0\0\0\0\0\0\0\x02', new Uint8Array([9]))).toMatch('unknown format 9');
    expect(load('i\0\0\0\0\0\0\0\x02', new Uint8Array([1, 0, 2]))).toMatch('index row');
  });

  it('a row that must be there and is not ends the process', () => {
    put('a', '1');
    at.flush();
    const value = at.engine.dump().find((r) => r.key[0] === 0x76);
    at.engine.write([{ type: 'delete', key: value?.key as Uint8Array }], () => {});
    at.tasks.run();
    at.reopen();
    expect(() => at.range(RangeRequest.create({ key: bytes('a') }))).toThrow(
      'state: the record of revision 2.0 is missing',
    );
  });
});
