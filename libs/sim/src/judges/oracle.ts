/**
 * The truth: everything that any member ever knew to be committed, in order, and what a single
 * correct machine makes of it. It is fed at commit, before any member applies.
 */
import { assertEq } from '@conclave/base';
import type { SlotConfState } from '@conclave/raft';
import { type Entry, EntryType } from '@conclave/wire';
import { commandClient, commandSequence } from '../command.js';
import { ModelMachine } from '../machine.js';
import { ShadowLog } from './shadow-log.js';

export class Oracle {
  readonly log = new ShadowLog();
  readonly machine: ModelMachine;
  /** By index: the machine's hash after it. */
  readonly hashes: number[] = [];
  /** By index: the term of the leader that committed it. */
  readonly commitTerms: number[] = [0];
  /** By index of each configuration change: what it led to, as the first to apply it said. */
  readonly confStates = new Map<number, SlotConfState>();
  /** By key: revisions and values, rising. */
  readonly #history: { revisions: number[]; values: number[] }[] = [];
  /** By client and sequence: how often it had an effect; the revision it got. */
  readonly #effects: Map<number, number>[] = [];
  /** Indexes of committed configuration changes, rising. */
  readonly confIndexes: number[] = [];
  applied = 0;

  constructor(keys: number, clients: number, confState: SlotConfState) {
    this.machine = new ModelMachine(keys, clients, confState);
    this.hashes.push(this.machine.hash);
    for (let i = 0; i < keys; i++) this.#history.push({ revisions: [0], values: [0] });
    for (let i = 0; i < clients; i++) this.#effects.push(new Map());
  }

  get commit(): number {
    return this.log.last;
  }

  /** The next committed entry, and the term of the leader that committed it. */
  commitEntry(entry: Entry, chain: number, term: number): void {
    const { machine } = this;
    assertEq(entry.index, this.log.last + 1, 'Oracle: in order');
    this.log.push(chain, entry.term);
    this.commitTerms.push(term);
    if (entry.type === EntryType.CONF_CHANGE) this.confIndexes.push(entry.index);
    if (entry.type === EntryType.CONF_CHANGE || entry.data.length === 0) {
      machine.skip(entry.index, entry.term);
    } else {
      const revision = machine.revision;
      if (machine.apply(entry.index, entry.term, entry.data)) this.#effect(entry.data, revision);
    }
    this.hashes.push(machine.hash);
    if (entry.data.length > 0 && entry.type === EntryType.NORMAL) this.applied++;
  }

  /** What lies below a cut that all founders share. */
  begin(term: number): void {
    this.log.push(this.log.chain(this.log.last) as number, term);
    this.commitTerms.push(term);
    this.machine.skip(this.log.last, term);
    this.hashes.push(this.machine.hash);
  }

  /** The last index that a leader of a term before `term` committed. */
  committedBefore(term: number): number {
    let index = this.log.last;
    while (index > 0 && (this.commitTerms[index] as number) >= term) index--;
    return index;
  }

  #effect(data: Uint8Array, before: number): void {
    const client = commandClient(data);
    const effects = this.#effects[client] as Map<number, number>;
    const sequence = commandSequence(data);
    effects.set(sequence, (effects.get(sequence) ?? 0) + 1);
    if (this.machine.revision === before) return;
    const key = data[4] as number;
    const history = this.#history[key] as { revisions: number[]; values: number[] };
    history.revisions.push(this.machine.revision);
    history.values.push(this.machine.values[key] as number);
  }

  /** How often a client's command had its effect. */
  effects(client: number, sequence: number): number {
    return this.#effects[client]?.get(sequence) ?? 0;
  }

  /** The value of `key` at `revision`. */
  valueAt(key: number, revision: number): number {
    const { revisions, values } = this.#history[key] as { revisions: number[]; values: number[] };
    let lo = 0;
    let hi = revisions.length - 1;
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1;
      if ((revisions[mid] as number) <= revision) lo = mid;
      else hi = mid - 1;
    }
    return values[lo] as number;
  }
}
