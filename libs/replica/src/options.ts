import type {
  Channel,
  Clock,
  DataDirectory,
  Engine,
  Index,
  Probe,
  Scheduler,
  Tracer,
} from '@conclave/base';
import type { DurableLog } from '@conclave/log';
import type { MemberRecord, StateMachine } from '@conclave/statemachine';
import type { WatchHub } from '@conclave/watch';
import type { RaftMessage, SnapshotMeta } from '@conclave/wire';

/** What a replica is told once, at its start. */
export interface ReplicaOptions {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** Published through the log once a leader is known. */
  readonly name: string;
  readonly clientURLs: readonly string[];
  readonly incarnation: bigint;
  /** Length of a raft tick in milliseconds: the heartbeat interval. */
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly preVote: boolean;
  /** Largest entry accepted, header included. */
  readonly requestBytesMax: number;
  /** Entries kept in the log behind the applied index for followers that lag. */
  readonly catchUpEntries: number;
  /** Entries between two cuts of the log, at least. */
  readonly snapshotCount: number;
  /** A flush of the engine is asked for after so many bytes, or so long after a change. */
  readonly flushBytes: number;
  readonly flushIntervalMs: number;
  /** Applied entries may be ahead of the engine by so many bytes; then apply pauses. */
  readonly overlayBytesMax: number;
  /** An entry that takes longer to apply is logged and counted; default 100. */
  readonly warningApplyMs?: number;
  /** `major.minor.0`, proposed by the leader when the cluster has no version yet. */
  readonly clusterVersion: string;
  /** How often the leader records what is left of a long lease, in milliseconds; 0 or absent: never. */
  readonly leaseCheckpointMs?: number;
  /** For raft's randomised timeouts. */
  readonly seed: number;
}

/** How Raft messages leave. Implemented over `link`, and by the simulator. */
export interface PeerTransport {
  /** Borrowed for the call: the transport encodes or copies. Messages may be lost, never altered. */
  send(to: bigint, messages: readonly RaftMessage[]): void;
  /** Monotonic time since when `id` is connected without a break; null when it is not. */
  connectedSinceMs(id: bigint): number | null;
  /** Who is a member now; called at start and after every membership change. */
  membersChanged(members: readonly MemberRecord[]): void;
  /** Calls to a member. */
  channel(id: bigint): Channel | null;
}

/** Snapshots beside the message stream. Implemented by the app over `snapshot`, `link`, `storage`. */
export interface SnapshotTransfer {
  /**
   * Streams the engine's present state to a member. `done(meta)` once that member has it whole and
   * verified; null when it did not come to that.
   */
  send(to: bigint, done: (meta: SnapshotMeta | null) => void): void;
  /** The received and verified snapshot `meta`, out of the transfer's hands; null: there is none. */
  take(meta: SnapshotMeta): ReceivedState | null;
  /**
   * Entries behind this index will be needed by members that are getting a snapshot, or may go on with
   * one. 0: all of them; null: none.
   */
  readonly heldIndex: Index | null;
  /**
   * The engine is about to be closed: ends every sending. `released` is called once nothing of that
   * engine is held; snapshots of another engine, taken afterwards, are not waited for.
   */
  release(released: () => void): void;
}

/** A whole state in a directory of its own, open and flushed. */
export interface ReceivedState {
  readonly stateNumber: number;
  readonly engine: Engine;
}

export interface ReplicaPorts {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly probe: Probe;
  /** Absent: traces are off. */
  readonly tracer?: Tracer | null;
  readonly log: DurableLog;
  readonly engine: Engine;
  readonly machine: StateMachine;
  readonly directory: DataDirectory;
  readonly watches: WatchHub;
  readonly transport: PeerTransport;
  readonly snapshots: SnapshotTransfer;
  /** The member cannot go on (disk failure, broken promise of a part): end the process. */
  readonly fatal: (message: string) => void;
  /** This member was removed from the cluster. */
  readonly removed: () => void;
}
