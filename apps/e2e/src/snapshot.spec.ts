/**
 * Members that fell behind the log, caught up by snapshots of a state of 64 MiB under load: after a kill, after
 * a pause, with the receiver, the sender, or each step of the install killed in the middle.
 */
import { Random, encodeUtf8 } from '@conclave/base';
import { TestCluster, etcdctl } from './testing/cluster.js';
import type { MemberSlot } from './testing/cluster.js';
import {
  FullWatcher,
  Incrementer,
  Writer,
  counterValue,
  hashesAt,
  missingWrites,
  percentile,
} from './testing/load.js';
import { type TestProcess, until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

const SEED = Number(process.env['SEED'] ?? 7);
const VALUE_BYTES = 64 * 1024;
const VALUES = 1_024;
/** State is flushed, and then the log cut, every 10 s. */
const CUT_MS_MAX = 60_000;
const CATCH_UP_MS_MAX = 60_000;
/** On a busy machine; far above what it takes. */
const WRITE_MS_MAX = 5_000;
const FLAGS = ['--snapshot-count', '100', '--snapshot-catchup-entries', '50'];

jest.setTimeout(240_000);

interface Line {
  readonly msg: string;
  readonly [field: string]: unknown;
}

let cluster: TestCluster;
let writers: Writer[] = [];
let counter: Incrementer;
let watchers: FullWatcher[] = [];
let clients: RawClient[] = [];
let gateway: string;

beforeAll(async () => {
  cluster = await TestCluster.start({ members: 3, gateways: 1, flags: FLAGS });
  gateway = (cluster.gateways[0] as { clientUrl: string }).clientUrl;
  clients = cluster.members.map((m) => new RawClient(m.clientUrl, { deadlineMs: 20_000 }));
  const revision = await fill(new RawClient(gateway, { deadlineMs: 20_000 }));
  writers = ['w0', 'w1'].map((prefix) => new Writer(prefix, gateway).start());
  counter = new Incrementer('counter', gateway).start();
  watchers = cluster.members.map((m) => new FullWatcher(m.clientUrl, revision));
}, 120_000);

afterAll(async () => {
  await Promise.all([...writers, counter].map((load) => load.stop()));
  for (const watcher of watchers) watcher.close();
  for (const client of clients) client.close();
  await cluster.stop();
});

/** Values that do not compress, and leases that hold keys. Answers the revision reached. */
async function fill(client: RawClient): Promise<number> {
  const random = new Random(SEED);
  const value = new Uint8Array(VALUE_BYTES);
  for (let i = 0; i < value.length; i++) value[i] = random.below(256);
  let next = 0;
  const putSome = async (): Promise<void> => {
    while (next < VALUES) {
      const i = next++;
      const own = value.slice();
      new DataView(own.buffer).setUint32(0, i);
      await client.put({ key: encodeUtf8(`large/${String(i).padStart(5, '0')}`), value: own });
    }
  };
  await Promise.all(Array.from({ length: 8 }, putSome));
  let revision = 0;
  for (const lease of [101n, 102n, 103n]) {
    await client.leaseGrant(lease, 3_600);
    const key = encodeUtf8(`leased/${lease}`);
    revision = (await client.put({ key, value: key, lease })).header?.revision ?? 0;
  }
  client.close();
  return revision;
}

function lines(process: TestProcess, msg: string): Line[] {
  return process.output
    .split('\n')
    .filter((line) => line.includes(`"msg":"${msg}"`) && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

async function leader(): Promise<MemberSlot> {
  let found: MemberSlot | null = null;
  await until('a leader', async () => {
    for (const [i, member] of cluster.members.entries()) {
      if (member.process.exit !== null) continue;
      const status = await (clients[i] as RawClient).status().catch(() => null);
      if (status !== null && status.leader === status.header?.memberId) found = member;
    }
    return found !== null;
  });
  return found as unknown as MemberSlot;
}

async function someFollower(): Promise<MemberSlot> {
  const leading = await leader();
  return cluster.members.find((m) => m !== leading) as MemberSlot;
}

/** Load goes on until the leader's log begins behind all that a member that is away can have. */
async function cutBehind(): Promise<void> {
  const leading = await leader();
  const client = clients[cluster.members.indexOf(leading)] as RawClient;
  const { raftIndex } = await client.status();
  await until(
    'the log is cut',
    () =>
      lines(leading.process, 'compacted Raft logs').some(
        (line) => Number(line['compact-index']) > raftIndex,
      ),
    CUT_MS_MAX,
  );
}

async function applied(member: MemberSlot): Promise<void> {
  await until(
    `${member.name} applied a snapshot`,
    () => lines(member.process, 'applied snapshot').length > 0,
    CATCH_UP_MS_MAX,
  );
}

/** Kills `target` the moment `by` logs `msg`. */
function killOn(by: TestProcess, msg: string, target: TestProcess = by): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`never logged: ${msg}`)), CATCH_UP_MS_MAX);
    const look = (): void => {
      if (lines(by, msg).length === 0) return;
      clearTimeout(timer);
      target.kill('SIGKILL');
      resolve();
    };
    by.child.stdout?.on('data', look);
    by.child.stderr?.on('data', look);
  });
}

/** Everything replicated is equal everywhere, nothing acknowledged is lost, no watch has a gap. */
async function judge(): Promise<void> {
  await cluster.ready(CATCH_UP_MS_MAX);
  const reader = new RawClient(gateway, { deadlineMs: 20_000 });
  try {
    for (const writer of writers) expect(await missingWrites(reader, writer)).toEqual([]);
    const revision = (await reader.range({ key: Uint8Array.of(1) })).header?.revision ?? 0;
    expect(new Set(await hashesAt(clients, revision, CATCH_UP_MS_MAX)).size).toBe(1);
    await until(
      'the watchers are at the head',
      () => watchers.every((w) => w.fault !== null || w.revision >= revision),
      CATCH_UP_MS_MAX,
    );
    expect(watchers.map((w) => w.fault)).toEqual([null, null, null]);
    const { acknowledged } = counter;
    const value = await counterValue(reader, counter.key);
    expect(value).toBeGreaterThanOrEqual(acknowledged);
    // One may be on its way.
    expect(value).toBeLessThanOrEqual(counter.acknowledged + counter.unknown + 1);
  } finally {
    reader.close();
  }
  const told = await Promise.all(cluster.members.map((m) => tell(m)));
  expect(new Set(told).size).toBe(1);
  for (const text of ['m1', 'm2', 'm3', '101', '102', '103', 'leased/102']) {
    expect(told[0]).toContain(text);
  }
}

/** Members and leases as one member tells them to etcdctl. */
async function tell(member: MemberSlot): Promise<string> {
  const ask = async (...args: string[]): Promise<string> => {
    const ran = await etcdctl(member.clientUrl.replace('http://', ''), args);
    expect([args, ran.code, ran.stderr]).toEqual([args, 0, '']);
    return ran.stdout;
  };
  const members = await ask('member', 'list');
  const leases = await ask('lease', 'list');
  const lease = await ask('lease', 'timetolive', (102).toString(16), '--keys');
  const ids = leases.replace(/[0-9a-f]{16}/g, (id) => String(BigInt(`0x${id}`)));
  return `${members}${ids}${lease.replace(/remaining\(\d+s\)/, '')}`;
}

function latencies(): string {
  const taken = writers.flatMap((w) => w.recent.splice(0)).map((r) => r.endMs - r.startMs);
  const ms = (share: number): string => percentile(taken, share).toFixed(1);
  expect(percentile(taken, 0.99)).toBeLessThan(WRITE_MS_MAX);
  return `${taken.length} writes, p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms, max ${ms(1)} ms`;
}

test('a member that was killed catches up by a snapshot under load', async () => {
  const victim = await someFollower();
  await victim.process.stop('SIGKILL');
  await cutBehind();
  const before = latencies();
  const startMs = performance.now();
  cluster.startMember(victim);
  await applied(victim);
  const tookMs = performance.now() - startMs;
  console.log(
    `64 MiB, from the start of the process until applied: ${Math.round(tookMs)} ms\n` +
      `before: ${before}\nmeanwhile: ${latencies()}`,
  );
  await judge();
});

test('a member that stood still catches up by a snapshot, and its watch goes on', async () => {
  const victim = await someFollower();
  const watcher = watchers[cluster.members.indexOf(victim)] as FullWatcher;
  const { opened } = watcher;
  victim.process.kill('SIGSTOP');
  try {
    await cutBehind();
  } finally {
    victim.process.kill('SIGCONT');
  }
  await applied(victim);
  await judge();
  expect(watcher.opened).toBe(opened);
});

test('a receiver killed in the middle of the stream goes on where it was', async () => {
  const victim = await someFollower();
  await victim.process.stop('SIGKILL');
  await cutBehind();
  cluster.startMember(victim);
  await killOn(victim.process, 'flushed a part of a snapshot');
  await victim.process.ended;
  const [flushed] = lines(victim.process, 'flushed a part of a snapshot');
  expect(lines(victim.process, 'applied snapshot')).toEqual([]);
  cluster.startMember(victim);
  await applied(victim);
  const [kept] = lines(victim.process, 'kept a half received snapshot');
  const [resumed] = lines(victim.process, 'goes on with a snapshot');
  expect(Number(kept?.['chunks'])).toBeGreaterThanOrEqual(Number(flushed?.['chunks']));
  expect(resumed).toMatchObject({ chunks: kept?.['chunks'], index: flushed?.['index'] });
  console.log(`went on at chunk ${String(resumed?.['chunks'])}`);
  await judge();
});

test('with the sender killed in the middle of the stream, another one sends its own', async () => {
  const sender = await leader();
  const victim = await someFollower();
  await victim.process.stop('SIGKILL');
  await cutBehind();
  cluster.startMember(victim);
  await killOn(victim.process, 'flushed a part of a snapshot', sender.process);
  await sender.process.ended;
  await new Promise((done) => setTimeout(done, 500));
  cluster.startMember(sender);
  await judge();
  expect(lines(victim.process, 'applied snapshot').length).toBeGreaterThan(0);
});

test('killed at each step of the install, a member catches up', async () => {
  const victim = await someFollower();
  await victim.process.stop('SIGKILL');
  await cutBehind();
  for (const step of ['received snapshot', 'applying snapshot', 'applied snapshot']) {
    cluster.startMember(victim);
    await killOn(victim.process, step);
    await victim.process.ended;
  }
  cluster.startMember(victim);
  await judge();
});

test('a member that got a snapshot leads as well as any: sessions go on, once each', async () => {
  const victim = await someFollower();
  await victim.process.stop('SIGKILL');
  await cutBehind();
  cluster.startMember(victim);
  await applied(victim);
  await judge();
  const leading = await leader();
  const id = (await (clients[cluster.members.indexOf(victim)] as RawClient).status()).header;
  const hex = (id?.memberId ?? 0n).toString(16);
  const moved = await etcdctl(leading.clientUrl.replace('http://', ''), ['move-leader', hex]);
  expect([moved.code, moved.stderr]).toEqual([0, '']);
  const before = counter.acknowledged;
  await until('counting goes on', () => counter.acknowledged > before + 20);
  await counter.stop();
  await judge();
});

test('a member asked to stop in the middle of receiving stops in time, and goes on after', async () => {
  const victim = await someFollower();
  await victim.process.stop('SIGKILL');
  await cutBehind();
  cluster.startMember(victim);
  await until(
    'a part is there',
    () => lines(victim.process, 'flushed a part of a snapshot').length > 0,
    CATCH_UP_MS_MAX,
  );
  const startMs = performance.now();
  const exit = await victim.process.stop('SIGTERM');
  expect([exit.signal, performance.now() - startMs < 5_000]).toEqual(['SIGTERM', true]);
  cluster.startMember(victim);
  await applied(victim);
  await judge();
});
