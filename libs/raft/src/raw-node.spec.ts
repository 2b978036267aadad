import { NUMBER_MAX } from '@conclave/base';
import {
  ConfChangeType,
  encodeConfChange,
  type Entry,
  EntryType,
  MessageType,
  type RaftMessage,
} from '@conclave/wire';
import { RawNode } from './raw-node.js';
import { Role } from './ready.js';
import { toWire } from './testing/member.js';
import { Cluster, testConfig, testEntry, testInitial, testMessage } from './testing/cluster.js';

const { APPEND, APPEND_RESPONSE, HEARTBEAT, HEARTBEAT_RESPONSE } = MessageType;

describe('a single node', () => {
  test('elects itself and applies what it commits', () => {
    const c = Cluster.of(1);
    c.elect(1);
    expect(c.at(1).node.term).toBe(2);
    expect(c.propose(1, 'a', 'b')).toEqual({ ok: true, index: 2 });
    c.settle();
    expect(c.at(1).data).toEqual(['a', 'b']);
  });
});

describe('birth', () => {
  /** Three founders as committed changes to an empty configuration; a newcomer has nothing. */
  function founded(): Cluster {
    const empty = testInitial([]);
    const entries = [1, 2, 3].map((slot): Entry => {
      const changes = [{ type: ConfChangeType.ADD_VOTER, id: BigInt(slot) }];
      const data = encodeConfChange({ transition: 0, changes, context: new Uint8Array(0) });
      return { term: 1, index: slot, type: EntryType.CONF_CHANGE, data };
    });
    const founder = { ...empty, hardState: { term: 1, vote: 0, commit: 3 }, entries };
    return new Cluster([
      founder,
      founder,
      founder,
      { ...empty, hardState: { ...empty.hardState, term: 0 } },
    ]);
  }

  test('founders wait until they have applied who they are, then elect in term 2', () => {
    const c = founded();
    c.at(1).node.campaign();
    expect(c.at(1).node.role).toBe(Role.FOLLOWER);
    c.settle();
    c.elect(1);
    expect([c.at(1).node.term, c.at(1).node.lastIndex]).toEqual([2, 4]);
  });

  test('a newcomer replays the founders from the log and ends in the configuration of all', () => {
    const c = founded();
    c.settle();
    c.elect(1);
    const changes = [{ type: ConfChangeType.ADD_VOTER, slot: 4 }];
    const wire = [{ type: ConfChangeType.ADD_VOTER, id: 4n }];
    const data = encodeConfChange({ transition: 0, changes: wire, context: new Uint8Array(0) });
    c.at(1).node.proposeConfChange(data, { transition: 0, changes });
    c.tick(3);
    expect(c.at(4).confState.voters).toEqual([1, 2, 3, 4]);
  });
});

describe('a stalled disk', () => {
  test('a leader whose own append is not durable within diskStallTicks steps down and names another', () => {
    const c = Cluster.of(3, { diskStallTicks: 4 });
    c.elect(1);
    c.propose(1, 'x');
    // Everything works but the leader's disk.
    for (let n = 0; n < 4; n++) {
      expect(c.at(1).node.isLeader).toBe(true);
      c.at(1).node.tick();
      for (const m of c.ready(1)) c.at(m.to).step(m);
      for (const slot of [2, 3]) {
        c.ready(slot);
        while (c.at(slot).appends.length > 0) c.at(slot).doAppend();
        for (const m of c.network.splice(0)) if (m.to === 1) c.at(1).step(m);
      }
    }
    expect([c.at(1).node.role, c.at(1).node.leader]).toEqual([Role.FOLLOWER, 0]);
    expect(c.ready(1).filter((m) => m.type === MessageType.TIMEOUT_NOW).length).toBeLessThanOrEqual(
      1,
    );
  });

  test('and does not campaign before its disk is well again', () => {
    const c = Cluster.of(3, { diskStallTicks: 4 });
    c.at(1).step(testMessage(APPEND, 2, 1, 1, { entries: [testEntry(1, 1)] }));
    c.ready(1);
    for (let n = 0; n < 60; n++) c.at(1).node.tick();
    expect([c.at(1).node.role, c.at(1).node.term]).toEqual([Role.FOLLOWER, 1]);
    c.at(1).doAppend();
    for (let n = 0; n < 20; n++) c.at(1).node.tick();
    expect(c.at(1).node.role).toBe(Role.PRE_CANDIDATE);
  });

  test('the bound counts from when an entry arose, though no Ready was ever taken', () => {
    const c = Cluster.of(1, { diskStallTicks: 4 });
    c.elect(1);
    c.propose(1, 'x');
    for (let n = 0; n < 4; n++) c.at(1).node.tick();
    expect(c.at(1).node.isLeader).toBe(false);
  });
});

describe('what a peer sends is checked and ignored, never asserted', () => {
  const gap: Entry[] = [testEntry(1, 2), testEntry(1, 4)];
  const falling: Entry[] = [testEntry(3, 2), testEntry(2, 3)];
  test.each<[string, Partial<RaftMessage>]>([
    ['a gap in the entries', { index: 1, logTerm: 1, entries: gap }],
    ['entries that begin elsewhere', { index: 1, logTerm: 1, entries: [testEntry(1, 9)] }],
    ['falling terms', { index: 1, logTerm: 1, entries: falling }],
    ['entries of a later term', { index: 1, logTerm: 1, entries: [testEntry(9, 2)] }],
    ['a term of 2^53', { term: NUMBER_MAX + 1 }],
    ['the last term there is', { term: NUMBER_MAX }],
    ['a term that is no number', { term: NaN }],
    ['a negative index', { index: -1 }],
    ['a fraction', { commit: 1.5 }],
    ['no sender', { from: 0 }],
    ['ourselves as sender', { from: 1 }],
    ['an unknown type', { type: 99 as MessageType }],
  ])('%s', (_what, fields) => {
    const c = new Cluster([testInitial([1, 2, 3], [1], 3)]);
    const before = c.at(1).node.status();
    c.at(1).step(testMessage(APPEND, 2, 1, 3, fields));
    const after = c.at(1).node.status();
    expect(after).toEqual({ ...before, leader: after.leader });
  });

  test('an acknowledgement beyond the log, a snapshot without a meta, a response from a stranger', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.at(1).step(testMessage(APPEND_RESPONSE, 2, 1, 2, { index: 99 }));
    c.at(1).step(testMessage(APPEND_RESPONSE, 9, 1, 2, { index: 1 }));
    c.at(2).step(testMessage(MessageType.SNAPSHOT, 1, 2, 2));
    c.settle();
    expect([c.leader(), c.at(1).node.commit]).toEqual([1, 1]);
    const reasons = c.events.flatMap(({ event: e }) =>
      e.kind === 'message-ignored' ? [e.reason] : [],
    );
    expect(reasons).toEqual(expect.arrayContaining(['malformed', 'unknown-sender']));
  });

  test('a snapshot whose configuration does not name the receiver is not installed', () => {
    const c = Cluster.of(3);
    const { confState } = testInitial([1, 2]);
    const meta = toWire({ index: 9, term: 1, confState });
    c.at(3).step(testMessage(MessageType.SNAPSHOT, 1, 3, 1, { snapshot: meta }));
    c.ready(3);
    expect(c.at(3).installing).toBeNull();
  });

  test('a second leader of one term is not followed', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.at(2).step(
      testMessage(APPEND, 3, 2, 2, { index: 1, logTerm: 2, entries: [testEntry(2, 2)] }),
    );
    expect([c.at(2).node.leader, c.at(2).node.lastIndex]).toEqual([1, 1]);
  });
});

describe('bounds', () => {
  test('a partitioned leader refuses proposals early and its log stays small', () => {
    const c = Cluster.of(3, { uncommittedBytesMax: 1000, checkQuorum: false });
    c.elect(1);
    c.cut = (m) => m.from === 1 || m.to === 1;
    let taken = 0;
    for (let n = 0; n < 10_000; n++) if (c.propose(1, 'x'.repeat(100)).ok) taken++;
    c.settle();
    expect(taken).toBe(10);
    expect(c.at(1).node.lastIndex).toBe(11);
  });

  test('reads that wait are bounded, and all are dropped when the lead is lost', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.cut = () => true;
    let taken = 0;
    for (let n = 1; n <= 10_050; n++) if (c.at(1).node.readIndex(n)) taken++;
    expect(taken).toBe(10_000);
    c.tick(25);
    expect(c.leader()).toBe(0);
    expect(c.at(1).readsDropped.length).toBe(10_000);
  });

  test('committed entries are given out in pages, and no more than can be swallowed', () => {
    const c = Cluster.of(1, { committedBytesMax: 100 });
    c.elect(1);
    for (let n = 0; n < 20; n++) c.propose(1, `v${n}`);
    c.ready(1);
    while (c.at(1).appends.length > 0) c.at(1).doAppend();
    c.ready(1);
    expect(c.at(1).batches.map((b) => b.length)).toEqual([2, 2, 2]);
    c.settle();
    expect(c.at(1).data.length).toBe(20);
  });

  test('a slow state machine does not fill the memory: what it has not applied is read back', () => {
    const c = Cluster.of(1, { committedBytesMax: 100, cacheBytesMax: 0 });
    c.elect(1);
    const reads: number[] = [];
    const node = c.at(1).node;
    const read = node.entriesRead.bind(node);
    node.entriesRead = (id, entries) => {
      reads.push(entries.length);
      read(id, entries);
    };
    for (let n = 0; n < 100; n++) {
      c.propose(1, `v${n}`);
      c.ready(1);
      while (c.at(1).appends.length > 0) c.at(1).doAppend();
    }
    c.settle();
    expect(c.at(1).data.length).toBe(100);
    expect(reads.length).toBeGreaterThan(5);
  });
});

describe('one-way partitions', () => {
  /** All six directed links of three members, cut by the bits of `mask`. */
  const links = [1, 2, 3].flatMap((a) =>
    [1, 2, 3].filter((b) => b !== a).map((b) => [a, b] as const),
  );
  const open = (mask: number, a: number, b: number) =>
    (mask & (1 << links.findIndex(([x, y]) => x === a && y === b))) === 0;
  const pairs = [
    [1, 2],
    [1, 3],
    [2, 3],
  ] as const;

  test('under every one of 64 masks terms stay quiet, and after it there is a leader and a commit', () => {
    for (let mask = 0; mask < 64; mask++) {
      const c = Cluster.of(3);
      c.elect(1);
      c.cut = (m) => !open(mask, m.from, m.to);
      c.tick(120);
      const term = Math.max(...[1, 2, 3].map((slot) => c.at(slot).node.term));
      // At most one new term an election timeout.
      expect(term).toBeLessThanOrEqual(2 + 12);
      // A member linked both ways with both others and with a whole log can always lead.
      const hub = [1, 2, 3].some((h) =>
        pairs.every(([a, b]) => (a !== h && b !== h) || (open(mask, a, b) && open(mask, b, a))),
      );
      const before = c.at(1).node.commit;
      if (hub) expect({ mask, leader: c.leader() > 0 }).toEqual({ mask, leader: true });
      c.cut = () => false;
      c.tick(60);
      c.propose(c.leader(), 'x');
      c.settle();
      expect(c.at(c.leader()).node.commit).toBeGreaterThan(before);
    }
  });
});

describe('a member that starts again from its log', () => {
  /** Everything up to 3 is applied; entry 4 is not committed. `from`: the first one in memory. */
  function restarted(from: number): RawNode {
    const initial = testInitial([1, 2], [1, 1, 1, 1]);
    const entries = initial.entries.slice(from - 1);
    const hardState = { term: 1, vote: 0, commit: 3 };
    return new RawNode(testConfig(1), { ...initial, hardState, applied: 3, entries });
  }

  test('tells with a refused vote how far it is committed, if it was given the applied entry', () => {
    const told = [3, 4].map((from) => {
      const node = restarted(from);
      node.step(testMessage(MessageType.PRE_VOTE, 2, 1, 2, { index: 3, logTerm: 1 }));
      const [answer] = node.ready().messages;
      return { reject: answer?.reject, commit: answer?.commit };
    });
    expect(told).toEqual([
      { reject: true, commit: 3 },
      { reject: true, commit: 0 },
    ]);
  });
});

describe('a silent leader', () => {
  const hears = (node: RawNode): void => {
    node.step(testMessage(HEARTBEAT, 2, 1, 1));
    expect(node.leader).toBe(2);
  };

  test('is not named any more by a learner, which cannot campaign, after two timeouts', () => {
    const node = new RawNode(testConfig(1), testInitial([2, 3], [], 1, [1]));
    hears(node);
    for (let i = 0; i < 20; i++) node.tick();
    expect([node.role, node.leader]).toEqual([Role.FOLLOWER, 0]);
    hears(node);
  });

  test('is not named any more by a follower that may not campaign because its disk hangs', () => {
    const node = new RawNode(testConfig(1, { diskStallTicks: 5 }), testInitial([1, 2, 3]));
    hears(node);
    const entries = [testEntry(1, 1)];
    node.step(testMessage(APPEND, 2, 1, 1, { entries }));
    while (node.hasReady()) node.ready();
    for (let i = 0; i < 20; i++) node.tick();
    expect([node.role, node.leader]).toEqual([Role.FOLLOWER, 0]);
  });
});

describe('outputs', () => {
  test('a Ready is given once, and what it holds is never changed after', () => {
    const node = new RawNode(testConfig(1), testInitial([1, 2, 3]));
    node.campaign();
    const ready = node.ready();
    expect(ready.messages.length).toBe(2);
    const before = JSON.stringify(ready);
    expect(node.hasReady()).toBe(false);
    node.step(testMessage(MessageType.PRE_VOTE_RESPONSE, 2, 1, 2));
    node.ready();
    expect(JSON.stringify(ready)).toBe(before);
  });

  test('the same entry object is in the log, in messages and in the hands of apply', () => {
    const c = Cluster.of(1);
    c.elect(1);
    const data = new Uint8Array([1, 2, 3]);
    c.at(1).node.propose([{ type: EntryType.NORMAL, data }]);
    c.ready(1);
    expect(c.at(1).appends.at(-1)?.entries.at(-1)?.data).toBe(data);
  });

  test('a restarted leader is elected again at once by those who still follow it', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.at(1).crash();
    c.at(1).restart(5);
    c.elect(1);
    expect(c.at(1).node.term).toBe(3);
  });

  test('a leader counts only messages that it received for CheckQuorum', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.cut = (m) => m.to === 1;
    c.tick(9);
    expect(c.at(1).node.isLeader).toBe(true);
    c.tick(11);
    expect(c.at(1).node.isLeader).toBe(false);
    expect(c.events.some(({ event }) => event.kind === 'quorum-lost')).toBe(true);
  });

  test('a heartbeat tells each peer no more than it is known to have', () => {
    const c = Cluster.of(3);
    c.elect(1);
    c.cut = (m) => m.to === 3;
    c.propose(1, 'x');
    c.settle();
    c.at(1).node.tick();
    const beats = c.ready(1).filter((m) => m.type === HEARTBEAT);
    expect(beats.map((m) => [m.to, m.commit])).toEqual([
      [2, 2],
      [3, 1],
    ]);
    c.at(1).step(testMessage(HEARTBEAT_RESPONSE, 3, 1, 2));
    expect(c.ready(1).map((m) => [m.to, m.type, m.index])).toEqual([[3, APPEND, 2]]);
  });
});
