import { type ByteString, assert } from '@conclave/base';
import type { EncodedEvent } from './encoded-event.js';
import { IntervalTree } from './interval-tree.js';
import type { Watcher } from './watcher.js';

/**
 * Watchers to be found by the key of an event: a map for those of one key, an interval tree for ranges.
 * Watchers of the same key or range hang on one linked list through themselves, so 100,000 of
 * them cost nothing but a place in the map.
 *
 * Invariant: a watcher is in one index at most, and `watcher.index` says which.
 */
export class WatcherIndex {
  readonly #keys = new Map<ByteString, Watcher>();
  readonly #ranges = new IntervalTree<Watcher>();
  #size = 0;
  /** For `collect`: the event looked at and where watchers with a first event go. */
  #event: EncodedEvent | null = null;
  #touched: Watcher[] | null = null;

  get size(): number {
    return this.#size;
  }

  add(watcher: Watcher): void {
    assert(watcher.index === null, 'a watcher is in one index at most');
    const first = this.#first(watcher);
    watcher.index = this;
    watcher.before = null;
    watcher.after = first;
    if (first !== null) first.before = watcher;
    this.#setFirst(watcher, watcher);
    this.#size++;
  }

  remove(watcher: Watcher): void {
    assert(watcher.index === this, 'a watcher leaves the index it is in');
    const { before, after } = watcher;
    if (after !== null) after.before = before;
    if (before !== null) before.after = after;
    else this.#setFirst(watcher, after);
    watcher.index = null;
    watcher.before = null;
    watcher.after = null;
    this.#size--;
  }

  /**
   * Adds `event` to the batch of every watcher that wants it; those that get their first event are
   * appended to `touched`, if that is asked for. O(matching watchers).
   */
  collect(event: EncodedEvent, touched: Watcher[] | null): void {
    this.#event = event;
    this.#touched = touched;
    const key = event.event.key;
    const single = this.#keys.get(key);
    if (single !== undefined) this.#offer(single);
    if (this.#ranges.size > 0) this.#ranges.visit(key, this.#offer);
    this.#event = null;
    this.#touched = null;
  }

  readonly #offer = (first: Watcher): void => {
    const encoded = this.#event as EncodedEvent;
    const event = encoded.event;
    const put = event.type === 'put';
    for (let watcher: Watcher | null = first; watcher !== null; watcher = watcher.after) {
      if (event.main < watcher.next || !(put ? watcher.puts : watcher.deletes)) continue;
      if (watcher.batch === null) {
        watcher.batch = [encoded];
        this.#touched?.push(watcher);
      } else watcher.batch.push(encoded);
    }
  };

  #first(watcher: Watcher): Watcher | null {
    if (watcher.end === '') return this.#keys.get(watcher.key) ?? null;
    return this.#ranges.find(watcher.key, watcher.end)?.value ?? null;
  }

  #setFirst(at: Watcher, first: Watcher | null): void {
    if (at.end === '') {
      if (first === null) this.#keys.delete(at.key);
      else this.#keys.set(at.key, first);
    } else if (first === null) this.#ranges.delete(at.key, at.end);
    else this.#ranges.set(at.key, at.end, first);
  }
}
