import type { Index } from '@conclave/base';
import type { Append, RawNode, Ready, SlotSnapshotMeta, SoftState } from '@conclave/raft';
import type { SnapshotMeta } from '@conclave/wire';
import type { ApplyLoop } from './apply-loop.js';
import type { EntryTraces } from './entry-traces.js';
import type { LogHold } from './log-hold.js';
import type { ReplicaPorts } from './options.js';
import { Outbox } from './outbox.js';
import type { ReadQueue } from './read-queue.js';
import type { SlotTable } from './slot-table.js';
import { SnapshotSwitch } from './snapshot-switch.js';
import type { StateWriter } from './state-writer.js';

export interface RaftDriveParts {
  readonly raft: RawNode;
  readonly slots: SlotTable;
  readonly reads: ReadQueue;
  readonly apply: ApplyLoop;
  readonly writer: StateWriter;
  readonly hold: LogHold;
  /** Null: traces are off. */
  readonly traces: EntryTraces | null;
}

export interface RaftDriveEvents {
  softState(state: SoftState): void;
  /** A write of entries to the log became durable after `ms`. */
  written(ms: number): void;
  /** A snapshot replaced the state. */
  installed(): void;
  fatal(message: string): void;
}

/**
 * Does what raft wants done: takes each `Ready` out and carries its parts to log, peers, apply, reads
 * and snapshots; brings completions back. Inputs of one turn are drained together.
 *
 * Invariant: what vouches for a write (`Append.messages`) leaves after the write is durable.
 */
export class RaftDrive {
  readonly #ports: ReplicaPorts;
  readonly #parts: RaftDriveParts;
  readonly #events: RaftDriveEvents;
  readonly #outbox: Outbox;
  readonly #switch: SnapshotSwitch;
  #asked = false;
  #draining = false;
  #stopped = false;
  #appendsInFlight = 0;
  /** Appends that hold messages only, behind the last one the log was given; in order. */
  #riders: Append[] = [];

  constructor(ports: ReplicaPorts, parts: RaftDriveParts, events: RaftDriveEvents) {
    this.#ports = ports;
    this.#parts = parts;
    this.#events = events;
    this.#outbox = new Outbox(parts.slots, ports.transport);
    this.#switch = new SnapshotSwitch(ports, parts.apply, parts.writer);
  }

  /** True while a snapshot replaces the state. */
  get installing(): boolean {
    return this.#switch.running;
  }

  /** Completions that come later are not acted on. */
  stop(): void {
    this.#stopped = true;
    this.#parts.traces?.clear();
  }

  /** Something changed: drain later in this turn. */
  wake(): void {
    if (this.#asked || this.#stopped) return;
    this.#asked = true;
    this.#ports.scheduler.yieldTo(() => {
      this.#asked = false;
      this.drain();
    });
  }

  drain(): void {
    if (this.#draining || this.#stopped) return;
    const { raft, reads, writer } = this.#parts;
    this.#draining = true;
    reads.flush(this.#ports.clock.monotonicMs());
    while (!this.#stopped && raft.hasReady()) this.#handle(raft.ready());
    this.#draining = false;
    // Whatever ended this member in the middle of it: nothing leaves any more.
    if (this.#stopped) return;
    this.#outbox.flush();
    writer.offer();
  }

  #handle(ready: Ready): void {
    const { reads, apply, traces } = this.#parts;
    if (ready.softState) this.#events.softState(ready.softState);
    this.#outbox.add(ready.messages);
    if (ready.append) this.#append(ready.append);
    if (ready.readsDropped.length > 0) reads.dropped(ready.readsDropped);
    for (const state of ready.readStates) reads.confirmed(state.context, state.index);
    for (const { id, lo, hi, bytesMax } of ready.entriesRequests) this.#read(id, lo, hi, bytesMax);
    if (ready.committed.length > 0) {
      traces?.committed(ready.committed);
      apply.push(ready.committed);
    }
    for (const slot of ready.snapshotsToSend) this.#sendSnapshot(slot);
    if (ready.snapshotToInstall) this.#install(ready.snapshotToInstall);
  }

  #append(append: Append): void {
    const { clock, probe, log } = this.#ports;
    const { slots, raft, traces } = this.#parts;
    const hardState = append.hardState && {
      ...append.hardState,
      vote: slots.idOf(append.hardState.vote),
    };
    if (hardState === null && append.entries.length === 0) {
      // Nothing to write: it is done when the append before it is, without a write of its own.
      if (this.#appendsInFlight === 0) this.#appended(append);
      else this.#riders.push(append);
      return;
    }
    const startMs = clock.monotonicMs();
    const traced = traces === null ? null : traces.appending(append.entries, raft.isLeader);
    this.#appendsInFlight++;
    log.append({ hardState, entries: append.entries }, (failure) => {
      this.#appendsInFlight--;
      if (failure) {
        this.#events.fatal(`cannot write the log: ${failure.message}`);
        return;
      }
      if (this.#stopped) return;
      if (traced !== null) traces?.written(traced);
      if (append.entries.length > 0) {
        const ms = clock.monotonicMs() - startMs;
        // One call writes and syncs (the file is open with O_DSYNC): both metrics are of it.
        probe.observe('etcd_disk_wal_fsync_duration_seconds', ms / 1_000);
        probe.observe('etcd_disk_wal_write_duration_seconds', ms / 1_000);
        probe.gauge('etcd_disk_wal_write_bytes_total', log.writtenBytes);
        this.#events.written(ms);
      }
      this.#appended(append);
      let next = append.sequence + 1;
      while (this.#riders[0]?.sequence === next) {
        this.#appended(this.#riders.shift() as Append);
        next++;
      }
      this.drain();
      if (this.#appendsInFlight === 0) this.#switch.appendsDone();
    });
  }

  #appended({ messages, sequence }: Append): void {
    this.#outbox.add(messages);
    this.#parts.raft.appendDone(sequence);
  }

  #read(id: number, lo: Index, hi: Index, bytesMax: number): void {
    this.#ports.log.read(lo, hi, bytesMax, (failure, entries) => {
      // A stop closes the log under a read.
      if (this.#stopped) return;
      if (failure) {
        this.#events.fatal(`cannot read the log: ${failure.message}`);
        return;
      }
      this.#parts.raft.entriesRead(id, entries);
      this.wake();
    });
  }

  #sendSnapshot(slot: number): void {
    const { raft, slots, hold } = this.#parts;
    this.#ports.snapshots.send(slots.idOf(slot), (meta: SnapshotMeta | null) => {
      if (this.#stopped) return;
      if (meta && raft.sendSnapshot(slot, meta)) hold.delivered(slot, meta.index);
      raft.reportSnapshot(slot, meta !== null);
      this.wake();
    });
  }

  #install(slotMeta: SlotSnapshotMeta): void {
    const { raft, slots, apply, traces } = this.#parts;
    const meta = { ...slotMeta, confState: slots.toIds(slotMeta.confState) };
    this.#switch.start(meta, this.#appendsInFlight, (outcome) => {
      if (typeof outcome === 'object') {
        this.#events.fatal(outcome.failed);
        return;
      }
      if (this.#stopped) return;
      if (outcome === 'missing') raft.snapshotFailed();
      else {
        raft.snapshotInstalled(slotMeta);
        traces?.clear();
        apply.resume();
        this.#events.installed();
      }
      this.wake();
    });
  }
}
