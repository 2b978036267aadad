import { type ByteString, assert, assertDefined, assertLe } from '@conclave/base';
import { DeadlineHeap, type HeapItem } from './deadline-heap.js';
import type { Checkpoint, GrantResult, LeaseView, Leases, Renewal } from './types.js';

/**
 * All leases of one member (spec 2.8).
 *
 * Two kinds of state, kept apart. *Replicated*: id, TTL, attached keys, and what was left at the last
 * checkpoint; changed at apply only and the same on every member. *Local to the primary*: when a lease
 * ends, in monotonic milliseconds handed in; it is in no log and no snapshot. A member that becomes primary
 * gives each lease what its checkpoint left it, else a full term, and the time an election may have
 * taken; so a lease is never ended early by a change of leader.
 *
 * A checkpoint must never outlive a renewal that was answered. So a lease with one, or with one that was
 * proposed and may yet turn up in the log, is renewed only after a reset (a checkpoint of 0) was applied.
 * A checkpoint counts only in the term of the leader that measured it, and only if that leader had
 * applied the lease's `freshIndex`: the entry that granted the lease, or its last reset. The primary starts
 * again (`promote`) once the first entry of its own term is applied: only then has it seen every reset
 * of the leaders before it.
 *
 * The primary reports what has ended (`expired`) and nothing else happens here: the lease goes when the
 * expiry comes back through the log. Callers renew only behind a linearizable read that began after the
 * request: by then the leader's first entry of its own term is applied, so no expiry proposed by an
 * earlier leader can follow a renewal that was answered (reliability rules 42 and 45).
 *
 * Invariants: a lease is in the heap exactly while this member is primary; `dueMs >= deadlineMs`; a
 * checkpoint is above 0 and at most the TTL, or 0 for none; a key
 * is attached to one lease at most (the store sees to it, `move` is told both sides).
 */

/** From this many leases on, `promote` spreads the deadlines. etcd's revoke rate a second. */
const SPREAD_LEASES_MIN = 1_000;
/** Deadlines in any second after a spread: three quarters of the revoke rate. */
const SPREAD_PER_SECOND_MAX = 750;

/** Most leases may have nothing to record, as right after a spread: a look ends without them, too. */
const LOOKS_PER_CHECKPOINT = 4;

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
  /** Replicated: seconds left at the last checkpoint, 0 for none. */
  checkpointed = 0;
  /** On the primary: when its next checkpoint is due; null while it has none to come. */
  nextCheckpoint: HeapItem | null = null;
  /** Replicated: see `LeaseView`. */
  freshIndex = 0;
  /** On the primary: a checkpoint was proposed since the last reset, and may turn up in the log. */
  proposed = false;
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
  readonly checkpointed: number;
  readonly freshIndex: number;
  readonly remaining: number;
  readonly #lease: Lease;

  constructor(lease: Lease, remaining: number) {
    this.id = lease.id;
    this.ttl = lease.ttl;
    this.checkpointed = lease.checkpointed;
    this.freshIndex = lease.freshIndex;
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
  readonly #checkpoints = new DeadlineHeap<HeapItem>();
  /** 0: none are made. */
  #checkpointMs = 0;
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
  grant(id: bigint, ttl: number, nowMs: number, index = 0): GrantResult {
    if (id === 0n) return { ok: false, code: 'lease-not-found' };
    if (ttl > this.#options.maxTtlSeconds) return { ok: false, code: 'lease-ttl-too-large' };
    if (this.#leases.has(id)) return { ok: false, code: 'lease-exists' };
    const granted = Math.max(ttl, this.#options.minTtlSeconds);
    const lease = new Lease(id, granted);
    lease.freshIndex = index;
    this.#leases.set(id, lease);
    if (this.#primary) {
      this.#extend(lease, nowMs + granted * 1_000);
      this.#scheduleCheckpoint(lease, nowMs);
    }
    return { ok: true, ttl: granted };
  }

  revoke(id: bigint): readonly ByteString[] | null {
    const lease = this.#leases.get(id);
    if (lease === undefined) return null;
    this.#leases.delete(id);
    this.#heap.remove(lease);
    if (lease.nextCheckpoint !== null) this.#checkpoints.remove(lease.nextCheckpoint);
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

  /** What is more than the TTL is the TTL; a time below 0 is nothing to remember. */
  checkpoint(id: bigint, remaining: number, measuredIndex: number, index: number): boolean {
    assertLe(measuredIndex, index, 'a checkpoint is measured before it is applied');
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    const left = Math.max(0, Math.min(remaining, lease.ttl));
    if (left > 0 && lease.freshIndex > measuredIndex) return false;
    lease.checkpointed = left;
    if (left === 0) {
      // What was measured before does not count any more, wherever it stands in the log.
      lease.freshIndex = index;
      lease.proposed = false;
    }
    return true;
  }

  // ---- rebuilding after a start or a snapshot

  /** A lease read back from its row; the TTL was bounded when it was granted. */
  restore(id: bigint, ttl: number, checkpointed = 0, freshIndex = 0): void {
    assert(id !== 0n && !this.#leases.has(id), 'a restored lease is new');
    assert(!this.#primary, 'a member restores before it leads');
    const lease = new Lease(id, ttl);
    lease.checkpointed = Math.max(0, Math.min(checkpointed, ttl));
    lease.freshIndex = freshIndex;
    this.#leases.set(id, lease);
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

  promote(nowMs: number, extendMs: number, checkpointMs = 0): void {
    assertLe(0, extendMs, 'extendMs is not negative');
    assertLe(0, checkpointMs, 'checkpointMs is not negative');
    this.#primary = true;
    this.#heap.clear();
    this.#checkpoints.clear();
    this.#checkpointMs = checkpointMs;
    const leases = [...this.#leases.values()];
    for (const lease of leases) {
      const left = lease.checkpointed === 0 ? lease.ttl : lease.checkpointed;
      lease.deadlineMs = nowMs + left * 1_000 + extendMs;
      lease.proposed = false;
    }
    if (leases.length >= SPREAD_LEASES_MIN) spread(leases);
    for (const lease of leases) {
      this.#heap.schedule(lease, lease.deadlineMs);
      this.#scheduleCheckpoint(lease, nowMs);
    }
  }

  demote(): void {
    this.#primary = false;
    this.#heap.clear();
    this.#checkpoints.clear();
  }

  renew(id: bigint, nowMs: number): Renewal {
    if (!this.#primary) return 'not-primary';
    const lease = this.#leases.get(id);
    if (lease === undefined) return 'not-found';
    if (lease.deadlineMs <= nowMs) return 'expired';
    if (needsReset(lease)) return 'checkpointed';
    this.#extend(lease, nowMs + lease.ttl * 1_000);
    this.#scheduleCheckpoint(lease, nowMs);
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

  /** Empty when not primary, and perhaps when the next look is not. O(k log n) for k = `max`. */
  dueCheckpoints(nowMs: number, max: number): readonly Checkpoint[] {
    if (!this.#primary) return [];
    const due: Checkpoint[] = [];
    for (let looks = 0; due.length < max && looks < LOOKS_PER_CHECKPOINT * max; looks++) {
      const item = this.#checkpoints.peek();
      if (item === undefined || item.dueMs > nowMs) break;
      this.#checkpoints.remove(item);
      const lease = assertDefined(this.#leases.get(item.id), 'a lease that goes has no checkpoint');
      const remaining = Math.ceil((lease.deadlineMs - nowMs) / 1_000);
      // Past its deadline it only waits for its end; above the TTL the extension is not used up yet.
      if (remaining <= 0) continue;
      this.#scheduleCheckpoint(lease, nowMs);
      if (remaining >= lease.ttl) continue;
      lease.proposed = true;
      due.push({ id: lease.id, remaining });
    }
    return due;
  }

  needsReset(id: bigint): boolean {
    const lease = this.#leases.get(id);
    return lease !== undefined && needsReset(lease);
  }

  /** Only for a lease that outlives the next one: etcd's rule. */
  #scheduleCheckpoint(lease: Lease, nowMs: number): void {
    const isLong = lease.deadlineMs - nowMs > this.#checkpointMs;
    if (this.#checkpointMs > 0 && isLong) {
      lease.nextCheckpoint ??= { id: lease.id, dueMs: 0, slot: -1 };
      this.#checkpoints.schedule(lease.nextCheckpoint, nowMs + this.#checkpointMs);
    } else if (lease.nextCheckpoint !== null) this.#checkpoints.remove(lease.nextCheckpoint);
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

function needsReset(lease: Lease): boolean {
  return lease.checkpointed > 0 || lease.proposed;
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
