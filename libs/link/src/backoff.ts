/**
 * Waiting before dialling again: doubles up to a bound, with jitter, so that many dialers do not
 * come back at the same moment. Starts over once a connection has stood.
 */
import type { Random } from '@conclave/base';

export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #failures = 0;

  constructor(firstMs: number, maxMs: number, random: Random) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Milliseconds to wait now; between half of the step and all of it, never below `firstMs`. */
  next(): number {
    const whole = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(this.#failures++, 16));
    return Math.max(this.#firstMs, whole / 2 + (whole / 2) * this.#random.fraction());
  }

  reset(): void {
    this.#failures = 0;
  }
}
