import { encodeUtf8, toByteString } from '@conclave/base';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import {
  DeleteRangeRequest,
  DeleteRangeResponse,
  KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
} from '@conclave/wire';
import { KvStore } from './index.js';

const bytes = encodeUtf8;
const leases = (): boolean => true;

describe('KvStore', () => {
  let tasks: TaskQueue;
  let engine: MemoryEngine;
  let store: KvStore;

  beforeEach(() => {
    tasks = new TaskQueue();
    engine = new MemoryEngine(tasks);
    store = opened();
  });

  function opened(): KvStore {
    const made = new KvStore({}, { engine, scheduler: tasks });
    let failure: string | null = 'not loaded';
    made.load((f) => (failure = f));
    tasks.run();
    expect(failure).toBeNull();
    return made;
  }

  function flush(): void {
    engine.write(store.takeOps(), () => store.opsDone());
    tasks.run();
  }

  function put(key: string, value: string, more: Partial<PutRequest> = {}): PutResponse {
    const request = PutRequest.create({ key: bytes(key), value: bytes(value), ...more });
    expect(store.prefetch({ type: 'put', request }, () => {})).toBe(true);
    const result = store.write({ type: 'put', request }, leases);
    if (!result.ok) throw new Error(result.code);
    return PutResponse.decode(result.body);
  }

  function del(key: string, end = ''): number {
    const request = DeleteRangeRequest.create({ key: bytes(key), rangeEnd: bytes(end) });
    const result = store.write({ type: 'delete-range', request }, leases);
    if (!result.ok) throw new Error(result.code);
    return DeleteRangeResponse.decode(result.body).deleted;
  }

  function get(more: Partial<RangeRequest>): RangeResponse {
    let body: Uint8Array | null = null;
    store.range(RangeRequest.create(more), (result) => {
      if (!result.ok) throw new Error(result.code);
      body = result.body;
    });
    tasks.run();
    if (body === null) throw new Error('no answer');
    return RangeResponse.decode(body);
  }

  const show = (kv: KeyValue): string =>
    `${toByteString(kv.key)}=${toByteString(kv.value)}@${kv.createRevision}/${kv.modRevision}/${kv.version}`;

  it('smoke', () => {
    put('a', '1');
    put('a', '2');
    put('b', '3', { lease: 7n });
    expect(get({ key: bytes('a') }).kvs.map(show)).toEqual(['a=2@2/3/2']);
    flush();
    expect(get({ key: bytes('a'), rangeEnd: bytes('z') }).kvs.map(show)).toEqual([
      'a=2@2/3/2',
      'b=3@4/4/1',
    ]);
    expect(del('a', 'b')).toBe(1);
    flush();
    store = opened();
    expect(store.revision).toBe(5);
    expect(store.keyCount).toBe(1);
    expect(get({ key: bytes('a'), rangeEnd: bytes('z') }).kvs.map(show)).toEqual(['b=3@4/4/1']);
    expect(get({ key: bytes('a'), revision: 2 }).kvs.map(show)).toEqual(['a=1@2/2/1']);
    expect(store.compact(5)).toEqual({ ok: true });
    while (store.compactionStep()) tasks.run();
    flush();
    expect(
      engine
        .dump()
        .map((row) => toByteString(row.key.subarray(0, 1)))
        .join(''),
    ).toBe('ccckvv');
    store = opened();
    expect(store.revision).toBe(5);
    expect(get({ key: bytes('a'), rangeEnd: bytes('z') }).kvs.map(show)).toEqual(['b=3@4/4/1']);
  });
});
