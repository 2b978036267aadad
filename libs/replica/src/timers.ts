import { assert } from '@conclave/base';
import type { Cancel } from './types.js';

/** More would be a leak: each open call has a handful at most. */
const TIMERS_MAX = 1_000_000;
/** Cancelled ones are swept out when they are so many, and more than half. */
const SWEEP_MIN = 1_024;

interface Timer {
  readonly atMs: number;
  readonly order: number;
  task: (() => void) | null;
}

/**
 * Tasks for later, driven by the time that is handed in: a binary heap by (time, order given).
 * A cancelled task stays in the heap as an empty one until its time, or until the empty ones are most.
 */
export class Timers {
  #heap: Timer[] = [];
  #order = 0;
  #cancelled = 0;

  get length(): number {
    return this.#heap.length;
  }

  at(atMs: number, task: () => void): Cancel {
    assert(this.#heap.length < TIMERS_MAX, 'Timers: bounded');
    const timer: Timer = { atMs, order: this.#order++, task };
    this.#heap.push(timer);
    this.#up(this.#heap.length - 1);
    return () => {
      if (timer.task === null) return;
      timer.task = null;
      this.#cancelled++;
      if (this.#cancelled >= SWEEP_MIN && this.#cancelled * 2 > this.#heap.length) this.#sweep();
    };
  }

  /** Runs what is due, in order of time. */
  poll(nowMs: number): void {
    for (let first = this.#heap[0]; first && first.atMs <= nowMs; first = this.#heap[0]) {
      const last = this.#heap.pop() as Timer;
      if (last !== first) {
        this.#heap[0] = last;
        this.#down(0);
      }
      const task = first.task;
      if (task === null) this.#cancelled--;
      first.task = null;
      task?.();
    }
  }

  /** A sorted array is a heap. */
  #sweep(): void {
    this.#heap = this.#heap.filter((timer) => timer.task !== null);
    this.#heap.sort((a, b) => (before(a, b) ? -1 : 1));
    this.#cancelled = 0;
  }

  #up(at: number): void {
    let i = at;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (before(this.#heap[parent] as Timer, this.#heap[i] as Timer)) return;
      this.#swap(parent, i);
      i = parent;
    }
  }

  #down(at: number): void {
    let i = at;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= this.#heap.length) return;
      const right = left + 1;
      const least =
        right < this.#heap.length && before(this.#heap[right] as Timer, this.#heap[left] as Timer)
          ? right
          : left;
      if (before(this.#heap[i] as Timer, this.#heap[least] as Timer)) return;
      this.#swap(i, least);
      i = least;
    }
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a] as Timer;
    this.#heap[a] = this.#heap[b] as Timer;
    this.#heap[b] = held;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
