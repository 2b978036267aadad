/** What goes wrong while a run lasts: the schedule of the scenario, carried out. */
import { Random } from '@conclave/base';
import { MessageType } from '@conclave/wire';
import type { Host } from './host.js';
import type { SimMember } from './member.js';
import type { Cluster } from './cluster.js';
import type { FaultKind } from './scenario.js';

/** Points of a member's work at which it may be worth dying. */
const POINTS: readonly string[] = [
  'receiving snapshot',
  'flushed a part of a snapshot',
  'received snapshot',
  'applying snapshot',
  'applying snapshot',
  'applying snapshot',
  'applied snapshot',
  'sent snapshot',
  'compacted Raft logs',
  'finished scheduled compaction',
  'raft.node: elected leader',
  'raft.node: lost leader',
];

const POINTS_OF_A_RECEIVER: readonly string[] = [
  'flushed a part of a snapshot',
  'received snapshot',
  'applying snapshot',
  'applied snapshot',
];
const DAY_MS = 86_400_000;
const MUTABLE: readonly MessageType[] = [
  MessageType.APPEND,
  MessageType.APPEND_RESPONSE,
  MessageType.HEARTBEAT,
  MessageType.HEARTBEAT_RESPONSE,
  MessageType.VOTE,
  MessageType.VOTE_RESPONSE,
  MessageType.PRE_VOTE_RESPONSE,
  MessageType.SNAPSHOT,
  MessageType.READ_INDEX_RESPONSE,
  MessageType.PROPOSE,
];

export class FaultDriver {
  readonly #cluster: Cluster;
  /** Of the fault being carried out. */
  #random = new Random(0);
  #isOver = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    for (const { atMs, kind, salt } of cluster.scenario.faults) {
      cluster.timeline.after(atMs, () => {
        if (this.#isOver) return;
        this.#random = new Random(salt);
        this.#inject(kind);
      });
    }
  }

  /** Nothing more goes wrong; what has gone wrong is healed by somebody else. */
  stop(): void {
    this.#isOver = true;
  }

  #inject(fault: FaultKind): void {
    const { coverage, members, gateways, connections, trace } = this.#cluster;
    coverage.count(`fault ${fault}`);
    const alive = members.filter((m) => m.host.isUp);
    const member = this.#victim(alive);
    switch (fault) {
      case 'kill':
      case 'power':
        if (member !== null) this.#crash(member, fault === 'power');
        return;
      case 'kill-all':
        for (const one of alive) if (this.#random.chance(0.8)) this.#crash(one, true);
        return;
      case 'ambush':
        return this.#ambush();
      case 'pause':
        if (member !== null) this.#pause(member.host);
        return;
      case 'gateway':
        return this.#gateway(gateways);
      case 'gateway-pause':
        if (gateways.length > 0) this.#pause(this.#random.pick(gateways).host);
        return;
      case 'isolate':
      case 'halves':
      case 'one-way':
        return this.#partition(fault);
      case 'reset': {
        const all = [...connections];
        if (all.length === 0) return;
        trace.note('net', 'a connection is reset');
        this.#random.pick(all).break();
        return;
      }
      case 'stall':
        if (member === null) return;
        trace.note(member.host.name, 'disk stalls');
        member.disk.stall(this.#span(500, 6_000));
        return;
      case 'disk-error':
        if (member === null) return;
        trace.note(member.host.name, 'disk fails');
        member.disk.failOnce();
        return;
      case 'disk-full':
      case 'state-error':
      case 'slow-state':
        if (member !== null) this.#disk(fault, member);
        return;
      case 'lag':
        return this.#lag();
      case 'mute':
        return this.#mute();
      case 'clock-step':
      case 'clock-freeze':
        return this.#clock(fault);
      case 'wipe':
        return this.#wipe();
      case 'lose':
        if (member !== null) this.#lose(member);
        return;
      case 'slow-network':
        return this.#slow();
    }
  }

  /** Somebody who is up; the leader more often than others. */
  #victim(alive: readonly SimMember[]): SimMember | null {
    if (alive.length === 0) return null;
    const leader = alive.find((m) => m.replica?.isLeader === true);
    return leader !== undefined && this.#random.chance(0.35) ? leader : this.#random.pick(alive);
  }

  #span(lo: number, hi: number): number {
    return lo + this.#random.below(hi - lo);
  }

  #crash(member: SimMember, power: boolean): void {
    member.crash(power);
    const delay = this.#random.chance(0.5) ? this.#span(1, 50) : this.#span(50, 6_000);
    this.#cluster.timeline.after(delay, () => member.start());
  }

  #ambush(): void {
    for (let n = 0; n < 3; n++) this.#lieInWait(this.#random.pick(POINTS), null);
  }

  #lieInWait(message: string, member: SimMember | null): void {
    this.#cluster.trace.note('sim', `lies in wait for "${message}"`);
    this.#cluster.layAmbush({
      member,
      message,
      delayMs: this.#random.chance(0.7) ? this.#random.fraction() * 3 : this.#span(3, 200),
      downMs: this.#span(1, 1_500),
      power: this.#random.chance(0.5),
    });
  }

  #disk(fault: 'disk-full' | 'state-error' | 'slow-state', { disk, host }: SimMember): void {
    this.#cluster.trace.note(host.name, fault);
    if (fault === 'disk-full') disk.fillUp(this.#span(100, 6_000));
    else if (fault === 'slow-state') disk.slowState(this.#span(2, 200), this.#span(500, 6_000));
    else disk.failState(this.#random.pick(['flush', 'flush', 'write', 'get', 'scan', 'close']));
  }

  /** A follower misses so much that it needs the whole state; on the way to it, it may die. */
  #lag(): void {
    const { members, machines, network, timeline, trace } = this.#cluster;
    const able = members.filter((m) => m.replica !== null && !m.replica.isLeader);
    if (able.length === 0) return;
    const member = this.#random.pick(able);
    trace.note('net', `${member.host.name} is left behind`);
    const links: [Host, Host][] = [];
    for (const other of machines) {
      if (other !== member.host) links.push([member.host, other], [other, member.host]);
    }
    for (const [from, to] of links) network.block(from, to);
    for (const message of POINTS_OF_A_RECEIVER) {
      if (this.#random.chance(0.35)) this.#lieInWait(message, member);
    }
    timeline.after(this.#span(1_000, 6_000), () => {
      trace.note('net', `${member.host.name} is back`);
      for (const [from, to] of links) network.unblock(from, to);
    });
  }

  /** One kind of message gets lost between all members. */
  #mute(): void {
    const { network, timeline, trace } = this.#cluster;
    const type = this.#random.pick(MUTABLE);
    trace.note('net', `messages of type ${type} get lost`);
    network.mutedType = type;
    timeline.after(this.#span(300, 5_000), () => {
      if (network.mutedType === type) network.mutedType = -1;
    });
  }

  #clock(fault: 'clock-step' | 'clock-freeze'): void {
    const { members, gateways, timeline, trace } = this.#cluster;
    const { clock, name } = this.#random.pick([...members, ...gateways]).host;
    if (fault === 'clock-step') {
      const byMs = this.#random.pick([-DAY_MS, DAY_MS, -3_600_000, -1_500, 1_500]);
      trace.note(name, `wall clock is set by ${byMs} ms`);
      return clock.stepWall(byMs);
    }
    trace.note(name, 'clock stands still');
    clock.freeze();
    timeline.after(this.#span(200, 8_000), () => clock.thaw());
  }

  #pause(host: Host): void {
    host.pause();
    this.#cluster.timeline.after(this.#span(50, 8_000), () => host.resume());
  }

  /**
   * Only where the others can do without it: until the operator has replaced it, or for ever if nobody
   * changes members.
   */
  #wipe(): void {
    const { members, scenario } = this.#cluster;
    const leader = members.find((m) => m.replica?.isLeader === true);
    const member = this.#random.pick(members);
    if (scenario.changesMembers) return this.#wipeOne(member);
    if (leader === undefined || member === leader || this.#random.chance(0.3)) {
      return this.#wipeOne(member);
    }
    this.#wipeAtWorst(leader, member);
  }

  #wipeOne(member: SimMember): void {
    if (member.replica?.published !== true || !this.#cluster.canSpare(member.id)) return;
    member.wipe();
    this.#cluster.coverage.count('member wiped');
    this.#cluster.timeline.after(this.#span(1, 500), () => member.start());
  }

  /** Only with somebody who replaces it. */
  #lose(member: SimMember): void {
    if (!this.#cluster.scenario.changesMembers || !this.#cluster.canSpare(member.id)) return;
    this.#cluster.coverage.count('member lost');
    member.lose();
  }

  /**
   * A minority misses what the others write; then one of those is wiped and the leader dies. Were the
   * wiped one to vote, the minority could win with it and lose what was acknowledged.
   */
  #wipeAtWorst(leader: SimMember, member: SimMember): void {
    const { members, machines, network, timeline, trace } = this.#cluster;
    const others = members.filter((m) => m !== leader && m !== member);
    const behind = others.slice(0, (members.length - 1) >> 1);
    const ahead = others.slice(behind.length);
    const cut = (hosts: readonly SimMember[], isCut: boolean): void => {
      for (const { host } of hosts) {
        for (const other of machines) {
          if (isCut) network.block(host, other);
          else network.unblock(host, other);
          if (isCut) network.block(other, host);
          else network.unblock(other, host);
        }
      }
    };
    const [wipeMs, healMs, downMs] = [this.#span(400, 1_500), this.#span(1, 50), 4_000];
    trace.note('net', `${behind.map((m) => m.host.name).join(' ')} fall behind`);
    cut(behind, true);
    timeline.after(wipeMs, () => {
      if (this.#isOver) return;
      this.#wipeOne(member);
      leader.crash(false);
      cut(ahead, true);
      timeline.after(healMs, () => cut(behind, false));
      timeline.after(downMs, () => {
        cut(ahead, false);
        leader.start();
      });
    });
  }

  #gateway(gateways: Cluster['gateways']): void {
    if (gateways.length === 0) return;
    const gateway = this.#random.pick(gateways);
    gateway.crash();
    this.#cluster.timeline.after(this.#span(1, 2_000), () => gateway.start());
  }

  #partition(fault: 'isolate' | 'halves' | 'one-way'): void {
    const { network, timeline, trace, members } = this.#cluster;
    const hosts = this.#cluster.machines;
    const left = new Set<Host>();
    if (fault === 'halves') {
      for (const host of hosts) if (this.#random.chance(0.5)) left.add(host);
    } else {
      const alive = members.filter((m) => m.host.isUp);
      left.add((this.#victim(alive) ?? this.#random.pick(members)).host);
    }
    const names = [...left].map((h) => h.name).join(' ');
    const inward = fault === 'one-way' && this.#random.chance(0.5);
    trace.note('net', `${fault} ${inward ? 'towards' : 'from'} ${names}`);
    const cut: [Host, Host][] = [];
    for (const a of hosts) {
      for (const b of hosts) {
        if (!left.has(a) || left.has(b)) continue;
        // Which of the links of a one-way fault are hit is drawn as well: it may be one only.
        if (fault === 'one-way' && this.#random.chance(0.3)) continue;
        if (fault !== 'one-way' || !inward) cut.push([a, b]);
        if (fault !== 'one-way' || inward) cut.push([b, a]);
      }
    }
    for (const [from, to] of cut) network.block(from, to);
    timeline.after(this.#span(50, 8_000), () => {
      trace.note('net', `heals ${names}`);
      for (const [from, to] of cut) network.unblock(from, to);
    });
  }

  #slow(): void {
    const { network, timeline, trace, scenario } = this.#cluster;
    trace.note('net', 'slow and lossy');
    const meanMs = 50 + this.#random.below(150);
    network.shape = { ...scenario.network, meanMs, lossChance: 0.2 };
    timeline.after(this.#span(500, 5_000), () => {
      if (!this.#isOver) network.shape = scenario.network;
    });
  }
}
