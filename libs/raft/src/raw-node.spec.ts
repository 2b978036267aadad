import { EntryType, type Entry, type RaftMessage } from '@conclave/wire';
import { RawNode } from './raw-node.js';
import type { RaftConfig, RaftInitialState, Slot } from './ready.js';

function config(slot: Slot): RaftConfig {
  return {
    slot,
    electionTicks: 10,
    heartbeatTicks: 1,
    preVote: true,
    checkQuorum: true,
    messageBytesMax: 1 << 20,
    inflightMessagesMax: 16,
    inflightBytesMax: 1 << 20,
    uncommittedBytesMax: 1 << 20,
    committedBytesMax: 1 << 20,
    cacheBytesMax: 1 << 20,
    diskStallTicks: 0,
    disableProposalForwarding: false,
    stepDownOnRemoval: true,
    seed: slot,
  };
}

function born(voters: readonly Slot[]): RaftInitialState {
  const confState = {
    voters,
    learners: [],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  };
  return {
    hardState: { term: 1, vote: 0, commit: 0 },
    cut: { index: 0, term: 0, confState },
    confState,
    applied: 0,
    entries: [],
  };
}

/** Handles every Ready with an instant disk and network, until nothing is left to do. */
function settle(nodes: ReadonlyMap<Slot, RawNode>): Map<Slot, Entry[]> {
  const applied = new Map<Slot, Entry[]>();
  for (let busy = true; busy;) {
    busy = false;
    for (const [slot, node] of nodes) {
      while (node.hasReady()) {
        busy = true;
        const ready = node.ready();
        const out: RaftMessage[] = [...ready.messages];
        if (ready.append !== null) {
          out.push(...ready.append.messages);
          node.appendDone(ready.append.sequence);
        }
        for (const m of out) nodes.get(m.to)?.step(m);
        const last = ready.committed.at(-1);
        if (last !== undefined) {
          applied.set(slot, [...(applied.get(slot) ?? []), ...ready.committed]);
          node.appliedTo(last.index);
        }
      }
    }
  }
  return applied;
}

const data = (text: string) => ({ type: EntryType.NORMAL, data: new TextEncoder().encode(text) });

describe('RawNode', () => {
  test('a single node elects itself and applies what it commits', () => {
    const node = new RawNode(config(1), born([1]));
    node.campaign();
    settle(new Map([[1, node]]));
    expect(node.isLeader).toBe(true);
    expect(node.term).toBe(2);
    expect(node.propose([data('a'), data('b')])).toEqual({ ok: true, index: 2 });
    const applied = settle(new Map([[1, node]]));
    expect(applied.get(1)?.map((e) => e.index)).toEqual([2, 3]);
  });

  test('three nodes elect one and apply the same entries, whoever proposes', () => {
    const nodes = new Map([1, 2, 3].map((s) => [s, new RawNode(config(s), born([1, 2, 3]))]));
    nodes.get(1)!.campaign();
    settle(nodes);
    expect([...nodes.values()].map((n) => n.leader)).toEqual([1, 1, 1]);
    nodes.get(1)!.propose([data('a')]);
    nodes.get(3)!.propose([data('b')]);
    const applied = settle(nodes);
    for (const slot of [1, 2, 3]) expect(applied.get(slot)?.map((e) => e.index)).toEqual([2, 3]);
  });
});
