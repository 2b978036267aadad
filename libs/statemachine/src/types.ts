import type { EngineOp, Index, Revision, Term } from '@conclave/base';
import type { MvccEvent, Store } from '@conclave/mvcc';
import type { Leases } from '@conclave/lease';
import type { ConfChange, ConfState, Entry } from '@conclave/wire';

/** Named errors of a committed request; `api` maps them to etcd's code and text. */
export type ApplyErrorCode =
  | 'compacted'
  | 'future-revision'
  | 'key-not-found'
  | 'lease-not-found'
  | 'invalid-sort-option'
  | 'lease-exists'
  | 'lease-ttl-too-large'
  | 'no-space'
  | 'corrupt'
  | 'member-exists'
  | 'member-not-found'
  | 'peer-urls-exist'
  | 'member-not-learner'
  | 'too-many-learners'
  /** A removal would leave no voter. */
  | 'not-enough-started'
  | 'session-unknown'
  | 'sequence-too-low'
  | 'unknown-request'
  /** Not every member is known to support the feature number that was to be raised. */
  | 'feature-not-supported';

export type ApplyResult =
  | {
      readonly ok: true;
      readonly revision: Revision;
      /** The response message without header. */
      readonly body: Uint8Array;
    }
  /** The answer of an earlier application of the same (session, sequence), too large to be kept. */
  | { readonly ok: true; readonly revision: Revision; readonly body: null }
  | { readonly ok: false; readonly code: ApplyErrorCode; readonly revision: Revision };

export interface Applied {
  readonly index: Index;
  /** RequestHeader.ID of the entry; 0n for none (empty entries). */
  readonly requestId: bigint;
  readonly result: ApplyResult;
  /** What the request is called in metrics; '' for an empty entry or a change of members. */
  readonly operation: string;
  /** The store's revision after; `events` are those of this entry. */
  readonly revision: Revision;
  readonly events: readonly MvccEvent[];
  /** Set by a compaction. */
  readonly compacted: Revision | null;
  /** A CONF_CHANGE entry: what raft must now do; null if the state machine refused it. */
  readonly confChange: { readonly change: ConfChange | null } | null;
}

export interface MemberRecord {
  readonly id: bigint;
  readonly peerURLs: readonly string[];
  readonly isLearner: boolean;
  /** Empty until the member published itself. */
  readonly name: string;
  readonly clientURLs: readonly string[];
  /** 0n until published. DESIGN 4, Identity. */
  readonly incarnation: bigint;
  /** The highest feature number its build supports; 0 until published. */
  readonly feature: number;
}

export interface Alarm {
  readonly memberId: bigint;
  /** AlarmType number: 1 NOSPACE, 2 CORRUPT. */
  readonly alarm: number;
}

/** Everything that a committed entry can change. Apply is a pure function of (state, entry). */
export interface Machine {
  readonly store: Store;
  readonly leases: Leases;
  readonly appliedIndex: Index;
  readonly appliedTerm: Term;
  readonly confState: ConfState;
  /** Sorted by id. */
  readonly members: readonly MemberRecord[];
  /**
   * Removed by a client and demoted, but somebody may still count their votes: peers, not members. The
   * leader removes their ids once the configuration is not joint any more.
   */
  readonly leaving: readonly MemberRecord[];
  isRemoved(id: bigint): boolean;
  readonly alarms: readonly Alarm[];
  /** The cluster's feature number; apply may branch on it only. */
  readonly feature: number;
  /** The highest feature number that this build can apply under. */
  readonly featureSupported: number;
  readonly clusterVersion: string;

  /** True: `apply(entry)` can run now without I/O. False: `ready` is called once it can. */
  prefetch(entry: Entry, ready: () => void): boolean;
  /** In log order, index appliedIndex + 1. `nowMs` only feeds leader-local lease deadlines. */
  apply(entry: Entry, nowMs: number): Applied;
  /** Raft's answer to a confChange: the new configuration, kept with the applied index. */
  confStateChanged(confState: ConfState): void;

  /** All rows since the last call, applied index included: one atomic batch, one in flight. */
  takeBatch(): { readonly ops: readonly EngineOp[]; readonly appliedIndex: Index };
  batchDone(): void;
  readonly overlayBytes: number;
}
