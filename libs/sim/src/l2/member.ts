/**
 * One member: the rooms of a node, wired as the node app wires them, over simulated ports. What it
 * keeps over its death is in `MemberDisk`; everything else is made new by `start`.
 */
import {
  type CallHandler,
  type Engine,
  NO_PROBE,
  type Probe,
  Random,
  type ServerCall,
  type ServerCallEvents,
  Status,
  assert,
} from '@conclave/base';
import { API_DEFAULTS, Api } from '@conclave/api';
import { type DurableLog, type LogOptions, createLogSync, openLog } from '@conclave/log';
import { KV_OPTIONS } from '@conclave/mvcc';
import { Replica, foundingLog } from '@conclave/replica';
import { type IncomingEvents, type IncomingStream, SnapshotExchange } from '@conclave/snapshot';
import { readSnapshotHead } from '@conclave/statemachine';
import { WatchRoom } from '@conclave/watch';
import type { CrashFate } from '@conclave/testkit';
import type { Coverage } from './coverage.js';
import { Host, type HostPorts } from './host.js';
import type { Holding } from './judges/bounds.js';
import { MemberDisk } from './member-disk.js';
import {
  type KnownPeer,
  type MemberShape,
  exchangeOptions,
  memberOfURL,
  peerURL,
  watchOptions,
} from './member-shape.js';
import { ObservedMachine, type ApplyObserver } from './observed-machine.js';
import { Peers, type PeersWorld } from './peers.js';

export interface MemberWorld extends PeersWorld {
  readonly hostPorts: HostPorts;
  readonly shape: MemberShape;
  readonly observer: ApplyObserver;
  readonly coverage: Coverage;
  /** Who there is, as a running member tells one that joins; null: nobody answers. */
  knownMembers(): readonly KnownPeer[] | null;
  /** Whoever starts it knows that it was removed. */
  wasRemoved(id: bigint): boolean;
  /** The member's process ended by its own will; it may be started again. */
  fatal(member: SimMember, message: string): void;
  /** It cannot start, though nothing was done to its disk that it must not survive. */
  unbootable(member: SimMember, message: string): void;
  /** A member wrote a line to its log: it is at a point that has a name. */
  logged(member: SimMember, message: string): void;
  /** Leader or term changed at this member: those linked are told. */
  reported(member: SimMember): void;
  /** It published itself: clients and gateways may come. */
  serving(member: SimMember): void;
}

/** A row of the workload, previous value and all, is smaller. */
const ROW_BYTES = 3_000;
const POLL_MS = 20;
const SNAPSHOT_TICK_MS = 100;
const NO_CONF = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

export class SimMember {
  readonly id: bigint;
  readonly host: Host;
  readonly disk: MemberDisk;
  readonly peerURL: string;
  /** Answers calls with whatever process there is. */
  readonly handler: CallHandler;
  readonly #world: MemberWorld;
  readonly #random: Random;
  readonly #founders: readonly KnownPeer[] | null;
  replica: Replica | null = null;
  /** Of the data directory; a wiped one is another. */
  incarnation: bigint;
  /** Its data directory was lost: nobody takes it for itself any more. */
  isWiped = false;
  /** Who was a member when it was first started: its command line names them ever after. */
  seeds: readonly bigint[] = [];
  /** Removed from the cluster: it never comes back. */
  isRemoved = false;
  /** Its machine is lost, disk and all: it never starts again. */
  isLost = false;
  /** It began with an empty log and has not got a snapshot since. */
  #isJoining: boolean;
  #api: Api | null = null;
  #peers: Peers | null = null;
  #snapshots: SnapshotExchange | null = null;
  #machine: ObservedMachine | null = null;
  #watches: WatchRoom | null = null;
  #isInstalling = false;

  /** `founders` null: it joins a cluster that runs. */
  constructor(
    world: MemberWorld,
    id: bigint,
    founders: readonly KnownPeer[] | null,
    driftPpm: number,
    random: Random,
  ) {
    this.#world = world;
    this.id = id;
    this.peerURL = peerURL(id);
    this.incarnation = id * 1_000n;
    this.#random = random;
    this.#founders = founders;
    this.#isJoining = founders === null;
    this.host = new Host(`m${id}`, driftPpm, world.hostPorts);
    const { timeline } = world.links;
    this.disk = new MemberDisk(this.host, () => timeline.nowMs, world.shape.disk, random.fork());
    this.handler = { open: (call) => (this.#api ?? NOT_READY).open(call) };
  }

  /** The replicated state of the running process. */
  get machine(): ObservedMachine | null {
    return this.#machine;
  }

  /** True once it may serve clients. */
  get isServing(): boolean {
    return this.replica?.published === true;
  }

  get openWatchStreams(): number {
    return this.replica?.watches.streamCount ?? 0;
  }

  /** What it holds in memory for others, and how much of it is allowed (I25). `clients`: how many ask. */
  holdings(clients: number): Holding[] {
    const { replica } = this;
    if (replica === null || this.#watches === null) return [];
    const { shape } = this.#world;
    const who = this.host.name;
    // Over the bound comes one slice of history, and one revision for each watcher.
    const slice = ROW_BYTES * (shape.historyRowsMax + 100);
    const queueMax = shape.streamQueueBytesMax + slice;
    const overlayMax = shape.overlayBytesMax + 100 * ROW_BYTES;
    const proposalsMax = 100 + 20 * clients;
    return [
      { who, what: 'bytes for a watcher', amount: this.#watches.queuedBytes, max: queueMax },
      { who, what: 'bytes to be written', amount: replica.machine.overlayBytes, max: overlayMax },
      { who, what: 'proposals', amount: replica.pendingProposals, max: proposalsMax },
    ];
  }

  start(): void {
    if (this.host.isUp || this.isRemoved || this.isLost) return;
    this.host.start();
    const { life } = this.host;
    this.host.deliver(life, () => {
      if (this.disk.isBorn) this.#reopen();
      else this.#beBorn();
    });
  }

  /**
   * The process dies, with the machine's power or without; `fate` says what the disk has of operations
   * under way, else chance does.
   */
  crash(power: boolean, fate: CrashFate | null = null): void {
    if (!this.host.isUp) return;
    if (this.#isInstalling) this.#world.coverage.count('killed while it installs');
    this.#isInstalling = false;
    this.host.kill();
    this.replica = null;
    this.#api = null;
    this.#peers = null;
    this.#snapshots = null;
    this.#machine = null;
    this.#watches = null;
    this.disk.crash(power, fate);
  }

  /** Somebody removes the data directory of a member that is down, or kills it for that. */
  wipe(): void {
    this.crash(true);
    this.disk.wipe();
    this.disk.isBorn = false;
    this.disk.met.clear();
    this.incarnation++;
    this.isWiped = true;
    this.#world.trace.note(this.host.name, 'is wiped');
  }

  /** The machine burns: process and disk are gone for good. */
  lose(): void {
    this.crash(true);
    this.isLost = true;
    this.#world.trace.note(this.host.name, 'is lost');
  }

  /** Is `other` who it was when we met it? The rule of the peers' hello, either way. */
  trusts(other: SimMember): boolean {
    const { members = [], leaving = [] } = this.#machine ?? {};
    const { met } = this.disk;
    if (!met.has(other.id)) met.set(other.id, other.incarnation);
    const replicated = [...members, ...leaving].find((m) => m.id === other.id)?.incarnation;
    return (replicated || met.get(other.id)) === other.incarnation;
  }

  receiveFrame(from: SimMember, frame: Uint8Array): void {
    const { replica } = this;
    const peers = this.#peers;
    if (replica === null || peers === null) return;
    if (this.tellsRemoved(from)) return;
    if (!peers.knows(from.id)) return peers.askWhoIsThere(from.id);
    if (!this.trusts(from)) return;
    replica.receive(from.id, peers.decode(from.id, frame, replica));
  }

  /** Can it hear of the others by one of these? */
  knowsOneOf(ids: readonly bigint[]): boolean {
    return ids.some((id) => this.#peers?.knows(id) === true);
  }

  acceptSnapshot(from: bigint, stream: IncomingStream): IncomingEvents | null {
    if (this.#snapshots === null || this.#peers?.knows(from) !== true) return null;
    return this.#snapshots.accept(from, stream);
  }

  /** Answers somebody who was removed that it was, as a hello does; false: it was not. */
  tellsRemoved(other: SimMember): boolean {
    if (this.#machine?.isRemoved(other.id) !== true) return false;
    const { network } = this.#world.links;
    network.send(this.host, other.host, network.latencyMs(), true, () => other.toldRemoved());
    return true;
  }

  /** The cluster has removed this member. */
  toldRemoved(): void {
    if (this.isRemoved) return;
    this.isRemoved = true;
    this.#world.trace.note(this.host.name, 'is removed');
    this.#world.coverage.count('member removed');
    // A moment for the last messages, as in production; then its process ends for good.
    this.host.after(1_000, () => this.crash(false));
  }

  get #logOptions(): LogOptions {
    return {
      clusterId: this.#world.clusterId,
      memberId: this.id,
      incarnation: this.incarnation,
      segmentBytes: this.#world.shape.segmentBytes,
      entryBytesMax: 1024 * 1024,
    };
  }

  #beBorn(): void {
    this.disk.wipe();
    const { log: disk } = this.disk;
    const known = this.#founders ?? this.#world.knownMembers();
    const isMember = known?.some((one) => one.id === this.id) === true;
    if (known === null || !isMember) {
      // Not there yet, or not any more: the process ends, and whoever started it tries again.
      if (this.#world.wasRemoved(this.id)) return this.toldRemoved();
      this.host.after(1_000, () => this.#beBorn());
      return;
    }
    this.seeds = known.map((one) => one.id);
    const beginning =
      this.#founders === null
        ? { hardState: { term: 0, vote: 0n, commit: 0 }, entries: [] }
        : foundingLog(this.#founders);
    const hardState = { ...beginning.hardState, commit: 0 };
    createLogSync(disk, this.#logOptions, hardState, { index: 0, term: 0, confState: NO_CONF });
    const opened = openLog(disk, this.#logOptions, 1);
    if (!opened.ok) return this.#world.unbootable(this, opened.message);
    opened.log.append(beginning, (failure) => {
      if (failure !== null) return this.#world.fatal(this, failure.message);
      this.disk.isBorn = true;
      this.#load(opened.log, known);
    });
  }

  #reopen(): void {
    const { directory, log } = this.disk;
    const opened = openLog(log, this.#logOptions, directory.current.firstSegment);
    if (!opened.ok) return this.#world.unbootable(this, opened.message);
    this.#load(opened.log, []);
  }

  #load(log: DurableLog, known: readonly KnownPeer[]): void {
    const { directory } = this.disk;
    directory.openState(directory.current.stateNumber, (failure, engine) => {
      if (engine === null) return this.#world.fatal(this, failure?.message ?? 'no state');
      const { shape, observer } = this.#world;
      const machine = new ObservedMachine(
        this,
        observer,
        {
          store: {
            ...KV_OPTIONS,
            compactionBatchRows: shape.compactionBatchRows,
            cacheBytesMax: shape.cacheBytesMax,
          },
        },
        {
          engine,
          scheduler: this.host.scheduler,
          probe: NO_PROBE,
          failed: (message) => this.#world.fatal(this, message),
        },
      );
      machine.load((fault) => {
        if (fault !== null) return this.#world.unbootable(this, fault);
        const { appliedIndex } = machine;
        if (appliedIndex > log.lastIndex || appliedIndex < log.cut.index) {
          const text = `applied ${appliedIndex}, log (${log.cut.index}, ${log.lastIndex}]`;
          return this.#world.unbootable(this, text);
        }
        this.#run(log, engine, machine, known);
      });
    });
  }

  #run(
    log: DurableLog,
    engine: Engine,
    machine: ObservedMachine,
    known: readonly KnownPeer[],
  ): void {
    const { host } = this;
    const { shape } = this.#world;
    const probe = this.#probe();
    const others = known.map((peer) => peer.id).filter((id) => id !== this.id);
    const peers = new Peers(this.#world, this, others);
    const snapshots = this.#newExchange(log, engine, peers, probe);
    const watches = new WatchRoom(watchOptions(shape), {
      store: machine.store,
      scheduler: host.scheduler,
      probe,
      random: this.#random.fork(),
    });
    this.#peers = peers;
    this.#snapshots = snapshots;
    this.#machine = machine;
    this.#watches = watches;
    snapshots.resume(() => {
      const replica = new Replica(this.#replicaOptions(), {
        clock: host.clock,
        scheduler: host.scheduler,
        probe,
        log,
        engine,
        machine,
        watches,
        directory: this.disk.directory,
        transport: peers,
        snapshots,
        fatal: (message) => this.#world.fatal(this, message),
        removed: () => this.toldRemoved(),
      });
      this.replica = replica;
      this.#api = this.#newApi(replica, probe);
      let wasServing = false;
      replica.onLeaderChange(() => {
        this.#world.reported(this);
        if (wasServing || !replica.published) return;
        wasServing = true;
        this.#world.serving(this);
      });
      host.every(POLL_MS, () => replica.poll());
      host.every(SNAPSHOT_TICK_MS, () => {
        snapshots.tick();
        peers.sweep();
      });
      peers.sweep();
    });
  }

  #newExchange(log: DurableLog, engine: Engine, peers: Peers, probe: Probe): SnapshotExchange {
    const { shape, clusterId } = this.#world;
    return new SnapshotExchange(exchangeOptions(shape, clusterId), {
      directory: this.disk.directory,
      engine: () => this.replica?.engine ?? engine,
      appliedIndex: () => this.#machine?.appliedIndex ?? 0,
      cutIndex: () => log.cut.index,
      open: (to, events) => peers.openSnapshot(to, events),
      readHead: readSnapshotHead,
      pace: (_bytes, goOn) => this.host.scheduler.yieldTo(goOn),
      random: this.#random.fork(),
      probe,
    });
  }

  #newApi(replica: Replica, probe: Probe): Api {
    const { shape } = this.#world;
    return new Api(
      {
        ...API_DEFAULTS,
        quotaBytes: -1,
        maxLearners: shape.maxLearners,
        strictReconfigCheck: shape.strictReconfig,
      },
      {
        replica,
        probe,
        random: this.#random.fork(),
        scheduler: this.host.scheduler,
        sizeBytes: () => ({ total: 0, inUse: 0 }),
        newMemberId: (urls) => memberOfURL(urls[0] ?? ''),
      },
    );
  }

  #replicaOptions(): ConstructorParameters<typeof Replica>[0] {
    const { shape, clusterId } = this.#world;
    return {
      clusterId,
      memberId: this.id,
      name: this.host.name,
      clientURLs: [`http://10.0.1.${this.id}:2379`],
      incarnation: this.incarnation,
      tickMs: shape.tickMs,
      electionTicks: shape.electionTicks,
      preVote: true,
      requestBytesMax: 1_572_864,
      catchUpEntries: shape.catchUpEntries,
      snapshotCount: shape.snapshotCount,
      flushBytes: shape.flushBytes,
      flushIntervalMs: shape.flushIntervalMs,
      overlayBytesMax: shape.overlayBytesMax,
      clusterVersion: '3.6.0',
      // The shortest there is, so that leases of a few seconds have checkpoints.
      leaseCheckpointMs: 1_000,
      seed: this.#random.uint32(),
    };
  }

  /** Log lines of the member become lines of the transcript; some are worth counting. */
  #probe(): Probe {
    const { trace, coverage } = this.#world;
    return {
      ...NO_PROBE,
      log: (level, message, fields) => {
        if (message === 'applying snapshot') this.#isInstalling = true;
        else if (message === 'applied snapshot') {
          this.#isInstalling = false;
          coverage.count('snapshot installed');
          if (this.#isJoining) coverage.count('joiner caught up by snapshot');
          this.#isJoining = false;
        } else if (message === 'kept a half received snapshot') {
          coverage.count('half received state resumed');
        } else if (message === 'goes on with a snapshot') coverage.count('snapshot gone on with');
        this.#world.logged(this, message);
        if (level === 'debug' || !trace.isOn) return;
        const parts = Object.entries(fields ?? {}).map(([k, v]) => `${k}=${String(v)}`);
        trace.line(this.host.name, `${message} ${parts.join(' ')}`);
      },
    };
  }
}

const NO_EVENTS: ServerCallEvents = Object.freeze({
  message: () => undefined,
  halfClosed: () => undefined,
  cancelled: () => undefined,
  drained: () => undefined,
});

const NOT_READY: CallHandler = {
  open(call: ServerCall): ServerCallEvents {
    call.end(Status.UNAVAILABLE, 'etcdserver: server stopped');
    return NO_EVENTS;
  },
};
