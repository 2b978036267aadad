/**
 * Bad inputs to leases (RELIABILITY D4), asked of a member, of a gateway and of Debian's etcd 3.4.23.
 *
 * `GRANTS=1000000` for the long run.
 */
import { encodeUtf8 } from '@conclave/base';
import {
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseService,
  type RequestOp,
} from '@conclave/wire';
import { until } from './testing/process.js';
import { bytesField, varintField } from './testing/proto-bytes.js';
import { type Outcome, type World, Worlds, outcomeOf } from './testing/worlds.js';

jest.setTimeout(120_000);

const GRANTS = Number(process.env['GRANTS'] ?? 10_000);
const ATTACHED = Number(process.env['ATTACHED'] ?? 20_000);
const KEEP_ALIVES = 20_000;
const PARALLEL = 100;
const OPS_MAX = 128;
const MIB = 1024 * 1024;
const INT64_MAX = 2n ** 63n - 1n;
const TTL_MAX = 9_000_000_000;
/** Raised to it: one and a half election timeouts. */
const TTL_MIN = 2;
const LONG = 100_000;

const key = encodeUtf8;
const NONE = new Uint8Array(0);

let worlds: Worlds;

beforeAll(async () => {
  worlds = await Worlds.start();
});

afterAll(async () => {
  await (worlds as Worlds | undefined)?.stop();
});

type Ask = (world: World) => Promise<unknown>;

const UNKNOWN_LEASE: Outcome = { code: 5, text: 'etcdserver: requested lease not found' };
const EXISTS: Outcome = { code: 9, text: 'etcdserver: lease already exists' };
const TTL_TOO_LARGE: Outcome = { code: 11, text: 'etcdserver: too large lease TTL' };

const grant = (id: bigint, ttl: number): Ask => {
  return (world) => world.client.leaseGrant(id, ttl);
};
const revoke = (id: bigint): Ask => {
  return (world) => world.client.leaseRevoke(id);
};
const timeToLive = (id: bigint): Ask => {
  return (world) => world.client.call(LeaseService.leaseTimeToLive, { ID: id, keys: true });
};
const keepAlive = (...ids: bigint[]): Ask => {
  return async (world) => {
    const answers = await keepAlives(world, ids);
    return answers.map((a) => ({ ID: a.ID, TTL: a.TTL }));
  };
};

/** Sends all at once, then closes its side; answers what came back until the stream ended well. */
function keepAlives(world: World, ids: readonly bigint[]): Promise<LeaseKeepAliveResponse[]> {
  const stream = world.client.streamBytes(LeaseService.leaseKeepAlive.path);
  const answers: LeaseKeepAliveResponse[] = [];
  return new Promise((resolve, reject) => {
    stream.on('data', (body: Uint8Array) => answers.push(LeaseKeepAliveResponse.decode(body)));
    stream.on('error', reject);
    stream.on('end', () => resolve(answers));
    for (const ID of ids) stream.write(LeaseKeepAliveRequest.encode({ ID }));
    stream.end();
  });
}

const ROWS: [string, Ask, Outcome][] = [
  [
    'a grant with id 0 gets a positive id',
    async (world) => {
      const { ID, TTL } = await world.client.leaseGrant(0n, LONG);
      await world.client.leaseRevoke(ID);
      return { positive: ID > 0n && ID <= INT64_MAX, TTL };
    },
    { ok: { positive: true, TTL: LONG } },
  ],
  ['a grant with id 7', grant(7n, LONG), { ok: { header: 2, ID: '7', TTL: LONG } }],
  ['the same grant again', grant(7n, LONG), EXISTS],
  ['the same id with too large a TTL', grant(7n, TTL_MAX + 1), TTL_TOO_LARGE],
  ['a negative id', grant(-5n, LONG), { ok: { header: 2, ID: '-5', TTL: LONG } }],
  [
    'the lowest id',
    grant(-INT64_MAX - 1n, LONG),
    { ok: { header: 2, ID: String(-INT64_MAX - 1n), TTL: LONG } },
  ],
  [
    'the highest id',
    grant(INT64_MAX, LONG),
    { ok: { header: 2, ID: String(INT64_MAX), TTL: LONG } },
  ],
  ['TTL 0', grant(20n, 0), { ok: { header: 2, ID: '20', TTL: TTL_MIN } }],
  ['TTL -1', grant(21n, -1), { ok: { header: 2, ID: '21', TTL: TTL_MIN } }],
  ['the largest TTL', grant(22n, TTL_MAX), { ok: { header: 2, ID: '22', TTL: TTL_MAX } }],
  ['a second above it', grant(23n, TTL_MAX + 1), TTL_TOO_LARGE],
  [
    'TTL 2^63 - 1',
    (world) =>
      world.client.callBytes(
        LeaseService.leaseGrant.path,
        Buffer.concat([varintField(1, INT64_MAX), varintField(2, 24)]),
      ),
    TTL_TOO_LARGE,
  ],
  [
    'TTL -2^63',
    async (world) => {
      const body = Buffer.concat([varintField(1, -INT64_MAX - 1n), varintField(2, 25)]);
      const answer = await world.client.callBytes(LeaseService.leaseGrant.path, body);
      return { bytes: answer.length > 0 };
    },
    { ok: { bytes: true } },
  ],
  ['a revoke of id 0', revoke(0n), UNKNOWN_LEASE],
  ['a revoke of an unknown id', revoke(999n), UNKNOWN_LEASE],
  ['a revoke', revoke(22n), { ok: { header: 2 } }],
  ['a revoke again', revoke(22n), UNKNOWN_LEASE],
  [
    'the time to live of an unknown id',
    timeToLive(999n),
    { ok: { header: 2, ID: '999', TTL: -1 } },
  ],
  ['the time to live of id 0', timeToLive(0n), { ok: { header: 2, TTL: -1 } }],
  ['a keep-alive of an unknown id', keepAlive(999n), { ok: [{ ID: '999' }] }],
  [
    'keep-alives of id 0, a negative and a known one',
    keepAlive(0n, -5n, 7n),
    { ok: [{}, { ID: '-5', TTL: LONG }, { ID: '7', TTL: LONG }] },
  ],
  [
    'a put with a lease that is being revoked: either way, never a key without its lease',
    async (world) => {
      await world.client.leaseGrant(30n, LONG);
      const revoked = world.client.leaseRevoke(30n);
      const put = outcomeOf(world.client.put({ key: key('race'), lease: 30n }));
      await revoked;
      const { code } = (await put) as { code?: number };
      const left = await world.client.range({ key: key('race') });
      await world.client.deleteRange({ key: key('race') });
      return { left: left.kvs.length, refusedOrGone: code === undefined || code === 5 };
    },
    { ok: { refusedOrGone: true } },
  ],
  [
    'garbage instead of a grant',
    (world) => world.client.callBytes(LeaseService.leaseGrant.path, bytesField(1, 'x')),
    {
      code: 13,
      text: 'grpc: error unmarshalling request: proto: wrong wireType = 2 for field TTL',
    },
  ],
];

test.each(ROWS)('%s', async (_what, ask, expected) => {
  for (const world of worlds.all) {
    const got = await outcomeOf(ask(world));
    expect({ [world.name]: got }).toEqual({ [world.name]: expected });
  }
});

test('garbage on a keep-alive stream ends it and nothing else', async () => {
  const outcomes = await Promise.all(
    worlds.all.map(
      (world) =>
        new Promise<{ code: number; details: string }>((resolve) => {
          const stream = world.client.streamBytes(LeaseService.leaseKeepAlive.path);
          stream.on('error', (e) => resolve(e as never));
          stream.on('data', () => undefined);
          stream.write(bytesField(1, 'x'));
        }),
    ),
  );
  for (const outcome of outcomes) {
    expect(outcome.code).toBe(13);
    expect(outcome.details).toMatch(
      /^grpc: (error unmarshalling request|failed to unmarshal the received message):? /,
    );
    expect(outcome.details).toMatch(/proto: wrong wireType = 2 for field ID$/);
  }
});

test(`${KEEP_ALIVES} keep-alives on one stream are all answered, in order`, async () => {
  for (const world of worlds.ours) {
    const ids = Array.from({ length: KEEP_ALIVES }, (_, i) =>
      i % 2 === 0 ? 7n : BigInt(10_000_000 + i),
    );
    const answers = await keepAlives(world, ids);
    expect(answers.length).toBe(KEEP_ALIVES);
    expect(answers.every((a, i) => a.ID === ids[i] && a.TTL === (a.ID === 7n ? LONG : 0))).toBe(
      true,
    );
  }
});

test(`${GRANTS} grants, then all of them gone again`, async () => {
  const first = 1_000_000n;
  const grants = async (world: World): Promise<number> => {
    const startMs = performance.now();
    await inParallel(GRANTS, async (i) => {
      const body = LeaseGrantRequest.encode({ ID: first + BigInt(i), TTL: LONG });
      await world.client.callBytes(LeaseService.leaseGrant.path, body);
    });
    return performance.now() - startMs;
  };
  const tookMs = await Promise.all(worlds.ours.map(grants));
  for (const world of worlds.ours) {
    const { leases } = await world.client.call(LeaseService.leaseLeases, {});
    const ours = leases.filter((l) => l.ID >= first && l.ID < first + BigInt(GRANTS));
    expect(ours.length).toBe(GRANTS);
    await inParallel(GRANTS, async (i) => {
      await world.client.leaseRevoke(first + BigInt(i));
    });
    const left = await world.client.call(LeaseService.leaseLeases, {});
    expect(left.leases.some((l) => l.ID >= first && l.ID < first + BigInt(GRANTS))).toBe(false);
  }
  console.log(`grants took ${tookMs.map((ms) => Math.round(ms)).join(' and ')} ms`);
  await worlds.memoryBack(300 * MIB);
});

test(`a lease with ${ATTACHED} keys is revoked in one revision, and the loop goes on`, async () => {
  const revisions = await Promise.all(
    worlds.all.map(async (world) => {
      await world.client.leaseGrant(40n, LONG);
      for (let i = 0; i < ATTACHED; i += OPS_MAX) {
        const count = Math.min(OPS_MAX, ATTACHED - i);
        const success = Array.from({ length: count }, (_, j) => attach(`held/${i + j}`, 40n));
        await world.client.txn({ success });
      }
      const before = (await world.client.range({ key: key('held/0') })).header?.revision ?? 0;
      const after = (await world.client.leaseRevoke(40n)).header?.revision ?? 0;
      const range = { key: key('held/'), rangeEnd: key('held0'), countOnly: true };
      expect((await world.client.range(range)).count).toBe(0);
      return after - before;
    }),
  );
  expect(revisions).toEqual([1, 1, 1]);
  const lag = worlds.ours.map((w) =>
    /the event loop was held up.*?took":"(\d+)ms/.exec(w.output()),
  );
  console.log(`loop held up: ${lag.map((m) => m?.[1] ?? 'no').join(', ')}`);
});

function attach(name: string, lease: bigint): RequestOp {
  const flags = { value: NONE, prevKv: false, ignoreValue: false, ignoreLease: false };
  return { request: { $case: 'requestPut', requestPut: { key: key(name), lease, ...flags } } };
}

async function inParallel(count: number, task: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

test('a lease of the shortest time ends, and not early', async () => {
  for (const world of worlds.ours) {
    const startMs = performance.now();
    await world.client.leaseGrant(50n, -1);
    await world.client.put({ key: key('short'), lease: 50n });
    await until(
      'the key is gone',
      async () => (await world.client.range({ key: key('short') })).kvs.length === 0,
    );
    expect(performance.now() - startMs).toBeGreaterThan(TTL_MIN * 1_000 - 50);
  }
});

test('afterwards all live and serve', () => worlds.stillWell('after'));
