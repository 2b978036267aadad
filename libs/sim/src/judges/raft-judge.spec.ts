/** Each rule of the judge is shown one history that breaks it, and the same one unbroken. */
import {
  type Append,
  EMPTY_CONF_STATE,
  type RawNode,
  type SlotConfState,
  type SlotHardState,
} from '@conclave/raft';
import { type Entry, EntryType, MessageType, type RaftMessage } from '@conclave/wire';
import { encodeCommand } from '../command.js';
import { Oracle } from './oracle.js';
import { type Judged, RaftJudge } from './raft-judge.js';
import { EMPTY_CHAIN, chainOf } from './shadow-log.js';

const THREE: SlotConfState = { ...EMPTY_CONF_STATE, voters: [1, 2, 3] };

interface Face {
  term: number;
  commit: number;
  applied: number;
  isLeader: boolean;
  lastIndex: number;
}

/** A world of three members as the judge sees it: what they do is said by the test. */
class Stage {
  readonly oracle = new Oracle(2, 2, THREE);
  readonly judge = new RaftJudge(this.oracle, 4);
  readonly faces: Face[] = [];
  #sequence = 0;

  constructor() {
    for (let slot = 0; slot <= 4; slot++) {
      this.faces.push({ term: 1, commit: 0, applied: 0, isLeader: false, lastIndex: 0 });
      if (slot > 0) this.judge.born(slot, { term: 1, vote: 0, commit: 0 });
    }
  }

  member(slot: number, confState = THREE): Judged {
    return { slot, node: this.faces[slot] as unknown as RawNode, confState };
  }

  write(slot: number, entries: Entry[], hardState: SlotHardState | null = null): Append {
    const append = { sequence: ++this.#sequence, hardState, entries, messages: [] };
    this.judge.emitted(this.member(slot), append);
    const last = entries[entries.length - 1];
    if (last !== undefined) (this.faces[slot] as Face).lastIndex = last.index;
    return append;
  }

  durable(slot: number, entries: Entry[], hardState: SlotHardState | null = null): void {
    this.judge.persisted(slot, this.write(slot, entries, hardState));
  }

  see(slot: number, face: Partial<Face>): void {
    Object.assign(this.faces[slot] as Face, face);
    this.judge.observe(this.member(slot));
  }

  elect(slot: number, term: number): void {
    this.judge.elected(slot, term);
    this.see(slot, { term, isLeader: true });
  }

  send(slot: number, message: Partial<RaftMessage>): void {
    const base = { from: slot, to: 1, term: 1, index: 0, reject: false, entries: [] };
    this.judge.sent(this.member(slot), { ...base, ...message } as unknown as RaftMessage);
  }
}

function entry(index: number, term: number, value = index): Entry {
  const command = { op: 1 as const, client: 0, sequence: index, key: 0, value, expected: 0 };
  return { index, term, type: EntryType.NORMAL, data: encodeCommand(command, 0) };
}

function change(index: number, term: number): Entry {
  return { index, term, type: EntryType.CONF_CHANGE, data: new Uint8Array(3) };
}

/** Leader 1 of term 2 with two entries on itself and member 2, both committed. */
function committed(): Stage {
  const stage = new Stage();
  stage.elect(1, 2);
  for (const slot of [1, 2]) stage.durable(slot, [entry(1, 2), entry(2, 2)]);
  stage.see(1, { commit: 2 });
  return stage;
}

describe('the judge of raft', () => {
  test('accepts a plain history', () => {
    const stage = committed();
    stage.see(2, { term: 2, commit: 2 });
    stage.durable(3, [entry(1, 2)], { term: 2, vote: 1, commit: 0 });
    stage.send(3, { type: MessageType.APPEND_RESPONSE, term: 2, index: 1 });
    const hash = stage.oracle.hashes[1] as number;
    stage.judge.applied(2, entry(1, 2), hash);
    expect(stage.oracle.commit).toBe(2);
  });

  test('I1: two leaders in one term', () => {
    const stage = committed();
    expect(() => stage.judge.elected(2, 2)).toThrow(/^I1: 1 and 2 both lead/);
  });

  test('I1: two votes of one member in one term, also over a restart', () => {
    const stage = new Stage();
    stage.durable(3, [], { term: 5, vote: 1, commit: 0 });
    stage.judge.recovered(3, { term: 5, vote: 1, commit: 0 }, 0, []);
    expect(() => stage.durable(3, [], { term: 5, vote: 2, commit: 0 })).toThrow(/^I1: member 3/);
  });

  test('I2: term, commit and applied index never fall', () => {
    for (const field of ['term', 'commit', 'applied'] as const) {
      const stage = committed();
      stage.see(1, { applied: 1 });
      const before = stage.faces[1] as Face;
      const rule = field === 'term' ? { term: 1, isLeader: false } : { [field]: before[field] - 1 };
      expect(() => stage.see(1, rule)).toThrow(/^I2: /);
    }
  });

  test('I3: the same index and term with another content', () => {
    const stage = committed();
    expect(() => stage.write(3, [entry(1, 2, 99)])).toThrow(/^I3: member 3: other log/);
  });

  test('I3: a gap in the log', () => {
    expect(() => new Stage().write(3, [entry(2, 2)])).toThrow(/^I3: member 3 leaves a gap/);
  });

  test('I4 and I12: a leader that lacks what an earlier one committed', () => {
    expect(() => committed().elect(3, 3)).toThrow(/^I4: leader 3/);
    const stage = committed();
    stage.judge.acknowledged = 2;
    expect(() => stage.elect(3, 3)).toThrow(/^I12: leader 3/);
  });

  test('a leader of an earlier term need not have what a later one committed', () => {
    const stage = new Stage();
    stage.elect(1, 5);
    for (const slot of [1, 2]) stage.durable(slot, [entry(1, 5)]);
    stage.see(1, { commit: 1 });
    expect(() => stage.elect(3, 4)).not.toThrow();
  });

  test('I5: another entry committed, or applied', () => {
    const stage = committed();
    stage.durable(3, [entry(1, 3, 7)]);
    expect(() => stage.see(3, { term: 3, commit: 1 })).toThrow(/^I5: member 3/);
    const hash = stage.oracle.hashes[1] as number;
    expect(() => stage.judge.applied(2, entry(1, 3, 7), hash)).toThrow(/^I5: member 2 applies/);
  });

  test('I6: a leader replaces an entry of its own log', () => {
    const stage = new Stage();
    stage.elect(1, 2);
    stage.durable(1, [entry(1, 2), entry(2, 2)]);
    expect(() => stage.write(1, [entry(2, 2)])).toThrow(/^I6: leader 1/);
  });

  test('I7: committed and not durable on a quorum, of both halves when joint', () => {
    const stage = new Stage();
    stage.elect(1, 2);
    stage.durable(1, [entry(1, 2)]);
    expect(() => stage.see(1, { commit: 1 })).toThrow(/^I7: leader 1 commits 1/);
    const joint = new Stage();
    joint.elect(1, 2);
    for (const slot of [1, 2]) joint.durable(slot, [entry(1, 2)]);
    (joint.faces[1] as Face).commit = 1;
    const conf = { ...THREE, votersOutgoing: [1, 3, 4] };
    expect(() => joint.judge.observe(joint.member(1, conf))).toThrow(/^I7: leader 1 commits 1/);
  });

  test('I7: a follower commits what no leader committed', () => {
    const stage = new Stage();
    for (const slot of [1, 2, 3]) stage.durable(slot, [entry(1, 2)]);
    expect(() => stage.see(3, { term: 2, commit: 1 })).toThrow(/^I7: member 3 commits 1/);
  });

  test('I8: votes and acknowledgements before they are durable', () => {
    const vote = { type: MessageType.VOTE_RESPONSE, term: 4, to: 2 };
    const stage = new Stage();
    const write = stage.write(3, [], { term: 4, vote: 2, commit: 0 });
    expect(() => stage.send(3, vote)).toThrow(/^I8: member 3 answers with a vote/);
    stage.judge.persisted(3, write);
    expect(() => stage.send(3, vote)).not.toThrow();
    const early = new Stage();
    early.write(3, [entry(1, 1)]);
    const acknowledgement = { type: MessageType.APPEND_RESPONSE, index: 1 };
    expect(() => early.send(3, acknowledgement)).toThrow(/^I8: member 3 acknowledges 1/);
    const candidate = { type: MessageType.VOTE, term: 9 };
    expect(() => new Stage().send(2, candidate)).toThrow(/^I8: member 2 asks for votes/);
  });

  test('I8: what was durable in an earlier term may be acknowledged in it, and no more', () => {
    const stage = new Stage();
    stage.durable(3, [entry(1, 1), entry(2, 1)], { term: 1, vote: 0, commit: 0 });
    // The disk has gone on to a log of a later term before the process heard of the first write.
    stage.durable(3, [entry(1, 2)], { term: 2, vote: 0, commit: 0 });
    const acknowledgement = { type: MessageType.APPEND_RESPONSE, term: 1, index: 2 };
    expect(() => stage.send(3, acknowledgement)).not.toThrow();
    expect(() => stage.send(3, { ...acknowledgement, index: 3 })).toThrow(/^I8: member 3/);
    expect(() => stage.send(3, { ...acknowledgement, term: 2 })).toThrow(/^I8: member 3/);
  });

  test('I8: a log comes back with less than was durable, or with more than was written', () => {
    const hardState = { term: 1, vote: 0, commit: 0 };
    const less = new Stage();
    less.durable(3, [entry(1, 1), entry(2, 1)]);
    expect(() => less.judge.recovered(3, hardState, 1, [entry(1, 1)])).toThrow(/^I8: member 3/);
    const more = new Stage();
    expect(() => more.judge.recovered(3, hardState, 1, [entry(1, 1)])).toThrow(/^I8: member 3/);
  });

  test('a log may come back with any first part of the writes that were under way', () => {
    const hardState = { term: 1, vote: 0, commit: 0 };
    for (const kept of [0, 1, 2]) {
      const stage = new Stage();
      const log = [entry(1, 1), entry(2, 1)];
      for (const e of log) stage.write(3, [e]);
      const back = log.slice(0, kept);
      expect(() => stage.judge.recovered(3, hardState, kept, back)).not.toThrow();
    }
  });

  test('I3: a damaged log gives back an entry that nobody ever wrote', () => {
    const hardState = { term: 1, vote: 0, commit: 0 };
    const stage = new Stage();
    stage.durable(3, [entry(1, 1), entry(2, 1)]);
    const whole = (entries: Entry[]): boolean =>
      stage.judge.isWhole(3, hardState, entries.length, entries);
    expect(whole([entry(1, 1), entry(2, 1)])).toBe(true);
    expect(whole([entry(1, 1)])).toBe(false);
    expect(() => whole([entry(1, 1), entry(2, 1, 99)])).toThrow(/^I3: member 3 came back/);
    const older = { ...hardState, term: 0 };
    expect(stage.judge.isWhole(3, older, 2, [entry(1, 1), entry(2, 1)])).toBe(false);
  });

  test('I9: a committed entry is replaced', () => {
    const stage = committed();
    stage.see(2, { term: 2, commit: 2 });
    expect(() => stage.write(2, [entry(2, 3)])).toThrow(/^I9: member 2 replaces 2/);
  });

  test('I10: two changes in a log, neither committed', () => {
    const stage = new Stage();
    stage.elect(1, 2);
    stage.write(1, [change(1, 2)]);
    expect(() => stage.write(1, [change(2, 2)])).toThrow(/^I10: member 1/);
  });

  test('I10: configurations whose quorums need not meet, or that differ between members', () => {
    const stage = new Stage();
    const other = { ...EMPTY_CONF_STATE, voters: [1, 4] };
    expect(() => stage.judge.confChanged(1, 5, THREE, other)).toThrow(/^I10: quorums/);
    const grown = { ...EMPTY_CONF_STATE, voters: [1, 2, 3, 4] };
    stage.judge.confChanged(1, 6, THREE, grown);
    expect(() => stage.judge.confChanged(2, 6, THREE, THREE)).toThrow(/^I10: member 2/);
  });

  test('I11: an acknowledged entry is not the one of its leader', () => {
    const stage = new Stage();
    stage.elect(1, 2);
    stage.durable(1, [entry(1, 2)]);
    stage.durable(3, [entry(1, 1, 7)], { term: 2, vote: 0, commit: 0 });
    const acknowledgement = { type: MessageType.APPEND_RESPONSE, term: 2, index: 1 };
    expect(() => stage.send(3, acknowledgement)).toThrow(/^I11: member 3 acknowledges 1/);
  });

  test('I14: the same entry leads to another state', () => {
    const stage = committed();
    expect(() => stage.judge.applied(2, entry(1, 2), 4711)).toThrow(/^I14: member 2/);
  });

  test('I26: a leader sends to one that is no member', () => {
    const heartbeat = { type: MessageType.HEARTBEAT, to: 4 };
    expect(() => new Stage().send(1, heartbeat)).toThrow(/^I26: leader 1 sends to 4/);
  });

  test('a chain tells content, order and length apart', () => {
    const one = chainOf(EMPTY_CHAIN, entry(1, 1));
    expect(one).not.toBe(chainOf(EMPTY_CHAIN, entry(1, 1, 2)));
    expect(one).not.toBe(chainOf(EMPTY_CHAIN, entry(1, 2)));
    expect(chainOf(one, entry(2, 1))).not.toBe(chainOf(EMPTY_CHAIN, entry(2, 1)));
  });
});
