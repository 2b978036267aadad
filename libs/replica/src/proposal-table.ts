import { assert } from '@conclave/base';
import type { Term } from '@conclave/base';
import type { ApplyResult } from '@conclave/statemachine';
import type { EntryType } from '@conclave/wire';
import type { Cancel, ProposalResult, ReplicaErrorCode } from './types.js';

/** Proposals that nobody has an answer for yet; more are refused before they are proposed. */
export const PROPOSALS_MAX = 65_536;
/** Bytes they hold. Without a leader nothing else bounds them; one alone is always let in. */
export const PROPOSAL_BYTES_MAX = 256 * 1024 * 1024;

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
 * Invariants: answered proposals are not in the table; ids are never reused; `#bytes` is the sum of what
 * the table holds.
 */
export class ProposalTable {
  readonly #pending = new Map<bigint, PendingProposal>();
  #bytes = 0;

  get size(): number {
    return this.#pending.size;
  }

  /** No room for one of `bytes`. */
  isFull(bytes: number): boolean {
    if (this.#pending.size === 0) return false;
    return this.#pending.size >= PROPOSALS_MAX || this.#bytes + bytes > PROPOSAL_BYTES_MAX;
  }

  add(proposal: PendingProposal): Cancel {
    assert(!this.isFull(proposal.data.length), 'ProposalTable: checked by the caller');
    assert(!this.#pending.has(proposal.requestId), 'ProposalTable: a request id is used once');
    this.#pending.set(proposal.requestId, proposal);
    this.#bytes += proposal.data.length;
    return () => {
      this.#remove(proposal);
    };
  }

  /** The entry was applied. */
  applied(requestId: bigint, result: ApplyResult, term: Term): void {
    const proposal = this.#pending.get(requestId);
    if (!proposal) return;
    this.#remove(proposal);
    proposal.done({ ok: true, result, term });
  }

  fail(proposal: PendingProposal, code: ReplicaErrorCode): void {
    if (this.#remove(proposal)) proposal.done({ ok: false, code });
  }

  /** False: it was gone already. */
  #remove(proposal: PendingProposal): boolean {
    if (!this.#pending.delete(proposal.requestId)) return false;
    this.#bytes -= proposal.data.length;
    return true;
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
