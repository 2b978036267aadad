/** A picture of a node for status calls and logs. */
import type { Raft } from './raft.js';
import { type PeerProgress, type RaftStatus, Role } from './ready.js';

export function raftStatus(r: Raft): RaftStatus {
  const progress: PeerProgress[] = [];
  if (r.role === Role.LEADER) {
    for (const { slot, match, next, state, recentActive, learner } of r.tracker.peers) {
      progress.push({ slot, match, next, state, recentActive, learner });
    }
  }
  return {
    slot: r.slot,
    role: r.role,
    term: r.term,
    vote: r.vote,
    leader: r.leader,
    commit: r.log.commit,
    applied: r.log.applied,
    firstIndex: r.log.firstIndex,
    lastIndex: r.log.lastIndex,
    durableIndex: r.unstable.durableIndex,
    leadTransferee: r.leadTransferee,
    confState: r.tracker.confState,
    progress,
  };
}
