/**
 * A small random world for Raft alone: members with slow disks and slow state machines, a network
 * that loses, repeats and reorders, crashes, partitions, membership changes; and the judges.
 *
 * After every event: at most one leader a term; a vote once durable never changes; whoever votes or
 * acknowledges has it durable; what one member applies, all apply; a new leader holds everything
 * that was applied anywhere; a read index covers all that was applied before the read was asked.
 * At the end the faults stop, and the members must agree on something new.
 */
import { assert, encodeUtf8, Random } from '@conclave/base';
import {
  encodeConfChange,
  type Entry,
  EntryType,
  MessageType,
  type RaftMessage,
} from '@conclave/wire';
import type { RaftEvent } from '../event.js';
import type { RaftConfig, Slot } from '../ready.js';
import { Member, type StateImage } from './member.js';

const NETWORK_MAX = 400;
const OLD_READS_MAX = 64;

export class Simulation {
  readonly random: Random;
  readonly members = new Map<Slot, Member>();
  network: RaftMessage[] = [];
  /** Applied entries by index, as the first member applied them. */
  readonly oracle = new Map<number, Entry>();
  applied = 1;
  reads = 0;
  leaders = 0;
  confChanges = 0;
  snapshots = 0;
  readonly #leaderOf = new Map<number, Slot>();
  readonly #votes = new Map<string, Slot>();
  readonly #asked = new Map<number, number>();
  readonly #images = new Map<number, StateImage>();
  readonly #cut = new Set<string>();
  readonly #changesConf: boolean;
  readonly #voters: readonly Slot[];
  #lossy: number;
  #elected: { slot: Slot; applied: number }[] = [];
  #nextRead = 1;
  #nextValue = 1;

  constructor(seed: number) {
    this.random = new Random(seed);
    const r = this.random;
    const n = r.pick([1, 2, 3, 3, 3, 4, 5]);
    this.#changesConf = r.chance(0.4);
    this.#lossy = r.pick([0, 0.05, 0.2]);
    this.#voters = Array.from({ length: n }, (_, i) => i + 1);
    const total = this.#changesConf ? Math.min(n + 2, 6) : n;
    const knobs = {
      electionTicks: r.pick([4, 8]),
      heartbeatTicks: 1,
      preVote: r.chance(0.7),
      checkQuorum: r.chance(0.7),
      messageBytesMax: r.pick([1, 100, 10_000]),
      inflightMessagesMax: r.pick([1, 3, 100]),
      inflightBytesMax: r.pick([1, 200, 100_000]),
      uncommittedBytesMax: r.pick([20, 100_000]),
      committedBytesMax: r.pick([1, 100, 100_000]),
      cacheBytesMax: r.pick([0, 100, 100_000]),
      diskStallTicks: r.pick([4, 1000]),
      disableProposalForwarding: false,
      stepDownOnRemoval: r.chance(0.7),
    };
    for (let slot = 1; slot <= total; slot++) this.#add({ ...knobs, slot, seed: r.uint32() });
  }

  #add(config: RaftConfig): void {
    const voters = config.slot <= this.#voters.length ? this.#voters : [];
    const confState = {
      voters,
      learners: [],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    };
    // The first members begin behind a cut, so that later ones get the configuration by snapshot.
    const index = voters.length > 0 ? 1 : 0;
    const initial = {
      hardState: { term: 1, vote: 0, commit: index },
      cut: { index, term: index, confState },
      confState,
      applied: index,
      entries: [],
    };
    const member = new Member(config, initial, [], {
      images: this.#images,
      send: (m) => this.#send(m),
      event: (slot, e) => this.#event(slot, e),
      applied: (slot, entry) => this.#applied(slot, entry),
    });
    this.members.set(config.slot, member);
  }

  #event(slot: Slot, e: RaftEvent): void {
    if (e.kind === 'conf-changed') this.confChanges++;
    if (e.kind === 'snapshot' && e.step === 'installed') this.snapshots++;
    if (e.kind !== 'role' || e.role !== 'leader') return;
    const other = this.#leaderOf.get(e.term);
    assert(other === undefined || other === slot, 'election safety: one leader a term');
    this.#leaderOf.set(e.term, slot);
    this.leaders++;
    this.#elected.push({ slot, applied: this.applied });
  }

  #send(m: RaftMessage): void {
    Object.freeze(m);
    Object.freeze(m.entries);
    this.#checkDurable(m);
    if (this.#cut.has(`${m.from}>${m.to}`) || this.random.chance(this.#lossy)) return;
    if (this.network.length >= NETWORK_MAX) {
      this.network.splice(this.random.below(this.network.length), 1);
    }
    this.network.push(m);
  }

  /** What a message vouches for is on its sender's disk. */
  #checkDurable(m: RaftMessage): void {
    const from = this.members.get(m.from);
    if (from === undefined) return;
    const { hardState } = from;
    if (m.type === MessageType.VOTE_RESPONSE && !m.reject) {
      assert(hardState.term > m.term || hardState.vote === m.to, 'a granted vote is durable');
    }
    if (m.type === MessageType.VOTE) {
      assert(hardState.term > m.term || hardState.vote === m.from, 'the own vote is durable');
    }
    if (m.type === MessageType.APPEND_RESPONSE && !m.reject) {
      assert(m.index <= from.lastDurable, 'an acknowledged entry is durable');
      assert(m.term <= hardState.term, 'the term of an acknowledgement is durable');
    }
  }

  #noteVote(member: Member): void {
    const { term, vote } = member.hardState;
    if (vote === 0) return;
    const key = `${member.slot}@${term}`;
    const before = this.#votes.get(key);
    assert(before === undefined || before === vote, 'one vote a term');
    this.#votes.set(key, vote);
  }

  #applied(_slot: Slot, entry: Entry): void {
    const known = this.oracle.get(entry.index);
    if (known === undefined) {
      assert(entry.index === this.applied + 1, 'applied without a gap');
      this.oracle.set(entry.index, entry);
      this.applied = entry.index;
      if (!this.#changesConf) this.#checkQuorum(entry);
      return;
    }
    assert(known.term === entry.term, 'state machine safety: same term');
    assert(known.data === entry.data || same(known.data, entry.data), 'state machine safety');
  }

  /** With a fixed configuration: what is applied first is durable at a majority. */
  #checkQuorum(entry: Entry): void {
    let copies = 0;
    for (const slot of this.#voters) {
      const member = this.members.get(slot) as Member;
      const own = member.entries[entry.index - member.cut.index - 1];
      if (entry.index <= member.cut.index || own?.term === entry.term) copies++;
    }
    assert(copies * 2 > this.#voters.length, 'committed means durable at a majority');
  }

  /** A new leader, once its Ready is taken, holds what had been applied when it was elected. */
  #checkLeaders(): void {
    const open = this.#elected;
    this.#elected = [];
    for (const { slot, applied } of open) {
      const member = this.members.get(slot) as Member;
      if (!member.alive) continue;
      if (member.node.hasReady()) {
        this.#elected.push({ slot, applied });
        continue;
      }
      const log = [...member.entries];
      for (const { entries } of member.appends) {
        const first = entries[0];
        if (first === undefined) continue;
        log.length = first.index - member.cut.index - 1;
        log.push(...entries);
      }
      for (let i = member.cut.index + 1; i <= applied; i++) {
        const own = log[i - member.cut.index - 1];
        assert(own?.term === this.oracle.get(i)?.term, 'leader completeness');
      }
    }
  }

  /** One random event. */
  event(): void {
    const r = this.random;
    const member = this.members.get(1 + r.below(this.members.size)) as Member;
    if (!member.alive) {
      if (r.chance(0.1)) this.#restart(member);
      return;
    }
    const dice = r.below(1000);
    if (dice < 370) this.#deliver();
    else if (dice < 600) this.#ready(member);
    else if (dice < 740) this.#append(member);
    else if (dice < 820 && member.batches.length > 0) member.doApply();
    else if (dice < 875) member.node.tick();
    else if (dice < 925) this.#propose(member);
    else if (dice < 943) this.#read(member);
    else if (dice < 947) this.#partition();
    else if (dice < 950) member.crash();
    else if (dice < 963) this.#compact(member);
    else if (dice < 977) this.#snapshot(member);
    else if (dice < 990) this.#confChange();
    else if (dice < 994) member.node.transferLeader(1 + r.below(this.members.size));
    else if (dice < 996) member.node.forgetLeader();
    else if (dice < 998) member.node.reportUnreachable(1 + r.below(this.members.size));
    else member.node.campaign();
    this.#checkLeaders();
  }

  #deliver(): void {
    if (this.network.length === 0) return;
    // Mostly in order, now and then any, now and then again.
    const at = this.random.chance(0.8) ? 0 : this.random.below(this.network.length);
    const m = this.network[at] as RaftMessage;
    if (!this.random.chance(0.05)) this.network.splice(at, 1);
    const to = this.members.get(m.to);
    if (to?.alive && !this.#cut.has(`${m.from}>${m.to}`)) to.step(m);
  }

  #ready(member: Member): void {
    if (!member.node.hasReady()) return;
    member.takeReady();
    for (const { context, index } of member.reads.splice(0)) {
      const least = this.#asked.get(context) as number;
      assert(index >= least, 'a read covers all that was applied before it');
      this.reads++;
    }
    member.readsDropped = [];
  }

  #append(member: Member): void {
    if (member.appends.length === 0) return;
    member.doAppend();
    this.#noteVote(member);
  }

  #propose(member: Member): void {
    const data = encodeUtf8(`v${this.#nextValue++}`);
    const count = 1 + this.random.below(3);
    member.node.propose(Array.from({ length: count }, () => ({ type: EntryType.NORMAL, data })));
  }

  #read(member: Member): void {
    const context = this.#nextRead++;
    this.#asked.set(context, this.applied);
    this.#asked.delete(context - OLD_READS_MAX * 100);
    member.node.readIndex(context);
  }

  #partition(): void {
    this.#cut.clear();
    if (this.random.chance(0.6)) return;
    const share = this.random.fraction();
    for (const a of this.members.keys()) {
      for (const b of this.members.keys()) {
        if (a !== b && this.random.chance(share)) this.#cut.add(`${a}>${b}`);
      }
    }
  }

  #restart(member: Member): void {
    const back = this.random.chance(0.5) ? this.random.below(5) : 0;
    const applied = Math.max(member.cut.index, member.applied - back);
    member.restart(this.random.uint32(), this.random.below(4), applied);
  }

  #compact(member: Member): void {
    if (member.applied <= member.cut.index) return;
    const behind = this.random.below(4);
    const index = Math.min(member.applied - behind, member.lastDurable);
    if (index > member.cut.index) member.compact(index);
  }

  #snapshot(member: Member): void {
    const to = member.snapshotsToSend.shift();
    if (to !== undefined) {
      if (this.random.chance(0.2)) member.node.reportSnapshot(to, false);
      else member.sendSnapshot(to);
    } else if (this.random.chance(0.3)) {
      member.node.reportSnapshot(1 + this.random.below(this.members.size), this.random.chance(0.5));
    }
    if (member.installing === null) return;
    if (this.random.chance(0.2)) member.failInstall();
    else member.install();
  }

  #confChange(): void {
    const member = [...this.members.values()].find((m) => m.alive && m.node.isLeader);
    if (!this.#changesConf || member === undefined) return;
    const r = this.random;
    const changes = Array.from({ length: r.below(4) }, () => ({
      type: r.pick([0, 0, 1, 2] as const),
      slot: 1 + r.below(this.members.size),
    }));
    const transition = r.pick([0, 0, 1, 2] as const);
    const change = { transition, changes };
    if (member.node.checkConfChange(change) !== null && r.chance(0.9)) return;
    const wire = changes.map(({ type, slot }) => ({ type, id: BigInt(slot) }));
    const data =
      changes.length === 0
        ? new Uint8Array(0)
        : encodeConfChange({ transition, changes: wire, context: new Uint8Array(0) });
    member.node.proposeConfChange(data, change);
  }

  /** Faults stop; everybody comes back; a new entry must reach every member of the group. */
  heal(): void {
    this.#cut.clear();
    this.#lossy = 0;
    for (const member of this.members.values()) if (!member.alive) this.#restart(member);
    const before = this.applied;
    for (let round = 0; round < 400; round++) {
      for (const member of this.members.values()) {
        member.node.tick();
        if (member.node.isLeader && round % 20 === 19) {
          member.node.propose([{ type: EntryType.NORMAL, data: encodeUtf8(`end${round}`) }]);
          // A joint configuration that was entered by hand is left by hand.
          member.node.proposeConfChange(new Uint8Array(0), { transition: 0, changes: [] });
        }
      }
      for (let step = 0; step < 8; step++) this.#calm();
      this.#checkLeaders();
    }
    assert(this.applied > before, 'liveness: something new is applied');
    const leader = [...this.members.values()].find((m) => m.node.isLeader);
    assert(leader !== undefined, 'liveness: there is a leader');
    const { voters, learners } = leader.node.status().confState;
    for (const slot of [...voters, ...learners]) {
      const { applied } = this.members.get(slot) as Member;
      assert(applied >= this.applied - 5, 'liveness: every member catches up');
    }
  }

  #calm(): void {
    for (const m of this.network.splice(0)) this.members.get(m.to)?.step(m);
    for (const member of this.members.values()) {
      this.#ready(member);
      while (member.appends.length > 0) this.#append(member);
      while (member.batches.length > 0) member.doApply();
      for (const to of member.snapshotsToSend.splice(0)) member.sendSnapshot(to);
      if (member.installing !== null) member.install();
    }
  }

  /** Entries with the same index and term are the same, and so is all before them (thesis 3.5). */
  checkLogs(): void {
    const terms = new Map<string, { previous: number; data: Uint8Array }>();
    for (const member of this.members.values()) {
      let previous = member.cut.term;
      for (const entry of member.entries) {
        const key = `${entry.term}/${entry.index}`;
        const known = terms.get(key);
        if (known === undefined) terms.set(key, { previous, data: entry.data });
        else {
          assert(known.previous === previous, 'log matching: what lies before');
          assert(same(known.data, entry.data), 'log matching: the entry');
        }
        previous = entry.term;
      }
    }
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
