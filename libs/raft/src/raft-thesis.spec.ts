/**
 * Tests named after sentences of Diego Ongaro's thesis, "Consensus: Bridging Theory and Practice"
 * (2014), by section.
 */
import { MessageType } from '@conclave/wire';
import { Role } from './ready.js';
import { Cluster, testEntry, testInitial, testMessage } from './testing/cluster.js';

const { APPEND, APPEND_RESPONSE, HEARTBEAT, VOTE, VOTE_RESPONSE } = MessageType;
const plain = { preVote: false, checkQuorum: false };

/** One member of three, on its own, with these terms in its log. */
function alone(terms: number[] = [], term = 1): Cluster {
  return new Cluster([testInitial([1, 2, 3], terms, term)], plain);
}

/** The answers a member gives to one message, its disk being instant. */
function answers(c: Cluster, m: ReturnType<typeof testMessage>) {
  c.at(1).step(m);
  const out = c.ready(1);
  while (c.at(1).appends.length > 0) c.at(1).doAppend();
  return [...out, ...c.network.splice(0)];
}

describe('3.3 terms', () => {
  test("if one server's current term is smaller than the other's, it updates to the larger value", () => {
    for (const type of [APPEND, HEARTBEAT, VOTE, APPEND_RESPONSE, VOTE_RESPONSE]) {
      const c = alone();
      c.at(1).step(testMessage(type, 2, 1, 7));
      expect(c.at(1).node.term).toBe(7);
    }
  });

  test('a candidate or leader that discovers its term is out of date reverts to follower', () => {
    for (const elected of [false, true]) {
      const c = Cluster.of(3, plain);
      c.at(1).node.campaign();
      if (elected) c.settle();
      expect(c.at(1).node.role).toBe(elected ? Role.LEADER : Role.CANDIDATE);
      c.at(1).step(testMessage(APPEND_RESPONSE, 3, 1, 9));
      expect([c.at(1).node.role, c.at(1).node.term]).toEqual([Role.FOLLOWER, 9]);
    }
  });

  test('a request with a stale term number is rejected', () => {
    const c = alone([1], 5);
    const [vote] = answers(c, testMessage(VOTE, 2, 1, 4, { index: 9, logTerm: 4 }));
    expect(vote).toMatchObject({ type: VOTE_RESPONSE, reject: true, term: 5 });
    const entries = [testEntry(4, 2)];
    const [append] = answers(c, testMessage(APPEND, 2, 1, 4, { index: 1, logTerm: 1, entries }));
    expect(append).toMatchObject({ type: APPEND_RESPONSE, index: 0, term: 5 });
    expect(c.at(1).node.lastIndex).toBe(1);
  });
});

describe('3.4 leader election', () => {
  test('servers start up as followers', () => {
    expect(alone().at(1).node.role).toBe(Role.FOLLOWER);
  });

  test('a follower that receives no communication over an election timeout begins an election', () => {
    const c = alone();
    for (let n = 0; n < 20; n++) c.at(1).node.tick();
    expect(c.at(1).node.role).toBe(Role.CANDIDATE);
    expect(c.at(1).node.term).toBe(2);
    expect(c.at(1).node.status().vote).toBe(1);
  });

  test('a follower remains one as long as it receives valid messages from a leader', () => {
    const c = alone();
    for (let n = 0; n < 100; n++) {
      c.at(1).node.tick();
      if (n % 9 === 0) c.at(1).step(testMessage(HEARTBEAT, 2, 1, 1));
    }
    expect(c.at(1).node.role).toBe(Role.FOLLOWER);
  });

  test('leaders send periodic heartbeats to all followers', () => {
    const c = Cluster.of(3, plain);
    c.elect(1);
    c.at(1).node.tick();
    const beats = c.ready(1).filter((m) => m.type === HEARTBEAT);
    expect(beats.map((m) => m.to)).toEqual([2, 3]);
  });

  test('a candidate wins with votes from a majority of the full cluster for the same term', () => {
    for (const [voters, grants, role] of [
      [[1], [], Role.LEADER],
      [[1, 2, 3], [], Role.CANDIDATE],
      [[1, 2, 3], [2], Role.LEADER],
      [[1, 2, 3, 4], [2], Role.CANDIDATE],
      [[1, 2, 3, 4, 5], [2, 3], Role.LEADER],
    ] as const) {
      const c = new Cluster([testInitial([...voters])], plain);
      c.at(1).node.campaign();
      answers(c, testMessage(VOTE_RESPONSE, 9, 1, 1));
      for (const from of grants) c.at(1).step(testMessage(VOTE_RESPONSE, from, 1, 2));
      expect(c.at(1).node.role).toBe(role);
    }
  });

  test('each server votes for at most one candidate in a given term, first come, first served', () => {
    const c = alone();
    const [first] = answers(c, testMessage(VOTE, 2, 1, 2));
    const [second] = answers(c, testMessage(VOTE, 3, 1, 2));
    const [again] = answers(c, testMessage(VOTE, 2, 1, 2));
    expect([first?.reject, second?.reject, again?.reject]).toEqual([false, true, false]);
  });

  test('a candidate that hears from a leader of its term or a later one returns to follower', () => {
    for (const term of [2, 3]) {
      const c = alone();
      c.at(1).node.campaign();
      c.at(1).step(testMessage(APPEND, 2, 1, term));
      const { role, leader } = c.at(1).node;
      expect([role, leader, c.at(1).node.term]).toEqual([Role.FOLLOWER, 2, term]);
    }
  });

  test('a candidate that neither wins nor loses times out and starts a new election', () => {
    const c = alone();
    c.at(1).node.campaign();
    for (let n = 0; n < 20; n++) c.at(1).node.tick();
    expect([c.at(1).node.role, c.at(1).node.term]).toEqual([Role.CANDIDATE, 3]);
  });

  test('election timeouts are chosen randomly from a fixed interval', () => {
    const seen = new Set<number>();
    for (let seed = 1; seed <= 200; seed++) {
      const c = new Cluster([testInitial([1, 2, 3])], { ...plain, seed });
      let ticks = 0;
      while (c.at(1).node.role === Role.FOLLOWER) {
        c.at(1).node.tick();
        ticks++;
      }
      seen.add(ticks);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });
});

describe('3.5 log replication', () => {
  test('the leader appends a command to its log and sends it to each of the other servers', () => {
    const c = Cluster.of(3, plain);
    c.elect(1);
    c.propose(1, 'x');
    const appends = c.ready(1).filter((m) => m.type === APPEND);
    expect(appends.map((m) => [m.to, m.index, m.logTerm])).toEqual([
      [2, 1, 2],
      [3, 1, 2],
    ]);
    expect(appends[0]?.entries.map((e) => [e.term, e.index])).toEqual([[2, 2]]);
  });

  test('an entry is committed once the leader that created it has it on a majority', () => {
    for (const [count, acks] of [
      [3, 1],
      [5, 2],
    ] as const) {
      const c = Cluster.of(count, plain);
      c.elect(1);
      c.propose(1, 'x');
      c.ready(1);
      while (c.at(1).appends.length > 0) c.at(1).doAppend();
      for (let n = 0; n < acks; n++) {
        expect(c.at(1).node.commit).toBe(1);
        c.at(1).step(testMessage(APPEND_RESPONSE, n + 2, 1, 2, { index: 2 }));
      }
      expect(c.at(1).node.commit).toBe(2);
    }
  });

  test('committing an entry commits all preceding entries, those of earlier leaders included', () => {
    const c = new Cluster(
      [1, 2, 3].map(() => testInitial([1, 2, 3], [1, 2], 2)),
      plain,
    );
    c.elect(1);
    expect(c.at(1).data).toEqual(['t1i1', 't2i2']);
    c.tick();
    expect(c.at(3).data).toEqual(['t1i1', 't2i2']);
  });

  test('the leader includes the commit index in later messages, so that followers learn it', () => {
    const c = Cluster.of(3, plain);
    c.elect(1);
    c.propose(1, 'x');
    c.settle();
    expect([2, 3].map((slot) => c.at(slot).data)).toEqual([['x'], ['x']]);
  });

  test('a follower refuses new entries if it has no entry with the preceding index and term', () => {
    const c = alone([1, 2]);
    for (const [index, logTerm] of [
      [3, 2],
      [2, 1],
      [1, 2],
    ] as const) {
      const fields = { index, logTerm, entries: [testEntry(2, index + 1)] };
      const [answer] = answers(c, testMessage(APPEND, 2, 1, 2, fields));
      expect(answer).toMatchObject({ type: APPEND_RESPONSE, reject: true, index });
    }
    expect(c.at(1).entries.map((e) => e.term)).toEqual([1, 2]);
  });

  test("conflicting entries in a follower's log are overwritten with entries from the leader's", () => {
    const c = alone([1, 1, 1]);
    const fields = { index: 1, logTerm: 1, entries: [testEntry(2, 2)] };
    const [answer] = answers(c, testMessage(APPEND, 2, 1, 2, fields));
    expect(answer).toMatchObject({ index: 2, reject: false });
    expect(c.at(1).entries.map((e) => e.term)).toEqual([1, 2]);
  });

  test('a leader never overwrites or deletes entries in its own log', () => {
    const c = Cluster.of(3, plain);
    c.elect(1);
    c.propose(1, 'x');
    c.settle();
    const fields = { index: 0, logTerm: 0, entries: [testEntry(2, 1)] };
    c.at(1).step(testMessage(APPEND, 2, 1, 2, fields));
    c.settle();
    expect(c.at(1).node.lastIndex).toBe(2);
    expect(c.at(1).node.isLeader).toBe(true);
  });

  test('entries that are there already are not cut off by an older, shorter append', () => {
    const c = alone([1, 1, 1]);
    const fields = { index: 0, logTerm: 0, entries: [testEntry(1, 1)] };
    const [answer] = answers(c, testMessage(APPEND, 2, 1, 1, fields));
    // Only what this message proves is acknowledged.
    expect(answer).toMatchObject({ index: 1, reject: false });
    expect(c.at(1).node.lastIndex).toBe(3);
  });

  test("the commit index of a follower is the smaller of the leader's and its last new entry", () => {
    const c = alone([1, 1, 1]);
    answers(c, testMessage(APPEND, 2, 1, 1, { index: 1, logTerm: 1, commit: 3 }));
    expect(c.at(1).node.commit).toBe(1);
    const fields = { index: 1, logTerm: 1, commit: 9, entries: [testEntry(1, 2)] };
    answers(c, testMessage(APPEND, 2, 1, 1, fields));
    expect(c.at(1).node.commit).toBe(2);
  });
});

describe('3.6 safety', () => {
  test("the voter denies its vote if its own log is more up-to-date than the candidate's", () => {
    for (const [terms, index, logTerm, granted] of [
      [[1], 1, 1, true],
      [[1], 1, 2, true],
      [[1, 1], 1, 1, false],
      [[1], 2, 1, true],
      [[2], 2, 1, false],
      [[2], 1, 1, false],
      [[1, 1, 1], 2, 2, true],
      [[1, 2], 3, 1, false],
    ] as const) {
      const c = alone([...terms], 2);
      const [answer] = answers(c, testMessage(VOTE, 2, 1, 3, { index, logTerm }));
      expect({ terms, index, logTerm, granted: !answer?.reject }).toEqual({
        terms,
        index,
        logTerm,
        granted,
      });
    }
  });

  test('never commit log entries from previous terms by counting replicas', () => {
    const c = new Cluster(
      [1, 2, 3].map(() => testInitial([1, 2, 3], [1, 2], 2)),
      plain,
    );
    // Appends of the new term are lost at first, so only old entries could be counted.
    c.cut = (m) => m.type === APPEND;
    c.elect(1);
    c.at(1).step(testMessage(APPEND_RESPONSE, 2, 1, 3, { index: 2 }));
    c.at(1).step(testMessage(APPEND_RESPONSE, 3, 1, 3, { index: 2 }));
    expect(c.at(1).node.commit).toBe(0);
    c.at(1).step(testMessage(APPEND_RESPONSE, 2, 1, 3, { index: 3 }));
    expect(c.at(1).node.commit).toBe(3);
  });
});

describe('3.8 persisted state and server restarts', () => {
  test('a server persists its term and vote before it answers or asks for votes', () => {
    const c = alone();
    c.at(1).step(testMessage(VOTE, 2, 1, 2));
    expect(c.ready(1)).toEqual([]);
    const append = c.at(1).doAppend();
    expect(append.hardState).toEqual({ term: 2, vote: 2, commit: 0 });
    expect(c.network.map((m) => [m.type, m.reject])).toEqual([[VOTE_RESPONSE, false]]);

    const own = alone();
    own.at(1).node.campaign();
    expect(own.ready(1)).toEqual([]);
    own.at(1).doAppend();
    expect(own.network.map((m) => m.type)).toEqual([VOTE, VOTE]);
  });

  test('a restarted server does not vote a second time in the same term', () => {
    const c = alone();
    answers(c, testMessage(VOTE, 2, 1, 2));
    c.at(1).crash();
    c.at(1).restart(7);
    const [answer] = answers(c, testMessage(VOTE, 3, 1, 2));
    expect(answer?.reject).toBe(true);
  });

  test('new entries are persisted before they are acknowledged or counted towards commitment', () => {
    const c = alone([1]);
    const fields = { index: 1, logTerm: 1, commit: 2, entries: [testEntry(1, 2)] };
    c.at(1).step(testMessage(APPEND, 2, 1, 1, fields));
    expect(c.ready(1)).toEqual([]);
    expect(c.at(1).node.commit).toBe(2);
    // What is not durable here is not given out to be applied either.
    expect(
      c
        .at(1)
        .batches.flat()
        .map((e) => e.index),
    ).toEqual([1]);
    c.at(1).doAppend();
    expect(c.network.map((m) => [m.type, m.index])).toEqual([[APPEND_RESPONSE, 2]]);

    const one = new Cluster([testInitial([1])], plain);
    one.elect(1);
    one.propose(1, 'x');
    one.ready(1);
    expect(one.at(1).node.commit).toBe(1);
    one.at(1).doAppend();
    expect(one.at(1).node.commit).toBe(2);
  });
});
