/**
 * kill -9 on a random process, again and again, under writes; after each: nothing acknowledged is lost
 * or applied twice, all members hash alike, no watch has a gap or a duplicate.
 *
 * `ROUNDS=200 SEED=1` for the long run; a few rounds without.
 */
import { Random } from '@conclave/base';
import { TestCluster } from './testing/cluster.js';
import type { GatewaySlot, MemberSlot } from './testing/cluster.js';
import {
  FullWatcher,
  Incrementer,
  Writer,
  counterValue,
  hashesAt,
  missingWrites,
  percentile,
} from './testing/load.js';
import { RawClient } from './testing/raw-client.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';
import { until } from './testing/process.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 6);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** Every so many rounds, and at the end, the store is compared with a real etcd. */
const REFERENCE_ROUNDS = 20;
const RESTART_MS = 500;
const RESUME_MS_MAX = 10_000;

jest.setTimeout(120_000 + ROUNDS * 20_000);

test(`${ROUNDS} rounds of kill -9 lose nothing, double nothing, and no watch has a gap`, async () => {
  const random = new Random(SEED);
  console.log(`seed ${SEED}, ${ROUNDS} rounds`);
  const cluster = await TestCluster.start({ members: 3, gateways: 2 });
  const reference = await ReferenceEtcd.start();
  const gateways = cluster.gateways.map((g) => g.clientUrl);
  const endpoint = (i: number): string => gateways[i % gateways.length] as string;
  const writers = [0, 1, 2, 3].map((i) => new Writer(`w${i}`, endpoint(i)).start());
  const counters = [0, 1].map((i) => new Incrementer(`counter${i}`, endpoint(i)).start());
  const watchers = gateways.map((g) => new FullWatcher(g));
  const members = cluster.members.map((m) => new RawClient(m.clientUrl, { deadlineMs: 60_000 }));
  const feeder = reference.feedFromWatch(gateways);
  const readers = gateways.map((g) => new RawClient(g, { deadlineMs: 20_000 }));
  const resumedMs: number[] = [];
  const leaderResumedMs: number[] = [];
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const victim = random.pick<MemberSlot | GatewaySlot>([
        ...cluster.members,
        ...cluster.gateways,
      ]);
      const wasLeader = 'peerUrl' in victim && (await isLeader(victim));
      const resumed = await killOnce(cluster, victim, writers);
      resumedMs.push(resumed);
      if (wasLeader) leaderResumedMs.push(resumed);
      expect({ round, victim: victim.name, slow: resumed > RESUME_MS_MAX }).toMatchObject({
        slow: false,
      });
      await judge(round, round % REFERENCE_ROUNDS === 0 || round === ROUNDS);
    }
    await Promise.all([...writers, ...counters].map((load) => load.stop()));
    await judge(ROUNDS, true);
    for (const counter of counters) {
      const value = await counterValue(readers[0] as RawClient, counter.key);
      expect(value).toBeGreaterThanOrEqual(counter.acknowledged);
      expect(value).toBeLessThanOrEqual(counter.acknowledged + counter.unknown);
    }
    report();
  } finally {
    await Promise.all([...writers, ...counters].map((load) => load.stop()));
    for (const w of watchers) w.close();
    for (const c of [...members, ...readers]) c.close();
    await reference.stop();
    await cluster.stop();
  }

  async function judge(round: number, withReference: boolean): Promise<void> {
    const reader = readers[round % readers.length] as RawClient;
    for (const writer of writers) expect(await missingWrites(reader, writer)).toEqual([]);
    const header = (await reader.range({ key: Uint8Array.of(1) })).header;
    const revision = header?.revision ?? 0;
    const hashes = await hashesAt(members, revision);
    expect({ round, hashes: new Set(hashes).size }).toEqual({ round, hashes: 1 });
    await until(
      'the watchers are at the head',
      () => watchers.every((w) => w.fault !== null || w.revision >= revision),
      30_000,
    );
    expect(watchers.map((w) => w.fault)).toEqual(watchers.map(() => null));
    if (!withReference) return;
    await feeder.reached(revision);
    const expected = (await reference.client.hashKv(revision)).hash;
    expect({ round, hash: hashes[0] }).toEqual({ round, hash: expected });
  }

  function report(): void {
    const acknowledged = writers.reduce((sum, w) => sum + w.acknowledged.size, 0);
    const failed = [...writers, ...counters].flatMap((w) => w.failures);
    const ms = (share: number, list: readonly number[]): number =>
      Math.round(percentile(list, share));
    console.log(
      `${acknowledged} acknowledged writes, ${failed.length} failed calls\n` +
        `writes resumed after a kill: p50 ${ms(0.5, resumedMs)} ms, p99 ${ms(0.99, resumedMs)} ms\n` +
        `after a kill of the leader (${leaderResumedMs.length}): p50 ` +
        `${ms(0.5, leaderResumedMs)} ms, p99 ${ms(0.99, leaderResumedMs)} ms\n` +
        `watch streams opened: ${watchers.map((w) => w.opened).join(', ')}\n` +
        `failed: ${[...new Set(failed.map((f) => f.error))].slice(0, 10).join('; ')}`,
    );
  }
});

async function isLeader(member: MemberSlot): Promise<boolean> {
  const client = new RawClient(member.clientUrl);
  try {
    const status = await client.status();
    return status.leader === status.header?.memberId;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/**
 * Kills, starts again after half a second, waits until all are well. Answers how long it took until a
 * write that began after the kill was acknowledged, through a gateway that lives.
 */
async function killOnce(
  cluster: TestCluster,
  victim: MemberSlot | GatewaySlot,
  writers: readonly Writer[],
): Promise<number> {
  for (const writer of writers) writer.recent = [];
  const killedMs = performance.now();
  await victim.process.stop('SIGKILL');
  setTimeout(() => {
    if ('peerUrl' in victim) cluster.startMember(victim);
    else cluster.startGateway(victim);
  }, RESTART_MS);
  await new Promise((done) => setTimeout(done, RESTART_MS + 50));
  const firstAck = (): number =>
    Math.min(
      ...writers.flatMap((w) => w.recent.filter((r) => r.startMs > killedMs).map((r) => r.endMs)),
    );
  await until('writes resume', () => Number.isFinite(firstAck()), RESUME_MS_MAX + 5_000);
  await cluster.ready();
  return firstAck() - killedMs;
}
