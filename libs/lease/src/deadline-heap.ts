import { assert, assertEq, assertLt } from '@conclave/base';

/**
 * A binary heap of leases by the time they are next due, with removal and rescheduling from the
 * middle: each item carries its own position, so both cost O(log n) and no search.
 *
 * Invariants: `items[i].slot === i`; no item is due before its parent; an item outside has slot -1.
 * Ties go to the lower id, so that the order of expiry does not depend on the history of the heap.
 */
export interface HeapItem {
  readonly id: bigint;
  /** Monotonic milliseconds. Changed only through `DeadlineHeap.schedule`. */
  dueMs: number;
  /** Position in the heap, -1 when outside. Written by the heap alone. */
  slot: number;
}

function before(a: HeapItem, b: HeapItem): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.id < b.id);
}

export class DeadlineHeap<T extends HeapItem> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The item due first. */
  peek(): T | undefined {
    return this.#items[0];
  }

  /** Puts `item` in, or moves it, to be due at `dueMs`. */
  schedule(item: T, dueMs: number): void {
    assert(Number.isFinite(dueMs), 'a due time is a finite number');
    item.dueMs = dueMs;
    if (item.slot < 0) {
      item.slot = this.#items.length;
      this.#items.push(item);
    }
    this.#up(item.slot);
    this.#down(item.slot);
  }

  /** Takes `item` out; nothing happens if it is not inside. */
  remove(item: T): void {
    if (item.slot < 0) return;
    const slot = item.slot;
    assertLt(slot, this.#items.length, 'a heap slot is inside the heap');
    assert(this.#items[slot] === item, 'a heap item sits in its own slot');
    const last = this.#items.pop() as T;
    item.slot = -1;
    if (last === item) return;
    this.#items[slot] = last;
    last.slot = slot;
    this.#up(slot);
    this.#down(last.slot);
  }

  clear(): void {
    for (const item of this.#items) item.slot = -1;
    this.#items.length = 0;
  }

  /** O(n): checks every invariant. For tests. */
  verify(): void {
    for (let i = 0; i < this.#items.length; i++) {
      const item = this.#items[i] as T;
      assertEq(item.slot, i, 'slot is the position');
      if (i > 0) {
        const parent = this.#items[(i - 1) >> 1] as T;
        assert(!before(item, parent), 'no item is due before its parent');
      }
    }
  }

  #up(from: number): void {
    const items = this.#items;
    let slot = from;
    const item = items[slot] as T;
    while (slot > 0) {
      const up = (slot - 1) >> 1;
      const parent = items[up] as T;
      if (!before(item, parent)) break;
      items[slot] = parent;
      parent.slot = slot;
      slot = up;
    }
    items[slot] = item;
    item.slot = slot;
  }

  #down(from: number): void {
    const items = this.#items;
    const n = items.length;
    let slot = from;
    const item = items[slot] as T;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= n) break;
      if (child + 1 < n && before(items[child + 1] as T, items[child] as T)) child++;
      const next = items[child] as T;
      if (!before(next, item)) break;
      items[slot] = next;
      next.slot = slot;
      slot = child;
    }
    items[slot] = item;
    item.slot = slot;
  }
}
