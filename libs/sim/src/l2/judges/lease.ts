/**
 * What a lease promises (I16): it does not end by time before its time-to-live has passed since the last
 * keepalive that was answered (or since it was granted), it takes its keys along, and no keepalive is
 * answered for one that is gone.
 */
import type { Finding } from './history.js';

export interface Renewal {
  /** True milliseconds at which the client asked. */
  readonly askedMs: number;
  /** Seconds; 0: the lease is gone. */
  readonly ttl: number;
}

export interface LeaseRecord {
  readonly id: bigint;
  /** Granted seconds; the grant is the first renewal. */
  readonly ttl: number;
  readonly renewals: readonly Renewal[];
}

export interface LeaseEnd {
  readonly id: bigint;
  readonly atMs: number;
  /** False: a client revoked it. */
  readonly byTime: boolean;
}

/** `clockError`: how much faster than true time a member's clock may run, e.g. 0.1. */
export function judgeLeases(
  records: readonly LeaseRecord[],
  ends: readonly LeaseEnd[],
  clockError: number,
): Finding[] {
  const findings: Finding[] = [];
  const endOf = new Map(ends.map((end) => [end.id, end]));
  for (const { id, ttl, renewals } of records) {
    const end = endOf.get(id);
    if (end === undefined) continue;
    const name = `lease ${id.toString(16)}`;
    for (const renewal of renewals) {
      if (renewal.ttl <= 0) continue;
      // Whoever answered knew of everything that had happened when he was asked.
      if (renewal.askedMs > end.atMs) {
        const text = `${name} ended at ${end.atMs} ms and was renewed at ${renewal.askedMs} ms`;
        findings.push({ rule: 'I16', text });
      }
      const dueMs = renewal.askedMs + (ttl * 1_000) / (1 + clockError);
      if (end.byTime && end.atMs < dueMs) {
        const text = `${name} of ${ttl} s ended at ${end.atMs} ms, renewed at ${renewal.askedMs} ms`;
        findings.push({ rule: 'I16', text });
      }
    }
  }
  return findings.slice(0, 20);
}
