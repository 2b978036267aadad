/** The rules of those who do not lead, one by one: timers, votes, answers, and what is installed. */
import { ConfChangeType, EntryType, MessageType } from '@conclave/wire';
import { entryBytes } from './raft-log.js';
import { type RaftInitialState, Role } from './ready.js';
import { testEntry, testInitial, testMessage } from './testing/cluster.js';
import { brief, Lone } from './testing/lone.js';
import { toWire } from './testing/member.js';

const { APPEND, APPEND_RESPONSE, HEARTBEAT, HEARTBEAT_RESPONSE, PRE_VOTE } = MessageType;
const { PRE_VOTE_RESPONSE, SNAPSHOT, TIMEOUT_NOW, TRANSFER_LEADER, VOTE } = MessageType;
const { VOTE_RESPONSE, READ_INDEX } = MessageType;

const entries = (...list: [number, number][]) =>
  list.map(([term, index]) => testEntry(term, index));

/** Ticks until it campaigns. */
function wait(l: Lone): number {
  l.turn();
  l.events.length = 0;
  for (let ticks = 1; ticks <= 40; ticks++) {
    l.tick();
    if (l.events.some((e) => e.kind === 'role' && e.role === Role.PRE_CANDIDATE)) return ticks;
  }
  throw new Error('no campaign');
}

describe('the election timer', () => {
  const seeds = Array.from({ length: 60 }, (_, at) => at + 1);

  test.each<[string, (l: Lone) => void]>([
    ['a heartbeat', (l) => l.hear(HEARTBEAT, 2)],
    ['an append', (l) => l.hear(APPEND, 2)],
    ['a vote given in the present term', (l) => l.hear(VOTE, 2)],
    ['a campaign of its own', (l) => l.node.campaign()],
  ])('starts anew with %s', (_name, act) => {
    for (const seed of seeds) {
      const l = new Lone(testInitial([1, 2, 3]), { seed, electionTicks: 4 });
      l.tick(3);
      act(l);
      expect(wait(l)).toBeGreaterThanOrEqual(4);
    }
  });

  test.each<[string, (l: Lone) => void]>([
    ['a vote that is refused', (l) => l.hear(VOTE, 2, { index: 0, logTerm: 0 })],
    ['a pre-vote that is given', (l) => l.hear(PRE_VOTE, 2, { index: 1, logTerm: 1 }, 2)],
    ['a word of a leader of an earlier term', (l) => l.hear(HEARTBEAT, 2, {}, 0)],
  ])('goes on over %s', (_name, act) => {
    const waits = seeds.map((seed) => {
      const l = new Lone(testInitial([1, 2, 3], [1]), { seed, electionTicks: 4 });
      l.tick(3);
      act(l);
      return wait(l);
    });
    expect([...new Set(waits)].sort()).toEqual([1, 2, 3, 4]);
  });

  test('is drawn anew for every campaign', () => {
    const l = new Lone(testInitial([1, 2, 3]), { electionTicks: 10 });
    const waits = new Set(seeds.map(() => wait(l)));
    expect([...waits].sort()).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('of a member that may not campaign says so once a timeout', () => {
    const initial = testInitial([1, 2, 3]);
    const data = new Uint8Array(0);
    const change = { term: 1, index: 1, type: EntryType.CONF_CHANGE, data };
    const hardState = { term: 1, vote: 0, commit: 1 };
    const l = new Lone({ ...initial, hardState, entries: [change] }, { electionTicks: 10 });
    l.tick(60);
    const refused = l.events.filter((e) => e.kind === 'campaign-refused');
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(refused.length).toBeLessThanOrEqual(6);
    expect(refused[0]).toEqual({ kind: 'campaign-refused', reason: 'unapplied-conf-change' });
  });
});

describe('the lease of a leader', () => {
  test.each([
    [9, []],
    [10, ['PRE_VOTE_RESPONSE 3']],
  ])('after %i of 10 ticks without a word a pre-vote is answered by %j', (ticks, expected) => {
    for (let seed = 1; seed <= 8; seed++) {
      const l = new Lone(testInitial([1, 2, 3]), { seed });
      l.hear(HEARTBEAT, 2);
      l.turn();
      l.tick(ticks);
      if (l.node.role !== Role.FOLLOWER) continue;
      l.hear(PRE_VOTE, 3, {}, 2);
      expect(brief(l.turn())).toEqual(expected);
    }
  });

  test('does not hold against the leader itself, nor without CheckQuorum', () => {
    const l = new Lone();
    l.hear(HEARTBEAT, 2);
    l.turn();
    l.hear(PRE_VOTE, 2, {}, 2);
    expect(brief(l.turn())).toEqual(['PRE_VOTE_RESPONSE 2']);
    const other = new Lone(testInitial([1, 2, 3]), { checkQuorum: false });
    other.hear(HEARTBEAT, 2);
    other.turn();
    other.hear(PRE_VOTE, 3, {}, 2);
    expect(brief(other.turn())).toEqual(['PRE_VOTE_RESPONSE 3']);
  });

  test('does not hold against a vote that the leader wants', () => {
    const l = new Lone();
    l.hear(HEARTBEAT, 2);
    l.turn();
    l.hear(VOTE, 3, { context: 2 }, 2);
    expect([l.turn(), l.node.term]).toEqual([[], 1]);
    l.hear(VOTE, 3, { context: 1 }, 2);
    expect(l.turn()).toEqual([testMessage(VOTE_RESPONSE, 1, 3, 2)]);
  });
});

describe('what is asked of voters', () => {
  test('a pre-vote asks for the next term, a vote for the present one, of voters only', () => {
    const l = new Lone(testInitial([1, 2, 3], [1, 1], 1, [4]));
    l.node.campaign();
    const ask = { index: 2, logTerm: 1 };
    expect(l.turn()).toEqual([2, 3].map((to) => testMessage(PRE_VOTE, 1, to, 2, ask)));
    l.hear(PRE_VOTE_RESPONSE, 2, {}, 2);
    expect(l.turn()).toEqual([2, 3].map((to) => testMessage(VOTE, 1, to, 2, ask)));
  });

  test('told to take over it asks at once, in the name of its leader', () => {
    const l = new Lone();
    l.hear(HEARTBEAT, 2);
    l.turn();
    l.hear(TIMEOUT_NOW, 3);
    expect(l.turn()).toEqual([]);
    l.hear(TIMEOUT_NOW, 2);
    expect(l.turn()).toEqual([2, 3].map((to) => testMessage(VOTE, 1, to, 2, { context: 1 })));
  });

  test('a learner that is told to take over says that it may not', () => {
    const initial = testInitial([2, 3], [], 1, [1]);
    const data = new Uint8Array(0);
    const change = { term: 1, index: 1, type: EntryType.CONF_CHANGE, data };
    const hardState = { term: 1, vote: 0, commit: 1 };
    const l = new Lone({ ...initial, hardState, entries: [change] });
    l.hear(HEARTBEAT, 2);
    l.events.length = 0;
    l.hear(TIMEOUT_NOW, 2);
    expect(l.events).toEqual([{ kind: 'campaign-refused', reason: 'not-promotable' }]);
  });

  test('the first answer of a peer stands', () => {
    const l = new Lone();
    l.node.campaign();
    l.turn();
    l.hear(PRE_VOTE_RESPONSE, 2, { reject: true });
    l.hear(PRE_VOTE_RESPONSE, 2, {}, 2);
    expect(l.node.role).toBe(Role.PRE_CANDIDATE);
    l.hear(PRE_VOTE_RESPONSE, 3, { reject: true });
    expect(l.node.role).toBe(Role.FOLLOWER);
  });

  test('answers of an earlier campaign are forgotten', () => {
    const l = new Lone();
    l.node.campaign();
    l.turn();
    l.hear(PRE_VOTE_RESPONSE, 2, { reject: true });
    l.node.campaign();
    l.turn();
    l.hear(PRE_VOTE_RESPONSE, 3, { reject: true });
    expect(l.node.role).toBe(Role.PRE_CANDIDATE);
  });

  test('answers to a vote count for no pre-vote, and the other way round', () => {
    const l = new Lone();
    l.node.campaign();
    l.turn();
    l.hear(VOTE_RESPONSE, 2);
    expect(l.node.role).toBe(Role.PRE_CANDIDATE);
    l.hear(PRE_VOTE_RESPONSE, 2, {}, 2);
    l.turn();
    l.hear(PRE_VOTE_RESPONSE, 2);
    expect(l.node.role).toBe(Role.CANDIDATE);
  });

  test('an own vote that is not durable counts for nothing; told durable twice it counts once', () => {
    const l = new Lone(testInitial([1, 2, 3]), { preVote: false });
    l.node.campaign();
    expect(l.turn(false)).toEqual([]);
    l.hear(VOTE_RESPONSE, 2);
    expect(l.node.role).toBe(Role.CANDIDATE);
    l.node.appendDone(l.sequence);
    expect(l.node.role).toBe(Role.LEADER);
  });
});

describe('a take-over that waits for a configuration change', () => {
  /** Committed and not applied: a change; the leader has told it to take over. */
  function told(): Lone {
    const changes = [{ type: ConfChangeType.ADD_LEARNER, slot: 4 }];
    const data = new Uint8Array(0);
    const l = new Lone(testInitial([1, 2, 3]), { electionTicks: 30 });
    const change = { term: 1, index: 1, type: EntryType.CONF_CHANGE, data };
    l.hear(APPEND, 2, { entries: [change], commit: 1 });
    l.turn();
    l.hear(TIMEOUT_NOW, 2);
    expect(l.node.role).toBe(Role.FOLLOWER);
    l.node.applyConfChange({ transition: 0, changes });
    return l;
  }

  test.each([
    [0, Role.CANDIDATE],
    [29, Role.CANDIDATE],
    [30, Role.CANDIDATE],
    [31, Role.FOLLOWER],
  ])('after %i of 30 ticks ends as %s', (ticks, role) => {
    const l = told();
    for (let n = 0; n < ticks; n++) {
      l.tick();
      l.hear(HEARTBEAT, 2);
    }
    l.node.appliedTo(1);
    expect(l.node.role).toBe(role);
  });

  test('is off when the leader is another', () => {
    const l = told();
    l.hear(HEARTBEAT, 3, {}, 2);
    l.node.appliedTo(1);
    expect(l.node.role).toBe(Role.FOLLOWER);
  });

  test('is off when the same leader leads a later term', () => {
    const l = told();
    l.hear(HEARTBEAT, 2, {}, 2);
    l.node.appliedTo(1);
    expect(l.node.role).toBe(Role.FOLLOWER);
  });
});

describe('a refused vote', () => {
  test('tells the term and how far the log is committed', () => {
    const initial = testInitial([1, 2, 3], [1, 1, 1]);
    const l = new Lone({ ...initial, hardState: { term: 1, vote: 0, commit: 2 } });
    l.hear(VOTE, 2, {}, 4);
    const told = { reject: true, commit: 2, logTerm: 1 };
    expect(l.turn()).toEqual([testMessage(VOTE_RESPONSE, 1, 2, 4, told)]);
    l.hear(PRE_VOTE, 3, {}, 5);
    expect(l.turn()).toEqual([testMessage(PRE_VOTE_RESPONSE, 1, 3, 4, told)]);
  });

  test('tells of no commit whose term the disk alone knows', () => {
    const initial: RaftInitialState = {
      ...testInitial([1, 2, 3]),
      applied: 5,
      hardState: { term: 3, vote: 0, commit: 5 },
      entries: entries([3, 6]),
    };
    const l = new Lone(initial);
    l.hear(VOTE, 2, {}, 4);
    expect(l.turn()).toEqual([testMessage(VOTE_RESPONSE, 1, 2, 4, { reject: true })]);
  });

  test.each([
    ['is learnt if the log agrees there', 2, 1, 2],
    ['to the last entry', 3, 1, 3],
    ['not beyond the log', 4, 1, 1],
    ['not if the terms differ', 2, 2, 1],
    ['not if it is known', 1, 1, 1],
    ['not if it is less', 0, 0, 1],
  ])('what it tells %s', (_name, commit, logTerm, expected) => {
    const initial = testInitial([1, 2, 3], [1, 1, 1]);
    const l = new Lone({ ...initial, hardState: { term: 1, vote: 0, commit: 1 } });
    l.node.campaign();
    l.turn();
    l.hear(PRE_VOTE_RESPONSE, 2, { reject: true, commit, logTerm });
    expect([l.node.commit, l.node.role]).toEqual([expected, Role.PRE_CANDIDATE]);
  });

  test('a grant tells nothing of the commit index', () => {
    const l = new Lone(testInitial([1, 2, 3], [1, 1, 1]));
    l.node.campaign();
    l.turn();
    l.hear(PRE_VOTE_RESPONSE, 2, { commit: 2, logTerm: 1 }, 2);
    expect(l.node.commit).toBe(0);
  });
});

describe('answers of a follower', () => {
  test('an append that differs: the hint is the last place that can agree, with its term', () => {
    const l = new Lone(testInitial([1, 2, 3], [1, 1, 3, 3], 4));
    l.hear(APPEND, 2, { index: 4, logTerm: 2, entries: entries([4, 5]) });
    const hint = { index: 4, reject: true, rejectHint: 2, logTerm: 1 };
    expect(l.turn()).toEqual([testMessage(APPEND_RESPONSE, 1, 2, 4, hint)]);
    l.hear(APPEND, 2, { index: 9, logTerm: 4 });
    const end = { index: 9, reject: true, rejectHint: 4, logTerm: 3 };
    expect(l.turn()).toEqual([testMessage(APPEND_RESPONSE, 1, 2, 4, end)]);
  });

  test.each([
    [2, 2],
    [3, 3],
    [9, 3],
  ])('an append with commit %i of entries up to 3 commits %i', (commit, expected) => {
    const l = new Lone(testInitial([1, 2, 3], [1, 1, 1, 1, 1], 1));
    l.hear(APPEND, 2, { index: 2, logTerm: 1, commit, entries: entries([1, 3]) });
    expect(l.turn()).toEqual([testMessage(APPEND_RESPONSE, 1, 2, 1, { index: 3 })]);
    expect([l.node.commit, l.node.lastIndex]).toEqual([expected, 5]);
  });

  test('an append from before the commit index is acknowledged up to there', () => {
    const initial = testInitial([1, 2, 3], [1, 1, 1]);
    const l = new Lone({ ...initial, hardState: { term: 1, vote: 0, commit: 2 } });
    l.hear(APPEND, 2, { index: 1, logTerm: 1, entries: entries([1, 2], [1, 3]) });
    expect(l.turn()).toEqual([testMessage(APPEND_RESPONSE, 1, 2, 1, { index: 2 })]);
    l.hear(APPEND, 2, { index: 2, logTerm: 1, entries: entries([1, 3]) });
    expect(l.turn()).toEqual([testMessage(APPEND_RESPONSE, 1, 2, 1, { index: 3 })]);
  });

  test('a heartbeat is answered with its context; its commit goes to the last entry, not beyond', () => {
    const l = new Lone(testInitial([1, 2, 3], [1, 1]));
    l.hear(HEARTBEAT, 2, { commit: 3, context: 8 });
    expect(l.turn()).toEqual([testMessage(HEARTBEAT_RESPONSE, 1, 2, 1, { context: 8 })]);
    expect(l.events).toContainEqual({ kind: 'commit-beyond-log', from: 2, commit: 3, last: 2 });
    expect(l.node.commit).toBe(0);
    l.events.length = 0;
    l.hear(HEARTBEAT, 2, { commit: 2 });
    expect([l.node.commit, l.events]).toEqual([2, []]);
  });

  test('a leader of an earlier term is told ours, and who campaigns there is refused', () => {
    const l = new Lone(testInitial([1, 2, 3], [], 5));
    for (const type of [APPEND, HEARTBEAT, SNAPSHOT]) {
      l.hear(type, 2, {}, 4);
      expect(l.turn()).toEqual([testMessage(APPEND_RESPONSE, 1, 2, 5)]);
    }
    l.hear(VOTE, 2, {}, 4);
    l.hear(PRE_VOTE, 3, {}, 4);
    expect(l.turn()).toEqual([
      testMessage(VOTE_RESPONSE, 1, 2, 5, { reject: true }),
      testMessage(PRE_VOTE_RESPONSE, 1, 3, 5, { reject: true }),
    ]);
    l.events.length = 0;
    l.hear(VOTE_RESPONSE, 2, {}, 4);
    expect([l.turn(), l.kinds()]).toEqual([[], ['message-ignored']]);
  });

  test('proposals, reads and a wish to lead go to the leader, and nowhere without one', () => {
    const l = new Lone();
    expect(l.propose('a')).toEqual({ ok: false, code: 'no-leader' });
    expect([l.node.readIndex(1), l.node.transferLeader(1)]).toEqual([false, 'not-leader']);
    l.hear(HEARTBEAT, 2);
    l.turn();
    expect(l.propose('a')).toEqual({ ok: true, index: 0 });
    expect([l.node.readIndex(1), l.node.readIndex(2)]).toEqual([true, true]);
    expect([l.node.transferLeader(3), l.node.transferLeader(1)]).toEqual(['not-leader', 'ok']);
    const [proposal, read, next, wish, ...rest] = l.turn();
    expect([proposal?.type, proposal?.to, proposal?.term]).toEqual([MessageType.PROPOSE, 2, 1]);
    expect(proposal?.entries.map((e) => [e.term, e.index])).toEqual([[0, 0]]);
    const context = read?.context ?? 0;
    expect(read).toEqual(testMessage(READ_INDEX, 1, 2, 1, { context }));
    expect(next?.context).toBe(context + 1);
    // The numbers of two lives of a member begin a multiple of 2^20 apart.
    expect([context > 1, (context - 1) % 0x10_0000]).toEqual([true, 0]);
    expect([wish, rest]).toEqual([testMessage(TRANSFER_LEADER, 1, 2, 1), []]);
  });
});

describe('an installed snapshot', () => {
  const { confState } = testInitial([1, 2, 3]);
  const meta = { index: 9, term: 1, confState };
  const size = entryBytes(testEntry(1, 1));

  function announce(l: Lone): void {
    l.node.step(testMessage(SNAPSHOT, 2, 1, 1, { snapshot: toWire(meta) }), meta);
  }

  function goesOn(l: Lone): void {
    l.committed.length = 0;
    l.hear(APPEND, 2, { index: 9, logTerm: 1, commit: 10, entries: entries([1, 10]) });
    l.turn();
    expect(l.committed).toEqual([10]);
  }

  test.each([
    ['is under way', false],
    ['has come back', true],
  ])('leaves nothing of a read for apply that %s', (_name, answered) => {
    const l = new Lone(testInitial([1, 2, 3]), { cacheBytesMax: 0, committedBytesMax: 1 });
    const list = entries([1, 1], [1, 2], [1, 3]);
    l.hear(APPEND, 2, { commit: 3, entries: list });
    l.turn();
    expect(l.requests).toEqual([{ id: 1, lo: 1, hi: 4, bytesMax: 1 }]);
    announce(l);
    if (answered) l.node.entriesRead(1, list);
    l.turn();
    l.node.snapshotInstalled(meta);
    l.hear(APPEND, 2, { index: 9, logTerm: 1, commit: 10, entries: entries([1, 10]) });
    l.turn();
    l.node.entriesRead(1, list);
    expect(l.requests.slice(1)).toEqual([{ id: 2, lo: 10, hi: 11, bytesMax: 1 }]);
    l.node.entriesRead(2, entries([1, 10]));
    l.turn();
    expect(l.committed).toEqual([10]);
  });

  test('frees what batches that were never reported took', () => {
    const initial = { ...testInitial([1, 2, 3]), entries: entries([1, 1], [1, 2], [1, 3]) };
    const hardState = { term: 1, vote: 0, commit: 3 };
    const l = new Lone({ ...initial, hardState }, { committedBytesMax: size });
    l.turn();
    expect(l.committed).toEqual([1, 2]);
    announce(l);
    l.turn();
    expect(l.committed).toEqual([1, 2]);
    l.node.snapshotInstalled(meta);
    goesOn(l);
    l.node.appliedTo(10);
    l.hear(APPEND, 2, {
      index: 10,
      logTerm: 1,
      commit: 13,
      entries: entries([1, 11], [1, 12], [1, 13]),
    });
    l.turn();
    expect(l.committed).toEqual([10, 11, 12]);
  });

  test('that failed before anybody took it is not given out', () => {
    const l = new Lone();
    announce(l);
    l.node.snapshotFailed();
    expect(l.node.ready().snapshotToInstall).toBeNull();
    l.events.length = 0;
    l.node.snapshotFailed();
    expect(l.events).toEqual([]);
  });

  test('while it is under way appends are ignored and nothing is given out to apply', () => {
    const l = new Lone(testInitial([1, 2, 3], [1, 1]));
    announce(l);
    l.turn();
    l.hear(HEARTBEAT, 2, { commit: 2 });
    l.hear(APPEND, 2, { index: 2, logTerm: 1, entries: entries([1, 3]) });
    expect(brief(l.turn())).toEqual(['HEARTBEAT_RESPONSE 2']);
    expect([l.committed, l.node.lastIndex]).toEqual([[], 2]);
    l.node.snapshotFailed();
    l.turn();
    expect(l.committed).toEqual([1, 2]);
  });
});
