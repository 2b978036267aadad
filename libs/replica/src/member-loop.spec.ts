import { encodeUtf8 } from '@conclave/base';
import { CompactionRequest, LeaseGrantRequest, PutRequest } from '@conclave/wire';
import { MiniCluster } from './testing/mini-cluster.js';
import type { MiniMember } from './testing/mini-cluster.js';
import type { ProposalResult } from './types.js';

/** What a member does besides answering: disks that fail, restarts, load. */
const FIELD_PUT = 4;
const FIELD_COMPACTION = 7;
const FIELD_LEASE_GRANT = 8;
const seed = Number(process.env['SEED'] ?? 31);

function propose(member: MiniMember, field: number, body: Uint8Array): ProposalResult[] {
  const answers: ProposalResult[] = [];
  const bare = { session: 0n, sequence: 0, lowestUnanswered: 0 };
  member.running.propose({ field, body, ...bare }, 7_000, (result) => answers.push(result));
  return answers;
}

function put(member: MiniMember, key: string, value: string): ProposalResult[] {
  const request = PutRequest.create({ key: encodeUtf8(key), value: encodeUtf8(value) });
  return propose(member, FIELD_PUT, PutRequest.encode(request));
}

function leaderOf(cluster: MiniCluster): MiniMember {
  cluster.until('a leader', () => cluster.leader !== undefined);
  return cluster.leader as MiniMember;
}

function written(cluster: MiniCluster, answers: readonly ProposalResult[]): void {
  cluster.until('the answer', () => answers.length > 0);
  expect(answers[0]).toMatchObject({ ok: true, result: { ok: true } });
}

test('after the first failed write of the log nothing is answered and nothing is sent', () => {
  const cluster = new MiniCluster({ members: 3, seed });
  const leader = leaderOf(cluster);
  written(cluster, put(leader, 'a', '1'));
  leader.disk.inject = (operation) =>
    operation === 'write' ? { code: 'EIO', message: 'i/o error' } : null;
  const lost = put(leader, 'b', '1');
  expect(() => cluster.advance(200)).toThrow(/cannot write the log: .*i\/o error/);
  leader.disk.inject = null;
  const refused = put(leader, 'c', '1');
  expect(refused).toEqual([{ ok: false, code: 'stopped' }]);
  let read: unknown;
  leader.running.linearizableRead(7_000, (error) => (read = error));
  expect(read).toBe('stopped');
  leader.fatal = null;
  const term = leader.running.term;
  cluster.advance(5_000);
  expect(lost).toEqual([]);
  // Nothing left it any more, so the others elected one of themselves.
  const other = cluster.members.find((m) => m !== leader && m.running.isLeader);
  expect(other?.running.term).toBeGreaterThan(term);
  let stopped = false;
  leader.running.stop(() => (stopped = true));
  expect(stopped).toBe(true);
});

test('a failed write of the state stops the whole member', () => {
  const cluster = new MiniCluster({ members: 1, seed });
  const member = leaderOf(cluster);
  written(cluster, put(member, 'a', '1'));
  member.engine.fail({ code: 'EIO', message: 'i/o error' });
  put(member, 'b', '1');
  expect(() => cluster.advance(200)).toThrow(/cannot write the state: i\/o error/);
  expect(put(member, 'c', '1')).toEqual([{ ok: false, code: 'stopped' }]);
});

test('a member that replays a long log alone takes the lead in one new term', () => {
  const cluster = new MiniCluster({ members: 1, seed });
  const member = leaderOf(cluster);
  for (let i = 0; i < 40; i++) {
    const answers = Array.from({ length: 50 }, (_, k) => put(member, `k${i}-${k}`, 'x'));
    for (const answer of answers) written(cluster, answer);
  }
  const { term } = member.running;
  cluster.crash(member);
  cluster.start(member);
  expect(leaderOf(cluster).running.term).toBe(term + 1);
});

test('a compaction that a crash broke off is finished after the start', () => {
  const cluster = new MiniCluster({ members: 1, seed, flushIntervalMs: 60 });
  const member = leaderOf(cluster);
  for (let i = 0; i < 400; i++) written(cluster, put(member, 'k', `${i}`));
  const { store } = member.running.machine;
  const { revision } = store;
  // Scheduled, and not a step of it is done before the crash.
  store.compactionStep = () => false;
  const request = CompactionRequest.create({ revision });
  const answers = propose(member, FIELD_COMPACTION, CompactionRequest.encode(request));
  written(cluster, answers);
  cluster.advance(200);
  cluster.crash(member);
  cluster.start(member);
  expect(member.running.machine.store.compactRevision).toBe(revision);
  let done = false;
  member.running.machine.store.whenCompacted(revision, () => (done = true));
  cluster.until('it is finished', () => done);
});

test('what a follower vouches for while a write is under way leaves with it, without one more', () => {
  const cluster = new MiniCluster({ members: 3, seed });
  const leader = leaderOf(cluster);
  cluster.advance(3_000);
  const follower = cluster.members.find((m) => m !== leader) as MiniMember;
  const { log } = follower;
  const append = log.append.bind(log);
  const held: (() => void)[] = [];
  let empty = 0;
  log.append = (request, done) => {
    if (request.entries.length === 0 && request.hardState === null) empty++;
    append(request, (failure) => held.push(() => done(failure)));
  };
  // Its write goes on while the others commit, and it is told so.
  for (let i = 0; i < 5; i++) written(cluster, put(leader, 'k', `${i}`));
  cluster.advance(300);
  expect(held.length).toBeGreaterThan(0);
  expect(leader.running.matchIndex(follower.id)).toBeLessThan(leader.running.lastIndex);
  while (held.length > 0) (held.shift() as () => void)();
  cluster.advance(200);
  expect(leader.running.matchIndex(follower.id)).toBe(leader.running.lastIndex);
  expect(follower.running.appliedIndex).toBe(leader.running.appliedIndex);
  expect(empty).toBe(0);
});

test('a leader that was stopped ends no lease in the term of the next one (rule 42)', () => {
  const cluster = new MiniCluster({ members: 3, seed });
  const old = leaderOf(cluster);
  const grant = LeaseGrantRequest.encode(LeaseGrantRequest.create({ ID: 7n, TTL: 2 }));
  written(cluster, propose(old, FIELD_LEASE_GRANT, grant));
  // Stopped: no time passes for it, nothing arrives, and it does not know that it was replaced.
  const stopped = old.running;
  old.replica = null;
  const next = leaderOf(cluster);
  const { leases } = next.running.machine;
  const renewFor = (ms: number): void => {
    for (const endMs = cluster.nowMs + ms; cluster.nowMs < endMs; cluster.advance(100)) {
      expect(leases.renew(7n, cluster.nowMs)).toBe(2);
    }
  };
  renewFor(4_000);
  // It wakes up: the first message tells of the next term, and then its clock is looked at.
  old.replica = stopped;
  const [receive, poll] = [stopped.receive.bind(stopped), stopped.poll.bind(stopped)];
  stopped.poll = () => undefined;
  stopped.receive = (from, messages) => {
    receive(from, messages);
    stopped.poll = poll;
    poll();
  };
  renewFor(1_000);
  expect(stopped.isLeader).toBe(false);
  expect(leases.exists(7n)).toBe(true);
});
