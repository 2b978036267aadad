/**
 * A level 1 world: members, a network, disks, clients and faults under one virtual clock, all from
 * one scenario. One event at a time; after each, the judges look.
 *
 * Every subsystem draws from a generator of its own, so changing one does not shift the others.
 */
import { assertDefined, Random } from '@conclave/base';
import { type RaftEvent, Role, isJoint } from '@conclave/raft';
import type { RaftMessage } from '@conclave/wire';
import { ModelClient, type Operation, type Present } from './client.js';
import { DriftingClock, MS } from './clock.js';
import { Coverage } from './coverage.js';
import { EventQueue } from './event-queue.js';
import { unsafe } from './failure.js';
import {
  type Surroundings,
  createFounder,
  createNewcomer,
  found,
  networkOptions,
} from './founding.js';
import { BoundsJudge } from './judges/bounds-judge.js';
import { HistoryJudge } from './judges/history-judge.js';
import type { Oracle } from './judges/oracle.js';
import type { RaftJudge } from './judges/raft-judge.js';
import type { Image } from './machine.js';
import type { Member } from './member.js';
import { markOf } from './message-mark.js';
import { Network } from './network.js';
import { type MemberPorts, Work } from './ports.js';
import type { Scenario } from './scenario.js';
import { TraceHash } from './trace-hash.js';
import { eventText, messageText, timeText } from './transcript.js';

export const Kind = { MESSAGE: 1, TICK: 2, TASK: 3, SUBMIT: 4, CLIENT: 5, WORLD: 6 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

interface WorldEvent {
  readonly kind: Kind;
  /** The member; for CLIENT its number; 0 for none. */
  readonly slot: number;
  /** TICK, TASK: life of the process; MESSAGE: epoch of the connection; CLIENT: turn. */
  readonly run: number;
  /** TASK: kind of work; MESSAGE: what its fields hashed to when it was sent. */
  readonly mark: number;
  readonly message: RaftMessage | null;
  readonly operation: Operation | null;
  readonly task: (() => void) | null;
}

/** How often the costly checks are made, in events. */
const SAMPLE_MASK = 63;

/** While the world heals, many enough write to show that it does. */
const CALM_READ_SHARE = 0.4;

export class World {
  readonly scenario: Scenario;
  readonly queue = new EventQueue<WorldEvent>();
  readonly network: Network;
  readonly oracle: Oracle;
  readonly raftJudge: RaftJudge;
  readonly historyJudge: HistoryJudge;
  readonly boundsJudge: BoundsJudge;
  readonly coverage = new Coverage();
  readonly hash = new TraceHash();
  readonly members: (Member | undefined)[] = [];
  readonly clients: ModelClient[] = [];
  readonly clocks: DriftingClock[] = [];
  readonly random: {
    readonly disk: Random;
    readonly crash: Random;
    readonly client: Random;
    readonly heal: Random;
    readonly snapshot: Random;
  };
  /** By slot: its disk stands still until then. */
  readonly stalls: number[] = [];
  /** By slot: its disk is full until then; its clock stands still until then. */
  readonly fullUntil: number[] = [];
  readonly frozenUntil: number[] = [];
  /** Called with a line for each thing that happens; null when nobody reads. */
  trace: ((line: string) => void) | null = null;
  events = 0;
  clientsStopped = false;
  /** Slots that are dead for good: whatever was to start them again is void. */
  readonly keptDown = new Set<number>();
  calm = false;
  /** Where the highest term was won. */
  #leader = 0;
  #leaderTerm = 0;
  readonly #seeds: Random;
  readonly #around: Surroundings;
  #transfers = 0;

  constructor(scenario: Scenario) {
    const { knobs, seed } = scenario;
    this.scenario = scenario;
    const root = new Random(seed);
    const network = root.fork();
    this.random = {
      disk: root.fork(),
      crash: root.fork(),
      client: root.fork(),
      heal: root.fork(),
      snapshot: root.fork(),
    };
    this.#seeds = root.fork();
    const drift = root.fork();
    const slots = knobs.voters + knobs.spares;
    this.network = new Network(slots, networkOptions(knobs), network);
    for (let slot = 0; slot <= slots; slot++) {
      const ppm = knobs.driftPpm === 0 ? 0 : drift.below(2 * knobs.driftPpm) - knobs.driftPpm;
      this.clocks.push(new DriftingClock(this.queue, ppm));
      this.stalls.push(0);
      this.fullUntil.push(0);
      this.frozenUntil.push(0);
    }
    const founding = found(scenario);
    this.oracle = founding.oracle;
    this.raftJudge = founding.judge;
    this.historyJudge = new HistoryJudge(this.oracle, this.raftJudge);
    this.boundsJudge = new BoundsJudge(slots);
    this.#around = {
      scenario,
      seeds: this.#seeds,
      time: this.queue,
      ports: this.#createPorts(),
    };
    for (let slot = 1; slot <= knobs.voters; slot++) {
      this.#add(createFounder(founding, slot, this.#around));
    }
    for (let id = 0; id < knobs.clients; id++) {
      this.clients.push(new ModelClient(id, knobs, this.random.client.fork()));
      this.#push(1 + this.random.client.below(500 * MS), Kind.CLIENT, id, 0);
    }
  }

  get now(): number {
    return this.queue.now;
  }

  /** A member that leads in the highest term known; undefined if there is none. */
  get leader(): Member | undefined {
    const member = this.members[this.#leader];
    return member?.alive && member.node.isLeader ? member : undefined;
  }

  /** Members that were born: founders, and those that were asked to join. */
  get born(): readonly Member[] {
    return this.members.filter((member) => member !== undefined);
  }

  #push(at: number, kind: Kind, slot: number, run: number): void {
    this.queue.push(at, { kind, slot, run, mark: 0, message: null, operation: null, task: null });
  }

  /** Something the world does to itself. */
  at(time: number, task: () => void): void {
    const kind = Kind.WORLD;
    this.queue.push(time, { kind, slot: 0, run: 0, mark: 0, message: null, operation: null, task });
  }

  #add(member: Member): void {
    this.members[member.slot] = member;
    this.#startTicking(member);
  }

  /** A newcomer starts with nothing, once. */
  join(slot: number): void {
    if (this.members[slot] === undefined) this.#add(createNewcomer(slot, this.#around));
  }

  #startTicking(member: Member): void {
    // Members do not tick in step.
    const first = 1 + this.random.crash.below(this.scenario.knobs.tickMs * MS);
    this.#push(this.now + first, Kind.TICK, member.slot, member.run);
  }

  freshSeed(): number {
    return this.#seeds.uint32();
  }

  #createPorts(): MemberPorts {
    const { scenario } = this;
    return {
      raftJudge: this.raftJudge,
      historyJudge: this.historyJudge,
      boundsJudge: this.boundsJudge,
      see: (name) => this.coverage.see(name),
      isCalm: () => this.calm,
      send: (message) => this.#send(message),
      event: (slot, e) => this.#raftEvent(slot, e),
      later: (slot, work, delayUs, task) => this.#later(slot, work, delayUs, task),
      applyDelayUs: () => (this.calm ? 0 : scenario.knobs.applyDelayUs),
      diskLatencyUs: (slot) => this.#diskLatencyUs(slot),
      readBytesMax: (bytesMax) => this.#readBytesMax(bytesMax),
      transfer: (from, to, image, done) => this.#transfer(from, to, image, done),
      finished: (operation, ok) => this.#finished(operation, ok),
      fatal: (slot) => this.diskFailed(slot),
    };
  }

  #later(slot: number, work: Work, delayUs: number, task: () => void): void {
    // A member whose log is being opened for the first time is in its first life.
    const run = this.members[slot]?.run ?? 1;
    this.queue.push(this.now + delayUs, {
      kind: Kind.TASK,
      slot,
      run,
      mark: work,
      message: null,
      operation: null,
      task,
    });
  }

  #diskLatencyUs(slot: number): number {
    const mean = this.calm ? 500 : this.scenario.knobs.diskMeanUs;
    const stall = this.stalls[slot] as number;
    const latency = 1 + this.random.disk.below(2 * mean);
    return stall > this.now ? stall - this.now + latency : latency;
  }

  #readBytesMax(bytesMax: number): number {
    const { shortReads = 0 } = this.scenario.knobs;
    return shortReads > 0 && this.random.disk.chance(shortReads) ? 1 : bytesMax;
  }

  /** The next event; false if there is none. */
  step(): boolean {
    const event = this.queue.pop();
    if (event === undefined) return false;
    this.events++;
    this.hash.mixTime(this.now);
    this.hash.mix((event.kind << 24) ^ (event.slot << 16) ^ event.mark);
    switch (event.kind) {
      case Kind.WORLD:
        (event.task as () => void)();
        return true;
      case Kind.CLIENT:
        this.#client(this.clients[event.slot] as ModelClient, event.run);
        return true;
      default:
        this.#memberEvent(event, assertDefined(this.members[event.slot], 'a born member'));
        return true;
    }
  }

  #memberEvent(event: WorldEvent, member: Member): void {
    const { kind } = event;
    if (!member.alive) {
      if (kind === Kind.SUBMIT) this.#refused(event);
      return;
    }
    if ((kind === Kind.TICK || kind === Kind.TASK) && event.run !== member.run) return;
    if (member.pausedUntil > this.now) {
      this.queue.push(member.pausedUntil, event);
      return;
    }
    switch (kind) {
      case Kind.MESSAGE:
        if (!this.#deliver(event, member)) return;
        break;
      case Kind.TICK:
        if (this.#ticks(member.slot)) member.node.tick();
        this.#push(this.now + this.#tickUs(member.slot), Kind.TICK, member.slot, member.run);
        break;
      case Kind.TASK:
        (event.task as () => void)();
        // The task may have ended the process.
        if (event.run !== member.run) return;
        break;
      default:
        if (!this.#submit(event, member)) return;
    }
    this.settle(member);
  }

  /** Something was done to a member: it acts on it, and the judges look. */
  settle(member: Member): void {
    member.drain();
    this.raftJudge.observe(member);
    if ((this.events & SAMPLE_MASK) === 0) this.#sample(member);
  }

  #sample(member: Member): void {
    this.raftJudge.checkProgress(member);
    if (!member.node.isLeader) return;
    const { uncommittedBytesMax, paddingMax } = this.scenario.knobs;
    const bytes = this.raftJudge.uncommittedBytes(member.slot);
    this.boundsJudge.uncommitted(member.slot, bytes, uncommittedBytesMax, paddingMax + 64);
  }

  /** A clock that stands still tells nobody that time passes. */
  #ticks(slot: number): boolean {
    return (this.frozenUntil[slot] as number) <= this.now;
  }

  #tickUs(slot: number): number {
    return (this.clocks[slot] as DriftingClock).trueUs(this.scenario.knobs.tickMs * MS);
  }

  #deliver(event: WorldEvent, member: Member): boolean {
    const message = event.message as RaftMessage;
    if (event.run !== this.network.epoch(message.from, message.to)) {
      this.coverage.see('sim:stale-frame-dropped');
      return false;
    }
    const mark = markOf(message);
    if (mark !== event.mark) {
      unsafe('I3', `a message ${message.from}->${message.to} was changed after it was sent`);
    }
    this.trace?.(`${timeText(this.now)} #${this.events} ${messageText(message)}`);
    this.boundsJudge.delivered(message);
    member.step(message);
    return true;
  }

  #send(message: RaftMessage): void {
    const { from, to, type } = message;
    const sender = assertDefined(this.members[from], 'a sender');
    if (!(to > 0)) unsafe('I26', `member ${from} sends to nobody`);
    this.raftJudge.sent(sender, message);
    this.boundsJudge.sent(sender.config, message);
    if (this.members[to] === undefined) return;
    const mark = markOf(message);
    this.hash.mix(mark);
    this.network.route(from, to, type, this.now, (at, epoch) => {
      this.queue.push(at, {
        kind: Kind.MESSAGE,
        slot: to,
        run: epoch,
        mark,
        message,
        operation: null,
        task: null,
      });
    });
  }

  #raftEvent(slot: number, e: RaftEvent): void {
    this.coverage.event(e);
    this.trace?.(`${timeText(this.now)} #${this.events} ${eventText(slot, e)}`);
    const member = this.members[slot];
    if (e.kind === 'role' && e.role === Role.LEADER) {
      this.raftJudge.elected(slot, e.term);
      if (e.term > this.#leaderTerm) {
        this.#leader = slot;
        this.#leaderTerm = e.term;
      }
      if (member && isJoint(member.confState)) this.coverage.see('sim:leader-elected-in-joint');
    } else if (e.kind === 'log-truncated') {
      if (member && member.store.appendsInFlight > 0) {
        this.coverage.see('sim:truncated-with-writes-in-flight');
      }
    } else if (e.kind === 'snapshot' && e.step === 'accepted') {
      const sender = this.members[e.peer];
      if (sender && isJoint(sender.confState)) this.coverage.see('sim:snapshot-accepted-in-joint');
    }
  }

  // Clients.

  #present(): Present {
    return {
      answered: this.historyJudge.answered,
      commit: this.oracle.commit,
      revision: this.oracle.machine.revision,
    };
  }

  #client(client: ModelClient, turn: number): void {
    if (client.turn !== turn) return;
    if (client.operation !== null) {
      this.members[client.asking]?.forget(client.operation);
      if (client.exhausted) {
        client.operation = null;
        this.coverage.see('sim:operation-abandoned');
      }
    }
    if (client.operation === null) {
      if (this.clientsStopped) return;
      client.begin(this.#present(), this.calm ? CALM_READ_SHARE : this.scenario.knobs.readShare);
    } else client.again(this.#present());
    const members = this.born.filter((m) => m.alive).map((m) => m.slot);
    client.attempts++;
    client.turn++;
    const { tickMs, electionTicks } = this.scenario.knobs;
    const timeoutUs = (1 + this.random.client.below(2)) * tickMs * electionTicks * MS;
    this.#push(this.now + timeoutUs, Kind.CLIENT, client.id, client.turn);
    if (members.length === 0) return;
    client.asking = client.choose(this.leader?.slot ?? 0, members);
    this.queue.push(this.now + 50, {
      kind: Kind.SUBMIT,
      slot: client.asking,
      run: client.turn,
      mark: client.id,
      message: null,
      operation: client.operation,
      task: null,
    });
  }

  /** Nobody is there: the client's call fails at once. */
  #refused(event: WorldEvent): void {
    const operation = event.operation as Operation;
    const client = this.clients[operation.command.client] as ModelClient;
    if (client.turn === event.run) this.#finished(operation, false);
  }

  /** False if the client has given up waiting meanwhile. */
  #submit(event: WorldEvent, member: Member): boolean {
    const operation = event.operation as Operation;
    const client = this.clients[operation.command.client] as ModelClient;
    if (client.turn !== event.run) return false;
    if (operation.read) {
      member.readStale(operation);
      member.read(operation);
    } else member.propose(operation, client.padding());
    return true;
  }

  #finished(operation: Operation, ok: boolean): void {
    const client = this.clients[operation.command.client] as ModelClient;
    if (client.operation !== operation) return;
    if (ok) client.operation = null;
    else if (operation.read) this.coverage.see('sim:reads-dropped');
    client.turn++;
    const pause = ok ? this.#thinkUs(client) : 5 * MS + this.random.client.below(100 * MS);
    this.#push(this.now + pause, Kind.CLIENT, client.id, client.turn);
  }

  /** In a world that heals a few operations are enough: they only show that there is progress. */
  #thinkUs(client: ModelClient): number {
    const { tickMs, electionTicks, clients } = this.scenario.knobs;
    if (!this.calm) return client.thinkUs();
    return 1 + this.random.client.below(Math.ceil((clients * tickMs * electionTicks * MS) / 4));
  }

  // Members come and go.

  #transfer(from: number, to: number, image: Image, done: (ok: boolean) => void): void {
    const { snapshotMs } = this.scenario.knobs;
    const delay = 1 + this.random.snapshot.below(2 * (this.calm ? 5 : snapshotMs) * MS);
    if (++this.#transfers > 1) this.coverage.see('sim:snapshots-to-two-at-once');
    this.#later(from, Work.SNAPSHOT, delay, () => {
      const receiver = this.members[to];
      const reached = receiver?.alive === true && !this.network.isCut(from, to);
      const ok = reached && (this.calm || !this.random.snapshot.chance(0.1));
      if (ok) (receiver as Member).receiveSnapshot(image);
      done(ok);
    });
    this.at(this.now + delay, () => {
      this.#transfers--;
    });
  }

  crash(member: Member, power: boolean): void {
    if (!member.alive) return;
    this.trace?.(`${timeText(this.now)} #${this.events} === ${member.slot} crashes`);
    this.coverage.see('sim:crash');
    if (member.store.appendsInFlight > 0) this.coverage.see('sim:crash-with-writes-in-flight');
    if (member.isInstalling) this.coverage.see('sim:crash-while-installing');
    this.stalls[member.slot] = 0;
    member.crash(power);
    if (!this.scenario.knobs.staleFrames) {
      this.network.resetAll(member.slot, false);
    }
  }

  restart(member: Member): void {
    if (member.alive || member.lost || this.keptDown.has(member.slot)) return;
    this.trace?.(`${timeText(this.now)} #${this.events} === ${member.slot} starts`);
    if (!member.restart(this.freshSeed())) {
      this.coverage.see('sim:log-lost');
      return;
    }
    this.coverage.see('sim:restart');
    if ((this.fullUntil[member.slot] as number) > this.now) member.store.failNextWrite();
    this.#startTicking(member);
    this.settle(member);
  }

  /** A write failed: the process ends at once, and is started again later. */
  diskFailed(slot: number): void {
    const member = this.members[slot] as Member;
    this.coverage.see('sim:disk-failed');
    this.crash(member, false);
    const down = 1 + this.random.crash.below((this.calm ? 10 : 2_000) * MS);
    this.at(this.now + down, () => this.restart(member));
  }
}
