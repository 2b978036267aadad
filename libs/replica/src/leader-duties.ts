import type { Term } from '@conclave/base';
import type { Machine } from '@conclave/statemachine';
import { ClusterVersionSetRequest, LeaseExpire } from '@conclave/wire';
import type { Proposal, ProposalResult } from './types.js';

/** etcd's figures (spec 2.8): a pass every 500 ms, 500 leases a pass, 16 proposals in flight. */
const LEASE_PASS_MS = 500;
const LEASES_PER_PASS = 500;
const REVOKES_IN_FLIGHT_MAX = 16;
const VERSION_RETRY_MS = 1_000;

const FIELD_CLUSTER_VERSION_SET = 1_300;
const FIELD_LEASE_EXPIRE = 20_003;

export interface DutyPorts {
  readonly machine: Machine;
  propose(proposal: Proposal, done: (result: ProposalResult) => void): void;
}

/**
 * What only a leader does on its own: revokes leases past their deadline, and names the cluster
 * version of a new cluster. All of it goes through the log; apply ignores an expiry whose term is
 * not that of the leader any more.
 */
export class LeaderDuties {
  readonly #ports: DutyPorts;
  readonly #clusterVersion: string;
  readonly #retryMs: number;
  #dueMs = 0;
  #due: bigint[] = [];
  #inFlight = 0;
  #versionAskedMs = Number.NEGATIVE_INFINITY;
  /** As of the last poll: an answer to an expiry of an earlier term must not propose under that term. */
  #term: Term = 0;

  constructor(ports: DutyPorts, options: { clusterVersion: string; leaseRetryMs: number }) {
    this.#ports = ports;
    this.#clusterVersion = options.clusterVersion;
    this.#retryMs = options.leaseRetryMs;
  }

  /** Called on the leader as time passes. */
  poll(nowMs: number, term: Term): void {
    this.#term = term;
    this.#setVersion(nowMs);
    if (nowMs >= this.#dueMs) {
      this.#dueMs = nowMs + LEASE_PASS_MS;
      const room = LEASES_PER_PASS - this.#due.length;
      if (room > 0) {
        this.#due.push(...this.#ports.machine.leases.expired(nowMs, room, this.#retryMs));
      }
    }
    this.#revoke();
  }

  /** No longer the leader: what was due is the next leader's business. */
  stop(): void {
    this.#due = [];
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

  #setVersion(nowMs: number): void {
    if (this.#ports.machine.clusterVersion === this.#clusterVersion) return;
    if (this.#ports.machine.clusterVersion !== '') return;
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
