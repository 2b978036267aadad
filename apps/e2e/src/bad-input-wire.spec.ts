/**
 * Bytes that no client library would send (RELIABILITY D4), as requests to KV: each with its exact
 * answer, asked of a member, of a gateway and of Debian's etcd 3.4.23. None of them changes anything.
 */
import { encodeUtf8 } from '@conclave/base';
import { KvService, MaintenanceService } from '@conclave/wire';
import {
  Bystander,
  INT64_MAX,
  INTERNAL,
  REQUEST_BYTES_MAX,
  type Row,
  TOO_LARGE,
  TOO_MANY,
  answers,
  bytes,
  put,
  undecodable,
} from './testing/bad-input.js';
import { percentile } from './testing/load.js';
import {
  WIRE,
  bytesField,
  message,
  repeated,
  tag,
  varint,
  varintField,
} from './testing/proto-bytes.js';
import { Worlds, outcomeOf } from './testing/worlds.js';

jest.setTimeout(60_000);

const MIB = 1024 * 1024;
const key = encodeUtf8;
const NONE = new Uint8Array(0);

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

const WIRES: Row[] = [
  {
    what: 'unknown fields of every wire type',
    ask: bytes(
      KvService.range,
      message(
        bytesField(1, 'warm'),
        varintField(900, 5),
        bytesField(901, 'x'),
        tag(902, WIRE.I64),
        new Uint8Array(8),
        tag(903, WIRE.I32),
        new Uint8Array(4),
      ),
    ),
    expected: { ok: { bytes: true } },
  },
  {
    what: 'a group of an unknown field',
    ask: bytes(
      KvService.range,
      message(
        bytesField(1, 'warm'),
        tag(900, WIRE.GROUP),
        varintField(1, 5),
        tag(900, WIRE.END_GROUP),
      ),
    ),
    expected: { ok: { bytes: true } },
  },
  {
    what: 'a varint where a key should be',
    ask: bytes(KvService.range, varintField(1, 5)),
    expected: undecodable('proto: wrong wireType = 0 for field Key'),
  },
  {
    what: 'bytes where a revision should be',
    ask: bytes(KvService.range, bytesField(4, 'x')),
    expected: undecodable('proto: wrong wireType = 2 for field Revision'),
  },
  {
    what: 'a varint of 11 bytes',
    ask: bytes(
      KvService.range,
      message(tag(4, 0), repeated(Uint8Array.of(0x80), 10), Uint8Array.of(1)),
    ),
    expected: undecodable('proto: integer overflow'),
  },
  {
    what: 'a tag of 11 bytes',
    ask: bytes(KvService.put, repeated(Uint8Array.of(0xff), 11)),
    expected: undecodable('proto: integer overflow'),
  },
  {
    what: 'a length beyond the end',
    ask: bytes(KvService.put, message(tag(1, 2), varint(100), key('abc'))),
    expected: undecodable('unexpected EOF'),
  },
  {
    what: 'a length of 2^64 - 1',
    ask: bytes(KvService.put, message(tag(1, 2), varint(2n ** 64n - 1n))),
    expected: undecodable('proto: negative length found during unmarshaling'),
  },
  {
    what: 'a length of 2^63 - 1 (3.4 crashes)',
    ask: bytes(KvService.put, message(tag(1, 2), varint(INT64_MAX))),
    expected: undecodable('unexpected EOF'),
    etcd: null,
  },
  {
    what: 'a message cut inside a tag',
    ask: bytes(KvService.put, Uint8Array.of(0x80)),
    expected: undecodable('unexpected EOF'),
  },
  {
    what: 'the end of a group that never began',
    ask: bytes(KvService.put, tag(1, WIRE.END_GROUP)),
    expected: undecodable('proto: PutRequest: wiretype end group for non-group'),
  },
  {
    what: 'a group that never ends',
    ask: bytes(KvService.put, tag(900, WIRE.GROUP)),
    expected: undecodable(/unmarshalling request: /),
  },
  {
    what: 'field number 0',
    ask: bytes(KvService.put, Uint8Array.of(0x02, 0x00)),
    expected: undecodable('proto: PutRequest: illegal tag 0 (wire type 2)'),
  },
  {
    what: 'wire type 7',
    ask: bytes(KvService.put, tag(900, 7)),
    expected: undecodable('proto: illegal wireType 7'),
  },
  {
    what: '10^6 empty compares',
    ask: bytes(KvService.txn, repeated(Uint8Array.of(0x0a, 0), 1_000_000)),
    expected: TOO_MANY,
  },
  {
    what: '10^6 empty operations',
    ask: bytes(KvService.txn, repeated(Uint8Array.of(0x12, 0), 1_000_000)),
    expected: TOO_MANY,
  },
  {
    what: '10^6 times one scalar: the last one counts',
    ask: bytes(
      KvService.range,
      message(repeated(Uint8Array.of(0x18, 1), 1_000_000), bytesField(1, 'warm')),
    ),
    expected: { ok: { bytes: true } },
  },
  {
    what: 'random bytes',
    ask: bytes(
      KvService.txn,
      Uint8Array.from({ length: 999 }, (_, i) => (i * 193 + 7) & 255),
    ),
    expected: { code: INTERNAL, text: /unmarshalling request: / },
  },
  {
    what: 'a method that nobody knows',
    ask: bytes({ path: '/etcdserverpb.KV/Nope' }, NONE),
    expected: { code: 12, text: 'unknown method Nope for service etcdserverpb.KV' },
  },
  {
    what: 'a service that nobody knows',
    ask: bytes({ path: '/nobody.Knows/It' }, NONE),
    expected: { code: 12, text: 'unknown service nobody.Knows' },
  },
  {
    what: 'HashKV with garbage',
    ask: bytes(MaintenanceService.hashKV, Uint8Array.of(0x0a, 0x01, 0x41)),
    expected: undecodable('proto: wrong wireType = 2 for field Revision'),
  },
];

test.each(WIRES.map((row) => [row.what, row] as const))('%s', async (_what, row) => {
  for (const { world, got, wanted } of await answers(worlds, row)) {
    expect({ [world]: got }).toEqual({ [world]: wanted });
  }
});

test('the largest inputs, again and again, leave no memory behind', async () => {
  const empties = repeated(Uint8Array.of(0x12, 0), 1_000_000);
  for (let round = 0; round < 5; round++) {
    for (const world of worlds.ours) {
      expect(await outcomeOf(bytes(KvService.txn, empties)(world))).toEqual(TOO_MANY);
      const large = put({ key: key('big'), value: new Uint8Array(REQUEST_BYTES_MAX + 1) });
      expect(await outcomeOf(large(world))).toEqual(TOO_LARGE);
    }
  }
  await worlds.memoryBack(400 * MIB);
});

test('afterwards all live, a bystander was served, and the stores hash alike', async () => {
  await bystander.stop();
  const p99 = percentile(bystander.tookMs, 0.99);
  console.log(`bystander: ${bystander.tookMs.length} reads, p99 ${p99.toFixed(1)} ms`);
  expect(p99).toBeLessThan(1_000);
  await worlds.stillWell('after');
  expect(new Set(await worlds.hashes()).size).toBe(1);
});
