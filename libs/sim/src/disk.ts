/**
 * The durable Raft log of one member as level 1 sees it, and its model: a disk with one group of
 * writes in flight, latency, stalls, failures, and crashes that lose what was not synced.
 *
 * A group is written as a whole; a crash keeps a prefix of its writes, and of one that replaces the
 * log either all or nothing. What was completed is never lost, unless a fault says so.
 */
import { assert, assertLe, type Index, type Random, type Term } from '@conclave/base';
import type { BadRead, Damage } from './scenario.js';
import type { Append, SlotConfState, SlotHardState, SlotSnapshotMeta } from '@conclave/raft';
import type { Entry } from '@conclave/wire';

/** What a log gives back at start. */
export interface Recovered {
  readonly hardState: SlotHardState;
  readonly cut: SlotSnapshotMeta;
  readonly entries: readonly Entry[];
}

/** A durable log. Callbacks come later, in order, and never after a crash. */
export interface MemberStore {
  append(append: Append, done: () => void): void;
  /** Everything up to `index` is given up. */
  cutTo(index: Index, term: Term, confState: SlotConfState, done: () => void): void;
  /** Starts over behind `cut`. `publish` is called at the moment that decides: also at a crash. */
  reset(cut: SlotSnapshotMeta, publish: () => void, done: () => void): void;
  read(lo: Index, hi: Index, bytesMax: number, done: (entries: readonly Entry[]) => void): void;
  readonly appendsInFlight: number;
  /** The process dies; `power`: the machine does too. */
  crash(power: boolean): void;
  /** Null: the log refuses to open. */
  recover(): Recovered | null;
  /** The next write fails; the member must die of it. */
  failNextWrite(): void;
  /** Damages what is durable, while the process is down: never to be taken for what was written. */
  damage(how: Damage): void;
  /** Set by `damage`; unset by whoever found everything there. */
  damaged: Damage | null;
  /** The next read gives other bytes than were written; the member must notice and die. */
  spoilNextRead(how: BadRead): void;
}

export interface DiskPorts {
  /** Runs `task` after a delay, unless the process dies before. */
  later(delayUs: number, task: () => void): void;
  /** How long the next group takes, with stalls. */
  latencyUs(): number;
  /** A write failed for good, or a read gave what was not written. */
  fatal(): void;
  /** Something happened that ought to happen sometimes. */
  see(name: string): void;
}

type Write =
  | { readonly type: 'append'; readonly append: Append; readonly done: () => void }
  | { readonly type: 'cut'; readonly cut: SlotSnapshotMeta; readonly done: () => void }
  | {
      readonly type: 'reset';
      readonly cut: SlotSnapshotMeta;
      readonly publish: () => void;
      readonly done: () => void;
    };

const ENTRY_OVERHEAD_BYTES = 32;

export class ModelDisk implements MemberStore {
  readonly #ports: DiskPorts;
  readonly #random: Random;
  readonly #groupMax: number;
  #hardState: SlotHardState;
  #cut: SlotSnapshotMeta;
  #entries: Entry[];
  #queue: Write[] = [];
  #group: Write[] = [];
  #failing = false;
  damaged: Damage | null = null;
  #spoiled = false;
  appendsInFlight = 0;

  /** `groupMax`: writes joined into one group at most. */
  constructor(initial: Recovered, groupMax: number, random: Random, ports: DiskPorts) {
    this.#hardState = initial.hardState;
    this.#cut = initial.cut;
    this.#entries = [...initial.entries];
    this.#groupMax = groupMax;
    this.#random = random;
    this.#ports = ports;
  }

  get lastIndex(): Index {
    return this.#cut.index + this.#entries.length;
  }

  append(append: Append, done: () => void): void {
    this.appendsInFlight++;
    this.#queue.push({ type: 'append', append, done });
    this.#kick();
  }

  cutTo(index: Index, term: Term, confState: SlotConfState, done: () => void): void {
    this.#queue.push({ type: 'cut', cut: { index, term, confState }, done });
    this.#kick();
  }

  reset(cut: SlotSnapshotMeta, publish: () => void, done: () => void): void {
    this.#queue.push({ type: 'reset', cut, publish, done });
    this.#kick();
  }

  read(lo: Index, hi: Index, bytesMax: number, done: (entries: readonly Entry[]) => void): void {
    this.#ports.later(this.#ports.latencyUs(), () => {
      if (this.#spoiled) {
        this.#spoiled = false;
        // Every record carries a checksum.
        this.#ports.see('sim:bad-read-noticed');
        this.#ports.fatal();
        return;
      }
      const out: Entry[] = [];
      let bytes = 0;
      for (let i = lo; i < hi && i > this.#cut.index && i <= this.lastIndex; i++) {
        const entry = this.#entries[i - this.#cut.index - 1] as Entry;
        bytes += entry.data.length + ENTRY_OVERHEAD_BYTES;
        if (out.length > 0 && bytes > bytesMax) break;
        out.push(entry);
      }
      done(out);
    });
  }

  #kick(): void {
    const first = this.#queue[0];
    if (first === undefined || this.#group.length > 0) return;
    let n = 1;
    if (first.type === 'append') {
      while (n < this.#groupMax && this.#queue[n]?.type === 'append') n++;
    }
    this.#group = this.#queue.splice(0, n);
    this.#ports.later(this.#ports.latencyUs(), () => this.#finish());
  }

  #finish(): void {
    if (this.#failing) {
      this.#ports.fatal();
      return;
    }
    const group = this.#group;
    for (const write of group) this.#persist(write);
    this.#group = [];
    // What follows is on its way before anybody acts on what is done.
    this.#kick();
    for (const write of group) {
      if (write.type === 'append') this.appendsInFlight--;
      write.done();
    }
  }

  #persist(write: Write): void {
    switch (write.type) {
      case 'append':
        this.#persistAppend(write.append);
        return;
      case 'cut': {
        const { index } = write.cut;
        if (index <= this.#cut.index) return;
        assertLe(index, this.lastIndex, 'ModelDisk: a cut lies in the log');
        this.#entries.splice(0, index - this.#cut.index);
        this.#cut = write.cut;
        return;
      }
      case 'reset':
        this.#entries = [];
        this.#cut = write.cut;
        if (this.#hardState.commit < write.cut.index) {
          this.#hardState = { ...this.#hardState, commit: write.cut.index };
        }
        write.publish();
        return;
    }
  }

  #persistAppend({ hardState, entries }: Append): void {
    if (hardState !== null) this.#hardState = hardState;
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index > this.#cut.index, 'ModelDisk: an append lies behind the cut');
    assert(first.index <= this.lastIndex + 1, 'ModelDisk: an append leaves no gap');
    this.#entries.length = first.index - this.#cut.index - 1;
    for (const entry of entries) this.#entries.push(entry);
  }

  crash(_power: boolean): void {
    const kept = this.#random.below(this.#group.length + 1);
    for (const write of this.#group.slice(0, kept)) this.#persist(write);
    this.#group = [];
    this.#queue = [];
    this.#failing = false;
    this.#spoiled = false;
    this.appendsInFlight = 0;
  }

  recover(): Recovered | null {
    if (this.damaged !== null) return null;
    return { hardState: this.#hardState, cut: this.#cut, entries: this.#entries };
  }

  failNextWrite(): void {
    this.#failing = true;
  }

  /** Checksums and the mark beside the log tell, so it refuses to open. */
  damage(how: Damage): void {
    this.damaged = how;
  }

  spoilNextRead(_how: BadRead): void {
    this.#spoiled = true;
  }
}
