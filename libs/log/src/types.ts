import type { DiskFailure, Index, Term } from '@conclave/base';
import type { ConfState, Entry, HardState, SnapshotMeta } from '@conclave/wire';

export interface LogOptions {
  readonly clusterId: bigint;
  readonly memberId: bigint;
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
  | 'corrupt'
  | 'shorter-than-mark'
  | 'unknown-format'
  | 'other-member'
  | 'missing'
  | 'disk';

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
  readonly firstIndex: Index;
  readonly lastIndex: Index;
  readonly hardState: HardState;
  readonly cut: SnapshotMeta;
  term(index: Index): Term | null;
  /** Queues a durable write; requests that arrive while one is in flight form the next group. */
  append(request: AppendRequest, done: (failure: DiskFailure | null) => void): void;
  /** Entries of [lo, hi), as many as fit bytesMax but one at least. */
  read(
    lo: Index,
    hi: Index,
    bytesMax: number,
    done: (failure: DiskFailure | null, entries: readonly Entry[]) => void,
  ): void;
  readSync(lo: Index, hi: Index, bytesMax: number): readonly Entry[];
  /** Gives up everything up to and including `index`; whole segments below go. The state up to
   *  `index` must be durable in the engine already. */
  cutTo(index: Index, confState: ConfState, done: (failure: DiskFailure | null) => void): void;
  /** Idle seal (50 ms) and mark (100 ms); call at least every 25 ms with the monotonic time. */
  tick(nowMs: number): void;
  /** True when nothing is queued or in flight. */
  readonly idle: boolean;
  close(done: (failure: DiskFailure | null) => void): void;
}
