import { type Probe, hexId } from '@conclave/base';
import type { NodeView } from '@conclave/edge';
import type { Replica } from '@conclave/replica';
import type { Alarm } from '@conclave/statemachine';

const PERIOD_MS = 1_000;
const ALARM_NAMES: Readonly<Record<number, string>> = { 1: 'NOSPACE', 2: 'CORRUPT' };
const ALARMS_MAX = 256;

/** A probe that can also say facts whose value is a label. */
export interface GaugesProbe extends Probe {
  info(name: string, labels: Readonly<Record<string, string>>): void;
}

export interface GaugesOptions {
  /** Bytes; 0: no quota. */
  readonly quotaBytes: number;
  readonly runtimeVersion: string;
}

/**
 * What metrics show of the member that no event tells of: sizes, revisions, who it is. Read once a
 * second from the heartbeat, for whoever exports them, and at each scrape, which must not be behind.
 */
export class Gauges {
  readonly #probe: GaugesProbe;
  readonly #replica: Replica;
  readonly #view: NodeView;
  /** Member and alarm, with 1 while it is raised. */
  readonly #alarms = new Map<string, 0 | 1>();
  #clusterVersion: string | null = null;
  #nextMs = 0;

  constructor(probe: GaugesProbe, replica: Replica, view: NodeView, options: GaugesOptions) {
    this.#probe = probe;
    this.#replica = replica;
    this.#view = view;
    probe.info('etcd_server_version', { server_version: view.versions().server });
    probe.info('etcd_server_go_version', { server_go_version: options.runtimeVersion });
    probe.info('etcd_server_id', { server_id: hexId(replica.memberId) });
    probe.gauge('etcd_server_quota_backend_bytes', options.quotaBytes);
  }

  /** Called at every beat; does its work once a second. */
  tick(nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + PERIOD_MS;
    this.collect();
  }

  /** Sets all gauges as of now. */
  collect(): void {
    const probe = this.#probe;
    const { store, alarms, feature, featureSupported } = this.#replica.machine;
    const { total, inUse } = this.#replica.engine.sizeBytes();
    probe.gauge('etcd_mvcc_db_total_size_in_bytes', total);
    probe.gauge('etcd_mvcc_db_total_size_in_use_in_bytes', inUse);
    probe.gauge('etcd_debugging_mvcc_current_revision', store.revision);
    probe.gauge('etcd_debugging_mvcc_compact_revision', store.compactRevision);
    probe.gauge('etcd_debugging_mvcc_keys_total', store.keyCount);
    probe.gauge('conclave_cluster_feature_number', feature);
    probe.gauge('conclave_supported_feature_number', featureSupported);
    this.#collectAlarms(alarms);
    const { cluster } = this.#view.versions();
    if (cluster === null || cluster === this.#clusterVersion) return;
    this.#clusterVersion = cluster;
    probe.info('etcd_cluster_version', { cluster_version: cluster.replace(/\.\d+$/, '') });
  }

  /** One that was disarmed goes to 0 and stays, as at etcd. */
  #collectAlarms(alarms: readonly Alarm[]): void {
    for (const key of this.#alarms.keys()) this.#alarms.set(key, 0);
    for (const { memberId, alarm } of alarms) {
      const name = ALARM_NAMES[alarm];
      if (name === undefined || this.#alarms.size >= ALARMS_MAX) continue;
      this.#alarms.set(`${hexId(memberId)} ${name}`, 1);
    }
    for (const [key, value] of this.#alarms) {
      const [server_id = '', alarm_type = ''] = key.split(' ');
      this.#probe.gauge('etcd_debugging_server_alarms', value, { server_id, alarm_type });
    }
  }
}
