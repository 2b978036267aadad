import { assertDefined } from '@conclave/base';
import type { Slot, SlotConfState, SlotSnapshotMeta } from '@conclave/raft';
import type { ConfState, RaftMessage } from '@conclave/wire';

/**
 * Member ids (64 bits) to slots (small numbers) and back. Inside raft a member is a slot; on disk and
 * on the wire it is its id. Slots are this process' own affair and are never stored.
 *
 * Invariant: a slot, once given, stays with its id for the life of the process.
 */
export class SlotTable {
  readonly #slots = new Map<bigint, Slot>();
  /** Index 0 is nobody. */
  readonly #ids: bigint[] = [0n];

  slotOf(id: bigint): Slot {
    if (id === 0n) return 0;
    const known = this.#slots.get(id);
    if (known !== undefined) return known;
    const slot = this.#ids.length;
    this.#ids.push(id);
    this.#slots.set(id, slot);
    return slot;
  }

  idOf(slot: Slot): bigint {
    return assertDefined(this.#ids[slot], 'SlotTable: a slot that was given out');
  }

  /** The snapshot that a message tells of, with slots for ids. */
  snapshotOf({ snapshot }: RaftMessage): SlotSnapshotMeta | null {
    return snapshot && { ...snapshot, confState: this.toSlots(snapshot.confState) };
  }

  toSlots(conf: ConfState): SlotConfState {
    const map = (ids: readonly bigint[]): Slot[] => ids.map((id) => this.slotOf(id));
    return {
      voters: map(conf.voters),
      learners: map(conf.learners),
      votersOutgoing: map(conf.votersOutgoing),
      learnersNext: map(conf.learnersNext),
      autoLeave: conf.autoLeave,
    };
  }

  toIds(conf: SlotConfState): ConfState {
    const map = (slots: readonly Slot[]): bigint[] =>
      slots.map((slot) => this.idOf(slot)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return {
      voters: map(conf.voters),
      learners: map(conf.learners),
      votersOutgoing: map(conf.votersOutgoing),
      learnersNext: map(conf.learnersNext),
      autoLeave: conf.autoLeave,
    };
  }
}
