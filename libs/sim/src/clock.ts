/**
 * Virtual time in whole microseconds. The world has one true time, that of its event queue; each
 * member reads it through a clock of its own, which may run fast or slow and whose wall time may
 * jump. Nothing here asks the machine.
 */
import { assert, type Clock } from '@conclave/base';

export const MS = 1_000;
export const SECOND = 1_000_000;

/** Where true time comes from: an `EventQueue`. */
export interface TrueTime {
  readonly now: number;
}

export class DriftingClock implements Clock {
  readonly #time: TrueTime;
  /** Microseconds of this clock in a true million: 1,000,000 is exact. */
  #rate: number;
  #base = 0;
  /** Its rate before it was frozen; null: it runs. */
  #frozenRate: number | null = null;
  #since = 0;
  #wallOffsetMs: number;

  /** `driftPpm` in (-500,000, 500,000): +100,000 is a clock that runs 10 % fast. */
  constructor(time: TrueTime, driftPpm: number, wallOffsetMs = 0) {
    assert(Math.abs(driftPpm) < 500_000, 'DriftingClock: drift is below one half');
    this.#time = time;
    this.#rate = 1_000_000 + driftPpm;
    this.#wallOffsetMs = wallOffsetMs;
  }

  /** Microseconds of this clock since the beginning of the run; never goes back. */
  get localUs(): number {
    return this.#base + Math.floor(((this.#time.now - this.#since) * this.#rate) / 1_000_000);
  }

  /** True microseconds that pass while this clock counts `localUs`; at least one. */
  trueUs(localUs: number): number {
    return Math.max(1, Math.floor((localUs * 1_000_000) / this.#rate));
  }

  /** Runs at another speed from now on. */
  drift(driftPpm: number): void {
    this.#base = this.localUs;
    this.#since = this.#time.now;
    this.#rate = 1_000_000 + driftPpm;
  }

  /** Stands still, as the clocks of a suspended machine do; what passes meanwhile is lost to it. */
  freeze(): void {
    if (this.#frozenRate !== null) return;
    this.#base = this.localUs;
    this.#since = this.#time.now;
    this.#frozenRate = this.#rate;
    this.#rate = 0;
  }

  thaw(): void {
    if (this.#frozenRate === null) return;
    this.#since = this.#time.now;
    this.#rate = this.#frozenRate;
    this.#frozenRate = null;
  }

  /** Somebody sets the wall clock; the monotonic one does not notice. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  monotonicMs(): number {
    return this.localUs / MS;
  }

  wallMs(): number {
    return Math.floor(this.localUs / MS) + this.#wallOffsetMs;
  }
}
