/** A fingerprint of what a message says: it is the same when it is sent and when it arrives. */
import type { RaftMessage } from '@conclave/wire';

export function markOf(m: RaftMessage): number {
  const { entries } = m;
  const n = entries.length;
  let h = Math.imul(m.term ^ (m.type << 20), 0x9e3779b1) ^ m.index;
  h = Math.imul(h ^ m.logTerm, 0x85ebca6b) ^ m.commit ^ (n << 8);
  h = Math.imul(h ^ m.context, 0x01000193) ^ m.rejectHint ^ (m.reject ? 0x5555 : 0);
  if (n > 0) {
    const first = entries[0];
    const last = entries[n - 1];
    if (first === undefined || last === undefined) return 0;
    h = Math.imul(h ^ first.index ^ (first.term << 16), 0x9e3779b1);
    h = Math.imul(h ^ last.index ^ (last.term << 16) ^ (last.data.length << 4), 0x85ebca6b);
  }
  return h | 0;
}
