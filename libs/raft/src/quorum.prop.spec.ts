/** Quorums against a second version that says what a majority is, subset by subset. */
import { NUMBER_MAX, type Random } from '@conclave/base';
import { jointIndex, jointVote, majorityIndex, majorityVote } from './quorum.js';
import { withSeeds } from './testing/seed.js';

/** Every subset of `slots`. */
function subsets(slots: readonly number[]): number[][] {
  let out: number[][] = [[]];
  for (const slot of slots) out = [...out, ...out.map((set) => [...set, slot])];
  return out;
}

const isMajority = (set: readonly number[], of: readonly number[]) => set.length * 2 > of.length;

/** The largest index that all members of some majority have reached. */
function naiveIndex(voters: readonly number[], acked: ReadonlyMap<number, number>): number {
  if (voters.length === 0) return NUMBER_MAX;
  const reached = subsets(voters)
    .filter((set) => isMajority(set, voters))
    .map((set) => Math.min(...set.map((slot) => acked.get(slot) ?? 0)));
  return Math.max(...reached);
}

/** Won if those who granted hold a majority; lost if they cannot even with all who are missing. */
function naiveVote(voters: readonly number[], votes: ReadonlyMap<number, boolean>): string {
  if (voters.length === 0) return 'won';
  if (
    isMajority(
      voters.filter((s) => votes.get(s) === true),
      voters,
    )
  )
    return 'won';
  return isMajority(
    voters.filter((s) => votes.get(s) !== false),
    voters,
  )
    ? 'pending'
    : 'lost';
}

function someSlots(r: Random): number[] {
  return [1, 2, 3, 4, 5, 6, 7].filter(() => r.chance(0.5));
}

test('indexes and votes agree with a count over all subsets', () => {
  withSeeds(process.env['SEED'], 2000, (r) => {
    const a = someSlots(r);
    const b = someSlots(r);
    const acked = new Map(someSlots(r).map((slot) => [slot, r.below(6)]));
    const votes = new Map(someSlots(r).map((slot) => [slot, r.chance(0.5)]));
    const by = { acked: (slot: number) => acked.get(slot) ?? 0 };
    expect(majorityIndex(a, by)).toBe(naiveIndex(a, acked));
    expect(majorityVote(a, votes)).toBe(naiveVote(a, votes));
    expect(jointIndex(a, b, by)).toBe(Math.min(naiveIndex(a, acked), naiveIndex(b, acked)));
    const both = [naiveVote(a, votes), naiveVote(b, votes)];
    const joint = both.includes('lost') ? 'lost' : both.includes('pending') ? 'pending' : 'won';
    expect(jointVote(a, b, votes)).toBe(joint);
  });
});

test('two majorities of one set always share a voter', () => {
  withSeeds(process.env['SEED'], 200, (r) => {
    const voters = someSlots(r);
    for (const set of subsets(voters)) {
      const yes = new Map(voters.map((slot) => [slot, set.includes(slot)]));
      const rest = new Map(voters.map((slot) => [slot, !set.includes(slot)]));
      const both = majorityVote(voters, yes) === 'won' && majorityVote(voters, rest) === 'won';
      expect(both && voters.length > 0).toBe(false);
    }
  });
});
