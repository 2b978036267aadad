/**
 * What clients saw and what the store committed: the two records that the judges compare. They know
 * nothing of the simulator, so a history recorded from real processes is judged alike.
 */
import type { ByteString } from '@conclave/base';
import type { KeyValue, WatchCreateRequest, WatchResponse } from '@conclave/wire';

/**
 * How a call ended for its client. `refused`: it had certainly no effect and never will. `unknown`: it
 * may have happened, or may happen yet.
 */
export type Outcome =
  | { readonly type: 'ok'; readonly response: Uint8Array }
  | { readonly type: 'refused'; readonly code: number; readonly message: string }
  | { readonly type: 'unknown'; readonly code: number; readonly message: string };

export interface Operation {
  readonly id: number;
  readonly client: string;
  /** Full gRPC path. */
  readonly method: string;
  readonly request: Uint8Array;
  /** Stamps of one total order over all calls and returns of the history. */
  readonly call: number;
  /** Infinity: the client never heard of it. */
  readonly ret: number;
  readonly outcome: Outcome;
}

export interface CommittedEvent {
  readonly type: 'put' | 'delete';
  readonly key: ByteString;
  /** Of a delete: key and mod_revision only. */
  readonly kv: KeyValue;
}

/** One revision of the store, by the server's own account. */
export interface Commit {
  readonly revision: number;
  readonly events: readonly CommittedEvent[];
  /** Made by the servers themselves, or by a recipe they run: the end of a lease, a lock. */
  readonly isInternal: boolean;
}

export interface Compaction {
  readonly revision: number;
  /** The stamp at which it first was in force anywhere. */
  readonly at: number;
}

/** Everything of a run, revisions 2, 3, ... without a gap. */
export interface History {
  readonly operations: readonly Operation[];
  readonly commits: readonly Commit[];
  readonly compactions: readonly Compaction[];
}

/** One watcher as its client saw it, responses in order, fragments not yet put together. */
export interface WatchRecord {
  readonly name: string;
  readonly create: WatchCreateRequest;
  /** Of the `created` answer; 0: it never came. */
  createdRevision: number;
  readonly responses: WatchResponse[];
  /** `open`: at the end it was alive; `canceled`: the server ended it; `lost`: its stream ended. */
  state: 'open' | 'canceled' | 'lost';
}

/** A judge found something; empty: nothing. `rule` names the invariant or check. */
export interface Finding {
  readonly rule: string;
  readonly text: string;
}
