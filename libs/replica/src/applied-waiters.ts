import type { Index } from '@conclave/base';
import type { Timers } from './timers.js';
import type { Cancel } from './types.js';

interface Waiter {
  readonly index: Index;
  done: ((ok: boolean) => void) | null;
}

/** Who waits for an index to be applied here; each is told once, at the latest at its deadline. */
export class AppliedWaiters {
  readonly #timers: Timers;
  #waiters: Waiter[] = [];

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  add(index: Index, deadlineMs: number, done: (ok: boolean) => void): Cancel {
    const waiter: Waiter = { index, done };
    this.#waiters.push(waiter);
    const cancelTimer = this.#timers.at(deadlineMs, () => finish(waiter, false));
    return () => {
      waiter.done = null;
      cancelTimer();
    };
  }

  applied(index: Index): void {
    if (this.#waiters.length === 0) return;
    const before = this.#waiters;
    this.#waiters = before.filter((w) => w.done !== null && w.index > index);
    for (const waiter of before) if (waiter.index <= index) finish(waiter, true);
  }
}

function finish(waiter: Waiter, ok: boolean): void {
  const { done } = waiter;
  waiter.done = null;
  done?.(ok);
}
