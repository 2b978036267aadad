/**
 * Tests named after sentences of the Raft thesis: leadership transfer (3.10), membership changes
 * (4), linearizable reads (6.4), PreVote (9.6).
 */
import {
  ConfChangeTransition,
  ConfChangeType,
  encodeConfChange,
  MessageType,
} from '@conclave/wire';
import type { SlotChange } from './conf-change.js';
import { HELD_CHANGES_MAX } from './propose.js';
import { Role } from './ready.js';
import { Cluster, testInitial, testMessage } from './testing/cluster.js';

const { APPEND, APPEND_RESPONSE, HEARTBEAT, HEARTBEAT_RESPONSE, PRE_VOTE, TIMEOUT_NOW, VOTE } =
  MessageType;
const { ADD_LEARNER, ADD_VOTER, REMOVE } = ConfChangeType;

function change(
  c: Cluster,
  slot: number,
  changes: SlotChange[],
  transition: ConfChangeTransition = ConfChangeTransition.AUTO,
) {
  const wire = changes.map(({ type, slot: id }) => ({ type, id: BigInt(id) }));
  const data = encodeConfChange({ transition, changes: wire, context: new Uint8Array(0) });
  return c.at(slot).node.proposeConfChange(data, { transition, changes });
}

describe('3.10 leadership transfer', () => {
  test('the prior leader stops accepting new client requests', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.at(1).node.transferLeader(2);
    expect(c.propose(1, 'x')).toEqual({ ok: false, code: 'transferring' });
  });

  test("it updates the target's log to match its own, then sends a TimeoutNow request", () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.cut = (m) => m.to === 2;
    c.propose(1, 'x');
    c.settle();
    c.cut = () => false;
    c.at(1).node.transferLeader(2);
    expect(c.ready(1).some((m) => m.type === TIMEOUT_NOW)).toBe(false);
    c.tick(2);
    expect([c.leader(), c.at(2).data]).toEqual([2, ['x']]);
  });

  test('the target starts an election at once, and no lease of the old leader hinders it', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.at(1).node.transferLeader(3);
    c.settle();
    expect([c.leader(), c.at(3).node.term]).toEqual([3, 3]);
    expect(c.at(1).node.leader).toBe(3);
  });

  test('if it does not complete after about an election timeout, the prior leader goes on', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.cut = (m) => m.type === TIMEOUT_NOW;
    c.at(1).node.transferLeader(3);
    c.tick(11);
    expect(c.propose(1, 'x').ok).toBe(true);
  });
});

describe('4 membership changes', () => {
  const index1 = (voters: number[]) => ({
    ...testInitial(voters),
    cut: { index: 1, term: 1, confState: testInitial(voters).confState },
    applied: 1,
  });

  test('a new configuration begins to replicate to the server it adds', () => {
    const c = new Cluster([index1([1]), testInitial([])]);
    c.elect(1);
    expect(change(c, 1, [{ type: ADD_VOTER, slot: 2 }]).ok).toBe(true);
    while (c.at(1).node.hasReady() || c.at(1).appends.length > 0) {
      c.ready(1);
      while (c.at(1).appends.length > 0) c.at(1).doAppend();
      while (c.at(1).batches.length > 0) c.at(1).doApply();
    }
    const peers = c
      .at(1)
      .node.status()
      .progress.map((p) => p.slot);
    expect(peers).toEqual([1, 2]);
  });

  test('no change begins before the one before it has committed, and been applied', () => {
    const c = Cluster.of(3);
    c.elect(1);
    expect(change(c, 1, [{ type: REMOVE, slot: 3 }]).ok).toBe(true);
    const second = change(c, 1, [{ type: REMOVE, slot: 2 }]);
    expect(second).toEqual({ ok: false, code: 'conf-change-pending' });
    c.settle();
    expect(change(c, 1, [{ type: REMOVE, slot: 2 }]).ok).toBe(true);
  });

  test('changes that followers send on while one is under way have their turn, in order', () => {
    const c = Cluster.of(5);
    c.elect(1);
    expect(change(c, 1, [{ type: ADD_LEARNER, slot: 6 }]).ok).toBe(true);
    for (const slot of [2, 3]) change(c, slot, [{ type: REMOVE, slot: slot + 2 }]);
    // No time passes: each takes its turn when the one before is applied.
    c.settle();
    const status = c.at(1).node.status();
    expect([status.confState.voters, status.confState.learners]).toEqual([[1, 2, 3], [6]]);
  });

  test('what a leader holds for followers is bounded, and goes with its leadership', () => {
    const c = Cluster.of(3, { preVote: false, checkQuorum: false });
    c.elect(1);
    c.cut = (m) => m.type === APPEND;
    expect(change(c, 1, [{ type: ADD_LEARNER, slot: 4 }]).ok).toBe(true);
    for (let slot = 5; slot < 5 + HELD_CHANGES_MAX + 1; slot++) {
      change(c, 2, [{ type: ADD_LEARNER, slot }]);
    }
    c.settle();
    const dropped = c.events.filter(({ event }) => event.kind === 'proposal-dropped');
    const event = { kind: 'proposal-dropped', from: 2, code: 'conf-change-pending' };
    expect(dropped).toEqual([{ slot: 1, event }]);
    c.cut = (m) => m.to === 1 || m.from === 1;
    c.elect(2);
    c.cut = () => false;
    c.tick(2);
    expect(c.at(1).node.leader).toBe(2);
    expect(c.at(2).node.status().confState.learners).toEqual([]);
  });

  test('a leader begins no change before it has committed an entry of its own term (2015 bug)', () => {
    const c = Cluster.of(3);
    c.cut = (m) => m.type === APPEND;
    c.elect(1);
    const early = change(c, 1, [{ type: REMOVE, slot: 3 }]);
    expect(early).toEqual({ ok: false, code: 'conf-change-pending' });
    c.cut = () => false;
    c.tick();
    expect(change(c, 1, [{ type: REMOVE, slot: 3 }]).ok).toBe(true);
  });

  test('a change that is truncated was never in force (it acts when applied)', () => {
    const c = Cluster.of(3, { preVote: false, checkQuorum: false });
    c.elect(1);
    c.cut = () => true;
    change(c, 1, [{ type: REMOVE, slot: 3 }]);
    c.settle();
    expect(c.at(1).node.status().confState.voters).toEqual([1, 2, 3]);
    c.cut = (m) => m.to === 1 || m.from === 1;
    c.elect(2);
    c.cut = () => false;
    c.tick(2);
    expect(c.at(1).node.status().confState.voters).toEqual([1, 2, 3]);
    expect(c.at(1).entries.map((e) => e.term)).toEqual([2, 3]);
  });

  test('new servers join as non-voting members, which count for nothing (4.2.1)', () => {
    const c = new Cluster([1, 2, 3].map(() => testInitial([1, 2], [], 1, [3])));
    c.elect(1);
    c.cut = (m) => m.from === 2 || m.to === 2;
    c.propose(1, 'x');
    c.settle();
    expect([c.at(1).node.commit, c.at(3).node.lastIndex]).toEqual([1, 2]);
  });

  test('a leader that removed itself steps down once the entry is committed (4.2.2)', () => {
    const c = Cluster.of(3);
    c.elect(1);
    change(c, 1, [{ type: REMOVE, slot: 1 }]);
    c.settle();
    expect(c.at(1).node.role).toBe(Role.FOLLOWER);
    c.tick(25);
    expect([2, 3]).toContain(c.leader());
    expect(c.at(1).node.role).toBe(Role.FOLLOWER);
  });

  test('a server that hears from a leader within the minimum timeout grants no vote (4.2.3)', () => {
    const c = Cluster.of(3, { preVote: false });
    c.elect(1);
    c.at(2).step(testMessage(VOTE, 3, 2, 9, { index: 99, logTerm: 9 }));
    expect([c.at(2).node.term, c.ready(2)]).toEqual([2, []]);
    c.at(2).step(testMessage(VOTE, 3, 2, 9, { index: 99, logTerm: 9, context: 1 }));
    expect(c.at(2).node.term).toBe(9);
  });

  test('agreement needs separate majorities from both old and new configurations (4.3)', () => {
    const c = new Cluster([1, 2, 3, 4, 5].map(() => testInitial([1, 2, 3])));
    c.elect(1);
    const changes = [
      { type: REMOVE, slot: 2 },
      { type: REMOVE, slot: 3 },
      { type: ADD_VOTER, slot: 4 },
      { type: ADD_VOTER, slot: 5 },
    ];
    change(c, 1, changes, ConfChangeTransition.JOINT_EXPLICIT);
    c.settle();
    const before = c.at(1).node.commit;
    c.cut = (m) => m.to === 4 || m.to === 5;
    c.propose(1, 'x');
    c.settle();
    expect(c.at(1).node.commit).toBe(before);
    c.cut = (m) => m.to === 2 || m.to === 3;
    c.tick(2);
    expect(c.at(1).node.commit).toBe(before + 1);
  });

  test.each([0, 1, 2])(
    'whoever leads leaves a joint configuration (leader lost in phase %d)',
    (phase) => {
      const c = new Cluster([1, 2, 3, 4].map(() => testInitial([1, 2, 3])));
      c.elect(1);
      const demote = [
        { type: ADD_LEARNER, slot: 3 },
        { type: ADD_VOTER, slot: 4 },
      ];
      change(c, 1, demote, ConfChangeTransition.JOINT_AUTO_LEAVE);
      // Phase 0: nothing has left the leader; 1: the change is out; 2: it is committed and applied.
      if (phase > 0) {
        for (const m of c.ready(1)) c.at(m.to).step(m);
        if (phase > 1) {
          c.cut = (m) => m.type === APPEND && m.entries.some((e) => e.index === 3);
          c.settle();
        }
      }
      c.at(1).crash();
      c.cut = () => false;
      c.network = [];
      c.tick(60);
      const leader = c.leader();
      expect([2, 3, 4]).toContain(leader);
      const { voters, votersOutgoing } = c.at(leader).node.status().confState;
      c.at(1).restart(9);
      c.tick(30);
      const end = c.at(c.leader()).node.status().confState;
      if (phase === 0) expect(voters).toEqual([1, 2, 3]);
      expect(phase === 0 ? votersOutgoing : end.votersOutgoing).toEqual([]);
      if (phase > 0)
        expect(end).toMatchObject({ voters: [1, 2, 4], learners: [3], autoLeave: false });
    },
  );
});

describe('6.4 read-only queries', () => {
  test('the leader waits until it has committed an entry of its current term', () => {
    const c = Cluster.of(3);
    c.cut = (m) => m.type === APPEND;
    c.elect(1);
    expect(c.at(1).node.readIndex(1)).toBe(true);
    c.tick(2);
    expect(c.at(1).reads).toEqual([]);
    c.cut = () => false;
    c.tick(2);
    expect(c.at(1).reads).toEqual([{ context: 1, index: 1 }]);
  });

  test('it needs a round of heartbeats acknowledged by a majority after the read has come', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.at(1).node.readIndex(1);
    expect(c.ready(1).map((m) => [m.type, m.context])).toEqual([
      [HEARTBEAT, 1],
      [HEARTBEAT, 1],
    ]);
    // An answer to a context that was never sent, and one to an older, confirm nothing.
    for (const context of [0, 7]) {
      c.at(1).step(testMessage(HEARTBEAT_RESPONSE, 2, 1, 2, { context }));
      c.at(1).step(testMessage(APPEND_RESPONSE, 2, 1, 2, { index: 1 }));
    }
    c.ready(1);
    expect(c.at(1).reads).toEqual([]);
    c.at(1).step(testMessage(HEARTBEAT_RESPONSE, 2, 1, 2, { context: 1 }));
    c.ready(1);
    expect(c.at(1).reads).toEqual([{ context: 1, index: 1 }]);
  });

  test('one round of heartbeats serves any number of reads', () => {
    const c = Cluster.of(3);
    c.elect(1);
    for (let n = 1; n <= 50; n++) c.at(1).node.readIndex(n);
    expect(c.ready(1).length).toBe(2);
    c.at(1).node.readIndex(51);
    c.settle();
    c.tick();
    expect(c.at(1).reads.map((r) => r.context)).toContain(51);
  });

  test('followers ask the leader for a read index; a lost question is given up in time', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.propose(1, 'x');
    c.settle();
    c.at(3).node.readIndex(5);
    c.settle();
    expect(c.at(3).reads).toEqual([{ context: 5, index: 2 }]);
    c.cut = (m) => m.type === MessageType.READ_INDEX;
    c.at(3).node.readIndex(6);
    c.tick(11);
    expect([c.at(3).reads.length, c.at(3).readsDropped]).toEqual([1, [6]]);
  });

  test('an answer meant for a member before its restart fits none of its questions after', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.at(3).node.readIndex(1);
    const [asked] = c.ready(3);
    c.at(3).crash();
    c.at(3).restart(77);
    c.tick(1);
    c.propose(1, 'x');
    c.settle();
    c.at(3).node.readIndex(1);
    c.ready(3);
    const late = { index: 1, context: asked?.context ?? 0 };
    c.at(3).step(testMessage(MessageType.READ_INDEX_RESPONSE, 1, 3, 2, late));
    c.ready(3);
    expect(c.at(3).reads).toEqual([]);
  });
});

describe('9.6 preventing disruptions when a server rejoins', () => {
  test('a candidate only increments its term after it learns that a majority would vote for it', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.cut = (m) => m.to === 3 || m.from === 3;
    c.tick(100);
    expect([c.at(3).node.role, c.at(3).node.term]).toEqual([Role.PRE_CANDIDATE, 2]);
    c.cut = () => false;
    c.tick(5);
    expect([c.leader(), c.at(3).node.term, c.at(3).node.leader]).toEqual([1, 2, 1]);
  });

  test('a pre-vote changes nothing durable at the one who grants it', () => {
    const c = Cluster.of(3);
    c.at(2).step(testMessage(PRE_VOTE, 1, 2, 2));
    const [answer] = c.ready(2);
    expect(answer).toMatchObject({ type: MessageType.PRE_VOTE_RESPONSE, reject: false, term: 2 });
    expect([c.at(2).appends.length, c.at(2).node.term, c.at(2).node.status().vote]).toEqual([
      0, 1, 0,
    ]);
  });
});
