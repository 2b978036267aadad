/**
 * What is held in memory stays within its bound (I25), while a run lasts; and once nobody asks for
 * anything, nothing is held for anybody.
 */
import type { Finding } from './history.js';

/** So much of something is held, where `max` is allowed. */
export interface Holding {
  readonly who: string;
  readonly what: string;
  readonly amount: number;
  readonly max: number;
}

export function judgeBounds(holdings: readonly Holding[]): Finding[] {
  const findings: Finding[] = [];
  for (const { who, what, amount, max } of holdings) {
    if (amount <= max) continue;
    findings.push({ rule: 'I25', text: `${who} holds ${amount} ${what}, ${max} are allowed` });
  }
  return findings;
}
