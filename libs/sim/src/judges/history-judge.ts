/**
 * The judge of what clients were told (RELIABILITY C6, I12, I13, I15, I24): every answer carries the
 * revision it was given at, so an answer is right if it is what the oracle's machine gives at that
 * revision, and if revisions respect real time: a write comes after everything that was answered before
 * it was asked, a read does not lie before that. With honest revisions this is strict serializability.
 *
 * Invariant: `answered` is the highest revision any client has seen; it only rises.
 */
import { wrongAnswer } from '../failure.js';
import type { Oracle } from './oracle.js';
import type { RaftJudge } from './raft-judge.js';

/** What a client asked, with what was known when it did. */
export interface Asked {
  readonly client: number;
  readonly sequence: number;
  readonly key: number;
  /** `answered` when it was asked. */
  readonly answeredBefore: number;
  /** Committed then, anywhere. */
  readonly commitBefore: number;
}

export interface WriteAnswer {
  readonly revision: number;
  readonly value: number;
  readonly ok: boolean;
  /** Index at which the member that answers has applied. */
  readonly applied: number;
  /** Whether the command changed the revision, by its kind. */
  readonly writes: boolean;
}

export class HistoryJudge {
  readonly #oracle: Oracle;
  readonly #raft: RaftJudge;
  /** By client: sequence of the last write that was acknowledged. */
  readonly #acknowledged: number[] = [];
  answered = 1;
  writes = 0;
  reads = 0;

  constructor(oracle: Oracle, raft: RaftJudge) {
    this.#oracle = oracle;
    this.#raft = raft;
  }

  writeAnswered(asked: Asked, answer: WriteAnswer): void {
    const { client, sequence, key } = asked;
    const { revision, applied } = answer;
    this.writes++;
    if (applied > this.#oracle.commit) {
      wrongAnswer('I12', `client ${client} was answered from ${applied}, which is not committed`);
    }
    const times = this.#oracle.effects(client, sequence);
    if (times !== 1) wrongAnswer('I24', `write ${client}/${sequence} was applied ${times} times`);
    const before = this.#acknowledged[client] ?? 0;
    if (sequence <= before) wrongAnswer('I24', `write ${client}/${sequence} was answered twice`);
    this.#acknowledged[client] = sequence;
    if (answer.writes && answer.ok && revision <= asked.answeredBefore) {
      wrongAnswer(
        'C6',
        `write ${client}/${sequence} has revision ${revision}; ${asked.answeredBefore} was ` +
          'answered before it was asked',
      );
    }
    if (answer.writes && this.#oracle.valueAt(key, revision) !== answer.value) {
      wrongAnswer('C6', `write ${client}/${sequence} left another value at ${revision}`);
    }
    this.#answer(revision);
    if (applied > this.#raft.acknowledged) this.#raft.acknowledged = applied;
  }

  /** I13: the index a read is given covers all that was committed before it was asked. */
  readConfirmed(asked: Asked, index: number): void {
    if (index < asked.commitBefore) {
      wrongAnswer(
        'I13',
        `client ${asked.client} reads at ${index}; ${asked.commitBefore} was committed before`,
      );
    }
  }

  readAnswered(asked: Asked, revision: number, value: number): void {
    this.reads++;
    if (revision < asked.answeredBefore) {
      wrongAnswer(
        'C6',
        `client ${asked.client} reads revision ${revision}; ${asked.answeredBefore} was seen before`,
      );
    }
    this.staleReadAnswered(asked, revision, value);
    this.#answer(revision);
  }

  /** A serializable read may be old, but never wrong, nor of a time to come. */
  staleReadAnswered({ client, key }: Asked, revision: number, value: number): void {
    if (revision > this.#oracle.machine.revision) {
      wrongAnswer('C6', `client ${client} reads revision ${revision}, which does not exist yet`);
    }
    const right = this.#oracle.valueAt(key, revision);
    if (value !== right) {
      wrongAnswer('C6', `client ${client} reads ${value} of key ${key} at ${revision}: ${right}`);
    }
  }

  #answer(revision: number): void {
    if (revision > this.answered) this.answered = revision;
  }
}
