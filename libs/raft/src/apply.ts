/**
 * Giving out committed entries to be applied: in order, each once, only what is durable here, and
 * no more at a time than the replica can swallow.
 */
import { assertEq, assertLe, type Index } from '@conclave/base';
import type { Entry } from '@conclave/wire';
import { APPLYING_FACTOR, UNAPPLIED_FACTOR } from './config.js';
import type { Raft } from './raft.js';
import { entryBytes } from './raft-log.js';
import { Role } from './ready.js';

const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

/** The last index that may be given out now. */
function applyLimit(r: Raft): Index {
  if (r.installing !== null) return 0;
  return Math.min(r.log.commit, r.unstable.durableIndex);
}

/** True if entries could be given out, or a read for them could be asked for. */
export function hasCommitted(r: Raft): boolean {
  if (r.log.applying >= applyLimit(r)) return false;
  return r.applyReading === 0 && r.applyingBytes < APPLYING_FACTOR * r.config.committedBytesMax;
}

/** Takes out the next committed entries; asks for a read if they are on disk only. */
export function takeCommitted(r: Raft): readonly Entry[] {
  if (!hasCommitted(r)) return NO_ENTRIES;
  const lo = r.log.applying + 1;
  const limit = applyLimit(r);
  const bytesMax = r.config.committedBytesMax;
  let entries: readonly Entry[];
  if (lo >= r.log.memoryFirst) {
    entries = r.log.slice(lo, limit + 1, bytesMax);
  } else if (r.applyRead.length > 0) {
    entries = r.applyRead;
    r.applyRead = NO_ENTRIES;
  } else {
    const id = ++r.lastReadId;
    r.applyReading = id;
    const hi = Math.min(limit + 1, r.log.memoryFirst);
    r.entriesRequests.push({ id, lo, hi, bytesMax });
    return NO_ENTRIES;
  }
  const last = (entries[entries.length - 1] as Entry).index;
  assertLe(last, limit, 'takeCommitted: committed and durable');
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  r.log.applying = last;
  r.applyBatches.push({ last, bytes });
  r.applyingBytes += bytes;
  return entries;
}

/** Entries to apply came back from disk. None: the read is asked for again. */
export function applyEntriesRead(r: Raft, entries: readonly Entry[]): void {
  r.applyReading = 0;
  const first = entries[0];
  if (first === undefined) return;
  assertEq(first.index, r.log.applying + 1, 'entriesRead: what apply asked for');
  r.applyRead = entries;
}

/** Everything up to `index` is applied; frees what need not be held any more. */
export function noteApplied(r: Raft, index: Index): void {
  const changes = r.log.confChangesTo(index);
  assertLe(changes, r.confChangesHandled, 'appliedTo: each change was applied or rejected');
  r.confChangesHandled -= changes;
  r.log.appliedTo(index);
  while (r.applyBatches.length > 0) {
    const batch = r.applyBatches[0] as { last: Index; bytes: number };
    if (batch.last > index) break;
    r.applyingBytes -= batch.bytes;
    r.applyBatches.shift();
  }
  evict(r);
}

export function evict(r: Raft): void {
  const { cacheBytesMax, committedBytesMax } = r.config;
  const unapplied = cacheBytesMax + UNAPPLIED_FACTOR * committedBytesMax;
  r.log.evict(r.unstable.durableIndex, cacheBytesMax, unapplied, knownToAll(r));
}

/** What no member will ask its leader for: everybody else has it. 0 unless leader. */
function knownToAll(r: Raft): Index {
  if (r.role !== Role.LEADER) return 0;
  let known = r.log.applied;
  for (const peer of r.tracker.peers) {
    if (peer.slot !== r.slot && peer.match < known) known = peer.match;
  }
  return known;
}
