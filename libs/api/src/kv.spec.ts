import { encodeUtf8, fromByteString, toByteString } from '@conclave/base';
import { Compare, PutRequest, RangeResponse, RequestField, TxnRequest } from '@conclave/wire';
import { checkTxn } from './kv-check.js';
import { type Answer, Bench, answerOf } from './testing/bench.js';
import { CLUSTER_ID, MEMBER_ID } from './testing/fake-replica.js';

const RANGE = '/etcdserverpb.KV/Range';
const STREAM = '/etcdserverpb.KV/RangeStream';
const PUT = '/etcdserverpb.KV/Put';
const DELETE = '/etcdserverpb.KV/DeleteRange';
const TXN = '/etcdserverpb.KV/Txn';
const COMPACT = '/etcdserverpb.KV/Compact';

const b = encodeUtf8;
const NUL = fromByteString('\0');

const put = (key: string, rest: object = {}): object => ({
  request: {
    $case: 'requestPut',
    requestPut: PutRequest.create({ key: b(key), value: b('v'), ...rest }),
  },
});
const del = (key: string, rangeEnd: string = ''): object => ({
  request: {
    $case: 'requestDeleteRange',
    requestDeleteRange: { key: b(key), rangeEnd: fromByteString(rangeEnd), prevKv: false },
  },
});
const get = (key: string, rest: object = {}): object => ({
  request: {
    $case: 'requestRange',
    requestRange: { ...range(key), ...rest },
  },
});
const nested = (fields: Partial<TxnRequest>): object => ({
  request: { $case: 'requestTxn', requestTxn: TxnRequest.create(fields) },
});
const ops = (...list: object[]): never => list as never;

function range(key: string): object {
  return {
    key: b(key),
    rangeEnd: new Uint8Array(0),
    limit: 0,
    revision: 0,
    sortOrder: 0,
    sortTarget: 0,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

describe('headers (spec 2.1)', () => {
  test('a put answers with the revision it made, a read with the current one', () => {
    const bench = new Bench();
    const header = { clusterId: CLUSTER_ID, memberId: MEMBER_ID, raftTerm: 2 };
    expect(bench.ok(PUT, { key: b('a') }).header).toEqual({ ...header, revision: 2 });
    bench.ok(PUT, { key: b('a') });
    const old = bench.ok(RANGE, { key: b('a'), revision: 2 });
    expect(old.header.revision).toBe(3);
    expect(old.kvs[0]).toMatchObject({ modRevision: 2, version: 1 });
  });

  test('deleting nothing and a txn that changes nothing keep the revision', () => {
    const bench = new Bench();
    expect(bench.ok(DELETE, { key: b('x') }).header.revision).toBe(1);
    expect(bench.ok(TXN, { success: [del('x')] }).header.revision).toBe(1);
  });

  test('inside a txn, answers carry only the revision; a nested txn an empty header', () => {
    const bench = new Bench();
    const answer = bench.ok(TXN, {
      success: [put('a'), get('a'), nested({ success: ops(put('c')) })],
    });
    const [first, second, third] = answer.responses;
    const bare = { clusterId: 0n, memberId: 0n, raftTerm: 0 };
    expect(first.response.responsePut.header).toEqual({ ...bare, revision: 2 });
    expect(second.response.responseRange.header).toEqual({ ...bare, revision: 2 });
    expect(third.response.responseTxn.header).toEqual({ ...bare, revision: 0 });
  });

  test('a compaction answers with the current revision', () => {
    const bench = new Bench();
    bench.ok(PUT, { key: b('a') });
    bench.ok(PUT, { key: b('a') });
    expect(bench.ok(COMPACT, { revision: 2 }).header.revision).toBe(3);
  });
});

describe('bad input: KV (reliability D4)', () => {
  const EMPTY = '3 etcdserver: key is not provided';
  const NOT_FOUND = '3 etcdserver: key not found';
  const DUPLICATE = '3 etcdserver: duplicate key given in txn request';
  const TOO_MANY = '3 etcdserver: too many operations in txn request';
  const COMPACTED = '11 etcdserver: mvcc: required revision has been compacted';
  const FUTURE = '11 etcdserver: mvcc: required revision is a future revision';
  const SORT = '3 etcdserver: invalid sort option';
  const MAX = Number.MAX_SAFE_INTEGER;

  const many = (n: number): object[] => Array.from({ length: n }, (_, i) => put(`k${i}`));

  test.each<[string, string, object, string]>([
    ['empty key', RANGE, {}, EMPTY],
    ['empty key', PUT, { value: b('v') }, EMPTY],
    ['empty key', DELETE, {}, EMPTY],
    ['empty key before a bad sort', RANGE, { sortTarget: 9 }, EMPTY],
    ['unknown sort order', RANGE, { key: b('a'), sortOrder: 3 }, SORT],
    ['unknown sort target', RANGE, { key: b('a'), sortTarget: 5 }, SORT],
    ['negative sort target', RANGE, { key: b('a'), sortTarget: -1 }, SORT],
    ['future revision', RANGE, { key: b('a'), revision: 99 }, FUTURE],
    ['revision 2^63-1', RANGE, { key: b('a'), revision: MAX }, FUTURE],
    ['compacted revision', RANGE, { key: b('a'), revision: 2 }, COMPACTED],
    ['compacted, count only', RANGE, { key: b('a'), revision: 2, countOnly: true }, COMPACTED],
    [
      'ignore_value with value',
      PUT,
      { key: b('a'), value: b('v'), ignoreValue: true },
      '3 etcdserver: value is provided',
    ],
    [
      'ignore_lease with lease',
      PUT,
      { key: b('a'), lease: 1n, ignoreLease: true },
      '3 etcdserver: lease is provided',
    ],
    [
      'both, value first',
      PUT,
      { key: b('a'), value: b('v'), lease: 1n, ignoreValue: true, ignoreLease: true },
      '3 etcdserver: value is provided',
    ],
    ['empty key before ignore_value', PUT, { value: b('v'), ignoreValue: true }, EMPTY],
    ['ignore_value of a missing key', PUT, { key: b('zz'), ignoreValue: true }, NOT_FOUND],
    ['ignore_lease of a missing key', PUT, { key: b('zz'), ignoreLease: true }, NOT_FOUND],
    [
      'lease not there',
      PUT,
      { key: b('a'), lease: 99n },
      '5 etcdserver: requested lease not found',
    ],
    ['129 operations', TXN, { success: many(129) }, TOO_MANY],
    [
      '129 compares',
      TXN,
      { compare: Array.from({ length: 129 }, () => Compare.create({ key: b('a') })) },
      TOO_MANY,
    ],
    [
      'nested beyond the budget',
      TXN,
      { success: [nested({ success: ops(...many(128)) })] },
      TOO_MANY,
    ],
    ['too many before an empty key', TXN, { success: [...many(128), put('')] }, TOO_MANY],
    ['empty compare key', TXN, { compare: [Compare.create()] }, EMPTY],
    ['empty put key in a txn', TXN, { failure: [put('')] }, EMPTY],
    ['empty operation', TXN, { success: [{ request: null }] }, NOT_FOUND],
    ['two puts of one key', TXN, { success: [put('a'), put('a')] }, DUPLICATE],
    ['put and delete of one key', TXN, { success: [put('a'), del('a')] }, DUPLICATE],
    ['delete range around a put', TXN, { failure: [del('a', 'c'), put('b')] }, DUPLICATE],
    [
      'put in two nested txns',
      TXN,
      { success: [nested({ success: ops(put('a')) }), nested({ success: ops(put('a')) })] },
      DUPLICATE,
    ],
    [
      'put beside a nested put',
      TXN,
      { success: [nested({ failure: ops(put('a')) }), put('a')] },
      DUPLICATE,
    ],
    [
      'nested delete, then nested put',
      TXN,
      { success: [nested({ success: ops(del('a')) }), nested({ success: ops(put('a')) })] },
      DUPLICATE,
    ],
    [
      'a bad put before the duplicate',
      TXN,
      { success: [put('a'), put('a', { ignoreValue: true })] },
      '3 etcdserver: value is provided',
    ],
    [
      'unknown lease in a txn',
      TXN,
      { success: [put('a', { lease: 99n })] },
      '5 etcdserver: requested lease not found',
    ],
    ['future range in a txn', TXN, { success: [put('a'), get('a', { revision: 99 })] }, FUTURE],
    ['compacting the compacted', COMPACT, { revision: 3 }, COMPACTED],
    ['compacting revision -1', COMPACT, { revision: -1 }, COMPACTED],
    ['compacting the future', COMPACT, { revision: 99 }, FUTURE],
    ['compacting 2^63-1', COMPACT, { revision: MAX }, FUTURE],
  ])('%s: %s is refused with its text', (_name, method, fields, expected) => {
    const bench = new Bench();
    for (let i = 0; i < 4; i++) bench.ok(PUT, { key: b('a') });
    bench.ok(COMPACT, { revision: 3 });
    expect(bench.refused(method, fields)).toBe(expected);
    expect(bench.ok(RANGE, { key: b('a') }).header.revision).toBe(5);
  });

  test.each<[string, object]>([
    [
      'the two branches of one nested txn',
      { success: [nested({ success: ops(put('a')), failure: ops(put('a')) })] },
    ],
    ['a delete to the end', { success: [put('b'), del('a', '\0')] }],
    ['a delete with its end below', { success: [put('b'), del('c', 'a')] }],
    ['overlapping deletes', { success: [del('a', 'c'), del('b', 'd')] }],
    [
      'nested put, then nested delete',
      { success: [nested({ success: ops(put('a')) }), nested({ success: ops(del('a')) })] },
    ],
    ['128 operations', { success: many(128) }],
    ['127 in a nested txn', { success: [nested({ success: ops(...many(127)) })] }],
  ])('accepted, as etcd does: %s', (_name, fields) => {
    expect(new Bench().ok(TXN, fields).succeeded).toBe(true);
  });

  test.each<[string, object, number]>([
    ['limit -1', { key: NUL, rangeEnd: NUL, limit: -1 }, 2],
    ['revision -1', { key: NUL, rangeEnd: NUL, revision: -1 }, 2],
    ['end below key', { key: b('b'), rangeEnd: b('a') }, 0],
    ['end at key', { key: b('b'), rangeEnd: b('b') }, 0],
    ['a key named __proto__', { key: b('__proto__') }, 1],
  ])('a read with %s is answered', (_name, fields, count) => {
    const bench = new Bench();
    bench.ok(PUT, { key: b('__proto__') });
    bench.ok(PUT, { key: fromByteString('\xff\0\xfe') });
    expect(bench.ok(RANGE, fields).count).toBe(count);
  });

  test('bytes that are no request: INTERNAL, and nothing is proposed', () => {
    const bench = new Bench();
    for (const bytes of [
      [0x0a, 0x05, 0x61],
      [0x08, 0x01],
      [0x0a, ...Array(11).fill(0xff)],
    ]) {
      const { ended } = bench.raw(PUT, new Uint8Array(bytes));
      expect(ended?.code).toBe(13);
      expect(ended?.message).toMatch(/^grpc: error unmarshalling request: /);
    }
    expect(bench.replica.proposals).toEqual([]);
  });

  test('a txn 1,000 deep is refused, not a crash', () => {
    let txn = TxnRequest.create();
    for (let i = 0; i < 1_000; i++) txn = TxnRequest.create({ success: ops(nested(txn)) });
    expect(new Bench().refused(TXN, txn)).toBe(TOO_MANY);
  });

  test('a txn of 54,000 nested puts and deletes is checked whole', () => {
    let n = 0;
    const leaf = (): object =>
      nested({ success: ops(...Array.from({ length: 60 }, () => (n++ % 2 ? put : del)(`k${n}`))) });
    const wide = (): object => nested({ success: ops(...Array.from({ length: 30 }, leaf)) });
    const success = ops(...Array.from({ length: 30 }, wide));
    expect(checkTxn(TxnRequest.create({ success }), 128)).toBeNull();
    const twice = ops(...(success as object[]), put('k2'));
    expect(checkTxn(TxnRequest.create({ success: twice }), 128)).toBe('duplicate-key');
  });
});

describe('how requests travel', () => {
  test("a write's own bytes go into the log unchanged, unknown fields included", () => {
    const bench = new Bench();
    const body = new Uint8Array([
      ...PutRequest.encode(PutRequest.create({ key: b('a') })),
      0xf8,
      0x07,
      1,
    ]);
    bench.raw(PUT, body);
    expect(bench.replica.proposals).toMatchObject([{ field: RequestField.PUT, body }]);
  });

  test('serializable reads and empty txns need no quorum, others do', () => {
    const bench = new Bench();
    bench.replica.failure = 'timeout';
    const timedOut = '14 etcdserver: request timed out';
    expect(bench.ok(RANGE, { key: b('a'), serializable: true }).count).toBe(0);
    expect(bench.ok(TXN, {}).succeeded).toBe(true);
    expect(bench.ok(TXN, { success: [get('a', { serializable: true })] }).succeeded).toBe(true);
    expect(bench.refused(RANGE, { key: b('a') })).toBe(timedOut);
    expect(bench.refused(TXN, { success: [get('a')] })).toBe(timedOut);
    expect(bench.replica.proposals).toEqual([]);
    expect(bench.refused(TXN, { success: [nested({})] })).toBe(timedOut);
    expect(bench.replica.proposals).toHaveLength(1);
  });

  test('a client that goes away is not answered, and its read is not made', () => {
    const bench = new Bench();
    const call = bench.open(RANGE);
    call.events?.message(PutRequest.encode(PutRequest.create({ key: b('a') })));
    call.events?.cancelled();
    bench.replica.tasks.run();
    expect([call.messages, call.ended]).toEqual([[], null]);
  });

  test('a write under a session is applied once and answered alike', () => {
    const bench = new Bench();
    const session = (sequence: number, lowest: number): Map<string, string> =>
      new Map([
        ['conclave-session', '00000000000000ff'],
        ['conclave-sequence', String(sequence)],
        ['conclave-lowest', String(lowest)],
      ]);
    const fields = { key: b('a'), value: b('1') };
    expect(bench.refused(PUT, fields, session(1, 1))).toBe('9 conclave: session unknown');
    expect(bench.ask('/conclave.Session/Open', {}, session(1, 1)).ended?.code).toBe(0);
    const first = bench.ok(PUT, fields, session(1, 1));
    expect(bench.ok(PUT, fields, session(1, 1))).toEqual(first);
    bench.ok(PUT, fields, session(3, 3));
    expect(bench.refused(PUT, fields, session(2, 2))).toBe(
      '9 conclave: sequence below the lowest unanswered',
    );
    expect(bench.ok(RANGE, { key: b('a') }).kvs[0].version).toBe(2);
    expect(bench.ask('/conclave.Session/Close', {}, session(1, 1)).ended?.code).toBe(0);
    expect(bench.refused(PUT, fields, session(4, 4))).toBe('9 conclave: session unknown');
  });

  test.each([
    ['0', '1', '1'],
    ['00000000000000FF', '1', '1'],
    ['0000000000000000', '1', '1'],
    ['00000000000000ff', '0', '0'],
    ['00000000000000ff', '1', '2'],
    ['00000000000000ff', '-1', '1'],
    ['00000000000000ff', '9007199254740993', '1'],
  ])(
    'malformed session metadata (%s, %s, %s) is refused, never dropped',
    (id, sequence, lowest) => {
      const bench = new Bench();
      const metadata = new Map([
        ['conclave-session', id],
        ['conclave-sequence', sequence],
        ['conclave-lowest', lowest],
      ]);
      expect(bench.refused(PUT, { key: b('a') }, metadata)).toBe(
        '3 conclave: session metadata is malformed',
      );
      expect(bench.replica.proposals).toEqual([]);
    },
  );
});

describe('quota (spec 2.10)', () => {
  const NO_SPACE = '8 etcdserver: mvcc: database space exceeded';

  test('what would reach the quota is refused before every other check, and raises the alarm', () => {
    const bench = new Bench({ quotaBytes: 1_000 });
    bench.size.inUse = 1_000 - 258;
    expect(bench.refused(PUT, { key: b('a'), value: b('v') })).toBe(NO_SPACE);
    expect(bench.refused(PUT, { value: b('vv') })).toBe(NO_SPACE);
    expect(bench.replica.machine.alarms).toEqual([{ memberId: MEMBER_ID, alarm: 1 }]);
    expect(bench.replica.proposals).toHaveLength(1);
  });

  test('one byte below the quota passes; requests without cost pass at any size', () => {
    const bench = new Bench({ quotaBytes: 1_000 });
    bench.size.inUse = 1_000 - 259;
    bench.ok(PUT, { key: b('a'), value: b('v') });
    bench.size.inUse = 5_000;
    bench.ok(DELETE, { key: b('a') });
    bench.ok(TXN, { success: [del('a')] });
    expect(bench.refused(TXN, { failure: [nested({ success: ops(put('x')) })] })).toBe(NO_SPACE);
    expect(bench.refused('/etcdserverpb.Lease/LeaseGrant', { TTL: 5 })).toBe(NO_SPACE);
  });

  test('a negative quota is none', () => {
    const bench = new Bench({ quotaBytes: -1 });
    bench.size.inUse = 2 ** 50;
    bench.ok(PUT, { key: b('a') });
  });
});

describe('RangeStream', () => {
  function filled(keys: number): Bench {
    const bench = new Bench();
    for (let i = 0; i < keys; i++) bench.ok(PUT, { key: b(`k${String(i).padStart(3, '0')}`) });
    return bench;
  }
  const all = { key: b('k'), rangeEnd: b('l') };

  test.each([
    {},
    { limit: 25 },
    { limit: 100 },
    { limit: 101 },
    { countOnly: true },
    { keysOnly: true },
    { revision: 40 },
  ])('all chunks together are the Range answer: %j', (more) => {
    const bench = filled(100);
    const whole = bench.ok(RANGE, { ...all, ...more });
    const call = bench.ask(STREAM, { ...all, ...more });
    expect(call.ended).toEqual({ code: 0, message: '' });
    const merged = RangeResponse.create();
    const chunks = call.messages.map((m) => streamed(m));
    for (const chunk of chunks) {
      merged.kvs.push(...chunk.kvs);
      merged.count += chunk.count;
      merged.more = merged.more || chunk.more;
      merged.header = chunk.header ?? merged.header;
    }
    expect(merged).toEqual(whole);
    expect(chunks.slice(0, -1).every((c) => c.header === null && c.count === 0 && !c.more)).toBe(
      true,
    );
  });

  test('the first chunk has at most 10 keys, the next twice as many', () => {
    const call = filled(100).ask(STREAM, all);
    expect(call.messages.map((m) => streamed(m).kvs.length)).toEqual([10, 20, 40, 30]);
  });

  test('the revision stays that of the first chunk, and the stream waits for credit', () => {
    const bench = filled(30);
    const call = bench.open(STREAM);
    call.credit = 1;
    bench.send(call, requestOf(all));
    bench.ok(PUT, { key: b('k999') });
    expect(call.messages).toHaveLength(1);
    call.credit = 10;
    call.events?.drained();
    bench.replica.tasks.run();
    const keys = call.messages.flatMap((m) =>
      streamed(m).kvs.map((kv: { key: Uint8Array }) => toByteString(kv.key)),
    );
    expect(keys).toHaveLength(30);
    expect(streamed(call.messages.at(-1) as Uint8Array).header.revision).toBe(31);
  });

  test('compacted meanwhile: the error comes after the chunks sent', () => {
    const bench = filled(30);
    const call = bench.open(STREAM);
    call.credit = 1;
    bench.send(call, requestOf(all));
    bench.ok(PUT, { key: b('k999') });
    bench.ok(COMPACT, { revision: 32 });
    call.events?.drained();
    bench.replica.tasks.run();
    expect(call.messages).toHaveLength(1);
    expect(call.ended?.message).toBe('etcdserver: mvcc: required revision has been compacted');
  });

  test.each([
    [{ sortOrder: 2 }, '12 RangeStream does not support custom sort orders'],
    [{ sortTarget: 1 }, '12 RangeStream does not support custom sort orders'],
    [{ minModRevision: 1 }, '12 RangeStream does not support revision filters'],
    [{ revision: 99 }, '11 etcdserver: mvcc: required revision is a future revision'],
  ])('%j is refused', (more, expected) => {
    expect(filled(1).refused(STREAM, { ...all, ...more })).toBe(expected);
  });
});

function streamed(message: Uint8Array): Answer {
  return answerOf(STREAM, message).rangeResponse;
}

function requestOf(fields: { key: Uint8Array; rangeEnd: Uint8Array }): Uint8Array {
  return new Uint8Array([0x0a, 1, ...fields.key, 0x12, 1, ...fields.rangeEnd]);
}
