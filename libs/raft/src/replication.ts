/**
 * How a leader brings its log to the others (thesis 3.5): appends within each peer's window,
 * heartbeats, and what to do when the entries a peer needs are on disk only, or gone.
 */
import { assertEq, assertLe, type Index, type Term } from '@conclave/base';
import type { Entry } from '@conclave/wire';
import { appendMessage, heartbeatMessage } from './message.js';
import type { Progress } from './progress.js';
import type { Raft } from './raft.js';
import { entryBytes, UNKNOWN_TERM } from './raft-log.js';
import { Role } from './ready.js';
import { needSnapshot } from './snapshot.js';

const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

/** Sends what is new, and the commit index, to everybody that may be sent to. */
export function broadcastAppend(r: Raft): void {
  r.broadcastPending = false;
  for (const peer of r.tracker.peers) {
    if (peer.slot !== r.slot) sendAppends(r, peer);
  }
}

/** As many appends as the window takes; an empty one if only the commit index is news. */
export function sendAppends(r: Raft, peer: Progress): void {
  while (peer.next <= r.log.lastIndex) {
    if (!sendAppend(r, peer, false)) break;
  }
  // The peer learns of commits only up to what it is known to have, or is being sent.
  const useful = Math.min(r.log.commit, peer.next - 1);
  if (peer.state === 'replicate' && peer.sentCommit < useful) sendAppend(r, peer, true);
}

/**
 * One append to `peer`; false if nothing was sent: it is paused, there is nothing to say, or the
 * entries are being fetched.
 */
export function sendAppend(r: Raft, peer: Progress, sendIfEmpty: boolean): boolean {
  if (peer.isPaused) return false;
  const prev = peer.next - 1;
  if (prev < r.log.cutIndex) {
    needSnapshot(r, peer);
    return false;
  }
  const prevTerm = termBefore(r, peer);
  const windowFull = peer.state === 'replicate' && peer.inflights.full;
  const wanted = !windowFull && peer.next <= r.log.lastIndex;
  if (!wanted && !sendIfEmpty) return false;
  if (prevTerm === UNKNOWN_TERM || (wanted && peer.next < r.log.memoryFirst)) {
    requestEntries(r, peer, prevTerm === UNKNOWN_TERM);
    return false;
  }
  const entries = wanted
    ? r.log.slice(peer.next, r.log.lastIndex + 1, r.config.messageBytesMax)
    : NO_ENTRIES;
  emitAppend(r, peer, prev, prevTerm, entries);
  return true;
}

/** The term of the entry before the next to send, if we know it. */
function termBefore(r: Raft, peer: Progress): Term {
  const prev = peer.next - 1;
  const known = r.log.term(prev);
  return known === UNKNOWN_TERM && peer.readIndex === prev ? peer.readTerm : known;
}

function emitAppend(
  r: Raft,
  peer: Progress,
  prev: Index,
  prevTerm: Term,
  entries: readonly Entry[],
): void {
  r.send(appendMessage(peer.slot, r.slot, r.term, prev, prevTerm, r.log.commit, entries));
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  peer.sent(prev + entries.length, entries.length, bytes);
  if (r.log.commit > peer.sentCommit) peer.sentCommit = r.log.commit;
}

/** Asks the replica for entries that are on disk only; the peer waits for them. */
function requestEntries(r: Raft, peer: Progress, withPrevious: boolean): void {
  const lo = withPrevious ? peer.next - 1 : peer.next;
  const id = ++r.lastReadId;
  peer.reading = id;
  r.entriesRequests.push({ id, lo, hi: r.log.memoryFirst, bytesMax: r.config.messageBytesMax });
}

/** Entries for a peer came back from disk. None, or not those asked for: they were cut meanwhile. */
export function peerEntriesRead(r: Raft, peer: Progress, entries: readonly Entry[]): void {
  peer.reading = 0;
  if (r.role !== Role.LEADER || peer.isPaused) return;
  const first = entries[0];
  const prev = peer.next - 1;
  if (prev < r.log.cutIndex) {
    needSnapshot(r, peer);
    return;
  }
  let rest = entries;
  if (first !== undefined && first.index === prev) {
    peer.readIndex = prev;
    peer.readTerm = first.term;
    rest = entries.slice(1);
  }
  // The read failed or came for another place: the next heartbeat's answer tries again.
  const wrong = first === undefined || (rest === entries && first.index !== peer.next);
  const prevTerm = termBefore(r, peer);
  if (wrong || prevTerm === UNKNOWN_TERM) {
    peer.paused = true;
    return;
  }
  if (rest.length > 0) {
    const last = rest[rest.length - 1] as Entry;
    assertEq(last.index, peer.next + rest.length - 1, 'entriesRead: contiguous');
    assertLe(last.index, r.log.lastIndex, 'entriesRead: of our log');
    const windowFull = peer.state === 'replicate' && peer.inflights.full;
    if (!windowFull) emitAppend(r, peer, prev, prevTerm, rest);
  }
  sendAppends(r, peer);
}

/** A heartbeat to everybody, with the newest read context. Commit never exceeds what a peer has. */
export function broadcastHeartbeat(r: Raft): void {
  for (const peer of r.tracker.peers) {
    if (peer.slot !== r.slot) sendHeartbeat(r, peer);
  }
}

export function sendHeartbeat(r: Raft, peer: Progress): void {
  const commit = Math.min(peer.match, r.log.commit);
  r.send(heartbeatMessage(peer.slot, r.slot, r.term, commit, r.reads.round));
}
