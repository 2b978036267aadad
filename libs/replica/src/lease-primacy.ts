import type { Term } from '@conclave/base';
import type { Leases } from '@conclave/lease';

/**
 * When this member is the primary of the leases: from the moment it leads until it follows again.
 *
 * A new leader may still have entries of earlier leaders to apply: renewals that took a checkpoint back,
 * among others. So it counts every lease anew at the first entry of its own term, behind which nothing
 * of an earlier term can come. Nobody can have renewed a lease in between: a renewal waits for a
 * linearizable read, and that one for this very entry. Until then no lease is ended or checkpointed.
 */
export class LeasePrimacy {
  readonly #leases: Leases;
  readonly #extendMs: number;
  readonly #checkpointMs: number;
  #countedTerm: Term = 0;

  /** `extendMs`: what an election may have taken; `checkpointMs`: 0 for no checkpoints. */
  constructor(leases: Leases, extendMs: number, checkpointMs = 0) {
    this.#leases = leases;
    this.#extendMs = extendMs;
    this.#checkpointMs = checkpointMs;
  }

  /** This member leads. */
  lead(nowMs: number): void {
    this.#leases.promote(nowMs, this.#extendMs, this.#checkpointMs);
  }

  /** It is to hear of the first entry that this member applies of the term in which it leads. */
  awaits(term: Term): boolean {
    return term !== this.#countedTerm;
  }

  /** That entry was applied. */
  appliedOwn(term: Term, nowMs: number): void {
    if (!this.awaits(term)) return;
    this.#countedTerm = term;
    this.lead(nowMs);
  }

  follow(): void {
    this.#leases.demote();
  }
}
