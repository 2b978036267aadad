import { assert, assertEq, assertLt } from '@conclave/base';
import type { Index, Term, TraceSpan } from '@conclave/base';
import type { ApplyResult } from '@conclave/statemachine';
import type { Entry, EntryType } from '@conclave/wire';
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
  /** Of the entry that this member, then leader, made of it; 0: there is none, or a leader was sent it. */
  index: Index;
  /** From the request until its answer; null: not traced. */
  readonly span: TraceSpan | null;
  readonly done: (result: ProposalResult) => void;
}

/**
 * Who waits for which entry. A proposal is in the table from the moment it is accepted until its entry
 * was applied here, it failed, or its time ran out; it is answered exactly once.
 *
 * A leader knows index and term of the entry it makes, and no two entries have the same (thesis 3.5): so
 * its own are found by index, a small number, and only those sent on to another leader, or to nobody
 * yet, by request id.
 *
 * Invariants: answered proposals are not in the table; ids are never reused; `#bytes` is the sum of what
 * the table holds; one is in `#led` under its index if that is not 0, else in `#others`.
 */
export class ProposalTable {
  readonly #led = new Map<Index, PendingProposal>();
  readonly #others = new Map<bigint, PendingProposal>();
  #bytes = 0;

  get size(): number {
    return this.#led.size + this.#others.size;
  }

  /** No room for one of `bytes`. */
  isFull(bytes: number): boolean {
    if (this.size === 0) return false;
    return this.size >= PROPOSALS_MAX || this.#bytes + bytes > PROPOSAL_BYTES_MAX;
  }

  add(proposal: PendingProposal): Cancel {
    assert(!this.isFull(proposal.data.length), 'ProposalTable: checked by the caller');
    this.#put(proposal);
    this.#bytes += proposal.data.length;
    return () => {
      if (this.#remove(proposal)) proposal.span?.end('cancelled');
    };
  }

  /** A proposal of this table was handed to raft once more; `index` as for a new one. */
  proposed(proposal: PendingProposal, term: Term, index: Index): void {
    const held = this.#take(proposal);
    proposal.proposedTerm = term;
    proposal.index = index;
    if (held) this.#put(proposal);
  }

  /** `entry` was applied; its request id is 0n if it has none. `term` is that of now, for the answer. */
  applied(entry: Entry, requestId: bigint, result: ApplyResult, term: Term): void {
    const led = this.#led.get(entry.index);
    let proposal: PendingProposal | undefined;
    if (led !== undefined && led.proposedTerm === entry.term) {
      assertEq(led.data.length, entry.data.length, 'ProposalTable: an entry of ours, unchanged');
      proposal = led;
    } else if (this.#others.size > 0 && requestId !== 0n) {
      proposal = this.#others.get(requestId);
    }
    if (proposal === undefined) return;
    this.#remove(proposal);
    proposal.span?.end();
    proposal.done({ ok: true, result, term });
  }

  fail(proposal: PendingProposal, code: ReplicaErrorCode): void {
    if (!this.#remove(proposal)) return;
    proposal.span?.end(code);
    proposal.done({ ok: false, code });
  }

  #put(proposal: PendingProposal): void {
    if (proposal.index === 0) {
      assert(!this.#others.has(proposal.requestId), 'ProposalTable: a request id is used once');
      this.#others.set(proposal.requestId, proposal);
      return;
    }
    const displaced = this.#led.get(proposal.index);
    this.#led.set(proposal.index, proposal);
    if (displaced === undefined) return;
    // Of an earlier term of ours: its entry was overwritten, or this one would not be at its index.
    assertLt(displaced.proposedTerm, proposal.proposedTerm, 'ProposalTable: an index once a term');
    displaced.index = 0;
    this.#put(displaced);
  }

  /** False: it was gone already. */
  #take(proposal: PendingProposal): boolean {
    const { index, requestId } = proposal;
    if (index === 0) return this.#others.delete(requestId);
    return this.#led.get(index) === proposal && this.#led.delete(index);
  }

  /** False: it was gone already. */
  #remove(proposal: PendingProposal): boolean {
    if (!this.#take(proposal)) return false;
    this.#bytes -= proposal.data.length;
    return true;
  }

  /** In a new array: whoever is told may change the table. */
  #all(): PendingProposal[] {
    return [...this.#led.values(), ...this.#others.values()];
  }

  failAll(code: ReplicaErrorCode): void {
    for (const proposal of this.#all()) this.fail(proposal, code);
  }

  /** Fails what is past its deadline; `codeOf` says why it took so long. */
  expire(nowMs: number, codeOf: (proposal: PendingProposal) => ReplicaErrorCode): void {
    for (const proposal of this.#led.values()) {
      if (proposal.deadlineMs <= nowMs) this.fail(proposal, codeOf(proposal));
    }
    for (const proposal of this.#others.values()) {
      if (proposal.deadlineMs <= nowMs) this.fail(proposal, codeOf(proposal));
    }
  }

  /** Those not handed to raft, and the repeatable ones handed over in an earlier term. */
  forEachToPropose(term: Term, visit: (proposal: PendingProposal) => void): void {
    for (const proposal of this.#all()) {
      if (proposal.proposedTerm === 0) visit(proposal);
      else if (proposal.repeatable && proposal.proposedTerm < term) visit(proposal);
    }
  }
}
