/**
 * Ranges of keys as etcd asks for them, and sets of ranges.
 *
 * A range is half-open, `[key, end)`; `end === null` means to the end of the key space. A request
 * names it with two byte arrays (spec 2.3): an empty `rangeEnd` selects exactly `key`, the single
 * byte 0 selects everything from `key` on, and an end at or below the key selects nothing.
 */
import { type ByteString, toByteString } from '@conclave/base';
import type { KeyRange } from './types.js';

/** The range that a request's `key` and `rangeEnd` select; null: no key at all. */
export function keyRangeOf(key: Uint8Array, rangeEnd: Uint8Array): KeyRange | null {
  const lo = toByteString(key);
  if (rangeEnd.length === 0) return { key: lo, end: lo + '\0' };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { key: lo, end: null };
  const end = toByteString(rangeEnd);
  return end <= lo ? null : { key: lo, end };
}

/** The end of the range of all keys that begin with `prefix` (spec 12.3); null: to the end. */
export function prefixEnd(prefix: ByteString): ByteString | null {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const c = prefix.charCodeAt(i);
    if (c < 0xff) return prefix.slice(0, i) + String.fromCharCode(c + 1);
  }
  return null;
}

/** Whether `key` lies in `range`. */
export function inRange(range: KeyRange, key: ByteString): boolean {
  return key >= range.key && (range.end === null || key < range.end);
}

/**
 * Many ranges, asked one key at a time: sorted and merged once, then one binary search a question.
 *
 * Invariant: `#starts` ascends, and each range ends before the next one starts.
 */
export class RangeSet {
  readonly #starts: ByteString[] = [];
  readonly #ends: (ByteString | null)[] = [];

  constructor(ranges: readonly KeyRange[]) {
    const sorted = ranges.slice().sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    for (const range of sorted) this.#add(range);
  }

  has(key: ByteString): boolean {
    let lo = 0;
    let hi = this.#starts.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if ((this.#starts[mid] as ByteString) <= key) lo = mid + 1;
      else hi = mid;
    }
    if (lo === 0) return false;
    const end = this.#ends[lo - 1] as ByteString | null;
    return end === null || key < end;
  }

  #add(range: KeyRange): void {
    if (range.end !== null && range.end <= range.key) return;
    const last = this.#starts.length - 1;
    if (last < 0) {
      this.#push(range);
      return;
    }
    const end = this.#ends[last] as ByteString | null;
    if (end === null) return;
    if (range.key > end) this.#push(range);
    else if (range.end === null || range.end > end) this.#ends[last] = range.end;
  }

  #push(range: KeyRange): void {
    this.#starts.push(range.key);
    this.#ends.push(range.end);
  }
}
