import type { Probe } from '@conclave/base';
import { hexId } from '@conclave/base';
import { ClusterMemberAttrSetRequest } from '@conclave/wire';
import { proposal } from './leader-duties.js';
import type { ReplicaOptions } from './options.js';
import type { Proposal, ProposalResult } from './types.js';

const RETRY_MS = 1_000;
const FIELD_MEMBER_ATTR_SET = 1_301;

export interface PublisherPorts {
  readonly probe: Probe;
  /** The highest feature number this build supports: published with the rest. */
  readonly feature: number;
  propose(proposal: Proposal, done: (result: ProposalResult) => void): void;
  published(): void;
  /** The cluster knows this member id by another incarnation: this is not the member it took in. */
  refused(message: string): void;
}

/**
 * Makes this member's name and client URLs known to the cluster, once a start, through the log. A
 * member is ready to serve when this was applied: then it has a leader, a quorum, and is up to date
 * with what was committed before it asked.
 */
export class Publisher {
  readonly #options: ReplicaOptions;
  readonly #ports: PublisherPorts;
  #askedMs = Number.NEGATIVE_INFINITY;
  #done = false;

  constructor(options: ReplicaOptions, ports: PublisherPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Called while a leader is known and this member is in the configuration. */
  poll(nowMs: number): void {
    if (this.#done || nowMs - this.#askedMs < RETRY_MS) return;
    this.#askedMs = nowMs;
    const { memberId, clusterId, name, clientURLs, incarnation } = this.#options;
    const body = ClusterMemberAttrSetRequest.encode(
      ClusterMemberAttrSetRequest.create({
        memberID: memberId,
        memberAttributes: { name, clientUrls: [...clientURLs] },
        incarnation,
        feature: this.#ports.feature,
      }),
    );
    this.#ports.propose(proposal(FIELD_MEMBER_ATTR_SET, body), (result) => {
      if (!result.ok || this.#done) return;
      if (!result.result.ok) {
        const wiped = result.result.code === 'member-exists';
        if (wiped) this.#ports.refused('wiped data directory: remove and add this member');
        return;
      }
      this.#done = true;
      this.#ports.probe.log('info', 'published local member to cluster through raft', {
        'local-member-id': hexId(memberId),
        'local-member-attributes': `{Name:${name} ClientURLs:[${clientURLs.join(' ')}]}`,
        'cluster-id': hexId(clusterId),
      });
      this.#ports.published();
    });
  }
}
