/**
 * Bad inputs to KV (RELIABILITY D4): each with its exact answer, asked of a member, of a gateway and of
 * Debian's etcd 3.4.23. Where etcd 3.6 answers otherwise than 3.4, the row says so, and 3.6 is what we
 * answer; where 3.4.23 crashes it is not asked.
 */
import { encodeUtf8 } from '@conclave/base';
import {
  type Compare,
  KvService,
  type PutRequest,
  RangeRequest,
  type RequestOp,
  SortOrder,
  SortTarget,
} from '@conclave/wire';
import {
  BAD_SORT,
  Bystander,
  COMPACTED,
  DUPLICATE,
  EXHAUSTED,
  FUTURE,
  INT64_MAX,
  INVALID,
  LEASE_UNKNOWN,
  NO_KEY,
  OPS_MAX,
  REQUEST_BYTES_MAX,
  type Row,
  TOO_LARGE,
  TOO_MANY,
  answers,
  bytes,
  del,
  put,
  range,
  txn,
} from './testing/bad-input.js';
import { percentile } from './testing/load.js';
import { bytesField, message, varintField } from './testing/proto-bytes.js';
import { type World, Worlds, outcomeOf } from './testing/worlds.js';

jest.setTimeout(60_000);

const KEYS = Number(process.env['KEYS'] ?? 100_000);
const MESSAGE_BYTES_MAX = REQUEST_BYTES_MAX + 512 * 1024;
const MIB = 1024 * 1024;

const key = encodeUtf8;
const NONE = new Uint8Array(0);
const ZERO = Uint8Array.of(0);

let worlds: Worlds;
let bystander: Bystander;

beforeAll(async () => {
  worlds = await Worlds.start();
  bystander = new Bystander(worlds.ours);
});

afterAll(async () => {
  await (bystander as Bystander | undefined)?.stop();
  await (worlds as Worlds | undefined)?.stop();
});

const PUT_DEFAULTS = {
  value: NONE,
  lease: 0n,
  prevKv: false,
  ignoreValue: false,
  ignoreLease: false,
};
function putOp(name: string, fields: Partial<PutRequest> = {}): RequestOp {
  const requestPut = { ...PUT_DEFAULTS, key: key(name), ...fields };
  return { request: { $case: 'requestPut', requestPut } };
}
function rangeOp(name: string, revision: number): RequestOp {
  const requestRange = RangeRequest.create({ key: key(name), revision });
  return { request: { $case: 'requestRange', requestRange } };
}
function deleteOp(name: string, end: Uint8Array = NONE): RequestOp {
  const requestDeleteRange = { key: key(name), rangeEnd: end, prevKv: false };
  return { request: { $case: 'requestDeleteRange', requestDeleteRange } };
}
function txnOp(success: RequestOp[], failure: RequestOp[] = []): RequestOp {
  return { request: { $case: 'requestTxn', requestTxn: { compare: [], success, failure } } };
}
/** One operation inside so many transactions. */
function nested(depth: number): RequestOp {
  let op = putOp('deep');
  for (let i = 0; i < depth; i++) op = txnOp([op]);
  return op;
}
function compare(fields: Partial<Compare>): Compare {
  return { result: 0, target: 0, key: key('warm'), rangeEnd: NONE, targetUnion: null, ...fields };
}

const ANY = { ok: expect.anything() };
const WARM = expect.objectContaining({ key: 'warm' });

const KEYS_AND_VALUES: Row[] = [
  { what: 'a put without a key', ask: put({ value: key('x') }), expected: NO_KEY },
  { what: 'a range without a key', ask: range({ rangeEnd: ZERO }), expected: NO_KEY },
  { what: 'a delete without a key', ask: del({ rangeEnd: ZERO }), expected: NO_KEY },
  {
    what: 'a key of 1 MiB',
    ask: put({ key: new Uint8Array(MIB).fill(0x6b), value: key('v') }),
    expected: { ok: { header: 3 } },
  },
  {
    what: 'a value of 1.5 MiB less the request around it',
    ask: put({ key: key('big'), value: new Uint8Array(REQUEST_BYTES_MAX - 64) }),
    expected: { ok: { header: 4 } },
  },
  {
    what: 'a value of 1.5 MiB - 1',
    ask: put({ key: key('big'), value: new Uint8Array(REQUEST_BYTES_MAX - 1) }),
    expected: TOO_LARGE,
  },
  {
    what: 'a value of 1.5 MiB + 1',
    ask: put({ key: key('big'), value: new Uint8Array(REQUEST_BYTES_MAX + 1) }),
    expected: TOO_LARGE,
  },
  {
    what: 'a message above the bound of the transport',
    ask: put({ key: key('big'), value: new Uint8Array(MESSAGE_BYTES_MAX) }),
    expected: {
      code: EXHAUSTED,
      text: `grpc: received message larger than max (${MESSAGE_BYTES_MAX + 10} vs. ${MESSAGE_BYTES_MAX})`,
    },
  },
  {
    what: 'a key of NUL bytes',
    ask: put({ key: Uint8Array.of(0, 0), value: ZERO }),
    expected: { ok: { header: 5 } },
  },
  {
    what: 'key and value that are not UTF-8',
    ask: put({ key: Uint8Array.of(0xff, 0xfe, 0xc0), value: Uint8Array.of(0x80) }),
    expected: { ok: { header: 6 } },
  },
  {
    what: 'a key named __proto__',
    ask: put({ key: key('__proto__'), value: key('constructor') }),
    expected: { ok: { header: 7 } },
  },
  {
    what: 'the key named __proto__ again',
    ask: put({ key: key('__proto__'), value: key('toString'), prevKv: true }),
    expected: {
      ok: {
        header: 8,
        prevKv: {
          key: '__proto__',
          createRevision: 7,
          modRevision: 7,
          version: 1,
          value: 'constructor',
        },
      },
    },
  },
  {
    what: 'ignore_value with a value',
    ask: put({ key: key('warm'), value: key('x'), ignoreValue: true }),
    expected: { code: INVALID, text: 'etcdserver: value is provided' },
  },
  {
    what: 'ignore_lease with a lease',
    ask: put({ key: key('warm'), lease: 5n, ignoreLease: true }),
    expected: { code: INVALID, text: 'etcdserver: lease is provided' },
  },
  {
    what: 'ignore_value on a missing key',
    ask: put({ key: key('none'), ignoreValue: true }),
    expected: { code: INVALID, text: 'etcdserver: key not found' },
  },
  {
    what: 'ignore_lease on a missing key',
    ask: put({ key: key('none'), ignoreLease: true }),
    expected: { code: INVALID, text: 'etcdserver: key not found' },
  },
  ...[1n, -1n, INT64_MAX, -INT64_MAX - 1n].map((lease) => ({
    what: `lease ${lease}, which is not there`,
    ask: put({ key: key('none'), lease }),
    expected: LEASE_UNKNOWN,
  })),
];

const RANGES: Row[] = [
  {
    what: 'an end of one NUL',
    ask: range({ key: key('w'), rangeEnd: ZERO, keysOnly: true }),
    expected: { ok: { header: 8, kvs: [WARM, expect.anything()], count: 2 } },
  },
  {
    what: 'an end below the key',
    ask: range({ key: key('w'), rangeEnd: key('a') }),
    expected: { ok: { header: 8 } },
  },
  {
    what: 'an end that is the key',
    ask: range({ key: key('warm'), rangeEnd: key('warm') }),
    expected: { ok: { header: 8 } },
  },
  {
    what: 'a delete with an end below the key',
    ask: del({ key: key('z'), rangeEnd: key('a') }),
    expected: { ok: { header: 8 } },
  },
  {
    what: 'limit -1',
    ask: range({ key: key('warm'), limit: -1 }),
    expected: { ok: { header: 8, kvs: [WARM], count: 1 } },
  },
  {
    what: 'limit 2^63 - 1',
    ask: bytes(KvService.range, message(bytesField(1, 'warm'), varintField(3, INT64_MAX))),
    expected: { ok: { bytes: true } },
  },
  {
    what: 'limit -2^63',
    ask: bytes(KvService.range, message(bytesField(1, 'warm'), varintField(3, -INT64_MAX - 1n))),
    expected: { ok: { bytes: true } },
  },
  {
    what: 'revision -1',
    ask: range({ key: key('warm'), revision: -1, countOnly: true }),
    expected: { ok: { header: 8, count: 1 } },
  },
  {
    what: 'revision 0',
    ask: range({ key: key('warm'), revision: 0, countOnly: true }),
    expected: { ok: { header: 8, count: 1 } },
  },
  {
    what: 'the revision after the newest',
    ask: range({ key: key('warm'), revision: 9 }),
    expected: FUTURE,
  },
  {
    what: 'revision 2^63 - 1',
    ask: bytes(KvService.range, message(bytesField(1, 'warm'), varintField(4, INT64_MAX))),
    expected: FUTURE,
  },
  {
    what: 'a future revision, count only',
    ask: range({ key: key('warm'), revision: 9, countOnly: true }),
    expected: FUTURE,
  },
  {
    what: 'unknown sort order (3.4 takes it for none)',
    ask: range({ key: key('warm'), sortOrder: 7 as SortOrder }),
    expected: BAD_SORT,
    etcd: ANY,
  },
  {
    what: 'unknown sort target (3.4 crashes)',
    ask: range({ key: key('warm'), sortTarget: 9 as SortTarget }),
    expected: BAD_SORT,
    etcd: null,
  },
  {
    what: 'unknown sort target of a range in a transaction (3.4 crashes)',
    ask: bytes(
      KvService.txn,
      bytesField(2, bytesField(1, message(bytesField(1, 'warm'), varintField(6, -1)))),
    ),
    expected: BAD_SORT,
    etcd: null,
  },
  {
    what: 'filters that exclude each other',
    ask: range({ key: key('warm'), minModRevision: 100, maxModRevision: 1 }),
    expected: { ok: { header: 8, count: 1 } },
  },
];

const TXNS: Row[] = [
  { what: 'an empty transaction', ask: txn({}), expected: { ok: { header: 8, succeeded: true } } },
  {
    what: 'an operation without a request',
    ask: txn({ success: [{ request: null }] }),
    expected: { code: INVALID, text: 'etcdserver: key not found' },
  },
  {
    what: 'a compare without a key',
    ask: txn({ compare: [compare({ key: NONE })] }),
    expected: NO_KEY,
  },
  {
    what: 'a put without a key in the branch not taken',
    ask: txn({ failure: [putOp('')] }),
    expected: NO_KEY,
  },
  {
    what: '129 operations',
    ask: txn({ success: Array.from({ length: OPS_MAX + 1 }, (_, i) => putOp(`o${i}`)) }),
    expected: TOO_MANY,
  },
  {
    what: '129 compares',
    ask: txn({ compare: Array.from({ length: OPS_MAX + 1 }, () => compare({})) }),
    expected: TOO_MANY,
  },
  {
    what: '128 operations around one more',
    ask: txn({
      success: [
        ...Array.from({ length: OPS_MAX - 1 }, (_, i) => putOp(`o${i}`)),
        txnOp([putOp('p')]),
      ],
    }),
    expected: TOO_MANY,
  },
  {
    what: 'two puts of one key',
    ask: txn({ success: [putOp('d'), putOp('d')] }),
    expected: DUPLICATE,
  },
  {
    what: 'two puts of one key in the branch not taken',
    ask: txn({ failure: [putOp('d'), putOp('d')] }),
    expected: DUPLICATE,
  },
  {
    what: 'a put inside a deleted range',
    ask: txn({ success: [deleteOp('a', key('z')), putOp('d')] }),
    expected: DUPLICATE,
  },
  {
    what: 'two nested puts of one key',
    ask: txn({ success: [txnOp([putOp('d')]), txnOp([putOp('d')])] }),
    expected: DUPLICATE,
  },
  { what: 'depth 1,000', ask: txn({ success: [nested(999)] }), expected: TOO_MANY },
  {
    what: 'the depth that the limit of operations leaves',
    ask: txn({ success: [nested(OPS_MAX - 1)] }),
    expected: { ok: expect.objectContaining({ header: 9 }) },
  },
  { what: 'one level deeper', ask: txn({ success: [nested(OPS_MAX)] }), expected: TOO_MANY },
  {
    what: 'an unknown lease in one of two puts',
    ask: txn({ success: [putOp('l1'), putOp('l2', { lease: 77n })] }),
    expected: LEASE_UNKNOWN,
  },
  {
    what: 'ignore_value on a key that the transaction itself makes',
    ask: txn({ success: [txnOp([putOp('n1')]), putOp('n2', { ignoreValue: true })] }),
    expected: { code: INVALID, text: 'etcdserver: key not found' },
  },
  {
    what: 'a compare of a version with the union of a value',
    ask: txn({
      compare: [compare({ target: 0, targetUnion: { $case: 'value', value: key('up') } })],
    }),
    expected: { ok: { header: 9 } },
  },
  {
    what: 'a compare of a value with the union of a version',
    ask: txn({ compare: [compare({ target: 3, targetUnion: { $case: 'version', version: 1 } })] }),
    expected: { ok: { header: 9 } },
  },
  {
    what: 'an unknown compare result',
    ask: txn({ compare: [compare({ result: 9 as 0 })] }),
    expected: { ok: { header: 9, succeeded: true } },
  },
  {
    what: 'an unknown compare target',
    ask: txn({ compare: [compare({ target: 9 as 0 })] }),
    expected: { ok: { header: 9, succeeded: true } },
  },
  {
    what: 'a range in the future beside a put',
    ask: txn({
      success: [putOp('f'), rangeOp('f', 99)],
    }),
    expected: FUTURE,
  },
];

const COMPACTIONS: Row[] = [
  {
    what: 'compaction of revision -1',
    ask: (w) => w.client.compact({ revision: -1 }),
    expected: COMPACTED,
  },
  {
    what: 'compaction of the revision after the newest',
    ask: (w) => w.client.compact({ revision: 10 }),
    expected: FUTURE,
  },
  {
    what: 'compaction of 2^63 - 1',
    ask: bytes(KvService.compact, varintField(1, INT64_MAX)),
    expected: FUTURE,
  },
  {
    what: 'compaction of revision 5',
    ask: (w) => w.client.compact({ revision: 5, physical: true }),
    expected: { ok: { header: 9 } },
  },
  {
    what: 'the same compaction again',
    ask: (w) => w.client.compact({ revision: 5 }),
    expected: COMPACTED,
  },
  {
    what: 'a range at a compacted revision',
    ask: range({ key: key('warm'), revision: 4 }),
    expected: COMPACTED,
  },
  {
    what: 'a range at the compacted revision itself',
    ask: range({ key: key('warm'), revision: 5, countOnly: true }),
    expected: { ok: { header: 9, count: 1 } },
  },
  {
    what: 'a range at revision -1 of a compacted store, in a transaction',
    ask: txn({
      success: [putOp('f'), rangeOp('f', -1)],
    }),
    expected: COMPACTED,
  },
  { what: 'HashKV of a compacted revision', ask: (w) => w.store.hashKv(4), expected: COMPACTED },
  { what: 'HashKV of a future revision', ask: (w) => w.store.hashKv(10), expected: FUTURE },
];

describe.each([
  ['keys and values', KEYS_AND_VALUES],
  ['ranges', RANGES],
  ['transactions', TXNS],
  ['compactions', COMPACTIONS],
])('%s:', (_area, rows) => {
  test.each(rows.map((row) => [row.what, row] as const))('%s', async (_what, row) => {
    for (const { world, got, wanted } of await answers(worlds, row)) {
      expect({ [world]: got }).toEqual({ [world]: wanted });
    }
  });
});

test(`a sort by value over ${KEYS} keys`, async () => {
  const fill = async (world: World): Promise<void> => {
    for (let i = 0; i < KEYS; i += OPS_MAX) {
      const success = Array.from({ length: Math.min(OPS_MAX, KEYS - i) }, (_, j) =>
        putOp(`s/${i + j}`, { value: key(String(((i + j) * 7_919) % 100_003)) }),
      );
      await world.client.txn({ success });
    }
  };
  await Promise.all(worlds.all.map(fill));
  const sorted = range({
    key: key('s/'),
    rangeEnd: key('s0'),
    sortTarget: SortTarget.VALUE,
    sortOrder: SortOrder.DESCEND,
    limit: 2,
  });
  const answers = await Promise.all(
    worlds.all.map(async (world) => {
      const { ok } = (await outcomeOf(sorted(world))) as { ok: { kvs: { value: string }[] } };
      return { ...ok, kvs: ok.kvs.map((kv) => kv.value) };
    }),
  );
  expect(answers[0]).toMatchObject({ count: KEYS, more: true });
  expect(answers[0]).toEqual(answers[2]);
  expect(answers[1]).toEqual(answers[2]);
});

test('afterwards all live, a bystander was served, and the stores hash alike', async () => {
  await bystander.stop();
  const p99 = percentile(bystander.tookMs, 0.99);
  console.log(
    `bystander: ${bystander.tookMs.length} reads, p50 ${percentile(bystander.tookMs, 0.5).toFixed(1)} ms, ` +
      `p99 ${p99.toFixed(1)} ms, max ${Math.max(...bystander.tookMs).toFixed(1)} ms`,
  );
  expect(p99).toBeLessThan(1_000);
  await worlds.stillWell('after');
  const hashes = await worlds.hashes();
  expect(new Set(hashes).size).toBe(1);
});
