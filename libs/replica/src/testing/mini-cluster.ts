/**
 * Members in one process for this room's tests: real raft, log, state machine and watches; disk,
 * network and time are models. Time passes only by `advance`; messages take one turn.
 */
import { NO_PROBE, Random, assert } from '@conclave/base';
import type { Current, Probe } from '@conclave/base';
import { createLogSync, openLog } from '@conclave/log';
import type { DurableLog } from '@conclave/log';
import { FEATURE_SUPPORTED, StateMachine } from '@conclave/statemachine';
import { KV_OPTIONS } from '@conclave/mvcc';
import type { SnapshotExchange } from '@conclave/snapshot';
import { MemoryDataDirectory, MemoryLogDisk, TaskQueue } from '@conclave/testkit';
import type { MemoryEngine } from '@conclave/testkit';
import { WatchRoom } from '@conclave/watch';
import type { RaftMessage } from '@conclave/wire';
import { foundingLog } from '../bootstrap.js';
import type { PeerTransport, ReplicaOptions } from '../options.js';
import { Replica } from '../replica.js';
import { miniSnapshots } from './mini-snapshots.js';
import type { Connection } from './mini-snapshots.js';

const CLUSTER = 77n;
const EMPTY_CONF = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

/** One member: what outlives a crash, and its running replica. */
export class MiniMember {
  readonly id: bigint;
  readonly disk: MemoryLogDisk;
  readonly directory: MemoryDataDirectory;
  replica: Replica | null = null;
  #log: DurableLog | null = null;
  snapshots: SnapshotExchange | null = null;
  fatal: string | null = null;
  /** What it has logged, over all its lives. */
  readonly lines: string[] = [];
  readonly probe: Probe = { ...NO_PROBE, log: (_level, message) => void this.lines.push(message) };
  /** Bumped by every start and crash: late completions of an earlier life are dropped. */
  life = 0;

  constructor(cluster: MiniCluster, id: bigint, random: Random) {
    this.id = id;
    this.disk = new MemoryLogDisk(cluster.tasks, random);
    this.directory = new MemoryDataDirectory(cluster.tasks, { stateNumber: 1, firstSegment: 1 });
  }

  get current(): Current {
    return this.directory.current;
  }

  get running(): Replica {
    assert(this.replica !== null, 'the member runs');
    return this.replica;
  }

  get log(): DurableLog {
    assert(this.#log !== null, 'the member was started');
    return this.#log;
  }

  set log(log: DurableLog) {
    this.#log = log;
  }

  get engine(): MemoryEngine {
    const engine = this.directory.engine(this.current.stateNumber);
    assert(engine !== null, 'the current state is there');
    return engine;
  }
}

export interface MiniOptions {
  readonly members: number;
  readonly seed: number;
  readonly catchUpEntries?: number;
  readonly snapshotCount?: number;
  readonly flushIntervalMs?: number;
  readonly leaseCheckpointMs?: number;
  /** What the build of each member supports at its next start, by place; default: all there is. */
  readonly features?: number[];
}

export class MiniCluster {
  readonly tasks = new TaskQueue();
  readonly members: MiniMember[] = [];
  readonly #options: MiniOptions;
  readonly #random: Random;
  /** What decides in crashes. */
  get chance(): Random {
    return this.#random;
  }

  nowMs = 1_000;
  /** `${from}>${to}`: nothing arrives. */
  readonly cut = new Set<string>();
  /** Snapshot streams. */
  readonly connections = new Set<Connection>();
  /** Set by a test: snapshots go slowly. */
  slowFrames: (() => void)[] | null = null;
  readonly clusterId = CLUSTER;
  /** Told after every task: the place for a test to crash a member in the middle of what it does. */
  afterTask: (() => void) | null = null;

  constructor(options: MiniOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    for (let i = 1; i <= options.members; i++) {
      const member = new MiniMember(this, BigInt(i), this.#random.fork());
      this.members.push(member);
      createLogSync(
        member.disk,
        this.#logOptions(member.id),
        { term: 1, vote: 0n, commit: 0 },
        {
          index: 0,
          term: 0,
          confState: EMPTY_CONF,
        },
      );
    }
    for (const member of this.members) this.start(member);
  }

  #logOptions(memberId: bigint) {
    return {
      clusterId: CLUSTER,
      memberId,
      incarnation: memberId,
      segmentBytes: 64 * 1024,
      entryBytesMax: 1024 * 1024,
    };
  }

  start(member: MiniMember): void {
    const opened = openLog(member.disk, this.#logOptions(member.id), member.current.firstSegment);
    if (!opened.ok) throw new Error(`${member.id}: ${opened.message}`);
    const { log } = opened;
    member.log = log;
    member.directory.openState(member.current.stateNumber, () => undefined);
    this.tasks.run();
    if (log.lastIndex === 0) {
      const founders = this.members.map((m) => ({
        id: m.id,
        peerURLs: [`http://127.0.0.1:${2_000n + m.id}`],
      }));
      log.append(foundingLog(founders), () => undefined);
      this.tasks.run();
    }
    const ports = {
      engine: member.engine,
      scheduler: this.tasks,
      probe: member.probe,
      failed: (message: string): void => {
        member.fatal = message;
      },
    };
    const featureSupported = this.#options.features?.[Number(member.id) - 1] ?? FEATURE_SUPPORTED;
    const machine = new StateMachine({ store: KV_OPTIONS, featureSupported }, ports);
    let loaded = false;
    machine.load((failure) => {
      if (failure !== null) throw new Error(failure);
      loaded = true;
    });
    this.tasks.run();
    assert(loaded, 'the state is loaded');
    const watches = new WatchRoom(
      {
        progressIntervalMs: 600_000,
        fragmentBytesMax: 2 << 20,
        watchersPerStreamMax: 1_000,
        historyRowsMax: 1_000,
        streamQueueBytesMax: 1 << 20,
      },
      { store: machine.store, scheduler: this.tasks, probe: NO_PROBE, random: new Random(1) },
    );
    const life = ++member.life;
    const random = this.#random.fork();
    member.snapshots = miniSnapshots(this, member, { machine, log, random });
    member.snapshots.resume(() => undefined);
    this.tasks.run();
    const replica = new Replica(this.#replicaOptions(member.id), {
      clock: { monotonicMs: () => this.nowMs, wallMs: () => this.nowMs },
      scheduler: {
        yieldTo: (task) =>
          this.tasks.yieldTo(() => {
            if (member.life === life) task();
          }),
      },
      probe: member.probe,
      log,
      engine: member.engine,
      machine,
      watches,
      directory: member.directory,
      transport: this.#transport(member),
      snapshots: member.snapshots,
      fatal: (message) => {
        member.fatal = message;
      },
      removed: () => undefined,
    });
    member.replica = replica;
  }

  #replicaOptions(memberId: bigint): ReplicaOptions {
    return {
      clusterId: CLUSTER,
      memberId,
      name: `m${memberId}`,
      clientURLs: [`http://127.0.0.1:${memberId}`],
      incarnation: memberId,
      tickMs: 100,
      electionTicks: 10,
      preVote: true,
      requestBytesMax: 1_572_864,
      catchUpEntries: this.#options.catchUpEntries ?? 5_000,
      snapshotCount: this.#options.snapshotCount ?? 10_000,
      flushBytes: 32 << 20,
      flushIntervalMs: this.#options.flushIntervalMs ?? 10_000,
      overlayBytesMax: 64 << 20,
      clusterVersion: '3.6.0',
      leaseCheckpointMs: this.#options.leaseCheckpointMs ?? 0,
      seed: Number(memberId) + this.#options.seed,
    };
  }

  #transport(from: MiniMember): PeerTransport {
    return {
      send: (to, messages) => this.#deliver(from, to, messages),
      connectedSinceMs: (id) =>
        this.cut.has(`${id}>${from.id}`) || this.#find(id)?.replica === null ? null : 0,
      membersChanged: () => undefined,
      channel: () => null,
    };
  }

  #deliver(from: MiniMember, to: bigint, messages: readonly RaftMessage[]): void {
    if (this.cut.has(`${from.id}>${to}`)) return;
    const member = this.#find(to);
    if (!member) return;
    this.tasks.yieldTo(() => {
      const { replica } = member;
      if (!replica) return;
      const slots = { from: replica.slots.slotOf(from.id), to: replica.slots.slotOf(to) };
      replica.receive(
        from.id,
        messages.map((m) => ({ ...m, ...slots })),
      );
    });
  }

  #find(id: bigint): MiniMember | undefined {
    return this.members.find((m) => m.id === id);
  }

  reach(from: bigint, to: bigint): MiniMember | null {
    if (this.cut.has(`${from}>${to}`) || this.cut.has(`${to}>${from}`)) return null;
    return this.#find(to) ?? null;
  }

  /** The process dies; what was not durable may be lost. */
  crash(member: MiniMember): void {
    member.replica = null;
    member.snapshots = null;
    member.life++;
    for (const connection of this.connections) {
      if (connection.from === member.id || connection.to === member.id) connection.end('crash');
    }
    member.disk.kill();
    member.disk.losePower();
    member.directory.crash(this.#random);
  }

  /** Lets `ms` pass, in steps of 20 ms, everything that becomes due included. */
  advance(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end; this.nowMs += 20) {
      for (const member of this.members) {
        member.replica?.poll();
        if (this.nowMs % 100 === 0) member.snapshots?.tick();
      }
      if (this.nowMs % 100 === 0) this.slowFrames?.shift()?.();
      while (this.tasks.runOne()) this.afterTask?.();
      for (const m of this.members) {
        if (m.fatal !== null) throw new Error(`member ${m.id}: ${m.fatal}`);
      }
    }
  }

  /** Lets time pass until `check` holds. */
  until(what: string, check: () => boolean, ms = 20_000): void {
    for (const end = this.nowMs + ms; !check();) {
      if (this.nowMs >= end) throw new Error(`after ${ms} ms still not: ${what}`);
      this.advance(20);
    }
  }

  get leader(): MiniMember | undefined {
    return this.members.find((m) => m.replica?.isLeader === true);
  }
}
