import type { Index, Term } from '@conclave/base';
import type { Entry, EntryType, RaftMessage } from '@conclave/wire';

/** A member inside the raft room: a small number that the replica assigns. 0 is nobody. */
export type Slot = number;

/** `ConfState` of the wire room, with slots for ids. */
export interface SlotConfState {
  readonly voters: readonly Slot[];
  readonly learners: readonly Slot[];
  readonly votersOutgoing: readonly Slot[];
  readonly learnersNext: readonly Slot[];
  readonly autoLeave: boolean;
}

export interface SlotHardState {
  readonly term: Term;
  /** 0: no vote in this term. */
  readonly vote: Slot;
  readonly commit: Index;
}

export interface SlotSnapshotMeta {
  readonly index: Index;
  readonly term: Term;
  readonly confState: SlotConfState;
}

export const Role = {
  FOLLOWER: 'follower',
  PRE_CANDIDATE: 'pre-candidate',
  CANDIDATE: 'candidate',
  LEADER: 'leader',
} as const;
export type Role = (typeof Role)[keyof typeof Role];

export interface SoftState {
  readonly role: Role;
  /** 0: unknown. */
  readonly leader: Slot;
}

/**
 * One durable write. Appends are numbered from 1 and must become durable in order; when this one is,
 * first send its `messages`, then call `RawNode.appendDone(sequence)`.
 */
export interface Append {
  readonly sequence: number;
  /** Null when unchanged since the append before. */
  readonly hardState: SlotHardState | null;
  /** Contiguous; the first may overwrite entries of earlier appends (a conflict was truncated).
   *  Without entries and hardState there is nothing to write: done when the append before is. */
  readonly entries: readonly Entry[];
  /** Messages that vouch for this write (votes, acknowledgements): never sent before it is durable. */
  readonly messages: readonly RaftMessage[];
}

/** A linearizable read may be served once applied >= index. */
export interface ReadState {
  /** The number given to `RawNode.readIndex`. */
  readonly context: number;
  readonly index: Index;
}

/** Entries that raft needs and no longer holds in memory; answer with `RawNode.entriesRead`. */
export interface EntriesRequest {
  readonly id: number;
  readonly lo: Index;
  readonly hi: Index;
  readonly bytesMax: number;
}

/** What the replica does next. Everything is taken out: a Ready is given once. */
export interface Ready {
  readonly softState: SoftState | null;
  readonly append: Append | null;
  /** May be sent at once. */
  readonly messages: readonly RaftMessage[];
  /** Committed, durable here, next to be applied, in order. Report with `appliedTo`. */
  readonly committed: readonly Entry[];
  readonly readStates: readonly ReadState[];
  /** Read requests (contexts) that were lost to a leader change: fail or retry under a new number. */
  readonly readsDropped: readonly number[];
  readonly entriesRequests: readonly EntriesRequest[];
  /** The snapshot a leader announced and we accepted: fetch and install it, then call
   *  `snapshotInstalled` or `snapshotFailed`. */
  readonly snapshotToInstall: SlotSnapshotMeta | null;
  /** Peers that need a snapshot from us: announce the one chosen with `sendSnapshot(slot, meta)`,
   *  report with `reportSnapshot(slot, ok)`. */
  readonly snapshotsToSend: readonly Slot[];
}

export type ProposeResult =
  | { readonly ok: true; /** 0 when forwarded to the leader. */ readonly index: Index }
  | {
      readonly ok: false;
      readonly code:
        'no-leader' | 'transferring' | 'uncommitted-limit' | 'removed' | 'conf-change-pending';
    };

export interface ProposedEntry {
  readonly type: EntryType;
  readonly data: Uint8Array;
}

export interface PeerProgress {
  readonly slot: Slot;
  readonly match: Index;
  readonly next: Index;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly recentActive: boolean;
  readonly learner: boolean;
}

export interface RaftStatus {
  readonly slot: Slot;
  readonly role: Role;
  readonly term: Term;
  readonly vote: Slot;
  readonly leader: Slot;
  readonly commit: Index;
  readonly applied: Index;
  readonly firstIndex: Index;
  readonly lastIndex: Index;
  /** Last index durable here. */
  readonly durableIndex: Index;
  readonly leadTransferee: Slot;
  readonly confState: SlotConfState;
  /** Empty unless leader. */
  readonly progress: readonly PeerProgress[];
}

export interface RaftConfig {
  readonly slot: Slot;
  /** Ticks without a leader before an election; randomised in [n, 2n). Also the lease of CheckQuorum. */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  /** Bounds per message, per peer window, and for uncommitted proposals at the leader. */
  readonly messageBytesMax: number;
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  readonly uncommittedBytesMax: number;
  /** Committed entries handed out per Ready. */
  readonly committedBytesMax: number;
  /** Entries held in memory behind the applied index for followers that lag a little. */
  readonly cacheBytesMax: number;
  /** A leader whose own append is not durable within this many ticks steps down; 0: electionTicks. */
  readonly diskStallTicks: number;
  readonly disableProposalForwarding: boolean;
  readonly stepDownOnRemoval: boolean;
  /** False: a leader takes any configuration change at any time. For tests of what follows. */
  readonly confChangeValidation?: boolean;
  /** For the randomised timeouts. */
  readonly seed: number;
}

/** What `log` recovered. Entries are those in memory; older ones down to `cut.index` are on disk. */
export interface RaftInitialState {
  readonly hardState: SlotHardState;
  /** Everything up to and including this was cut from the log; index 0, term 0 at birth. */
  readonly cut: SlotSnapshotMeta;
  /** The configuration as of `applied`. */
  readonly confState: SlotConfState;
  readonly applied: Index;
  readonly entries: readonly Entry[];
}
