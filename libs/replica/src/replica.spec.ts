import { encodeUtf8 } from '@conclave/base';
import { PutRequest, RangeRequest, RangeResponse } from '@conclave/wire';
import { MiniCluster } from './testing/mini-cluster.js';
import type { MiniMember } from './testing/mini-cluster.js';
import type { ProposalResult } from './types.js';

const FIELD_PUT = 4;
const seed = Number(process.env['SEED'] ?? 11);

function put(member: MiniMember, key: string, value: string, session = 0n, sequence = 0) {
  const answers: ProposalResult[] = [];
  const request = PutRequest.create({ key: encodeUtf8(key), value: encodeUtf8(value) });
  const body = PutRequest.encode(request);
  member.running.propose(
    { field: FIELD_PUT, body, session, sequence, lowestUnanswered: sequence },
    7_000,
    (result) => answers.push(result),
  );
  return answers;
}

function get(cluster: MiniCluster, member: MiniMember, key: string): string | null | undefined {
  let value: string | null | undefined;
  const request = RangeRequest.create({ key: encodeUtf8(key) });
  member.running.machine.store.range(request, (result) => {
    if (!result.ok) return;
    const kv = RangeResponse.decode(result.body).kvs[0];
    value = kv ? new TextDecoder().decode(kv.value) : null;
  });
  cluster.tasks.run();
  return value;
}

function leaderOf(cluster: MiniCluster): MiniMember {
  cluster.until('a leader', () => cluster.leader !== undefined);
  return cluster.leader as MiniMember;
}

function write(cluster: MiniCluster, key: string, value: string): void {
  const answers = put(leaderOf(cluster), key, value);
  cluster.until(`${key} is written`, () => answers.length > 0);
  expect(answers[0]).toMatchObject({ ok: true, result: { ok: true } });
}

describe('one member', () => {
  test('is born at revision 1, elects itself in term 2 and answers its first write at revision 2', () => {
    const cluster = new MiniCluster({ members: 1, seed });
    const leader = leaderOf(cluster);
    expect(leader.running.term).toBe(2);
    expect(leader.running.machine.store.revision).toBe(1);
    const answers = put(leader, 'a', '1');
    cluster.until('the answer', () => answers.length > 0);
    expect(answers[0]).toMatchObject({ ok: true, result: { ok: true, revision: 2 } });
    expect(get(cluster, leader, 'a')).toBe('1');
  });

  test('publishes itself and then knows its name and client URLs', () => {
    const cluster = new MiniCluster({ members: 1, seed });
    const leader = leaderOf(cluster);
    cluster.until('it is published', () => leader.running.published);
    expect(leader.running.machine.members).toMatchObject([
      { id: 1n, name: 'm1', clientURLs: ['http://127.0.0.1:1'], incarnation: 1n },
    ]);
    expect(leader.running.machine.clusterVersion).toBe('3.6.0');
  });

  test('after a power loss every acknowledged write is there, flushed or not', () => {
    const cluster = new MiniCluster({ members: 1, seed, flushIntervalMs: 300 });
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 20; i++) write(cluster, `k${round}-${i}`, String(i));
      const member = leaderOf(cluster);
      cluster.crash(member);
      cluster.start(member);
      const again = leaderOf(cluster);
      for (let i = 0; i < 20; i++) expect(get(cluster, again, `k${round}-${i}`)).toBe(String(i));
    }
  });

  test('a stop leaves a state that needs no replay', () => {
    const cluster = new MiniCluster({ members: 1, seed });
    write(cluster, 'a', '1');
    const member = leaderOf(cluster);
    const applied = member.running.appliedIndex;
    let stopped = false;
    member.running.stop(() => (stopped = true));
    cluster.tasks.run();
    expect(stopped).toBe(true);
    cluster.crash(member);
    cluster.start(member);
    expect(member.running.appliedIndex).toBeGreaterThanOrEqual(applied);
  });
});

describe('three members', () => {
  test('a write answered by the leader is read on every member after a read index', () => {
    const cluster = new MiniCluster({ members: 3, seed });
    write(cluster, 'a', '1');
    for (const member of cluster.members) {
      let answer: unknown;
      member.running.linearizableRead(7_000, (error) => (answer = error));
      cluster.until('the read index', () => answer !== undefined);
      expect(answer).toBeNull();
      expect(get(cluster, member, 'a')).toBe('1');
    }
  });

  test('a follower forwards a write and answers it itself', () => {
    const cluster = new MiniCluster({ members: 3, seed });
    const leader = leaderOf(cluster);
    const follower = cluster.members.find((m) => m !== leader) as MiniMember;
    cluster.until('it knows the leader', () => follower.running.leaderId === leader.id);
    const answers = put(follower, 'a', '1');
    cluster.until('the answer', () => answers.length > 0);
    expect(answers[0]).toMatchObject({ ok: true, result: { ok: true } });
  });

  test('a new leader takes over and loses nothing when the old one dies', () => {
    const cluster = new MiniCluster({ members: 3, seed });
    for (let i = 0; i < 10; i++) write(cluster, `a${i}`, String(i));
    const old = leaderOf(cluster);
    cluster.crash(old);
    cluster.until('another leader', () => cluster.leader !== undefined && cluster.leader !== old);
    const leader = cluster.leader as MiniMember;
    cluster.advance(500);
    for (let i = 0; i < 10; i++) expect(get(cluster, leader, `a${i}`)).toBe(String(i));
    write(cluster, 'b', '1');
    cluster.start(old);
    cluster.until('the old one catches up', () => get(cluster, old, 'b') === '1');
  });

  test('a write without quorum fails in time with a reason, and nothing is lost after', () => {
    const cluster = new MiniCluster({ members: 3, seed });
    const leader = leaderOf(cluster);
    cluster.advance(3_000);
    for (const m of cluster.members) {
      cluster.cut.add(`${leader.id}>${m.id}`).add(`${m.id}>${leader.id}`);
    }
    const answers = put(leader, 'a', '1');
    cluster.advance(8_000);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ ok: false });
    expect(leader.running.isLeader).toBe(false);
    cluster.cut.clear();
    write(cluster, 'b', '2');
  });

  test('a write under a session is proposed again after a leader change and applied once', () => {
    const cluster = new MiniCluster({ members: 3, seed });
    const leader = leaderOf(cluster);
    const follower = cluster.members.find((m) => m !== leader) as MiniMember;
    cluster.until('it knows the leader', () => follower.running.leaderId === leader.id);
    // The forwarded proposal never arrives.
    cluster.cut.add(`${follower.id}>${leader.id}`);
    const answers = put(follower, 'a', '1', 9n, 1);
    cluster.advance(100);
    cluster.crash(leader);
    cluster.cut.clear();
    cluster.until('the answer', () => answers.length > 0);
    // Nobody opened the session, so the one application says so; what counts is that it came.
    expect(answers[0]).toMatchObject({ ok: true, result: { ok: false, code: 'session-unknown' } });
  });

  test('leadership is handed over on request', () => {
    const cluster = new MiniCluster({ members: 3, seed });
    const old = leaderOf(cluster);
    write(cluster, 'a', '1');
    let done = false;
    old.running.handOver(500, () => (done = true));
    cluster.until('it is done', () => done, 1_000);
    expect(old.running.isLeader).toBe(false);
    expect(old.running.leaderId).not.toBe(0n);
  });

  test('a follower behind the cut log is caught up by a snapshot, then by entries', () => {
    const cluster = new MiniCluster({
      members: 3,
      seed,
      catchUpEntries: 5,
      snapshotCount: 10,
      flushIntervalMs: 200,
    });
    write(cluster, 'a', '0');
    const leader = leaderOf(cluster);
    const follower = cluster.members.find((m) => m !== leader) as MiniMember;
    cluster.crash(follower);
    for (let i = 1; i <= 60; i++) {
      write(cluster, 'a', String(i));
      cluster.advance(40);
    }
    const state = follower.current.stateNumber;
    cluster.start(follower);
    cluster.until('it has caught up', () => get(cluster, follower, 'a') === '60');
    expect(follower.current.stateNumber).toBe(state + 1);
    write(cluster, 'b', '1');
    cluster.until('it follows', () => get(cluster, follower, 'b') === '1');
    expect(follower.running.machine.members).toEqual(leader.running.machine.members);
    cluster.crash(follower);
    cluster.start(follower);
    cluster.until('it follows after a restart', () => get(cluster, follower, 'b') === '1');
  });

  test('a restarted one publishes itself as soon as it knows a leader: clients wait for that', () => {
    const cluster = new MiniCluster({ members: 3, seed });
    const leader = leaderOf(cluster);
    const follower = cluster.members.find((m) => m !== leader) as MiniMember;
    for (let round = 0; round < 5; round++) {
      cluster.until('it is published', () => follower.running.published);
      cluster.crash(follower);
      cluster.start(follower);
      cluster.until('it knows a leader', () => follower.running.leaderId !== 0n);
      cluster.until('it is published', () => follower.running.published, 80);
    }
  });
});
