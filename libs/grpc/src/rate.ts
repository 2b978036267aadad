/**
 * Rates a peer may not exceed. Time is handed in, so the rules can be tested without a clock.
 */

/** A bucket of `burst` tokens, refilled with `perSecond`. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #lastMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#lastMs = nowMs;
  }

  /** False once the bucket is empty. */
  take(nowMs: number): boolean {
    const gained = ((nowMs - this.#lastMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#lastMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/** Log lines about rejected clients: an attack must not fill the log. */
export const LOG_BURST = 100;
export const LOGS_PER_SECOND = 5;

/** With no call open, a keepalive ping is welcome only this often. */
const IDLE_PING_MS = 2 * 3600 * 1000;
const STRIKES_MAX = 2;

/**
 * gRPC's keepalive enforcement: a ping sooner than `minTimeMs` after the one before is a strike, and
 * the third strike ends the connection. What the server sends in between wipes the strikes out,
 * because a client may answer data with a ping that measures the path.
 */
export class PingPolicy {
  readonly #minTimeMs: number;
  #strikes = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #sent = false;

  constructor(minTimeMs: number) {
    this.#minTimeMs = minTimeMs;
  }

  /** The server sent header or data frames. */
  sentSomething(): void {
    this.#sent = true;
  }

  /** Takes note of a ping; false if the client must go. */
  allows(nowMs: number, openCalls: number): boolean {
    const sinceMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (this.#sent) {
      this.#sent = false;
      this.#strikes = 0;
      return true;
    }
    if (sinceMs < (openCalls === 0 ? IDLE_PING_MS : this.#minTimeMs)) this.#strikes++;
    return this.#strikes <= STRIKES_MAX;
  }
}
