/**
 * A stable sort that gives way: runs are sorted one a turn, then merged pair by pair in slices.
 */
import type { Scheduler } from '@conclave/base';

const RUN = 8_192;
const MERGE_STEPS = 65_536;

/** Sorts `rows`; `done` gets them, before `sortSliced` returns if they are few. */
export function sortSliced<T>(
  rows: T[],
  order: (a: T, b: T) => number,
  scheduler: Scheduler,
  done: (sorted: T[]) => void,
): void {
  if (rows.length <= RUN) {
    done(rows.sort(order));
    return;
  }
  const runs: T[][] = [];
  const nextRun = (from: number): void => {
    runs.push(rows.slice(from, from + RUN).sort(order));
    if (from + RUN < rows.length) scheduler.yieldTo(() => nextRun(from + RUN));
    else scheduler.yieldTo(() => new Merge(runs, order, scheduler, done).step());
  };
  nextRun(0);
}

/** Merges neighbouring runs, pass by pass, until one is left. */
class Merge<T> {
  #runs: T[][];
  #merged: T[][] = [];
  #pair = 0;
  #a = 0;
  #b = 0;
  #out: T[] = [];
  readonly #order: (a: T, b: T) => number;
  readonly #scheduler: Scheduler;
  readonly #done: (sorted: T[]) => void;

  constructor(
    runs: T[][],
    order: (a: T, b: T) => number,
    scheduler: Scheduler,
    done: (sorted: T[]) => void,
  ) {
    this.#runs = runs;
    this.#order = order;
    this.#scheduler = scheduler;
    this.#done = done;
  }

  step(): void {
    let left = MERGE_STEPS;
    while (this.#runs.length > 1) {
      left = this.#mergePair(left);
      if (left === 0) {
        this.#scheduler.yieldTo(() => this.step());
        return;
      }
    }
    this.#done(this.#runs[0] as T[]);
  }

  /** Goes on with the pair at hand; answers how many steps are left. */
  #mergePair(left: number): number {
    const a = this.#runs[this.#pair] as T[];
    const b = this.#runs[this.#pair + 1] ?? [];
    while (left > 0 && (this.#a < a.length || this.#b < b.length)) {
      const takeA =
        this.#b === b.length ||
        (this.#a < a.length && this.#order(a[this.#a] as T, b[this.#b] as T) <= 0);
      this.#out.push((takeA ? a[this.#a++] : b[this.#b++]) as T);
      left--;
    }
    if (this.#a === a.length && this.#b === b.length) this.#nextPair();
    return left;
  }

  #nextPair(): void {
    this.#merged.push(this.#out);
    this.#out = [];
    this.#a = 0;
    this.#b = 0;
    this.#pair += 2;
    if (this.#pair < this.#runs.length) return;
    this.#runs = this.#merged;
    this.#merged = [];
    this.#pair = 0;
  }
}
