import { assert } from './assert.js';

/**
 * xoshiro128** by Blackman and Vigna: the only source of chance in pure rooms, so that a seed tells
 * the whole run. 32-bit integers only, hence the same on every machine.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Any 32-bit seed; spread over the state by splitmix32. */
  constructor(seed: number) {
    let s = seed >>> 0;
    const next = (): number => {
      s = (s + 0x9e3779b9) >>> 0;
      let z = s;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    const m = Math.imul(this.#b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** An integer in [0, n), n in [1, 2^32]. */
  below(n: number): number {
    assert(n >= 1 && n <= 0x1_0000_0000, 'Random.below: n is in [1, 2^32]');
    return Math.floor((this.uint32() / 0x1_0000_0000) * n);
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** An unsigned 64-bit integer. */
  uint64(): bigint {
    return (BigInt(this.uint32()) << 32n) | BigInt(this.uint32());
  }

  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'Random.pick: an item to pick');
    return items[this.below(items.length)] as T;
  }

  /** A generator of its own, so that drawing from one does not shift another. */
  fork(): Random {
    return new Random(this.uint32());
  }
}
