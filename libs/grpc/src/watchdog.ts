/**
 * What a connection may not do for long: stay without SETTINGS, dawdle over a frame, be silent, take nothing,
 * have nothing to do. Time is handed in; `check` answers what is due.
 */
import type { GrpcLimits } from './limits.js';

/** What the connection is to do now. */
export type Due =
  'nothing' | 'ping' | 'go-away' | 'dead' | 'no_settings' | 'slow_frame' | 'stalled_connection';

/** What a connection tells at each check. */
export interface ConnectionState {
  readonly hasSettings: boolean;
  /** A header block or a frame other than DATA has begun and not ended. */
  readonly isInsideFrame: boolean;
  /** Frames completed so far: another one may have begun. */
  readonly framesCompleted: number;
  readonly callCount: number;
  /** Bytes queued in calls and at the socket, and bytes that left the socket so far. */
  readonly queuedBytes: number;
  readonly sentBytes: number;
}

export class Watchdog {
  readonly #limits: GrpcLimits;
  readonly #openedMs: number;
  #heard = true;
  #heardMs: number;
  #framesSeen = -1;
  #insideMs = -1;
  #wasBusy = false;
  #busyMs: number;
  #pingMs = -1;
  #sentBytes = 0;
  #sentMs: number;

  constructor(limits: GrpcLimits, nowMs: number) {
    this.#limits = limits;
    this.#openedMs = nowMs;
    this.#heardMs = nowMs;
    this.#busyMs = nowMs;
    this.#sentMs = nowMs;
  }

  /** Bytes came. */
  heard(): void {
    this.#heard = true;
  }

  /** A call ended since the last check, so the connection was in use. */
  used(): void {
    this.#wasBusy = true;
  }

  check(nowMs: number, state: ConnectionState): Due {
    const limits = this.#limits;
    if (this.#heard) {
      this.#heard = false;
      this.#heardMs = nowMs;
      this.#pingMs = -1;
    }
    if (state.callCount > 0 || this.#wasBusy) this.#busyMs = nowMs;
    this.#wasBusy = false;
    if (!state.hasSettings && nowMs - this.#openedMs > limits.settingsMs) return 'no_settings';
    if (this.#isDawdling(nowMs, state)) return 'slow_frame';
    if (this.#isStalled(nowMs, state)) return 'stalled_connection';
    if (limits.idleMs > 0 && nowMs - this.#busyMs > limits.idleMs) return 'go-away';
    return this.#keepAlive(nowMs);
  }

  #isDawdling(nowMs: number, state: ConnectionState): boolean {
    if (!state.isInsideFrame) this.#insideMs = -1;
    else if (this.#insideMs < 0 || state.framesCompleted !== this.#framesSeen)
      this.#insideMs = nowMs;
    this.#framesSeen = state.framesCompleted;
    return this.#insideMs >= 0 && nowMs - this.#insideMs > this.#limits.frameMs;
  }

  #isStalled(nowMs: number, state: ConnectionState): boolean {
    if (
      state.sentBytes !== this.#sentBytes ||
      state.queuedBytes <= this.#limits.stalledQueueBytes
    ) {
      this.#sentBytes = state.sentBytes;
      this.#sentMs = nowMs;
    }
    return nowMs - this.#sentMs > this.#limits.stalledMs;
  }

  #keepAlive(nowMs: number): Due {
    const limits = this.#limits;
    const wanted = limits.keepaliveIntervalMs > 0 ? limits.keepaliveIntervalMs : limits.silenceMs;
    if (this.#pingMs >= 0) {
      return nowMs - this.#pingMs > limits.keepaliveTimeoutMs ? 'dead' : 'nothing';
    }
    if (nowMs - this.#heardMs < Math.min(wanted, limits.silenceMs)) return 'nothing';
    this.#pingMs = nowMs;
    return 'ping';
  }
}
