/**
 * The window of appends to one peer that are sent and not yet acknowledged, bounded in messages and
 * in bytes.
 *
 * Invariant: indexes rise from the oldest to the newest. The window is full at `messagesMax`
 * messages or once `bytesMax` is reached; the message that crosses the byte bound is still let in,
 * so one large entry never blocks for ever.
 */
import { assert, assertLt, type Index } from '@conclave/base';

export class Inflights {
  readonly messagesMax: number;
  readonly bytesMax: number;
  #indexes: number[] = [];
  #sizes: number[] = [];
  #head = 0;
  #count = 0;
  #bytes = 0;

  constructor(messagesMax: number, bytesMax: number) {
    assert(messagesMax >= 1 && bytesMax >= 1, 'Inflights: room for one at least');
    this.messagesMax = messagesMax;
    this.bytesMax = bytesMax;
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count >= this.messagesMax || this.#bytes >= this.bytesMax;
  }

  /** Notes a message whose last entry is `index`. */
  add(index: Index, bytes: number): void {
    assert(!this.full, 'Inflights.add: the window is not full');
    if (this.#count === this.#indexes.length) this.#grow();
    const capacity = this.#indexes.length;
    if (this.#count > 0) {
      const newest = this.#indexes[(this.#head + this.#count - 1) % capacity] as number;
      assertLt(newest, index, 'Inflights.add: indexes rise');
    }
    const at = (this.#head + this.#count) % capacity;
    this.#indexes[at] = index;
    this.#sizes[at] = bytes;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Frees every message whose last entry is at or below `index`. */
  freeTo(index: Index): void {
    while (this.#count > 0 && (this.#indexes[this.#head] as number) <= index) {
      this.#bytes -= this.#sizes[this.#head] as number;
      this.#head = (this.#head + 1) % this.#indexes.length;
      this.#count--;
    }
  }

  clear(): void {
    this.#head = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  #grow(): void {
    const length = Math.min(this.messagesMax, Math.max(8, this.#indexes.length * 2));
    const indexes = Array.from({ length }, () => 0);
    const sizes = Array.from({ length }, () => 0);
    for (let i = 0; i < this.#count; i++) {
      const from = (this.#head + i) % this.#indexes.length;
      indexes[i] = this.#indexes[from] as number;
      sizes[i] = this.#sizes[from] as number;
    }
    this.#indexes = indexes;
    this.#sizes = sizes;
    this.#head = 0;
  }
}
