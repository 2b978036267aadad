/**
 * Time: election timers, heartbeats, CheckQuorum (thesis 6.2), the watch on the own disk, and the
 * end of transfers that do not succeed. Ticks go on whatever the disk and apply do.
 */
import { becomeFollower, campaign, isPromotable, setLeader } from './election.js';
import { proposeHeld } from './propose.js';
import type { Raft } from './raft.js';
import { Role } from './ready.js';
import { expireForwarded } from './reads.js';
import { broadcastHeartbeat } from './replication.js';
import { abortTransfer, handOver } from './transfer.js';

export function tick(r: Raft): void {
  r.tick++;
  if (r.role === Role.LEADER) {
    tickLeader(r);
    return;
  }
  expireForwarded(r);
  r.electionElapsed++;
  if (r.electionElapsed < r.electionTimeout) return;
  if (isPromotable(r)) {
    r.electionElapsed = 0;
    campaign(r);
  }
  // Whoever led has been silent: one that may not campaign (a learner, say) does not name it any more.
  if (r.role === Role.FOLLOWER) setLeader(r, 0);
}

function tickLeader(r: Raft): void {
  if (r.isDiskStalled) {
    // It cannot count itself any more, and would hold up every client: another one shall lead.
    r.emit({ kind: 'disk-stalled', term: r.term });
    handOver(r);
    becomeFollower(r, r.term, 0);
    return;
  }
  r.electionElapsed++;
  if (r.electionElapsed >= r.config.electionTicks) {
    r.electionElapsed = 0;
    if (r.config.checkQuorum && !r.tracker.takeQuorumActive(r.slot)) {
      r.emit({ kind: 'quorum-lost', term: r.term });
      becomeFollower(r, r.term, 0);
      return;
    }
    // Proposals were refused for an election timeout: the target is not worth more.
    abortTransfer(r);
  }
  r.heartbeatElapsed++;
  if (r.heartbeatElapsed >= r.config.heartbeatTicks) {
    r.heartbeatElapsed = 0;
    broadcastHeartbeat(r);
  }
  // Its turn may have come without an entry applied: when a transfer was given up, say.
  proposeHeld(r);
}
