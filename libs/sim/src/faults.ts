/** Carries out the faults of a scenario in a world, each at its time. */
import { assert, unreachable } from '@conclave/base';
import { MS } from './clock.js';
import type { Member } from './member.js';
import type { Fault } from './scenario.js';
import type { World } from './world.js';

/** Puts all faults into the world's queue; `stop` makes those still to come void. */
export class FaultPlan {
  readonly #world: World;
  #stopped = false;

  constructor(world: World) {
    this.#world = world;
    for (const fault of world.scenario.faults) {
      world.at(fault.at * MS, () => {
        if (!this.#stopped) this.#strike(fault);
      });
    }
  }

  /** No more faults; those that last are undone by whoever stops them. */
  stop(): void {
    this.#stopped = true;
  }

  /** A fault ends by itself after a while, unless all have ended before. */
  #later(ms: number, task: () => void): void {
    this.#world.at(this.#world.now + ms * MS, () => {
      if (!this.#stopped) task();
    });
  }

  #strike(fault: Fault): void {
    const world = this.#world;
    world.trace?.(`=== ${JSON.stringify(fault)}`);
    switch (fault.type) {
      case 'crash': {
        const member = this.#target(fault.node);
        if (member !== undefined) this.#down(member, fault.downMs, false);
        return;
      }
      case 'power-loss':
        world.coverage.see('sim:power-loss');
        for (const member of world.born) this.#down(member, fault.downMs, true);
        return;
      case 'pause': {
        const member = this.#target(fault.node);
        if (member === undefined) return;
        world.coverage.see('sim:pause');
        member.pausedUntil = world.now + fault.forMs * MS;
        return;
      }
      case 'cut':
        this.#cut(fault.links, fault.forMs);
        return;
      case 'isolate-leader':
        this.#isolateLeader(fault.side, fault.forMs);
        return;
      case 'strand-leader':
        this.#strandLeader(fault.forMs);
        return;
      case 'cut-types':
        this.#cutTypes(fault.mask, fault.forMs);
        return;
      case 'clog':
        world.network.clog(fault.from, fault.to, world.now + fault.forMs * MS);
        return;
      case 'reset':
        world.network.reset(fault.a, fault.b);
        return;
      default:
        this.#strikeMember(fault);
    }
  }

  #strikeMember(
    fault: Exclude<
      Fault,
      {
        type:
          | 'crash'
          | 'power-loss'
          | 'pause'
          | 'cut'
          | 'isolate-leader'
          | 'strand-leader'
          | 'cut-types'
          | 'clog'
          | 'reset';
      }
    >,
  ): void {
    const world = this.#world;
    const member =
      fault.type === 'transfer' || fault.type === 'conf-change'
        ? world.leader
        : this.#target(fault.node);
    if (member === undefined || member.pausedUntil > world.now) return;
    switch (fault.type) {
      case 'disk-stall':
        world.stalls[member.slot] = world.now + fault.forMs * MS;
        return;
      case 'eio':
        member.store.failNextWrite();
        return;
      case 'enospc':
        world.coverage.see('sim:disk-full');
        world.fullUntil[member.slot] = world.now + fault.forMs * MS;
        member.store.failNextWrite();
        return;
      case 'lose-log':
        world.crash(member, true);
        world.coverage.see('sim:log-damaged');
        member.store.damage(fault.how ?? 'hole');
        this.#later(500, () => world.restart(member));
        return;
      case 'bad-read':
        member.store.spoilNextRead(fault.how);
        return;
      case 'freeze-clock':
        world.coverage.see('sim:clock-frozen');
        world.frozenUntil[member.slot] = world.now + fault.forMs * MS;
        return;
      case 'clock-rate':
        world.clocks[member.slot]?.drift(fault.ppm);
        return;
      case 'transfer':
        if (fault.to <= world.members.length) member.node.transferLeader(fault.to);
        break;
      case 'ask-transfer':
        member.node.transferLeader(member.slot);
        break;
      case 'campaign':
        member.node.campaign();
        break;
      case 'forget-leader':
        member.node.forgetLeader();
        break;
      case 'compact':
        member.flush();
        break;
      case 'conf-change':
        for (const { type, slot } of fault.changes) if (type !== 1) world.join(slot);
        member.changeMembers(fault);
        break;
      default:
        unreachable(fault);
    }
    world.settle(member);
  }

  /** Node 0 is whoever leads, or else the first that runs. */
  #target(node: number): Member | undefined {
    const world = this.#world;
    const member = node === 0 ? (world.leader ?? world.born.find((m) => m.alive)) : undefined;
    const found = node === 0 ? member : world.members[node];
    return found?.alive ? found : undefined;
  }

  #down(member: Member, downMs: number, power: boolean): void {
    if (!member.alive) return;
    const world = this.#world;
    world.crash(member, power);
    this.#later(downMs, () => world.restart(member));
  }

  #cut(links: readonly (readonly [number, number])[], forMs: number): void {
    const { network } = this.#world;
    for (const [from, to] of links) network.cut(from, to);
    this.#later(forMs, () => {
      for (const [from, to] of links) network.join(from, to);
    });
  }

  #isolateLeader(side: 'both' | 'in' | 'out', forMs: number): void {
    const { leader, born } = this.#world;
    if (leader === undefined) return;
    const links: [number, number][] = [];
    for (const { slot } of born) {
      if (slot === leader.slot) continue;
      if (side !== 'out') links.push([slot, leader.slot]);
      if (side !== 'in') links.push([leader.slot, slot]);
    }
    this.#cut(links, forMs);
  }

  /** Late answers to an old leader: it must not take them for answers to what it asks now. */
  #strandLeader(forMs: number): void {
    const world = this.#world;
    const { leader, born, network } = world;
    if (leader === undefined) return;
    const outward: [number, number][] = [];
    for (const { slot } of born) {
      if (slot === leader.slot) continue;
      network.clog(slot, leader.slot, world.now + forMs * MS);
      outward.push([leader.slot, slot]);
    }
    const heardMs = Math.floor(forMs / 10);
    this.#later(heardMs, () => this.#cut(outward, forMs - heardMs));
  }

  #cutTypes(mask: number, forMs: number): void {
    const { born, network } = this.#world;
    assert(mask !== 0, 'cut-types: some type');
    const pairs: [number, number][] = [];
    for (const a of born) for (const b of born) if (a !== b) pairs.push([a.slot, b.slot]);
    for (const [a, b] of pairs) network.cutTypes(a, b, mask);
    this.#later(forMs, () => {
      for (const [a, b] of pairs) network.cutTypes(a, b, 0);
    });
  }
}
