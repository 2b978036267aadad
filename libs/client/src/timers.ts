/**
 * Many timers, few of which ever fire: a wheel of buckets, one per tick. Adding and removing are
 * O(1), and a tick touches only what is due. Precision is one tick, never early.
 *
 * Invariant: a timer is in at most one bucket, the one `bucket` names.
 */
import { assert } from '@conclave/base';

export interface Timer {
  /** Owned by `Timers`: the bucket it waits in, -1 when idle. */
  bucket: number;
  fire(): void;
}

export class Timers {
  readonly #tickMs: number;
  readonly #buckets = new Map<number, Set<Timer>>();
  /** Every bucket below this has fired. */
  #next: number;
  #size = 0;

  constructor(tickMs: number, nowMs: number) {
    assert(tickMs > 0, 'Timers: a tick has a length');
    this.#tickMs = tickMs;
    this.#next = Math.floor(nowMs / tickMs) + 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Sets or moves `timer`; a moment already past fires with the next tick. */
  set(timer: Timer, atMs: number): void {
    this.clear(timer);
    const bucket = Math.max(Math.ceil(atMs / this.#tickMs), this.#next);
    let waiting = this.#buckets.get(bucket);
    if (waiting === undefined) {
      waiting = new Set();
      this.#buckets.set(bucket, waiting);
    }
    waiting.add(timer);
    timer.bucket = bucket;
    this.#size++;
  }

  clear(timer: Timer): void {
    if (timer.bucket < 0) return;
    const waiting = this.#buckets.get(timer.bucket);
    if (waiting?.delete(timer)) this.#size--;
    if (waiting?.size === 0) this.#buckets.delete(timer.bucket);
    timer.bucket = -1;
  }

  /** Fires all that is due at `nowMs`, in order of buckets. A fired timer may set itself again. */
  advance(nowMs: number): void {
    const last = Math.floor(nowMs / this.#tickMs);
    if (last < this.#next) return;
    // After a long gap there are more empty buckets than full ones: take the full ones, sorted.
    const due =
      last - this.#next < this.#buckets.size
        ? span(this.#next, last)
        : [...this.#buckets.keys()].filter((b) => b <= last).sort((a, b) => a - b);
    this.#next = last + 1;
    for (const bucket of due) this.#fireBucket(bucket);
  }

  #fireBucket(bucket: number): void {
    const waiting = this.#buckets.get(bucket);
    if (waiting === undefined) return;
    // The bucket stays in the map while it fires, so that a timer can clear one behind it.
    for (const timer of waiting) {
      waiting.delete(timer);
      this.#size--;
      timer.bucket = -1;
      timer.fire();
    }
    this.#buckets.delete(bucket);
  }
}

function span(lo: number, hi: number): number[] {
  const out: number[] = [];
  for (let b = lo; b <= hi; b++) out.push(b);
  return out;
}
