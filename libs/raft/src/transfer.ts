/**
 * Handing leadership over (thesis 3.10): the target is brought up to date while no proposal is
 * taken, then told to campaign at once. Given up after an election timeout.
 */
import { MessageType } from '@conclave/wire';
import { plainMessage } from './message.js';
import type { Progress } from './progress.js';
import type { Raft } from './raft.js';
import { Role, type Slot } from './ready.js';
import { sendAppend } from './replication.js';

export type TransferResult = 'ok' | 'not-leader' | 'unknown' | 'learner' | 'self';

/**
 * A leader hands over to `to`; another target replaces an earlier one. A follower can ask the leader
 * to hand over to itself only.
 */
export function transferLeader(r: Raft, to: Slot): TransferResult {
  if (r.role !== Role.LEADER) {
    if (to !== r.slot || r.leader === 0) return 'not-leader';
    r.send(plainMessage(MessageType.TRANSFER_LEADER, r.leader, r.slot, r.term, 0));
    return 'ok';
  }
  if (to === r.slot) {
    abortTransfer(r);
    return 'self';
  }
  const peer = r.tracker.get(to);
  if (peer === undefined) return 'unknown';
  if (peer.learner) return 'learner';
  if (r.leadTransferee === to) return 'ok';
  abortTransfer(r);
  r.leadTransferee = to;
  // The transfer has one election timeout from now.
  r.electionElapsed = 0;
  r.emit({ kind: 'transfer', to, step: 'begun' });
  if (!tellIfReady(r, peer)) {
    if (peer.state === 'probe') peer.paused = false;
    sendAppend(r, peer, true);
  }
  return 'ok';
}

/** Tells the target to campaign once it has the whole log. */
export function tellIfReady(r: Raft, peer: Progress): boolean {
  if (peer.slot !== r.leadTransferee || peer.match !== r.log.lastIndex) return false;
  tellToTakeOver(r, peer.slot);
  return true;
}

function tellToTakeOver(r: Raft, to: Slot): void {
  r.send(plainMessage(MessageType.TIMEOUT_NOW, to, r.slot, r.term, 0));
  r.emit({ kind: 'transfer', to, step: 'sent' });
}

export function abortTransfer(r: Raft): void {
  if (r.leadTransferee === 0) return;
  r.emit({ kind: 'transfer', to: r.leadTransferee, step: 'aborted' });
  r.leadTransferee = 0;
}

/** A leader that must go names the voter that has most of its log, so that nobody waits. */
export function handOver(r: Raft): void {
  let best: Progress | null = null;
  for (const peer of r.tracker.peers) {
    if (peer.slot === r.slot || !r.tracker.confState.voters.includes(peer.slot)) continue;
    if (peer.match < r.log.commit || !peer.recentActive) continue;
    if (best === null || peer.match > best.match) best = peer;
  }
  if (best !== null) tellToTakeOver(r, best.slot);
}
