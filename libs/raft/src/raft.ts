/**
 * The state of one Raft node. The rules that move it are plain functions over this object, split by
 * role: step*.ts (messages), election.ts, replication.ts, commit.ts, reads.ts, transfer.ts,
 * membership.ts, snapshot.ts. Outputs collect here until `RawNode.ready` takes them.
 */
import { type Index, Random, type Term } from '@conclave/base';
import type { Entry, RaftMessage } from '@conclave/wire';
import { assertConfig } from './config.js';
import type { RaftEvent, RaftProbe } from './event.js';
import { RaftLog } from './raft-log.js';
import { ForwardedReads, ReadOnly } from './read-only.js';
import {
  type EntriesRequest,
  type RaftConfig,
  type RaftInitialState,
  type ReadState,
  Role,
  type Slot,
  type SlotSnapshotMeta,
} from './ready.js';
import { Tracker } from './tracker.js';
import { Unstable } from './unstable.js';

export class Raft {
  readonly config: RaftConfig;
  readonly slot: Slot;
  readonly probe: RaftProbe;
  readonly log: RaftLog;
  readonly unstable: Unstable;
  readonly tracker: Tracker;
  readonly reads = new ReadOnly();
  readonly forwarded: ForwardedReads;
  readonly random: Random;
  readonly diskStallTicks: number;

  role: Role = Role.FOLLOWER;
  term: Term;
  vote: Slot;
  leader: Slot = 0;

  /** Ticks since the node began. */
  tick = 0;
  /** Follower: ticks since the leader was heard of. Leader: since CheckQuorum last looked. */
  electionElapsed = 0;
  heartbeatElapsed = 0;
  /** In [electionTicks, 2 * electionTicks), drawn anew at every change of role or term. */
  electionTimeout = 0;

  /** Leader: where leadership is being handed to; 0 for nobody. */
  leadTransferee: Slot = 0;
  /** Leader: a configuration change may be proposed once this index is applied. */
  pendingConfIndex: Index = 0;
  /**
   * Leader: changes that followers sent on while another one was under way, the oldest first.
   * Invariant: empty on everybody else, and at most HELD_CHANGES_MAX.
   */
  heldChanges: Uint8Array[] = [];
  /** Leader: bytes of its entries that are not committed. */
  uncommittedBytes = 0;
  /** Leader: the append that opened the term; reads and changes need it committed. */
  termFirstIndex: Index = 0;
  /** Follower: told to take over, which it does when its configuration changes are applied, up to
   *  this tick; 0: not told. */
  takeOverUntil = 0;

  /** The snapshot being installed; null if there is none. */
  installing: SlotSnapshotMeta | null = null;
  /** Configuration changes applied or refused since the last `appliedTo`. */
  confChangesHandled = 0;
  /** Id of the outstanding read for apply, or 0. */
  applyReading = 0;
  /** Entries that were read back for apply. */
  applyRead: readonly Entry[] = [];
  /** Bytes given out to be applied and not yet reported, by batch. */
  applyBatches: { last: Index; bytes: number }[] = [];
  applyingBytes = 0;
  lastReadId = 0;

  // Outputs.
  messages: RaftMessage[] = [];
  readStates: ReadState[] = [];
  readsDropped: number[] = [];
  entriesRequests: EntriesRequest[] = [];
  snapshotsToSend: Slot[] = [];
  snapshotToInstall: SlotSnapshotMeta | null = null;
  /** Leader: there is something new to send to everybody. */
  broadcastPending = false;

  constructor(config: RaftConfig, initial: RaftInitialState, probe: RaftProbe) {
    assertConfig(config);
    this.config = config;
    this.slot = config.slot;
    this.probe = probe;
    this.diskStallTicks =
      config.diskStallTicks === 0 ? config.electionTicks : config.diskStallTicks;
    const { hardState, cut, applied, entries } = initial;
    // The commit index rides along with other writes, so apply may be ahead of what was stored.
    const commit = Math.max(hardState.commit, applied, cut.index);
    this.log = new RaftLog(cut.index, cut.term, applied, commit, entries);
    this.unstable = new Unstable(hardState, this.log.lastIndex);
    this.tracker = new Tracker(config.inflightMessagesMax, config.inflightBytesMax);
    this.tracker.change(initial.confState, this.log.lastIndex + 1);
    this.random = new Random(config.seed);
    this.forwarded = new ForwardedReads(this.random.uint32() * 0x10_0000);
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.drawElectionTimeout();
  }

  emit(event: RaftEvent): void {
    this.probe.event(event);
  }

  drawElectionTimeout(): void {
    this.electionTimeout = this.config.electionTicks + this.random.below(this.config.electionTicks);
  }

  /** True if a write of ours has not become durable within the bound. */
  get isDiskStalled(): boolean {
    const age = this.unstable.age(this.tick, this.term, this.vote, this.log.lastIndex);
    return age >= this.diskStallTicks;
  }

  /** Sends at once: for what vouches for nothing on disk. */
  send(message: RaftMessage): void {
    this.messages.push(message);
  }

  /** Sends once our term and vote are durable. */
  sendAfterTerm(message: RaftMessage): void {
    if (this.unstable.durableTerm === this.term && this.unstable.durableVote === this.vote) {
      this.send(message);
    } else {
      this.unstable.addMessage(message, this.tick);
    }
  }

  /** Sends once everything up to now is durable: term, vote and the whole log. */
  sendAfterAppend(message: RaftMessage): void {
    if (this.unstable.isClean(this.term, this.vote, this.log.lastIndex)) this.send(message);
    else this.unstable.addMessage(message, this.tick);
  }
}
