/**
 * The term of each log entry, held as runs: (first index, term) where the term changes.
 *
 * A retained log of millions of entries has as many runs as it saw leaders, so terms of entries that
 * are on disk only can be answered without a read. Invariant: both arrays rise strictly.
 */
import { assert, assertLe, assertLt, type Index, type Term } from '@conclave/base';

export class TermRuns {
  #firsts: Index[] = [];
  #terms: Term[] = [];

  /** The first index whose term is known; 0 if none is. */
  get first(): Index {
    return this.#firsts[0] ?? 0;
  }

  /** Notes that the entry at `index` (behind all noted so far) has `term`. */
  append(index: Index, term: Term): void {
    const n = this.#firsts.length;
    if (n > 0) {
      const newest = this.#terms[n - 1] as Term;
      assertLt(this.#firsts[n - 1] as Index, index, 'TermRuns.append: indexes rise');
      assertLe(newest, term, 'TermRuns.append: terms do not fall');
      if (newest === term) return;
    }
    this.#firsts.push(index);
    this.#terms.push(term);
  }

  /** Forgets `index` and everything behind it. */
  truncate(index: Index): void {
    while (this.#firsts.length > 0 && (this.#firsts[this.#firsts.length - 1] as Index) >= index) {
      this.#firsts.pop();
      this.#terms.pop();
    }
  }

  /** Forgets everything up to and including `index`; entries behind it up to `last` are kept. */
  cut(index: Index, last: Index): void {
    if (this.#firsts.length === 0 || (this.#firsts[0] as Index) > index) return;
    if (index >= last) {
      this.clear();
      return;
    }
    const at = this.#find(index + 1);
    this.#firsts.splice(0, at);
    this.#terms.splice(0, at);
    this.#firsts[0] = index + 1;
  }

  clear(): void {
    this.#firsts = [];
    this.#terms = [];
  }

  /** The term of `index`, which is known and in the log. O(log runs). */
  term(index: Index): Term {
    return this.#terms[this.#find(index)] as Term;
  }

  /** The first index of the run that holds `index`. */
  runFirst(index: Index): Index {
    return this.#firsts[this.#find(index)] as Index;
  }

  #find(index: Index): number {
    let lo = 0;
    let hi = this.#firsts.length - 1;
    assert(hi >= 0 && (this.#firsts[0] as Index) <= index, 'TermRuns: the term is known');
    if ((this.#firsts[hi] as Index) <= index) return hi;
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1;
      if ((this.#firsts[mid] as Index) <= index) lo = mid;
      else hi = mid - 1;
    }
    return lo;
  }
}
