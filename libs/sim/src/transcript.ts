/** A run as text that reads like a protocol trace. Only made when asked for. */
import type { RaftEvent, SlotConfState } from '@conclave/raft';
import type { RaftMessage } from '@conclave/wire';
import { messageName } from './coverage.js';

export function timeText(us: number): string {
  return `${(us / 1_000_000).toFixed(6).padStart(11)}`;
}

export function messageText(m: RaftMessage): string {
  const parts = [`${m.from}->${m.to} ${messageName(m.type)} term ${m.term}`];
  if (m.index !== 0 || m.logTerm !== 0) parts.push(`index ${m.index}/${m.logTerm}`);
  const first = m.entries[0];
  if (first !== undefined) {
    const last = m.entries[m.entries.length - 1];
    parts.push(`entries ${first.index}/${first.term}..${last?.index}/${last?.term}`);
  }
  if (m.commit !== 0) parts.push(`commit ${m.commit}`);
  if (m.reject) parts.push(`REJECT hint ${m.rejectHint}`);
  if (m.context !== 0) parts.push(`context ${m.context}`);
  if (m.snapshot !== null) parts.push(`snapshot ${m.snapshot.index}/${m.snapshot.term}`);
  return parts.join(' ');
}

export function eventText(slot: number, e: RaftEvent): string {
  const fields = Object.entries(e)
    .filter(([name]) => name !== 'kind')
    .map(([name, value]) => `${name} ${String(value)}`);
  return `  ${slot}: ${e.kind} ${fields.join(' ')}`;
}

export function confText(c: SlotConfState): string {
  const parts = [`voters ${c.voters.join(' ')}`];
  if (c.votersOutgoing.length > 0) parts.push(`outgoing ${c.votersOutgoing.join(' ')}`);
  if (c.learners.length > 0) parts.push(`learners ${c.learners.join(' ')}`);
  if (c.learnersNext.length > 0) parts.push(`learners next ${c.learnersNext.join(' ')}`);
  if (c.autoLeave) parts.push('auto-leave');
  return parts.join(', ');
}
