/**
 * Deadlines of many calls on one timer: calls wait in buckets of 10 ms, one timer runs while any
 * bucket is filled. A call is told at or up to one bucket after its deadline, never before.
 */
import { assertLe } from '@conclave/base';

const BUCKET_MS = 10;
/** About 28 years; longer deadlines are cut, which no process lives to notice. */
const TIMEOUT_MS_MAX = 1e12;

/** Something with a deadline; `bucket` belongs to the wheel. */
export interface Expiring {
  deadlineBucket: number;
  deadlineExceeded(): void;
}

/** Adds and removes in constant time; nothing runs while it is empty. */
export class DeadlineWheel {
  readonly #buckets = new Map<number, Set<Expiring>>();
  readonly #nowMs: () => number;
  #timer: NodeJS.Timeout | null = null;
  /** Every bucket up to this one was told. */
  #done = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  add(item: Expiring, timeoutMs: number): void {
    const at = this.#nowMs() + Math.min(timeoutMs, TIMEOUT_MS_MAX);
    if (this.#buckets.size === 0) this.#start();
    const bucket = Math.max(Math.ceil(at / BUCKET_MS), this.#done + 1);
    const set = this.#buckets.get(bucket);
    if (set === undefined) this.#buckets.set(bucket, new Set([item]));
    else set.add(item);
    item.deadlineBucket = bucket;
  }

  remove(item: Expiring): void {
    const set = this.#buckets.get(item.deadlineBucket);
    if (set === undefined) return;
    set.delete(item);
    if (set.size > 0) return;
    this.#buckets.delete(item.deadlineBucket);
    if (this.#buckets.size === 0) this.#stop();
  }

  /** Tells everyone whose deadline has passed; the timer calls it. */
  expire(): void {
    const now = Math.floor(this.#nowMs() / BUCKET_MS);
    assertLe(this.#done, now, 'time does not go back');
    const due = now - this.#done > this.#buckets.size ? this.#dueBuckets(now) : null;
    if (due !== null) for (const bucket of due) this.#tell(bucket);
    else for (let bucket = this.#done + 1; bucket <= now; bucket++) this.#tell(bucket);
    this.#done = now;
    if (this.#buckets.size === 0) this.#stop();
  }

  /** After a long pause it is cheaper to look at the filled buckets than at all that passed. */
  #dueBuckets(now: number): number[] {
    const due: number[] = [];
    for (const bucket of this.#buckets.keys()) if (bucket <= now) due.push(bucket);
    return due.sort((a, b) => a - b);
  }

  #tell(bucket: number): void {
    const set = this.#buckets.get(bucket);
    if (set === undefined) return;
    this.#buckets.delete(bucket);
    for (const item of set) item.deadlineExceeded();
  }

  #start(): void {
    this.#done = Math.floor(this.#nowMs() / BUCKET_MS);
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => this.expire(), BUCKET_MS);
    this.#timer.unref();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
