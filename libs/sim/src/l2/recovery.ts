/**
 * The liveness phase (C5): the world is whole again but for what is lost for good, and the cluster must
 * get well: one leader, everybody serves, what is lost is replaced, whoever was removed has stopped,
 * every door takes a write, all states are one and nothing stirs.
 */
import {
  MemberAddRequest,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberRemoveRequest,
  PutRequest,
} from '@conclave/wire';
import { ExitCode } from '../failure.js';
import type { SimClient } from './client.js';
import type { Cluster } from './cluster.js';
import { idsOf } from './conf-history.js';
import { judgeBounds } from './judges/bounds.js';
import { SimMember } from './member.js';
import { peerURL } from './member-shape.js';
import { Method, putRequest } from './requests.js';

/** A healed cluster is given so long for each step (true time). */
const SETTLE_MS = 60_000;
const LOOK_MS = 100;

export class Recovery {
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
      this.#replaceLost() &&
      this.#until('members that were removed have stopped', SETTLE_MS, () => this.#leftStopped()) &&
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
      replayChance: 0,
    };
    network.heal();
    for (const member of members) {
      member.disk.heal();
      member.host.clock.thaw();
      member.host.resume();
      member.start();
    }
    for (const gateway of gateways) {
      gateway.host.clock.thaw();
      gateway.host.resume();
      // Its operator tells one anew that knew only members that are gone by now.
      if (!gateway.knowsOneOf(this.#configuredIds())) gateway.crash();
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

  /** Ids of the newest configuration that anybody has applied. */
  #configuredIds(): readonly bigint[] {
    const { newest } = this.#cluster.oracle.configurations;
    return newest === null ? [] : idsOf(newest);
  }

  /** Its members, but for those that are lost for good. */
  #configured(): SimMember[] {
    const cluster = this.#cluster;
    const ids = this.#configuredIds();
    for (const id of ids) if (cluster.member(id) === undefined) cluster.launch(id);
    return cluster.members.filter((m) => ids.includes(m.id) && !cluster.isGone(m.id));
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

  /** An operator replaces who is lost for good: removes it and adds another under a new id. */
  #replaceLost(): boolean {
    const cluster = this.#cluster;
    if (!cluster.scenario.changesMembers) return true;
    const lost = this.#configuredIds().filter((id) => cluster.isGone(id));
    if (lost.length === 0) return true;
    cluster.coverage.count('replaced at the end');
    const client = cluster.newClient('replacer', (endpoint) => {
      return endpoint instanceof SimMember && endpoint.replica?.isLearner === false;
    });
    const id = cluster.members.reduce((max, m) => (m.id > max ? m.id : max), 0n) + 100n;
    this.#operate(client, lost, id);
    return this.#until('a new member in place of the lost one', SETTLE_MS, () => {
      const { newest } = cluster.oracle.configurations;
      if (newest?.voters.includes(id) !== true || lost.some((one) => idsOf(newest).includes(one))) {
        return false;
      }
      return this.#hasLeader() && this.#allServe();
    });
  }

  /** One step after the other, each as often as it takes. */
  #operate(client: SimClient, lost: readonly bigint[], id: bigint): void {
    const again = (): void => client.host.after(300, () => this.#operate(client, lost, id));
    const ask = (label: string, method: string, body: Uint8Array): void =>
      client.unary(label, method, body, 8_000, again);
    client.connect(() => {
      const list = MemberListRequest.encode({ linearizable: true });
      client.unary('member list', Method.MEMBER_LIST, list, 5_000, (outcome) => {
        if (outcome.type !== 'ok') return again();
        const { members } = MemberListResponse.decode(outcome.response);
        const gone = members.find((m) => lost.includes(m.ID));
        const learner = members.find((m) => m.isLearner && !this.#cluster.isGone(m.ID));
        if (gone !== undefined) {
          return ask('replace', Method.MEMBER_REMOVE, MemberRemoveRequest.encode({ ID: gone.ID }));
        }
        // A place for a learner may be taken by one that was added before: it is promoted first.
        if (learner !== undefined) {
          this.#cluster.launch(learner.ID);
          const body = MemberPromoteRequest.encode({ ID: learner.ID });
          return ask('promote', Method.MEMBER_PROMOTE, body);
        }
        if (members.some((m) => m.ID === id)) return;
        const body = MemberAddRequest.encode({ peerURLs: [peerURL(id)], isLearner: true });
        ask('add learner', Method.MEMBER_ADD, body);
      });
    });
  }

  /**
   * Whoever was removed has learnt of it and stopped (I26). One that only ever knew members that are gone
   * as well hears of nothing any more: it serves nobody.
   */
  #leftStopped(): boolean {
    const { removed } = this.#cluster.oracle.configurations;
    const present = this.#configuredIds();
    return this.#cluster.members.every((m) => {
      return !removed.has(m.id) || !m.host.isUp || (!m.isServing && !m.knowsOneOf(present));
    });
  }

  /** A write at every door that is open: each gateway, each voter. */
  #probes(): boolean {
    const cluster = this.#cluster;
    const doors = [...cluster.gateways, ...this.#configured().filter((m) => this.#isVoter(m))];
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

  #isVoter({ id }: SimMember): boolean {
    return this.#cluster.oracle.configurations.newest?.voters.includes(id) === true;
  }

  #allEqual(): boolean {
    const configured = this.#configured();
    const { appliedIndex } = this.#cluster.oracle;
    return configured.every((m) => m.replica?.appliedIndex === appliedIndex);
  }

  #term(): number {
    return Math.max(...this.#configured().map((m) => m.replica?.term ?? 0));
  }

  /** Nothing stirs any more: no new terms, all states are one, watchers have had their time. */
  #staysWell(): boolean {
    const cluster = this.#cluster;
    const term = this.#term();
    if (!cluster.runUntil(cluster.timeline.nowMs + 3 * cluster.electionMs + 8_000)) return false;
    if (this.#term() !== term) {
      cluster.fail(ExitCode.LIVENESS, 'C5', `terms grow in peace: ${term}, then ${this.#term()}`);
      return false;
    }
    for (const member of this.#configured()) {
      const { machine } = member;
      if (machine === null) continue;
      cluster.oracle.hash(member, machine, machine.appliedIndex);
      const held = member.replica?.pendingProposals ?? 0;
      const who = member.host.name;
      const [finding] = judgeBounds([{ who, what: 'proposals of nobody', amount: held, max: 0 }]);
      if (finding !== undefined) cluster.fail(ExitCode.SAFETY, finding.rule, finding.text);
    }
    return cluster.runUntil(cluster.timeline.nowMs + 1_000);
  }
}
