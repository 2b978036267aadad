/**
 * One member for tests: a RawNode with a model of its disk and of its state machine.
 *
 * The disk keeps what was done, in order; a crash loses what was not. The state machine is the list
 * of applied data, and survives a crash. With `async`, appends and batches to apply queue up until
 * they are asked for, one by one.
 */
import { assert, assertDefined, assertEq, decodeUtf8, type Index } from '@conclave/base';
import {
  decodeConfChange,
  type Entry,
  EntryType,
  type RaftMessage,
  type SnapshotMeta,
} from '@conclave/wire';
import type { SlotConfChange } from '../conf-change.js';
import type { RaftEvent } from '../event.js';
import { RawNode } from '../raw-node.js';
import type {
  Append,
  RaftConfig,
  RaftInitialState,
  Ready,
  Slot,
  SlotConfState,
  SlotHardState,
  SlotSnapshotMeta,
} from '../ready.js';

/** What a snapshot holds, beside its meta. */
export interface StateImage {
  readonly meta: SlotSnapshotMeta;
  readonly data: readonly string[];
}

export interface MemberPorts {
  /** A message leaves. */
  send(message: RaftMessage): void;
  event(slot: Slot, event: RaftEvent): void;
  /** Called for each entry when it is applied. */
  applied(slot: Slot, entry: Entry): void;
  /** Where images of announced snapshots are kept, by index. */
  readonly images: Map<Index, StateImage>;
}

interface Mark {
  readonly index: Index;
  readonly term: number;
  readonly length: number;
  readonly confState: SlotConfState;
}

export class Member {
  readonly slot: Slot;
  config: RaftConfig;
  readonly #ports: MemberPorts;
  node: RawNode;
  /** Durable. */
  hardState: SlotHardState;
  entries: Entry[];
  cut: SlotSnapshotMeta;
  /** The state machine. */
  data: string[];
  applied: Index;
  appliedTerm: number;
  confState: SlotConfState;
  /** Work that is not done yet. */
  appends: Append[] = [];
  batches: (readonly Entry[])[] = [];
  installing: SlotSnapshotMeta | null = null;
  snapshotsToSend: Slot[] = [];
  reads: { readonly context: number; readonly index: Index }[] = [];
  readsDropped: number[] = [];
  alive = true;
  /** The state at each applied index behind the cut, to fall back to. */
  #marks: Mark[] = [];

  constructor(config: RaftConfig, initial: RaftInitialState, data: string[], ports: MemberPorts) {
    this.slot = config.slot;
    this.config = config;
    this.#ports = ports;
    this.hardState = initial.hardState;
    this.entries = [...initial.entries];
    this.cut = initial.cut;
    this.applied = initial.applied;
    this.appliedTerm = initial.cut.term;
    this.confState = initial.confState;
    this.data = data;
    this.#mark();
    this.node = this.#start(initial);
  }

  #start(initial: RaftInitialState): RawNode {
    return new RawNode(this.config, initial, {
      event: (e) => this.#ports.event(this.slot, e),
    });
  }

  get firstIndex(): Index {
    return this.cut.index + 1;
  }

  get lastDurable(): Index {
    return this.cut.index + this.entries.length;
  }

  /** Loses everything that is not durable; `seed` is for the new run's chance. */
  crash(): void {
    this.alive = false;
    this.appends = [];
    this.batches = [];
    this.installing = null;
    this.snapshotsToSend = [];
    this.reads = [];
    this.readsDropped = [];
  }

  /**
   * Begins again from what is durable. `applied`: how far the state machine was flushed.
   * `cacheEntries`: how many entries behind it are given from memory, the others are on disk only.
   */
  restart(seed: number, cacheEntries = Number.MAX_SAFE_INTEGER, applied = this.applied): void {
    this.config = { ...this.config, seed };
    this.alive = true;
    if (applied < this.applied) this.#rollBack(applied);
    const from = Math.max(0, this.applied - this.cut.index - cacheEntries);
    const kept = this.entries.slice(Math.min(from, Math.max(0, this.entries.length - 1)));
    this.node = this.#start({
      hardState: this.hardState,
      cut: this.cut,
      confState: this.confState,
      applied: this.applied,
      entries: kept,
    });
  }

  #rollBack(applied: Index): void {
    while (this.#marks.length > 0 && (this.#marks.at(-1) as Mark).index > applied) {
      this.#marks.pop();
    }
    const mark = this.#marks.at(-1);
    if (mark === undefined) return;
    this.applied = mark.index;
    this.appliedTerm = mark.term;
    this.confState = mark.confState;
    this.data.length = mark.length;
  }

  #mark(): void {
    const { applied: index, appliedTerm: term, confState } = this;
    this.#marks.push({ index, term, length: this.data.length, confState });
  }

  /** Takes a Ready: messages leave, work queues up. */
  takeReady(): Ready {
    const ready = this.node.ready();
    for (const m of ready.messages) this.#ports.send(m);
    if (ready.append !== null) this.appends.push(ready.append);
    if (ready.committed.length > 0) this.batches.push(ready.committed);
    for (const read of ready.readStates) this.reads.push(read);
    for (const context of ready.readsDropped) this.readsDropped.push(context);
    if (ready.snapshotToInstall !== null) this.installing = ready.snapshotToInstall;
    for (const slot of ready.snapshotsToSend) this.snapshotsToSend.push(slot);
    for (const { id, lo, hi, bytesMax } of ready.entriesRequests) {
      this.node.entriesRead(id, this.#read(lo, hi, bytesMax));
    }
    return ready;
  }

  #read(lo: Index, hi: Index, bytesMax: number): readonly Entry[] {
    const out: Entry[] = [];
    let bytes = 0;
    for (let i = lo; i < hi && i > this.cut.index && i <= this.lastDurable; i++) {
      const entry = this.entries[i - this.cut.index - 1] as Entry;
      bytes += entry.data.length + 32;
      if (out.length > 0 && bytes > bytesMax) break;
      out.push(entry);
    }
    return out;
  }

  /** The oldest append becomes durable, its messages leave. */
  doAppend(): Append {
    const append = assertDefined(this.appends.shift(), 'an append is waiting');
    this.write(append);
    for (const m of append.messages) this.#ports.send(m);
    this.node.appendDone(append.sequence);
    return append;
  }

  loseLog(last: Index): void {
    this.entries.length = last - this.cut.index;
    this.hardState = { ...this.hardState, commit: Math.min(this.hardState.commit, last) };
  }

  /** What an append does to the disk. */
  write(append: Append): void {
    if (append.hardState !== null) this.hardState = append.hardState;
    const first = append.entries[0];
    if (first === undefined) return;
    assert(first.index > this.cut.index, 'an append lies behind the cut');
    assert(first.index <= this.lastDurable + 1, 'an append leaves no gap');
    this.entries.length = first.index - this.cut.index - 1;
    this.entries.push(...append.entries);
  }

  /** The oldest batch is applied. */
  doApply(): readonly Entry[] {
    const batch = assertDefined(this.batches.shift(), 'a batch is waiting');
    for (const entry of batch) {
      assertEq(entry.index, this.applied + 1, 'applied in order');
      if (entry.type === EntryType.CONF_CHANGE) this.#applyChange(entry);
      else if (entry.data.length > 0) this.data.push(decodeUtf8(entry.data));
      this.applied = entry.index;
      this.appliedTerm = entry.term;
      this.#mark();
      this.#ports.applied(this.slot, entry);
    }
    this.node.appliedTo(this.applied);
    return batch;
  }

  #applyChange(entry: Entry): void {
    const change = decodeChange(entry.data);
    if (this.node.checkConfChange(change) === null) {
      this.confState = this.node.applyConfChange(change);
    } else {
      this.node.rejectConfChange();
    }
  }

  /** Cuts the log behind `index`, which is applied. */
  compact(index: Index): void {
    const entry = assertDefined(this.entries[index - this.cut.index - 1], 'compact: in the log');
    this.entries.splice(0, index - this.cut.index);
    this.cut = { index, term: entry.term, confState: this.confState };
    this.#marks = this.#marks.filter((mark) => mark.index >= index);
    this.node.logCut(index, entry.term);
  }

  /** A snapshot of the state as applied. */
  image(): StateImage {
    const meta = { index: this.applied, term: this.appliedTerm, confState: this.confState };
    return { meta, data: [...this.data] };
  }

  /** Chooses the present state as the snapshot for `to`. */
  sendSnapshot(to: Slot): boolean {
    const image = this.image();
    this.#ports.images.set(image.meta.index, image);
    return this.node.sendSnapshot(to, toWire(image.meta));
  }

  /** Installs what was accepted: log and state are replaced in one step. */
  install(): void {
    const meta = assertDefined(this.installing, 'a snapshot was accepted');
    const image = assertDefined(this.#ports.images.get(meta.index), 'its image is there');
    this.installing = null;
    // Appends that were on their way are finished first, as the replica has to.
    while (this.appends.length > 0) this.doAppend();
    this.entries = [];
    this.cut = meta;
    this.data = [...image.data];
    this.applied = meta.index;
    this.appliedTerm = meta.term;
    this.confState = meta.confState;
    this.batches = [];
    this.#marks = [];
    this.#mark();
    this.node.snapshotInstalled(meta);
  }

  failInstall(): void {
    this.installing = null;
    this.node.snapshotFailed();
  }

  step(m: RaftMessage): void {
    this.node.step(m, m.snapshot === null ? null : toSlots(m.snapshot));
  }
}

/** Ids are slots in tests. */
export function toWire(meta: SlotSnapshotMeta): SnapshotMeta {
  const { voters, learners, votersOutgoing, learnersNext, autoLeave } = meta.confState;
  const confState = {
    voters: voters.map(BigInt),
    learners: learners.map(BigInt),
    votersOutgoing: votersOutgoing.map(BigInt),
    learnersNext: learnersNext.map(BigInt),
    autoLeave,
  };
  return { index: meta.index, term: meta.term, confState };
}

export function toSlots(meta: SnapshotMeta): SlotSnapshotMeta {
  const { voters, learners, votersOutgoing, learnersNext, autoLeave } = meta.confState;
  const confState = {
    voters: voters.map(Number),
    learners: learners.map(Number),
    votersOutgoing: votersOutgoing.map(Number),
    learnersNext: learnersNext.map(Number),
    autoLeave,
  };
  return { index: meta.index, term: meta.term, confState };
}

export function decodeChange(data: Uint8Array): SlotConfChange {
  if (data.length === 0) return { transition: 0, changes: [] };
  const { transition, changes } = decodeConfChange(data);
  return { transition, changes: changes.map(({ type, id }) => ({ type, slot: Number(id) })) };
}
