import type { ByteString, EngineOp, Revision } from '@conclave/base';
import type { DeleteRangeRequest, PutRequest, RangeRequest, TxnRequest } from '@conclave/wire';

/**
 * The surface of the multi-version store. Implemented by `KvStore` in this room; used by
 * `statemachine` (apply), `api` (reads) and `watch` (history).
 */

/** One version of a key, as the index in memory holds it: everything but the value. */
export interface Version {
  readonly main: Revision;
  readonly sub: number;
  readonly create: Revision;
  /** 1 for the first put of a generation; 0 for a tombstone. */
  readonly version: number;
  /** 0n: none. */
  readonly lease: bigint;
  readonly tombstone: boolean;
}

/** One change, in the order it was made. */
export interface MvccEvent {
  readonly type: 'put' | 'delete';
  readonly key: ByteString;
  readonly main: Revision;
  readonly sub: number;
  /** Put: the stored KeyValue, encoded. Delete: a KeyValue with key and mod_revision, encoded. */
  readonly kv: Uint8Array;
  /** Put: create revision == main means the key was created. 0 for a delete. */
  readonly create: Revision;
  /**
   * The key's version before revision `main` (that is what a watch calls prev_kv), null if there was
   * none: the event creates the key, also where the same transaction deleted it first.
   */
  readonly previous: Version | null;
}

export type MvccErrorCode =
  'compacted' | 'future-revision' | 'key-not-found' | 'lease-not-found' | 'invalid-sort-option';

export type RangeResult =
  | {
      readonly ok: true;
      /** Current revision of the store when read (not the one asked for). */
      readonly revision: Revision;
      /** A RangeResponse without its header: kvs, more, count. */
      readonly body: Uint8Array;
      readonly count: number;
    }
  | { readonly ok: false; readonly code: MvccErrorCode };

/** What changed which lease holds a key; 0n for none. */
export interface LeaseMove {
  readonly key: ByteString;
  readonly from: bigint;
  readonly to: bigint;
}

export type WriteResult =
  | {
      readonly ok: true;
      /** Revision after the write; unchanged if nothing was modified. */
      readonly revision: Revision;
      /** The response message without its header. */
      readonly body: Uint8Array;
      /** In order; empty if nothing was modified. All have `main === revision`. */
      readonly events: readonly MvccEvent[];
      readonly leaseMoves: readonly LeaseMove[];
    }
  | { readonly ok: false; readonly code: MvccErrorCode };

export type WriteRequest =
  | { readonly type: 'put'; readonly request: PutRequest }
  | { readonly type: 'delete-range'; readonly request: DeleteRangeRequest }
  | { readonly type: 'txn'; readonly request: TxnRequest }
  /** Lease revoke or expiry: deletes the keys (sorted here) in one revision. */
  | { readonly type: 'delete-keys'; readonly keys: readonly ByteString[] };

export type HashResult =
  | {
      readonly ok: true;
      readonly hash: number;
      readonly revision: Revision;
      readonly hashRevision: Revision;
      readonly compactRevision: Revision;
    }
  | { readonly ok: false; readonly code: MvccErrorCode };

export interface HistoryEvent extends MvccEvent {
  /** Null when not asked for, the key was created, or that revision is compacted. Encoded KeyValue. */
  readonly prevKv: Uint8Array | null;
}

export interface HistoryQuery {
  readonly lo: Revision;
  readonly ranges: readonly KeyRange[];
  readonly limit: number;
  readonly prevKv: boolean;
}

export type HistoryResult =
  | { readonly ok: true; readonly events: readonly HistoryEvent[]; readonly next: Revision }
  | { readonly ok: false; readonly code: 'compacted'; readonly compactRevision: Revision };

export interface Store {
  /** 1 at birth. */
  readonly revision: Revision;
  /** -1 if never compacted. */
  readonly compactRevision: Revision;
  readonly keyCount: number;

  /**
   * Answers a Range (all options of spec 2.3) at the present moment; the request was validated.
   * `done` runs before `range` returns when everything is in memory and small, else in a later turn;
   * long work is cut into slices. The result is of one revision.
   */
  range(request: RangeRequest, done: (result: RangeResult) => void): void;

  /** A read-only Txn (spec 2.5: every op of both branches is a range), like `range`. */
  readTxn(request: TxnRequest, done: (result: WriteResult) => void): void;

  /**
   * Sees to it that `write` can run without I/O. True: it can, now. False: `ready` is called once
   * what is missing was read (call `write` then, with nothing applied in between).
   */
  prefetch(request: WriteRequest, ready: () => void): boolean;

  /** Applies at revision + 1. `leaseExists` answers from the lease room. Deterministic. */
  write(request: WriteRequest, leaseExists: (id: bigint) => boolean): WriteResult;

  /** Logical compaction, immediate. Physical work follows in `compactionStep`s. */
  compact(
    revision: Revision,
  ): { readonly ok: true } | { readonly ok: false; readonly code: MvccErrorCode };
  /** One bounded slice of physical compaction (adds rows to the next `takeOps`); false: none left. */
  compactionStep(): boolean;
  /** Called once the physical part of the compaction at `revision` is in a finished batch. */
  whenCompacted(revision: Revision, done: () => void): void;

  /**
   * Rows to write since the last call: value rows, one packed index row, compaction deletes, meta
   * rows of this room. They stay served from memory until `opsDone` (one batch in flight).
   */
  takeOps(): readonly EngineOp[];
  opsDone(): void;
  /** Bytes and entries held only because their batch has not finished. */
  readonly overlayBytes: number;

  hashKv(revision: Revision, done: (result: HashResult) => void): void;

  /**
   * Events with lo <= main, in order, of keys in [key, end) (end null: to the end; '' as end: just
   * `key`), at most `limit` revisions' worth of rows a call; always whole revisions. `next` is where
   * to go on; next > revision means: caught up with `revision`. Compacted: lo <= compactRevision
   * where something is gone (lo === compactRevision is allowed).
   */
  history(query: HistoryQuery, done: (result: HistoryResult) => void): void;

  /** The record of a version known from an event's `previous`, for prev_kv. Null: compacted. */
  record(version: Version, key: ByteString, done: (kv: Uint8Array | null) => void): void;
}

/** Half-open; `end === null` to the end. A single key k is [k, k + '\0'). */
export interface KeyRange {
  readonly key: ByteString;
  readonly end: ByteString | null;
}
