import { type ByteString, assert, assertDefined, assertLe } from '@conclave/base';
import { DeadlineHeap, type HeapItem } from './deadline-heap.js';
import type { GrantResult, LeaseView, Leases } from './types.js';

/**
 * All leases of one member (spec 2.8).
 *
 * Two kinds of state, kept apart. *Replicated*: id, TTL and attached keys; changed at apply only and
 * the same on every member. *Local to the primary*: when a lease ends, in monotonic milliseconds
 * handed in; it is in no log and no snapshot, so a member that becomes primary gives each lease a full
 * term again and a lease is never ended early by a change of leader.
 *
 * The primary reports what has ended (`expired`) and nothing else happens here: the lease goes when the
 * expiry comes back through the log. Callers renew only behind a linearizable read that began after the
 * request: by then the leader's first entry of its own term is applied, so no expiry proposed by an
 * earlier leader can follow a renewal that was answered (reliability rules 42 and 45).
 *
 * Invariants: a lease is in the heap exactly while this member is primary; `dueMs >= deadlineMs`; a key
 * is attached to one lease at most (the store sees to it, `move` is told both sides).
 */

/** From this many leases on, `promote` spreads the deadlines. etcd's revoke rate a second. */
const SPREAD_LEASES_MIN = 1_000;
/** Deadlines in any second after a spread: three quarters of the revoke rate. */
const SPREAD_PER_SECOND_MAX = 750;

export interface LessorOptions {
  /** Shorter TTLs, zero and negative ones too, are raised to it: ceil(1.5 election timeouts). */
  readonly minTtlSeconds: number;
  /** Longer TTLs are refused; etcd's 9,000,000,000. */
  readonly maxTtlSeconds: number;
}

/** The longest TTL etcd grants, in seconds. */
export const MAX_TTL_SECONDS = 9_000_000_000;

class Lease implements HeapItem {
  readonly id: bigint;
  readonly ttl: number;
  /** On the primary: the moment it ends. */
  deadlineMs = 0;
  /** When it is to be reported: the deadline, or after that the next retry. */
  dueMs = 0;
  slot = -1;
  /** Null until the first key: most of 100,000 leases may hold none. */
  keys: Set<ByteString> | null = null;

  constructor(id: bigint, ttl: number) {
    this.id = id;
    this.ttl = ttl;
  }

  sortedKeys(): ByteString[] {
    return this.keys === null ? [] : [...this.keys].sort(compareKeys);
  }
}

/** A look at a lease; `keys` is sorted only if it is asked for, and then of that moment. */
class LeaseSight implements LeaseView {
  readonly id: bigint;
  readonly ttl: number;
  readonly remaining: number;
  readonly #lease: Lease;

  constructor(lease: Lease, remaining: number) {
    this.id = lease.id;
    this.ttl = lease.ttl;
    this.remaining = remaining;
    this.#lease = lease;
  }

  get keys(): readonly ByteString[] {
    return this.#lease.sortedKeys();
  }
}

export class Lessor implements Leases {
  readonly #options: LessorOptions;
  readonly #leases = new Map<bigint, Lease>();
  readonly #heap = new DeadlineHeap<Lease>();
  #primary = false;

  constructor(options: LessorOptions) {
    assert(options.minTtlSeconds >= 1, 'minTtlSeconds is at least 1');
    assertLe(options.minTtlSeconds, options.maxTtlSeconds, 'minTtlSeconds <= maxTtlSeconds');
    assertLe(options.maxTtlSeconds, MAX_TTL_SECONDS, 'deadlines stay safe integers');
    this.#options = options;
  }

  get size(): number {
    return this.#leases.size;
  }

  get primary(): boolean {
    return this.#primary;
  }

  exists(id: bigint): boolean {
    return this.#leases.has(id);
  }

  /** On the primary by deadline, elsewhere by id (signed). A new array, O(n log n). */
  ids(): readonly bigint[] {
    const all = [...this.#leases.values()];
    return all.sort(this.#primary ? compareDeadlines : compareIds).map((lease) => lease.id);
  }

  view(id: bigint, nowMs: number): LeaseView | null {
    const lease = this.#leases.get(id);
    if (lease === undefined) return null;
    const remaining = this.#primary ? Math.floor((lease.deadlineMs - nowMs) / 1_000) : lease.ttl;
    return new LeaseSight(lease, remaining);
  }

  // ---- at apply

  /** Order of the checks as etcd's: id 0, TTL too large, id in use. */
  grant(id: bigint, ttl: number, nowMs: number): GrantResult {
    if (id === 0n) return { ok: false, code: 'lease-not-found' };
    if (ttl > this.#options.maxTtlSeconds) return { ok: false, code: 'lease-ttl-too-large' };
    if (this.#leases.has(id)) return { ok: false, code: 'lease-exists' };
    const granted = Math.max(ttl, this.#options.minTtlSeconds);
    const lease = new Lease(id, granted);
    this.#leases.set(id, lease);
    if (this.#primary) this.#extend(lease, nowMs + granted * 1_000);
    return { ok: true, ttl: granted };
  }

  revoke(id: bigint): readonly ByteString[] | null {
    const lease = this.#leases.get(id);
    if (lease === undefined) return null;
    this.#leases.delete(id);
    this.#heap.remove(lease);
    return lease.sortedKeys();
  }

  /**
   * `from` may be gone already: revoke takes the lease away first, then its keys are deleted. `to`
   * exists: the store asked before it wrote.
   */
  move(key: ByteString, from: bigint, to: bigint): void {
    if (from === to) return;
    if (from !== 0n) {
      const held = this.#leases.get(from)?.keys;
      if (held !== undefined) {
        assert(held !== null && held.delete(key), 'a key leaves the lease it was attached to');
      }
    }
    if (to !== 0n) this.#hold(assertDefined(this.#leases.get(to), 'a key goes to a lease'), key);
  }

  // ---- rebuilding after a start or a snapshot

  /** A lease read back from its row; the TTL was bounded when it was granted. */
  restore(id: bigint, ttl: number): void {
    assert(id !== 0n && !this.#leases.has(id), 'a restored lease is new');
    assert(!this.#primary, 'a member restores before it leads');
    this.#leases.set(id, new Lease(id, ttl));
  }

  /** A key read back with its lease. False: there is no such lease. */
  attach(key: ByteString, id: bigint): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    this.#hold(lease, key);
    return true;
  }

  /** Forgets everything, as before `restore` and `attach` from a snapshot. Not primary afterwards. */
  reset(): void {
    this.demote();
    this.#leases.clear();
  }

  // ---- on the primary

  promote(nowMs: number, extendMs: number): void {
    assertLe(0, extendMs, 'extendMs is not negative');
    this.#primary = true;
    this.#heap.clear();
    const leases = [...this.#leases.values()];
    for (const lease of leases) lease.deadlineMs = nowMs + lease.ttl * 1_000 + extendMs;
    if (leases.length >= SPREAD_LEASES_MIN) spread(leases);
    for (const lease of leases) this.#heap.schedule(lease, lease.deadlineMs);
  }

  demote(): void {
    this.#primary = false;
    this.#heap.clear();
  }

  renew(id: bigint, nowMs: number): number | 'not-primary' | 'not-found' | 'expired' {
    if (!this.#primary) return 'not-primary';
    const lease = this.#leases.get(id);
    if (lease === undefined) return 'not-found';
    if (lease.deadlineMs <= nowMs) return 'expired';
    this.#extend(lease, nowMs + lease.ttl * 1_000);
    return lease.ttl;
  }

  /** Empty when not primary. O(k log n) for k reported; longest overdue first, then by id. */
  expired(nowMs: number, max: number, retryMs: number): readonly bigint[] {
    assertLe(1, retryMs, 'a retry comes later');
    if (!this.#primary) return [];
    const ids: bigint[] = [];
    while (ids.length < max) {
      const lease = this.#heap.peek();
      if (lease === undefined || lease.dueMs > nowMs) break;
      assertLe(lease.deadlineMs, nowMs, 'only a lease past its deadline is reported');
      ids.push(lease.id);
      this.#heap.schedule(lease, nowMs + retryMs);
    }
    return ids;
  }

  #extend(lease: Lease, deadlineMs: number): void {
    lease.deadlineMs = deadlineMs;
    this.#heap.schedule(lease, deadlineMs);
  }

  #hold(lease: Lease, key: ByteString): void {
    lease.keys ??= new Set();
    lease.keys.add(key);
  }
}

/**
 * Moves deadlines back, in their order, until no second holds more than the allowed number: the n-th
 * ends at least one second after the one `SPREAD_PER_SECOND_MAX` before it.
 */
function spread(leases: Lease[]): void {
  leases.sort(compareDeadlines);
  for (let i = SPREAD_PER_SECOND_MAX; i < leases.length; i++) {
    const lease = leases[i] as Lease;
    const floor = (leases[i - SPREAD_PER_SECOND_MAX] as Lease).deadlineMs + 1_000;
    if (lease.deadlineMs < floor) lease.deadlineMs = floor;
  }
}

function compareIds(a: Lease, b: Lease): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function compareDeadlines(a: Lease, b: Lease): number {
  return a.deadlineMs - b.deadlineMs || compareIds(a, b);
}

function compareKeys(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
