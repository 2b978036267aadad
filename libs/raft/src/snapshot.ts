/**
 * Raft's part in snapshots (thesis 5.2, 5.3): when a leader needs one for a peer, and when a
 * follower takes one. Making, sending, verifying and installing are the replica's.
 *
 * While a snapshot is being installed the old log stands still: no appends are taken and nothing is
 * given out to be applied; votes, heartbeats and terms go on.
 */
import { assert, assertDefined, assertEq } from '@conclave/base';
import type { RaftMessage, SnapshotMeta } from '@conclave/wire';
import { appendResponse, snapshotMessage } from './message.js';
import type { Progress } from './progress.js';
import type { Raft } from './raft.js';
import { Role, type Slot, type SlotSnapshotMeta } from './ready.js';

/** `peer` lacks entries that are gone from our log. A silent peer is not worth a snapshot. */
export function needSnapshot(r: Raft, peer: Progress): void {
  if (!peer.recentActive) return;
  peer.becomeSnapshot();
  r.snapshotsToSend.push(peer.slot);
  r.emit({ kind: 'snapshot', step: 'needed', peer: peer.slot, index: peer.next });
}

/** The replica has chosen the snapshot for `to`; false if it is not wanted any more. */
export function announceSnapshot(r: Raft, to: Slot, meta: SnapshotMeta): boolean {
  const peer = r.tracker.get(to);
  if (r.role !== Role.LEADER || peer === undefined || peer.state !== 'snapshot') return false;
  peer.snapshot = meta;
  peer.snapshotTick = r.tick;
  r.send(snapshotMessage(to, r.slot, r.term, meta));
  r.emit({ kind: 'snapshot', step: 'announced', peer: to, index: meta.index });
  return true;
}

/** The announcement, or the answer to it, may be lost: say it again once an election timeout. */
export function announceAgain(r: Raft, peer: Progress): void {
  if (peer.snapshot === null || r.tick - peer.snapshotTick < r.config.electionTicks) return;
  peer.snapshotTick = r.tick;
  r.send(snapshotMessage(peer.slot, r.slot, r.term, peer.snapshot));
}

/** The replica sent the snapshot, or gave up. Either way the peer is probed at the next contact. */
export function snapshotReported(r: Raft, slot: Slot, ok: boolean): void {
  const peer = r.tracker.get(slot);
  if (r.role !== Role.LEADER || peer === undefined || peer.state !== 'snapshot') return;
  if (!ok) peer.snapshot = null;
  peer.becomeProbe();
  peer.paused = true;
}

/** A leader announces a snapshot; `meta` is the message's, with slots for ids. */
export function handleSnapshot(r: Raft, m: RaftMessage, meta: SlotSnapshotMeta | null): void {
  if (meta === null || m.snapshot === null) {
    r.emit({ kind: 'message-ignored', type: m.type, from: m.from, reason: 'malformed' });
    return;
  }
  if (r.installing !== null) {
    const reason = 'installing-snapshot';
    r.emit({ kind: 'message-ignored', type: m.type, from: m.from, reason });
    return;
  }
  if (meta.index <= r.log.commit) {
    r.emit({ kind: 'snapshot', step: 'ignored', peer: m.from, index: meta.index });
    acknowledgeCommit(r, m.from);
    return;
  }
  if (!names(meta, r.slot)) {
    r.emit({ kind: 'message-ignored', type: m.type, from: m.from, reason: 'malformed' });
    return;
  }
  if (r.log.matches(meta.index, meta.term)) {
    // We have all of it: only the commit index is news.
    r.emit({ kind: 'snapshot', step: 'skipped', peer: m.from, index: meta.index });
    r.log.commitTo(meta.index);
    acknowledgeCommit(r, m.from);
    return;
  }
  r.installing = meta;
  r.snapshotToInstall = meta;
  r.emit({ kind: 'snapshot', step: 'accepted', peer: m.from, index: meta.index });
}

function names({ confState }: SlotSnapshotMeta, slot: Slot): boolean {
  const { voters, learners, votersOutgoing } = confState;
  return voters.includes(slot) || learners.includes(slot) || votersOutgoing.includes(slot);
}

/** Committed entries are the leader's too, so this is always a true acknowledgement. */
export function acknowledgeCommit(r: Raft, to: Slot): void {
  r.sendAfterAppend(appendResponse(to, r.slot, r.term, r.log.commit, false, 0, 0));
}

/** The replica switched to the snapshot: log and state are exactly `meta`. */
export function snapshotInstalled(r: Raft, meta: SlotSnapshotMeta): void {
  const expected = assertDefined(r.installing, 'snapshotInstalled: one was accepted');
  assertEq(meta.index, expected.index, 'snapshotInstalled: the one that was accepted');
  assertEq(meta.term, expected.term, 'snapshotInstalled: the one that was accepted, term');
  assert(r.role !== Role.LEADER, 'a leader never installs a snapshot');
  r.log.reset(meta.index, meta.term);
  r.unstable.reset(meta.index);
  r.installing = null;
  r.snapshotToInstall = null;
  r.confChangesHandled = 0;
  r.applyReading = 0;
  r.applyRead = [];
  r.applyBatches = [];
  r.applyingBytes = 0;
  r.tracker.change(meta.confState, r.log.lastIndex + 1);
  r.emit({ kind: 'snapshot', step: 'installed', peer: r.leader, index: meta.index });
  if (r.leader !== 0) acknowledgeCommit(r, r.leader);
}

/** The snapshot did not come or did not verify: the old log goes on. */
export function snapshotFailed(r: Raft): void {
  if (r.installing === null) return;
  r.emit({ kind: 'snapshot', step: 'failed', peer: r.leader, index: r.installing.index });
  r.installing = null;
  r.snapshotToInstall = null;
}
