import { encodeUtf8 } from '@conclave/base';
import { PutRequest } from '@conclave/wire';
import { MiniCluster } from './testing/mini-cluster.js';
import type { MiniMember } from './testing/mini-cluster.js';

/**
 * A member that fell behind the log gets a snapshot, and dies at some point of installing it. All runs
 * with one seed are the same up to the crash, so counting tasks names every point there is.
 */
const FIELD_PUT = 4;
const FIELD_GRANT = 8;
const seed = Number(process.env['SEED'] ?? 21);
const WRITES = 24;

interface Behind {
  readonly cluster: MiniCluster;
  readonly follower: MiniMember;
  readonly old: number;
}

function propose(cluster: MiniCluster, field: number, body: Uint8Array): void {
  cluster.until('a leader', () => cluster.leader !== undefined);
  let ok: boolean | null = null;
  const session = { session: 0n, sequence: 0, lowestUnanswered: 0 };
  cluster.leader?.running.propose({ field, body, ...session }, 7_000, (result) => {
    ok = result.ok && result.result.ok;
  });
  cluster.until('the answer', () => ok !== null);
  expect(ok).toBe(true);
}

function put(cluster: MiniCluster, key: string, value: string): void {
  const request = PutRequest.create({ key: encodeUtf8(key), value: encodeUtf8(value) });
  propose(cluster, FIELD_PUT, PutRequest.encode(request));
}

/** Three members; one is down while the log is cut behind its end, and has just been started again. */
function behind(salt = 0): Behind {
  const options = { members: 3, catchUpEntries: 3, snapshotCount: 5, flushIntervalMs: 60 };
  const cluster = new MiniCluster({ ...options, seed });
  cluster.until('a leader', () => cluster.leader !== undefined);
  const follower = cluster.members.find((m) => m !== cluster.leader) as MiniMember;
  put(cluster, 'before', '1');
  cluster.until('it is published', () => follower.running.published);
  cluster.advance(100);
  cluster.crash(follower);
  // Until the leader takes it for away: before, it would keep its entries.
  cluster.advance(2_500);
  // LeaseGrantRequest { TTL: 600, ID: 5 }.
  propose(cluster, FIELD_GRANT, Uint8Array.of(0x08, 0xd8, 0x04, 0x10, 0x05));
  for (let i = 0; i < WRITES; i++) put(cluster, `k${i}`, `${i}`.repeat(20));
  for (let i = 0; i < salt; i++) cluster.chance.uint64();
  cluster.advance(100);
  const old = follower.current.stateNumber;
  cluster.start(follower);
  return { cluster, follower, old };
}

/** Equal in everything that is replicated, and going on. */
function expectWell({ cluster, follower }: Behind): void {
  put(cluster, 'after', '1');
  const leader = cluster.leader as MiniMember;
  cluster.until(
    'it has caught up',
    () => follower.running.appliedIndex >= leader.running.appliedIndex,
  );
  cluster.advance(200);
  const hashes = new Set<string>();
  for (const m of cluster.members) m.running.machine.stateHash((hash) => hashes.add(hash));
  cluster.tasks.run();
  expect(hashes.size).toBe(1);
  expect(follower.running.machine.members).toEqual(leader.running.machine.members);
  expect(follower.running.machine.members.map((m) => m.name)).toEqual(['m1', 'm2', 'm3']);
  expect(follower.running.machine.leases.exists(5n)).toBe(true);
  expect(follower.directory.numbers).toEqual([follower.current.stateNumber]);
  expect([leader.engine.openSnapshots, follower.engine.openSnapshots]).toEqual([0, 0]);
}

test('an install ends with the old state gone, nothing held, everything equal', () => {
  const world = behind();
  world.cluster.until('it is installed', () => world.follower.lines.includes('applied snapshot'));
  expect(world.follower.current.stateNumber).toBe(world.old + 1);
  expectWell(world);
});

test('a crash after any task of an install loses nothing: the member catches up again', () => {
  const outcomes = new Map<string, number>();
  let points = 0;
  // Odd and even: chance decides what a crash leaves of a switch, a write, a file under way.
  for (let at = 0; ; at++) {
    const point = at >> 1;
    const world = behind(at);
    const { cluster, follower, old } = world;
    let count = 0;
    let term = 0;
    cluster.afterTask = () => {
      if (!follower.lines.includes('received snapshot') || follower.replica === null) return;
      if (count++ !== point) return;
      ({ term } = follower.running);
      cluster.crash(follower);
    };
    const done = (): boolean =>
      follower.lines.includes('applied snapshot') && follower.directory.numbers.length === 1;
    cluster.until('the crash, or all is over', () => follower.replica === null || done());
    cluster.afterTask = null;
    if (follower.replica !== null) break;
    points++;
    const { stateNumber } = follower.current;
    expect([old, old + 1]).toContain(stateNumber);
    const step = `${stateNumber === old ? 'old' : 'new'} state, ${follower.lines.at(-1) ?? ''}`;
    outcomes.set(step, (outcomes.get(step) ?? 0) + 1);
    cluster.advance(300);
    cluster.start(follower);
    expect(follower.running.term).toBeGreaterThanOrEqual(term);
    expectWell(world);
  }
  expect([...outcomes.keys()].sort()).toEqual([
    'new state, applied snapshot',
    'new state, applying snapshot',
    'old state, applying snapshot',
    'old state, received snapshot',
  ]);
  expect(points).toBeGreaterThan(20);
});

test('a crash in the middle of receiving: what was flushed is not sent again', () => {
  const { cluster, follower } = behind();
  let flushes = 0;
  cluster.afterTask = () => {
    flushes = follower.lines.filter((l) => l === 'flushed a part of a snapshot').length;
    if (flushes < 3 || follower.replica === null) return;
    cluster.crash(follower);
  };
  cluster.until('the crash', () => follower.replica === null);
  cluster.afterTask = null;
  const half = follower.directory.halfReceived;
  expect(half).toBe(follower.current.stateNumber + 1);
  cluster.advance(500);
  cluster.start(follower);
  expect(follower.lines.at(-1)).toBe('kept a half received snapshot');
  cluster.until('it is installed', () => follower.lines.includes('applied snapshot'));
  expect(follower.lines).toContain('goes on with a snapshot');
  expect(follower.current.stateNumber).toBe(half);
});

test('a stop in the middle of receiving keeps what was flushed, and closes it', () => {
  const { cluster, follower } = behind();
  let closed = false;
  let stopped = false;
  cluster.afterTask = () => {
    if (closed || !follower.lines.includes('flushed a part of a snapshot')) return;
    cluster.afterTask = null;
    follower.snapshots?.close(() => (closed = true));
    follower.running.stop(() => (stopped = true));
  };
  cluster.until('the end', () => closed && stopped);
  expect(follower.directory.isOpen(follower.current.stateNumber + 1)).toBe(false);
  cluster.crash(follower);
  cluster.start(follower);
  expect(follower.lines.at(-1)).toBe('kept a half received snapshot');
  cluster.until('it is installed', () => follower.lines.includes('applied snapshot'));
});

test('a member that becomes the receiver lets go of the snapshots it was sending', () => {
  const { cluster, follower } = behind();
  // As if it had led: somebody is still reading its old state.
  const engine = follower.engine;
  let sent: unknown;
  follower.snapshots?.send(99n, (meta) => (sent = meta));
  cluster.until('it is installed', () => follower.lines.includes('applied snapshot'));
  cluster.advance(200);
  expect([sent, engine.openSnapshots, follower.snapshots?.held]).toEqual([null, 0, 0]);
  expect(follower.directory.numbers).toEqual([follower.current.stateNumber]);
});

test('the log is not cut behind a snapshot on its way: one is enough, however slow and under load', () => {
  const world = behind();
  const { cluster, follower } = world;
  cluster.slowFrames = [];
  const cut = (): number => cluster.leader?.log.cut.index ?? 0;
  const before = cut();
  let written = 0;
  while (!follower.lines.includes('applied snapshot') && written < 500) {
    put(cluster, `load${written++}`, 'x'.repeat(50));
  }
  expect(written).toBeGreaterThan(20);
  expect(cut()).toBeLessThanOrEqual(follower.log.cut.index);
  for (let i = 0; i < 30; i++) put(cluster, `more${i}`, 'x');
  expect(follower.lines.filter((l) => l === 'applied snapshot')).toHaveLength(1);
  cluster.slowFrames = null;
  expectWell(world);
  for (let i = 0; i < 30; i++) put(cluster, `again${i}`, 'x');
  cluster.advance(500);
  expect(cut()).toBeGreaterThan(before);
});
