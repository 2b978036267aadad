/**
 * The model state machine of level 1: a few keys with revisions, a counter, compaction, and sessions
 * that answer a repeated command from memory. Small enough to copy at each flush, rich enough that a
 * command applied twice, skipped or out of order shows in its hash.
 *
 * Invariants: revision rises by one with each write that has an effect; compactRevision <= revision.
 */
import { assertLe } from '@conclave/base';
import type { SlotConfState } from '@conclave/raft';
import { COMMAND_BYTES, Op, get32 } from './command.js';

/** The whole state at one applied index; never changed once made. */
export interface Image {
  readonly index: number;
  readonly term: number;
  readonly confState: SlotConfState;
  readonly revision: number;
  readonly compactRevision: number;
  readonly hash: number;
  readonly values: Int32Array;
  readonly modRevisions: Int32Array;
  readonly sequences: Int32Array;
  readonly results: Int32Array;
}

const RESULT_FIELDS = 3;

export class ModelMachine {
  index = 0;
  term = 0;
  confState: SlotConfState;
  revision = 1;
  compactRevision = 0;
  /** Over everything that was applied, in order, and its effects. */
  hash = 0x1234_5678;
  values: Int32Array;
  modRevisions: Int32Array;
  /** By client: the last sequence applied, and what it answered (revision, value, ok). */
  sequences: Int32Array;
  results: Int32Array;

  constructor(keys: number, clients: number, confState: SlotConfState) {
    this.values = new Int32Array(keys);
    this.modRevisions = new Int32Array(keys);
    this.sequences = new Int32Array(clients);
    this.results = new Int32Array(clients * RESULT_FIELDS);
    this.confState = confState;
  }

  /** The entry at `index` that is not a command (a leader's first, a configuration change). */
  skip(index: number, term: number): void {
    this.#advance(index, term);
    this.#mix(term);
  }

  /** Applies an encoded command; false if its session had it already. */
  apply(index: number, term: number, data: Uint8Array): boolean {
    this.#advance(index, term);
    assertLe(COMMAND_BYTES, data.length, 'ModelMachine.apply: a whole command');
    const client = data[1] as number;
    const sequence = ((data[2] as number) << 8) | (data[3] as number);
    if (sequence <= (this.sequences[client] as number)) {
      this.#mix(sequence);
      return false;
    }
    this.sequences[client] = sequence;
    const key = data[4] as number;
    const ok = this.#run(data[0] as Op, key, get32(data, 5), get32(data, 9));
    const at = client * RESULT_FIELDS;
    this.results[at] = this.revision;
    this.results[at + 1] = this.values[key] as number;
    this.results[at + 2] = ok ? 1 : 0;
    this.#mix((client << 16) | sequence);
    this.#mix(this.revision);
    this.#mix(this.values[key] as number);
    return true;
  }

  resultRevision(client: number): number {
    return this.results[client * RESULT_FIELDS] as number;
  }

  resultValue(client: number): number {
    return this.results[client * RESULT_FIELDS + 1] as number;
  }

  resultOk(client: number): boolean {
    return this.results[client * RESULT_FIELDS + 2] === 1;
  }

  #run(op: Op, key: number, value: number, expected: number): boolean {
    switch (op) {
      case Op.PUT:
        return this.#write(key, value);
      case Op.ADD:
        return this.#write(key, ((this.values[key] as number) + value) | 0);
      case Op.DELETE:
        return this.values[key] !== 0 && this.#write(key, 0);
      case Op.CAS:
        return this.modRevisions[key] === expected && this.#write(key, value);
      case Op.COMPACT:
        if (value <= this.compactRevision || value > this.revision) return false;
        this.compactRevision = value;
        return true;
      default:
        return false;
    }
  }

  #write(key: number, value: number): boolean {
    this.revision++;
    this.values[key] = value;
    this.modRevisions[key] = this.revision;
    return true;
  }

  #advance(index: number, term: number): void {
    assertLe(this.term, term, 'ModelMachine: terms do not fall');
    this.index = index;
    this.term = term;
  }

  #mix(x: number): void {
    this.hash = (Math.imul(this.hash ^ x, 0x9e3779b1) + (this.hash >>> 13)) | 0;
  }

  /** A hash of the state itself, however it came about. */
  stateHash(): number {
    let h = Math.imul(this.revision, 0x85ebca6b) ^ this.compactRevision ^ this.hash;
    for (const part of [this.values, this.modRevisions, this.sequences, this.results]) {
      for (let i = 0; i < part.length; i++) {
        h = (Math.imul(h ^ (part[i] as number), 0x9e3779b1) + (h >>> 13)) | 0;
      }
    }
    return h;
  }

  image(): Image {
    return {
      index: this.index,
      term: this.term,
      confState: this.confState,
      revision: this.revision,
      compactRevision: this.compactRevision,
      hash: this.hash,
      values: this.values.slice(),
      modRevisions: this.modRevisions.slice(),
      sequences: this.sequences.slice(),
      results: this.results.slice(),
    };
  }

  restore(image: Image): void {
    this.index = image.index;
    this.term = image.term;
    this.confState = image.confState;
    this.revision = image.revision;
    this.compactRevision = image.compactRevision;
    this.hash = image.hash;
    this.values = image.values.slice();
    this.modRevisions = image.modRevisions.slice();
    this.sequences = image.sequences.slice();
    this.results = image.results.slice();
  }
}
