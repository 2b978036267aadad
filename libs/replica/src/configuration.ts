import { assert } from '@conclave/base';
import type { Scheduler } from '@conclave/base';
import type { RawNode } from '@conclave/raft';
import type { Applied, MemberRecord, StateMachine } from '@conclave/statemachine';
import type { PeerTransport } from './options.js';
import { toSlotChange } from './outbox.js';
import type { SlotTable } from './slot-table.js';

export interface ConfigurationPorts {
  readonly memberId: bigint;
  readonly raft: RawNode;
  readonly machine: StateMachine;
  readonly slots: SlotTable;
  readonly scheduler: Scheduler;
  readonly transport: PeerTransport;
  stopped(): boolean;
  /** This member was removed from the cluster. */
  removed(): void;
}

/**
 * Who is in the cluster, carried from the state machine to raft and to the transport: a change that was
 * applied is made in raft, kept with the state, and links follow it.
 */
export class Configuration {
  readonly #ports: ConfigurationPorts;
  #isLearner = false;

  constructor(ports: ConfigurationPorts) {
    this.#ports = ports;
  }

  get isLearner(): boolean {
    return this.#isLearner;
  }

  /** This member as the cluster lists it; undefined when it is none. */
  get self(): MemberRecord | undefined {
    return this.#ports.machine.members.find((m) => m.id === this.#ports.memberId);
  }

  /** The state is another one: loaded, or replaced by a snapshot. */
  loaded(): void {
    this.#changed();
    this.#link();
  }

  /** An entry that changes the configuration was applied. */
  applied(applied: Applied): void {
    assert(applied.confChange !== null, 'a configuration entry says what to do');
    const { raft, machine, slots, scheduler } = this.#ports;
    const { change } = applied.confChange;
    if (change === null) {
      raft.rejectConfChange();
      return;
    }
    const slotChange = toSlotChange(change, slots);
    const refusal = raft.checkConfChange(slotChange);
    if (refusal === 'not-joint') {
      // An earlier leader's word to leave what is left already: harmless.
      raft.rejectConfChange();
      machine.confStateChanged(machine.confState);
      return;
    }
    assert(refusal === null, 'a committed change is possible');
    machine.confStateChanged(slots.toIds(raft.applyConfChange(slotChange)));
    // Links end after this turn's messages: who is removed shall hear that it is committed.
    scheduler.yieldTo(() => {
      if (!this.#ports.stopped()) this.#link();
    });
    this.#changed();
  }

  #changed(): void {
    const { machine, memberId } = this.#ports;
    this.#isLearner = this.self?.isLearner ?? false;
    if (machine.isRemoved(memberId)) this.#ports.removed();
  }

  #link(): void {
    const { machine, transport } = this.#ports;
    const { members, leaving } = machine;
    transport.membersChanged(leaving.length === 0 ? members : [...members, ...leaving]);
  }
}
