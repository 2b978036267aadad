import type { AlarmName, NodeVersions, NodeView } from '@conclave/edge';
import type { Replica } from '@conclave/replica';
import { clusterVersionOf } from './version.js';

const ALARMS: Readonly<Record<number, AlarmName>> = { 1: 'NOSPACE', 2: 'CORRUPT' };

/** What the client edge asks about this member. */
export function nodeView(replica: Replica, etcdVersion: string): NodeView {
  return {
    versions(): NodeVersions {
      const { clusterVersion } = replica.machine;
      return {
        server: etcdVersion,
        cluster: clusterVersion === '' ? null : clusterVersion,
        storage: clusterVersionOf(etcdVersion),
      };
    },
    alarms: () => replica.machine.alarms.map((a) => ALARMS[a.alarm] ?? 'UNKNOWN'),
    hasLeader: () => replica.leaderId !== 0n,
    isLearner: () => replica.isLearner,
  };
}
