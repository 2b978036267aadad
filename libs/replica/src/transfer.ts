import type { PeerProgress, RawNode } from '@conclave/raft';
import type { Leadership } from './leadership.js';
import type { SlotTable } from './slot-table.js';
import type { Cancel, ReplicaErrorCode } from './types.js';

export interface TransferPorts {
  readonly raft: RawNode;
  readonly slots: SlotTable;
  readonly leadership: Leadership;
  readonly memberId: bigint;
  after(delayMs: number, task: () => void): Cancel;
  wake(): void;
}

/** Hands leadership to `to` (thesis 3.10) and waits until it leads, `timeoutMs` at most. */
export function transferLeader(
  ports: TransferPorts,
  to: bigint,
  timeoutMs: number,
  done: (error: ReplicaErrorCode | null) => void,
): void {
  const { raft, slots, leadership } = ports;
  if (!leadership.isLeader) return done('not-leader');
  if (to === ports.memberId) return done(null);
  const answer = raft.transferLeader(slots.slotOf(to));
  if (answer === 'unknown' || answer === 'learner') return done('bad-transferee');
  let cancelTimer: Cancel = () => undefined;
  const stopListening = leadership.onChange(() => {
    if (leadership.leaderId !== to) return;
    cancelTimer();
    stopListening();
    done(null);
  });
  cancelTimer = ports.after(timeoutMs, () => {
    stopListening();
    done('transfer-timeout');
  });
  ports.wake();
}

/** The voter that is furthest among those heard of lately; 0n if this member does not lead. */
export function bestTransferee({ raft, slots, leadership, memberId }: TransferPorts): bigint {
  if (!leadership.isLeader) return 0n;
  let best: PeerProgress | null = null;
  for (const progress of raft.status().progress) {
    if (progress.learner || !progress.recentActive) continue;
    if (slots.idOf(progress.slot) === memberId) continue;
    if (best === null || progress.match > best.match) best = progress;
  }
  return best === null ? 0n : slots.idOf(best.slot);
}
