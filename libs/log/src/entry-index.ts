/**
 * Where each entry of the log stands: segment, offset and length; and the terms, as runs.
 *
 * Data stays on disk. Twelve bytes an entry. Indexes are contiguous over all segments:
 * Invariant: segments[k].firstEntry + segments[k].count === segments[k + 1].firstEntry when both hold
 * entries. Writing an entry at or below the last one gives up what stood behind it.
 */
import { type Index, type Term, assert, assertDefined, assertEq, assertLe } from '@conclave/base';

/** One segment file, as the running log knows it. */
export class Segment {
  readonly sequence: number;
  readonly name: string;
  /** Live entries are [firstEntry, firstEntry + count); older records in the file were overwritten. */
  firstEntry: Index = 0;
  count = 0;
  /** Reads under way: the file must stay. */
  readers = 0;
  #offsets = new Uint32Array(64);
  #lengths = new Uint32Array(64);
  /** The chain before the entry's record, so that a single record can be verified. */
  #chains = new Uint32Array(64);

  constructor(sequence: number, name: string) {
    this.sequence = sequence;
    this.name = name;
  }

  get endEntry(): Index {
    return this.firstEntry + this.count;
  }

  push(index: Index, offset: number, length: number, chainBefore: number): void {
    if (this.count === 0) this.firstEntry = index;
    assertEq(index, this.endEntry, 'entries of a segment are contiguous');
    if (this.count === this.#offsets.length) this.#grow();
    this.#offsets[this.count] = offset;
    this.#lengths[this.count] = length;
    this.#chains[this.count] = chainBefore;
    this.count++;
  }

  /** Gives up the entries at and behind `index`. */
  truncate(index: Index): void {
    if (index < this.endEntry) this.count = Math.max(0, index - this.firstEntry);
  }

  offset(index: Index): number {
    return this.#offsets[this.#at(index)] as number;
  }

  /** Of the whole record. */
  length(index: Index): number {
    return this.#lengths[this.#at(index)] as number;
  }

  chainBefore(index: Index): number {
    return this.#chains[this.#at(index)] as number;
  }

  #at(index: Index): number {
    assertLe(this.firstEntry, index, 'entry is in the segment');
    assert(index < this.endEntry, 'entry is in the segment');
    return index - this.firstEntry;
  }

  #grow(): void {
    const size = this.#offsets.length * 2;
    for (const name of ['offsets', 'lengths', 'chains'] as const) {
      const grown = new Uint32Array(size);
      if (name === 'offsets') {
        grown.set(this.#offsets);
        this.#offsets = grown;
      } else if (name === 'lengths') {
        grown.set(this.#lengths);
        this.#lengths = grown;
      } else {
        grown.set(this.#chains);
        this.#chains = grown;
      }
    }
  }
}

export class EntryIndex {
  readonly segments: Segment[] = [];
  /** Runs of one term, ascending in both. */
  readonly #runs: { readonly first: Index; readonly term: Term }[] = [];
  /** Index of the last entry, or of the one before the first. */
  lastIndex: Index;
  lastTerm: Term;

  /** An index without entries, as a segment's head describes it. */
  constructor(lastIndex: Index, lastTerm: Term) {
    this.lastIndex = lastIndex;
    this.lastTerm = lastTerm;
  }

  get active(): Segment {
    return assertDefined(this.segments[this.segments.length - 1], 'log has a segment');
  }

  /** Index of the first entry on disk; lastIndex + 1 when there is none. */
  get firstEntry(): Index {
    for (const segment of this.segments) if (segment.count > 0) return segment.firstEntry;
    return this.lastIndex + 1;
  }

  /** The segment that holds `index`, or null. */
  find(index: Index): Segment | null {
    for (let i = this.segments.length - 1; i >= 0; i--) {
      const segment = this.segments[i] as Segment;
      if (segment.count > 0 && index >= segment.firstEntry) {
        return index < segment.endEntry ? segment : null;
      }
    }
    return null;
  }

  /** The term of an entry on disk, or null. */
  term(index: Index): Term | null {
    if (index > this.lastIndex || index < this.firstEntry) return null;
    let lo = 0;
    let hi = this.#runs.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if ((this.#runs[mid] as { first: Index }).first <= index) lo = mid + 1;
      else hi = mid;
    }
    return lo === 0 ? null : (this.#runs[lo - 1] as { term: Term }).term;
  }

  /** The term of the entry before `index`, as far as it is known; 0 if not. */
  termBefore(index: Index): Term {
    if (index - 1 === this.lastIndex) return this.lastTerm;
    return this.term(index - 1) ?? 0;
  }

  /** Notes an entry written to the active segment, overwriting what stands at and behind its index. */
  push(index: Index, term: Term, offset: number, length: number, chainBefore: number): void {
    assertLe(index, this.lastIndex + 1, 'no gap in the log');
    if (index <= this.lastIndex) this.#truncate(index);
    this.active.push(index, offset, length, chainBefore);
    const run = this.#runs[this.#runs.length - 1];
    if (run === undefined || run.term !== term) this.#runs.push({ first: index, term });
    this.lastIndex = index;
    this.lastTerm = term;
  }

  /** Drops the oldest segment from the index; its file is the caller's business. */
  dropOldest(): Segment {
    assert(this.segments.length > 1, 'the active segment stays');
    const segment = this.segments.shift() as Segment;
    const first = this.firstEntry;
    while (this.#runs.length > 1 && (this.#runs[1] as { first: Index }).first <= first) {
      this.#runs.shift();
    }
    return segment;
  }

  #truncate(index: Index): void {
    for (const segment of this.segments) segment.truncate(index);
    while (this.#runs.length > 0) {
      if ((this.#runs[this.#runs.length - 1] as { first: Index }).first < index) break;
      this.#runs.pop();
    }
  }
}
