import type { Probe } from '@conclave/base';
import { StallReport } from './stall-report.js';

const BEAT_MS = 10;

/**
 * Calls `beat` about every 10 ms. The timer only asks for an immediate: Node runs timers before it
 * reads sockets, so after a stall of ours a tick straight from the timer would count heartbeats as
 * missed that lie in the socket buffer.
 */
export class Heartbeat {
  readonly #stalls: StallReport;
  readonly #beat: () => void;
  #timer: NodeJS.Timeout | null = null;
  #lastMs = 0;

  constructor(heartbeatMs: number, probe: Probe, beat: () => void) {
    this.#stalls = new StallReport(heartbeatMs, probe);
    this.#beat = beat;
  }

  start(): void {
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => setImmediate(() => this.#tick()), BEAT_MS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    if (!this.#timer) return;
    const nowMs = performance.now();
    const lateMs = nowMs - this.#lastMs - BEAT_MS;
    this.#lastMs = nowMs;
    this.#stalls.turn(lateMs, nowMs);
    this.#beat();
  }
}
