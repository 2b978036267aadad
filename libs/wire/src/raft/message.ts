import type { Index, Term } from '@conclave/base';

/**
 * What Raft writes and sends. Member ids are `bigint` on the wire and on disk; inside the `raft`
 * room a member is a small *slot* number that the replica assigns, so `from`, `to` and `vote` of a
 * `RaftMessage` are slots, and a frame carries the two member ids once for all its messages.
 */

export const EntryType = {
  /** An InternalRaftRequest; empty data for the entry a new leader begins its term with. */
  NORMAL: 0,
  /** A `ConfChange` as encoded by `encodeConfChange`; empty data means: leave the joint config. */
  CONF_CHANGE: 1,
} as const;
export type EntryType = (typeof EntryType)[keyof typeof EntryType];

/** Immutable once made: the same object is in the log, in messages and in the hands of apply. */
export interface Entry {
  readonly term: Term;
  readonly index: Index;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** As stored: `vote` is a member id, 0n for none. */
export interface HardState {
  readonly term: Term;
  readonly vote: bigint;
  readonly commit: Index;
}

/** As stored. Invariant: learners and voters (of either half) are disjoint; ids are sorted. */
export interface ConfState {
  readonly voters: readonly bigint[];
  readonly learners: readonly bigint[];
  readonly votersOutgoing: readonly bigint[];
  readonly learnersNext: readonly bigint[];
  readonly autoLeave: boolean;
}

export const ConfChangeType = { ADD_VOTER: 0, REMOVE: 1, ADD_LEARNER: 2 } as const;
export type ConfChangeType = (typeof ConfChangeType)[keyof typeof ConfChangeType];

/**
 * `auto`: simple if one change, else joint with auto-leave. `sole`: whatever was before, the one voter
 * named is the whole configuration; only the last survivor of a cluster writes that, into its own log.
 */
export const ConfChangeTransition = {
  AUTO: 0,
  JOINT_AUTO_LEAVE: 1,
  JOINT_EXPLICIT: 2,
  SOLE: 3,
} as const;
export type ConfChangeTransition = (typeof ConfChangeTransition)[keyof typeof ConfChangeTransition];

export interface ConfChange {
  readonly transition: ConfChangeTransition;
  /** At most 64. Empty: leave the joint configuration. */
  readonly changes: readonly { readonly type: ConfChangeType; readonly id: bigint }[];
  /** Opaque to Raft: what the state machine makes of it (member attributes, request id). */
  readonly context: Uint8Array;
}

/** Where a snapshot stands: it replaces the log up to and including `index`. */
export interface SnapshotMeta {
  readonly index: Index;
  readonly term: Term;
  readonly confState: ConfState;
}

export const MessageType = {
  APPEND: 1,
  APPEND_RESPONSE: 2,
  HEARTBEAT: 3,
  HEARTBEAT_RESPONSE: 4,
  VOTE: 5,
  VOTE_RESPONSE: 6,
  PRE_VOTE: 7,
  PRE_VOTE_RESPONSE: 8,
  /** Leader to follower: a snapshot will be streamed beside; `snapshot` says which. */
  SNAPSHOT: 9,
  TIMEOUT_NOW: 10,
  /** Follower to leader: asks for a read index; `context` is the follower's own number. */
  READ_INDEX: 11,
  READ_INDEX_RESPONSE: 12,
  /** Follower to leader: a forwarded proposal in `entries` (index and term 0). */
  PROPOSE: 13,
  /** Follower to leader: please hand leadership to `from` ... or to `context` if not 0 (a slot). */
  TRANSFER_LEADER: 14,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** One object shape for every type; fields a type has no use for are 0, false, null or empty. */
export interface RaftMessage {
  readonly type: MessageType;
  /** Slot of the receiver. Not encoded: implied by the frame. */
  readonly to: number;
  /** Slot of the sender. Not encoded: implied by the frame. */
  readonly from: number;
  readonly term: Term;
  /** APPEND: term of the entry before the first; votes: the candidate's last term. */
  readonly logTerm: Term;
  /** APPEND: index before the first entry; APPEND_RESPONSE: acknowledged (or rejected) index;
   *  votes: the candidate's last index; READ_INDEX_RESPONSE: the read index. */
  readonly index: Index;
  /** Also in refused votes: the refuser's commit index, with its term in `logTerm`; 0: not told. */
  readonly commit: Index;
  readonly reject: boolean;
  /** APPEND_RESPONSE with reject: an index the follower may agree at; `logTerm`: its term. */
  readonly rejectHint: Index;
  /** HEARTBEAT(_RESPONSE): the leader's read context; READ_INDEX(_RESPONSE): the asker's number;
   *  VOTE: 1 when forced by a leader transfer. 0 for none. A safe integer. */
  readonly context: number;
  readonly entries: readonly Entry[];
  readonly snapshot: SnapshotMeta | null;
}
