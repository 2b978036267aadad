/**
 * Elections (thesis 3.4, 3.6, 9.6): changes of role, campaigns with and without PreVote, and how a
 * vote is given. A node counts its own vote only when it is durable, like any other's.
 */
import { assert, assertLt, type Term } from '@conclave/base';
import { type Entry, EntryType, MessageType, type RaftMessage } from '@conclave/wire';
import type { CampaignRefusal } from './event.js';
import { voteMessage, voteResponse } from './message.js';
import type { Raft } from './raft.js';
import { UNKNOWN_TERM } from './raft-log.js';
import { Role, type Slot } from './ready.js';
import { dropForwarded, dropReads } from './reads.js';

/** Notes who leads; reads sent on to another leader are lost. */
export function setLeader(r: Raft, leader: Slot): void {
  if (r.leader === leader) return;
  r.leader = leader;
  r.takeOverUntil = 0;
  dropForwarded(r);
}

/** Clears what belongs to the role and term that end. */
function reset(r: Raft, term: Term, leader: Slot): void {
  if (r.term !== term) {
    assertLt(r.term, term, 'a term never falls');
    r.term = term;
    r.vote = 0;
    r.unstable.touch(r.tick);
  }
  setLeader(r, leader);
  r.takeOverUntil = 0;
  r.electionElapsed = 0;
  r.heartbeatElapsed = 0;
  r.drawElectionTimeout();
  r.leadTransferee = 0;
  r.heldChanges = [];
  r.uncommittedBytes = 0;
  r.broadcastPending = false;
  r.tracker.votes.clear();
  dropReads(r);
  r.snapshotsToSend = [];
  for (const peer of r.tracker.peers) peer.reset(r.log.lastIndex + 1);
}

function announceRole(r: Raft): void {
  r.emit({ kind: 'role', role: r.role, term: r.term, leader: r.leader });
}

export function becomeFollower(r: Raft, term: Term, leader: Slot): void {
  reset(r, term, leader);
  r.role = Role.FOLLOWER;
  announceRole(r);
}

/** Changes neither term nor vote; forgets the leader, so that two pre-candidates can agree. */
function becomePreCandidate(r: Raft): void {
  assert(r.role !== Role.LEADER, 'a leader does not campaign');
  r.role = Role.PRE_CANDIDATE;
  r.tracker.votes.clear();
  setLeader(r, 0);
  r.electionElapsed = 0;
  r.drawElectionTimeout();
  announceRole(r);
}

function becomeCandidate(r: Raft): void {
  assert(r.role !== Role.LEADER, 'a leader does not campaign');
  reset(r, r.term + 1, 0);
  r.vote = r.slot;
  r.role = Role.CANDIDATE;
  announceRole(r);
}

/** Takes the lead; the term opens with an empty entry, so that what came before can commit. */
function becomeLeader(r: Raft): void {
  assert(r.role === Role.CANDIDATE, 'only a candidate becomes leader');
  reset(r, r.term, r.slot);
  r.role = Role.LEADER;
  const own = r.tracker.get(r.slot);
  if (own !== undefined) {
    own.acknowledge(r.unstable.durableIndex);
    own.becomeReplicate();
    own.recentActive = true;
  }
  for (let i = r.log.commit + 1; i <= r.log.lastIndex; i++) {
    r.uncommittedBytes += r.log.entry(i).data.length;
  }
  announceRole(r);
  appendAsLeader(r, EntryType.NORMAL, EMPTY);
  r.termFirstIndex = r.log.lastIndex;
  // An earlier leader's change may be among the uncommitted entries, so none is made before the
  // first entry of this term is applied. It also meets the rule of a commit in the own term.
  r.pendingConfIndex = r.termFirstIndex;
}

const EMPTY = new Uint8Array(0);

/** Adds one entry of the present term to a leader's own log. */
export function appendAsLeader(r: Raft, type: EntryType, data: Uint8Array): Entry {
  assert(r.role === Role.LEADER, 'only a leader adds entries');
  const entry: Entry = { term: r.term, index: r.log.lastIndex + 1, type, data };
  r.log.append([entry]);
  r.uncommittedBytes += data.length;
  r.unstable.touch(r.tick);
  r.broadcastPending = true;
  return entry;
}

/** Why this node may not start an election now; null if it may. */
export function campaignRefusal(r: Raft): CampaignRefusal | null {
  if (r.role === Role.LEADER) return 'leader';
  if (!isPromotable(r)) return 'not-promotable';
  if (r.log.hasUnappliedConfChange) return 'unapplied-conf-change';
  if (r.isDiskStalled) return 'disk-stalled';
  return null;
}

/** A voter, as far as it knows, and not about to throw its log away for a snapshot. */
export function isPromotable(r: Raft): boolean {
  return r.installing === null && r.tracker.isVoter(r.slot);
}

/** Starts an election, if this node may; with PreVote, asks first whether it could win. */
export function campaign(r: Raft): void {
  if (refuseCampaign(r)) return;
  if (r.config.preVote) preCampaign(r);
  else realCampaign(r, false);
}

/** Starts an election at once, on the leader's word: no PreVote, and no lease protects anybody. */
export function takeOver(r: Raft): void {
  if (isPromotable(r) && r.log.hasUnappliedConfChange) {
    r.takeOverUntil = r.tick + r.config.electionTicks;
    return;
  }
  if (!refuseCampaign(r)) realCampaign(r, true);
}

function refuseCampaign(r: Raft): boolean {
  const reason = campaignRefusal(r);
  if (reason === null) return false;
  r.emit({ kind: 'campaign-refused', reason });
  return true;
}

function preCampaign(r: Raft): void {
  becomePreCandidate(r);
  // Vouches for nothing, so it counts at once.
  recordVote(r, r.slot, true);
  if (r.role === Role.PRE_CANDIDATE) askForVotes(r, MessageType.PRE_VOTE, r.term + 1, false);
}

function realCampaign(r: Raft, forced: boolean): void {
  becomeCandidate(r);
  askForVotes(r, MessageType.VOTE, r.term, forced);
}

function askForVotes(
  r: Raft,
  type: typeof MessageType.VOTE | typeof MessageType.PRE_VOTE,
  term: Term,
  forced: boolean,
): void {
  const { lastIndex, lastTerm } = r.log;
  for (const peer of r.tracker.peers) {
    if (peer.slot === r.slot || peer.learner) continue;
    const message = voteMessage(type, peer.slot, r.slot, term, lastIndex, lastTerm, forced);
    if (type === MessageType.VOTE) r.sendAfterTerm(message);
    else r.send(message);
  }
}

/** Counts a vote in the election that is on, and acts on its outcome. The first answer stands. */
export function recordVote(r: Raft, from: Slot, granted: boolean): void {
  if (!r.tracker.votes.has(from)) r.tracker.votes.set(from, granted);
  switch (r.tracker.voteResult()) {
    case 'won':
      if (r.role === Role.PRE_CANDIDATE) realCampaign(r, false);
      else becomeLeader(r);
      return;
    case 'lost':
      becomeFollower(r, r.term, 0);
      return;
    case 'pending':
      return;
  }
}

/** The write that holds our vote for ourselves in `term` is durable. */
export function ownVoteDurable(r: Raft): void {
  if (r.role !== Role.CANDIDATE) return;
  if (r.unstable.durableTerm !== r.term || r.unstable.durableVote !== r.slot) return;
  if (!r.tracker.votes.has(r.slot)) recordVote(r, r.slot, true);
}

/**
 * True if there is a leader, other than the one who asks, that we heard of within an election
 * timeout (thesis 4.2.3). A leader that asks for votes has lost its lead and needs no protection.
 */
export function hasFreshLeader(r: Raft, asker: Slot): boolean {
  if (!r.config.checkQuorum || r.leader === 0 || r.leader === asker) return false;
  return r.electionElapsed < r.config.electionTicks;
}

/** Answers a request for a vote or pre-vote of our term or a later one. Any member answers. */
export function answerVote(r: Raft, m: RaftMessage): void {
  const pre = m.type === MessageType.PRE_VOTE;
  const free = r.vote === 0 && r.leader === 0;
  const canVote = r.vote === m.from || free || (pre && m.term > r.term);
  const granted = canVote && r.log.isUpToDate(m.index, m.logTerm);
  r.emit({ kind: 'vote-cast', to: m.from, term: m.term, pre, granted });
  if (pre) {
    // A grant echoes the term asked for; a refusal tells ours. Nothing durable changes.
    const { PRE_VOTE_RESPONSE } = MessageType;
    if (granted) r.send(voteResponse(PRE_VOTE_RESPONSE, m.from, r.slot, m.term, false, 0, 0));
    else refuseVote(r, PRE_VOTE_RESPONSE, m.from);
    return;
  }
  if (!granted) {
    refuseVote(r, MessageType.VOTE_RESPONSE, m.from);
    return;
  }
  r.vote = m.from;
  r.electionElapsed = 0;
  const { VOTE_RESPONSE } = MessageType;
  r.sendAfterTerm(voteResponse(VOTE_RESPONSE, m.from, r.slot, r.term, false, 0, 0));
}

/**
 * Refuses a vote or pre-vote, tells our term, and how far we know the log to be committed: a
 * candidate that waits for the vote of a removed member with a longer log may learn from it that the
 * removal is committed, and so that it needs that vote no more.
 */
export function refuseVote(
  r: Raft,
  type: typeof MessageType.VOTE_RESPONSE | typeof MessageType.PRE_VOTE_RESPONSE,
  to: Slot,
): void {
  const { commit } = r.log;
  const commitTerm = r.log.term(commit);
  const known = commitTerm !== UNKNOWN_TERM;
  const told = known ? commit : 0;
  r.sendAfterTerm(voteResponse(type, to, r.slot, r.term, true, told, known ? commitTerm : 0));
}

/** A refusal arrived. What it says of the commit index holds for ever if our log agrees there. */
export function learnCommit(r: Raft, m: RaftMessage): void {
  if (r.role === Role.LEADER || m.commit <= r.log.commit) return;
  if (!r.log.matches(m.commit, m.logTerm)) return;
  r.log.commitTo(m.commit);
  if (r.role !== Role.FOLLOWER && r.log.hasUnappliedConfChange) becomeFollower(r, r.term, 0);
}
