/**
 * The end of each world (RELIABILITY C5): chance faults stop, what can run runs, and the members must
 * make progress: a leader within 10 election timeouts, a write within 20, one state on all members
 * within 60 virtual seconds, and terms that stop growing. A minority, or one link, may stay broken.
 */
import { type SlotConfState, isJoint } from '@conclave/raft';
import { MS, SECOND } from './clock.js';
import { stuck } from './failure.js';
import type { FaultPlan } from './faults.js';
import { reachesQuorum } from './judges/quorum-check.js';
import type { Member } from './member.js';
import { CALM_NETWORK } from './network.js';
import type { HealShape } from './scenario.js';
import { confText } from './transcript.js';
import type { World } from './world.js';

const LEADER_TIMEOUTS = 10;
const WRITE_TIMEOUTS = 20;
/** Without PreVote a member with an old log and a fast clock keeps setting the others' timers back, so
 *  that each round is won by chance alone. */
const WITHOUT_PRE_VOTE = 5;
/** Terms must stand still for so long, all together within the second number. */
const QUIET_TIMEOUTS = 6;
const QUIET_WITHIN_TIMEOUTS = 40;
const EQUAL_WITHIN = 60 * SECOND;

export class Healing {
  readonly #world: World;
  /** One randomised election timeout at its longest. */
  readonly #timeoutUs: number;
  readonly #begun: number;
  readonly #appliedBefore: number;
  #shape: HealShape = 'all';
  /** Slots outside the core. */
  readonly #broken = new Set<number>();
  #phase: 'leader' | 'write' | 'quiet' | 'equal' | 'done' = 'leader';
  #quietTerm = 0;
  #quietSince = 0;
  /** What the core's logs lacked of the longest when faults stopped, and how much of it has come since. */
  #backlogEnd = 0;
  #caughtUp = 0;
  /** Timeouts in which it came on: with a window of one small message a long backlog takes its time. */
  #excused = 0;

  constructor(world: World, plan: FaultPlan) {
    const { knobs } = world.scenario;
    this.#world = world;
    this.#timeoutUs = 2 * knobs.electionTicks * knobs.tickMs * MS;
    this.#begun = world.now;
    this.#appliedBefore = world.oracle.applied;
    plan.stop();
    world.calm = true;
    world.network.heal(CALM_NETWORK);
    world.stalls.fill(0);
    world.fullUntil.fill(0);
    world.frozenUntil.fill(0);
    for (const member of world.born) member.pausedUntil = 0;
    if (knobs.mixed === true) {
      // The upgrade ends: each process starts once more.
      for (const member of world.born) world.crash(member, false);
    }
    for (const member of world.born) world.restart(member);
    this.#choose();
    world.coverage.see(`sim:heal-${this.#shape}`);
    world.trace?.(`=== heals: ${this.#shape}, broken: ${[...this.#broken].join(' ')}`);
    this.#break();
    this.#poll();
  }

  get done(): boolean {
    return this.#phase === 'done';
  }

  /** Every configuration that some member is in must keep its quorum. */
  #choose(): void {
    const world = this.#world;
    const { healShape, preVote, checkQuorum } = world.scenario.knobs;
    const needsLease = healShape !== 'minority-dead' && healShape !== 'minority-cut';
    if (healShape === 'all' || (needsLease && !(preVote && checkQuorum))) return;
    if (world.raftJudge.isChanging) return;
    const confs = world.born.filter((m) => m.confState.voters.length > 0).map((m) => m.confState);
    const slots = world.born.map((m) => m.slot);
    if (confs.some(isJoint)) return;
    if (healShape === 'one-link') {
      if (confs.some((c) => c.voters.length < 3) || world.born.some((m) => m.lost)) return;
      this.#shape = healShape;
      return;
    }
    const lost = new Set(world.born.filter((m) => m.lost).map((m) => m.slot));
    const r = world.random.heal;
    for (let tries = 0; tries < slots.length; tries++) {
      const slot = r.pick(slots);
      if (this.#broken.has(slot)) continue;
      const without = (s: number): boolean =>
        s !== slot && !this.#broken.has(s) && !lost.has(s) && slots.includes(s);
      if (confs.every((conf: SlotConfState) => reachesQuorum(conf, without))) {
        this.#broken.add(slot);
      }
    }
    if (this.#broken.size > 0) this.#shape = healShape;
  }

  #break(): void {
    const { network, born, random } = this.#world;
    if (this.#shape === 'all') return;
    // What is on its way would keep alive what is to be broken.
    for (const { slot } of born) network.resetAll(slot, true);
    if (this.#shape === 'minority-dead') {
      for (const slot of this.#broken) this.#endFor(this.#world.members[slot] as Member);
      return;
    }
    if (this.#shape === 'one-link') {
      const a = random.heal.pick(born).slot;
      const b = random.heal.pick(born).slot;
      if (a === b) return;
      network.cut(a, b);
      if (random.heal.chance(0.5)) network.cut(b, a);
      return;
    }
    for (const slot of this.#broken) {
      for (const { slot: other } of born) {
        if (other === slot || this.#broken.has(other)) continue;
        if (this.#shape !== 'minority-mute') network.cut(other, slot);
        if (this.#shape !== 'minority-deaf') network.cut(slot, other);
      }
    }
  }

  /** Dead for good, also where a failed disk was to bring it back. */
  #endFor(member: Member): void {
    this.#world.crash(member, false);
    this.#world.keptDown.add(member.slot);
  }

  #poll(): void {
    const world = this.#world;
    this.#check();
    if (!this.done) world.at(world.now + this.#timeoutUs, () => this.#poll());
  }

  #check(): void {
    const world = this.#world;
    const waited = Math.floor((world.now - this.#begun) / this.#timeoutUs);
    const leader = this.#leader();
    const patience = world.scenario.knobs.preVote ? 1 : WITHOUT_PRE_VOTE;
    if (leader !== undefined) this.#leaveJoint(leader);
    this.#stopRemoved();
    switch (this.#phase) {
      case 'leader':
        if (leader !== undefined) this.#phase = 'write';
        else if (waited > LEADER_TIMEOUTS * patience)
          this.#stuck('C5-leader', `no leader after ${waited} election timeouts`);
        return;
      case 'write':
        if (world.oracle.applied > this.#appliedBefore) this.#startQuiet();
        else if (waited - this.#catchUp() > WRITE_TIMEOUTS * patience)
          this.#stuck('C5-write', `no write after ${waited} election timeouts`);
        return;
      case 'quiet':
        this.#checkQuiet(Math.floor(waited / patience));
        return;
      case 'equal':
        if (leader !== undefined && this.#isEqual(leader)) this.#phase = 'done';
        else if (
          world.now - this.#begun >
          EQUAL_WITHIN + QUIET_WITHIN_TIMEOUTS * patience * this.#timeoutUs
        ) {
          this.#stuck('C5-equal', `members differ after ${EQUAL_WITHIN / SECOND} s`);
        }
        return;
      case 'done':
        return;
    }
  }

  /** Timeouts that passed while the backlog from before the healing came on; no more than it is long. */
  #catchUp(): number {
    const logs = this.#core().map((m) => m.node.lastIndex);
    if (this.#backlogEnd === 0) this.#backlogEnd = Math.max(...logs, 1);
    const caughtUp = logs.reduce((sum, last) => sum + Math.min(last, this.#backlogEnd), 0);
    if (caughtUp > this.#caughtUp) this.#excused++;
    this.#caughtUp = caughtUp;
    return this.#excused;
  }

  /** The only one that may lead in the highest term of the core. */
  #leader(): Member | undefined {
    let term = 0;
    let leader: Member | undefined;
    for (const member of this.#core()) {
      if (member.node.term > term) term = member.node.term;
    }
    for (const member of this.#core()) {
      if (member.node.isLeader && member.node.term === term) leader = member;
    }
    return leader;
  }

  /** Whoever is a member, as far as anybody knows, and not broken. */
  #core(): readonly Member[] {
    const { born } = this.#world;
    let newest: Member | undefined;
    for (const member of born) {
      if (newest === undefined || member.machine.index > newest.machine.index) newest = member;
    }
    const slots = new Set<number>();
    if (newest !== undefined) {
      const { voters, votersOutgoing, learners } = newest.confState;
      for (const list of [voters, votersOutgoing, learners]) for (const s of list) slots.add(s);
    }
    return born.filter((m) => m.alive && slots.has(m.slot) && !this.#broken.has(m.slot));
  }

  /**
   * What an operator does with processes that are no members any more. Without `stepDownOnRemoval` a
   * removed leader goes on leading; without a lease a removed member that does not know it disturbs
   * the others for ever (thesis 4.2.3). Those must be stopped; all others may run on.
   */
  #stopRemoved(): void {
    const world = this.#world;
    const { stepDownOnRemoval, checkQuorum } = world.scenario.knobs;
    if (stepDownOnRemoval && checkQuorum) return;
    const core = new Set(this.#core());
    for (const member of world.born) {
      if (!member.alive || member.confState.voters.length === 0) continue;
      const { voters, votersOutgoing } = member.confState;
      const removed = !voters.includes(member.slot) && !votersOutgoing.includes(member.slot);
      const leads = !stepDownOnRemoval && removed && member.node.isLeader;
      const disturbs = !checkQuorum && this.#phase === 'quiet' && !core.has(member);
      if (leads || disturbs) this.#endFor(member);
    }
  }

  /** Who entered a joint configuration by hand leaves it by hand. */
  #leaveJoint(leader: Member): void {
    if (!isJoint(leader.confState) || leader.confState.autoLeave) return;
    leader.changeMembers({ transition: 0, changes: [] });
    this.#world.settle(leader);
  }

  #startQuiet(): void {
    this.#phase = 'quiet';
    this.#quietTerm = this.#highestTerm();
    this.#quietSince = this.#world.now;
  }

  #highestTerm(): number {
    let term = 0;
    for (const { node } of this.#core()) if (node.term > term) term = node.term;
    return term;
  }

  #checkQuiet(waited: number): void {
    const world = this.#world;
    const term = this.#highestTerm();
    if (term !== this.#quietTerm) {
      if (waited > QUIET_WITHIN_TIMEOUTS) this.#stuck('C5-terms', `terms still grow: ${term}`);
      this.#quietTerm = term;
      this.#quietSince = world.now;
      return;
    }
    if (world.now - this.#quietSince < QUIET_TIMEOUTS * this.#timeoutUs) return;
    world.clientsStopped = true;
    this.#phase = 'equal';
  }

  /** All members of the leader's configuration that it can talk to. */
  #isEqual(leader: Member): boolean {
    const { oracle } = this.#world;
    if (leader.node.commit !== oracle.commit) return false;
    const hash = oracle.machine.stateHash();
    return this.#reachable(leader).every(
      (m) => m.machine.index === oracle.commit && m.machine.stateHash() === hash,
    );
  }

  #reachable(leader: Member): readonly Member[] {
    const { network } = this.#world;
    const { voters, learners } = leader.confState;
    return this.#core().filter(({ slot }) => {
      if (slot === leader.slot) return true;
      if (!voters.includes(slot) && !learners.includes(slot)) return false;
      return !network.isCut(slot, leader.slot) && !network.isCut(leader.slot, slot);
    });
  }

  #stuck(rule: string, what: string): never {
    const { oracle, born } = this.#world;
    const parts = born.map((m) => {
      const { term, role, leader, commit, lastIndex } = m.node;
      const state = m.lost ? 'lost' : m.alive ? role : 'down';
      const broken = this.#broken.has(m.slot) ? ' broken' : '';
      const log = `applied ${m.machine.index} commit ${commit} last ${lastIndex}`;
      return `${m.slot}${broken} ${state} term ${term} follows ${leader} ${log} (${confText(m.confState)})`;
    });
    stuck(rule, `${what}; ${this.#shape}; committed ${oracle.commit}\n  ${parts.join('\n  ')}`);
  }
}
