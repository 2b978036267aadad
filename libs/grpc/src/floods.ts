/**
 * Frames a client may send now and then, but not all the time: each kind has a bucket of its own.
 *
 * Window updates and pings are different: a client that measures its path sends one for every answer it gets.
 * What we send therefore earns updates (two a DATA frame); only those not earned are counted here.
 * Pings are counted by `PingPolicy`, which is stricter.
 */
import type { GrpcLimits } from './limits.js';
import { TokenBucket } from './rate.js';

/** Each with the reason a client is given when it is sent away. */
export const FLOODS = [
  'too_many_settings',
  'too_many_window_updates',
  'too_many_priorities',
  'too_many_empty_frames',
  'too_many_unknown_frames',
] as const;
export type Flood = (typeof FLOODS)[number];

const WINDOW_S = 10;
const EARNED_PER_FRAME = 2;
const EARNED_MAX = 100_000;

function bucket(per10s: number, nowMs: number): TokenBucket {
  return new TokenBucket(per10s, per10s / WINDOW_S, nowMs);
}

/** The counters of one connection. Buckets are made when first needed. */
export class FloodCounters {
  readonly #limits: GrpcLimits;
  readonly #startMs: number;
  readonly #buckets = new Map<Flood, TokenBucket>();
  readonly #resets: TokenBucket;
  #earned = 0;
  #earnedResets = 0;

  constructor(limits: GrpcLimits, nowMs: number) {
    this.#limits = limits;
    this.#startMs = nowMs;
    this.#resets = new TokenBucket(limits.resetBurst, limits.resetsPerSecond, nowMs);
  }

  /** A DATA frame of ours left: its receiver may give credit back. */
  sentData(): void {
    if (this.#earned < EARNED_MAX) this.#earned += EARNED_PER_FRAME;
  }

  /** False once there are too many of this kind. */
  allows(kind: Flood, nowMs: number): boolean {
    let found = this.#buckets.get(kind);
    if (found === undefined) {
      const isSettings = kind === 'too_many_settings';
      const per10s = isSettings ? this.#limits.settingsPer10s : this.#limits.floodPer10s;
      found = bucket(per10s, this.#startMs);
      this.#buckets.set(kind, found);
    }
    return found.take(nowMs);
  }

  /** A window update; `nowMs` is asked for only if it was not earned. */
  allowsUpdate(nowMs: () => number): boolean {
    if (this.#earned > 0) {
      this.#earned--;
      return true;
    }
    return this.allows('too_many_window_updates', nowMs());
  }

  /** A stream was reset by either side before its end. */
  allowsReset(nowMs: number): boolean {
    return this.#resets.take(nowMs);
  }

  /** We ended a stream the client had not finished: it may answer with a reset of its own. */
  earnReset(): void {
    if (this.#earnedResets < EARNED_MAX) this.#earnedResets++;
  }

  /** A reset of a stream that is no more. */
  allowsLateReset(nowMs: () => number): boolean {
    if (this.#earnedResets > 0) {
      this.#earnedResets--;
      return true;
    }
    return this.#resets.take(nowMs());
  }
}
