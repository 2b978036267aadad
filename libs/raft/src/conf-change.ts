/**
 * Configurations and the changes between them (thesis 4.1 to 4.3), as pure functions.
 *
 * A simple change moves at most one voter; anything more goes through a joint configuration, in
 * which the outgoing voters keep their say until it is left. Invariants of a configuration:
 * voters (either half) and learners are disjoint; learnersNext is a subset of the outgoing voters;
 * when not joint, outgoing and learnersNext are empty and autoLeave is false; every list is sorted.
 * A node that is demoted while its old vote still counts waits in learnersNext.
 */
import { assert, assertLe } from '@conclave/base';
import { ConfChangeTransition, ConfChangeType } from '@conclave/wire';
import type { Slot, SlotConfState } from './ready.js';

/** A `ConfChange` of the wire room, with slots for ids. No changes: leave the joint config. */
export interface SlotConfChange {
  readonly transition: ConfChangeTransition;
  readonly changes: readonly SlotChange[];
}

export interface SlotChange {
  readonly type: ConfChangeType;
  readonly slot: Slot;
}

/** Why a change cannot be made to a configuration. */
export type ConfChangeRefusal = 'already-joint' | 'not-joint' | 'no-voters' | 'bad-slot';

export type ConfChangeResult =
  | { readonly ok: true; readonly confState: SlotConfState }
  | { readonly ok: false; readonly code: ConfChangeRefusal };

export const EMPTY_CONF_STATE: SlotConfState = Object.freeze({
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
});

interface Draft {
  readonly voters: Set<Slot>;
  readonly learners: Set<Slot>;
  readonly outgoing: Set<Slot>;
  readonly learnersNext: Set<Slot>;
}

export function isJoint(confState: SlotConfState): boolean {
  return confState.votersOutgoing.length > 0;
}

/** What `change` makes of `confState`; deterministic, so every member refuses the same ones. */
export function changeConf(confState: SlotConfState, change: SlotConfChange): ConfChangeResult {
  for (const { slot } of change.changes) {
    if (!Number.isSafeInteger(slot) || slot <= 0) return { ok: false, code: 'bad-slot' };
  }
  if (change.transition === ConfChangeTransition.SOLE) return soleVoter(change.changes);
  if (change.changes.length === 0) return leaveJoint(confState);
  if (isJoint(confState)) return { ok: false, code: 'already-joint' };
  const { transition, changes } = change;
  if (transition === ConfChangeTransition.AUTO && changes.length === 1) {
    return simpleChange(confState, changes[0] as SlotChange);
  }
  return enterJoint(confState, changes, transition !== ConfChangeTransition.JOINT_EXPLICIT);
}

/** Not a change that thesis 4 knows: everybody else is gone for good. */
function soleVoter(changes: readonly SlotChange[]): ConfChangeResult {
  const [only] = changes;
  if (changes.length !== 1 || only?.type !== ConfChangeType.ADD_VOTER) {
    return { ok: false, code: 'no-voters' };
  }
  return { ok: true, confState: { ...EMPTY_CONF_STATE, voters: [only.slot] } };
}

function simpleChange(confState: SlotConfState, change: SlotChange): ConfChangeResult {
  const draft = draftOf(confState);
  makeChange(draft, change);
  if (draft.voters.size === 0) return { ok: false, code: 'no-voters' };
  assertLe(difference(confState.voters, draft.voters), 1, 'a simple change moves one voter');
  return { ok: true, confState: settle(draft, false) };
}

function enterJoint(
  confState: SlotConfState,
  changes: readonly SlotChange[],
  autoLeave: boolean,
): ConfChangeResult {
  // A configuration without voters cannot take part in a joint one: there is no old majority.
  if (confState.voters.length === 0) return { ok: false, code: 'no-voters' };
  const draft = draftOf(confState);
  for (const slot of confState.voters) draft.outgoing.add(slot);
  for (const change of changes) makeChange(draft, change);
  if (draft.voters.size === 0) return { ok: false, code: 'no-voters' };
  return { ok: true, confState: settle(draft, autoLeave) };
}

function leaveJoint(confState: SlotConfState): ConfChangeResult {
  if (!isJoint(confState)) return { ok: false, code: 'not-joint' };
  const draft = draftOf(confState);
  for (const slot of draft.learnersNext) draft.learners.add(slot);
  draft.learnersNext.clear();
  draft.outgoing.clear();
  return { ok: true, confState: settle(draft, false) };
}

/** One change to the incoming half. Doing what is done already changes nothing. */
function makeChange(draft: Draft, { type, slot }: SlotChange): void {
  switch (type) {
    case ConfChangeType.ADD_VOTER:
      draft.learners.delete(slot);
      draft.learnersNext.delete(slot);
      draft.voters.add(slot);
      return;
    case ConfChangeType.ADD_LEARNER:
      draft.voters.delete(slot);
      if (draft.outgoing.has(slot)) draft.learnersNext.add(slot);
      else draft.learners.add(slot);
      return;
    case ConfChangeType.REMOVE:
      draft.voters.delete(slot);
      draft.learners.delete(slot);
      draft.learnersNext.delete(slot);
      return;
  }
}

function draftOf(confState: SlotConfState): Draft {
  return {
    voters: new Set(confState.voters),
    learners: new Set(confState.learners),
    outgoing: new Set(confState.votersOutgoing),
    learnersNext: new Set(confState.learnersNext),
  };
}

function sorted(slots: ReadonlySet<Slot>): readonly Slot[] {
  return [...slots].sort((a, b) => a - b);
}

function settle(draft: Draft, autoLeave: boolean): SlotConfState {
  const confState: SlotConfState = {
    voters: sorted(draft.voters),
    learners: sorted(draft.learners),
    votersOutgoing: sorted(draft.outgoing),
    learnersNext: sorted(draft.learnersNext),
    autoLeave,
  };
  assertConfState(confState);
  return confState;
}

/** How many voters are in one and not in the other. */
function difference(before: readonly Slot[], after: ReadonlySet<Slot>): number {
  let same = 0;
  for (const slot of before) if (after.has(slot)) same++;
  return before.length - same + (after.size - same);
}

/** The invariants above. */
export function assertConfState(confState: SlotConfState): void {
  const outgoing = new Set(confState.votersOutgoing);
  const voters = new Set(confState.voters);
  for (const slot of confState.learners) {
    assert(!voters.has(slot) && !outgoing.has(slot), 'ConfState: a learner is no voter');
  }
  for (const slot of confState.learnersNext) {
    assert(outgoing.has(slot), 'ConfState: a demoted voter is an outgoing one');
    assert(!voters.has(slot), 'ConfState: a demoted voter is not an incoming one');
  }
  if (!isJoint(confState)) {
    assert(confState.learnersNext.length === 0, 'ConfState: none waits when not joint');
    assert(!confState.autoLeave, 'ConfState: nothing to leave when not joint');
  }
}
