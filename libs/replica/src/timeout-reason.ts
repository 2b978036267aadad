import type { Leadership } from './leadership.js';
import type { ReplicaErrorCode } from './types.js';

export interface TimeoutFacts {
  readonly leadership: Leadership;
  readonly electionMs: number;
  /** Voters, ourselves included. */
  readonly voters: readonly bigint[];
  isConnected(id: bigint): boolean;
}

/** Why a proposal made at `startMs` got no answer in time, as well as we know (spec 2.2). */
export function timeoutReason(facts: TimeoutFacts, startMs: number): ReplicaErrorCode {
  const { leaderId, isLeader, sinceMs } = facts.leadership;
  const lostMs = sinceMs - 2 * facts.electionMs;
  if (startMs > lostMs && startMs < sinceMs) return 'timeout-leader-failed';
  if (leaderId === 0n) return 'timeout-connection-lost';
  if (!isLeader) return facts.isConnected(leaderId) ? 'timeout' : 'timeout-connection-lost';
  const heard = facts.voters.filter((id) => facts.isConnected(id)).length;
  return heard > facts.voters.length >> 1 ? 'timeout' : 'timeout-connection-lost';
}
