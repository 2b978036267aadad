/**
 * A process on a machine of its own: it runs, stands still (SIGSTOP), or is dead. All that reaches its
 * code comes through `deliver`, so nothing of an earlier life runs in a later one, what arrives during
 * a pause waits, and an exception is one of this process.
 *
 * Its monotonic clock has a rate and a beginning of its own and goes on while it stands still.
 */
import { type Scheduler, assert, assertLt } from '@conclave/base';
import { DriftingClock } from '../clock.js';
import type { Timeline } from './timeline.js';
import type { Trace } from './trace.js';

/** A turn of an event loop. Constant, so that turns of one process keep their order. */
const TURN_MS = 0.02;
/** Wall clocks begin here: ids that are made of them look like real ones. */
const WALL_MS = 1_700_000_000_000;
/** Tasks that wait for a process that stands still. */
const BACKLOG_MAX = 200_000;

export interface HostPorts {
  readonly timeline: Timeline;
  readonly trace: Trace;
  /** The process threw: an assertion or worse. */
  crashed(host: Host, error: unknown): void;
}

export class Host {
  readonly name: string;
  readonly clock: DriftingClock;
  readonly scheduler: Scheduler;
  readonly #ports: HostPorts;
  #life = 0;
  #state: 'down' | 'up' | 'paused' = 'down';
  #backlog: (() => void)[] = [];

  constructor(name: string, driftPpm: number, ports: HostPorts) {
    this.name = name;
    this.#ports = ports;
    this.clock = new DriftingClock(ports.timeline, driftPpm, WALL_MS);
    this.scheduler = { yieldTo: (task) => this.after(TURN_MS, task) };
  }

  /** Names the present process; another number is another process on the same machine. */
  get life(): number {
    return this.#life;
  }

  get isUp(): boolean {
    return this.#state !== 'down';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  start(): void {
    assert(this.#state === 'down', 'a process starts once');
    this.#life++;
    this.#state = 'up';
    this.#ports.trace.note(this.name, 'start');
  }

  kill(): void {
    if (this.#state === 'down') return;
    this.#state = 'down';
    this.#life++;
    this.#backlog = [];
    this.#ports.trace.note(this.name, 'dies');
  }

  pause(): void {
    if (this.#state !== 'up') return;
    this.#state = 'paused';
    this.#ports.trace.note(this.name, 'stands still');
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'up';
    this.#ports.trace.note(this.name, 'goes on');
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const task of backlog) this.scheduler.yieldTo(task);
  }

  /** Hands something to process `life`: now, after its pause, or never. */
  deliver(life: number, task: () => void): void {
    if (life !== this.#life || this.#state === 'down') return;
    if (this.#state === 'paused') {
      assertLt(this.#backlog.length, BACKLOG_MAX, 'Host: bound of what waits for a process');
      this.#backlog.push(task);
      return;
    }
    try {
      task();
    } catch (error) {
      this.#ports.crashed(this, error);
    }
  }

  /** A completion or timer of the present process. */
  after(delayMs: number, task: () => void): void {
    const life = this.#life;
    this.#ports.timeline.after(delayMs, () => this.deliver(life, task));
  }

  /** A timer that only asks for a turn: after a pause it fires once, not as often as it was missed. */
  every(periodMs: number, task: () => void): void {
    const life = this.#life;
    const { timeline } = this.#ports;
    let isWaiting = false;
    const fire = (): void => {
      if (life !== this.#life) return;
      timeline.after(periodMs, fire);
      if (isWaiting) return;
      isWaiting = true;
      this.deliver(life, () => {
        isWaiting = false;
        task();
      });
    };
    timeline.after(periodMs, fire);
  }
}
