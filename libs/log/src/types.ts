/**
 * The contract of the room: what the owner of a log gives, gets and may count on.
 */
import type { DiskDone, DiskFailure, Index, Term } from '@conclave/base';
import type { ConfState, Entry, HardState, SnapshotMeta } from '@conclave/wire';

export interface LogOptions {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** Random at the member's birth; a log of another incarnation is refused. */
  readonly incarnation: bigint;
  /** Size of a segment, 64 MiB by default. */
  readonly segmentBytes: number;
  /** Largest single entry's data. */
  readonly entryBytesMax: number;
}

/** What the log knows after recovery; everything here was verified. */
export interface RecoveredLog {
  readonly hardState: HardState;
  /** Everything up to and including `cut.index` is gone from the log. Index 0 at birth. */
  readonly cut: SnapshotMeta;
  readonly firstIndex: Index;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  /** Bytes cut off as a torn tail: never acknowledged. */
  readonly tornBytes: number;
}

export type LogFault =
  'corrupt' | 'shorter-than-mark' | 'unknown-format' | 'other-member' | 'missing' | 'disk';

export type OpenLogResult<L> =
  | { readonly ok: true; readonly log: L; readonly recovered: RecoveredLog }
  | { readonly ok: false; readonly code: LogFault; readonly message: string };

export interface AppendRequest {
  readonly hardState: HardState | null;
  /** The first may be at or below lastIndex: what stands behind it is overwritten. */
  readonly entries: readonly Entry[];
}

/**
 * The durable log. Callbacks run in a later turn, in order. After the first failure no callback ever
 * reports success again; the owner stops the process.
 */
export interface DurableLog {
  /** cut.index + 1. */
  readonly firstIndex: Index;
  /** Last durable entry; cut.index when there is none behind the cut. */
  readonly lastIndex: Index;
  readonly hardState: HardState;
  readonly cut: SnapshotMeta;
  /** Written in groups since the log was opened, heads and padding included. */
  readonly writtenBytes: number;
  /** Of a durable entry or of the cut itself; null for any other index. */
  term(index: Index): Term | null;
  /** Queues a durable write; requests that arrive while one is in flight form the next group. */
  append(request: AppendRequest, done: (failure: DiskFailure | null) => void): void;
  /** Durable entries of [lo, hi), as many as fit bytesMax but one at least; none if `lo` was cut or
   *  `hi - 1` is not durable. Their data shares one buffer. Each is verified against its checksum. */
  read(
    lo: Index,
    hi: Index,
    bytesMax: number,
    done: (failure: DiskFailure | null, entries: readonly Entry[]) => void,
  ): void;
  /** As `read`; a failure is thrown as a ConclaveError. Only before the member serves. */
  readSync(lo: Index, hi: Index, bytesMax: number): readonly Entry[];
  /** Gives up everything up to and including `index`; whole segments below go. The state up to
   *  `index` must be durable in the engine already. */
  cutTo(index: Index, confState: ConfState, done: (failure: DiskFailure | null) => void): void;
  /**
   * Starts the log over behind an installed snapshot: the first segment of a new log, which begins with
   * `cut` and the last HardState (its commit raised to the cut), is made durable; then `publish` names it
   * in `member/current`; then it is the log, and the old segments go. A crash before `publish` is
   * done leaves the old log, after it the new one. Appends meanwhile wait and go to the new log, of
   * their entries those behind the cut. `done` comes before the old segments are gone.
   */
  reset(
    cut: SnapshotMeta,
    publish: (firstSegment: number, done: DiskDone) => void,
    done: (failure: DiskFailure | null) => void,
  ): void;
  /** Idle seal (50 ms) and mark (100 ms); call at least every 25 ms with the monotonic time. */
  tick(nowMs: number): void;
  /** True when nothing is queued or in flight. */
  readonly idle: boolean;
  /** Finishes what is queued, seals, writes the mark and closes the disk. No calls afterwards. */
  close(done: (failure: DiskFailure | null) => void): void;
}
