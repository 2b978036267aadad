/** The rules of followers and learners: take the leader's entries, answer, and wait. */
import { assertLt, type Index } from '@conclave/base';
import { MessageType, type RaftMessage } from '@conclave/wire';
import { followCommit } from './commit.js';
import { setLeader, takeOver } from './election.js';
import { appendResponse, plainMessage } from './message.js';
import type { Raft } from './raft.js';
import { UNKNOWN_TERM } from './raft-log.js';
import type { SlotSnapshotMeta } from './ready.js';
import { readAnswered } from './reads.js';
import { acknowledgeCommit, handleSnapshot } from './snapshot.js';
import { ignore } from './step.js';

export function stepFollower(r: Raft, m: RaftMessage, snapshot: SlotSnapshotMeta | null): void {
  switch (m.type) {
    case MessageType.APPEND:
      if (!heardLeader(r, m)) return;
      handleAppend(r, m);
      return;
    case MessageType.HEARTBEAT:
      if (!heardLeader(r, m)) return;
      handleHeartbeat(r, m);
      return;
    case MessageType.SNAPSHOT:
      if (!heardLeader(r, m)) return;
      handleSnapshot(r, m, snapshot);
      return;
    case MessageType.TIMEOUT_NOW:
      if (m.from !== r.leader) break;
      takeOver(r);
      return;
    case MessageType.READ_INDEX_RESPONSE:
      readAnswered(r, m);
      return;
    default:
      break;
  }
  ignore(r, m, 'not-for-role');
}

/** The leader of the term speaks. False if it cannot be: the term has another one. */
function heardLeader(r: Raft, m: RaftMessage): boolean {
  if (r.leader !== 0 && r.leader !== m.from) {
    ignore(r, m, 'second-leader');
    return false;
  }
  r.electionElapsed = 0;
  setLeader(r, m.from);
  return true;
}

function handleAppend(r: Raft, m: RaftMessage): void {
  if (r.installing !== null) {
    ignore(r, m, 'installing-snapshot');
    return;
  }
  const { log } = r;
  if (m.index < log.commit) {
    acknowledgeCommit(r, m.from);
    return;
  }
  // After a restart the disk alone may know the term at `commit`; what is committed agrees anyway.
  if (!log.matches(m.index, m.logTerm) && log.term(m.index) !== UNKNOWN_TERM) {
    refuseAppend(r, m);
    return;
  }
  const agreed = m.index + m.entries.length;
  takeEntries(r, m);
  followCommit(r, m.commit, agreed);
  r.sendAfterAppend(appendResponse(m.from, r.slot, r.term, agreed, false, 0, 0));
}

/** Adds what is new; drops our tail only where an entry really differs (thesis 3.5). */
function takeEntries(r: Raft, m: RaftMessage): void {
  const { log } = r;
  const from = log.findNew(m.entries);
  if (from === m.entries.length) return;
  const first = m.index + 1 + from;
  assertLt(log.commit, first, "a committed entry never differs from the leader's");
  if (first <= log.lastIndex) {
    log.truncate(first);
    r.unstable.truncated(first);
    r.emit({ kind: 'log-truncated', index: first });
  }
  log.append(m.entries, from);
  r.unstable.touch(r.tick);
}

/**
 * Our log differs at `m.index`, or ends before. The hint is the last place that can agree: entries of
 * a term above the leader's term there cannot.
 */
function refuseAppend(r: Raft, m: RaftMessage): void {
  const { log } = r;
  const hint: Index = log.findAgreement(m.index, m.logTerm, log.commit);
  const term = log.term(hint);
  r.emit({ kind: 'append-rejected', from: m.from, index: m.index, term: m.logTerm });
  const hintTerm = term === UNKNOWN_TERM ? 0 : term;
  r.sendAfterTerm(appendResponse(m.from, r.slot, r.term, m.index, true, hint, hintTerm));
}

function handleHeartbeat(r: Raft, m: RaftMessage): void {
  const { lastIndex } = r.log;
  if (m.commit > lastIndex) {
    // The leader believes that we hold more than we do. Ours to notice, not to die of.
    r.emit({ kind: 'commit-beyond-log', from: m.from, commit: m.commit, last: lastIndex });
  } else {
    followCommit(r, m.commit, lastIndex);
  }
  const { HEARTBEAT_RESPONSE } = MessageType;
  r.sendAfterTerm(plainMessage(HEARTBEAT_RESPONSE, m.from, r.slot, r.term, m.context));
}
