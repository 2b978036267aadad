/** What the log holds in memory: exact sums, and who may go when. */
import { RaftLog, entryBytes } from './raft-log.js';
import { testEntry } from './testing/cluster.js';

const SIZE = entryBytes(testEntry(1, 1));

function log(applied: number, last: number, cut = 0): RaftLog {
  const entries = [];
  for (let index = cut + 1; index <= last; index++) entries.push(testEntry(1, index));
  return new RaftLog(cut, cut === 0 ? 0 : 1, applied, last, entries);
}

/** Gives out and applies everything up to `index`. */
function apply(of: RaftLog, index: number): void {
  of.applying = index;
  of.appliedTo(index);
}

describe('the cache', () => {
  test.each([0, 1, 2, 4])('holds just as much as it may of what was applied before: %i', (n) => {
    const l = log(4, 6);
    l.evict(6, n * SIZE, 1e9);
    expect([l.memoryFirst, l.memoryBytes]).toEqual([5 - n, (2 + n) * SIZE]);
    const less = log(4, 6);
    less.evict(6, Math.max(0, n * SIZE - 1), 1e9);
    expect(less.memoryFirst).toBe(n === 0 ? 5 : 6 - n);
  });

  test('counts what is applied from now on, each entry once', () => {
    const l = log(1, 6);
    apply(l, 3);
    apply(l, 4);
    l.evict(6, 4 * SIZE, 1e9);
    expect(l.memoryFirst).toBe(1);
    l.evict(6, 4 * SIZE - 1, 1e9);
    expect(l.memoryFirst).toBe(2);
    l.evict(6, 2 * SIZE, 1e9);
    expect(l.memoryFirst).toBe(3);
  });

  test('what everybody has is not wanted any more', () => {
    const l = log(4, 6);
    l.evict(6, 1e9, 1e9, 2);
    expect(l.memoryFirst).toBe(3);
  });

  test('what is not durable stays, and so does what is not committed', () => {
    const l = log(4, 6);
    l.evict(3, 0, 0);
    expect(l.memoryFirst).toBe(4);
    l.append([testEntry(1, 7), testEntry(1, 8)]);
    l.evict(8, 0, 0);
    expect([l.memoryFirst, l.memoryBytes]).toEqual([7, 2 * SIZE]);
  });

  test('committed entries that wait to be applied go beyond their own bound only', () => {
    const l = log(2, 6);
    l.evict(6, 0, 4 * SIZE);
    expect(l.memoryFirst).toBe(3);
    l.evict(6, 0, 4 * SIZE - 1);
    expect(l.memoryFirst).toBe(4);
  });

  test('sums are right behind truncation, a cut and a reset', () => {
    const l = new RaftLog(
      0,
      0,
      0,
      3,
      [1, 2, 3, 4, 5].map((index) => testEntry(1, index)),
    );
    l.truncate(5);
    expect(l.memoryBytes).toBe(4 * SIZE);
    apply(l, 3);
    l.cut(2, 1);
    expect([l.memoryBytes, l.memoryFirst]).toEqual([2 * SIZE, 3]);
    l.evict(4, SIZE, 1e9);
    expect(l.memoryFirst).toBe(3);
    l.reset(9, 3);
    expect([l.memoryBytes, l.memoryFirst, l.lastIndex, l.lastTerm]).toEqual([0, 10, 9, 3]);
    l.append([testEntry(3, 10), testEntry(3, 11)]);
    l.commitTo(11);
    apply(l, 11);
    l.evict(11, 2 * entryBytes(testEntry(3, 10)), 0);
    expect(l.memoryFirst).toBe(10);
    l.evict(11, 2 * entryBytes(testEntry(3, 10)) - 1, 0);
    expect(l.memoryFirst).toBe(11);
  });

  test('entries are found after many have gone', () => {
    const l = log(0, 300);
    for (let index = 1; index <= 300; index++) {
      apply(l, index);
      l.evict(300, 10 * SIZE, 1e9);
      const first = l.memoryFirst;
      expect(l.entry(first).index).toBe(first);
      expect(l.slice(first, 301, 1e9).map((e) => e.index)).toEqual(
        Array.from({ length: 301 - first }, (_, at) => first + at),
      );
    }
  });

  test('a slice is within its bytes, one entry at least', () => {
    const l = log(0, 6);
    const count = (bytes: number): number => l.slice(2, 6, bytes).length;
    expect([0, SIZE, 2 * SIZE - 1, 2 * SIZE, 4 * SIZE, 1e9].map(count)).toEqual([1, 1, 1, 2, 4, 4]);
  });
});
