import { encodeUtf8, fromByteString, toByteString } from '@conclave/base';
import { EventType, WatchCreateRequest, WatchRequest, WatchResponse } from '@conclave/wire';
import { Bench, type TestCall } from './testing/bench.js';

const WATCH = '/etcdserverpb.Watch/Watch';
const PUT = '/etcdserverpb.KV/Put';
const DELETE = '/etcdserverpb.KV/DeleteRange';
const COMPACT = '/etcdserverpb.KV/Compact';
const b = encodeUtf8;

function create(fields: Partial<WatchCreateRequest>): Uint8Array {
  const createRequest = WatchCreateRequest.create(fields);
  return WatchRequest.encode({ requestUnion: { $case: 'createRequest', createRequest } });
}

const cancel = (watchId: number): Uint8Array =>
  WatchRequest.encode({ requestUnion: { $case: 'cancelRequest', cancelRequest: { watchId } } });
const progress = WatchRequest.encode({
  requestUnion: { $case: 'progressRequest', progressRequest: {} },
});

const settle = (bench: Bench): void => bench.replica.advance(500);
const responses = (call: TestCall): WatchResponse[] => call.decoded(WatchResponse);
const events = (call: TestCall): string[] =>
  responses(call).flatMap((response) =>
    response.events.map(
      (e) => `${e.type === EventType.PUT ? 'put' : 'delete'} ${toByteString(e.kv?.key ?? b(''))}`,
    ),
  );
const outline = (call: TestCall): object[] =>
  responses(call).map(({ watchId, created, canceled, cancelReason, compactRevision, header }) => ({
    watchId,
    created,
    canceled,
    cancelReason,
    compactRevision,
    revision: header?.revision,
  }));

const none = { created: false, canceled: false, cancelReason: '', compactRevision: 0 };

describe('bad input: watch (reliability D4)', () => {
  test('ids as at etcd: auto, explicit, taken, negative, auto behind explicit ones', () => {
    const bench = new Bench();
    const call = bench.open(WATCH);
    for (const watchId of [0, 5, 5, -3, 1, 0]) bench.send(call, create({ key: b('a'), watchId }));
    settle(bench);
    expect(responses(call).map((response) => response.watchId)).toEqual([0, 5, -1, -3, 1, 2]);
    expect(outline(call)[2]).toEqual({
      watchId: -1,
      created: true,
      canceled: true,
      cancelReason: 'mvcc: duplicate watch ID provided on the WatchStream',
      compactRevision: 0,
      revision: 1,
    });
  });

  test('an empty range is created and canceled', () => {
    const bench = new Bench();
    const call = bench.raw(WATCH, create({ key: b('b'), rangeEnd: b('a') }));
    settle(bench);
    expect(outline(call)).toEqual([
      {
        ...none,
        watchId: -1,
        created: true,
        canceled: true,
        cancelReason: 'mvcc: watcher range is empty',
        revision: 1,
      },
    ]);
  });

  test('a start in the compacted past: created, then canceled with revision 0 and no reason', () => {
    const bench = new Bench();
    for (let i = 0; i < 4; i++) bench.ok(PUT, { key: b('a') });
    bench.ok(COMPACT, { revision: 4 });
    const call = bench.raw(WATCH, create({ key: b('a'), startRevision: 2 }));
    settle(bench);
    expect(outline(call)).toEqual([
      { ...none, watchId: 0, created: true, revision: 5 },
      { ...none, watchId: 0, canceled: true, compactRevision: 4, revision: 0 },
    ]);
  });

  test('a start at the compacted revision works', () => {
    const bench = new Bench();
    for (const key of ['a', 'b', 'c']) bench.ok(PUT, { key: b(key) });
    bench.ok(COMPACT, { revision: 3 });
    const call = bench.raw(WATCH, create({ key: b('a'), rangeEnd: b('z'), startRevision: 3 }));
    settle(bench);
    expect(events(call)).toEqual(['put b', 'put c']);
  });

  test('a start in the future: nothing below it is delivered', () => {
    const bench = new Bench();
    const call = bench.raw(WATCH, create({ key: b('a'), rangeEnd: b('z'), startRevision: 4 }));
    for (const key of ['a', 'b', 'c', 'd']) bench.ok(PUT, { key: b(key) });
    settle(bench);
    expect(events(call)).toEqual(['put c', 'put d']);
  });

  test('both filters: silence; cancelling an unknown id: silence', () => {
    const bench = new Bench();
    const call = bench.raw(WATCH, create({ key: b('a'), filters: [0, 1] }));
    bench.send(call, cancel(99));
    bench.ok(PUT, { key: b('a') });
    bench.ok(DELETE, { key: b('a') });
    settle(bench);
    expect(outline(call)).toEqual([{ ...none, watchId: 0, created: true, revision: 1 }]);
  });

  test('a request without a member is ignored; bytes that are none end the stream', () => {
    const bench = new Bench();
    const call = bench.raw(WATCH, new Uint8Array(0));
    expect(call.ended).toBeNull();
    bench.send(call, new Uint8Array([0x0a, 0x7f]));
    expect(call.ended?.code).toBe(13);
    expect(call.ended?.message).toMatch(/^grpc: failed to unmarshal the received message: /);
    expect(bench.replica.watches.streamCount).toBe(0);
  });
});

describe('a watch stream', () => {
  test('delivers puts and deletes live, with the values before when asked', () => {
    const bench = new Bench();
    bench.ok(PUT, { key: b('a'), value: b('1') });
    const call = bench.raw(WATCH, create({ key: b('a'), prevKv: true }));
    bench.ok(PUT, { key: b('a'), value: b('2') });
    bench.ok(DELETE, { key: b('a') });
    settle(bench);
    const [, put, del] = responses(call);
    expect(put?.events[0]).toMatchObject({ kv: { value: b('2') }, prevKv: { value: b('1') } });
    expect(del?.events[0]?.kv).toMatchObject({ key: b('a'), modRevision: 4, createRevision: 0 });
    expect(del?.header?.revision).toBe(4);
  });

  test('a key range open to the end sees everything from its key on', () => {
    const bench = new Bench();
    const call = bench.raw(WATCH, create({ key: b('m'), rangeEnd: fromByteString('\0') }));
    for (const key of ['a', 'm', 'z']) bench.ok(PUT, { key: b(key) });
    settle(bench);
    expect(events(call)).toEqual(['put m', 'put z']);
  });

  test('a cancelled watcher says so and is silent; progress answers for the whole stream', () => {
    const bench = new Bench();
    const call = bench.raw(WATCH, create({ key: b('a') }));
    bench.send(call, create({ key: b('b') }));
    bench.send(call, cancel(0));
    bench.ok(PUT, { key: b('a') });
    bench.send(call, progress);
    settle(bench);
    expect(outline(call).slice(2)).toEqual([
      { ...none, watchId: 0, canceled: true, revision: 1 },
      { ...none, watchId: -1, revision: 2 },
    ]);
  });

  test('goes on when the client half-closes, and ends when it cancels', () => {
    const bench = new Bench();
    const call = bench.raw(WATCH, create({ key: b('a') }));
    call.events?.halfClosed();
    bench.ok(PUT, { key: b('a') });
    settle(bench);
    expect([events(call), call.ended]).toEqual([['put a'], null]);
    call.events?.cancelled();
    bench.ok(PUT, { key: b('a') });
    settle(bench);
    expect(events(call)).toEqual(['put a']);
    expect(bench.replica.watches.streamCount).toBe(0);
  });

  test('a client that does not read gets everything once it reads, in order', () => {
    const bench = new Bench();
    const call = bench.open(WATCH);
    call.credit = 1;
    bench.send(call, create({ key: b('a'), rangeEnd: b('z') }));
    for (const key of ['a', 'b', 'c', 'd', 'e']) bench.ok(PUT, { key: b(key) });
    settle(bench);
    expect(events(call)).toEqual([]);
    call.credit = 1_000;
    call.events?.drained();
    settle(bench);
    expect(events(call)).toEqual(['put a', 'put b', 'put c', 'put d', 'put e']);
  });
});
