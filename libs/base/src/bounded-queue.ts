import { assert } from './assert.js';

/**
 * First in, first out, over a ring that grows up to a fixed bound.
 *
 * `push` answers false when the bound is reached: the caller turns that into back-pressure or a named
 * error, never into loss.
 */
export class BoundedQueue<T> {
  readonly max: number;
  #items: (T | undefined)[];
  #head = 0;
  #length = 0;

  constructor(max: number) {
    assert(max >= 1, 'BoundedQueue: room for one at least');
    this.max = max;
    this.#items = new Array<T | undefined>(Math.min(16, max));
  }

  get length(): number {
    return this.#length;
  }

  push(item: T): boolean {
    if (this.#length === this.max) return false;
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#length) % this.#items.length] = item;
    this.#length++;
    return true;
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#items.length;
    this.#length--;
    return item;
  }

  clear(): void {
    this.#items = new Array<T | undefined>(Math.min(16, this.max));
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const grown = new Array<T | undefined>(Math.min(this.max, this.#items.length * 2));
    for (let i = 0; i < this.#length; i++) {
      grown[i] = this.#items[(this.#head + i) % this.#items.length];
    }
    this.#items = grown;
    this.#head = 0;
  }
}
