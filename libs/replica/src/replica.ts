import { assert, hexId } from '@conclave/base';
import type { Channel, Engine, Index, Term, TraceSpan } from '@conclave/base';
import type { DurableLog } from '@conclave/log';
import { RawNode } from '@conclave/raft';
import type { SoftState } from '@conclave/raft';
import type { Applied, StateMachine } from '@conclave/statemachine';
import type { WatchHub } from '@conclave/watch';
import { EntryType } from '@conclave/wire';
import type { ConfChange, Entry, RaftMessage } from '@conclave/wire';
import { AppliedWaiters } from './applied-waiters.js';
import { ApplyLoop } from './apply-loop.js';
import { Configuration } from './configuration.js';
import { EntryTraces } from './entry-traces.js';
import { LeaderDuties } from './leader-duties.js';
import { Leadership } from './leadership.js';
import { LeasePrimacy } from './lease-primacy.js';
import { logHold } from './log-hold.js';
import type { ReplicaOptions, ReplicaPorts } from './options.js';
import { removal } from './outbox.js';
import type { PendingProposal } from './proposal-table.js';
import { Proposer } from './proposer.js';
import { PhysicalCompaction } from './physical-compaction.js';
import { Publisher } from './publisher.js';
import { RaftDrive } from './raft-drive.js';
import { raftEvents } from './raft-events.js';
import { ReadQueue } from './read-queue.js';
import { reportGauges, reportLateHeartbeat } from './reports.js';
import { initialRaftState, raftConfig } from './recovery.js';
import { SlotTable } from './slot-table.js';
import { SlowDisk } from './slow-disk.js';
import { StateWriter } from './state-writer.js';
import { timeoutReason } from './timeout-reason.js';
import { Timers } from './timers.js';
import { bestTransferee, transferLeader } from './transfer.js';
import type { TransferPorts } from './transfer.js';
import type { Cancel, Proposal, ProposalResult, ReplicaDone, ReplicaErrorCode } from './types.js';
import type { ReplicaView } from './types.js';

/** How often deadlines of proposals and reads are looked at. */
const EXPIRE_MS = 100;
/** A leader whose disk is slow for so many seconds on end hands over. */
const SLOW_DISK_SECONDS = 10;
const NOTHING = (): void => undefined;

/**
 * A member's loop: drives raft, log, state machine, watches and leases.
 *
 * Everything that comes in (a message, a proposal, a completed disk write, time) changes raft and
 * asks for one `drain` in this turn; the drain takes what raft wants done, all at once: one log
 * write, one frame a peer. Completed writes come back as inputs.
 *
 * Invariant: nothing that vouches for a write leaves before the write is durable.
 */
export class Replica implements ReplicaView {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly machine: StateMachine;
  readonly watches: WatchHub;
  readonly electionMs: number;
  readonly slots = new SlotTable();
  readonly #options: ReplicaOptions;
  readonly #ports: ReplicaPorts;
  readonly #raft: RawNode;
  readonly #proposer: Proposer;
  readonly #reads: ReadQueue;
  readonly #apply: ApplyLoop;
  readonly #writer: StateWriter;
  readonly #duties: LeaderDuties;
  readonly #primacy: LeasePrimacy;
  readonly #timers = new Timers();
  readonly #drive: RaftDrive;
  readonly #leadership: Leadership;
  readonly #publisher: Publisher;
  readonly #waiters = new AppliedWaiters(this.#timers);
  readonly #log: DurableLog;
  readonly #slowDisk: SlowDisk;
  readonly #compaction: PhysicalCompaction;
  readonly #configuration: Configuration;
  #stopped = false;
  #failed = false;
  #tickMs: number;
  #expireMs = 0;

  constructor(options: ReplicaOptions, ports: ReplicaPorts) {
    this.#options = options;
    this.#ports = ports;
    this.clusterId = options.clusterId;
    this.memberId = options.memberId;
    this.machine = ports.machine;
    this.watches = ports.watches;
    this.electionMs = options.electionTicks * options.tickMs;
    this.#log = ports.log;
    this.#leadership = new Leadership(options.memberId, ports.probe);
    this.#tickMs = ports.clock.monotonicMs();
    this.#raft = new RawNode(
      raftConfig(options, this.slots),
      initialRaftState(ports.log, this.machine, this.slots),
      raftEvents(options.memberId, this.slots, ports.probe),
    );
    this.#configuration = new Configuration({
      ...ports,
      memberId: options.memberId,
      raft: this.#raft,
      slots: this.slots,
      stopped: () => this.#stopped,
    });
    this.#slowDisk = new SlowDisk({ limitMs: options.tickMs, windows: SLOW_DISK_SECONDS });
    this.#proposer = new Proposer(
      {
        raft: this.#raft,
        slots: this.slots,
        probe: ports.probe,
        nowMs: () => this.nowMs,
        appliedIndex: () => this.machine.appliedIndex,
        leaderKnown: () => this.leaderId !== 0n,
        stopped: () => this.#stopped,
        wake: () => this.#drive.wake(),
        timeoutCode: (pending) => this.#timeoutCode(pending),
      },
      { ...options, wallMs: ports.clock.wallMs() },
      options.requestBytesMax,
    );
    this.#reads = new ReadQueue({
      ask: (context) => this.#raft.readIndex(context),
      applied: () => this.machine.appliedIndex,
      probe: ports.probe,
    });
    const traces = ports.tracer ? new EntryTraces(ports.tracer) : null;
    this.#apply = new ApplyLoop(
      options,
      { ...ports, traces },
      {
        applied: (entry, applied) => this.#entryApplied(entry, applied),
        sliceDone: (index) => this.#sliceApplied(index),
      },
    );
    const hold = logHold(options, ports, this.#raft, this.slots);
    const fatal = (message: string): void => this.#fatal(message);
    this.#writer = new StateWriter(options, { ...ports, fatal }, this.machine.appliedIndex, {
      cutLimit: (wanted) => hold.limit(wanted),
      cut: () => this.#raft.logCut(this.#log.cut.index, this.#log.cut.term),
      // Apply may have paused because the engine was too far behind.
      batchDone: () => this.#apply.run(),
    });
    this.#drive = new RaftDrive(
      ports,
      {
        raft: this.#raft,
        slots: this.slots,
        reads: this.#reads,
        apply: this.#apply,
        writer: this.#writer,
        hold,
        traces,
      },
      {
        softState: (state) => this.#softState(state),
        written: (ms) => this.#slowDisk.wrote(ms),
        installed: () => this.#installed(),
        fatal,
      },
    );
    this.#compaction = new PhysicalCompaction({
      ...ports,
      isOver: () => this.#stopped || this.#drive.installing,
      stepped: () => this.#writer.kick(),
    });
    const { leaseCheckpointMs } = options;
    this.#primacy = new LeasePrimacy(this.machine.leases, this.electionMs, leaseCheckpointMs);
    this.#duties = new LeaderDuties(
      {
        replica: this,
        propose: (p, done) => this.#own(p, done),
        removeLeaving: (id, done) => this.#removeLeaving(id, done),
      },
      { clusterVersion: options.clusterVersion, leaseRetryMs: 5_000 + 2 * this.electionMs },
    );
    this.#publisher = new Publisher(options, {
      probe: ports.probe,
      feature: this.machine.featureSupported,
      propose: (p, done) => this.#own(p, done),
      published: () => this.#leadership.announce(),
      refused: fatal,
    });
    this.#configuration.loaded();
    this.#campaignIfAlone();
    this.#compaction.resume();
    this.#drive.wake();
  }

  get term(): Term {
    return this.#raft.term;
  }

  get leaderId(): bigint {
    return this.#leadership.leaderId;
  }

  get isLeader(): boolean {
    return this.#leadership.isLeader;
  }

  get isLearner(): boolean {
    return this.#configuration.isLearner;
  }

  get commitIndex(): Index {
    return this.#raft.commit;
  }

  get lastIndex(): Index {
    return this.#raft.lastIndex;
  }

  get appliedIndex(): Index {
    return this.machine.appliedIndex;
  }

  get nowMs(): number {
    return this.#ports.clock.monotonicMs();
  }

  get pendingProposals(): number {
    return this.#proposer.size;
  }

  /** The engine in use; a snapshot replaces it. */
  get engine(): Engine {
    return this.#writer.engine;
  }

  /** For status pages and tests. */
  get raft(): RawNode {
    return this.#raft;
  }

  /** Messages from a peer whose hello was checked; `from` is its member id. */
  receive(from: bigint, messages: readonly RaftMessage[]): void {
    if (this.#stopped || this.machine.isRemoved(from)) return;
    for (const message of messages) {
      this.#raft.step(message, this.slots.snapshotOf(message));
    }
    this.#drive.wake();
  }

  /** A peer cannot be reached at the moment, or can be again. */
  peerState(id: bigint, isReachable: boolean): void {
    if (this.#stopped) return;
    const slot = this.slots.slotOf(id);
    if (isReachable) this.#raft.reportReachable(slot);
    else this.#raft.reportUnreachable(slot);
    this.#drive.wake();
  }

  /**
   * Time passes: call every 10 to 25 ms, after sockets were read. After a gap at most one raft tick
   * is delivered, so a stall of ours does not count as silence of the others.
   */
  poll(): void {
    if (this.#stopped) return;
    const nowMs = this.nowMs;
    this.#log.tick(nowMs);
    const { tickMs } = this.#options;
    const tookMs = nowMs - this.#tickMs;
    if (tookMs >= tickMs) {
      const late = tookMs >= 2 * tickMs;
      if (late && this.isLeader) reportLateHeartbeat(this.#ports.probe, tickMs, tookMs);
      this.#tickMs = late ? nowMs : this.#tickMs + tickMs;
      this.#raft.tick();
    }
    this.#timers.poll(nowMs);
    this.watches.tick(nowMs);
    this.#writer.poll(nowMs);
    // Clients wait for it.
    const isDue = !this.published && this.leaderId !== 0n;
    if (isDue && this.#configuration.self) this.#publisher.poll(nowMs);
    if (nowMs >= this.#expireMs) {
      this.#expireMs = nowMs + EXPIRE_MS;
      this.#proposer.expire(nowMs);
      this.#reads.poll(nowMs);
      this.#reads.pollConfirmed(nowMs);
      this.#proposer.proposeWaiting();
      reportGauges(this.#ports.probe, this, this.#proposer.size);
    }
    // Raft may follow another since this turn's messages: no expiry may bear the next leader's term.
    if (this.isLeader && this.#raft.isLeader) {
      if (this.machine.appliedTerm === this.term) this.#duties.poll(nowMs, this.term);
      if (this.#slowDisk.poll(nowMs)) this.#leaveSlowDisk();
    }
    this.#drive.drain();
  }

  propose(p: Proposal, timeoutMs: number, done: (result: ProposalResult) => void): Cancel {
    return this.#proposer.propose(p, timeoutMs, done);
  }

  proposeConfChange(
    change: ConfChange,
    requestId: bigint,
    timeoutMs: number,
    done: (result: ProposalResult) => void,
  ): Cancel {
    return this.#proposer.proposeConfChange(change, requestId, timeoutMs, done);
  }

  nextRequestId(): bigint {
    return this.#proposer.nextRequestId();
  }

  linearizableRead(timeoutMs: number, done: ReplicaDone, trace?: TraceSpan | null): Cancel {
    const refusal = this.#proposer.readRefusal;
    if (refusal !== null) {
      done(refusal);
      return NOTHING;
    }
    const cancel = this.#reads.add(this.nowMs + timeoutMs, done, trace ?? null);
    this.#drive.wake();
    return cancel;
  }

  transferLeader(to: bigint, timeoutMs: number, done: ReplicaDone): void {
    transferLeader(this.#transferPorts(), to, timeoutMs, done);
  }

  whenApplied(index: Index, timeoutMs: number, done: (ok: boolean) => void): Cancel {
    if (this.machine.appliedIndex >= index) {
      done(true);
      return NOTHING;
    }
    return this.#waiters.add(index, this.nowMs + timeoutMs, done);
  }

  leaderChannel(): Channel | null {
    if (this.leaderId === 0n || this.isLeader) return null;
    return this.#ports.transport.channel(this.leaderId);
  }

  isConnected(id: bigint): boolean {
    return id === this.memberId || this.#ports.transport.connectedSinceMs(id) !== null;
  }

  connectedForMs(id: bigint): number {
    if (id === this.memberId) return Number.POSITIVE_INFINITY;
    const since = this.#ports.transport.connectedSinceMs(id);
    return since === null ? 0 : Math.max(1, this.nowMs - since);
  }

  matchIndex(id: bigint): Index | null {
    if (!this.isLeader) return null;
    const slot = this.slots.slotOf(id);
    return this.#raft.status().progress.find((p) => p.slot === slot)?.match ?? null;
  }

  onLeaderChange(listener: () => void): Cancel {
    return this.#leadership.onChange(listener);
  }

  after(delayMs: number, task: () => void): Cancel {
    return this.#timers.at(this.nowMs + delayMs, task);
  }

  /** Before a stop: hands leadership to the member that is furthest, if we have it. */
  handOver(timeoutMs: number, done: () => void): void {
    const ports = this.#transferPorts();
    const to = bestTransferee(ports);
    if (to === 0n) {
      done();
      return;
    }
    transferLeader(ports, to, timeoutMs, () => done());
    this.#drive.drain();
  }

  /** Fails what is pending, makes the state durable, closes log and engine. */
  stop(done: () => void): void {
    if (this.#failed) {
      done();
      return;
    }
    assert(!this.#stopped, 'stop: once');
    this.#stopped = true;
    this.#drive.stop();
    this.#proposer.failAll('stopped');
    this.#reads.failAll('stopped');
    this.#apply.pause();
    this.#writer.drain(() => this.#log.close(() => done()));
  }

  /** A proposal of the member itself, with etcd's request timeout. */
  #own(p: Proposal, done: (result: ProposalResult) => void): void {
    this.#proposer.proposeOwn(p, 5_000 + 2 * this.electionMs, done);
  }

  #removeLeaving(id: bigint, done: () => void): void {
    const requestID = this.nextRequestId();
    const change = removal(id, requestID);
    this.proposeConfChange(change, requestID, 5_000 + 2 * this.electionMs, done);
  }

  /** Every client waits for this disk: another member shall lead. */
  #leaveSlowDisk(): void {
    const ports = this.#transferPorts();
    const to = bestTransferee(ports);
    if (to === 0n) return;
    const fields = { to: hexId(to), 'slower-than': `${this.#options.tickMs}ms` };
    this.#ports.probe.log('warn', 'the disk is slow: leadership is handed over', fields);
    transferLeader(ports, to, this.electionMs, () => undefined);
  }

  #transferPorts(): TransferPorts {
    return {
      raft: this.#raft,
      slots: this.slots,
      leadership: this.#leadership,
      memberId: this.memberId,
      after: (delayMs, task) => this.after(delayMs, task),
      wake: () => this.#drive.wake(),
    };
  }

  #softState(state: SoftState): void {
    const nowMs = this.nowMs;
    const wasLeader = this.isLeader;
    const isLeader = state.role === 'leader';
    const leaderId = this.slots.idOf(state.leader);
    const changed = this.#leadership.update(leaderId, isLeader, this.term, nowMs);
    if (isLeader && !wasLeader) this.#primacy.lead(nowMs);
    if (!isLeader && wasLeader) {
      this.#primacy.follow();
      this.#duties.stop();
      this.#slowDisk.reset();
    }
    if (!changed) return;
    this.#leadership.announce();
    if (leaderId !== 0n) {
      this.#proposer.proposeWaiting();
      this.#reads.leaderKnown(nowMs);
    }
  }

  #entryApplied(entry: Entry, applied: Applied): void {
    if (this.#primacy.awaits(entry.term) && this.isLeader && entry.term === this.term) {
      this.#primacy.appliedOwn(entry.term, this.nowMs);
    }
    if (entry.type === EntryType.CONF_CHANGE) this.#configuration.applied(applied);
    if (applied.events.length > 0) this.watches.publish(applied.revision, applied.events);
    if (applied.compacted !== null) {
      this.watches.compacted(applied.compacted);
      this.#compaction.start();
    }
    if (applied.requestId !== 0n) {
      this.#proposer.applied(entry, applied.requestId, applied.result, this.term);
    }
  }

  /** The only voter has nobody to wait for. */
  #campaignIfAlone(): void {
    const { voters, votersOutgoing } = this.machine.confState;
    const isAlone = voters.length === 1 && voters[0] === this.memberId;
    if (!isAlone || votersOutgoing.length > 0 || this.leaderId !== 0n) return;
    // A campaign under way goes on: its vote is being written, and another one would be a term more.
    if (this.#raft.role === 'follower') this.#raft.campaign();
  }

  #sliceApplied(index: Index): void {
    this.#raft.appliedTo(index);
    this.#reads.applied(index);
    this.#waiters.applied(index);
    if (this.leaderId === 0n) this.#campaignIfAlone();
    this.#drive.wake();
  }

  #installed(): void {
    this.watches.restored();
    this.#compaction.resume();
    this.#configuration.loaded();
    this.#reads.applied(this.machine.appliedIndex);
    this.#waiters.applied(this.machine.appliedIndex);
  }

  /** True once the cluster knows this member's name and client URLs: it may serve. */
  get published(): boolean {
    return this.#publisher.done;
  }

  #timeoutCode(pending: PendingProposal): ReplicaErrorCode {
    const voters = this.machine.members.filter((m) => !m.isLearner).map((m) => m.id);
    const isConnected = (id: bigint): boolean => this.isConnected(id);
    const view = { leadership: this.#leadership, electionMs: this.electionMs, voters, isConnected };
    return timeoutReason(view, pending.startMs);
  }

  #fatal(message: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#stopped = true;
    this.#drive.stop();
    this.#ports.fatal(message);
  }
}
