/** How entries enter the log: at the leader, or sent on to it (thesis 3.5, 6.2). */
import { assert, assertLe } from '@conclave/base';
import { type Entry, EntryType, type RaftMessage } from '@conclave/wire';
import { PROPOSAL_ENTRIES_MAX } from './config.js';
import { appendAsLeader } from './election.js';
import { appendConfChange, confChangePending } from './membership.js';
import { proposeMessage } from './message.js';
import type { Raft } from './raft.js';
import { type ProposedEntry, type ProposeResult, Role } from './ready.js';

/** All entries or none. `leavesJoint` is for the one change there may be. */
export function propose(
  r: Raft,
  entries: readonly ProposedEntry[],
  leavesJoint: boolean,
): ProposeResult {
  assertLe(1, entries.length, 'propose: something');
  assertLe(entries.length, PROPOSAL_ENTRIES_MAX, 'propose: PROPOSAL_ENTRIES_MAX');
  if (r.role === Role.LEADER) return proposeAsLeader(r, entries, leavesJoint);
  if (r.leader === 0 || r.config.disableProposalForwarding) return NO_LEADER;
  const forwarded: Entry[] = [];
  for (const { type, data } of entries) forwarded.push({ term: 0, index: 0, type, data });
  r.send(proposeMessage(r.leader, r.slot, r.term, forwarded));
  return { ok: true, index: 0 };
}

const NO_LEADER: ProposeResult = Object.freeze({ ok: false, code: 'no-leader' });

function proposeAsLeader(
  r: Raft,
  entries: readonly ProposedEntry[],
  leavesJoint: boolean,
): ProposeResult {
  if (r.tracker.get(r.slot) === undefined) return { ok: false, code: 'removed' };
  if (r.leadTransferee !== 0) return { ok: false, code: 'transferring' };
  let bytes = 0;
  let changes = 0;
  for (const entry of entries) {
    bytes += entry.data.length;
    if (entry.type === EntryType.CONF_CHANGE) changes++;
  }
  // One large proposal is let in when nothing else waits; empty ones always are.
  const tooMany = r.uncommittedBytes + bytes > r.config.uncommittedBytesMax;
  if (bytes > 0 && r.uncommittedBytes > 0 && tooMany)
    return { ok: false, code: 'uncommitted-limit' };
  if (changes > 1 || (changes === 1 && confChangePending(r, leavesJoint))) {
    return { ok: false, code: 'conf-change-pending' };
  }
  const index = r.log.lastIndex + 1;
  for (const { type, data } of entries) {
    if (type === EntryType.CONF_CHANGE) appendConfChange(r, data);
    else appendAsLeader(r, type, data);
  }
  return { ok: true, index };
}

/** Changes of the configuration that a leader holds for followers; more are dropped. */
export const HELD_CHANGES_MAX = 64;
/** Bytes they hold together; one alone is always held. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;

/**
 * A follower sent a proposal on to us. What cannot be taken is dropped: nobody waits for it here. A change
 * of the configuration behind another one is held until it has its turn: the follower cannot know
 * when that is, so who asked there would wait for nothing.
 */
export function proposeForwarded(r: Raft, m: RaftMessage): void {
  if (m.entries.length === 0 || m.entries.length > PROPOSAL_ENTRIES_MAX) {
    r.emit({ kind: 'message-ignored', type: m.type, from: m.from, reason: 'malformed' });
    return;
  }
  // Only the entry that leaves a joint configuration is empty.
  const leaves = m.entries.some((e) => e.type === EntryType.CONF_CHANGE && e.data.length === 0);
  const result = proposeAsLeader(r, m.entries, leaves);
  if (result.ok) return;
  if (result.code === 'conf-change-pending' && m.entries.length === 1 && !leaves) {
    if (hold(r, (m.entries[0] as Entry).data)) return;
  }
  r.emit({ kind: 'proposal-dropped', from: m.from, code: result.code });
}

/** False: there is no room. */
function hold(r: Raft, data: Uint8Array): boolean {
  let bytes = data.length;
  for (const held of r.heldChanges) bytes += held.length;
  if (r.heldChanges.length >= HELD_CHANGES_MAX) return false;
  if (r.heldChanges.length > 0 && bytes > HELD_BYTES_MAX) return false;
  r.heldChanges.push(data);
  return true;
}

/** The change that has waited longest, if its turn has come; on a leader. */
export function proposeHeld(r: Raft): void {
  const data = r.heldChanges[0];
  if (data === undefined) return;
  assert(r.role === Role.LEADER, 'only a leader holds changes');
  const result = proposeAsLeader(r, [{ type: EntryType.CONF_CHANGE, data }], false);
  if (result.ok) r.heldChanges.shift();
}
