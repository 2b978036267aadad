/**
 * A few members with instant disks for tests of one rule at a time: messages wait in a list, and are
 * delivered by `settle` unless `cut` says they are lost.
 */
import { encodeUtf8 } from '@conclave/base';
import { type Entry, EntryType, type MessageType, type RaftMessage } from '@conclave/wire';
import type { RaftEvent } from '../event.js';
import { plainMessage } from '../message.js';
import type { RaftConfig, RaftInitialState, Slot } from '../ready.js';
import { Member } from './member.js';

export function testConfig(slot: Slot, changes: Partial<RaftConfig> = {}): RaftConfig {
  return {
    slot,
    electionTicks: 10,
    heartbeatTicks: 1,
    preVote: true,
    checkQuorum: true,
    messageBytesMax: 1 << 20,
    inflightMessagesMax: 256,
    inflightBytesMax: 1 << 24,
    uncommittedBytesMax: 1 << 24,
    committedBytesMax: 1 << 20,
    cacheBytesMax: 1 << 20,
    diskStallTicks: 1000,
    disableProposalForwarding: false,
    stepDownOnRemoval: true,
    seed: slot,
    ...changes,
  };
}

/** A log entry of `term` at `index` with a text that tells both. */
export function testEntry(term: number, index: number): Entry {
  return { term, index, type: EntryType.NORMAL, data: encodeUtf8(`t${term}i${index}`) };
}

/** `terms`: of the entries 1, 2, ... that the member has on disk. */
export function testInitial(
  voters: readonly Slot[],
  terms: readonly number[] = [],
  term = 1,
  learners: readonly Slot[] = [],
): RaftInitialState {
  const confState = { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
  return {
    hardState: { term, vote: 0, commit: 0 },
    cut: { index: 0, term: 0, confState },
    confState,
    applied: 0,
    entries: terms.map((t, at) => testEntry(t, at + 1)),
  };
}

/** A message of any type with the fields that matter. */
export function testMessage(
  type: MessageType,
  from: Slot,
  to: Slot,
  term: number,
  fields: Partial<RaftMessage> = {},
): RaftMessage {
  return { ...plainMessage(type, to, from, term, 0), ...fields };
}

export class Cluster {
  readonly members = new Map<Slot, Member>();
  readonly events: { slot: Slot; event: RaftEvent }[] = [];
  network: RaftMessage[] = [];
  /** Messages it answers true for are lost. */
  cut: (m: RaftMessage) => boolean = () => false;

  constructor(initials: readonly RaftInitialState[], changes: Partial<RaftConfig> = {}) {
    initials.forEach((initial, at) => {
      const slot = at + 1;
      const member = new Member(testConfig(slot, changes), initial, [], {
        send: (m) => void this.network.push(m),
        event: (from, event) => void this.events.push({ slot: from, event }),
        applied: () => {},
        images: new Map(),
      });
      this.members.set(slot, member);
    });
  }

  static of(count: number, changes: Partial<RaftConfig> = {}): Cluster {
    const voters = Array.from({ length: count }, (_, at) => at + 1);
    return new Cluster(
      voters.map(() => testInitial(voters)),
      changes,
    );
  }

  at(slot: Slot): Member {
    const member = this.members.get(slot);
    if (member === undefined) throw new Error(`no member ${slot}`);
    return member;
  }

  /** Everything happens that can, disks included, until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 1000; round++) {
      let busy = false;
      for (const member of this.members.values()) {
        if (!member.alive) continue;
        while (member.node.hasReady()) {
          busy = true;
          member.takeReady();
        }
        while (member.appends.length > 0) member.doAppend();
        while (member.batches.length > 0) member.doApply();
        busy ||= member.node.hasReady();
      }
      for (const m of this.network.splice(0)) {
        busy = true;
        const to = this.members.get(m.to);
        if (to?.alive && !this.cut(m)) to.step(m);
      }
      if (!busy) return;
    }
    throw new Error('settle: no end in sight');
  }

  tick(count = 1): void {
    for (let n = 0; n < count; n++) {
      for (const member of this.members.values()) if (member.alive) member.node.tick();
      this.settle();
    }
  }

  elect(slot: Slot): void {
    this.at(slot).node.campaign();
    this.settle();
    if (!this.at(slot).node.isLeader) throw new Error(`${slot} was not elected`);
  }

  propose(slot: Slot, ...texts: string[]): ReturnType<Member['node']['propose']> {
    const entries = texts.map((text) => ({ type: EntryType.NORMAL, data: encodeUtf8(text) }));
    return this.at(slot).node.propose(entries);
  }

  leader(): Slot {
    for (const [slot, { node, alive }] of this.members) if (alive && node.isLeader) return slot;
    return 0;
  }

  /** Takes a Ready of one member without making anything durable; its messages, by type. */
  ready(slot: Slot): RaftMessage[] {
    const before = this.network.length;
    const member = this.at(slot);
    while (member.node.hasReady()) member.takeReady();
    return this.network.splice(before);
  }
}
