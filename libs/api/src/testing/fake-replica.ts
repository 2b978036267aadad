/**
 * A replica of one member, without raft: a proposal is applied in a later turn by the real state
 * machine, and its events go to the real watch room. Tests set what a cluster would decide.
 */
import { type Channel, NO_PROBE, Random, type Revision, assert } from '@conclave/base';
import type {
  Cancel,
  Proposal,
  ProposalResult,
  ReplicaErrorCode,
  ReplicaView,
} from '@conclave/replica';
import { StateMachine } from '@conclave/statemachine';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import { WatchRoom } from '@conclave/watch';
import {
  ClusterMemberAttrSetRequest,
  type ConfChange,
  ConfChangeType,
  type Entry,
  EntryType,
  FeatureSet,
  MemberChange,
  RequestField,
  encodeConfChange,
  encodeInternalRaftRequest,
} from '@conclave/wire';

export const MEMBER_ID = 10n;
export const CLUSTER_ID = 77n;

interface Timer {
  readonly dueMs: number;
  readonly task: () => void;
}

export class FakeReplica implements ReplicaView {
  readonly tasks = new TaskQueue();
  readonly machine: StateMachine;
  readonly watches: WatchRoom;
  readonly clusterId = CLUSTER_ID;
  readonly memberId = MEMBER_ID;
  term = 2;
  leaderId = MEMBER_ID;
  isLearner = false;
  commitIndex = 0;
  lastIndex = 0;
  nowMs = 0;
  readonly electionMs = 1_000;
  /** What the next proposals and reads come to; null: they work. */
  failure: ReplicaErrorCode | null = null;
  /** The same for proposals alone. */
  proposalFailure: ReplicaErrorCode | null = null;
  /** Nothing is answered while true. */
  stuck = false;
  leader: Channel | null = null;
  connectedMs = new Map<bigint, number>();
  matches = new Map<bigint, number>();
  proposals: Proposal[] = [];
  reads = 0;
  transfers: bigint[] = [];
  #requestId = 0n;
  #timers: Timer[] = [];
  readonly #listeners = new Set<() => void>();

  constructor() {
    const engine = new MemoryEngine(this.tasks);
    const ports = { engine, scheduler: this.tasks, probe: NO_PROBE };
    this.machine = new StateMachine({ store: {} }, ports);
    this.machine.load((failure) => assert(failure === null, 'the state loads'));
    this.tasks.run();
    this.watches = new WatchRoom(
      {
        progressIntervalMs: 600_000,
        fragmentBytesMax: 2_097_152,
        watchersPerStreamMax: 100_000,
        historyRowsMax: 1_000,
        streamQueueBytesMax: 1_048_576,
      },
      { store: this.machine.store, scheduler: this.tasks, probe: NO_PROBE, random: new Random(1) },
    );
    this.#found();
  }

  get isLeader(): boolean {
    return this.leaderId === this.memberId;
  }

  get appliedIndex(): number {
    return this.machine.appliedIndex;
  }

  propose(proposal: Proposal, _timeoutMs: number, done: (result: ProposalResult) => void): Cancel {
    this.proposals.push(proposal);
    const header = {
      ID: this.nextRequestId(),
      username: '',
      authRevision: 0,
      session: proposal.session,
      sequence: proposal.sequence,
      lowestUnanswered: proposal.lowestUnanswered,
      trace: new Uint8Array(0),
    };
    const data = encodeInternalRaftRequest(header, proposal.field, proposal.body);
    return this.#commit(EntryType.NORMAL, data, done);
  }

  proposeConfChange(
    change: ConfChange,
    _requestId: bigint,
    _timeoutMs: number,
    done: (result: ProposalResult) => void,
  ): Cancel {
    return this.#commit(EntryType.CONF_CHANGE, encodeConfChange(change), done);
  }

  nextRequestId(): bigint {
    return ++this.#requestId;
  }

  linearizableRead(_timeoutMs: number, done: (error: ReplicaErrorCode | null) => void): Cancel {
    this.reads++;
    return this.#later(() => done(this.failure));
  }

  transferLeader(
    to: bigint,
    _timeoutMs: number,
    done: (error: ReplicaErrorCode | null) => void,
  ): void {
    this.transfers.push(to);
    this.tasks.yieldTo(() => done(this.failure));
  }

  whenApplied(index: number, _timeoutMs: number, done: (ok: boolean) => void): Cancel {
    return this.#later(() => done(this.appliedIndex >= index));
  }

  leaderChannel(): Channel | null {
    return this.leader;
  }

  isConnected(id: bigint): boolean {
    return id === this.memberId || this.connectedForMs(id) > 0;
  }

  connectedForMs(id: bigint): number {
    return this.connectedMs.get(id) ?? 0;
  }

  matchIndex(id: bigint): number | null {
    return this.isLeader ? (this.matches.get(id) ?? null) : null;
  }

  onLeaderChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  after(delayMs: number, task: () => void): Cancel {
    const timer: Timer = { dueMs: this.nowMs + delayMs, task };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Lets time pass in steps of 10 ms. */
  advance(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += 10;
      const due = this.#timers.filter((timer) => timer.dueMs <= this.nowMs);
      this.#timers = this.#timers.filter((timer) => timer.dueMs > this.nowMs);
      for (const timer of due) timer.task();
      this.tasks.run();
    }
  }

  lead(id: bigint): void {
    this.leaderId = id;
    for (const listener of this.#listeners) listener();
  }

  /** Applies an entry at once, as if another member had proposed it. */
  applyNow(field: number, body: Uint8Array): void {
    const bare = { field, body, session: 0n, sequence: 0, lowestUnanswered: 0 };
    this.propose(bare, 0, () => undefined);
    this.proposals.pop();
    this.tasks.run();
  }

  /** As if every member supported `feature`, and the leader had raised the cluster's number to it. */
  raiseFeature(feature: number): void {
    for (const { id, name, clientURLs } of this.machine.members) {
      const memberAttributes = { name, clientUrls: [...clientURLs] };
      const publish = ClusterMemberAttrSetRequest.create({
        memberID: id,
        memberAttributes,
        feature,
      });
      this.applyNow(
        RequestField.CLUSTER_MEMBER_ATTR_SET,
        ClusterMemberAttrSetRequest.encode(publish),
      );
    }
    this.applyNow(RequestField.FEATURE_SET, FeatureSet.encode({ feature }));
  }

  addMember(id: bigint, name: string, isLearner = false): void {
    const member = {
      ID: id,
      raftAttributes: { peerUrls: [`http://m${id}:2380`], isLearner },
      memberAttributes: null,
    };
    const context = MemberChange.encode({
      requestID: 0n,
      members: [member],
      learnersMax: 0,
      leaving: false,
    });
    const type = isLearner ? ConfChangeType.ADD_LEARNER : ConfChangeType.ADD_VOTER;
    this.#apply(
      EntryType.CONF_CHANGE,
      encodeConfChange({ transition: 0, changes: [{ type, id }], context }),
    );
    if (name === '') return;
    const publish = ClusterMemberAttrSetRequest.create({
      memberID: id,
      memberAttributes: { name, clientUrls: [`http://c${id}:2379`] },
    });
    this.applyNow(
      RequestField.CLUSTER_MEMBER_ATTR_SET,
      ClusterMemberAttrSetRequest.encode(publish),
    );
  }

  #found(): void {
    this.addMember(MEMBER_ID, 'one');
    this.machine.leases.promote(0, 0);
  }

  #commit(type: EntryType, data: Uint8Array, done: (result: ProposalResult) => void): Cancel {
    const failure = this.failure ?? this.proposalFailure;
    if (failure !== null) return this.#later(() => done({ ok: false, code: failure }));
    return this.#later(() => done({ ok: true, result: this.#apply(type, data), term: this.term }));
  }

  #apply(type: EntryType, data: Uint8Array): ReturnType<StateMachine['apply']>['result'] {
    const entry: Entry = { term: this.term, index: this.appliedIndex + 1, type, data };
    this.commitIndex = entry.index;
    this.lastIndex = entry.index;
    assert(
      this.machine.prefetch(entry, () => undefined),
      'everything is in memory here',
    );
    const applied = this.machine.apply(entry, this.nowMs);
    if (applied.confChange?.change != null) {
      const voters = this.machine.members.filter((m) => !m.isLearner).map((m) => m.id);
      const learners = this.machine.members.filter((m) => m.isLearner).map((m) => m.id);
      const rest = { votersOutgoing: [], learnersNext: [], autoLeave: false };
      this.machine.confStateChanged({ voters, learners, ...rest });
      // What the leader does with those that were demoted on their way out.
      for (const { id } of this.machine.leaving) {
        const context = MemberChange.encode(MemberChange.create());
        const changes = [{ type: ConfChangeType.REMOVE, id }];
        const removal = encodeConfChange({ transition: 0, changes, context });
        this.#apply(EntryType.CONF_CHANGE, removal);
      }
    }
    if (applied.events.length > 0) this.watches.publish(applied.revision, applied.events);
    if (applied.compacted !== null) this.watches.compacted(applied.compacted as Revision);
    return applied.result;
  }

  #later(task: () => void): Cancel {
    let cancelled = false;
    this.tasks.yieldTo(() => {
      if (!cancelled && !this.stuck) task();
    });
    return () => void (cancelled = true);
  }
}
