/**
 * The fault `membership`: members come and go by stock etcdctl while others are killed, stopped and cut
 * off. Three to five members; a newcomer is a voter at once, or a learner that is promoted.
 *
 * etcdctl may end without knowing what became of its request, so what counts is what the list of members
 * says afterwards.
 */
import type { ChaosMember } from './chaos-cluster.js';
import { type Fault, PLAIN_FAULTS, partition, pauseMs, pickMember } from './chaos-faults.js';
import type { ChaosWorld } from './chaos-world.js';
import { etcdctl } from './cluster.js';
import { httpGet } from './process.js';

const MEMBERS_MIN = 3;
const MEMBERS_MAX = 5;
/** For one change, with all that happens meanwhile. */
const CHANGE_MS = 120_000;
const AGAIN_MS = 500;

interface Row {
  readonly id: string;
  readonly peerUrl: string;
  readonly isLearner: boolean;
}

export const membership: Fault = async (world) => {
  const { random, cluster } = world;
  const count = cluster.members.length;
  const grows = count <= MEMBERS_MIN || (count < MEMBERS_MAX && random.chance(0.5));
  // The trouble begins somewhere around the change, and may be over before it.
  const trouble = pauseMs(random.below(1_500)).then(() => makeTrouble(world));
  const change = grows ? add(world) : remove(world);
  const outcomes = await Promise.allSettled([change, trouble]);
  cluster.mesh.heal(false);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
};

/** One of the faults that a change of members meets. */
async function makeTrouble(world: ChaosWorld): Promise<void> {
  const { random } = world;
  const dice = random.below(4);
  if (dice === 0) return partition(['isolate', 'one-way', 'bridge'])(world);
  if (dice === 1) return (PLAIN_FAULTS['delay'] as Fault)(world);
  const { m } = await pickMember(world);
  if (dice === 2) {
    m.process.kill('SIGSTOP');
    await pauseMs(200 + random.below(3_000));
    m.process.kill('SIGCONT');
    return;
  }
  await m.process.stop('SIGKILL');
  await pauseMs(random.below(1_500));
  // It may be the one that was removed meanwhile: then it says so and ends.
  world.cluster.startMember(m);
}

/** Stock etcdctl at any member, again and again until `done` finds that it is as it should be. */
async function insist(
  world: ChaosWorld,
  args: readonly string[],
  done: (rows: readonly Row[]) => boolean,
): Promise<readonly Row[]> {
  const { random, cluster } = world;
  const deadlineMs = performance.now() + CHANGE_MS;
  let last = '';
  for (;;) {
    const rows = await list(world);
    if (rows !== null && done(rows)) return rows;
    if (performance.now() > deadlineMs) {
      throw new Error(`etcdctl ${args.join(' ')}: not within ${CHANGE_MS} ms: ${last}`);
    }
    if (rows !== null) {
      const ran = await etcdctl(hostOf(random.pick(cluster.members)), args);
      last = ran.stderr;
    }
    await pauseMs(AGAIN_MS);
  }
}

/** What the cluster says, as a read of the log; null: it does not answer at the moment. */
async function list(world: ChaosWorld): Promise<Row[] | null> {
  const { random, cluster } = world;
  // 3.4's list is the asked member's own view: a linearizable read before makes it a recent one.
  const at = hostOf(random.pick(cluster.members));
  const read = await etcdctl(at, ['get', 'membership', '--command-timeout', '3s']);
  if (read.code !== 0) return null;
  const ran = await etcdctl(at, ['member', 'list']);
  if (ran.code !== 0) return null;
  const lines = ran.stdout.trim().split('\n');
  return lines.map((line) => {
    const [id = '', , , peerUrl = '', , learner = ''] = line.split(', ');
    return { id, peerUrl, isLearner: learner === 'true' };
  });
}

function hostOf(member: ChaosMember): string {
  return member.clientUrl.replace('http://', '');
}

async function add(world: ChaosWorld): Promise<void> {
  const { random, cluster } = world;
  const learner = random.chance(0.5);
  const member = await cluster.newMember(`n${cluster.members.length}-${random.below(1_000_000)}`);
  const url = member.peerUrl;
  const isListed = (rows: readonly Row[]): boolean => rows.some((row) => row.peerUrl === url);
  const args = ['member', 'add', member.name, '--peer-urls', url];
  await insist(world, learner ? [...args, '--learner'] : args, isListed);
  cluster.members.push(member);
  cluster.startMember(member);
  await running(member, () => cluster.startMember(member));
  const rows = await insist(world, ['member', 'list'], isListed);
  const own = rows.find((row) => row.peerUrl === url);
  if (own?.isLearner === true) {
    await insist(world, ['member', 'promote', own.id], (now) =>
      now.some((row) => row.id === own.id && !row.isLearner),
    );
  }
  await running(member, () => cluster.startMember(member), '/health');
  world.join(member);
  world.notes.push(`${member.name} joined${learner ? ' as a learner' : ''}`);
}

/**
 * A newcomer's process ends when nobody tells it who is there (cut off, or all of them down), as etcd's
 * does: whoever runs it starts it again.
 */
async function running(member: ChaosMember, start: () => void, path = '/version'): Promise<void> {
  const deadlineMs = performance.now() + CHANGE_MS;
  while ((await httpGet(`${member.clientUrl}${path}`)).status !== 200) {
    if (performance.now() > deadlineMs) {
      throw new Error(`${member.name} does not start: ${member.process.output.slice(-2_000)}`);
    }
    if (member.process.exit !== null) start();
    await pauseMs(AGAIN_MS);
  }
}

async function remove(world: ChaosWorld): Promise<void> {
  const { cluster } = world;
  const { m: victim } = await pickMember(world);
  const url = victim.peerUrl;
  const present = await insist(world, ['member', 'list'], () => true);
  const id = present.find((row) => row.peerUrl === url)?.id ?? '0';
  await insist(world, ['member', 'remove', id], (rows) => rows.every((row) => row.id !== id));
  cluster.members.splice(cluster.members.indexOf(victim), 1);
  const deadlineMs = performance.now() + CHANGE_MS;
  while (victim.process.exit === null || victim.process.exit.signal !== null) {
    if (performance.now() > deadlineMs) {
      throw new Error(`${victim.name} does not stop: ${victim.process.output.slice(-2_000)}`);
    }
    await pauseMs(100);
  }
  if (victim.process.exit.code !== 0) {
    const { exit, output } = victim.process;
    throw new Error(`${victim.name} ended with ${JSON.stringify(exit)}: ${output.slice(-4_000)}`);
  }
  await world.leave(victim);
  world.notes.push(`${victim.name} was removed`);
}
