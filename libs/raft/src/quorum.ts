/**
 * Majorities of one or two sets of voters (thesis 4.3, joint consensus).
 *
 * Everything that needs agreement (votes, commit, ReadIndex, CheckQuorum) asks here, so a joint
 * configuration needs both majorities everywhere by construction. An empty set agrees to everything:
 * the outgoing half of a configuration that is not joint.
 */
import { type Index, NUMBER_MAX } from '@conclave/base';
import type { Slot } from './ready.js';

/** Looks up what a voter has acknowledged; 0 for nothing. */
export interface AckedIndexes {
  acked(slot: Slot): Index;
}

export type VoteResult = 'pending' | 'won' | 'lost';

/** The largest index that a majority of `voters` has acknowledged. Allocates one small array. */
export function majorityIndex(voters: readonly Slot[], by: AckedIndexes): Index {
  const n = voters.length;
  if (n === 0) return NUMBER_MAX;
  const sorted: Index[] = [];
  for (let i = 0; i < n; i++) {
    const index = by.acked(voters[i] as Slot);
    let at = i;
    while (at > 0 && (sorted[at - 1] as Index) < index) {
      sorted[at] = sorted[at - 1] as Index;
      at--;
    }
    sorted[at] = index;
  }
  return sorted[n >> 1] as Index;
}

/** The largest index that both majorities have acknowledged. */
export function jointIndex(
  incoming: readonly Slot[],
  outgoing: readonly Slot[],
  by: AckedIndexes,
): Index {
  const a = majorityIndex(incoming, by);
  const b = majorityIndex(outgoing, by);
  return a < b ? a : b;
}

/** Where an election among `voters` stands; those missing from `votes` have not answered. */
export function majorityVote(
  voters: readonly Slot[],
  votes: ReadonlyMap<Slot, boolean>,
): VoteResult {
  const n = voters.length;
  if (n === 0) return 'won';
  let granted = 0;
  let missing = 0;
  for (const slot of voters) {
    const vote = votes.get(slot);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = (n >> 1) + 1;
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

/** Won if both are won, lost if either is lost. */
export function jointVote(
  incoming: readonly Slot[],
  outgoing: readonly Slot[],
  votes: ReadonlyMap<Slot, boolean>,
): VoteResult {
  const a = majorityVote(incoming, votes);
  const b = majorityVote(outgoing, votes);
  if (a === b) return a;
  return a === 'lost' || b === 'lost' ? 'lost' : 'pending';
}
