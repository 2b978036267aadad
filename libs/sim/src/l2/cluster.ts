/**
 * A whole cluster with its gateways and clients in virtual time: builds it from a scenario, lets time
 * pass, and keeps the first failure.
 */
import { Random } from '@conclave/base';
import { ExitCode, Verdict } from '../failure.js';
import { type ClientWorld, SimClient } from './client.js';
import type { Connection, ConnectionPorts } from './connection.js';
import { canDecide, idsOf } from './conf-history.js';
import { Coverage } from './coverage.js';
import { type Endpoint, SimGateway } from './gateway.js';
import type { Host, HostPorts } from './host.js';
import { judgeBounds } from './judges/bounds.js';
import type { Operation, WatchRecord } from './judges/history.js';
import type { LeaseRecord } from './judges/lease.js';
import { LeaseClient } from './lease-client.js';
import { LockClient, type LockRecord } from './lock-client.js';
import { SimMember } from './member.js';
import { type KnownPeer, peerURL } from './member-shape.js';
import { Network } from './network.js';
import { Operator } from './operator.js';
import { Oracle } from './oracle.js';
import type { Scenario } from './scenario.js';
import { Timeline } from './timeline.js';
import { Trace } from './trace.js';
import { WatchClient } from './watch-client.js';
import { Worker } from './worker.js';

export interface Failure {
  readonly exitCode: ExitCode;
  readonly rule: string;
  readonly text: string;
  /** Number of the event, and its time. */
  readonly event: number;
  readonly atMs: number;
}

/** A crash at a named point of a member's work. */
export interface Ambush {
  /** Only this member; null: whoever comes by. */
  readonly member: SimMember | null;
  readonly message: string;
  readonly delayMs: number;
  readonly downMs: number;
  readonly power: boolean;
}

const SWEEP_MS = 200;
const CLUSTER_ID = 77n;

export class Cluster {
  readonly scenario: Scenario;
  readonly timeline = new Timeline();
  readonly trace: Trace;
  readonly network: Network;
  readonly connections = new Set<Connection>();
  readonly coverage = new Coverage();
  readonly oracle: Oracle;
  readonly members: SimMember[] = [];
  readonly gateways: SimGateway[] = [];
  readonly clients: SimClient[] = [];
  readonly watchClients: WatchClient[] = [];
  readonly operations: Operation[] = [];
  readonly watchRecords: WatchRecord[] = [];
  readonly leaseRecords: LeaseRecord[] = [];
  readonly lockRecords: LockRecord[] = [];
  operator: Operator | null = null;
  /** Told of each machine that is set up while the cluster runs, before its process starts. */
  onLaunch: (() => void) | null = null;
  readonly random: Random;
  failure: Failure | null = null;
  isEnding = false;
  /** Leaders seen, each term once. */
  elections = 0;
  readonly #ledTerms = new Map<number, bigint>();
  readonly #ambushes: Ambush[] = [];
  /** Stop before this event; for replays. */
  untilEvent = Number.POSITIVE_INFINITY;
  #stamp = 0;
  readonly #links: ConnectionPorts;
  readonly #hostPorts: HostPorts;
  readonly #clientWorld: ClientWorld;

  constructor(scenario: Scenario, print: ((line: string) => void) | null) {
    this.scenario = scenario;
    this.random = new Random(scenario.seed ^ 0x5eed_0002);
    const { timeline } = this;
    this.trace = new Trace(timeline, print);
    this.network = new Network(timeline, this.random.fork(), scenario.network);
    this.#links = { network: this.network, timeline, connections: this.connections };
    this.oracle = new Oracle(timeline, this.trace, () => this.stamp());
    this.#hostPorts = {
      timeline,
      trace: this.trace,
      crashed: (host, error) => this.#crashed(host.name, error),
    };
    this.#clientWorld = this.#newClientWorld();
    this.#build();
    this.#sweep();
  }

  get electionMs(): number {
    const { tickMs, electionTicks } = this.scenario.member;
    return tickMs * electionTicks;
  }

  /** Machines that a partition may set apart: members, gateways, clients. */
  get machines(): readonly Host[] {
    return [
      ...this.members.map((m) => m.host),
      ...this.gateways.map((g) => g.host),
      ...this.clients.map((c) => c.host),
    ];
  }

  stamp(): number {
    return ++this.#stamp;
  }

  /** Lets time pass until `endMs`, or until something failed; false: the latter. */
  runUntil(endMs: number): boolean {
    while (this.failure === null && this.timeline.executed < this.untilEvent) {
      try {
        if (!this.timeline.step(endMs)) return true;
      } catch (error) {
        this.#crashed('sim', error);
      }
    }
    return false;
  }

  fail(exitCode: ExitCode, rule: string, text: string): void {
    if (this.failure !== null) return;
    const { executed: event, nowMs: atMs } = this.timeline;
    this.failure = { exitCode, rule, text, event, atMs };
    this.trace.note('sim', `failure ${rule}: ${text}`);
  }

  member(id: bigint): SimMember | undefined {
    return this.members.find((m) => m.id === id);
  }

  /** Machine or data directory of this member are lost: it cannot be counted on any more. */
  isGone(id: bigint): boolean {
    const member = this.member(id);
    return member !== undefined && (member.isLost || member.isWiped);
  }

  /** Could the cluster do without `id` from now on, until it is replaced? */
  canSpare(id: bigint): boolean {
    const { newest } = this.oracle.configurations;
    if (newest === null || this.operator?.isSettled === false) return false;
    const ids = idsOf(newest);
    return !ids.some((one) => this.isGone(one)) && canDecide(newest, (one) => one !== id);
  }

  /** A machine for a member that the cluster has added; its process starts now, if it ever may. */
  launch(id: bigint): void {
    let member = this.member(id);
    if (member === undefined) {
      if (this.oracle.configurations.removed.has(id)) return;
      member = this.#newMember(id, null);
      this.coverage.count('member launched');
      this.onLaunch?.();
    }
    member.start();
  }

  newClient(name: string, accepts: (endpoint: Endpoint) => boolean): SimClient {
    const client = new SimClient(this.#clientWorld, name, this.random.fork(), accepts);
    this.clients.push(client);
    return client;
  }

  #build(): void {
    const { scenario } = this;
    const founders: KnownPeer[] = [];
    for (let i = 1n; i <= BigInt(scenario.members); i++) {
      founders.push({ id: i, peerURLs: [peerURL(i)] });
    }
    for (const { id } of founders) this.#newMember(id, founders).start();
    for (let i = 1; i <= scenario.gateways; i++) {
      const gateway = new SimGateway(
        {
          hostPorts: this.#hostPorts,
          links: this.#links,
          electionMs: this.electionMs,
          linkCreditBytes: scenario.linkCreditBytes,
          member: (id) => this.member(id),
          endpoints: () => this.#knownMembers()?.map((m) => m.id) ?? founders.map((f) => f.id),
        },
        i,
        this.#drift(),
        this.random.fork(),
      );
      this.gateways.push(gateway);
      gateway.start();
    }
    this.#buildClients();
  }

  #newClientWorld(): ClientWorld {
    const isEnding = (): boolean => this.isEnding;
    const nowMs = (): number => this.timeline.nowMs;
    return {
      hints: { deleted: 0, compacted: 0 },
      hostPorts: this.#hostPorts,
      links: this.#links,
      trace: this.trace,
      coverage: this.coverage,
      operations: this.operations,
      clientCreditBytes: this.scenario.clientCreditBytes,
      stamp: () => this.stamp(),
      endpoints: () => [...this.members, ...this.gateways],
      get isEnding() {
        return isEnding();
      },
      get nowMs() {
        return nowMs();
      },
    };
  }

  #buildClients(): void {
    const { scenario } = this;
    const accepts = (endpoint: Endpoint): boolean => this.#isAllowed(endpoint);
    for (let i = 1; i <= scenario.workers; i++) {
      new Worker(this.newClient(`c${i}`, accepts), scenario.work);
    }
    const watch = { watchersMax: 3, stallChance: scenario.readerStallChance, stallMs: 6_000 };
    for (let i = 1; i <= scenario.watchers; i++) {
      const client = this.newClient(`w${i}`, accepts);
      this.watchClients.push(new WatchClient(client, watch, this.watchRecords));
    }
    const minTtl = Math.ceil((1.5 * this.electionMs) / 1_000);
    for (let i = 1; i <= scenario.leases; i++) {
      new LeaseClient(this.newClient(`l${i}`, accepts), minTtl, this.leaseRecords);
    }
    for (let i = 1; i <= scenario.lockers; i++) {
      new LockClient(this.newClient(`k${i}`, accepts), this.lockRecords);
    }
    const operator = {
      changesMembers: scenario.changesMembers,
      movesLeader: scenario.movesLeader,
      membersMin: Math.min(2, scenario.members),
      membersMax: Math.max(3, scenario.members),
      paceMs: scenario.operatorPaceMs,
    };
    if (operator.changesMembers || operator.movesLeader) {
      const world = {
        launch: (id: bigint) => this.launch(id),
        isGone: (id: bigint) => this.isGone(id),
      };
      const nextId = BigInt(scenario.members + 1);
      this.operator = new Operator(this.newClient('o1', accepts), operator, world, nextId);
    }
  }

  #isAllowed(endpoint: Endpoint): boolean {
    const { access } = this.scenario;
    if (access === 'both') return true;
    return (access === 'gateways') === endpoint instanceof SimGateway;
  }

  #newMember(id: bigint, founders: readonly KnownPeer[] | null): SimMember {
    const member = new SimMember(
      {
        clusterId: CLUSTER_ID,
        links: this.#links,
        trace: this.trace,
        hostPorts: this.#hostPorts,
        shape: this.scenario.member,
        observer: this.oracle,
        coverage: this.coverage,
        member: (other) => this.member(other),
        knownMembers: () => this.#knownMembers(),
        wasRemoved: (one) => this.oracle.configurations.removed.has(one),
        fatal: (one, message) => this.#fatal(one, message),
        unbootable: (one, message) => {
          if (message.includes('simulated I/O error')) return this.#fatal(one, message);
          this.fail(ExitCode.SAFETY, 'boot', `${one.host.name} cannot start: ${message}`);
        },
        logged: (one, message) => this.#logged(one, message),
        reported: (one) => this.#reported(one),
        serving: (one) => this.trace.note(one.host.name, 'serves'),
      },
      id,
      founders,
      this.#drift(),
      this.random.fork(),
    );
    this.members.push(member);
    return member;
  }

  /** The next member that logs this dies shortly after. */
  layAmbush(ambush: Ambush): void {
    this.#ambushes.push(ambush);
  }

  #logged(member: SimMember, message: string): void {
    const at = this.#ambushes.findIndex((one) => {
      return one.message === message && (one.member ?? member) === member;
    });
    if (at < 0 || this.isEnding) return;
    const [ambush] = this.#ambushes.splice(at, 1) as [Ambush];
    this.coverage.count(`ambush at "${message}"`);
    const { life } = member.host;
    this.timeline.after(ambush.delayMs, () => {
      if (member.host.life !== life) return;
      member.crash(ambush.power);
      this.timeline.after(ambush.downMs, () => member.start());
    });
  }

  #reported(member: SimMember): void {
    for (const gateway of this.gateways) gateway.report(member);
    const { replica } = member;
    if (replica?.isLeader !== true) return;
    const other = this.#ledTerms.get(replica.term);
    if (other === member.id) return;
    if (other !== undefined) {
      const text = `m${other} and ${member.host.name} both lead term ${replica.term}`;
      return this.fail(ExitCode.SAFETY, 'I1', text);
    }
    this.#ledTerms.set(replica.term, member.id);
    this.elections++;
  }

  #drift(): number {
    const { driftPpm } = this.scenario;
    return driftPpm === 0 ? 0 : this.random.below(2 * driftPpm + 1) - driftPpm;
  }

  #knownMembers(): readonly KnownPeer[] | null {
    let newest: SimMember | null = null;
    for (const member of this.members) {
      const { host, replica, isWiped } = member;
      if (!host.isUp || host.isPaused || isWiped || replica === null) continue;
      if (replica.appliedIndex > (newest?.replica?.appliedIndex ?? 0)) newest = member;
    }
    const members = newest?.replica?.machine.members ?? [];
    return members.length === 0 ? null : members.map(({ id, peerURLs }) => ({ id, peerURLs }));
  }

  /** A member ended itself. Right after a disk error, wrong otherwise. */
  #fatal(member: SimMember, message: string): void {
    if (member.isWiped && message.includes('wiped data directory')) {
      this.coverage.count('a wiped member found itself out');
      this.timeline.after(0, () => member.crash(false));
      return;
    }
    if (!message.includes('simulated I/O error')) {
      this.fail(ExitCode.CRASH, 'fatal', `${member.host.name}: ${message}`);
      return;
    }
    this.coverage.count('member ended by its disk');
    const { life } = member.host;
    // It is still inside its own code: the process ends with this turn.
    this.timeline.after(0, () => {
      if (member.host.life === life) member.crash(this.random.chance(0.5));
      this.timeline.after(100, () => member.start());
    });
  }

  #crashed(who: string, error: unknown): void {
    if (error instanceof Verdict) return this.fail(error.exitCode, error.rule, error.message);
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.fail(ExitCode.CRASH, 'crash', `${who}: ${text}`);
  }

  #sweep(): void {
    for (const connection of [...this.connections]) connection.sweep();
    for (const member of this.members) {
      const [finding] = judgeBounds(member.holdings(this.clients.length));
      if (finding !== undefined) this.fail(ExitCode.SAFETY, finding.rule, finding.text);
    }
    this.timeline.after(SWEEP_MS, () => this.#sweep());
  }
}
