import { Random } from '@conclave/base';
import { featureTooLow } from '@conclave/statemachine';
import {
  ClusterMemberAttrSetRequest,
  EntryType,
  LeaseGrantRequest,
  PutRequest,
  decodeInternalRaftRequest,
} from '@conclave/wire';
import { MiniCluster } from './testing/mini-cluster.js';
import type { MiniMember } from './testing/mini-cluster.js';

const FIELD_PUT = 4;
const FIELD_GRANT = 8;
const FIELD_CHECKPOINT = 11;
const FIELD_PUBLISH = 1_301;
const FIELD_FEATURE = 20_002;
const seed = Number(process.env['SEED'] ?? 31);
const MINUTE = 60_000;

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

function put(cluster: MiniCluster, key: string): void {
  const body = PutRequest.encode(PutRequest.create({ key: new TextEncoder().encode(key) }));
  propose(cluster, FIELD_PUT, body);
}

function numbers(cluster: MiniCluster): (number | null)[] {
  return cluster.members.map((m) => m.replica?.machine.feature ?? null);
}

/** Fields of the requests in a member's log. */
function fieldsIn(member: MiniMember): Set<number> {
  const { firstIndex, lastIndex } = member.log;
  const fields = new Set<number>();
  for (let at = firstIndex; at <= lastIndex;) {
    const part = member.log.readSync(at, lastIndex + 1, 1 << 20);
    for (const entry of part) {
      if (entry.type !== EntryType.NORMAL || entry.data.length === 0) continue;
      fields.add(decodeInternalRaftRequest(entry.data).field);
    }
    at += part.length;
  }
  return fields;
}

/** Dies and starts again with a build that supports `feature`. */
function restart(cluster: MiniCluster, features: number[], at: number, feature: number): void {
  const member = cluster.members[at] as MiniMember;
  cluster.crash(member);
  features[at] = feature;
  cluster.start(member);
}

function published(cluster: MiniCluster): boolean {
  return cluster.members.every((m) => m.running.published);
}

describe('members of two builds', () => {
  test('the number is raised after the last member is upgraded; before, any may go back', () => {
    const features = [0, 0, 0];
    const cluster = new MiniCluster({ members: 3, seed, features });
    put(cluster, 'a');
    for (const at of [0, 1]) {
      restart(cluster, features, at, 1);
      cluster.advance(3_000);
      put(cluster, `upgraded ${at}`);
      expect(numbers(cluster)).toEqual([0, 0, 0]);
    }
    restart(cluster, features, 1, 0);
    cluster.advance(3_000);
    restart(cluster, features, 2, 1);
    cluster.advance(5_000);
    expect(numbers(cluster)).toEqual([0, 0, 0]);
    expect(fieldsIn(cluster.leader as MiniMember)).not.toContain(FIELD_FEATURE);
    restart(cluster, features, 1, 1);
    cluster.until('the number is raised', () => numbers(cluster).every((n) => n === 1));
    put(cluster, 'b');
    const hashes = new Set<string>();
    cluster.advance(500);
    for (const m of cluster.members) m.running.machine.stateHash((hash) => hashes.add(hash));
    cluster.tasks.run();
    expect(hashes.size).toBe(1);
  });

  test('a member that is away keeps the number down, for it may come back older', () => {
    const features = [1, 1, 0];
    const cluster = new MiniCluster({ members: 3, seed: seed + 1, features });
    cluster.until('all are published', () => published(cluster));
    const [, , last] = cluster.members as [MiniMember, MiniMember, MiniMember];
    cluster.crash(last);
    // As if it had published the newer build and gone right then.
    const publish = ClusterMemberAttrSetRequest.create({ memberID: 3n, feature: 1 });
    propose(cluster, FIELD_PUBLISH, ClusterMemberAttrSetRequest.encode(publish));
    cluster.advance(5_000);
    expect(numbers(cluster)).toEqual([0, 0, null]);
    features[2] = 1;
    cluster.start(last);
    cluster.until('the number is raised', () => numbers(cluster).every((n) => n === 1));
  });

  test('behind the raise an older build ends at its entry, and never applies it', () => {
    const features = [1, 1, 1];
    const cluster = new MiniCluster({
      members: 3,
      seed: seed + 2,
      features,
      flushIntervalMs: 60_000,
    });
    cluster.until('the number is raised', () => numbers(cluster).every((n) => n === 1));
    const [first] = cluster.members as [MiniMember];
    // Its state was never flushed: the log alone tells.
    restart(cluster, features, 0, 0);
    expect(() => cluster.advance(5_000)).toThrow(featureTooLow(1, 0));
    expect(first.running.machine.feature).toBe(0);
    first.fatal = null;
    cluster.crash(first);
    features[0] = 1;
    cluster.start(first);
    cluster.until('it is back', () => numbers(cluster)[0] === 1);
    put(cluster, 'b');
    const flushed = new MiniCluster({ members: 1, seed, features, flushIntervalMs: 60 });
    flushed.until('the number is raised', () => numbers(flushed)[0] === 1);
    put(flushed, 'a');
    flushed.advance(2_000);
    expect(() => restart(flushed, features, 0, 0)).toThrow(featureTooLow(1, 0));
  });
});

describe('lease checkpoints', () => {
  const grant = (cluster: MiniCluster, ID: bigint, TTL: number): void =>
    propose(cluster, FIELD_GRANT, LeaseGrantRequest.encode({ ID, TTL }));

  test('nothing of them appears in log or state while one member is older', () => {
    const features = [1, 1, 0];
    const options = { members: 3, seed, features, leaseCheckpointMs: 1_000 };
    const cluster = new MiniCluster(options);
    grant(cluster, 7n, 600);
    cluster.advance(10_000);
    const leader = cluster.leader as MiniMember;
    expect(fieldsIn(leader)).not.toContain(FIELD_CHECKPOINT);
    const view = leader.running.machine.leases.view(7n, cluster.nowMs);
    expect(view).toMatchObject({ checkpointed: 0, freshIndex: 0 });
    restart(cluster, features, 2, 1);
    cluster.until('a checkpoint', () =>
      cluster.members.every((m) => fieldsIn(m).has(FIELD_CHECKPOINT)),
    );
  });

  test('a lease lives its TTL over crashes of every leader, and what is left is in the state', () => {
    const leaseCheckpointMs = 5_000;
    const features = [1, 1, 1];
    const cluster = new MiniCluster({ members: 3, seed, features, leaseCheckpointMs });
    const random = new Random(seed);
    cluster.until('the number is raised', () => numbers(cluster).every((n) => n === 1));
    grant(cluster, 7n, 120);
    const startMs = cluster.nowMs;
    let changes = 0;
    const has = (): boolean => cluster.leader?.running.machine.leases.exists(7n) !== false;
    while (has() && cluster.nowMs - startMs < 10 * MINUTE) {
      cluster.advance(8_000 + 20 * random.below(500));
      const { leader } = cluster;
      if (leader === undefined || !has()) continue;
      cluster.crash(leader);
      cluster.start(leader);
      cluster.until('another leader', () => cluster.leader !== undefined);
      changes++;
    }
    const livedMs = cluster.nowMs - startMs;
    expect(changes).toBeGreaterThan(5);
    expect(livedMs).toBeGreaterThanOrEqual(120_000);
    // An interval, an election, its extension, and the step of this test a change.
    expect(livedMs).toBeLessThanOrEqual(120_000 + changes * (leaseCheckpointMs + 5_000) + 18_000);
  });
});
