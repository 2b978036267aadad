import { assertLe } from '@conclave/base';

const WINDOW_MS = 1_000;
const FIRST_PAUSE_MS = 60_000;
const PAUSE_MAX_MS = 3_600_000;

/** When a disk is slow. */
export interface SlowDiskOptions {
  /** A write that takes longer is slow: the heartbeat interval. */
  readonly limitMs: number;
  /** So many seconds on end more than one write in a hundred is slow. */
  readonly windows: number;
}

/**
 * Says when the disk of a leader is so slow that another one should lead (reliability rule 66): for ten
 * seconds on end the 99th percentile of its log writes is above the heartbeat interval. A second without
 * a write, or with fast ones, begins anew.
 *
 * Where all disks are slow leadership must not go round: after each handing over this member keeps
 * what it gets for a minute, then for two, up to an hour; a healthy stretch as long as a slow one
 * forgets that.
 */
export class SlowDisk {
  readonly #options: SlowDiskOptions;
  #windowEndMs = Number.NEGATIVE_INFINITY;
  #writes = 0;
  #slowWrites = 0;
  #slowWindows = 0;
  #fastWindows = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #quietUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: SlowDiskOptions) {
    assertLe(1, options.windows, 'SlowDisk: one window at least');
    this.#options = options;
  }

  /** A write of the log became durable after `ms`. */
  wrote(ms: number): void {
    this.#writes++;
    if (ms > this.#options.limitMs) this.#slowWrites++;
  }

  /** Called as time passes, on the leader. True: leadership should go; told once. */
  poll(nowMs: number): boolean {
    if (nowMs < this.#windowEndMs) return false;
    this.#windowEndMs = nowMs + WINDOW_MS;
    const slow = this.#slowWrites * 100 > this.#writes;
    const fast = this.#writes > 0 && !slow;
    this.#writes = 0;
    this.#slowWrites = 0;
    this.#slowWindows = slow ? this.#slowWindows + 1 : 0;
    this.#fastWindows = fast ? this.#fastWindows + 1 : 0;
    if (this.#fastWindows >= this.#options.windows) this.#pauseMs = FIRST_PAUSE_MS;
    if (this.#slowWindows < this.#options.windows || nowMs < this.#quietUntilMs) return false;
    this.#slowWindows = 0;
    this.#quietUntilMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, PAUSE_MAX_MS);
    return true;
  }

  /** Not the leader (any more): what was seen does not count. */
  reset(): void {
    this.#writes = 0;
    this.#slowWrites = 0;
    this.#slowWindows = 0;
    this.#fastWindows = 0;
    this.#windowEndMs = Number.NEGATIVE_INFINITY;
  }
}
