/**
 * Changes of membership (thesis 4). A change takes effect when its entry is applied, on every member
 * alike, so a configuration in force is always a committed one and truncation never takes it back.
 * The price: no change is proposed before the one before is applied by the leader, and a node with a
 * committed change it has not applied does not campaign.
 */
import { assert } from '@conclave/base';
import { EntryType } from '@conclave/wire';
import { changeConf, isJoint, type SlotConfChange } from './conf-change.js';
import { maybeCommit } from './commit.js';
import { appendAsLeader, becomeFollower } from './election.js';
import { answerReads } from './reads.js';
import type { Raft } from './raft.js';
import { Role, type SlotConfState } from './ready.js';
import { broadcastAppend } from './replication.js';
import { abortTransfer, handOver } from './transfer.js';

/** Why a leader does not take a change now; null if it does. `leaving`: it leaves the joint config. */
export function confChangePending(r: Raft, leaving: boolean): boolean {
  if (r.config.confChangeValidation === false) return false;
  if (r.pendingConfIndex > r.log.applied) return true;
  return isJoint(r.tracker.confState) !== leaving;
}

/** Adds a configuration change to a leader's log. */
export function appendConfChange(r: Raft, data: Uint8Array): void {
  r.pendingConfIndex = appendAsLeader(r, EntryType.CONF_CHANGE, data).index;
}

/** A committed change takes effect. The replica has checked it with `RawNode.checkConfChange`. */
export function applyConfChange(r: Raft, change: SlotConfChange): SlotConfState {
  const result = changeConf(r.tracker.confState, change);
  assert(result.ok, 'applyConfChange: a change that the configuration admits');
  r.confChangesHandled++;
  // A newcomer starts at the last entry, so that there is something to probe it with at once.
  r.tracker.change(result.confState, Math.max(1, r.log.lastIndex));
  r.emit({ kind: 'conf-changed', index: r.log.applying });
  confChanged(r);
  return result.confState;
}

/** What a new configuration means for the role we are in. */
function confChanged(r: Raft): void {
  const voter = r.tracker.isVoter(r.slot);
  if (r.role === Role.CANDIDATE || r.role === Role.PRE_CANDIDATE) {
    if (!voter) becomeFollower(r, r.term, 0);
    return;
  }
  if (r.role !== Role.LEADER) return;
  if (!r.tracker.isVoter(r.leadTransferee)) abortTransfer(r);
  if (!voter && r.config.stepDownOnRemoval) {
    // Those who stay learn the commit index first, then who is to follow.
    broadcastAppend(r);
    handOver(r);
    becomeFollower(r, r.term, 0);
    return;
  }
  // A smaller quorum may have committed more already; new members are probed at once.
  maybeCommit(r);
  answerReads(r);
  r.broadcastPending = true;
}

/** A leader leaves a joint configuration by itself, whoever entered it, if it was told to. */
export function maybeLeaveJoint(r: Raft): void {
  if (r.role !== Role.LEADER || !r.tracker.confState.autoLeave) return;
  if (r.log.applied < r.pendingConfIndex) return;
  appendConfChange(r, LEAVE_JOINT);
}

const LEAVE_JOINT = new Uint8Array(0);
