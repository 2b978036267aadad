/**
 * The judge of Raft's own promises (RELIABILITY C4, I1 to I11, I14, I25, I26), told of every step as
 * it happens and asked after every event. It keeps its own picture of each member; nothing it knows
 * comes from the node but what the node shows through its ports.
 *
 * Costs a few comparisons an event and one small hash an entry and member.
 */
import { assertDefined } from '@conclave/base';
import type { Append, RawNode, SlotConfState, SlotHardState } from '@conclave/raft';
import { type Entry, EntryType, MessageType, type RaftMessage } from '@conclave/wire';
import { unsafe } from '../failure.js';
import { confText } from '../transcript.js';
import type { Oracle } from './oracle.js';
import { quorumsOverlap, reachesQuorum } from './quorum-check.js';
import { ShadowLog, chainOf } from './shadow-log.js';

/** What a judge may look at. */
export interface Judged {
  readonly slot: number;
  readonly node: RawNode;
  readonly confState: SlotConfState;
}

interface Emitted {
  readonly sequence: number;
  readonly hardState: SlotHardState | null;
  /** Index of the first entry; 0 without entries. */
  readonly first: number;
  readonly chains: readonly number[];
  readonly terms: readonly number[];
}

/** Known of one member. */
class Picture {
  term = 0;
  vote = 0;
  commit = 0;
  applied = 0;
  durableTerm = 0;
  durableVote = 0;
  /** By term that went by: the last index that was durable in it. */
  readonly heldIn = new Map<number, number>();
  readonly log = new ShadowLog();
  readonly durable = new ShadowLog();
  /** By index: entries not yet known to be committed. */
  readonly entries: (Entry | undefined)[] = [];
  readonly inFlight: Emitted[] = [];
  readonly votes = new Map<number, number>();
  elected = 0;
  /** It leads, and committed more than it could give out to be written. */
  holding = false;
  leading = 0;
}

/** Terms are far below this, so (index, term) makes one safe integer. */
const TERMS_MAX = 1_000_000;

export class RaftJudge {
  readonly #oracle: Oracle;
  readonly #pictures: Picture[] = [];
  readonly #leaders = new Map<number, number>();
  readonly #chains = new Map<number, number>();
  /** Clients were told that the log is committed at least up to here. */
  acknowledged = 0;
  electedCount = 0;

  constructor(oracle: Oracle, members: number) {
    this.#oracle = oracle;
    for (let slot = 0; slot <= members; slot++) this.#pictures.push(new Picture());
  }

  #of(slot: number): Picture {
    return assertDefined(this.#pictures[slot], 'RaftJudge: a known member');
  }

  /** A founder begins with what the oracle has as committed. */
  born(slot: number, hardState: SlotHardState): void {
    const p = this.#of(slot);
    p.log.copy(this.#oracle.log, this.#oracle.commit);
    p.durable.copy(this.#oracle.log, this.#oracle.commit);
    this.#hardState(p, slot, hardState);
    p.term = hardState.term;
    p.commit = hardState.commit;
  }

  /** I2, I8: what a log gives back after a crash is what was written, and nothing less. */
  recovered(slot: number, hardState: SlotHardState, last: number, entries: readonly Entry[]): void {
    const p = this.#of(slot);
    const found = new ShadowLog();
    const before = last - entries.length;
    this.#matchRecovered(p, slot, hardState, last, before, entries, found);
    p.log.copy(p.durable, p.durable.last);
    p.inFlight.length = 0;
    p.entries.length = 0;
    for (const entry of entries) {
      if (entry.index > this.#oracle.commit) p.entries[entry.index] = entry;
    }
    p.term = p.durableTerm;
    p.vote = p.durableVote;
    p.commit = 0;
    p.applied = 0;
    p.leading = 0;
    p.holding = false;
    p.elected = 0;
  }

  /** Finds how many of the writes under way survived; it must be some first part of them. */
  #matchRecovered(
    p: Picture,
    slot: number,
    hardState: SlotHardState,
    last: number,
    before: number,
    entries: readonly Entry[],
    found: ShadowLog,
  ): void {
    for (;;) {
      if (
        p.durable.last === last &&
        p.durableTerm === hardState.term &&
        p.durableVote === hardState.vote
      ) {
        found.copy(p.durable, Math.min(before, p.durable.last));
        for (const entry of entries) {
          found.push(chainOf(found.chain(found.last) as number, entry), entry.term);
        }
        if (found.last === last && found.chain(last) === p.durable.chain(last)) return;
      }
      const next = p.inFlight.shift();
      if (next === undefined) {
        unsafe(
          'I8',
          `member ${slot} came back with term ${hardState.term}, vote ${hardState.vote} and a log ` +
            `to ${last}; durable were ${p.durableTerm}, ${p.durableVote} and ${p.durable.last}`,
        );
      }
      this.#persist(p, slot, next);
    }
  }

  /**
   * What a damaged log gave back: true if nothing is missing. False for an earlier state of the same
   * history, which peers would tell it. What was never written anywhere is a wrong log served.
   */
  isWhole(
    slot: number,
    hardState: SlotHardState,
    last: number,
    entries: readonly Entry[],
  ): boolean {
    const p = this.#of(slot);
    const { log } = this.#oracle;
    let at = last - entries.length;
    let chain = at <= log.last ? log.chain(at) : undefined;
    for (const entry of entries) {
      at++;
      if (entry.index !== at) unsafe('I3', `member ${slot}: entry ${entry.index} at ${at}`);
      chain = chainOf(chain as number, entry);
      const written = at <= log.last && log.chain(at) === chain;
      if (!written && this.#chains.get(at * TERMS_MAX + entry.term) !== chain) {
        unsafe('I3', `member ${slot} came back from a damaged disk with another entry ${at}`);
      }
    }
    const { term, vote } = hardState;
    const same = term === p.durableTerm && vote === p.durableVote;
    return same && last === p.durable.last && chain === p.durable.chain(last);
  }

  /** A Ready's append: the log in memory as of now. */
  emitted(member: Judged, append: Append): void {
    const p = this.#of(member.slot);
    const { entries } = append;
    const first = entries[0];
    const chains: number[] = [];
    const terms: number[] = [];
    if (first !== undefined) {
      this.#checkPlace(p, member, first);
      p.log.truncate(first.index - 1);
      for (const entry of entries) this.#push(p, member.slot, entry, chains, terms);
    }
    p.inFlight.push({
      sequence: append.sequence,
      hardState: append.hardState,
      first: first === undefined ? 0 : first.index,
      chains,
      terms,
    });
  }

  #checkPlace(p: Picture, { slot, node }: Judged, first: Entry): void {
    if (first.index > p.log.last + 1) unsafe('I3', `member ${slot} leaves a gap`);
    if (first.index <= p.commit) {
      unsafe('I9', `member ${slot} replaces ${first.index}, committed up to ${p.commit}`);
    }
    if (node.isLeader && p.leading === node.term && first.index !== p.log.last + 1) {
      unsafe('I6', `leader ${slot} of term ${node.term} replaces ${first.index} of its own log`);
    }
  }

  #push(p: Picture, slot: number, entry: Entry, chains: number[], terms: number[]): void {
    const { log } = p;
    const last = log.last;
    if (entry.index !== last + 1) unsafe('I3', `member ${slot}: an entry out of order`);
    const chain = chainOf(log.chain(last) as number, entry);
    if (entry.term < log.term(last)) unsafe('I3', `member ${slot}: the term falls in its log`);
    const key = entry.index * TERMS_MAX + entry.term;
    const known = this.#chains.get(key);
    if (known === undefined) this.#chains.set(key, chain);
    else if (known !== chain) {
      unsafe('I3', `member ${slot}: other log at index ${entry.index}, term ${entry.term}`);
    }
    log.push(chain, entry.term);
    if (entry.index > this.#oracle.commit) p.entries[entry.index] = entry;
    chains.push(chain);
    terms.push(entry.term);
    if (entry.type === EntryType.CONF_CHANGE) this.#checkOneChange(p, slot, entry.index);
  }

  /** I10: at most one change in a log that is not committed. */
  #checkOneChange(p: Picture, slot: number, index: number): void {
    for (let i = this.#oracle.commit + 1; i < index; i++) {
      if (p.entries[i]?.type === EntryType.CONF_CHANGE && p.log.term(i) !== 0) {
        unsafe('I10', `member ${slot}: changes ${i} and ${index}, neither committed`);
      }
    }
  }

  /** An append is durable, and everything before it. */
  persisted(slot: number, append: Append): void {
    const p = this.#of(slot);
    const next = p.inFlight.shift();
    if (next === undefined || next.sequence !== append.sequence) {
      unsafe('I8', `member ${slot}: writes became durable out of order`);
    }
    this.#persist(p, slot, next);
  }

  #persist(p: Picture, slot: number, { hardState, first, chains, terms }: Emitted): void {
    if (hardState !== null) this.#hardState(p, slot, hardState);
    if (first === 0) return;
    const { durable } = p;
    if (first > durable.last + 1) unsafe('I3', `member ${slot}: a gap on its disk`);
    durable.truncate(first - 1);
    for (let i = 0; i < chains.length; i++) {
      durable.push(chains[i] as number, terms[i] as number);
    }
  }

  #hardState(p: Picture, slot: number, { term, vote }: SlotHardState): void {
    if (term < p.durableTerm) unsafe('I2', `member ${slot}: the durable term falls to ${term}`);
    if (term === p.durableTerm && p.durableVote !== 0 && vote !== p.durableVote) {
      unsafe('I1', `member ${slot} votes for ${p.durableVote} and for ${vote} in term ${term}`);
    }
    if (term > p.durableTerm) p.heldIn.set(p.durableTerm, p.durable.last);
    p.durableTerm = term;
    p.durableVote = vote;
    if (vote !== 0) this.#vote(p, slot, term, vote);
  }

  /** I1: one vote a term, for ever. */
  #vote(p: Picture, slot: number, term: number, vote: number): void {
    const before = p.votes.get(term);
    if (before !== undefined && before !== vote) {
      unsafe('I1', `member ${slot} votes for ${before} and for ${vote} in term ${term}`);
    }
    p.votes.set(term, vote);
  }

  /** I8, I26: what leaves must be backed by what is durable, and goes to members only. */
  sent(member: Judged, m: RaftMessage): void {
    const p = this.#of(member.slot);
    switch (m.type) {
      case MessageType.VOTE:
        this.#vote(p, member.slot, m.term, member.slot);
        if (!votedDurably(p, m.term, member.slot)) {
          unsafe('I8', `member ${member.slot} asks for votes; its own is not durable`);
        }
        return;
      case MessageType.VOTE_RESPONSE:
        if (m.reject) return;
        this.#vote(p, member.slot, m.term, m.to);
        if (!votedDurably(p, m.term, m.to)) {
          unsafe('I8', `member ${member.slot} answers with a vote that is not durable`);
        }
        return;
      case MessageType.APPEND_RESPONSE:
        this.#acknowledged(p, member.slot, m);
        return;
      case MessageType.HEARTBEAT_RESPONSE:
        if (p.durableTerm < m.term) {
          unsafe('I8', `member ${member.slot} follows in term ${m.term}, which is not durable`);
        }
        return;
      case MessageType.APPEND:
      case MessageType.HEARTBEAT:
      case MessageType.SNAPSHOT:
        this.#checkReceiver(member, m.to);
    }
  }

  #acknowledged(p: Picture, slot: number, m: RaftMessage): void {
    if (p.durableTerm < m.term) {
      unsafe('I8', `member ${slot} acknowledges in term ${m.term}, which is not durable`);
    }
    if (m.reject || m.index === 0) return;
    // A disk may be ahead of what the process has heard: then it keeps the word of an earlier term.
    const isPast = m.term < p.durableTerm;
    const held = (isPast ? p.heldIn.get(m.term) : undefined) ?? p.durable.last;
    if (held < m.index) {
      unsafe('I8', `member ${slot} acknowledges ${m.index}; durable up to ${held}`);
    }
    // Acknowledged to a leader that still leads: their logs agree there.
    const leader = this.#leaders.get(m.term);
    if (leader !== m.to || isPast || this.#of(leader).leading !== m.term) return;
    if (this.#of(leader).log.chain(m.index) !== p.durable.chain(m.index)) {
      unsafe('I11', `member ${slot} acknowledges ${m.index}, which differs from its leader's`);
    }
  }

  #checkReceiver({ slot, confState }: Judged, to: number): void {
    if (confState.voters.includes(to) || confState.learners.includes(to)) return;
    if (confState.votersOutgoing.includes(to)) return;
    unsafe('I26', `leader ${slot} sends to ${to}, which is no member`);
  }

  /** A member says that it leads; judged when its Ready is taken. */
  elected(slot: number, term: number): void {
    const p = this.#of(slot);
    const other = this.#leaders.get(term);
    if (other !== undefined && other !== slot) {
      unsafe('I1', `${other} and ${slot} both lead in term ${term}`);
    }
    this.#leaders.set(term, slot);
    p.elected = term;
    this.electedCount++;
  }

  /** After every event of a member, when its Ready was taken. */
  observe(member: Judged): void {
    const { node, slot } = member;
    const p = this.#of(slot);
    const { term, commit, applied } = node;
    if (term !== p.term) {
      if (term < p.term) unsafe('I2', `member ${slot}: the term falls to ${term}`);
      p.term = term;
    }
    p.leading = node.isLeader ? term : 0;
    if (p.elected !== 0) this.#checkElected(p, slot);
    if (commit !== p.commit) this.#checkCommit(p, member, commit);
    if (applied !== p.applied) {
      if (applied < p.applied) unsafe('I2', `member ${slot}: applied falls to ${applied}`);
      p.applied = applied;
    }
    if (applied > commit) unsafe('I7', `member ${slot}: applied ${applied} beyond ${commit}`);
  }

  /** I4, I12: whoever is elected has everything that leaders of earlier terms committed. An
   *  election may end late, when a later term has a leader already. */
  #checkElected(p: Picture, slot: number): void {
    const term = p.elected;
    p.elected = 0;
    const { log } = this.#oracle;
    const commit = this.#oracle.committedBefore(term);
    if (p.log.chain(commit) !== log.chain(commit)) {
      const rule = commit > 0 && commit <= this.acknowledged ? 'I12' : 'I4';
      unsafe(rule, `leader ${slot} of term ${term} lacks what is committed up to ${commit}`);
    }
  }

  #checkCommit(p: Picture, member: Judged, commit: number): void {
    const { slot, node } = member;
    if (commit < p.commit) unsafe('I2', `member ${slot}: commit falls to ${commit}`);
    p.holding = node.isLeader && commit > p.log.last;
    if (commit > p.log.last) {
      // With as many writes in flight as raft allows, it has entries it did not give out yet.
      if (commit > node.lastIndex) unsafe('I7', `member ${slot}: commit ${commit} beyond its log`);
      this.#checkCommitTo(p, member, p.log.last);
    } else this.#checkCommitTo(p, member, commit);
  }

  #checkCommitTo(p: Picture, member: Judged, commit: number): void {
    const { slot, node } = member;
    const oracle = this.#oracle;
    const known = commit < oracle.commit ? commit : oracle.commit;
    if (p.log.chain(known) !== oracle.log.chain(known)) {
      unsafe('I5', `member ${slot} has another entry committed at or before ${known}`);
    }
    if (commit > oracle.commit) {
      if (!node.isLeader && !this.#pictures.some((other) => other.holding)) {
        unsafe('I7', `member ${slot} commits ${commit}, which no leader did`);
      }
      if (!this.#isDurable(member.confState, commit, p.log.chain(commit) as number)) {
        unsafe('I7', `leader ${slot} commits ${commit}, which no quorum has durably`);
      }
      for (let i = oracle.commit + 1; i <= commit; i++) {
        const entry = assertDefined(p.entries[i], 'RaftJudge: the entry was seen');
        oracle.commitEntry(entry, p.log.chain(i) as number, p.term);
      }
    }
    for (let i = p.commit + 1; i <= commit; i++) p.entries[i] = undefined;
    p.commit = commit;
  }

  #isDurable(confState: SlotConfState, index: number, chain: number): boolean {
    const has = (slot: number): boolean => this.#of(slot).durable.chain(index) === chain;
    return reachesQuorum(confState, has);
  }

  /** I5, I14: what is applied is what is committed, and leads to the same state everywhere. */
  applied(slot: number, entry: Entry, hash: number): void {
    const { log, hashes } = this.#oracle;
    const { index } = entry;
    if (index > log.last) unsafe('I7', `member ${slot} applies ${index}, which is not committed`);
    if (chainOf(log.chain(index - 1) as number, entry) !== log.chain(index)) {
      unsafe('I5', `member ${slot} applies another entry at ${index}`);
    }
    if (hash !== hashes[index]) unsafe('I14', `member ${slot}: other state after ${index}`);
  }

  /** I10: every member makes the same of a change, and quorums before and after share a member. */
  confChanged(slot: number, index: number, before: SlotConfState, after: SlotConfState): void {
    const known = this.#oracle.confStates.get(index);
    if (known !== undefined) {
      if (confText(known) !== confText(after)) {
        unsafe('I10', `member ${slot}: another configuration after ${index}`);
      }
      return;
    }
    this.#oracle.confStates.set(index, after);
    if (before.voters.length > 0 && !quorumsOverlap(before, after)) {
      unsafe('I10', `quorums before and after ${index} need not meet`);
    }
  }

  /** A snapshot replaced log and state: it must be of the committed log. */
  installed(slot: number, index: number, term: number, hash: number): void {
    const p = this.#of(slot);
    const { log, hashes } = this.#oracle;
    if (index > log.last || log.term(index) !== term) {
      unsafe('I5', `member ${slot} installs a snapshot of ${index} that is not committed`);
    }
    if (index <= p.commit) unsafe('I2', `member ${slot} installs ${index}, behind ${p.commit}`);
    if (hash !== hashes[index]) unsafe('I14', `member ${slot}: the snapshot is another state`);
    p.log.copy(log, index);
    p.entries.length = 0;
    p.commit = index;
    p.applied = index;
  }

  /** The switch to a snapshot is durable; the process may die before it knows. */
  published(slot: number, index: number): void {
    this.#of(slot).durable.copy(this.#oracle.log, index);
  }

  /** I11: what a leader believes of its followers. Allocates, so asked now and then. */
  checkProgress(member: Judged): void {
    const { node, slot } = member;
    if (!node.isLeader) return;
    const status = node.status();
    for (const { slot: peer, match, next } of status.progress) {
      if (next <= match) unsafe('I11', `leader ${slot}: next ${next} <= match ${match}`);
      if (peer === slot) continue;
      const f = this.#of(peer);
      if (f.durableTerm === status.term && match > f.durable.last) {
        unsafe('I11', `leader ${slot} believes ${peer} to hold ${match}; it has ${f.durable.last}`);
      }
    }
    if (status.durableIndex > this.#of(slot).durable.last) {
      unsafe('I8', `leader ${slot} believes itself durable up to ${status.durableIndex}`);
    }
  }

  /** The term of `index` in a member's log. */
  termAt(slot: number, index: number): number {
    return this.#of(slot).log.term(index);
  }

  /** True if some log holds a configuration change that not every member has applied. */
  get isChanging(): boolean {
    const { confIndexes, commit } = this.#oracle;
    const newest = confIndexes[confIndexes.length - 1] ?? 0;
    return this.#pictures.some((p) => {
      if (p.log.last > 0 && p.applied < newest) return true;
      return p.entries.some((e, i) => i > commit && e?.type === EntryType.CONF_CHANGE);
    });
  }

  /** Bytes a leader holds that are not committed. */
  uncommittedBytes(slot: number): number {
    const p = this.#of(slot);
    let bytes = 0;
    for (let i = p.commit + 1; i <= p.log.last; i++) bytes += p.entries[i]?.data.length ?? 0;
    return bytes;
  }
}

function votedDurably(p: Picture, term: number, vote: number): boolean {
  return p.durableTerm > term || (p.durableTerm === term && p.durableVote === vote);
}
