/**
 * The configurations of the cluster, one after the other as entries made them: the same on every member
 * (I5), each sharing a member of every quorum with the next (I10), and nobody comes back who was
 * removed (I26).
 */
import type { ConfState } from '@conclave/wire';
import { unsafe } from '../failure.js';
import { quorumsOverlap } from '../judges/quorum-check.js';

type Slots = Parameters<typeof quorumsOverlap>[0];

export class ConfHistory {
  /** By index, ascending. */
  readonly #at = new Map<number, string>();
  #last: { readonly index: number; readonly conf: Slots } | null = null;
  /** The configuration of the highest index; null: none yet. */
  newest: ConfState | null = null;
  readonly #members = new Set<bigint>();
  readonly #removed = new Set<bigint>();

  /** Who was a member once and is none any more. */
  get removed(): ReadonlySet<bigint> {
    return this.#removed;
  }

  /** How many there were. */
  get count(): number {
    return this.#at.size;
  }

  /** `who` applied the entry at `index`; true: it is the first to do so. */
  configured(who: string, index: number, confState: ConfState): boolean {
    const text = textOf(confState);
    const known = this.#at.get(index);
    if (known !== undefined) {
      if (known === text) return false;
      unsafe('I5', `at index ${index} ${who} has the configuration ${text}, another had ${known}`);
    }
    const before = this.#last;
    if (before !== null && index < before.index) {
      unsafe('I5', `${who} changes the configuration at index ${index}, where nobody else did`);
    }
    const conf = slotsOf(confState);
    if (before !== null && !quorumsOverlap(before.conf, conf)) {
      unsafe('I10', `the configuration ${text} at index ${index} can do without the one before`);
    }
    this.#at.set(index, text);
    this.#last = { index, conf };
    this.newest = confState;
    this.#follow(index, confState);
    return true;
  }

  #follow(index: number, confState: ConfState): void {
    const present = new Set(idsOf(confState));
    for (const id of present) {
      if (this.#removed.has(id))
        unsafe('I26', `index ${index} brings back ${id}, which was removed`);
      this.#members.add(id);
    }
    for (const id of this.#members) if (!present.has(id)) this.#removed.add(id);
  }
}

export function idsOf(confState: ConfState): bigint[] {
  const { voters, learners, votersOutgoing, learnersNext } = confState;
  return [...voters, ...learners, ...votersOutgoing, ...learnersNext];
}

/** True if those for whom `has` holds can decide alone: a majority of each half. */
export function canDecide({ voters, votersOutgoing }: ConfState, has: (id: bigint) => boolean) {
  return [voters, votersOutgoing].every((half) => {
    return half.length === 0 || 2 * half.filter(has).length > half.length;
  });
}

/** Ids of the simulator are small numbers. */
function slotsOf(confState: ConfState): Slots {
  const small = (ids: readonly bigint[]): number[] => ids.map(Number);
  return {
    voters: small(confState.voters),
    learners: small(confState.learners),
    votersOutgoing: small(confState.votersOutgoing),
    learnersNext: small(confState.learnersNext),
    autoLeave: confState.autoLeave,
  };
}

export function textOf({ voters, learners, votersOutgoing, learnersNext }: ConfState): string {
  const list = (ids: readonly bigint[]): string => [...ids].sort().join(',');
  return `(${list(voters)})(${list(votersOutgoing)}) learners (${list(learners)})(${list(learnersNext)})`;
}
