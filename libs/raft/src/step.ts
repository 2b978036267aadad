/**
 * A message arrives: what every role does alike (thesis figure 3.1, "rules for servers"): terms
 * first, votes, then the role's own rules. What a peer sends is checked and ignored if it makes no
 * sense, never asserted.
 */
import { NUMBER_MAX, unreachable } from '@conclave/base';
import { MessageType, type RaftMessage } from '@conclave/wire';
import { answerVote, becomeFollower, hasFreshLeader, learnCommit, refuseVote } from './election.js';
import type { IgnoreReason } from './event.js';
import { appendResponse } from './message.js';
import { proposeForwarded } from './propose.js';
import type { Raft } from './raft.js';
import { Role, type SlotSnapshotMeta } from './ready.js';
import { stepCandidate } from './step-candidate.js';
import { stepFollower } from './step-follower.js';
import { stepLeader } from './step-leader.js';

export function ignore(r: Raft, m: RaftMessage, reason: IgnoreReason): void {
  r.emit({ kind: 'message-ignored', type: m.type, from: m.from, reason });
}

/** `snapshot`: for SNAPSHOT, what `m.snapshot` says with slots for ids. */
export function step(r: Raft, m: RaftMessage, snapshot: SlotSnapshotMeta | null): void {
  if (m.from <= 0 || m.from === r.slot || !isWellFormed(m)) {
    ignore(r, m, 'malformed');
    return;
  }
  if (m.term > r.term && !raiseTerm(r, m)) return;
  if (m.term < r.term) {
    stepOldTerm(r, m);
    return;
  }
  switch (m.type) {
    case MessageType.VOTE:
    case MessageType.PRE_VOTE:
      if (m.type === MessageType.PRE_VOTE && m.term === r.term && hasFreshLeader(r, m.from)) {
        r.emit({ kind: 'vote-ignored', from: m.from, term: m.term, reason: 'leader-alive' });
        return;
      }
      answerVote(r, m);
      return;
    case MessageType.VOTE_RESPONSE:
    case MessageType.PRE_VOTE_RESPONSE:
      if (m.reject) learnCommit(r, m);
      stepRole(r, m, snapshot);
      return;
    default:
      stepRole(r, m, snapshot);
  }
}

function stepRole(r: Raft, m: RaftMessage, snapshot: SlotSnapshotMeta | null): void {
  switch (r.role) {
    case Role.LEADER:
      stepLeader(r, m);
      return;
    case Role.PRE_CANDIDATE:
    case Role.CANDIDATE:
      stepCandidate(r, m, snapshot);
      return;
    case Role.FOLLOWER:
      stepFollower(r, m, snapshot);
      return;
    default:
      unreachable(r.role);
  }
}

/**
 * A message of a later term. False if it is not to be acted on: a vote asked for while our leader is
 * alive (thesis 4.2.3), unless the leader itself wants it. Pre-votes are of a term to come: neither
 * they nor a grant of them move ours.
 */
function raiseTerm(r: Raft, m: RaftMessage): boolean {
  const asksVote = m.type === MessageType.VOTE || m.type === MessageType.PRE_VOTE;
  if (asksVote && m.context !== 1 && hasFreshLeader(r, m.from)) {
    r.emit({ kind: 'vote-ignored', from: m.from, term: m.term, reason: 'leader-alive' });
    return false;
  }
  if (m.type === MessageType.PRE_VOTE) {
    answerVote(r, m);
    return false;
  }
  if (m.type === MessageType.PRE_VOTE_RESPONSE && !m.reject) {
    // Ours, if it is for the term we would campaign in.
    if (r.role === Role.PRE_CANDIDATE && m.term === r.term + 1) stepCandidate(r, m, null);
    else ignore(r, m, 'stale');
    return false;
  }
  becomeFollower(r, m.term, isFromLeader(m) ? m.from : 0);
  return true;
}

/** Only the leader of its term sends these. */
function isFromLeader(m: RaftMessage): boolean {
  return (
    m.type === MessageType.APPEND ||
    m.type === MessageType.HEARTBEAT ||
    m.type === MessageType.SNAPSHOT
  );
}

/**
 * A message of an earlier term. Who leads or campaigns there is told our term, so that a node left
 * behind at a higher term, protected from elections by PreVote and lease, does not stay stuck.
 */
function stepOldTerm(r: Raft, m: RaftMessage): void {
  if (isFromLeader(m)) {
    r.sendAfterTerm(appendResponse(m.from, r.slot, r.term, 0, false, 0, 0));
  } else if (m.type === MessageType.VOTE) {
    refuseVote(r, MessageType.VOTE_RESPONSE, m.from);
  } else if (m.type === MessageType.PRE_VOTE) {
    refuseVote(r, MessageType.PRE_VOTE_RESPONSE, m.from);
  } else if (m.type === MessageType.PROPOSE && r.role === Role.LEADER) {
    if (r.tracker.get(m.from) !== undefined) proposeForwarded(r, m);
  } else {
    ignore(r, m, 'old-term');
  }
}

/** Numbers in range, entries in order behind `index`: what no correct peer breaks. */
function isWellFormed(m: RaftMessage): boolean {
  if (!isCount(m.term) || m.term >= NUMBER_MAX || !isCount(m.index) || !isCount(m.logTerm)) {
    return false;
  }
  if (!isCount(m.commit) || !isCount(m.rejectHint) || !isCount(m.context)) return false;
  if (m.type !== MessageType.APPEND) return true;
  let term = m.logTerm;
  for (let i = 0; i < m.entries.length; i++) {
    const entry = m.entries[i];
    if (entry === undefined || entry.index !== m.index + 1 + i || entry.term < term) return false;
    term = entry.term;
  }
  return term <= m.term;
}

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}
