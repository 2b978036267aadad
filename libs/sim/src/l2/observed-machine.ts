/** The real state machine, with somebody who is told of each application and configuration. */
import type { Applied, StateMachineOptions, StateMachinePorts } from '@conclave/statemachine';
import { StateMachine } from '@conclave/statemachine';
import type { ConfState, Entry } from '@conclave/wire';
import type { SimMember } from './member.js';

export interface ApplyObserver {
  applied(member: SimMember, machine: ObservedMachine, entry: Entry, applied: Applied): void;
  /** The entry applied last made this the configuration. */
  configured(member: SimMember, machine: ObservedMachine, confState: ConfState): void;
}

export class ObservedMachine extends StateMachine {
  readonly #member: SimMember;
  readonly #observer: ApplyObserver;

  constructor(
    member: SimMember,
    observer: ApplyObserver,
    options: StateMachineOptions,
    ports: StateMachinePorts,
  ) {
    super(options, ports);
    this.#member = member;
    this.#observer = observer;
  }

  override apply(entry: Entry, nowMs: number): Applied {
    const applied = super.apply(entry, nowMs);
    this.#observer.applied(this.#member, this, entry, applied);
    return applied;
  }

  override confStateChanged(confState: ConfState): void {
    super.confStateChanged(confState);
    this.#observer.configured(this.#member, this, confState);
  }
}
