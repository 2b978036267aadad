import type { Index } from '@conclave/base';
import type { Timers } from './timers.js';
import type { Cancel } from './types.js';

/** Who waits beyond that is told at once that it did not happen. */
const WAITERS_MAX = 100_000;

interface Waiter {
  readonly index: Index;
  readonly done: (ok: boolean) => void;
  cancelTimer: Cancel;
}

/**
 * Who waits for an index to be applied here; each is told once, at the latest at its deadline, and then is
 * not held any more, whether anything is applied or not.
 */
export class AppliedWaiters {
  readonly #timers: Timers;
  readonly #waiters = new Set<Waiter>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get length(): number {
    return this.#waiters.size;
  }

  add(index: Index, deadlineMs: number, done: (ok: boolean) => void): Cancel {
    const waiter: Waiter = { index, done, cancelTimer: () => undefined };
    if (this.#waiters.size >= WAITERS_MAX) {
      done(false);
      return waiter.cancelTimer;
    }
    this.#waiters.add(waiter);
    waiter.cancelTimer = this.#timers.at(deadlineMs, () => {
      if (this.#waiters.delete(waiter)) done(false);
    });
    return () => {
      if (this.#waiters.delete(waiter)) waiter.cancelTimer();
    };
  }

  applied(index: Index): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters) {
      if (waiter.index > index) continue;
      this.#waiters.delete(waiter);
      waiter.cancelTimer();
      waiter.done(true);
    }
  }
}
