import { assert } from '@conclave/base';
import type { Term } from '@conclave/base';
import type { ApplyResult } from '@conclave/statemachine';
import type { EntryType } from '@conclave/wire';
import type { Cancel, ProposalResult, ReplicaErrorCode } from './types.js';

/** Proposals that nobody has an answer for yet; more are refused before they are proposed. */
export const PROPOSALS_MAX = 65_536;

export interface PendingProposal {
  readonly requestId: bigint;
  readonly type: EntryType;
  readonly data: Uint8Array;
  readonly startMs: number;
  readonly deadlineMs: number;
  /** May be proposed once more under a new leader: the session table applies it once. */
  readonly repeatable: boolean;
  /** 0: not handed to raft yet (no leader was known). */
  proposedTerm: Term;
  readonly done: (result: ProposalResult) => void;
}

/**
 * Who waits for which request id. A proposal is in the table from the moment it is accepted until its
 * entry was applied here, it failed, or its time ran out; it is answered exactly once.
 *
 * Invariant: answered proposals are not in the table; ids are never reused.
 */
export class ProposalTable {
  readonly #pending = new Map<bigint, PendingProposal>();

  get size(): number {
    return this.#pending.size;
  }

  get full(): boolean {
    return this.#pending.size >= PROPOSALS_MAX;
  }

  add(proposal: PendingProposal): Cancel {
    assert(!this.full, 'ProposalTable: checked by the caller');
    assert(!this.#pending.has(proposal.requestId), 'ProposalTable: a request id is used once');
    this.#pending.set(proposal.requestId, proposal);
    return () => {
      this.#pending.delete(proposal.requestId);
    };
  }

  /** The entry was applied. */
  applied(requestId: bigint, result: ApplyResult, term: Term): void {
    const proposal = this.#pending.get(requestId);
    if (!proposal) return;
    this.#pending.delete(requestId);
    proposal.done({ ok: true, result, term });
  }

  fail(proposal: PendingProposal, code: ReplicaErrorCode): void {
    if (!this.#pending.delete(proposal.requestId)) return;
    proposal.done({ ok: false, code });
  }

  failAll(code: ReplicaErrorCode): void {
    for (const proposal of [...this.#pending.values()]) this.fail(proposal, code);
  }

  /** Fails what is past its deadline; `codeOf` says why it took so long. */
  expire(nowMs: number, codeOf: (proposal: PendingProposal) => ReplicaErrorCode): void {
    for (const proposal of this.#pending.values()) {
      if (proposal.deadlineMs <= nowMs) this.fail(proposal, codeOf(proposal));
    }
  }

  /** Those not handed to raft, and the repeatable ones handed over in an earlier term. */
  forEachToPropose(term: Term, visit: (proposal: PendingProposal) => void): void {
    for (const proposal of [...this.#pending.values()]) {
      if (proposal.proposedTerm === 0) visit(proposal);
      else if (proposal.repeatable && proposal.proposedTerm < term) visit(proposal);
    }
  }
}
