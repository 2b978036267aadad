/** The books of linearizable reads: each is answered or dropped, once. */
import { READS_WAITING_MAX } from './config.js';
import { ForwardedReads, ReadOnly } from './read-only.js';

describe('ReadOnly', () => {
  test('a read is confirmed by its own round or a later one, not by an earlier one', () => {
    const reads = new ReadOnly();
    reads.add(1, 100, 7);
    expect(reads.needsRound).toBe(true);
    const first = reads.startRound();
    reads.add(2, 200, 8);
    expect(reads.takeConfirmed(first - 1)).toBeUndefined();
    expect(reads.takeConfirmed(first)).toEqual({ from: 1, context: 100, index: 7, round: first });
    expect(reads.takeConfirmed(first)).toBeUndefined();
    expect(reads.startRound()).toBe(first + 1);
    expect(reads.takeConfirmed(first + 1)?.context).toBe(200);
    expect([reads.length, reads.needsRound]).toEqual([0, false]);
  });

  test('what waits for a commit in the term joins the next round, once', () => {
    const reads = new ReadOnly();
    reads.add(1, 100, -1);
    expect(reads.needsRound).toBe(false);
    reads.committed(9);
    reads.committed(11);
    const round = reads.startRound();
    expect(reads.takeConfirmed(round)).toEqual({ from: 1, context: 100, index: 9, round });
    expect(reads.takeConfirmed(round)).toBeUndefined();
    expect(reads.length).toBe(0);
  });

  test('an index of 0 is one: nothing was ever committed', () => {
    const reads = new ReadOnly();
    reads.add(1, 100, 0);
    expect(reads.needsRound).toBe(true);
  });

  test('drops everything, and tells what it had asked itself', () => {
    const reads = new ReadOnly();
    reads.add(1, 100, 7);
    reads.add(2, 200, 7);
    reads.startRound();
    reads.add(1, 101, 7);
    reads.add(2, 201, 7);
    reads.add(1, 102, -1);
    reads.add(2, 202, -1);
    expect(reads.length).toBe(6);
    expect(reads.drop(1)).toEqual([100, 101, 102]);
    expect([reads.length, reads.needsRound]).toEqual([0, false]);
    reads.committed(9);
    expect(reads.needsRound).toBe(false);
  });

  test('takes so many and no more', () => {
    const reads = new ReadOnly();
    for (let n = 1; n <= READS_WAITING_MAX; n++) expect(reads.add(1, n, 7)).toBe(true);
    expect(reads.add(1, 0, 7)).toBe(false);
  });
});

describe('ForwardedReads', () => {
  test('an answer fits the number that was sent, once', () => {
    const reads = new ForwardedReads(500);
    const [a, b] = [reads.add(7, 1), reads.add(0, 1)];
    expect([a, b]).toEqual([501, 502]);
    expect([reads.take(b), reads.take(b), reads.take(500), reads.take(a)]).toEqual([0, -1, -1, 7]);
  });

  test('those asked at or before a tick end, later ones stay', () => {
    const reads = new ForwardedReads(0);
    reads.add(7, 1);
    reads.add(8, 2);
    const third = reads.add(9, 3);
    const dropped: number[] = [];
    reads.expire(2, dropped);
    expect(dropped).toEqual([7, 8]);
    expect(reads.take(third)).toBe(9);
  });

  test('takes so many and no more', () => {
    const reads = new ForwardedReads(0);
    for (let n = 1; n <= READS_WAITING_MAX; n++) expect(reads.add(n, 1)).not.toBe(0);
    expect(reads.add(0, 1)).toBe(0);
  });
});
