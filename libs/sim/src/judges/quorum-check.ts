/** Majorities, counted once more and on purpose differently from the raft room: by brute force. */
import type { SlotConfState } from '@conclave/raft';

/** True if those for whom `has` holds are a majority of each half. */
export function reachesQuorum(
  { voters, votersOutgoing }: SlotConfState,
  has: (slot: number) => boolean,
): boolean {
  return reachesMajority(voters, has) && reachesMajority(votersOutgoing, has);
}

function reachesMajority(voters: readonly number[], has: (slot: number) => boolean): boolean {
  if (voters.length === 0) return true;
  let n = 0;
  for (const slot of voters) if (has(slot)) n++;
  return n * 2 > voters.length;
}

/** True if every quorum of `a` shares a member with every quorum of `b`: tries all sets. */
export function quorumsOverlap(a: SlotConfState, b: SlotConfState): boolean {
  const all = new Set([...a.voters, ...a.votersOutgoing, ...b.voters, ...b.votersOutgoing]);
  const slots = [...all];
  for (let set = 0; set < 1 << slots.length; set++) {
    const inside = (slot: number): boolean => (set & (1 << slots.indexOf(slot))) !== 0;
    if (reachesQuorum(a, inside) && reachesQuorum(b, (slot) => !inside(slot))) return false;
  }
  return true;
}
