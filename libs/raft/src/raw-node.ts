/**
 * `RawNode`: Raft as a pure state machine, one object for one member. Inputs are method calls,
 * outputs a `Ready`. It never waits, knows no clock, no disk and no network; chance is its seed.
 *
 *     inputs: tick, step, propose, readIndex, ..., and completions: appendDone, appliedTo,
 *             entriesRead, snapshotInstalled
 *     then:   while (node.hasReady()) handle(node.ready())
 */
import { assert, assertLe, type Index, type Term } from '@conclave/base';
import {
  ConfChangeTransition,
  type Entry,
  EntryType,
  type RaftMessage,
  type SnapshotMeta,
} from '@conclave/wire';
import { applyEntriesRead, evict, hasCommitted, noteApplied, takeCommitted } from './apply.js';
import { maybeCommit } from './commit.js';
import { changeConf, type ConfChangeRefusal, type SlotConfChange } from './conf-change.js';
import { campaign, ownVoteDurable, setLeader, takeOver } from './election.js';
import { NO_RAFT_PROBE, type RaftProbe } from './event.js';
import { applyConfChange, maybeLeaveJoint } from './membership.js';
import { propose, proposeHeld } from './propose.js';
import { Raft } from './raft.js';
import { answerReads, requestRead } from './reads.js';
import {
  type ProposedEntry,
  type ProposeResult,
  type RaftConfig,
  type RaftInitialState,
  type RaftStatus,
  type Ready,
  Role,
  type Slot,
  type SlotConfState,
  type SlotSnapshotMeta,
  type SoftState,
} from './ready.js';
import {
  broadcastAppend,
  broadcastHeartbeat,
  peerEntriesRead,
  sendHeartbeat,
} from './replication.js';
import {
  announceSnapshot,
  snapshotFailed,
  snapshotInstalled,
  snapshotReported,
} from './snapshot.js';
import { raftStatus } from './status.js';
import { step } from './step.js';
import { tick } from './tick.js';
import { transferLeader, type TransferResult } from './transfer.js';

const NONE: readonly never[] = Object.freeze([]);

export class RawNode {
  readonly #raft: Raft;
  #role: Role = Role.FOLLOWER;
  #leader: Slot = 0;

  constructor(config: RaftConfig, initial: RaftInitialState, probe: RaftProbe = NO_RAFT_PROBE) {
    this.#raft = new Raft(config, initial, probe);
  }

  get role(): Role {
    return this.#raft.role;
  }

  get isLeader(): boolean {
    return this.#raft.role === Role.LEADER;
  }

  get term(): Term {
    return this.#raft.term;
  }

  /** 0: unknown. */
  get leader(): Slot {
    return this.#raft.leader;
  }

  get commit(): Index {
    return this.#raft.log.commit;
  }

  get applied(): Index {
    return this.#raft.log.applied;
  }

  get lastIndex(): Index {
    return this.#raft.log.lastIndex;
  }

  /** One unit of time passes. After a pause of the process, one tick at most. */
  tick(): void {
    tick(this.#raft);
  }

  /**
   * A message of a peer arrives. For SNAPSHOT, `snapshot` is the message's with slots for ids. What
   * makes no sense is ignored.
   */
  step(message: RaftMessage, snapshot: SlotSnapshotMeta | null = null): void {
    step(this.#raft, message, snapshot);
  }

  /** All entries or none; a follower sends them on to its leader (`index` 0). */
  propose(entries: readonly ProposedEntry[]): ProposeResult {
    for (const entry of entries) {
      assert(entry.type === EntryType.NORMAL, 'propose: changes go through proposeConfChange');
    }
    return propose(this.#raft, entries, false);
  }

  /** `data` is the encoded `change`, the bytes of its entry. At most one is in flight. */
  proposeConfChange(data: Uint8Array, change: SlotConfChange): ProposeResult {
    assert(
      change.transition !== ConfChangeTransition.SOLE,
      'proposeConfChange: a sole voter is written into the log, not proposed',
    );
    const entry = { type: EntryType.CONF_CHANGE, data };
    return propose(this.#raft, [entry], change.changes.length === 0);
  }

  /** Starts an election now, if this node may. */
  campaign(): void {
    campaign(this.#raft);
  }

  /** What makes `change` impossible for the configuration in force; null if nothing does. */
  checkConfChange(change: SlotConfChange): ConfChangeRefusal | null {
    const result = changeConf(this.#raft.tracker.confState, change);
    return result.ok ? null : result.code;
  }

  /** At apply of a committed change that `checkConfChange` admits. Answers the new configuration. */
  applyConfChange(change: SlotConfChange): SlotConfState {
    return applyConfChange(this.#raft, change);
  }

  /** At apply of a committed change that was refused: it changes nothing. */
  rejectConfChange(): void {
    this.#raft.confChangesHandled++;
  }

  /** Asks for a linearizable read; false if no leader is known. Numbers are never used twice. */
  readIndex(context: number): boolean {
    return requestRead(this.#raft, context);
  }

  /** On a follower only for itself (`to` its own slot): asks the leader. */
  transferLeader(to: Slot): TransferResult {
    return transferLeader(this.#raft, to);
  }

  /** A follower acts as if it had not heard of its leader; term, vote and timer stay. */
  forgetLeader(): void {
    if (this.#raft.role === Role.FOLLOWER) setLeader(this.#raft, 0);
  }

  /** Append `sequence`, and every one before it, is durable; its messages have been sent. */
  appendDone(sequence: number): void {
    const r = this.#raft;
    r.unstable.appendDone(sequence);
    ownVoteDurable(r);
    if (r.role === Role.LEADER) {
      const own = r.tracker.get(r.slot);
      if (own?.acknowledge(r.unstable.durableIndex)) maybeCommit(r);
    }
    evict(r);
  }

  /** Everything up to `index` is applied. A report that is no news is ignored. */
  appliedTo(index: Index): void {
    const r = this.#raft;
    if (index <= r.log.applied) return;
    noteApplied(r, index);
    maybeLeaveJoint(r);
    proposeHeld(r);
    if (r.takeOverUntil !== 0 && !r.log.hasUnappliedConfChange) {
      const inTime = r.tick <= r.takeOverUntil;
      r.takeOverUntil = 0;
      if (inTime) takeOver(r);
    }
  }

  /** The answer to an EntriesRequest; empty if the entries are gone. An old answer is ignored. */
  entriesRead(id: number, entries: readonly Entry[]): void {
    const r = this.#raft;
    if (id === r.applyReading) {
      applyEntriesRead(r, entries);
      return;
    }
    for (const peer of r.tracker.peers) {
      if (peer.reading === id) {
        peerEntriesRead(r, peer, entries);
        return;
      }
    }
  }

  /**
   * The snapshot of `snapshotToInstall` is installed. Earlier appends were done or are void: the
   * durable log is exactly the cut at `meta`, with the term and vote of the last append.
   */
  snapshotInstalled(meta: SlotSnapshotMeta): void {
    snapshotInstalled(this.#raft, meta);
  }

  /** The snapshot of `snapshotToInstall` will not come. */
  snapshotFailed(): void {
    snapshotFailed(this.#raft);
  }

  /**
   * The snapshot for a peer named in `snapshotsToSend` is chosen: announces it. False if it is not
   * wanted any more. `meta` goes out as it is, with member ids.
   */
  sendSnapshot(to: Slot, meta: SnapshotMeta): boolean {
    return announceSnapshot(this.#raft, to, meta);
  }

  /** The snapshot for `slot` was sent whole, or was not. */
  reportSnapshot(slot: Slot, ok: boolean): void {
    snapshotReported(this.#raft, slot, ok);
  }

  /** Messages to `slot` were lost: go slow until it answers. */
  reportUnreachable(slot: Slot): void {
    const peer = this.#raft.tracker.get(slot);
    if (this.isLeader && peer?.state === 'replicate') peer.becomeProbe();
  }

  /**
   * `slot` can be reached again. A member that was just started hears of its leader now and not with the
   * next heartbeat, and its answer brings what it lacks.
   */
  reportReachable(slot: Slot): void {
    const r = this.#raft;
    const peer = r.tracker.get(slot);
    if (r.role === Role.LEADER && peer !== undefined && slot !== r.slot) sendHeartbeat(r, peer);
  }

  /** The durable log now begins behind `index`, which is applied. */
  logCut(index: Index, term: Term): void {
    this.#raft.log.cut(index, term);
  }

  hasReady(): boolean {
    const r = this.#raft;
    return (
      r.messages.length > 0 ||
      r.broadcastPending ||
      r.unstable.hasAppend(r.term, r.vote, r.log.lastIndex) ||
      hasCommitted(r) ||
      r.reads.needsRound ||
      r.readStates.length > 0 ||
      r.readsDropped.length > 0 ||
      r.entriesRequests.length > 0 ||
      r.snapshotsToSend.length > 0 ||
      r.snapshotToInstall !== null ||
      this.#softStateChanged()
    );
  }

  /** Takes out everything that is to be done. */
  ready(): Ready {
    const r = this.#raft;
    if (r.role === Role.LEADER) {
      if (r.broadcastPending) broadcastAppend(r);
      if (r.reads.needsRound) {
        r.reads.startRound();
        answerReads(r);
        broadcastHeartbeat(r);
      }
    }
    const softState = this.#takeSoftState();
    const append = r.unstable.takeAppend(r.term, r.vote, r.log, r.tick);
    const committed = takeCommitted(r);
    assertLe(r.log.applying, Math.max(r.log.applied, r.unstable.durableIndex), 'applying: durable');
    const ready: Ready = {
      softState,
      append,
      committed,
      messages: r.messages.length > 0 ? r.messages : NONE,
      readStates: r.readStates.length > 0 ? r.readStates : NONE,
      readsDropped: r.readsDropped.length > 0 ? r.readsDropped : NONE,
      entriesRequests: r.entriesRequests.length > 0 ? r.entriesRequests : NONE,
      snapshotToInstall: r.snapshotToInstall,
      snapshotsToSend: r.snapshotsToSend.length > 0 ? r.snapshotsToSend : NONE,
    };
    if (r.messages.length > 0) r.messages = [];
    if (r.readStates.length > 0) r.readStates = [];
    if (r.readsDropped.length > 0) r.readsDropped = [];
    if (r.entriesRequests.length > 0) r.entriesRequests = [];
    if (r.snapshotsToSend.length > 0) r.snapshotsToSend = [];
    r.snapshotToInstall = null;
    return ready;
  }

  /** A picture of the whole; allocates, so not for the hot path. */
  status(): RaftStatus {
    return raftStatus(this.#raft);
  }

  #softStateChanged(): boolean {
    return this.#role !== this.#raft.role || this.#leader !== this.#raft.leader;
  }

  #takeSoftState(): SoftState | null {
    if (!this.#softStateChanged()) return null;
    this.#role = this.#raft.role;
    this.#leader = this.#raft.leader;
    return { role: this.#role, leader: this.#leader };
  }
}
