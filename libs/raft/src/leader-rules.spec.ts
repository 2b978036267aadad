/** A leader's rules one by one, each bound from both sides, each message by its fields. */
import { ConfChangeType, MessageType } from '@conclave/wire';
import { APPLYING_FACTOR } from './config.js';
import { entryBytes } from './raft-log.js';
import { Role } from './ready.js';
import { testEntry, testInitial, testMessage } from './testing/cluster.js';
import { brief, Lone } from './testing/lone.js';

const { APPEND, APPEND_RESPONSE, HEARTBEAT, HEARTBEAT_RESPONSE, TIMEOUT_NOW } = MessageType;
const { READ_INDEX, TRANSFER_LEADER, VOTE_RESPONSE } = MessageType;

const remove = (slot: number) => ({
  transition: 0 as const,
  changes: [{ type: ConfChangeType.REMOVE, slot }],
});

/** A leader of `size` with nothing acknowledged. */
function leader(size: number, changes = {}, learners: number[] = []): Lone {
  const slots = Array.from({ length: size }, (_, at) => at + 1);
  const l = new Lone(testInitial(slots, [], 1, learners), changes);
  l.lead(...slots.filter((slot) => slot !== l.slot));
  l.events.length = 0;
  return l;
}

const progress = (l: Lone, slot: number) => l.node.status().progress.find((p) => p.slot === slot);

describe('a transfer', () => {
  test('to a peer that is probed and waited for sends to it once more, and to nobody else', () => {
    const l = leader(3);
    expect(l.node.transferLeader(2)).toBe('ok');
    const [again, ...rest] = l.turn();
    expect(rest).toEqual([]);
    expect([again?.type, again?.to, again?.index, again?.entries.length]).toEqual([
      APPEND,
      2,
      0,
      1,
    ]);
    expect(l.kinds()).toEqual(['begun 2']);
  });

  test('to a peer that has everything tells it at once, and sends it nothing else', () => {
    const l = leader(3);
    l.hear(APPEND_RESPONSE, 2, { index: 1 });
    l.turn();
    l.kinds();
    l.node.transferLeader(2);
    expect(l.turn()).toEqual([testMessage(TIMEOUT_NOW, 1, 2, 2)]);
    expect(l.kinds()).toEqual(['begun 2', 'sent 2']);
  });

  test('tells its target when it has all, and only its target', () => {
    const l = leader(3);
    l.node.transferLeader(2);
    l.turn();
    l.hear(APPEND_RESPONSE, 3, { index: 1 });
    expect(brief(l.turn())).not.toContain('TIMEOUT_NOW 3');
    l.hear(APPEND_RESPONSE, 2, { index: 1 });
    expect(brief(l.turn())).toContain('TIMEOUT_NOW 2');
  });

  test('to itself gives up the one that is on', () => {
    const l = leader(3);
    l.node.transferLeader(2);
    expect(l.node.transferLeader(1)).toBe('self');
    expect(l.node.status().leadTransferee).toBe(0);
    expect(l.kinds()).toEqual(['begun 2', 'aborted 2']);
    expect(l.node.transferLeader(1)).toBe('self');
    expect(l.kinds()).toEqual([]);
  });

  test('said again changes nothing, to another takes its place, to nobody is refused', () => {
    const l = leader(3, {}, [4]);
    expect([l.node.transferLeader(2), l.node.transferLeader(2)]).toEqual(['ok', 'ok']);
    expect(l.kinds()).toEqual(['begun 2']);
    expect([l.node.transferLeader(4), l.node.transferLeader(9)]).toEqual(['learner', 'unknown']);
    expect(l.node.status().leadTransferee).toBe(2);
    expect(l.node.transferLeader(3)).toBe('ok');
    expect(l.kinds()).toEqual(['aborted 2', 'begun 3']);
  });

  test.each([1, 5, 9])('begun at tick %i has a whole election timeout', (at) => {
    const l = leader(3);
    l.tick(at);
    l.hear(HEARTBEAT_RESPONSE, 2);
    l.node.transferLeader(2);
    l.tick(9);
    expect(l.node.status().leadTransferee).toBe(2);
    l.tick();
    expect([l.node.status().leadTransferee, l.node.role]).toEqual([0, Role.LEADER]);
  });

  test('that a follower asks for goes to the asker, or to whom it names', () => {
    const l = leader(3);
    l.hear(TRANSFER_LEADER, 3);
    expect(l.node.status().leadTransferee).toBe(3);
    l.hear(TRANSFER_LEADER, 3, { context: 2 });
    expect(l.node.status().leadTransferee).toBe(2);
  });

  test('takes no proposals; without one they are taken', () => {
    const l = leader(3);
    expect(l.propose('a')).toEqual({ ok: true, index: 2 });
    l.node.transferLeader(2);
    expect(l.propose('b')).toEqual({ ok: false, code: 'transferring' });
  });
});

describe('a leader whose disk hangs names the voter with most of its log', () => {
  /** Acknowledged index by slot 2, 3, ... of entries up to 3, none of which is durable at 1. */
  function named(acked: number[], learners: number[] = []): string[] {
    const voters = Array.from({ length: acked.length + 1 - learners.length }, (_, at) => at + 1);
    const l = new Lone(testInitial(voters, [], 1, learners), { diskStallTicks: 3 });
    l.lead(...voters.slice(1));
    l.propose('a', 'b');
    l.turn(false);
    acked.forEach((index, at) => {
      if (index > 0) l.hear(APPEND_RESPONSE, at + 2, { index });
    });
    l.turn(false);
    l.tick(2);
    expect(l.node.role).toBe(Role.LEADER);
    l.turn(false);
    l.tick();
    expect(l.node.role).toBe(Role.FOLLOWER);
    return brief(l.turn(false)).filter((m) => m.startsWith('TIMEOUT'));
  }

  test.each([
    ['the first of two with as much', [1, 2, 3, 3], ['TIMEOUT_NOW 4']],
    ['the one with more', [1, 2, 3, 2], ['TIMEOUT_NOW 4']],
    ['the last if it has most', [1, 1, 2, 3], ['TIMEOUT_NOW 5']],
    ['the only one with all that is committed', [1, 0], ['TIMEOUT_NOW 2']],
    ['nobody without an answer', [0, 0], []],
  ])('%s', (_name, acked, expected) => {
    expect(named(acked)).toEqual(expected);
  });

  test('never a learner', () => {
    expect(named([1, 1, 3], [4])).toEqual(['TIMEOUT_NOW 2']);
  });

  test('nobody who was not heard of since CheckQuorum looked', () => {
    const l = leader(3, { electionTicks: 4, diskStallTicks: 4 });
    l.tick(3);
    l.propose('a');
    l.turn(false);
    l.hear(APPEND_RESPONSE, 2, { index: 2 });
    l.hear(APPEND_RESPONSE, 3, { index: 1 });
    l.tick();
    l.hear(HEARTBEAT_RESPONSE, 3);
    l.tick(3);
    expect(l.node.role).toBe(Role.FOLLOWER);
    expect(brief(l.turn(false))).toContain('TIMEOUT_NOW 3');
  });
});

describe('a change of members that a leader applies', () => {
  test.each([
    [1, 2],
    [4, 1],
  ])('aborts a transfer to slot %i, which goes', (to, slot) => {
    const l = leader(4, { slot });
    l.node.transferLeader(to);
    l.node.applyConfChange(remove(to));
    expect(l.node.status().leadTransferee).toBe(0);
    expect(l.kinds()).toEqual([`begun ${to}`, 'conf-changed', `aborted ${to}`]);
  });

  test('leaves a transfer to who stays alone', () => {
    const l = leader(4);
    l.node.transferLeader(2);
    l.node.applyConfChange(remove(4));
    expect(l.node.status().leadTransferee).toBe(2);
  });

  test('commits what the smaller quorum holds', () => {
    const l = leader(4);
    l.hear(APPEND_RESPONSE, 2, { index: 1 });
    expect(l.node.commit).toBe(0);
    l.node.applyConfChange(remove(4));
    expect(l.node.commit).toBe(1);
  });

  test('answers reads that the smaller quorum has confirmed', () => {
    const l = leader(4);
    for (const from of [2, 3]) l.hear(APPEND_RESPONSE, from, { index: 1 });
    l.turn();
    l.node.readIndex(7);
    const asked = l.turn().find((m) => m.type === HEARTBEAT);
    l.hear(HEARTBEAT_RESPONSE, 2, { context: asked?.context ?? 0 });
    l.turn();
    expect(l.reads).toEqual([]);
    l.node.applyConfChange(remove(4));
    l.turn();
    expect(l.reads).toEqual([{ context: 7, index: 1 }]);
  });

  test('has a newcomer probed with the last entry at once', () => {
    const l = leader(3);
    l.propose('a');
    l.turn();
    l.node.applyConfChange({
      transition: 0,
      changes: [{ type: ConfChangeType.ADD_LEARNER, slot: 4 }],
    });
    expect(progress(l, 4)?.next).toBe(2);
    const [sent] = l.turn().filter((m) => m.to === 4);
    expect([sent?.type, sent?.index, sent?.logTerm, sent?.entries.length]).toEqual([
      APPEND,
      1,
      2,
      1,
    ]);
  });

  test('that removes it: the others hear of the commit, one is named, it follows nobody', () => {
    const l = leader(3);
    for (const from of [2, 3]) l.hear(APPEND_RESPONSE, from, { index: 1 });
    l.turn();
    l.kinds();
    l.propose('a');
    l.turn();
    l.hear(APPEND_RESPONSE, 2, { index: 2 });
    l.node.applyConfChange(remove(1));
    expect(brief(l.turn())).toEqual(['APPEND 2', 'APPEND 3', 'TIMEOUT_NOW 2']);
    expect([l.node.role, l.node.leader]).toEqual([Role.FOLLOWER, 0]);
  });

  test('that removes it leaves it in the lead if it was told to stay', () => {
    const l = leader(3, { stepDownOnRemoval: false });
    l.node.applyConfChange(remove(1));
    expect(l.node.role).toBe(Role.LEADER);
    expect(l.propose('a')).toEqual({ ok: false, code: 'removed' });
  });
});

describe('the time of a leader', () => {
  test('heartbeats go out each time heartbeatTicks have passed, also in its second term', () => {
    const l = leader(3, { heartbeatTicks: 3 });
    const beats = (): number[] => {
      const at: number[] = [];
      for (let n = 1; n <= 8; n++) {
        l.tick();
        if (l.turn().some((m) => m.type === HEARTBEAT)) at.push(n);
      }
      return at;
    };
    expect(beats()).toEqual([3, 6]);
    l.hear(HEARTBEAT, 2, {}, 3);
    l.turn();
    l.lead(2, 3);
    expect(beats()).toEqual([3, 6]);
  });

  test('CheckQuorum looks after electionTicks, not before, and again after as many', () => {
    const l = leader(3);
    l.tick(9);
    l.hear(HEARTBEAT_RESPONSE, 2);
    l.tick();
    expect(l.node.role).toBe(Role.LEADER);
    l.tick(9);
    expect(l.node.role).toBe(Role.LEADER);
    l.tick();
    expect([l.node.role, l.node.leader]).toEqual([Role.FOLLOWER, 0]);
    expect(l.kinds()).toContain('quorum-lost');
  });

  test('who was heard of in an earlier term counts for nothing in the next', () => {
    const l = leader(3);
    l.hear(HEARTBEAT_RESPONSE, 2);
    l.hear(HEARTBEAT, 3, {}, 3);
    l.lead(2);
    expect(progress(l, 2)?.recentActive).toBe(false);
    expect(progress(l, 1)).toEqual({
      slot: 1,
      match: 2,
      next: 3,
      state: 'replicate',
      recentActive: true,
      learner: false,
    });
    l.tick(10);
    expect(l.node.role).toBe(Role.FOLLOWER);
  });

  test('without CheckQuorum a silent quorum does not matter', () => {
    const l = leader(3, { checkQuorum: false });
    l.tick(40);
    expect(l.node.role).toBe(Role.LEADER);
  });
});

describe('answers to heartbeats', () => {
  test('an answer of a peer that has all is answered by nothing, of one behind by an append', () => {
    const l = leader(3);
    for (const from of [2, 3]) l.hear(APPEND_RESPONSE, from, { index: 1 });
    l.turn();
    l.hear(HEARTBEAT_RESPONSE, 2);
    expect(l.turn()).toEqual([]);
    l.propose('a');
    l.turn();
    l.hear(HEARTBEAT_RESPONSE, 2);
    const [sent, ...rest] = l.turn();
    expect([sent?.type, sent?.to, sent?.index, sent?.logTerm, sent?.commit]).toEqual([
      APPEND,
      2,
      2,
      2,
      1,
    ]);
    expect([rest, sent?.entries]).toEqual([[], []]);
  });

  test('one that is probed is asked again', () => {
    const l = leader(3);
    l.hear(HEARTBEAT_RESPONSE, 3);
    expect(brief(l.turn())).toEqual(['APPEND 3']);
  });

  test('a context to come confirms nothing, nor does 0; the newest confirms', () => {
    const l = leader(3);
    for (const from of [2, 3]) l.hear(APPEND_RESPONSE, from, { index: 1 });
    l.turn();
    l.node.readIndex(7);
    const context = l.turn().find((m) => m.type === HEARTBEAT)?.context ?? 0;
    for (const wrong of [context + 1, context + 9, 0]) {
      l.hear(HEARTBEAT_RESPONSE, 2, { context: wrong });
    }
    l.turn();
    expect([context, l.reads]).toEqual([1, []]);
    l.hear(HEARTBEAT_RESPONSE, 2, { context });
    l.turn();
    expect(l.reads).toEqual([{ context: 7, index: 1 }]);
  });

  test('a read that a follower asked for is answered to it, with its number and the index', () => {
    const l = leader(3);
    for (const from of [2, 3]) l.hear(APPEND_RESPONSE, from, { index: 1 });
    l.turn();
    l.hear(READ_INDEX, 3, { context: 41 });
    const context = l.turn().find((m) => m.type === HEARTBEAT)?.context ?? 0;
    l.hear(HEARTBEAT_RESPONSE, 2, { context });
    expect(l.turn()).toEqual([
      testMessage(MessageType.READ_INDEX_RESPONSE, 1, 3, 2, { index: 1, context: 41 }),
    ]);
    expect(l.reads).toEqual([]);
  });
});

describe('acknowledgements', () => {
  test('one beyond the log is malformed, the last entry is not', () => {
    const l = leader(3);
    l.hear(APPEND_RESPONSE, 2, { index: 2 });
    expect([l.kinds(), l.node.commit]).toEqual([['message-ignored'], 0]);
    l.hear(APPEND_RESPONSE, 2, { index: 1 });
    expect([l.kinds(), l.node.commit]).toEqual([[], 1]);
  });

  test('an old one starts no stream and sends nothing', () => {
    const l = leader(3);
    l.hear(APPEND_RESPONSE, 2, { index: 0 });
    expect([progress(l, 2)?.state, l.turn()]).toEqual(['probe', []]);
  });

  test('one that is no news ends a probe, so that the stream goes on', () => {
    const l = leader(3);
    l.hear(APPEND_RESPONSE, 2, { index: 1 });
    l.node.reportUnreachable(2);
    expect(progress(l, 2)?.state).toBe('probe');
    l.turn();
    l.hear(APPEND_RESPONSE, 2, { index: 0 });
    expect(progress(l, 2)?.state).toBe('probe');
    l.hear(APPEND_RESPONSE, 2, { index: 1 });
    expect(progress(l, 2)?.state).toBe('replicate');
  });

  test('a refusal at the place of the probe steps back to the hint and is answered at once', () => {
    const l = new Lone(testInitial([1, 2, 3], [1, 1, 1, 1], 1));
    l.lead(2, 3);
    expect(progress(l, 2)?.next).toBe(5);
    l.hear(APPEND_RESPONSE, 2, { index: 4, reject: true, rejectHint: 2, logTerm: 1 });
    const [sent] = l.turn();
    expect([sent?.to, sent?.index, sent?.logTerm, sent?.entries.length]).toEqual([2, 2, 1, 3]);
    l.hear(APPEND_RESPONSE, 2, { index: 4, reject: true, rejectHint: 0 });
    expect(l.turn()).toEqual([]);
  });

  test("a refusal's hint in a term that ours has not there skips our later terms", () => {
    const l = new Lone(testInitial([1, 2, 3], [1, 3, 3, 3], 3));
    l.lead(2, 3);
    l.hear(APPEND_RESPONSE, 2, { index: 4, reject: true, rejectHint: 3, logTerm: 2 });
    const [sent] = l.turn();
    expect([sent?.index, sent?.logTerm]).toEqual([1, 1]);
  });

  test('a leader learns no commit index from a refused vote', () => {
    const l = leader(3);
    l.hear(VOTE_RESPONSE, 2, { reject: true, commit: 1, logTerm: 2 });
    expect([l.node.commit, l.node.role]).toEqual([0, Role.LEADER]);
  });
});

describe('the bound on uncommitted bytes', () => {
  const limit = { ok: false, code: 'uncommitted-limit' };

  test('is reached exactly, freed by what commits, and never met by what is empty', () => {
    const l = leader(3, { uncommittedBytesMax: 10 });
    expect(l.propose('1234').ok).toBe(true);
    expect(l.propose('1234567')).toEqual(limit);
    expect(l.propose('123456').ok).toBe(true);
    expect(l.propose('1')).toEqual(limit);
    expect(l.propose('').ok).toBe(true);
    l.turn();
    l.hear(APPEND_RESPONSE, 2, { index: 2 });
    expect(l.propose('12345')).toEqual(limit);
    expect(l.propose('1234').ok).toBe(true);
  });

  test('one that is too large is taken when nothing waits', () => {
    const l = leader(3, { uncommittedBytesMax: 10 });
    expect(l.propose('12345678901').ok).toBe(true);
    expect(l.propose('1')).toEqual(limit);
  });

  test('a new leader counts what it found uncommitted', () => {
    const initial = testInitial([1, 2, 3], [1, 1, 1]);
    const l = new Lone(
      { ...initial, hardState: { term: 1, vote: 0, commit: 1 } },
      { uncommittedBytesMax: 10 },
    );
    l.lead(2, 3);
    expect(l.propose('123')).toEqual(limit);
    expect(l.propose('12').ok).toBe(true);
  });

  test('a second lead does not count the bytes of the first again', () => {
    const l = leader(3, { uncommittedBytesMax: 10 });
    l.propose('12345');
    l.turn();
    l.hear(HEARTBEAT, 2, {}, 3);
    l.turn();
    l.lead(2, 3);
    expect(l.propose('123456')).toEqual(limit);
    expect(l.propose('12345').ok).toBe(true);
  });
});

describe('what is given out to be applied', () => {
  test('stops at its bound in bytes, to the byte, and goes on when some is applied', () => {
    const size = entryBytes(testEntry(1, 1));
    const l = new Lone(testInitial([1], [1, 1, 1, 1, 1, 1, 1, 1]), { committedBytesMax: size });
    l.lead();
    expect(l.committed).toEqual(Array.from({ length: APPLYING_FACTOR }, (_, at) => at + 1));
    l.node.appliedTo(1);
    l.turn();
    expect(l.committed).toEqual([1, 2, 3]);
    l.node.appliedTo(3);
    l.turn();
    expect(l.committed).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('a leader alone', () => {
  test('answers reads without a heartbeat to its learners', () => {
    const l = new Lone(testInitial([1], [], 1, [2]));
    l.lead();
    l.turn();
    l.node.readIndex(7);
    expect(l.turn()).toEqual([]);
    expect(l.reads).toEqual([{ context: 7, index: 1 }]);
  });
});
