/**
 * One run: chaos for as long as the scenario says, then the world heals and the cluster must get well
 * (C5), then the judges read what was recorded.
 */
import { PutRequest } from '@conclave/wire';
import { ExitCode } from '../failure.js';
import type { SimClient } from './client.js';
import { Cluster } from './cluster.js';
import type { Coverage } from './coverage.js';
import { FaultDriver } from './faults.js';
import { judge } from './judge.js';
import { SimMember } from './member.js';
import { Method, putRequest } from './requests.js';
import type { Scenario } from './scenario.js';

export interface RunOptions {
  /** Stop before this event, unjudged. */
  readonly until?: number;
  /** Gets a line for each thing that happens. */
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  readonly exitCode: ExitCode;
  /** The invariant or check that failed; empty when all is well. */
  readonly rule: string;
  readonly message: string;
  /** Number of the event at which it failed, and its time; 0 when all is well. */
  readonly failedEvent: number;
  readonly failedMs: number;
  readonly events: number;
  /** Virtual time, in microseconds. */
  readonly virtualUs: number;
  readonly hash: string;
  readonly coverage: Coverage;
  readonly commits: number;
  readonly reads: number;
  readonly elections: number;
}

/** A healed cluster is given so long for each step (true time). */
const SETTLE_MS = 60_000;
const LOOK_MS = 100;

export function runScenario(scenario: Scenario, options: RunOptions = {}): Outcome {
  const cluster = new Cluster(scenario, options.trace ?? null);
  const { until } = options;
  if (until !== undefined) cluster.untilEvent = until;
  const faults = new FaultDriver(cluster);
  let isWell = false;
  if (cluster.runUntil(scenario.durationMs)) {
    faults.stop();
    isWell = new Recovery(cluster).run();
  }
  const stuck = cluster.failure;
  if (until === undefined && (stuck === null || stuck.exitCode === ExitCode.LIVENESS)) {
    // What was wrong before it got stuck tells more.
    cluster.failure = null;
    judge(cluster, isWell);
    cluster.failure ??= stuck;
  }
  return outcomeOf(cluster);
}

function outcomeOf(cluster: Cluster): Outcome {
  const { failure, timeline, trace, coverage, oracle, operations, elections } = cluster;
  return {
    exitCode: failure?.exitCode ?? ExitCode.OK,
    rule: failure?.rule ?? '',
    message: failure === null ? '' : `${failure.rule}: ${failure.text}`,
    failedEvent: failure?.event ?? 0,
    failedMs: failure?.atMs ?? 0,
    events: timeline.executed,
    virtualUs: timeline.now,
    hash: trace.hash,
    coverage,
    commits: oracle.commits.length,
    reads: operations.filter((op) => op.method === Method.RANGE).length,
    elections,
  };
}

/** The liveness phase. */
class Recovery {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  run(): boolean {
    const cluster = this.#cluster;
    cluster.isEnding = true;
    this.#heal();
    const { electionMs } = cluster;
    // C5: a leader within 10 election timeouts; a member that replays its log takes its time.
    const leaderMs = 10 * electionMs + 10_000;
    return (
      this.#until('one leader that all follow', leaderMs, () => this.#hasLeader()) &&
      this.#until('every member of the configuration serves', SETTLE_MS, () => this.#allServe()) &&
      this.#probes() &&
      this.#until('all calls of clients have ended', SETTLE_MS, () =>
        cluster.clients.every((client) => client.pending === 0),
      ) &&
      this.#until('all leases of clients that are gone have ended', SETTLE_MS, () => {
        return cluster.oracle.leaseCount === 0;
      }) &&
      this.#until('all members have applied the same', SETTLE_MS, () => this.#allEqual()) &&
      this.#staysWell()
    );
  }

  #heal(): void {
    const { network, members, gateways, trace, watchClients } = this.#cluster;
    trace.note('sim', 'heals');
    network.shape = {
      minMs: 0.1,
      meanMs: 0.3,
      lossChance: 0,
      duplicateChance: 0,
      reorderChance: 0,
    };
    network.heal();
    for (const member of members) {
      member.host.resume();
      member.start();
    }
    for (const gateway of gateways) {
      gateway.host.resume();
      gateway.start();
    }
    for (const watcher of watchClients) watcher.settle();
  }

  #until(what: string, ms: number, check: () => boolean): boolean {
    const cluster = this.#cluster;
    const endMs = cluster.timeline.nowMs + ms;
    while (!check()) {
      if (cluster.timeline.nowMs >= endMs) {
        const text = `after ${ms} ms still not: ${what}; ${this.#state()}`;
        cluster.fail(ExitCode.LIVENESS, 'C5', text);
        return false;
      }
      const nextMs = cluster.timeline.nowMs + LOOK_MS;
      let isLooking = true;
      cluster.timeline.after(LOOK_MS, () => void (isLooking = false));
      while (isLooking) if (!cluster.runUntil(nextMs + 1)) return false;
    }
    return true;
  }

  #state(): string {
    const parts = this.#cluster.members.map(({ host, replica, isRemoved }) => {
      if (isRemoved) return `${host.name} removed`;
      if (replica === null) return `${host.name} ${host.isUp ? 'starting' : 'down'}`;
      const { term, leaderId, commitIndex, lastIndex, appliedIndex, published } = replica;
      return `${host.name} term ${term} leader ${leaderId} applied ${appliedIndex} commit ${commitIndex} last ${lastIndex} ${published ? 'serves' : ''}`;
    });
    const pending = this.#cluster.clients.filter((c) => c.pending > 0).map((c) => c.host.name);
    return `${parts.join(', ')}; waiting ${pending.join(' ')}; leases ${this.#cluster.oracle.leaseCount}`;
  }

  /** The members of the newest configuration that anybody has applied. */
  #configured(): SimMember[] {
    const cluster = this.#cluster;
    let newest: SimMember | null = null;
    for (const member of cluster.members) {
      const index = member.replica?.appliedIndex ?? -1;
      if (index > (newest?.replica?.appliedIndex ?? -1)) newest = member;
    }
    const ids = newest?.replica?.machine.members.map((m) => m.id) ?? [];
    for (const id of ids) if (cluster.member(id) === undefined) cluster.launch(id);
    return cluster.members.filter((m) => ids.includes(m.id) && !m.isWiped);
  }

  #hasLeader(): boolean {
    const configured = this.#configured();
    const leaders = configured.filter((m) => m.replica?.isLeader === true);
    if (leaders.length !== 1) return false;
    const leader = leaders[0] as SimMember;
    return configured.every((m) => {
      return m.replica?.leaderId === leader.id && m.replica.term === leader.replica?.term;
    });
  }

  #allServe(): boolean {
    return this.#configured().every((m) => m.isServing);
  }

  /** A write at every door that is open: each gateway, each voter. */
  #probes(): boolean {
    const cluster = this.#cluster;
    const doors = [
      ...cluster.gateways,
      ...this.#configured().filter((m) => m.replica?.isLearner === false),
    ];
    const written = new Set<string>();
    doors.forEach((door, i) => {
      const client = cluster.newClient(`p${i}`, (endpoint) => endpoint === door);
      this.#write(client, door.host.name, 1, written);
    });
    // A removal that was asked for before may take effect only now.
    const isDone = (door: (typeof doors)[number]): boolean =>
      written.has(door.host.name) || (door instanceof SimMember && door.isRemoved);
    return this.#until('a write at every door', SETTLE_MS, () => doors.every(isDone));
  }

  #write(client: SimClient, door: string, round: number, written: Set<string>): void {
    client.connect(() => {
      const request = putRequest(`u/probe/${door}/${round}`, `probe-${door}-${round}`);
      client.unary('probe', Method.PUT, PutRequest.encode(request), null, (outcome) => {
        if (outcome.type === 'ok') written.add(door);
        else client.host.after(100, () => this.#write(client, door, round + 1, written));
      });
    });
  }

  #allEqual(): boolean {
    const configured = this.#configured();
    const { appliedIndex } = this.#cluster.oracle;
    return configured.every((m) => m.replica?.appliedIndex === appliedIndex);
  }

  /** Nothing stirs any more: no new terms, all states are one, watchers have had their time. */
  #staysWell(): boolean {
    const cluster = this.#cluster;
    const terms = this.#configured().map((m) => m.replica?.term);
    if (!cluster.runUntil(cluster.timeline.nowMs + 3 * cluster.electionMs + 8_000)) return false;
    const after = this.#configured().map((m) => m.replica?.term);
    if (after.some((term, i) => term !== terms[i])) {
      cluster.fail(ExitCode.LIVENESS, 'C5', `terms grow in peace: ${terms.join()} ${after.join()}`);
      return false;
    }
    for (const member of this.#configured()) {
      const { machine } = member;
      if (machine === null) continue;
      cluster.oracle.hash(member, machine, machine.appliedIndex);
    }
    return cluster.runUntil(cluster.timeline.nowMs + 1_000);
  }
}
