import type { ByteString } from '@conclave/base';

/**
 * Leases. What is replicated (id, TTL, attachments) changes only at apply; when a lease ends is known
 * to the leader alone and is held apart, in monotonic milliseconds handed in.
 */
export interface LeaseView {
  readonly id: bigint;
  /** Granted seconds. */
  readonly ttl: number;
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

export interface Leases {
  readonly size: number;
  exists(id: bigint): boolean;
  ids(): readonly bigint[];
  view(id: bigint, nowMs: number): LeaseView | null;

  // ---- at apply, the same on every member
  grant(id: bigint, ttl: number, nowMs: number): GrantResult;
  /** Its keys, sorted; null if unknown. The keys are deleted by the caller (one revision). */
  revoke(id: bigint): readonly ByteString[] | null;
  /** `from`/`to` 0n for none. */
  move(key: ByteString, from: bigint, to: bigint): void;

  // ---- on the primary (the raft leader) only
  readonly primary: boolean;
  /** Becomes primary: every lease gets its full TTL plus `extendMs` (spec 2.8). */
  promote(nowMs: number, extendMs: number): void;
  demote(): void;
  /** Renews: the TTL; 'not-primary'; 'not-found'; 'expired': past its deadline, revoke on its way. */
  renew(id: bigint, nowMs: number): number | 'not-primary' | 'not-found' | 'expired';
  /** At most `max` leases past their deadline, each reported again only after `retryMs`. */
  expired(nowMs: number, max: number, retryMs: number): readonly bigint[];
}
