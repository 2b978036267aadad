/**
 * The ordered map from keys to their histories, in memory.
 *
 * Two structures over the same `KeyHistory` objects: a hash map answers a single key in one step,
 * and a list of sorted leaves answers ranges. A leaf holds at most `LEAF_MAX` histories; a full one
 * is split in half. Splitting moves the pointers behind it: at most keys / (LEAF_MAX / 2) of them,
 * once in LEAF_MAX / 2 insertions, so up to tens of millions of keys it costs less than a microsecond.
 *
 * Invariants: leaves are never empty and ascend; `#lowest[i]` is the first key of leaf i; the map
 * and the leaves hold the same histories.
 */
import { type ByteString, assert } from '@conclave/base';
import { KeyHistory } from './key-history.js';

const LEAF_MAX = 128;

export class KeyIndex {
  readonly #map = new Map<ByteString, KeyHistory>();
  #leaves: KeyHistory[][] = [];
  #lowest: ByteString[] = [];

  /** Keys with a history, deleted ones included until compaction forgets them. */
  get size(): number {
    return this.#map.size;
  }

  get(key: ByteString): KeyHistory | undefined {
    return this.#map.get(key);
  }

  /** The history of `key`, a new empty one if there is none. */
  obtain(key: ByteString): KeyHistory {
    const known = this.#map.get(key);
    if (known !== undefined) return known;
    const history = new KeyHistory(key);
    this.#map.set(key, history);
    this.#insert(history);
    return history;
  }

  remove(key: ByteString): void {
    assert(this.#map.delete(key), 'remove: the key is known');
    const at = this.#leafOf(key);
    const leaf = this.#leaves[at] as KeyHistory[];
    const i = lowerBound(leaf, key);
    assert(leaf[i]?.key === key, 'remove: map and leaves agree');
    leaf.splice(i, 1);
    if (leaf.length === 0) {
      this.#leaves.splice(at, 1);
      this.#lowest.splice(at, 1);
    } else if (i === 0) {
      this.#lowest[at] = (leaf[0] as KeyHistory).key;
    }
  }

  /**
   * Visits at most `max` histories of `[from, end)` in key order, until `visit` answers false.
   * Answers the key to go on from; null: the range is done, or `visit` ended it. The index must not
   * change during the walk, but may between one and the next.
   */
  walk(
    from: ByteString,
    end: ByteString | null,
    max: number,
    visit: (history: KeyHistory) => boolean,
  ): ByteString | null {
    if (this.#leaves.length === 0) return null;
    let at = this.#leafOf(from);
    let i = lowerBound(this.#leaves[at] as KeyHistory[], from);
    let left = max;
    for (; at < this.#leaves.length; at++, i = 0) {
      const leaf = this.#leaves[at] as KeyHistory[];
      for (; i < leaf.length; i++) {
        const history = leaf[i] as KeyHistory;
        if (end !== null && history.key >= end) return null;
        if (left-- === 0) return history.key;
        if (!visit(history)) return null;
      }
    }
    return null;
  }

  clear(): void {
    this.#map.clear();
    this.#leaves = [];
    this.#lowest = [];
  }

  #insert(history: KeyHistory): void {
    if (this.#leaves.length === 0) {
      this.#leaves.push([history]);
      this.#lowest.push(history.key);
      return;
    }
    const { key } = history;
    const end = this.#leaves.length - 1;
    const last = this.#leaves[end] as KeyHistory[];
    // Keys that ascend, as many do when they are first written, need no search.
    const isLast = (last[last.length - 1] as KeyHistory).key < key;
    const at = isLast ? end : this.#leafOf(key);
    const leaf = this.#leaves[at] as KeyHistory[];
    const i = isLast ? leaf.length : lowerBound(leaf, key);
    if (i === leaf.length) leaf.push(history);
    else leaf.splice(i, 0, history);
    if (i === 0) this.#lowest[at] = key;
    if (leaf.length > LEAF_MAX) this.#split(at, leaf, i === leaf.length - 1);
  }

  /** Keys that come in ascending order leave full leaves behind. */
  #split(at: number, leaf: KeyHistory[], appended: boolean): void {
    const upper = leaf.splice(appended ? LEAF_MAX : LEAF_MAX >> 1);
    this.#leaves.splice(at + 1, 0, upper);
    this.#lowest.splice(at + 1, 0, (upper[0] as KeyHistory).key);
  }

  /** The leaf that holds, or would hold, `key`. */
  #leafOf(key: ByteString): number {
    let lo = 0;
    let hi = this.#lowest.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if ((this.#lowest[mid] as ByteString) <= key) lo = mid + 1;
      else hi = mid;
    }
    return lo === 0 ? 0 : lo - 1;
  }
}

/** The first place in `leaf` whose key is >= `key`. */
function lowerBound(leaf: readonly KeyHistory[], key: ByteString): number {
  let lo = 0;
  let hi = leaf.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((leaf[mid] as KeyHistory).key < key) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
