/**
 * The records written last, within a bound of bytes: what is read is mostly what was just written.
 *
 * A first-in, first-out list of segments, each one array of bytes with numbers that say what is where.
 * So a record costs one copy and three numbers, no object of its own that a garbage collector would have
 * to move twice and then find again; and to forget is to drop a segment. A record read often and written
 * long ago lives in the `RecordCache` instead.
 *
 * Invariants: records come in order of (main, sub); segments are never empty; nothing is changed in place.
 */
import { type Revision, assert } from '@conclave/base';

const SEGMENT_BYTES_MAX = 256 * 1024;
/** At least so many segments, so that one that goes takes little with it. */
const SEGMENTS_MIN = 8;
/** Three numbers a record. */
const PLACE_BYTES = 24;

interface Segment {
  readonly bytes: Uint8Array;
  readonly mains: Revision[];
  readonly subs: number[];
  /** Where record i ends; it begins where the one before ends. */
  readonly ends: number[];
  used: number;
}

export class WrittenRecords {
  readonly #bytesMax: number;
  readonly #segmentBytes: number;
  #segments: Segment[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#segmentBytes = Math.min(SEGMENT_BYTES_MAX, Math.floor(bytesMax / SEGMENTS_MIN));
  }

  /** Copies a record in; one too large for a segment is not kept. */
  add(main: Revision, sub: number, record: Uint8Array): void {
    const { length } = record;
    if (length > this.#segmentBytes) return;
    let segment = this.#segments[this.#segments.length - 1];
    if (segment === undefined || segment.used + length > this.#segmentBytes)
      segment = this.#begin();
    const { mains, subs, ends, bytes, used } = segment;
    const last = mains.length - 1;
    const behind = last < 0 || order(segment, last, main, sub) < 0;
    assert(behind, 'written records come in order');
    bytes.set(record, used);
    segment.used = used + length;
    mains.push(main);
    subs.push(sub);
    ends.push(segment.used);
    this.#bytes += PLACE_BYTES;
  }

  /** A view of the record, not to be kept for long: it holds its whole segment. */
  get(main: Revision, sub: number): Uint8Array | null {
    const segment = this.#segmentOf(main, sub);
    if (segment === null) return null;
    const at = placeOf(segment, main, sub);
    if (at < 0) return null;
    const begin = at === 0 ? 0 : (segment.ends[at - 1] as number);
    return new Uint8Array(segment.bytes.buffer, begin, (segment.ends[at] as number) - begin);
  }

  clear(): void {
    this.#segments = [];
    this.#bytes = 0;
  }

  #begin(): Segment {
    const bytes = new Uint8Array(this.#segmentBytes);
    const segment: Segment = { bytes, mains: [], subs: [], ends: [], used: 0 };
    this.#segments.push(segment);
    this.#bytes += this.#segmentBytes;
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#segments.shift();
      assert(oldest !== undefined && oldest !== segment, 'there is room for one segment');
      this.#bytes -= this.#segmentBytes + (oldest as Segment).ends.length * PLACE_BYTES;
    }
    return segment;
  }

  /** The last segment that begins at or before (main, sub). */
  #segmentOf(main: Revision, sub: number): Segment | null {
    let lo = 0;
    let hi = this.#segments.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if (order(this.#segments[mid] as Segment, 0, main, sub) <= 0) lo = mid + 1;
      else hi = mid;
    }
    return lo === 0 ? null : (this.#segments[lo - 1] as Segment);
  }
}

/** How record `at` sorts to (main, sub). */
function order(segment: Segment, at: number, main: Revision, sub: number): number {
  const byMain = (segment.mains[at] as Revision) - main;
  return byMain !== 0 ? byMain : (segment.subs[at] as number) - sub;
}

/** -1: it is not there. Looks first where it is if each revision wrote one record. */
function placeOf(segment: Segment, main: Revision, sub: number): number {
  const { mains } = segment;
  const guess = main - (mains[0] as Revision);
  if (guess < mains.length && order(segment, guess, main, sub) === 0) return guess;
  let lo = 0;
  let hi = mains.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (order(segment, mid, main, sub) < 0) lo = mid + 1;
    else hi = mid;
  }
  return lo < mains.length && order(segment, lo, main, sub) === 0 ? lo : -1;
}
