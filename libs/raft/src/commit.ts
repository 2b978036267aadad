/**
 * How the commit index moves. A leader commits what a quorum holds durably, and only by counting an
 * entry of its own term (thesis 3.6.2, figure 3.7); a follower is told.
 */
import type { Index } from '@conclave/base';
import type { Raft } from './raft.js';
import { answerReads, hasCommittedInTerm } from './reads.js';

/** A leader looks whether a quorum holds more than before. True if the commit index moved. */
export function maybeCommit(r: Raft): boolean {
  const index = r.tracker.quorumMatch();
  if (index <= r.log.commit || r.log.term(index) !== r.term) return false;
  const opened = hasCommittedInTerm(r);
  for (let i = r.log.commit + 1; i <= index; i++) {
    r.uncommittedBytes -= r.log.entry(i).data.length;
  }
  r.log.commitTo(index);
  r.broadcastPending = true;
  if (!opened && hasCommittedInTerm(r)) {
    r.reads.committed(index);
    answerReads(r);
  }
  return true;
}

/**
 * A follower is told that everything up to `commit` is committed, and knows its log to agree with
 * the leader's up to `agreed` only: the smaller of both holds.
 */
export function followCommit(r: Raft, commit: Index, agreed: Index): void {
  const index = commit < agreed ? commit : agreed;
  if (index > r.log.commit) r.log.commitTo(index);
}
