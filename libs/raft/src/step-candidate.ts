/** The rules of candidates and pre-candidates: count answers, or yield to a leader of the term. */
import { MessageType, type RaftMessage } from '@conclave/wire';
import { becomeFollower, recordVote } from './election.js';
import type { Raft } from './raft.js';
import { Role, type SlotSnapshotMeta } from './ready.js';
import { ignore } from './step.js';
import { stepFollower } from './step-follower.js';

export function stepCandidate(r: Raft, m: RaftMessage, snapshot: SlotSnapshotMeta | null): void {
  switch (m.type) {
    case MessageType.APPEND:
    case MessageType.HEARTBEAT:
    case MessageType.SNAPSHOT:
      becomeFollower(r, m.term, m.from);
      stepFollower(r, m, snapshot);
      return;
    case MessageType.VOTE_RESPONSE:
      if (r.role !== Role.CANDIDATE) break;
      recordVote(r, m.from, !m.reject);
      return;
    case MessageType.PRE_VOTE_RESPONSE:
      if (r.role !== Role.PRE_CANDIDATE) break;
      recordVote(r, m.from, !m.reject);
      return;
    default:
      break;
  }
  ignore(r, m, 'not-for-role');
}
