import type { Channel, Index, Revision, StatusCode, Term, TraceSpan } from '@conclave/base';
import type { Machine } from '@conclave/statemachine';
import type { WatchHub } from '@conclave/watch';
import type { ApplyResult } from '@conclave/statemachine';
import type { ConfChange } from '@conclave/wire';

/** Why a proposal or read got no result. `api` maps these to etcd's code and text. */
export type ReplicaErrorCode =
  | 'no-leader'
  /** Time ran out; outcome unknown for a proposal. */
  | 'timeout'
  | 'timeout-leader-failed'
  | 'timeout-connection-lost'
  | 'leader-changed'
  | 'too-many-requests'
  | 'request-too-large'
  | 'stopped'
  | 'not-leader'
  | 'bad-transferee'
  | 'transfer-timeout'
  /** The client's own deadline or cancellation. */
  | 'deadline'
  | 'cancelled';

export type ProposalResult =
  | { readonly ok: true; readonly result: ApplyResult; readonly term: Term }
  | { readonly ok: false; readonly code: ReplicaErrorCode };

/** A request to go through the log: InternalRaftRequest.<field> = body, under a header. */
export interface Proposal {
  /** Field number inside InternalRaftRequest (4 put, 5 delete_range, 6 txn, ...). */
  readonly field: number;
  /** The request's own bytes; not changed afterwards. */
  readonly body: Uint8Array;
  /** 0n: not under a session. */
  readonly session: bigint;
  readonly sequence: number;
  readonly lowestUnanswered: number;
  /** The span of the request, which the entry made of it continues; null or absent: not traced. */
  readonly trace?: TraceSpan | null;
}

/** Told once: null when it worked. */
export type ReplicaDone = (error: ReplicaErrorCode | null) => void;

/** Cancels what was asked; its callback is not called any more. */
export type Cancel = () => void;

/** What `api` needs of its member. All callbacks run at most once, in a later turn or this one. */
export interface ReplicaView {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly machine: Machine;
  readonly watches: WatchHub;
  readonly term: Term;
  /** 0n: unknown. */
  readonly leaderId: bigint;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  readonly commitIndex: Index;
  readonly lastIndex: Index;
  readonly appliedIndex: Index;
  /** Monotonic milliseconds of this turn. */
  readonly nowMs: number;
  /** Election timeout in milliseconds. */
  readonly electionMs: number;

  propose(proposal: Proposal, timeoutMs: number, done: (result: ProposalResult) => void): Cancel;
  proposeConfChange(
    change: ConfChange,
    requestId: bigint,
    timeoutMs: number,
    done: (result: ProposalResult) => void,
  ): Cancel;
  /** A number no other request of the cluster has; for ConfChange contexts and the like. */
  nextRequestId(): bigint;
  /** Calls done(null) once a linearizable read may be served from `machine.store`. */
  linearizableRead(timeoutMs: number, done: ReplicaDone, trace?: TraceSpan | null): Cancel;
  /** Confirms with a quorum, after now, that this member leads (KeepAlive, spec A6 rule 45). */
  transferLeader(to: bigint, timeoutMs: number, done: ReplicaDone): void;
  /** Runs once applied >= index; for TimeToLive's wait. */
  whenApplied(index: Index, timeoutMs: number, done: (ok: boolean) => void): Cancel;
  /** Calls to the member that leads; null when unknown or ourselves. */
  leaderChannel(): Channel | null;
  /** True while Raft hears `id` (or it is ourselves). */
  isConnected(id: bigint): boolean;
  /** Milliseconds since `id` was last connected without a break; 0 when it is not. */
  connectedForMs(id: bigint): number;
  /** Match index of a member as the leader knows it; null when not leading. */
  matchIndex(id: bigint): Index | null;
  /** Told on every change of leader or term, until the returned Cancel is called. */
  onLeaderChange(listener: () => void): Cancel;
  /** Calls `task` once, `delayMs` of ticks later. */
  after(delayMs: number, task: () => void): Cancel;
}

export interface CallFailure {
  readonly code: StatusCode;
  readonly message: string;
}

export type { Revision };
