import type { ByteString } from '@conclave/base';

/**
 * Leases. What is replicated (id, TTL, attachments) changes only at apply; when a lease ends is known
 * to the leader alone and is held apart, in monotonic milliseconds handed in.
 */
export interface LeaseView {
  readonly id: bigint;
  /** Granted seconds. */
  readonly ttl: number;
  /** Seconds that were left at the last checkpoint; 0: none since the last renewal. Replicated. */
  readonly checkpointed: number;
  /** Index of the entry that granted it or took its checkpoint back, if checkpoints were there then. */
  readonly freshIndex: number;
  /** Seconds left, floored, may be negative; full `ttl` when this member is not the primary. */
  readonly remaining: number;
  readonly keys: readonly ByteString[];
}

export type GrantResult =
  | { readonly ok: true; readonly ttl: number }
  /** 'lease-not-found': id 0, which no client can send (the API picks an id first). */
  | {
      readonly ok: false;
      readonly code: 'lease-exists' | 'lease-ttl-too-large' | 'lease-not-found';
    };

/** How much of a lease was left when its primary looked. */
export interface Checkpoint {
  readonly id: bigint;
  /** Whole seconds, rounded up, at most the TTL; 0: renewed, nothing is to be remembered. */
  readonly remaining: number;
}

/**
 * What a renewal comes to: the TTL. 'expired': past its deadline, the revoke is on its way.
 * 'checkpointed': there is a checkpoint, or one may be on its way; it must be taken back through the log
 * first, or the next primary could end the lease early.
 */
export type Renewal = number | 'not-primary' | 'not-found' | 'expired' | 'checkpointed';

export interface Leases {
  readonly size: number;
  exists(id: bigint): boolean;
  ids(): readonly bigint[];
  view(id: bigint, nowMs: number): LeaseView | null;

  // ---- at apply, the same on every member
  /** `index`: of the entry; 0 while checkpoints are not in use. */
  grant(id: bigint, ttl: number, nowMs: number, index?: number): GrantResult;
  /** Its keys, sorted; null if unknown. The keys are deleted by the caller (one revision). */
  revoke(id: bigint): readonly ByteString[] | null;
  /** `from`/`to` 0n for none. */
  move(key: ByteString, from: bigint, to: bigint): void;
  /**
   * Remembers what was left of a lease when a primary that had applied `measuredIndex` looked; 0 takes that
   * back, in entry `index`. False: no such lease, or what was measured is older than its `freshIndex`.
   */
  checkpoint(id: bigint, remaining: number, measuredIndex: number, index: number): boolean;

  // ---- on the primary (the raft leader) only
  readonly primary: boolean;
  /**
   * Becomes primary, or starts again as one: every lease gets what its last checkpoint left it, else its
   * full TTL, plus `extendMs` (spec 2.8). `checkpointMs`: how often a lease is due for a checkpoint; 0: never.
   */
  promote(nowMs: number, extendMs: number, checkpointMs?: number): void;
  demote(): void;
  renew(id: bigint, nowMs: number): Renewal;
  /** At most `max` leases past their deadline, each reported again only after `retryMs`. */
  expired(nowMs: number, max: number, retryMs: number): readonly bigint[];
  /** At most `max` leases whose checkpoint is due; each is due again one interval later. */
  dueCheckpoints(nowMs: number, max: number): readonly Checkpoint[];
  /** A checkpoint of it is there or may be on its way: `renew` would say 'checkpointed'. */
  needsReset(id: bigint): boolean;
}
