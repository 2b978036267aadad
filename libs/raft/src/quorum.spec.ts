import { NUMBER_MAX } from '@conclave/base';
import { jointIndex, jointVote, majorityIndex, majorityVote } from './quorum.js';

const by = (acked: Record<number, number>) => ({ acked: (slot: number) => acked[slot] ?? 0 });
const votes = (yes: number[], no: number[]) =>
  new Map<number, boolean>([
    ...yes.map((s) => [s, true] as const),
    ...no.map((s) => [s, false] as const),
  ]);

describe('majorities', () => {
  test.each([
    [[], {}, NUMBER_MAX],
    [[1], {}, 0],
    [[1], { 1: 12 }, 12],
    [[1, 2], { 1: 12 }, 0],
    [[1, 2], { 1: 12, 2: 5 }, 5],
    [[1, 2, 3], { 1: 100, 2: 101, 3: 99 }, 100],
    [[1, 2, 3], { 1: 7, 3: 9 }, 7],
    [[1, 2, 3, 4], { 1: 9, 2: 8, 3: 7, 4: 6 }, 7],
    [[1, 2, 3, 4, 5], { 1: 101, 2: 104, 3: 103, 4: 103 }, 103],
  ])('of %j with %j commit %d', (voters, acked, index) => {
    expect(majorityIndex(voters, by(acked))).toBe(index);
  });

  test.each([
    [[1, 2, 3], [4, 5, 6], { 1: 9, 2: 9, 4: 5, 5: 6 }, 5],
    [[1, 2, 3], [], { 1: 9, 2: 8 }, 8],
    [[1, 2, 3], [1, 2, 3], { 1: 9, 2: 8, 3: 7 }, 8],
    [[1, 2, 3], [3, 4, 5], { 1: 9, 2: 9, 3: 9, 4: 1 }, 1],
    [[1], [2], { 1: 9 }, 0],
  ])('both of %j and %j with %j commit %d', (a, b, acked, index) => {
    expect(jointIndex(a, b, by(acked))).toBe(index);
    expect(jointIndex(b, a, by(acked))).toBe(index);
  });

  test.each([
    [[], [], [], 'won'],
    [[1], [], [], 'pending'],
    [[1], [], [1], 'lost'],
    [[1, 2], [1], [], 'pending'],
    [[1, 2], [1], [2], 'lost'],
    [[1, 2, 3], [1, 2], [], 'won'],
    [[1, 2, 3], [1], [2], 'pending'],
    [[1, 2, 3], [1], [2, 3], 'lost'],
    [[1, 2, 3, 4], [1, 2], [3], 'pending'],
    [[1, 2, 3, 4], [1, 2], [3, 4], 'lost'],
    [[1, 2, 3, 4], [1, 2, 3], [4], 'won'],
    [[1, 2, 3], [9], [8], 'pending'],
  ] as const)('of %j with %j for and %j against the vote is %s', (voters, yes, no, result) => {
    expect(majorityVote(voters, votes([...yes], [...no]))).toBe(result);
  });

  test.each([
    [[1, 2, 3], [4, 5, 6], [1, 2], [], 'pending'],
    [[1, 2, 3], [4, 5, 6], [1, 2], [4, 5], 'lost'],
    [[1, 2, 3], [4, 5, 6], [1, 2, 4, 5], [3], 'won'],
    [[1], [], [1], [], 'won'],
  ] as const)('of both %j and %j with %j for and %j against it is %s', (a, b, yes, no, result) => {
    expect(jointVote(a, b, votes([...yes], [...no]))).toBe(result);
    expect(jointVote(b, a, votes([...yes], [...no]))).toBe(result);
  });
});
