import type { Probe } from '@conclave/base';
import type { ReplicaView } from './types.js';

/** What is read off a member ten times a second. */
export function reportGauges(probe: Probe, replica: ReplicaView, pendingProposals: number): void {
  probe.gauge('etcd_server_has_leader', replica.leaderId === 0n ? 0 : 1);
  probe.gauge('etcd_server_is_leader', replica.isLeader ? 1 : 0);
  probe.gauge('etcd_server_is_learner', replica.isLearner ? 1 : 0);
  probe.gauge('etcd_server_proposals_committed_total', replica.commitIndex);
  probe.gauge('etcd_server_proposals_applied_total', replica.appliedIndex);
  probe.gauge('etcd_server_proposals_pending', pendingProposals);
}

/** A leader's loop was held up: heartbeats are late, and followers may soon look for another leader. */
export function reportLateHeartbeat(probe: Probe, tickMs: number, tookMs: number): void {
  probe.count('etcd_server_heartbeat_send_failures_total');
  const why = 'took too long, leader is overloaded likely from slow disk';
  probe.log('warn', `leader failed to send out heartbeat on time; ${why}`, {
    'heartbeat-interval': `${tickMs}ms`,
    'expected-duration': `${2 * tickMs}ms`,
    'exceeded-duration': `${(tookMs - 2 * tickMs).toFixed(3)}ms`,
  });
}
