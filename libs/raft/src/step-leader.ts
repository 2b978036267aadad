/** The rules of leaders: acknowledgements, heartbeats' answers, and what followers send on. */
import type { Index } from '@conclave/base';
import { MessageType, type RaftMessage } from '@conclave/wire';
import { maybeCommit } from './commit.js';
import type { Progress } from './progress.js';
import { proposeForwarded } from './propose.js';
import type { Raft } from './raft.js';
import { addRead, answerReads } from './reads.js';
import { sendAppend, sendAppends } from './replication.js';
import { announceAgain } from './snapshot.js';
import { ignore } from './step.js';
import { tellIfReady, transferLeader } from './transfer.js';

export function stepLeader(r: Raft, m: RaftMessage): void {
  const peer = r.tracker.get(m.from);
  if (peer === undefined) {
    ignore(r, m, 'unknown-sender');
    return;
  }
  switch (m.type) {
    case MessageType.APPEND_RESPONSE:
      peer.recentActive = true;
      if (m.reject) handleRefusal(r, m, peer);
      else handleAcknowledgement(r, m, peer);
      return;
    case MessageType.HEARTBEAT_RESPONSE:
      peer.recentActive = true;
      handleHeartbeatResponse(r, m, peer);
      return;
    case MessageType.PROPOSE:
      proposeForwarded(r, m);
      return;
    case MessageType.READ_INDEX:
      if (!addRead(r, m.from, m.context)) ignore(r, m, 'queue-full');
      return;
    case MessageType.TRANSFER_LEADER:
      transferLeader(r, m.context === 0 ? m.from : m.context);
      return;
    case MessageType.APPEND:
    case MessageType.HEARTBEAT:
    case MessageType.SNAPSHOT:
      ignore(r, m, 'second-leader');
      return;
    default:
      ignore(r, m, 'not-for-role');
  }
}

/**
 * The peer's log differs after `m.index`. With its term at the hint we skip in our own log every
 * entry of a later term, so one round trip passes a whole term of differences from either side.
 */
function handleRefusal(r: Raft, m: RaftMessage, peer: Progress): void {
  let hint = m.rejectHint;
  if (m.logTerm > 0) hint = r.log.findAgreement(hint, m.logTerm, Math.min(hint, r.log.cutIndex));
  if (!peer.refuse(m.index, hint)) return;
  sendAppend(r, peer, true);
}

function handleAcknowledgement(r: Raft, m: RaftMessage, peer: Progress): void {
  if (m.index > r.log.lastIndex) {
    ignore(r, m, 'malformed');
    return;
  }
  const wasPaused = peer.isPaused;
  const news = peer.acknowledge(m.index);
  if (peer.state === 'snapshot' && isOutrun(r, peer, m.index)) {
    peer.snapshot = null;
    peer.becomeProbe();
    sendAppend(r, peer, true);
    return;
  }
  if (!news && !(peer.state === 'probe' && peer.match === m.index && m.index > 0)) return;
  switch (peer.state) {
    case 'probe':
      peer.becomeReplicate();
      break;
    case 'snapshot':
      // Whatever brought it here, and however old: if our log goes on from there, so do we.
      if (peer.match >= r.log.cutIndex) peer.becomeReplicate();
      break;
    case 'replicate':
      peer.inflights.freeTo(m.index);
      break;
  }
  // Everybody is told of a commit together, at the next Ready.
  if (!maybeCommit(r) && wasPaused) sendAppend(r, peer, true);
  sendAppends(r, peer);
  tellIfReady(r, peer);
}

/** The peer has all that the announced snapshot brings, and our log was cut beyond it meanwhile. */
function isOutrun(r: Raft, peer: Progress, acknowledged: Index): boolean {
  const { snapshot, match } = peer;
  return snapshot !== null && acknowledged >= snapshot.index && match < r.log.cutIndex;
}

/** The peer is alive: whatever it was paused for may have been lost, so try again. */
function handleHeartbeatResponse(r: Raft, m: RaftMessage, peer: Progress): void {
  peer.paused = false;
  if (peer.state === 'snapshot') announceAgain(r, peer);
  else if (peer.match < r.log.lastIndex || peer.state === 'probe') sendAppend(r, peer, true);
  if (m.context === 0 || m.context > r.reads.round) return;
  if (m.context > peer.readAck) {
    peer.readAck = m.context;
    answerReads(r);
  }
}
