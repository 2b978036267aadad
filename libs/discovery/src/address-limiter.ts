/**
 * Requests per client address: a bucket each, filled at a steady rate. The number of addresses kept has
 * a bound; the one that asked longest ago goes first, which costs it nothing but its history.
 */
const ADDRESSES_MAX = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

export class AddressLimiter {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #buckets = new Map<string, Bucket>();

  /** `perSecond` 0: no limit. */
  constructor(perSecond: number, burst: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1_000;
  }

  /** False: too many for now. */
  take(address: string, nowMs: number): boolean {
    if (this.#perMs === 0) return true;
    const known = this.#buckets.get(address);
    const bucket = known ?? { tokens: this.#burst, atMs: nowMs };
    const gained = Math.max(0, nowMs - bucket.atMs) * this.#perMs;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + gained);
    bucket.atMs = nowMs;
    // A map keeps the order of insertion: the first is the one that asked longest ago.
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > ADDRESSES_MAX) {
      for (const [oldest] of this.#buckets) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}
