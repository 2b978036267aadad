/**
 * The log as Raft sees it: which entries there are, of which terms, how far they are committed and
 * applied, and the tail of them that is held in memory.
 *
 *     1 ... cut | on disk only ... | in memory: cache, unapplied, not yet durable ... last
 *                                  ^memoryFirst       ^applied  ^applying  ^commit
 *
 * Invariants: cut <= applied <= applying <= commit <= last; what is not committed, or not durable,
 * is in memory; entries never change, a conflict replaces the tail (only behind `commit`).
 * Which of them are durable is the business of `unstable.ts`.
 */
import { assert, assertEq, assertLe, assertLt, type Index, type Term } from '@conclave/base';
import { type Entry, EntryType } from '@conclave/wire';
import { TermRuns } from './term-runs.js';

/** A term that only the disk knows. */
export const UNKNOWN_TERM: Term = -1;

/** What an entry costs beside its data, in messages and in memory, roughly. */
const ENTRY_OVERHEAD_BYTES = 32;

export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

export class RaftLog {
  /** Everything up to and including this is gone from the log. */
  cutIndex: Index;
  cutTerm: Term;
  lastIndex: Index;
  commit: Index;
  /** Last index given out to be applied. */
  applying: Index;
  applied: Index;
  readonly #runs = new TermRuns();
  #entries: Entry[] = [];
  /** Position in `#entries` of the first one still held. */
  #head = 0;
  /** Index of the first entry in memory; `lastIndex + 1` if there is none. */
  memoryFirst: Index;
  #bytes = 0;
  /** Bytes of those in memory that are applied: the cache. */
  #cacheBytes = 0;
  /** Indexes of configuration changes behind `applied`, rising. */
  #confIndexes: Index[] = [];

  constructor(
    cutIndex: Index,
    cutTerm: Term,
    applied: Index,
    commit: Index,
    tail: readonly Entry[],
  ) {
    this.cutIndex = cutIndex;
    this.cutTerm = cutTerm;
    const first = tail.length > 0 ? (tail[0] as Entry).index : cutIndex + 1;
    assertLt(cutIndex, first, 'RaftLog: entries lie behind the cut');
    assertLe(first, applied + 1, 'RaftLog: every entry to apply is given');
    this.memoryFirst = first;
    this.lastIndex = first - 1;
    this.applied = applied;
    this.applying = applied;
    this.commit = commit;
    for (const entry of tail) this.#push(entry);
    assertLe(cutIndex, applied, 'RaftLog: cut <= applied');
    assertLe(applied, commit, 'RaftLog: applied <= commit');
    assertLe(commit, this.lastIndex, 'RaftLog: commit <= last');
    for (const entry of tail) if (entry.index <= applied) this.#cacheBytes += entryBytes(entry);
  }

  get firstIndex(): Index {
    return this.cutIndex + 1;
  }

  get lastTerm(): Term {
    return this.lastIndex === this.cutIndex ? this.cutTerm : this.#runs.term(this.lastIndex);
  }

  get memoryBytes(): number {
    return this.#bytes;
  }

  /** The term at `index`; 0 if the log has no such entry, `UNKNOWN_TERM` if only the disk knows. */
  term(index: Index): Term {
    if (index > this.lastIndex || index < this.cutIndex) return 0;
    if (index === this.cutIndex) return this.cutTerm;
    const known = this.#runs.first;
    return known === 0 || index < known ? UNKNOWN_TERM : this.#runs.term(index);
  }

  /** True if our entry at `index` has `term`. */
  matches(index: Index, term: Term): boolean {
    if (index > this.lastIndex || index < this.cutIndex) return false;
    return this.term(index) === term;
  }

  /** Thesis 3.6.1: the later term wins, then the longer log. */
  isUpToDate(index: Index, term: Term): boolean {
    const lastTerm = this.lastTerm;
    return term > lastTerm || (term === lastTerm && index >= this.lastIndex);
  }

  /** Position in `entries` of the first one that our log has not; its length if it has them all. */
  findNew(entries: readonly Entry[]): number {
    let at = 0;
    while (at < entries.length) {
      const entry = entries[at] as Entry;
      if (!this.matches(entry.index, entry.term)) break;
      at++;
    }
    return at;
  }

  /**
   * The largest index in [floor, index] whose term is at most `term`: where a log that holds `term`
   * around `index` may agree with ours (fast log rejection). An index whose term only the disk knows
   * is returned as it is: it may agree.
   */
  findAgreement(index: Index, term: Term, floor: Index): Index {
    let at = Math.min(index, this.lastIndex);
    while (at > floor && at > this.cutIndex) {
      const own = this.term(at);
      if (own === UNKNOWN_TERM || own <= term) return at;
      at = this.#runs.runFirst(at) - 1;
    }
    return Math.max(at, floor);
  }

  /** True if a configuration change is committed and not applied yet. */
  get hasUnappliedConfChange(): boolean {
    return this.#confIndexes.length > 0 && (this.#confIndexes[0] as Index) <= this.commit;
  }

  /** How many configuration changes lie in (applied, index]. */
  confChangesTo(index: Index): number {
    let n = 0;
    while (n < this.#confIndexes.length && (this.#confIndexes[n] as Index) <= index) n++;
    return n;
  }

  /** Adds entries behind the last one. */
  append(entries: readonly Entry[], from = 0): void {
    for (let i = from; i < entries.length; i++) this.#push(entries[i] as Entry);
  }

  /** Drops `index` and everything behind it, because a leader's log differs there. */
  truncate(index: Index): void {
    assertLt(this.commit, index, 'RaftLog.truncate: a committed entry is never replaced');
    assertLe(index, this.lastIndex, 'RaftLog.truncate: there is something to drop');
    assertLe(this.memoryFirst, index, 'RaftLog.truncate: uncommitted entries are in memory');
    const keep = index - this.memoryFirst;
    for (let i = this.#head + keep; i < this.#entries.length; i++) {
      this.#bytes -= entryBytes(this.#entries[i] as Entry);
    }
    this.#entries.length = this.#head + keep;
    this.lastIndex = index - 1;
    this.#runs.truncate(index);
    const conf = this.#confIndexes;
    while (conf.length > 0 && (conf[conf.length - 1] as Index) >= index) conf.pop();
  }

  #push(entry: Entry): void {
    assertEq(entry.index, this.lastIndex + 1, 'RaftLog: entries are contiguous');
    assertLe(
      this.lastIndex === this.cutIndex ? this.cutTerm : 0,
      entry.term,
      'RaftLog: term falls',
    );
    this.#runs.append(entry.index, entry.term);
    this.#entries.push(entry);
    this.lastIndex = entry.index;
    this.#bytes += entryBytes(entry);
    if (entry.type === EntryType.CONF_CHANGE && entry.index > this.applied) {
      this.#confIndexes.push(entry.index);
    }
  }

  /** The entry at `index`, which is in memory. */
  entry(index: Index): Entry {
    assertLe(this.memoryFirst, index, 'RaftLog.entry: in memory');
    return this.#entries[this.#head + index - this.memoryFirst] as Entry;
  }

  /** Entries of [lo, hi) from memory: at least one if there is one, else within `bytesMax`. */
  slice(lo: Index, hi: Index, bytesMax: number): readonly Entry[] {
    if (lo >= hi) return NO_ENTRIES;
    assertLe(this.memoryFirst, lo, 'RaftLog.slice: in memory');
    assertLe(hi, this.lastIndex + 1, 'RaftLog.slice: in the log');
    let bytes = entryBytes(this.entry(lo));
    let end = lo + 1;
    while (end < hi) {
      bytes += entryBytes(this.entry(end));
      if (bytes > bytesMax) break;
      end++;
    }
    const offset = this.#head - this.memoryFirst;
    return this.#entries.slice(lo + offset, end + offset);
  }

  commitTo(index: Index): void {
    assertLt(this.commit, index, 'RaftLog.commitTo: forward');
    assertLe(index, this.lastIndex, 'RaftLog.commitTo: commit <= last');
    this.commit = index;
  }

  /** Everything up to `index` is applied. */
  appliedTo(index: Index): void {
    assertLe(this.applied, index, 'RaftLog.appliedTo: forward');
    assertLe(index, this.applying, 'RaftLog.appliedTo: given out before');
    for (let i = Math.max(this.applied + 1, this.memoryFirst); i <= index; i++) {
      this.#cacheBytes += entryBytes(this.entry(i));
    }
    this.applied = index;
    const n = this.confChangesTo(index);
    if (n > 0) this.#confIndexes.splice(0, n);
  }

  /**
   * Frees memory: applied entries that everybody has (up to `known`), others beyond `cacheBytesMax`, and
   * committed ones waiting to be applied beyond `unappliedBytesMax` (they are read back). `durable`
   * bounds them all.
   */
  evict(durable: Index, cacheBytesMax: number, unappliedBytesMax: number, known = 0): void {
    while (this.memoryFirst <= this.lastIndex && this.memoryFirst <= durable) {
      const applied = this.memoryFirst <= this.applied;
      const wanted = this.memoryFirst > known;
      if (applied && wanted && this.#cacheBytes <= cacheBytesMax) return;
      if (!applied && this.#bytes <= unappliedBytesMax) return;
      if (this.memoryFirst > this.commit) return;
      this.#dropFirst();
    }
  }

  #dropFirst(): void {
    const bytes = entryBytes(this.#entries[this.#head] as Entry);
    this.#bytes -= bytes;
    if (this.memoryFirst <= this.applied) this.#cacheBytes -= bytes;
    this.#head++;
    this.memoryFirst++;
    if (this.#head >= 64 && this.#head * 2 >= this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** The durable log now begins behind `index`. */
  cut(index: Index, term: Term): void {
    if (index <= this.cutIndex) return;
    assertLe(index, this.applied, 'RaftLog.cut: only what is applied');
    const own = this.term(index);
    assert(own === term || own === UNKNOWN_TERM, 'RaftLog.cut: the term is ours');
    while (this.memoryFirst <= index && this.memoryFirst <= this.lastIndex) this.#dropFirst();
    if (this.memoryFirst <= index) this.memoryFirst = index + 1;
    this.#runs.cut(index, this.lastIndex);
    this.cutIndex = index;
    this.cutTerm = term;
  }

  /** An installed snapshot replaces the whole log. */
  reset(index: Index, term: Term): void {
    assertLt(this.commit, index, 'RaftLog.reset: a snapshot goes forward');
    this.#runs.clear();
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#cacheBytes = 0;
    this.#confIndexes = [];
    this.cutIndex = index;
    this.cutTerm = term;
    this.lastIndex = index;
    this.memoryFirst = index + 1;
    this.commit = index;
    this.applying = index;
    this.applied = index;
  }
}
