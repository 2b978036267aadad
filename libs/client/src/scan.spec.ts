import { Random } from '@conclave/base';
import {
  LeaseGrantRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from '@conclave/wire';
import { classify, methodRule, withLeaseId } from './methods.js';
import { Scanner, pushVarintField } from './scan.js';
import { Timers, type Timer } from './timers.js';
import { createRequest, readWatchRequest, readWatchResponse } from './watch-heads.js';

test.each([0, 1, 127, 128, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -1, -128, -(2 ** 40)])(
  'a varint field of %d is read back as written, and as protobuf writes it',
  (value) => {
    const out: number[] = [];
    pushVarintField(out, 3, value);
    const scan = new Scanner(Uint8Array.from(out));
    expect([scan.next(), scan.field, scan.value, scan.next(), scan.bad]).toEqual([
      true,
      3,
      value,
      false,
      false,
    ]);
    const wire = WatchCreateRequest.decode(Uint8Array.from(out));
    expect(wire.startRevision).toBe(value);
  },
);

test('arbitrary bytes end a walk or are bad, and nothing throws', () => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
  const random = new Random(seed);
  const rule = methodRule('/etcdserverpb.KV/Txn');
  for (let n = 0; n < 20_000; n++) {
    const bytes = Uint8Array.from({ length: random.below(40) }, () => random.below(256));
    readWatchResponse(bytes);
    readWatchRequest(bytes);
    if (rule !== undefined) classify('/etcdserverpb.KV/Txn', rule, bytes);
  }
});

function rule(method: string, request: Uint8Array): string {
  const found = methodRule(method);
  if (found === undefined) throw new Error(`no rule for ${method}`);
  const { repeat, target } = classify(method, found, request);
  return `${repeat} ${target}`;
}

function txn(...ops: RequestOp[]): Uint8Array {
  return TxnRequest.encode(TxnRequest.create({ success: ops }));
}

test('a request is classified by what it does', () => {
  const range = (serializable: boolean): RequestOp => ({
    request: { $case: 'requestRange', requestRange: RangeRequest.create({ serializable }) },
  });
  const put: RequestOp = {
    request: { $case: 'requestPut', requestPut: PutRequest.create({ key: Uint8Array.of(1) }) },
  };
  const nested = (inner: RequestOp): RequestOp => ({
    request: { $case: 'requestTxn', requestTxn: TxnRequest.create({ failure: [inner] }) },
  });
  const kv = '/etcdserverpb.KV/Txn';
  expect(rule(kv, txn(range(true), range(true)))).toBe('read any');
  expect(rule(kv, txn(range(true), range(false)))).toBe('read leader');
  expect(rule(kv, txn(range(true), put))).toBe('write leader');
  expect(rule(kv, txn(nested(put)))).toBe('write leader');
  expect(rule(kv, txn(nested(range(true))))).toBe('read any');
  expect(rule(kv, Uint8Array.of(0x12, 0xff))).toBe('write leader');
  const alarm = '/etcdserverpb.Maintenance/Alarm';
  expect(rule(alarm, new Uint8Array(0))).toBe('read any');
  expect(rule(alarm, Uint8Array.of(8, 2))).toBe('write leader');
  expect(rule('/v3lockpb.Lock/Lock', new Uint8Array(0))).toBe('once leader');
});

test('a transaction nested deeper than is looked into is taken for a write', () => {
  let deep: RequestOp = { request: { $case: 'requestTxn', requestTxn: TxnRequest.create() } };
  for (let depth = 0; depth < 200; depth++) {
    const requestTxn = TxnRequest.create({ success: [deep] });
    deep = { request: { $case: 'requestTxn', requestTxn } };
  }
  expect(rule('/etcdserverpb.KV/Txn', txn(deep))).toBe('write leader');
});

test('a lease id of 63 bits is set and the rest of the request kept', () => {
  const request = LeaseGrantRequest.encode(LeaseGrantRequest.create({ TTL: 60 }));
  const id = 0x7fff_ffff_ffff_ffffn;
  expect(LeaseGrantRequest.decode(withLeaseId(request, id))).toEqual({ TTL: 60, ID: id });
});

test('a create request gets start and id, and keeps fields nobody knows', () => {
  const create = WatchCreateRequest.encode(
    WatchCreateRequest.create({ key: Uint8Array.of(5), startRevision: 3, prevKv: true }),
  );
  const decoded = WatchRequest.decode(createRequest(create, -9, 77)).requestUnion;
  expect(decoded).toMatchObject({
    $case: 'createRequest',
    createRequest: { startRevision: 77, watchId: -9, prevKv: true },
  });
});

test('the head of a response is read without its events', () => {
  const bytes = WatchResponse.encode(
    WatchResponse.create({ watchId: 4, fragment: true, compactRevision: 8 }),
  );
  expect(readWatchResponse(bytes)).toMatchObject({
    watchId: 4,
    fragment: true,
    compactRevision: 8,
    created: false,
    events: 0,
  });
});

test('timers fire when due, in order, not early, and may clear or set one another', () => {
  const timers = new Timers(10, 0);
  const fired: string[] = [];
  const timer = (name: string, then: () => void = () => {}): Timer => ({
    bucket: -1,
    fire() {
      fired.push(name);
      then();
    },
  });
  const cleared = timer('cleared');
  const again: Timer = timer('again', () => fired.length < 5 && timers.set(again, 45));
  timers.set(
    timer('b', () => timers.clear(cleared)),
    30,
  );
  timers.set(cleared, 30);
  timers.set(again, 21);
  timers.advance(20);
  expect(fired).toEqual([]);
  timers.advance(30);
  expect(fired).toEqual(['b', 'again']);
  timers.advance(1_000_000);
  expect(fired).toEqual(['b', 'again', 'again']);
  timers.clear(again);
  expect(timers.size).toBe(0);
});
