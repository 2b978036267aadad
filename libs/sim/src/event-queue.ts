/**
 * What is to happen, ordered by (time, sequence): a binary heap over three parallel arrays.
 *
 * Two events of the same time come out in the order they were put in, so a run is a function of its
 * seed alone. Bounded: a loop that breeds events shows as an error, not as a hang.
 */
import { assert, assertLe } from '@conclave/base';

export class EventQueue<E> {
  readonly #times: number[] = [];
  readonly #sequences: number[] = [];
  readonly #events: E[] = [];
  readonly #eventsMax: number;
  #sequence = 0;
  #now = 0;

  constructor(eventsMax = 1_000_000) {
    this.#eventsMax = eventsMax;
  }

  get length(): number {
    return this.#events.length;
  }

  /** The time of the event taken last, in microseconds. */
  get now(): number {
    return this.#now;
  }

  /** The time of the next event; Infinity if there is none. */
  get nextAt(): number {
    return this.#times.length === 0 ? Infinity : (this.#times[0] as number);
  }

  /** `at`: whole microseconds, not before `now`. */
  push(at: number, event: E): void {
    assert(this.#events.length < this.#eventsMax, 'EventQueue: bound reached');
    assertLe(this.#now, at, 'EventQueue: nothing happens in the past');
    const times = this.#times;
    const sequences = this.#sequences;
    const events = this.#events;
    const sequence = this.#sequence++;
    let hole = times.length;
    times.push(at);
    sequences.push(sequence);
    events.push(event);
    // The newest has the highest sequence, so among equal times it stays below.
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if ((times[parent] as number) <= at) break;
      times[hole] = times[parent] as number;
      sequences[hole] = sequences[parent] as number;
      events[hole] = events[parent] as E;
      hole = parent;
    }
    times[hole] = at;
    sequences[hole] = sequence;
    events[hole] = event;
  }

  /** Takes the next event and moves time to it; undefined if there is none. */
  pop(): E | undefined {
    const times = this.#times;
    const n = times.length - 1;
    if (n < 0) return undefined;
    const top = this.#events[0] as E;
    this.#now = times[0] as number;
    const at = times.pop() as number;
    const sequence = this.#sequences.pop() as number;
    const event = this.#events.pop() as E;
    if (n > 0) this.#sink(n, at, sequence, event);
    return top;
  }

  /** Puts an event into the hole at the top of a heap of `n`. */
  #sink(n: number, at: number, sequence: number, event: E): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const events = this.#events;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= n) break;
      const right = child + 1;
      if (right < n) {
        const a = times[child] as number;
        const b = times[right] as number;
        if (b < a || (b === a && (sequences[right] as number) < (sequences[child] as number))) {
          child = right;
        }
      }
      const time = times[child] as number;
      if (time > at || (time === at && (sequences[child] as number) > sequence)) break;
      times[hole] = time;
      sequences[hole] = sequences[child] as number;
      events[hole] = events[child] as E;
      hole = child;
    }
    times[hole] = at;
    sequences[hole] = sequence;
    events[hole] = event;
  }
}
