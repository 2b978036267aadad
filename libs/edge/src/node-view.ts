/**
 * What an edge asks about the process behind it. A node answers for its member, a gateway for the
 * cluster it routes to; the edge serves the same endpoints for both.
 */

export type AlarmName = 'NOSPACE' | 'CORRUPT' | 'UNKNOWN';

export interface NodeVersions {
  /** The etcd version reported to clients, e.g. `3.6.9`. */
  readonly server: string;
  /** Null until the cluster has decided on one. */
  readonly cluster: string | null;
  readonly storage: string | null;
}

export interface NodeView {
  versions(): NodeVersions;
  /** Alarms active anywhere in the cluster. */
  alarms(): readonly AlarmName[];
  /** True if a leader is known now. */
  hasLeader(): boolean;
  isLearner(): boolean;
}
