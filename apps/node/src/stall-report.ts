/**
 * Turns of the event loop that began late, as lines in the log: one at once, then at most one every
 * ten seconds with the worst of them and how many there were. On a busy machine short ones are daily
 * bread (`conclave_event_loop_delay_seconds` has them all); told are those long enough to cost heartbeats.
 *
 * Pure: the caller brings the time.
 */
import type { Probe } from '@conclave/base';

const QUIET_MS = 10_000;
/** A leader that misses so many heartbeats comes near its followers' patience. */
const HEARTBEATS = 2;

export class StallReport {
  readonly #thresholdMs: number;
  readonly #probe: Probe;
  #toldMs = Number.NEGATIVE_INFINITY;
  #worstMs = 0;
  #times = 0;

  constructor(heartbeatMs: number, probe: Probe) {
    this.#thresholdMs = HEARTBEATS * heartbeatMs;
    this.#probe = probe;
  }

  /** A turn began `lateMs` after its time. Call it with every turn: it also tells what was held back. */
  turn(lateMs: number, nowMs: number): void {
    if (lateMs > this.#thresholdMs) {
      this.#times++;
      this.#worstMs = Math.max(this.#worstMs, lateMs);
    }
    if (this.#times === 0 || nowMs - this.#toldMs < QUIET_MS) return;
    const took = `${this.#worstMs.toFixed(0)}ms`;
    this.#probe.log('warn', 'the event loop was held up', { took, times: this.#times });
    this.#toldMs = nowMs;
    this.#worstMs = 0;
    this.#times = 0;
  }
}
