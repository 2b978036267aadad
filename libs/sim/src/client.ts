/**
 * Model clients: each has a session and one operation at a time, asks a member, waits, and asks
 * another one with the same sequence number when nothing comes back. Their members answer in memory.
 */
import type { Random } from '@conclave/base';
import { type Command, Op } from './command.js';
import type { Asked } from './judges/history-judge.js';
import type { Knobs } from './scenario.js';

/** Something a client wants done, over all its attempts. */
export interface Operation {
  readonly command: Command;
  readonly asked: Asked;
  readonly read: boolean;
  /** A write that moves the revision if it succeeds. */
  readonly writes: boolean;
}

/** What the world knows when an operation begins. */
export interface Present {
  readonly answered: number;
  readonly commit: number;
  readonly revision: number;
}

/** Attempts before a client gives up and leaves its operation's fate unknown. */
const ATTEMPTS_MAX = 12;

export class ModelClient {
  readonly id: number;
  readonly #knobs: Knobs;
  readonly #random: Random;
  #sequence = 0;
  operation: Operation | null = null;
  /** The member it asked last; 0 for none. */
  asking = 0;
  attempts = 0;
  /** Guards timers: a timer of an earlier attempt is void. */
  turn = 0;

  constructor(id: number, knobs: Knobs, random: Random) {
    this.id = id;
    this.#knobs = knobs;
    this.#random = random;
  }

  get exhausted(): boolean {
    return this.attempts >= ATTEMPTS_MAX;
  }

  /** What it does next; `readShare` of its operations read. */
  begin(present: Present, readShare: number): Operation {
    const k = this.#knobs;
    const r = this.#random;
    const read = r.chance(readShare);
    const key = r.below(k.keys);
    const asked = {
      client: this.id,
      sequence: read ? 0 : ++this.#sequence,
      key,
      answeredBefore: present.answered,
      commitBefore: present.commit,
    };
    const op = read ? Op.PUT : r.pick(OPS);
    const command = {
      op,
      client: this.id,
      sequence: asked.sequence,
      key,
      value: this.#value(op, present),
      expected: op === Op.CAS ? Math.max(0, present.revision - r.below(4)) : 0,
    };
    this.operation = { command, asked, read, writes: op !== Op.COMPACT };
    this.attempts = 0;
    return this.operation;
  }

  /** A read may be asked again as if it were new; a write stays what it was. */
  again(present: Present): Operation {
    const operation = this.operation as Operation;
    if (!operation.read) return operation;
    const asked = {
      ...operation.asked,
      answeredBefore: present.answered,
      commitBefore: present.commit,
    };
    this.operation = { ...operation, asked };
    return this.operation;
  }

  #value(op: Op, present: Present): number {
    if (op === Op.ADD) return 1;
    if (op === Op.COMPACT) return Math.max(1, present.revision - this.#random.below(20));
    return (this.id << 16) | (this.#sequence & 0xffff);
  }

  /** Whom to ask: mostly whoever seems to lead, now and then anybody. */
  choose(leader: number, members: readonly number[]): number {
    if (leader !== 0 && this.attempts < 3 && this.#random.chance(0.7)) return leader;
    return this.#random.pick(members);
  }

  padding(): number {
    return this.#knobs.paddingMax === 0 ? 0 : this.#random.below(this.#knobs.paddingMax);
  }

  /** Pause before the next operation, or the next attempt, in microseconds. */
  thinkUs(): number {
    return 1 + this.#random.below(2 * this.#knobs.thinkMs * 1_000);
  }
}

/** As often as they stand here. */
const OPS: readonly Op[] = [
  Op.PUT,
  Op.PUT,
  Op.PUT,
  Op.PUT,
  Op.ADD,
  Op.ADD,
  Op.DELETE,
  Op.CAS,
  Op.CAS,
  Op.COMPACT,
];
