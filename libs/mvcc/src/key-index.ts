/**
 * The ordered map from keys to their histories, in memory.
 *
 * Two structures over the same `KeyHistory` objects: a hash map answers a single key in one step,
 * and a list of sorted leaves answers ranges. A leaf holds at most `LEAF_MAX` histories; a full one
 * is split in half. Splitting moves the pointers behind it: at most keys / (LEAF_MAX / 2) of them,
 * once in LEAF_MAX / 2 insertions, so up to tens of millions of keys it costs less than a microsecond.
 *
 * A start fills the leaves alone, which is enough to serve; the map costs more than all the rest of the load.
 * A key that is not in it is looked for in the leaves, which takes twice the time, and put into it; every
 * `SEARCHES` such searches bring one leaf more. So the map is whole after a number of requests that is a
 * quarter of the number of keys, and costs nothing where nobody asks.
 *
 * Invariants: leaves are never empty and ascend; `#lowest[i]` is the first key of leaf i; what the map holds
 * is in the leaves, and once nothing is unmapped the two hold the same histories.
 */
import { type ByteString, assert } from '@conclave/base';
import { KeyHistory } from './key-history.js';
import { KeyMap } from './key-map.js';

const LEAF_MAX = 128;
/** Of a full last leaf, when it is split by a key that is not the last. */
const LAST_KEPT = LEAF_MAX - (LEAF_MAX >> 2);
const SEARCHES = 32;

export class KeyIndex {
  readonly #map = new KeyMap();
  #leaves: KeyHistory[][] = [];
  #lowest: ByteString[] = [];
  #size = 0;
  /** Keys from here on may be missing in the map; null: all are there. */
  #unmapped: ByteString | null = null;
  #searches = 0;

  /** Keys with a history, deleted ones included until compaction forgets them. */
  get size(): number {
    return this.#size;
  }

  get(key: ByteString): KeyHistory | undefined {
    const known = this.#map.get(key);
    if (known !== undefined || this.#unmapped === null || key < this.#unmapped) return known;
    const found = this.#search(key);
    if (found !== undefined) this.#map.set(key, found);
    if (++this.#searches % SEARCHES === 0) this.#mapMore();
    return found;
  }

  /** The map holds all keys. */
  get isMapped(): boolean {
    return this.#unmapped === null;
  }

  /** The history of `key`, a new empty one if there is none. */
  obtain(key: ByteString): KeyHistory {
    const known = this.get(key);
    if (known !== undefined) return known;
    const history = new KeyHistory(key);
    this.#map.set(key, history);
    this.#insert(history);
    return history;
  }

  /**
   * As `obtain`, while the index is rebuilt: cheapest for keys that ascend, or nearly so. What it adds comes
   * into the map later.
   */
  restore(key: ByteString): KeyHistory {
    const end = this.#leaves.length - 1;
    const last = this.#leaves[end];
    if (last === undefined || (last[last.length - 1] as KeyHistory).key < key) {
      return this.#restoreAt(end, last?.length ?? 0, key);
    }
    let at = end;
    const isLate = key < (this.#lowest[end] as ByteString);
    // Keys that are written at once by many arrive in a row that is a little out of order.
    if (isLate && end > 0 && (this.#lowest[end - 1] as ByteString) <= key) at = end - 1;
    else if (isLate) {
      const mapped = this.#map.get(key);
      if (mapped !== undefined) return mapped;
      at = this.#leafOf(key);
    }
    const leaf = this.#leaves[at] as KeyHistory[];
    const i = lowerBound(leaf, key);
    const known = leaf[i];
    if (known?.key !== key) return this.#restoreAt(at, i, key);
    // It comes again, and may come many times.
    if (isLate) this.#map.set(key, known);
    return known;
  }

  remove(key: ByteString): void {
    const mapped = this.#map.delete(key);
    assert(mapped || this.#unmapped !== null, 'remove: the key is known');
    const at = this.#leafOf(key);
    const leaf = this.#leaves[at] as KeyHistory[];
    const i = lowerBound(leaf, key);
    assert(leaf[i]?.key === key, 'remove: map and leaves agree');
    this.#size--;
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
    this.#size = 0;
    this.#unmapped = null;
  }

  /** Brings the next keys into the map. */
  #mapMore(): void {
    if (this.#unmapped === null) return;
    this.#unmapped = this.walk(this.#unmapped, null, LEAF_MAX, (history) => {
      this.#map.set(history.key, history);
      return true;
    });
  }

  #search(key: ByteString): KeyHistory | undefined {
    const leaf = this.#leaves[this.#leafOf(key)];
    if (leaf === undefined) return undefined;
    const found = leaf[lowerBound(leaf, key)];
    return found !== undefined && found.key === key ? found : undefined;
  }

  /** Not into the map. */
  #restoreAt(at: number, i: number, key: ByteString): KeyHistory {
    this.#unmapped = '';
    const history = new KeyHistory(key);
    this.#insertAt(at, i, history);
    return history;
  }

  #insert(history: KeyHistory): void {
    const { key } = history;
    const end = this.#leaves.length - 1;
    const last = this.#leaves[end];
    // Keys that ascend, as many do when they are first written, need no search.
    if (last === undefined || (last[last.length - 1] as KeyHistory).key < key) {
      this.#insertAt(end, last?.length ?? 0, history);
      return;
    }
    const at = this.#leafOf(key);
    this.#insertAt(at, lowerBound(this.#leaves[at] as KeyHistory[], key), history);
  }

  /** Puts `history` into leaf `at` at place `i`; the first leaf of all is made here. */
  #insertAt(at: number, i: number, history: KeyHistory): void {
    this.#size++;
    const leaf = this.#leaves[at];
    if (leaf === undefined) {
      this.#leaves.push([history]);
      this.#lowest.push(history.key);
      return;
    }
    const isAppended = i === leaf.length;
    if (isAppended) leaf.push(history);
    else leaf.splice(i, 0, history);
    if (i === 0) this.#lowest[at] = history.key;
    if (leaf.length > LEAF_MAX) this.#split(at, leaf, isAppended);
  }

  /** Keys that come in ascending order leave full leaves behind, nearly ascending ones nearly so. */
  #split(at: number, leaf: KeyHistory[], isAppended: boolean): void {
    const isLast = at === this.#leaves.length - 1;
    const upper = leaf.splice(isAppended ? LEAF_MAX : isLast ? LAST_KEPT : LEAF_MAX >> 1);
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
