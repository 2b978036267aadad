/** Edges of single rules of a node that whole clusters hardly ever show. */
import { MessageType, type RaftMessage } from '@conclave/wire';
import type { RaftEvent } from './event.js';
import { entryBytes } from './raft-log.js';
import { RawNode } from './raw-node.js';
import { Role } from './ready.js';
import { Cluster, testConfig, testEntry, testInitial, testMessage } from './testing/cluster.js';

const { APPEND, APPEND_RESPONSE, HEARTBEAT, PRE_VOTE, PRE_VOTE_RESPONSE } = MessageType;
const { READ_INDEX_RESPONSE, SNAPSHOT, VOTE, VOTE_RESPONSE } = MessageType;

interface Lone {
  readonly node: RawNode;
  readonly events: RaftEvent[];
  /** Carries out one Ready with an instant disk; what is sent. */
  turn(): RaftMessage[];
}

function lone(initial = testInitial([1, 2, 3]), changes = {}): Lone {
  const events: RaftEvent[] = [];
  const node = new RawNode(testConfig(1, changes), initial, { event: (e) => events.push(e) });
  const turn = (): RaftMessage[] => {
    const out: RaftMessage[] = [];
    while (node.hasReady()) {
      const { messages, append } = node.ready();
      out.push(...messages);
      if (append === null) continue;
      out.push(...append.messages);
      node.appendDone(append.sequence);
    }
    return out;
  };
  return { node, events, turn };
}

describe('what no correct peer sends is ignored', () => {
  const bad: [string, Partial<RaftMessage>][] = [];
  for (const field of ['index', 'logTerm', 'commit', 'rejectHint', 'context', 'term'] as const) {
    for (const value of [-1, 0.5, Number.NaN, 2 ** 53]) bad.push([field, { [field]: value }]);
  }
  const entries = (...list: [number, number][]): Partial<RaftMessage> => ({
    entries: list.map(([term, index]) => testEntry(term, index)),
  });
  bad.push(['entries that do not follow', entries([1, 2])]);
  bad.push(['entries with a gap', entries([1, 1], [1, 3])]);
  bad.push(['entries of falling terms', entries([2, 1], [1, 2])]);
  bad.push(['entries below the previous term', { logTerm: 2, index: 4, ...entries([1, 5]) }]);
  bad.push(['entries of a term to come', entries([3, 1])]);
  bad.push(['a previous entry of a term to come', { logTerm: 3, index: 1 }]);
  bad.push(['from nobody', { from: 0 }]);
  bad.push(['from itself', { from: 1 }]);

  test.each(bad)('%s %j', (_name, fields) => {
    const { node, events, turn } = lone();
    node.step(testMessage(APPEND, 2, 1, 2, fields));
    expect(events.map((e) => e.kind)).toEqual(['message-ignored']);
    expect([node.term, turn()]).toEqual([1, []]);
  });

  test('numbers of 0 are numbers', () => {
    const { node, events, turn } = lone();
    node.step(testMessage(APPEND, 2, 1, 1, entries([1, 1])));
    expect(events.filter((e) => e.kind === 'message-ignored')).toEqual([]);
    expect(turn()).toEqual([testMessage(APPEND_RESPONSE, 1, 2, 1, { index: 1 })]);
  });
});

describe('election timeouts', () => {
  /** How many ticks each of many members waits until the event comes. */
  function waits(prepare: (l: Lone) => void): Set<number> {
    const found = new Set<number>();
    for (let seed = 1; seed <= 400; seed++) {
      const l = lone(testInitial([1, 2, 3]), { seed, electionTicks: 4 });
      prepare(l);
      l.turn();
      l.events.length = 0;
      let ticks = 0;
      while (!l.events.some((e) => e.kind === 'role' && e.role === Role.PRE_CANDIDATE)) {
        l.node.tick();
        l.turn();
        if (++ticks > 20) throw new Error(`seed ${seed}: no campaign`);
      }
      found.add(ticks);
    }
    return found;
  }
  const all = [4, 5, 6, 7];

  test.each<[string, (l: Lone) => void]>([
    ['a start', () => {}],
    ['a campaign that nobody answers', ({ node }) => node.campaign()],
    ['a heartbeat', ({ node }) => node.step(testMessage(HEARTBEAT, 2, 1, 1))],
    ['a new term', ({ node }) => node.step(testMessage(HEARTBEAT, 2, 1, 9))],
    ['a vote given', ({ node }) => node.step(testMessage(VOTE, 2, 1, 9))],
  ])('lie in [n, 2n) after %s', (_name, prepare) => {
    expect([...waits(prepare)].sort()).toEqual(all);
  });
});

describe('votes', () => {
  test('a vote in the present term is refused, not ignored, while a leader is alive', () => {
    const { node, events, turn } = lone();
    node.step(testMessage(HEARTBEAT, 2, 1, 1));
    turn();
    events.length = 0;
    node.step(testMessage(VOTE, 3, 1, 1));
    expect(events.map((e) => e.kind)).toEqual(['vote-cast']);
    expect(turn()).toEqual([testMessage(VOTE_RESPONSE, 1, 3, 1, { reject: true })]);
  });

  test('a pre-vote in the present term is answered when nobody leads, ignored when somebody does', () => {
    const { node, events, turn } = lone();
    node.step(testMessage(PRE_VOTE, 3, 1, 1));
    expect(turn().map((m) => m.type)).toEqual([PRE_VOTE_RESPONSE]);
    node.step(testMessage(HEARTBEAT, 2, 1, 1));
    turn();
    events.length = 0;
    node.step(testMessage(PRE_VOTE, 3, 1, 1));
    expect(events.map((e) => e.kind)).toEqual(['vote-ignored']);
    expect(turn()).toEqual([]);
  });

  test('a grant of another term than the one asked for counts for nothing', () => {
    const { node, events, turn } = lone();
    node.campaign();
    expect(turn().map((m) => m.term)).toEqual([2, 2]);
    for (const term of [3, 9]) node.step(testMessage(PRE_VOTE_RESPONSE, 2, 1, term));
    expect([node.role, node.term]).toEqual([Role.PRE_CANDIDATE, 1]);
    expect(events.filter((e) => e.kind === 'message-ignored')).toHaveLength(2);
    node.step(testMessage(PRE_VOTE_RESPONSE, 2, 1, 2));
    expect([node.role, node.term]).toEqual([Role.CANDIDATE, 2]);
  });
});

describe('a Ready', () => {
  test('shares one frozen list for everything that is empty', () => {
    const { node } = lone();
    node.step(testMessage(HEARTBEAT, 2, 1, 1));
    const first = node.ready();
    const empty = [first.readStates, first.readsDropped, first.entriesRequests];
    for (const list of [...empty, first.snapshotsToSend]) {
      expect(list).toHaveLength(0);
      expect(Object.isFrozen(list)).toBe(true);
    }
    expect(first.messages).toHaveLength(1);
    expect(Object.isFrozen(node.ready().messages)).toBe(true);
    expect(node.hasReady()).toBe(false);
  });
});

describe('a snapshot', () => {
  const confState = testInitial([1, 2, 3]).confState;
  const wire = { ...confState, voters: [1n, 2n, 3n], learners: [], votersOutgoing: [] };
  const meta = { index: 7, term: 1, confState };
  const announced = testMessage(SNAPSHOT, 2, 1, 1, {
    snapshot: { index: 7, term: 1, confState: { ...wire, learnersNext: [] } },
  });

  test('that is installed when nobody leads is acknowledged to nobody', () => {
    const { node, turn } = lone();
    node.step(announced, meta);
    turn();
    node.forgetLeader();
    node.snapshotInstalled(meta);
    expect(turn()).toEqual([]);
    expect([node.lastIndex, node.commit, node.applied]).toEqual([7, 7, 7]);
  });

  test('that is installed while its leader leads is acknowledged to it', () => {
    const { node, turn } = lone();
    node.step(announced, meta);
    turn();
    node.snapshotInstalled(meta);
    expect(turn()).toEqual([testMessage(APPEND_RESPONSE, 1, 2, 1, { index: 7 })]);
  });

  test('that brings what is there already only moves the commit index', () => {
    const { node, events, turn } = lone(testInitial([1, 2, 3], [1, 1, 1, 1, 1, 1, 1, 1]));
    node.step(announced, meta);
    expect(turn()).toEqual([testMessage(APPEND_RESPONSE, 1, 2, 1, { index: 7 })]);
    expect(events.map((e) => (e.kind === 'snapshot' ? e.step : ''))).toEqual(['skipped']);
    expect([node.lastIndex, node.commit, node.applied]).toEqual([8, 7, 0]);
  });
});

describe('windows and reads', () => {
  test.each([
    [0, 2],
    [1, 3],
  ])('a window of two entries and %i bytes takes %i messages', (more, expected) => {
    const size = entryBytes(testEntry(1, 1)) - 4;
    const c = Cluster.of(2, { inflightBytesMax: 2 * (size + 1) + more, messageBytesMax: 1 });
    c.elect(1);
    for (const text of ['a', 'b', 'c', 'd']) c.propose(1, text);
    const sent = c.ready(1).filter((m) => m.type === APPEND && m.entries.length > 0);
    expect(sent).toHaveLength(expected);
  });

  test('a read under the number 0 is forwarded and answered', () => {
    const { node, turn } = lone();
    node.step(testMessage(HEARTBEAT, 2, 1, 1));
    turn();
    expect(node.readIndex(0)).toBe(true);
    const [asked] = turn();
    node.step(testMessage(READ_INDEX_RESPONSE, 2, 1, 1, { context: asked?.context ?? 0 }));
    expect(node.ready().readStates).toEqual([{ context: 0, index: 0 }]);
  });

  test('a forwarded read waits for its answer an election timeout, not less', () => {
    const { node, turn } = lone(testInitial([1, 2, 3]), { electionTicks: 10 });
    node.step(testMessage(HEARTBEAT, 2, 1, 1));
    turn();
    node.readIndex(7);
    turn();
    for (let n = 0; n < 9; n++) {
      node.tick();
      node.step(testMessage(HEARTBEAT, 2, 1, 1));
      expect(node.ready().readsDropped).toEqual([]);
    }
    node.tick();
    expect(node.ready().readsDropped).toEqual([7]);
  });
});
