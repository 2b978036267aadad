/** Runs of terms: what is merged, what is forgotten, and what is refused. */
import { TermRuns } from './term-runs.js';

/** Terms of the entries from `first` on. */
function runs(first: number, terms: readonly number[]): TermRuns {
  const found = new TermRuns();
  terms.forEach((term, at) => found.append(first + at, term));
  return found;
}

const terms = (of: TermRuns, lo: number, hi: number): number[] =>
  Array.from({ length: hi - lo }, (_, at) => of.term(lo + at));

describe('TermRuns', () => {
  test('tells the term and the first index of each run, also of runs of one', () => {
    const r = runs(1, [1, 1, 2, 5, 5, 5, 6]);
    expect(terms(r, 1, 8)).toEqual([1, 1, 2, 5, 5, 5, 6]);
    expect([1, 2, 3, 4, 6, 7].map((index) => r.runFirst(index))).toEqual([1, 1, 3, 4, 4, 7]);
    expect(r.first).toBe(1);
    expect(new TermRuns().first).toBe(0);
  });

  test('refuses a term that falls and an index that does not rise', () => {
    expect(() => runs(1, [2, 1])).toThrow('terms do not fall');
    const r = runs(4, [2]);
    expect(() => r.append(4, 3)).toThrow('indexes rise');
  });

  test.each([
    [1, []],
    [2, [1]],
    [3, [1, 1]],
    [4, [1, 1, 2]],
    [7, [1, 1, 2, 5, 5, 5]],
  ])('forgets %i and everything behind it, and goes on with another term', (index, left) => {
    const r = runs(1, [1, 1, 2, 5, 5, 5]);
    r.truncate(index);
    expect(terms(r, 1, index)).toEqual(left);
    r.append(index, 9);
    expect(r.term(index)).toBe(9);
    expect(r.runFirst(index)).toBe(index);
  });

  test.each([1, 2, 3, 4, 5])('forgets everything up to %i', (index) => {
    const r = runs(1, [1, 1, 2, 5, 5, 5]);
    r.cut(index, 6);
    expect(r.first).toBe(index + 1);
    expect(terms(r, index + 1, 7)).toEqual([1, 1, 2, 5, 5, 5].slice(index));
    expect(() => r.term(index)).toThrow('the term is known');
    // What is gone already is no news.
    r.cut(index - 1, 6);
    expect(r.first).toBe(index + 1);
  });

  test('is empty when all is cut, and a cut of nothing is none', () => {
    const r = runs(1, [1, 2]);
    r.cut(2, 2);
    expect(r.first).toBe(0);
    r.cut(3, 9);
    r.append(10, 2);
    expect([r.first, r.term(10)]).toEqual([10, 2]);
  });
});
