/**
 * The flow of linearizable reads (thesis 6.4) around `read-only.ts`: local and forwarded requests,
 * rounds of heartbeats, answers, and what is lost when the leader changes.
 */
import { MessageType, type RaftMessage } from '@conclave/wire';
import { plainMessage, readIndexResponse } from './message.js';
import type { Raft } from './raft.js';
import { Role, type Slot } from './ready.js';

/** Asks for a read index under the caller's number; false if no leader is known or too many wait. */
export function requestRead(r: Raft, context: number): boolean {
  if (r.role === Role.LEADER) return addRead(r, r.slot, context);
  if (r.leader === 0) return false;
  const number = r.forwarded.add(context, r.tick);
  if (number === 0) return false;
  r.send(plainMessage(MessageType.READ_INDEX, r.leader, r.slot, r.term, number));
  return true;
}

/** A leader takes a request of its own or of a follower. */
export function addRead(r: Raft, from: Slot, context: number): boolean {
  const added = r.reads.add(from, context, hasCommittedInTerm(r) ? r.log.commit : -1);
  if (added && hasCommittedInTerm(r)) answerReads(r);
  return added;
}

/** Until then a new leader does not know how far the log is committed (thesis 6.4, step 1). */
export function hasCommittedInTerm(r: Raft): boolean {
  return r.log.commit >= r.termFirstIndex;
}

/** Answers what needs no round or has been confirmed. */
export function answerReads(r: Raft): void {
  if (r.tracker.isSingleton(r.slot)) r.reads.startRound();
  const own = r.tracker.get(r.slot);
  if (own !== undefined) own.readAck = r.reads.round;
  const confirmed = r.tracker.quorumReadAck();
  let request = r.reads.takeConfirmed(confirmed);
  while (request !== undefined) {
    if (request.from === r.slot) {
      r.readStates.push({ context: request.context, index: request.index });
    } else {
      const { from, index, context } = request;
      r.send(readIndexResponse(from, r.slot, r.term, index, context));
    }
    request = r.reads.takeConfirmed(confirmed);
  }
}

/** A follower gets the answer to a read it has sent on. */
export function readAnswered(r: Raft, m: RaftMessage): void {
  const context = m.from === r.leader ? r.forwarded.take(m.context) : -1;
  if (context < 0) {
    r.emit({ kind: 'message-ignored', type: m.type, from: m.from, reason: 'stale' });
    return;
  }
  r.readStates.push({ context, index: m.index });
}

/** The leader's own reads are lost with the lead. */
export function dropReads(r: Raft): void {
  if (r.reads.length > 0) r.readsDropped.push(...r.reads.drop(r.slot));
}

/** Reads sent to a leader that is none any more are lost. */
export function dropForwarded(r: Raft): void {
  r.forwarded.expire(r.tick, r.readsDropped);
}

/** Forwarded reads without an answer for an election timeout are given up. */
export function expireForwarded(r: Raft): void {
  r.forwarded.expire(r.tick - r.config.electionTicks, r.readsDropped);
}
