/**
 * `DataDirectory` in memory: numbered engines and the one that counts. A finished `switchTo` survives
 * `crash()`, one under way did or did not happen; then states that are not current are gone, as the
 * start of a real member removes them, but for the highest above it: that one may be half received.
 */
import {
  type Current,
  type DataDirectory,
  type DiskDone,
  type DiskFailure,
  type Engine,
  type Random,
  type Scheduler,
  assert,
} from '@conclave/base';
import { MemoryEngine } from './memory-engine.js';
import type { CrashFate } from './memory-log-disk.js';

export class MemoryDataDirectory implements DataDirectory {
  readonly #scheduler: Scheduler;
  readonly #engines = new Map<number, MemoryEngine>();
  readonly #open = new Set<number>();
  #current: Current;
  #switching: Current | null = null;
  #halfReceived: number | null = null;
  #epoch = 0;
  #failure: DiskFailure | null = null;

  constructor(scheduler: Scheduler, current: Current) {
    this.#scheduler = scheduler;
    this.#current = current;
  }

  get current(): Current {
    return this.#current;
  }

  get halfReceived(): number | null {
    return this.#halfReceived;
  }

  /** Of all states there are. */
  get numbers(): readonly number[] {
    return [...this.#engines.keys()];
  }

  isOpen(stateNumber: number): boolean {
    return this.#open.has(stateNumber);
  }

  /** The engine of a state, open or not, for looking at it. */
  engine(stateNumber: number): MemoryEngine | null {
    return this.#engines.get(stateNumber) ?? null;
  }

  openState(
    stateNumber: number,
    done: (failure: DiskFailure | null, engine: Engine | null) => void,
  ): void {
    assert(!this.#open.has(stateNumber), 'a state is opened once at a time');
    this.#open.add(stateNumber);
    this.#later((failure) => {
      if (failure !== null) {
        done(failure, null);
        return;
      }
      const engine = this.#engines.get(stateNumber) ?? new MemoryEngine(this.#scheduler);
      engine.reopen(() => this.#open.delete(stateNumber));
      this.#engines.set(stateNumber, engine);
      done(null, engine);
    });
  }

  switchTo(current: Current, done: DiskDone): void {
    this.#switching = current;
    this.#later((failure) => {
      this.#switching = null;
      if (failure === null) this.#current = current;
      done(failure);
    });
  }

  removeState(stateNumber: number, done: DiskDone): void {
    assert(stateNumber !== this.#current.stateNumber, 'the current state stays');
    assert(!this.#open.has(stateNumber), 'an open state stays');
    this.#later((failure) => {
      if (failure === null) this.#engines.delete(stateNumber);
      done(failure);
    });
  }

  /** The process died. Its engines are back at their last flush; `chance` decides what was under way. */
  crash(chance: Random | CrashFate): void {
    const happened = (): boolean => {
      return typeof chance === 'string' ? chance === 'all' : chance.chance(0.5);
    };
    this.#epoch++;
    this.#failure = null;
    if (this.#switching !== null && happened()) this.#current = this.#switching;
    this.#switching = null;
    this.#open.clear();
    const { stateNumber } = this.#current;
    const highest = Math.max(...this.#engines.keys());
    this.#halfReceived = highest > stateNumber ? highest : null;
    for (const [number, engine] of this.#engines) {
      engine.crash(happened());
      if (number !== stateNumber && number !== highest) this.#engines.delete(number);
    }
  }

  /** From now on every operation fails, until a crash. */
  fail(failure: DiskFailure): void {
    this.#failure = failure;
  }

  #later(task: (failure: DiskFailure | null) => void): void {
    const epoch = this.#epoch;
    this.#scheduler.yieldTo(() => {
      if (epoch === this.#epoch) task(this.#failure);
    });
  }
}
