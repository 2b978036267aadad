/**
 * One member of a level 1 world: a real `RawNode` with a durable log, a model machine, and what the
 * replica room does around them: it carries each Ready out, applies in order, answers clients.
 *
 * Invariants: messages that vouch for a write leave after it is durable; the state is flushed at or
 * behind what is applied, the log is cut at or before the flush.
 */
import { assert, assertEq, assertLt, type Index } from '@conclave/base';
import {
  type Append,
  RawNode,
  type RaftConfig,
  type Ready,
  type SlotConfChange,
  type SlotConfState,
  type SlotSnapshotMeta,
} from '@conclave/raft';
import { type Entry, EntryType, type RaftMessage } from '@conclave/wire';
import { commandClient, commandSequence, encodeCommand } from './command.js';
import type { Operation } from './client.js';
import { decodeChange, encodeChange, toSlotMeta, toWireMeta } from './conf-codec.js';
import type { MemberStore, Recovered } from './disk.js';
import { type Image, ModelMachine } from './machine.js';
import { type MemberPorts, Work } from './ports.js';
import type { Knobs } from './scenario.js';

/** Snapshots received and not yet installed. */
const RECEIVED_MAX = 4;

/** Readies that one event may lead to. */
const TURNS_MAX = 100_000;

interface WaitingRead {
  readonly operation: Operation;
  readonly index: Index;
}

export class Member {
  readonly slot: number;
  readonly #knobs: Knobs;
  readonly #ports: MemberPorts;
  readonly store: MemberStore;
  readonly machine: ModelMachine;
  node: RawNode;
  /** The settings of this life. */
  config: RaftConfig;
  /** The state as flushed: what a crash leaves. */
  flushed: Image;
  alive = true;
  /** Its log refused to open: it never comes back. */
  lost = false;
  /** Counts the lives of the process; work of an earlier one is void. */
  run = 1;
  /** Stopped (as by SIGSTOP) until then. */
  pausedUntil = 0;
  #applyQueue: Entry[] = [];
  #applyHead = 0;
  #applyQueueBytes = 0;
  #applyScheduled = false;
  #installing: SlotSnapshotMeta | null = null;
  /** The image to switch to once all earlier appends are done. */
  #switching: Image | null = null;
  #cutting = false;
  /** Appends that are durable and not yet known to be. */
  #acks: Append[] = [];
  #received: Image[] = [];
  readonly #writes = new Map<number, Operation>();
  readonly #reads = new Map<number, Operation>();
  #waiting: WaitingRead[] = [];
  #nextContext = 1;

  constructor(
    slot: number,
    knobs: Knobs,
    initial: Recovered,
    flushed: Image,
    seed: number,
    store: MemberStore,
    ports: MemberPorts,
  ) {
    this.slot = slot;
    this.#knobs = knobs;
    this.#ports = ports;
    this.store = store;
    this.flushed = flushed;
    this.machine = new ModelMachine(knobs.keys, knobs.clients, flushed.confState);
    this.machine.restore(flushed);
    this.config = this.#configure(seed);
    this.node = this.#begin(initial);
  }

  get confState(): SlotConfState {
    return this.machine.confState;
  }

  get isInstalling(): boolean {
    return this.#installing !== null;
  }

  #begin({ hardState, cut, entries }: Recovered): RawNode {
    const { index: applied, confState } = this.flushed;
    // As the replica: the applied entry (for its term), what follows it, and the last in any case.
    const from = Math.max(0, Math.min(applied - cut.index, entries.length) - 1);
    const initial = { hardState, cut, confState, applied, entries: entries.slice(from) };
    const slot = this.slot;
    const ports = this.#ports;
    return new RawNode(this.config, initial, { event: (e) => ports.event(slot, e) });
  }

  /** In a mixed world half of all lives are of another version, until the world heals. */
  #configure(seed: number): RaftConfig {
    const k = this.#knobs;
    const usual = this.#usual(seed);
    if (k.mixed !== true || (seed & 1) === 0 || this.#ports.isCalm()) return usual;
    this.#ports.see('sim:other-settings');
    return {
      ...usual,
      preVote: !k.preVote,
      checkQuorum: !k.checkQuorum,
      messageBytesMax: k.messageBytesMax === 1 ? 1_000 : 1,
      cacheBytesMax: k.cacheBytesMax === 0 ? 5_000 : 0,
      disableProposalForwarding: k.proposalForwarding,
    };
  }

  #usual(seed: number): RaftConfig {
    const k = this.#knobs;
    return {
      slot: this.slot,
      electionTicks: k.electionTicks,
      heartbeatTicks: k.heartbeatTicks,
      preVote: k.preVote,
      checkQuorum: k.checkQuorum,
      messageBytesMax: k.messageBytesMax,
      inflightMessagesMax: k.inflightMessagesMax,
      inflightBytesMax: k.inflightBytesMax,
      uncommittedBytesMax: k.uncommittedBytesMax,
      committedBytesMax: k.committedBytesMax,
      cacheBytesMax: k.cacheBytesMax,
      diskStallTicks: k.diskStallTicks,
      disableProposalForwarding: !k.proposalForwarding,
      stepDownOnRemoval: k.stepDownOnRemoval,
      seed,
    };
  }

  /** The process dies: what is not durable is lost. */
  crash(power: boolean): void {
    assert(this.alive, 'crash: it runs');
    this.alive = false;
    this.run++;
    this.pausedUntil = 0;
    this.store.crash(power);
    this.#applyQueue = [];
    this.#applyHead = 0;
    this.#applyQueueBytes = 0;
    this.#applyScheduled = false;
    this.#installing = null;
    this.#switching = null;
    this.#cutting = false;
    this.#acks = [];
    this.#received = [];
    for (const operation of this.#writes.values()) this.#ports.finished(operation, false);
    for (const operation of this.#reads.values()) this.#ports.finished(operation, false);
    for (const { operation } of this.#waiting) this.#ports.finished(operation, false);
    this.#writes.clear();
    this.#reads.clear();
    this.#waiting = [];
  }

  /** A new life from what is durable; false if the log refuses. */
  restart(seed: number): boolean {
    assert(!this.alive, 'restart: it is down');
    const { damaged } = this.store;
    // A hole before later writes is always noticed: what opens then is judged as any other log.
    const doubtful = damaged !== null && damaged !== 'hole';
    const recovered = this.store.recover();
    if (recovered === null || (doubtful && !this.#isWhole(recovered))) {
      this.lost = true;
      return false;
    }
    this.store.damaged = null;
    const { hardState, cut, entries } = recovered;
    this.machine.restore(this.flushed);
    const last = cut.index + entries.length;
    this.#ports.raftJudge.recovered(this.slot, hardState, last, entries);
    this.alive = true;
    this.config = this.#configure(seed);
    this.node = this.#begin(recovered);
    return true;
  }

  /** A damaged log that opens is whole, or an earlier one, which the others know better. */
  #isWhole({ hardState, cut, entries }: Recovered): boolean {
    const last = cut.index + entries.length;
    const whole = this.#ports.raftJudge.isWhole(this.slot, hardState, last, entries);
    this.#ports.see(whole ? 'sim:damage-harmless' : 'sim:damage-cut-short');
    return whole;
  }

  /** Carries out everything the node wants done, until it wants nothing more. */
  drain(): void {
    for (let turns = 0; this.node.hasReady(); turns++) {
      assertLt(turns, TURNS_MAX, 'drain: an end in sight');
      this.#handle(this.node.ready());
    }
  }

  #handle(ready: Ready): void {
    const { messages, append, committed } = ready;
    for (const message of messages) this.#ports.send(message);
    if (append !== null) this.#append(append);
    for (const context of ready.readsDropped) this.#readDropped(context);
    for (const { context, index } of ready.readStates) this.#readConfirmed(context, index);
    for (const { id, lo, hi, bytesMax } of ready.entriesRequests) {
      const bytes = this.#ports.readBytesMax(bytesMax);
      this.store.read(lo, hi, bytes, (entries) => this.node.entriesRead(id, entries));
    }
    if (committed.length > 0) {
      // What is committed is judged before anybody acts on it.
      this.#ports.raftJudge.observe(this);
      this.#toApply(committed);
    }
    for (const to of ready.snapshotsToSend) this.#sendSnapshot(to);
    if (ready.snapshotToInstall !== null) {
      this.#installing = ready.snapshotToInstall;
      this.#ports.later(this.slot, Work.INSTALL, this.#ports.diskLatencyUs(this.slot), () => {
        this.#tryInstall();
      });
    }
  }

  #append(append: Append): void {
    this.#ports.raftJudge.emitted(this, append);
    this.store.append(append, () => {
      this.#ports.raftJudge.persisted(this.slot, append);
      const { ackDelayUs = 0 } = this.#knobs;
      if (ackDelayUs === 0) {
        this.#appended(append);
        return;
      }
      this.#acks.push(append);
      // In order even where a pause that ended early shifts the tasks.
      this.#ports.later(this.slot, Work.DISK, ackDelayUs, () => {
        this.#appended(this.#acks.shift() as Append);
      });
    });
  }

  #appended(append: Append): void {
    for (const message of append.messages) this.#ports.send(message);
    this.node.appendDone(append.sequence);
    if (this.#switching !== null) this.#switchIfIdle();
  }

  // Apply.

  #toApply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#applyQueue.push(entry);
      this.#applyQueueBytes += entry.data.length;
    }
    const { committedBytesMax, paddingMax } = this.#knobs;
    const { boundsJudge } = this.#ports;
    boundsJudge.toApply(this.slot, this.#applyQueueBytes, committedBytesMax, paddingMax + 64);
    if (this.#ports.applyDelayUs() === 0) this.#applySome(Number.MAX_SAFE_INTEGER);
    else this.#scheduleApply();
  }

  #scheduleApply(): void {
    if (this.#applyScheduled || this.#applyHead >= this.#applyQueue.length) return;
    this.#applyScheduled = true;
    this.#ports.later(this.slot, Work.APPLY, this.#ports.applyDelayUs(), () => {
      this.#applyScheduled = false;
      this.#applySome(this.#knobs.applyBatch);
      this.#scheduleApply();
    });
  }

  #applySome(countMax: number): void {
    const queue = this.#applyQueue;
    for (let n = 0; n < countMax && this.#applyHead < queue.length; n++) {
      const entry = queue[this.#applyHead++] as Entry;
      this.#applyQueueBytes -= entry.data.length;
      this.#apply(entry);
    }
    if (this.#applyHead >= queue.length) {
      this.#applyQueue = [];
      this.#applyHead = 0;
    }
    this.node.appliedTo(this.machine.index);
    this.#answerReads();
    if (this.machine.index - this.flushed.index >= this.#knobs.flushEvery) this.flush();
  }

  #apply(entry: Entry): void {
    const { machine } = this;
    const { index, term, data } = entry;
    assertEq(index, machine.index + 1, 'entries are applied in order');
    if (entry.type === EntryType.CONF_CHANGE) {
      machine.skip(index, term);
      this.#applyChange(entry);
    } else if (data.length === 0) machine.skip(index, term);
    else machine.apply(index, term, data);
    this.#ports.raftJudge.applied(this.slot, entry, machine.hash);
    if (entry.type === EntryType.NORMAL && data.length > 0) this.#answerWrite(data);
  }

  #applyChange(entry: Entry): void {
    const before = this.machine.confState;
    const change = decodeChange(entry.data);
    if (this.node.checkConfChange(change) === null) {
      this.machine.confState = this.node.applyConfChange(change);
    } else {
      this.node.rejectConfChange();
    }
    this.#ports.raftJudge.confChanged(this.slot, entry.index, before, this.machine.confState);
  }

  /** The state up to now becomes durable, and the log behind it may go. */
  flush(): void {
    if (this.#installing !== null || this.machine.index === this.flushed.index) return;
    this.flushed = this.machine.image();
    this.#cut();
  }

  #cut(): void {
    const index = this.flushed.index - this.#knobs.keepEntries;
    if (this.#cutting || index <= 0) return;
    const { slot } = this;
    const term = this.#ports.raftJudge.termAt(slot, index);
    this.#cutting = true;
    // What the cut carries is the configuration as of the flush: it is only read beside the state.
    this.store.cutTo(index, term, this.flushed.confState, () => {
      this.#cutting = false;
      this.node.logCut(index, term);
    });
  }

  // Snapshots.

  #sendSnapshot(to: number): void {
    const image = this.machine.image();
    this.#ports.transfer(this.slot, to, image, (ok) => {
      if (ok) this.node.sendSnapshot(to, toWireMeta(image));
      this.node.reportSnapshot(to, ok);
    });
  }

  receiveSnapshot(image: Image): void {
    if (this.#received.length >= RECEIVED_MAX) this.#received.shift();
    this.#received.push(image);
  }

  #tryInstall(): void {
    const meta = this.#installing;
    if (meta === null) return;
    const image = this.#received.find((i) => i.index === meta.index);
    if (image === undefined) {
      this.#installing = null;
      this.node.snapshotFailed();
      return;
    }
    this.#switching = image;
    this.#switchIfIdle();
  }

  /** Earlier appends are finished first, as the replica does. */
  #switchIfIdle(): void {
    const meta = this.#installing;
    const image = this.#switching;
    if (meta === null || image === null) return;
    if (this.store.appendsInFlight > 0 || this.#acks.length > 0) return;
    this.#switching = null;
    assertEq(image.term, meta.term, 'a snapshot is of the log');
    const { raftJudge } = this.#ports;
    const publish = (): void => {
      this.flushed = image;
      raftJudge.published(this.slot, image.index);
    };
    this.store.reset(meta, publish, () => {
      this.#installing = null;
      this.#received = [];
      this.#applyQueue = [];
      this.#applyHead = 0;
      this.#applyQueueBytes = 0;
      raftJudge.installed(this.slot, image.index, image.term, image.hash);
      this.machine.restore(image);
      this.node.snapshotInstalled(meta);
      this.#answerReads();
    });
  }

  // Clients.

  /** Takes a command; `finished` comes later, whatever becomes of it. */
  propose(operation: Operation, padding: number): void {
    const data = encodeCommand(operation.command, padding);
    const result = this.node.propose([{ type: EntryType.NORMAL, data }]);
    if (!result.ok) {
      this.#ports.finished(operation, false);
      return;
    }
    this.#writes.set(operation.command.client, operation);
  }

  read(operation: Operation): void {
    const context = this.#nextContext++;
    this.#reads.set(context, operation);
    if (this.node.readIndex(context)) return;
    this.#reads.delete(context);
    this.#ports.finished(operation, false);
  }

  readStale({ asked }: Operation): void {
    const value = this.machine.values[asked.key] as number;
    this.#ports.historyJudge.staleReadAnswered(asked, this.machine.revision, value);
  }

  /** The client has given up waiting here. */
  forget(operation: Operation): void {
    const { client } = operation.command;
    if (this.#writes.get(client) === operation) this.#writes.delete(client);
    for (const [context, read] of this.#reads) {
      if (read === operation) this.#reads.delete(context);
    }
    this.#waiting = this.#waiting.filter((read) => read.operation !== operation);
  }

  #answerWrite(data: Uint8Array): void {
    const client = commandClient(data);
    const operation = this.#writes.get(client);
    if (operation === undefined) return;
    if (operation.command.sequence !== commandSequence(data)) return;
    this.#writes.delete(client);
    const { machine } = this;
    this.#ports.historyJudge.writeAnswered(operation.asked, {
      revision: machine.resultRevision(client),
      value: machine.resultValue(client),
      ok: machine.resultOk(client),
      applied: machine.index,
      writes: operation.writes,
    });
    this.#ports.finished(operation, true);
  }

  #readDropped(context: number): void {
    const operation = this.#reads.get(context);
    if (operation === undefined) return;
    this.#reads.delete(context);
    this.#ports.finished(operation, false);
  }

  #readConfirmed(context: number, index: Index): void {
    const operation = this.#reads.get(context);
    if (operation === undefined) return;
    this.#reads.delete(context);
    this.#ports.historyJudge.readConfirmed(operation.asked, index);
    this.#waiting.push({ operation, index });
    this.#answerReads();
  }

  #answerReads(): void {
    if (this.#waiting.length === 0) return;
    const { machine } = this;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const read of waiting) {
      if (read.index > machine.index) {
        this.#waiting.push(read);
        continue;
      }
      const { asked } = read.operation;
      const value = machine.values[asked.key] as number;
      this.#ports.historyJudge.readAnswered(asked, machine.revision, value);
      this.#ports.finished(read.operation, true);
    }
  }

  // What the world does to it.

  step(message: RaftMessage): void {
    this.node.step(message, message.snapshot === null ? null : toSlotMeta(message.snapshot));
  }

  changeMembers(change: SlotConfChange): void {
    this.node.proposeConfChange(encodeChange(change), change);
  }
}
