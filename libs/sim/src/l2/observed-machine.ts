/** The real state machine, with somebody who is told of each application. */
import type { Applied, StateMachineOptions, StateMachinePorts } from '@conclave/statemachine';
import { StateMachine } from '@conclave/statemachine';
import type { Entry } from '@conclave/wire';
import type { SimMember } from './member.js';

export interface ApplyObserver {
  applied(member: SimMember, machine: ObservedMachine, entry: Entry, applied: Applied): void;
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
}
