import { assert, assertLe } from '@conclave/base';
import type { DurableLog } from '@conclave/log';
import type { RaftConfig, RaftInitialState } from '@conclave/raft';
import type { Machine } from '@conclave/statemachine';
import type { Entry } from '@conclave/wire';
import type { ReplicaOptions } from './options.js';
import type { SlotTable } from './slot-table.js';

const MIB = 1024 * 1024;
/** How much of the log is read into memory at start, from the end. */
const LOADED_BYTES_MAX = 64 * MIB;

/** Raft's bounds. The soft ones may differ between members; none changes bytes or apply. */
export function raftConfig(options: ReplicaOptions, slots: SlotTable): RaftConfig {
  return {
    slot: slots.slotOf(options.memberId),
    electionTicks: options.electionTicks,
    heartbeatTicks: 1,
    preVote: options.preVote,
    checkQuorum: true,
    messageBytesMax: MIB,
    inflightMessagesMax: 256,
    inflightBytesMax: 16 * MIB,
    uncommittedBytesMax: 64 * MIB,
    committedBytesMax: 4 * MIB,
    cacheBytesMax: 32 * MIB,
    diskStallTicks: 0,
    disableProposalForwarding: false,
    stepDownOnRemoval: true,
    seed: options.seed,
  };
}

/**
 * Raft's beginning from what log and state hold. The state is as of its last flush, the log goes on
 * behind it.
 *
 * Invariant: cut <= applied <= last; nothing between cut and last is missing.
 */
export function initialRaftState(
  log: DurableLog,
  machine: Machine,
  slots: SlotTable,
): RaftInitialState {
  const applied = machine.appliedIndex;
  assertLe(log.cut.index, applied, 'the log begins at or before what is applied');
  assertLe(applied, log.lastIndex, 'the log reaches what is applied');
  const { hardState } = log;
  return {
    hardState: {
      term: hardState.term,
      vote: slots.slotOf(hardState.vote),
      // A commit index is stored with the next write only; what is applied was committed.
      commit: Math.max(hardState.commit, applied),
    },
    cut: {
      index: log.cut.index,
      term: log.cut.term,
      confState: slots.toSlots(log.cut.confState),
    },
    confState: slots.toSlots(machine.confState),
    applied,
    // Right behind an installed snapshot the log is empty: it ends at its cut.
    entries: loadEntries(log, Math.max(log.firstIndex, Math.min(applied, log.lastIndex))),
  };
}

/**
 * The applied entry, everything behind it, and the last entry in any case, which tells raft where the
 * log ends. The term of the applied one is needed: whoever refuses a vote says how far it knows the log
 * to be committed, and without the term cannot. The rest stays on disk until a follower asks for it.
 */
function loadEntries(log: DurableLog, from: number): Entry[] {
  const entries: Entry[] = [];
  for (let at = from; at <= log.lastIndex;) {
    const part = log.readSync(at, log.lastIndex + 1, LOADED_BYTES_MAX);
    assert(part.length > 0, 'the log gives one entry at least');
    for (const entry of part) entries.push(entry);
    at += part.length;
  }
  return entries;
}
