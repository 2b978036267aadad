/** What a leader does for peers whose entries it no longer holds: reads from disk, snapshots. */
import { MessageType } from '@conclave/wire';
import { testEntry, testInitial, testMessage } from './testing/cluster.js';
import { Lone } from './testing/lone.js';
import { toWire } from './testing/member.js';

const { APPEND_RESPONSE, HEARTBEAT, HEARTBEAT_RESPONSE } = MessageType;

const progress = (l: Lone, slot: number) => l.node.status().progress.find((p) => p.slot === slot);

describe('a peer whose entries are not in memory', () => {
  /** A leader with entries 1 to 5 on disk, of which it holds the last in memory; term 1. */
  function lagging(): Lone {
    const initial = testInitial([1, 2, 3]);
    const l = new Lone({
      ...initial,
      hardState: { term: 1, vote: 0, commit: 4 },
      applied: 4,
      entries: [testEntry(1, 5)],
    });
    l.lead(2, 3);
    l.hear(APPEND_RESPONSE, 2, { index: 5, reject: true, rejectHint: 1, logTerm: 1 });
    l.turn();
    return l;
  }

  test('waits for a read that begins with the entry before', () => {
    const l = lagging();
    expect(l.requests).toEqual([{ id: 1, lo: 1, hi: 5, bytesMax: 1 << 20 }]);
    l.hear(HEARTBEAT_RESPONSE, 2);
    expect(l.turn()).toEqual([]);
    l.node.entriesRead(
      1,
      [1, 2, 3, 4].map((index) => testEntry(1, index)),
    );
    const [sent, ...rest] = l.turn();
    expect([sent?.to, sent?.index, sent?.logTerm, sent?.commit, rest]).toEqual([2, 1, 1, 4, []]);
    expect(sent?.entries.map((e) => e.index)).toEqual([2, 3, 4]);
  });

  test('with a full window gets nothing of a read that only told the term before', () => {
    const l = new Lone(
      {
        ...testInitial([1, 2, 3]),
        hardState: { term: 1, vote: 0, commit: 4 },
        applied: 4,
        entries: [testEntry(1, 5)],
      },
      { inflightMessagesMax: 1, messageBytesMax: 1 },
    );
    l.lead(2, 3);
    l.hear(APPEND_RESPONSE, 2, { index: 1 });
    l.turn();
    l.node.entriesRead(l.requests.at(-1)?.id ?? 0, [testEntry(1, 1), testEntry(1, 2)]);
    expect(l.turn().map((m) => m.entries.map((e) => e.index))).toEqual([[2]]);
    expect(progress(l, 2)?.next).toBe(3);
    l.hear(HEARTBEAT_RESPONSE, 2);
    l.turn();
    expect(l.requests.at(-1)?.lo).toBe(2);
    l.node.entriesRead(l.requests.at(-1)?.id ?? 0, [testEntry(1, 2), testEntry(1, 3)]);
    expect(l.turn().flatMap((m) => m.entries)).toEqual([]);
    expect(progress(l, 2)?.next).toBe(3);
  });

  test('tries again at the next heartbeat when a read brings nothing, or what was not asked for', () => {
    for (const wrong of [[], [testEntry(1, 3)]]) {
      const l = lagging();
      l.node.entriesRead(1, wrong);
      expect([l.turn(), l.requests.length]).toEqual([[], 1]);
      l.hear(HEARTBEAT_RESPONSE, 2);
      l.turn();
      expect(l.requests.map((r) => [r.id, r.lo, r.hi])).toEqual([
        [1, 1, 5],
        [2, 1, 5],
      ]);
    }
  });

  test('gets a snapshot at once when the log was cut while it was read', () => {
    const l = lagging();
    l.node.logCut(4, 1);
    l.node.entriesRead(1, []);
    l.turn();
    expect([l.wantSnapshot, progress(l, 2)?.state]).toEqual([[2], 'snapshot']);
  });

  test('gets nothing of an answer that came too late, or to another question', () => {
    const l = lagging();
    l.node.entriesRead(2, [testEntry(1, 1), testEntry(1, 2)]);
    expect(l.turn()).toEqual([]);
    l.hear(HEARTBEAT, 3, {}, 3);
    l.turn();
    l.node.entriesRead(1, [testEntry(1, 1), testEntry(1, 2)]);
    expect(l.turn()).toEqual([]);
  });
});

describe('a snapshot for a peer', () => {
  const { confState } = testInitial([1, 2, 3]);
  const meta = { index: 4, term: 1, confState };
  const wire = toWire(meta);

  /** A leader whose log begins behind 4; slot 2 has less, slot 3 was not heard of. */
  function needed(): Lone {
    const l = new Lone({
      ...testInitial([1, 2, 3]),
      hardState: { term: 1, vote: 0, commit: 4 },
      cut: meta,
      applied: 4,
      entries: [testEntry(1, 5)],
    });
    l.lead(2, 3);
    l.hear(APPEND_RESPONSE, 2, { index: 5, reject: true, rejectHint: 1, logTerm: 1 });
    l.turn();
    l.events.length = 0;
    return l;
  }

  test('is announced with its meta, once an election timeout', () => {
    const l = needed();
    expect(l.wantSnapshot).toEqual([2]);
    l.hear(HEARTBEAT_RESPONSE, 2);
    expect(l.turn()).toEqual([]);
    expect([l.node.sendSnapshot(3, wire), l.node.sendSnapshot(2, wire)]).toEqual([false, true]);
    const announcement = testMessage(MessageType.SNAPSHOT, 1, 2, 2, { snapshot: wire });
    expect(l.turn()).toEqual([announcement]);
    for (const round of [1, 2]) {
      for (let n = 1; n <= 9; n++) {
        l.tick();
        l.turn();
        l.hear(HEARTBEAT_RESPONSE, 2);
        expect({ round, n, sent: l.turn() }).toEqual({ round, n, sent: [] });
      }
      l.tick();
      l.turn();
      l.hear(HEARTBEAT_RESPONSE, 2);
      expect(l.turn()).toEqual([announcement]);
    }
  });

  test.each([
    [true, 5],
    [false, 1],
  ])('reported as sent (%s) is followed by a probe at %i, at the next contact', (ok, next) => {
    const l = needed();
    l.node.sendSnapshot(2, wire);
    l.turn();
    l.node.reportSnapshot(2, ok);
    expect(l.turn()).toEqual([]);
    expect([progress(l, 2)?.state, progress(l, 2)?.next]).toEqual(['probe', next]);
    l.hear(HEARTBEAT_RESPONSE, 2);
    const sent = l.turn();
    if (ok) expect([sent[0]?.index, sent[0]?.entries.length]).toEqual([4, 2]);
    else expect(l.wantSnapshot).toEqual([2, 2]);
  });

  test('is not wanted for a peer that was not heard of for an election timeout', () => {
    const l = new Lone(testInitial([1, 2, 3]));
    l.lead(2, 3);
    for (const from of [2, 3]) l.hear(APPEND_RESPONSE, from, { index: 1 });
    l.propose('a');
    l.turn();
    l.hear(APPEND_RESPONSE, 3, { index: 2 });
    l.turn();
    l.node.appliedTo(2);
    l.node.logCut(2, 2);
    l.tick(10);
    l.hear(HEARTBEAT_RESPONSE, 3);
    l.turn();
    l.node.reportUnreachable(2);
    l.propose('b');
    l.turn();
    expect([l.wantSnapshot, progress(l, 2)?.state]).toEqual([[], 'probe']);
    l.hear(HEARTBEAT_RESPONSE, 2);
    l.turn();
    expect([l.wantSnapshot, progress(l, 2)?.state]).toEqual([[2], 'snapshot']);
  });

  test('of which nothing is known is not reported, nor for a peer that needs none', () => {
    const l = needed();
    const before = l.node.status().progress;
    for (const slot of [3, 9]) l.node.reportSnapshot(slot, true);
    expect(l.node.status().progress).toEqual(before);
  });

  test.each([
    [3, 'snapshot'],
    [4, 'replicate'],
  ])('a peer that acknowledges %i is then in state %s', (index, state) => {
    const l = needed();
    l.node.sendSnapshot(2, { ...wire, index: 5 });
    l.turn();
    l.hear(APPEND_RESPONSE, 2, { index });
    expect(progress(l, 2)?.state).toBe(state);
  });
});
