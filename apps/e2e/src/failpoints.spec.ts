/**
 * Every failpoint of the test build: a member of three panics there under load, is started again, and
 * nothing is lost; all members hash alike.
 *
 * `ONLY=walBeforeSync,afterCommit` for some; a few without `ALL=1`, since each takes seconds.
 */
import { join } from 'node:path';
import { Random } from '@conclave/base';
import { etcdctl } from './testing/cluster.js';
import type { ChaosCluster, ChaosMember } from './testing/chaos-cluster.js';
import { pauseMs } from './testing/chaos-faults.js';
import { ChaosWorld } from './testing/chaos-world.js';
import { httpGet, run, until } from './testing/process.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const HIT_MS = 40_000;
const PANIC_EXIT_CODE = 2;
/** Small segments and a log that is cut soon: segments go, and a member that was away needs a snapshot. */
const FLAGS = [
  ...['--log-segment-bytes', '65536'],
  ...['--snapshot-count', '100'],
  ...['--snapshot-catchup-entries', '50'],
  ...['--experimental-compaction-batch-limit', '10'],
];

/** Hit by a member that gets a snapshot. */
const OF_SNAPSHOTS = [
  'raftBeforeSaveSnap',
  'raftAfterSaveSnap',
  'raftBeforeApplySnap',
  'raftAfterApplySnap',
  'applyBeforeOpenSnapshot',
  'applyAfterOpenSnapshot',
];
const OF_MEMBERSHIP = ['beforeApplyOneConfChange'];
const OF_COMPACTIONS = [
  'compactBeforeCommitScheduledCompact',
  'compactAfterCommitScheduledCompact',
  'compactBeforeCommitBatch',
  'compactAfterCommitBatch',
  'compactBeforeSetFinishedCompact',
  'compactAfterSetFinishedCompact',
];
const OF_ALL_LOAD = [
  'raftBeforeSave',
  'raftAfterSave',
  'raftBeforeLeaderSend',
  'raftBeforeFollowerSend',
  'raftBeforeAdvance',
  'raftAfterWALRelease',
  'walBeforeSync',
  'walAfterSync',
  'beforeCommit',
  'afterCommit',
  'commitBeforePreCommitHook',
  'commitAfterPreCommitHook',
  'beforeApplyOneEntryNormal',
  'beforeSendWatchResponse',
];
const FEW = ['raftBeforeLeaderSend', 'walBeforeSync', 'afterCommit', 'compactBeforeCommitBatch'];
const EVERY = [...OF_ALL_LOAD, ...OF_COMPACTIONS, ...OF_MEMBERSHIP, ...OF_SNAPSHOTS];
const only = process.env['ONLY']?.split(',');
const wanted = only ?? (process.env['ALL'] ? EVERY : FEW);

let world: ChaosWorld;
let learnerId: string | null = null;

beforeAll(async () => {
  console.log(`seed ${SEED}`);
  await bundleFailpoints();
  world = await ChaosWorld.start({ failpoints: true, flags: FLAGS }, new Random(SEED));
}, 60_000);

afterAll(() => world?.stop(), 30_000);

async function bundleFailpoints(): Promise<void> {
  const script = join(__dirname, '../../../tools/bundle.mjs');
  const built = await run(process.execPath, [script, '--failpoints'], { timeoutMs: 50_000 });
  if (built.code !== 0) throw new Error(`bundle: ${built.stderr}`);
}

/** Like a rig for etcd: over HTTP, from outside. */
async function arm(m: ChaosMember, name: string, terms: string): Promise<void> {
  const url = `http://${m.failpointAddress}/${name}`;
  const answer = await fetch(url, { method: 'PUT', body: terms }).catch(() => null);
  // The very answer may be lost if the failpoint is hit at once.
  if (answer !== null) expect(answer.status).toBe(204);
}

async function endedByPanic(m: ChaosMember, name: string, withinMs: number): Promise<boolean> {
  const over = await until(`${m.name} panics`, () => m.process.exit !== null, withinMs).then(
    () => true,
    () => false,
  );
  if (!over) return false;
  expect(m.process.output).toContain(`panic: failpoint panic: ${name}`);
  expect(m.process.exit).toEqual({ code: PANIC_EXIT_CODE, signal: null });
  return true;
}

async function victimOf(cluster: ChaosCluster, name: string): Promise<ChaosMember> {
  let leader: ChaosMember | null = null;
  await until('a leader', async () => (leader = await cluster.leader()) !== null);
  const follower = cluster.members.find((m) => m !== leader) as ChaosMember;
  if (name === 'raftBeforeLeaderSend') return leader as unknown as ChaosMember;
  // The leader's answer tells who was added.
  if (name === 'raftBeforeFollowerSend' || OF_MEMBERSHIP.includes(name)) return follower;
  return world.random.pick([leader as unknown as ChaosMember, follower]);
}

/** What brings a member to this point. */
async function provoke(name: string): Promise<void> {
  if (OF_COMPACTIONS.includes(name)) await world.compact(20);
  // Refused for some seconds after a member came back.
  if (OF_MEMBERSHIP.includes(name) && learnerId === null) await learnerComes();
}

/** A learner that is never started comes; its id in hex. */
async function learnerComes(): Promise<void> {
  const door = world.cluster.gateways[0]?.clientUrl as string;
  const added = await etcdctl(door.replace('http://', ''), [
    ...['member', 'add', 'late', '--learner', '--peer-urls', 'http://127.0.0.1:1'],
    ...['-w', 'fields'],
  ]);
  const id = /"ID" : (\d+)/.exec(added.stdout)?.[1];
  if (id !== undefined) learnerId = BigInt(id).toString(16);
}

async function learnerGoes(): Promise<void> {
  const door = world.cluster.gateways[0]?.clientUrl as string;
  const args = ['member', 'remove', learnerId ?? ''];
  await until('the learner is removed', async () => {
    return (await etcdctl(door.replace('http://', ''), args)).code === 0;
  });
  learnerId = null;
}

const lives = wanted.filter((name) => !OF_SNAPSHOTS.includes(name));
if (lives.length > 0) {
  test.each(lives)(
    'a member that panics at %s comes back, and nothing is lost',
    async (name) => {
      const victim = await victimOf(world.cluster, name);
      await arm(victim, name, OF_MEMBERSHIP.includes(name) ? 'panic' : '3*off->panic');
      let panicked = false;
      const endMs = Date.now() + HIT_MS;
      while (!panicked && Date.now() < endMs) {
        await provoke(name);
        panicked = await endedByPanic(victim, name, 1_500);
      }
      expect({ name, panicked }).toEqual({ name, panicked: true });
      world.cluster.startMember(victim);
      await world.settle();
      if (learnerId !== null) await learnerGoes();
    },
    90_000,
  );
}

const ofSnapshots = wanted.filter((name) => OF_SNAPSHOTS.includes(name));
if (ofSnapshots.length > 0) {
  test.each(ofSnapshots)(
    'a member that panics at %s while it gets a snapshot comes back, and nothing is lost',
    async (name) => {
      const victim = await victimOf(world.cluster, 'raftBeforeFollowerSend');
      let panicked = false;
      for (let i = 0; i < 4 && !panicked; i++) {
        await victim.process.stop('SIGKILL');
        // Until the others have cut their logs behind what it has.
        await pauseMs(12_000);
        world.cluster.startMember(victim, { GOFAIL_FAILPOINTS: `${name}=panic` });
        panicked = await endedByPanic(victim, name, 8_000);
      }
      expect({ name, panicked }).toEqual({ name, panicked: true });
      world.cluster.startMember(victim);
      await world.settle();
    },
    180_000,
  );
}

test('raftDropPeer cuts the links to the members it names, and DELETE heals them', async () => {
  const { cluster } = world;
  const ids = await cluster.ids();
  const leader = await victimOf(cluster, 'raftBeforeLeaderSend');
  const others = cluster.members.filter((m) => m !== leader);
  const names = others.map((m) => ids.get(m.name)?.toString(16)).join();
  const sinceMs = world.mark();
  await arm(leader, 'raftDropPeer', `return("${names}")`);
  // Alone it can neither lead nor serve; the others go on.
  await until('another leader', async () => {
    const now = await cluster.leader();
    return now !== null && now !== leader;
  });
  await world.writesBack(sinceMs, 'leader cut off');
  await until(
    'the one cut off is not healthy',
    async () => (await httpGet(`${leader.clientUrl}/health`)).status === 503,
  );
  const url = `http://${leader.failpointAddress}/raftDropPeer`;
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
  await world.settle();
}, 60_000);

test('sleep holds a member up, and nothing is lost', async () => {
  const victim = await victimOf(world.cluster, 'raftBeforeLeaderSend');
  await arm(victim, 'walBeforeSync', '5*sleep(400)->off');
  const url = `http://${victim.failpointAddress}/walBeforeSync/count`;
  await until('five naps', async () => Number(await (await fetch(url)).text()) >= 6);
  await world.settle();
}, 60_000);

test('the whole load was answered honestly', async () => {
  const totals = await world.finish();
  console.log(`${totals.writes} writes, ${totals.reads} reads judged`);
}, 90_000);
