/**
 * What happened, twice over: a running hash of everything, which two runs of one seed must share, and on
 * request lines that read like a protocol transcript.
 */
import { TraceHash } from '../trace-hash.js';
import type { Timeline } from './timeline.js';

export class Trace {
  readonly #hash = new TraceHash();
  readonly #timeline: Timeline;
  readonly #print: ((line: string) => void) | null;

  constructor(timeline: Timeline, print: ((line: string) => void) | null) {
    this.#timeline = timeline;
    this.#print = print;
  }

  get hash(): string {
    return this.#hash.toString();
  }

  /** True: lines are wanted, so it is worth making them. */
  get isOn(): boolean {
    return this.#print !== null;
  }

  mix(n: number): void {
    this.#hash.mix(n);
  }

  /** An event worth a line: always part of the hash. */
  note(who: string, what: string): void {
    for (let i = 0; i < who.length; i++) this.mix(who.charCodeAt(i));
    for (let i = 0; i < what.length; i++) this.mix(what.charCodeAt(i));
    this.#hash.mixTime(this.#timeline.now);
    this.line(who, what);
  }

  /** A line for readers only. */
  line(who: string, what: string): void {
    if (this.#print === null) return;
    const { executed, nowMs } = this.#timeline;
    this.#print(
      `${String(executed).padStart(8)} ${nowMs.toFixed(3).padStart(10)} ${who.padEnd(4)} ${what}`,
    );
  }
}
