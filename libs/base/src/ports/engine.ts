import type { DiskDone, DiskFailure } from './log-disk.js';

/**
 * An ordered key-value engine that holds the state: RocksDB in production (`storage`), a sorted map in
 * tests. Rows are opaque; each row's checksum is the engine adapter's business. Any failure is final.
 *
 * Ranges are half-open `[lo, hi)`; `hi === null` means to the end.
 */
export type EngineOp =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array }
  | { readonly type: 'delete-range'; readonly lo: Uint8Array; readonly hi: Uint8Array };

export interface EngineRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface EngineReader {
  /** Answers in the order of `keys`; null where there is no row. At most 1,000 keys a call. */
  get(
    keys: readonly Uint8Array[],
    done: (failure: DiskFailure | null, values: readonly (Uint8Array | null)[]) => void,
  ): void;
  /** At most `limit` (<= 1,000) rows of `[lo, hi)` in ascending key order. */
  scan(
    lo: Uint8Array,
    hi: Uint8Array | null,
    limit: number,
    done: (failure: DiskFailure | null, rows: readonly EngineRow[]) => void,
  ): void;
}

/** A consistent view; must be released. */
export interface EngineSnapshot extends EngineReader {
  release(): void;
}

export interface Engine extends EngineReader {
  /** Applies all operations in order and atomically. One batch in flight; not durable before a flush. */
  write(ops: readonly EngineOp[], done: DiskDone): void;
  snapshot(): EngineSnapshot;
  /** Makes all finished batches durable. */
  flush(done: DiskDone): void;
  /** Bytes on disk, and an estimate of those in use. */
  sizeBytes(): { readonly total: number; readonly inUse: number };
  close(done: DiskDone): void;
}
