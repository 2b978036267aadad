import type { Term } from '@conclave/base';
import { Feature } from '@conclave/statemachine';
import {
  ClusterVersionSetRequest,
  FeatureSet,
  LeaseCheckpointRequest,
  LeaseExpire,
} from '@conclave/wire';
import type { Proposal, ProposalResult, ReplicaView } from './types.js';

/** etcd's figures (spec 2.8): a pass every 500 ms, 500 leases a pass, 16 proposals in flight. */
const LEASE_PASS_MS = 500;
const LEASES_PER_PASS = 500;
const REVOKES_IN_FLIGHT_MAX = 16;
const VERSION_RETRY_MS = 1_000;
/** etcd's figure (spec 9); twice a second that is its rate, too. */
const CHECKPOINTS_PER_ENTRY = 1_000;
const CHECKPOINT_ENTRIES_IN_FLIGHT_MAX = 4;
const FEATURE_RETRY_MS = 1_000;
const LEAVING_RETRY_MS = 1_000;

const FIELD_CLUSTER_VERSION_SET = 1_300;
const FIELD_LEASE_CHECKPOINT = 11;
const FIELD_FEATURE_SET = 20_002;
const FIELD_LEASE_EXPIRE = 20_003;

export interface DutyPorts {
  readonly replica: Pick<ReplicaView, 'machine' | 'isConnected'>;
  propose(proposal: Proposal, done: (result: ProposalResult) => void): void;
  /** Proposes that `id`, which nobody counts any more, is removed; `done` once it is over. */
  removeLeaving(id: bigint, done: () => void): void;
}

/**
 * What only a leader does on its own: revokes leases past their deadline, records what is left of long
 * ones, names the cluster version of a new cluster, raises its feature number once every member supports
 * a higher one, and removes those that were demoted on their way out. All of it goes through the log;
 * apply ignores an expiry or checkpoint whose term is not that of the leader any more.
 */
export class LeaderDuties {
  readonly #ports: DutyPorts;
  readonly #clusterVersion: string;
  readonly #retryMs: number;
  #dueMs = 0;
  #due: bigint[] = [];
  #inFlight = 0;
  #checkpointsInFlight = 0;
  #featureAskedMs = Number.NEGATIVE_INFINITY;
  #versionAskedMs = Number.NEGATIVE_INFINITY;
  #leavingAskedMs = Number.NEGATIVE_INFINITY;
  /** As of the last poll: an answer to an expiry of an earlier term must not propose under that term. */
  #term: Term = 0;

  constructor(ports: DutyPorts, options: { clusterVersion: string; leaseRetryMs: number }) {
    this.#ports = ports;
    this.#clusterVersion = options.clusterVersion;
    this.#retryMs = options.leaseRetryMs;
  }

  /** Called as time passes on a leader that has applied the first entry of its own term. */
  poll(nowMs: number, term: Term): void {
    this.#term = term;
    this.#setVersion(nowMs);
    this.#removeLeaving(nowMs);
    if (nowMs >= this.#dueMs) {
      this.#dueMs = nowMs + LEASE_PASS_MS;
      this.#raiseFeature(nowMs);
      this.#checkpoint(nowMs);
      const room = LEASES_PER_PASS - this.#due.length;
      if (room > 0) {
        this.#due.push(...this.#ports.replica.machine.leases.expired(nowMs, room, this.#retryMs));
      }
    }
    this.#revoke();
  }

  /** No longer the leader: what was due is the next leader's business. */
  stop(): void {
    this.#due = [];
    this.#leavingAskedMs = Number.NEGATIVE_INFINITY;
  }

  #revoke(): void {
    while (this.#inFlight < REVOKES_IN_FLIGHT_MAX && this.#due.length > 0) {
      const lease = this.#due.shift() as bigint;
      this.#inFlight++;
      const expire = LeaseExpire.create({ leaseID: [lease], term: this.#term });
      const body = LeaseExpire.encode(expire);
      this.#ports.propose(proposal(FIELD_LEASE_EXPIRE, body), () => {
        this.#inFlight--;
        this.#revoke();
      });
    }
  }

  /** Only while the feature is there: without it, nothing of it appears in the log. */
  #checkpoint(nowMs: number): void {
    const { machine } = this.#ports.replica;
    if (machine.feature < Feature.LEASE_CHECKPOINT) return;
    while (this.#checkpointsInFlight < CHECKPOINT_ENTRIES_IN_FLIGHT_MAX) {
      const due = machine.leases.dueCheckpoints(nowMs, CHECKPOINTS_PER_ENTRY);
      if (due.length === 0) return;
      this.#checkpointsInFlight++;
      const body = LeaseCheckpointRequest.encode({
        checkpoints: due.map(({ id, remaining }) => ({ ID: id, remainingTTL: remaining })),
        term: this.#term,
        index: machine.appliedIndex,
      });
      // Lost or not: the next one comes an interval later.
      this.#ports.propose(proposal(FIELD_LEASE_CHECKPOINT, body), () => {
        this.#checkpointsInFlight--;
      });
    }
  }

  /**
   * To what every member is known to support, by its own word in the log. All must be connected too, as
   * for etcd's cluster version: one that is away may be on its way back to an older build. And nobody may be
   * on its way out: whoever is need not support it.
   */
  #raiseFeature(nowMs: number): void {
    const { machine } = this.#ports.replica;
    if (nowMs - this.#featureAskedMs < FEATURE_RETRY_MS) return;
    if (machine.leaving.length > 0) return;
    let all = machine.featureSupported;
    for (const { feature } of machine.members) if (feature < all) all = feature;
    if (all <= machine.feature) return;
    if (!machine.members.every(({ id }) => this.#ports.replica.isConnected(id))) return;
    this.#featureAskedMs = nowMs;
    const body = FeatureSet.encode({ feature: all });
    this.#ports.propose(proposal(FIELD_FEATURE_SET, body), () => undefined);
  }

  /** One at a time, as every change of the configuration; not before the joint one is left. */
  #removeLeaving(nowMs: number): void {
    const { machine } = this.#ports.replica;
    const [leaving] = machine.leaving;
    if (leaving === undefined) return;
    if (machine.confState.votersOutgoing.length > 0) return;
    if (nowMs - this.#leavingAskedMs < LEAVING_RETRY_MS) return;
    this.#leavingAskedMs = nowMs;
    this.#ports.removeLeaving(leaving.id, () => {
      this.#leavingAskedMs = Number.NEGATIVE_INFINITY;
    });
  }

  #setVersion(nowMs: number): void {
    if (this.#ports.replica.machine.clusterVersion === this.#clusterVersion) return;
    if (this.#ports.replica.machine.clusterVersion !== '') return;
    if (nowMs - this.#versionAskedMs < VERSION_RETRY_MS) return;
    this.#versionAskedMs = nowMs;
    const body = ClusterVersionSetRequest.encode(
      ClusterVersionSetRequest.create({ ver: this.#clusterVersion }),
    );
    this.#ports.propose(proposal(FIELD_CLUSTER_VERSION_SET, body), () => undefined);
  }
}

/** A proposal outside any session. */
export function proposal(field: number, body: Uint8Array): Proposal {
  return { field, body, session: 0n, sequence: 0, lowestUnanswered: 0 };
}
