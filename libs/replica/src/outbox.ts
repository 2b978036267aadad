import type { SlotConfChange } from '@conclave/raft';
import {
  ConfChangeTransition,
  ConfChangeType,
  MemberChange,
  decodeConfChange,
} from '@conclave/wire';
import type { ConfChange, RaftMessage } from '@conclave/wire';
import type { PeerTransport } from './options.js';
import type { SlotTable } from './slot-table.js';

/**
 * Gathers the messages of one turn, so that each peer gets one frame. Order per peer is kept.
 */
export class Outbox {
  readonly #slots: SlotTable;
  readonly #transport: PeerTransport;
  /** By slot; emptied by `flush`. */
  readonly #messages = new Map<number, RaftMessage[]>();

  constructor(slots: SlotTable, transport: PeerTransport) {
    this.#slots = slots;
    this.#transport = transport;
  }

  add(messages: readonly RaftMessage[]): void {
    for (const message of messages) {
      const queue = this.#messages.get(message.to);
      if (queue) queue.push(message);
      else this.#messages.set(message.to, [message]);
    }
  }

  flush(): void {
    if (this.#messages.size === 0) return;
    for (const [slot, messages] of this.#messages) {
      this.#transport.send(this.#slots.idOf(slot), messages);
    }
    this.#messages.clear();
  }
}

/** A configuration change with slots for ids, as raft takes it. */
export function toSlotChange(change: ConfChange, slots: SlotTable): SlotConfChange {
  return {
    transition: change.transition,
    changes: change.changes.map((c) => ({ type: c.type, slot: slots.slotOf(c.id) })),
  };
}

/** The change that removes a member whose vote nobody counts. */
export function removal(id: bigint, requestID: bigint): ConfChange {
  return {
    transition: ConfChangeTransition.AUTO,
    changes: [{ type: ConfChangeType.REMOVE, id }],
    context: MemberChange.encode(MemberChange.create({ requestID })),
  };
}

/** The same from an entry's data, which this process encoded itself. */
export function decodeSlotChange(data: Uint8Array, slots: SlotTable): SlotConfChange {
  return toSlotChange(decodeConfChange(data), slots);
}
