/**
 * The later turns of a test: what a port promised to do later waits here until the test runs it.
 *
 * Order is first in, first out. A simulator that wants latencies passes a `Scheduler` of its own
 * instead. Bounded, so that a loop between two ports shows as an error and not as a hang.
 */
import { assert, type Scheduler } from '@conclave/base';

export class TaskQueue implements Scheduler {
  readonly #tasks: (() => void)[] = [];
  readonly #tasksMax: number;

  constructor(tasksMax = 100_000) {
    this.#tasksMax = tasksMax;
  }

  get length(): number {
    return this.#tasks.length;
  }

  yieldTo(task: () => void): void {
    assert(this.#tasks.length < this.#tasksMax, 'TaskQueue: bound reached');
    this.#tasks.push(task);
  }

  /** Runs the oldest task; false when there is none. */
  runOne(): boolean {
    const task = this.#tasks.shift();
    if (task === undefined) return false;
    task();
    return true;
  }

  /** Runs until nothing waits; fails after `stepsMax` tasks. Answers how many ran. */
  run(stepsMax = 1_000_000): number {
    let steps = 0;
    while (this.runOne()) {
      steps++;
      assert(steps < stepsMax, 'TaskQueue: no end in sight');
    }
    return steps;
  }

  /** Forgets what waits, as a killed process does. */
  clear(): void {
    this.#tasks.length = 0;
  }
}
