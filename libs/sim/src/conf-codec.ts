/** Configurations between slots and the wire: at level 1 a member's id is its slot. */
import type { SlotConfChange, SlotSnapshotMeta } from '@conclave/raft';
import { type SnapshotMeta, decodeConfChange, encodeConfChange } from '@conclave/wire';

const NO_BYTES = new Uint8Array(0);

/** Without changes the entry is empty: leave the joint configuration. */
export function encodeChange({ transition, changes }: SlotConfChange): Uint8Array {
  if (changes.length === 0) return NO_BYTES;
  const wire = changes.map(({ type, slot }) => ({ type, id: BigInt(slot) }));
  return encodeConfChange({ transition, changes: wire, context: NO_BYTES });
}

export function decodeChange(data: Uint8Array): SlotConfChange {
  if (data.length === 0) return { transition: 0, changes: [] };
  const { transition, changes } = decodeConfChange(data);
  return { transition, changes: changes.map(({ type, id }) => ({ type, slot: Number(id) })) };
}

export function toWireMeta({ index, term, confState }: SlotSnapshotMeta): SnapshotMeta {
  return {
    index,
    term,
    confState: {
      voters: confState.voters.map(BigInt),
      learners: confState.learners.map(BigInt),
      votersOutgoing: confState.votersOutgoing.map(BigInt),
      learnersNext: confState.learnersNext.map(BigInt),
      autoLeave: confState.autoLeave,
    },
  };
}

export function toSlotMeta({ index, term, confState }: SnapshotMeta): SlotSnapshotMeta {
  return {
    index,
    term,
    confState: {
      voters: confState.voters.map(Number),
      learners: confState.learners.map(Number),
      votersOutgoing: confState.votersOutgoing.map(Number),
      learnersNext: confState.learnersNext.map(Number),
      autoLeave: confState.autoLeave,
    },
  };
}
