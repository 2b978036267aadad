/**
 * Virtual time for whole processes: tasks in order of (time, the order they were asked in). Nothing
 * else moves time, so the same requests in the same order give the same course.
 */
import { assert, assertLe } from '@conclave/base';
import { MS } from '../clock.js';
import { EventQueue } from '../event-queue.js';

export class Timeline {
  readonly #queue = new EventQueue<() => void>();
  #executed = 0;

  /** Milliseconds since the beginning of the run. */
  get nowMs(): number {
    return this.#queue.now / MS;
  }

  /** True time in microseconds, for clocks. */
  get now(): number {
    return this.#queue.now;
  }

  /** Events run so far: the clock of a trace. */
  get executed(): number {
    return this.#executed;
  }

  after(delayMs: number, run: () => void): void {
    assertLe(0, delayMs, 'Timeline: time does not go back');
    this.#queue.push(this.#queue.now + Math.round(delayMs * MS), run);
  }

  /** Runs the next event if it is due before `endMs`; false: none is. */
  step(endMs: number): boolean {
    if (this.#queue.nextAt >= endMs * MS) return false;
    const run = this.#queue.pop();
    assert(run !== undefined, 'Timeline: an event was there');
    this.#executed++;
    run();
    return true;
  }
}
