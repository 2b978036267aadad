/**
 * A judge's own picture of a log: for each index a chain value, a hash over everything up to there.
 * Two logs with the same chain at an index are the same up to it (log matching in one comparison).
 *
 * Arrays are indexed by log index; place 0 holds the empty log. What is cut from the log stays here.
 */
import { assertEq } from '@conclave/base';
import type { Entry } from '@conclave/wire';

/** The hash of the log that ends with `entry`, whose beginning hashes to `before`. */
export function chainOf(before: number, entry: Entry): number {
  let h = Math.imul(before ^ entry.term, 0x9e3779b1) ^ (entry.type << 8);
  const { data } = entry;
  const n = data.length < 32 ? data.length : 32;
  h = Math.imul(h ^ data.length, 0x85ebca6b);
  for (let i = 0; i < n; i++) h = (Math.imul(h ^ (data[i] as number), 0x01000193) + (h >>> 15)) | 0;
  return h | 0;
}

export const EMPTY_CHAIN = 0x1bad_cafe;

export class ShadowLog {
  chains: number[] = [EMPTY_CHAIN];
  terms: number[] = [0];

  get last(): number {
    return this.chains.length - 1;
  }

  chain(index: number): number | undefined {
    return this.chains[index];
  }

  term(index: number): number {
    return this.terms[index] ?? 0;
  }

  /** Drops everything behind `last`. */
  truncate(last: number): void {
    this.chains.length = last + 1;
    this.terms.length = last + 1;
  }

  push(chain: number, term: number): void {
    this.chains.push(chain);
    this.terms.push(term);
  }

  /** Becomes a copy of the first `last` entries of `other`. */
  copy(other: ShadowLog, last: number): void {
    assertEq(Math.min(last, other.last), last, 'ShadowLog.copy: reaches so far');
    this.chains = other.chains.slice(0, last + 1);
    this.terms = other.terms.slice(0, last + 1);
  }
}
