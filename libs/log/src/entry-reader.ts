/**
 * Reading entries back: which bytes of which segments, and their verification.
 *
 * A span lies in one segment; each record in it is checked against the chain that recovery or the
 * append noted, so a bit that flipped since is found here and never handed out.
 */
import { ConclaveError, type DiskFailure, type Index, type LogDisk } from '@conclave/base';
import type { Entry } from '@conclave/wire';
import type { EntryIndex, Segment } from './entry-index.js';
import { readEntryHead, readRecord } from './group.js';

/** Overwritten records may lie between live ones; a span goes on over this many bytes of them. */
const SLACK_BYTES = 64 * 1024;

export interface Span {
  readonly segment: Segment;
  /** Entries [lo, hi). */
  readonly lo: Index;
  readonly hi: Index;
  readonly offset: number;
  readonly length: number;
  /** Bytes of the entries' data and fixed fields, which the caller's limit counts. */
  readonly bytes: number;
}

/** The longest span from `lo` within one segment and `bytesMax`, one entry at least if `first`. */
export function planSpan(
  index: EntryIndex,
  lo: Index,
  hi: Index,
  bytesMax: number,
  first: boolean,
): Span | null {
  const segment = index.find(lo);
  if (segment === null) return null;
  const offset = segment.offset(lo);
  const stop = Math.min(hi, segment.endEntry);
  let at = lo;
  let bytes = 0;
  let end = offset;
  while (at < stop) {
    const length = segment.length(at);
    const fits = bytes + length <= bytesMax && segment.offset(at) - end <= SLACK_BYTES;
    if (!fits && !(first && at === lo)) break;
    bytes += length;
    end = segment.offset(at) + length;
    at++;
  }
  if (at === lo) return null;
  return { segment, lo, hi: at, offset, length: end - offset, bytes };
}

/** What a record must satisfy, noted when the span was planned: the index may change meanwhile. */
export interface Expected {
  readonly index: Index;
  /** From the span's offset. */
  readonly at: number;
  readonly length: number;
  readonly chainBefore: number;
}

export function expectedOf(span: Span): Expected[] {
  const out: Expected[] = [];
  for (let index = span.lo; index < span.hi; index++) {
    out.push({
      index,
      at: span.segment.offset(index) - span.offset,
      length: span.segment.length(index),
      chainBefore: span.segment.chainBefore(index),
    });
  }
  return out;
}

/** Appends the verified entries to `out`; false when the bytes are not what was written. */
export function parseEntries(
  bytes: Uint8Array,
  expected: readonly Expected[],
  out: Entry[],
): boolean {
  for (const { index, at, length, chainBefore } of expected) {
    const record = readRecord(bytes, at, Math.min(at + length, bytes.length), chainBefore);
    if (record === null || record.end !== at + length) return false;
    const head = readEntryHead(bytes, record.bodyAt, record.end);
    if (head === null || head.index !== index) return false;
    const data = bytes.subarray(head.dataAt, record.end);
    out.push({ term: head.term, index, type: head.type, data });
  }
  return true;
}

/** What a read does with its answer. */
export type ReadDone = (failure: DiskFailure | null, entries: readonly Entry[]) => void;

/**
 * Reads `[lo, hi)`, span after span. The caller has checked the range. `released` is called whenever a
 * segment file is no longer read from; `index()` is asked anew for each span.
 */
export class EntryReader {
  readonly #disk: LogDisk;
  readonly #index: () => EntryIndex;
  readonly #released: () => void;

  constructor(disk: LogDisk, index: () => EntryIndex, released: () => void) {
    this.#disk = disk;
    this.#index = index;
    this.#released = released;
  }

  read(lo: Index, hi: Index, bytesMax: number, done: ReadDone): void {
    this.#next(lo, hi, bytesMax, [], done);
  }

  readSync(lo: Index, hi: Index, bytesMax: number): Entry[] {
    const out: Entry[] = [];
    let left = bytesMax;
    for (let at = lo; at < hi;) {
      const span = planSpan(this.#index(), at, hi, left, out.length === 0);
      if (span === null) break;
      const bytes = this.#disk.readSync(span.segment.name, span.offset, span.length);
      if (!parseEntries(bytes, expectedOf(span), out)) {
        const failure = damaged(span);
        throw new ConclaveError(failure.code, failure.message);
      }
      left -= span.bytes;
      at = span.hi;
    }
    return out;
  }

  #next(lo: Index, hi: Index, left: number, out: Entry[], done: ReadDone): void {
    const span = planSpan(this.#index(), lo, hi, left, out.length === 0);
    if (span === null) {
      done(null, out);
      return;
    }
    const { segment } = span;
    const expected = expectedOf(span);
    segment.readers++;
    this.#disk.read(segment.name, span.offset, span.length, (failure, bytes) => {
      segment.readers--;
      this.#released();
      if (failure === null && !parseEntries(bytes, expected, out)) failure = damaged(span);
      if (failure !== null) done(failure, []);
      else if (span.hi < hi && left > span.bytes) {
        this.#next(span.hi, hi, left - span.bytes, out, done);
      } else done(null, out);
    });
  }
}

function damaged(span: Span): DiskFailure {
  return {
    code: 'ECORRUPT',
    message:
      `log segment ${span.segment.name} is corrupt: entries [${span.lo}, ${span.hi}) at ` +
      `${span.offset} are not what was written`,
  };
}
