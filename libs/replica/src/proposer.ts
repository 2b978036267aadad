import { EMPTY_BYTES } from '@conclave/base';
import type { Index, Probe, Term, TraceSpan } from '@conclave/base';
import type { RawNode } from '@conclave/raft';
import type { ApplyResult } from '@conclave/statemachine';
import { EntryType, encodeConfChange, encodeInternalRaftRequest } from '@conclave/wire';
import type { ConfChange, Entry } from '@conclave/wire';
import { decodeSlotChange } from './outbox.js';
import { ProposalTable } from './proposal-table.js';
import type { PendingProposal } from './proposal-table.js';
import { RequestIds } from './request-ids.js';
import type { RunOfMember } from './request-ids.js';
import type { SlotTable } from './slot-table.js';
import type { Cancel, Proposal, ProposalResult, ReplicaErrorCode } from './types.js';

/** Committed and not applied: more, and new requests are refused (etcd's figure). */
export const APPLY_BACKLOG_MAX = 5_000;
const NOTHING = (): void => undefined;

/** What the proposer asks of the replica around it. */
export interface ProposerPorts {
  readonly raft: RawNode;
  readonly slots: SlotTable;
  readonly probe: Probe;
  nowMs(): number;
  appliedIndex(): Index;
  leaderKnown(): boolean;
  stopped(): boolean;
  /** Something was given to raft: drain it in this turn. */
  wake(): void;
  /** Why a proposal handed to raft got no answer in time (spec 2.2). */
  timeoutCode(pending: PendingProposal): ReplicaErrorCode;
}

/**
 * The way in for writes: refuses before proposing, gives each request an id, hands it to raft, keeps
 * it while no leader takes it, and answers it once.
 */
export class Proposer {
  readonly #ports: ProposerPorts;
  readonly #requestBytesMax: number;
  readonly #table = new ProposalTable();
  readonly #ids: RequestIds;

  constructor(ports: ProposerPorts, run: RunOfMember, requestBytesMax: number) {
    this.#ports = ports;
    this.#requestBytesMax = requestBytesMax;
    this.#ids = new RequestIds(run);
  }

  get size(): number {
    return this.#table.size;
  }

  get overloaded(): boolean {
    return this.#ports.raft.commit - this.#ports.appliedIndex() > APPLY_BACKLOG_MAX;
  }

  /** Why no linearizable read is taken now; null: one is. */
  get readRefusal(): ReplicaErrorCode | null {
    if (this.#ports.stopped()) return 'stopped';
    return this.overloaded ? 'too-many-requests' : null;
  }

  nextRequestId(): bigint {
    return this.#ids.next();
  }

  propose(p: Proposal, timeoutMs: number, done: (result: ProposalResult) => void): Cancel {
    return this.#propose(p, timeoutMs, false, done);
  }

  /** The member's own: few, and not refused under load, or leases would not end just then (rule 47). */
  proposeOwn(p: Proposal, timeoutMs: number, done: (result: ProposalResult) => void): Cancel {
    return this.#propose(p, timeoutMs, true, done);
  }

  #propose(
    p: Proposal,
    timeoutMs: number,
    own: boolean,
    done: (result: ProposalResult) => void,
  ): Cancel {
    const requestId = this.#ids.next();
    const span = p.trace ? p.trace.child('propose') : null;
    const header = {
      ID: requestId,
      username: '',
      authRevision: 0,
      session: p.session,
      sequence: p.sequence,
      lowestUnanswered: p.lowestUnanswered,
      trace: span === null ? EMPTY_BYTES : span.contextBytes(),
    };
    let data = encodeInternalRaftRequest(header, p.field, p.body);
    // A request that fits only without the context goes without it.
    if (span !== null && data.length > this.#requestBytesMax) {
      header.trace = EMPTY_BYTES;
      data = encodeInternalRaftRequest(header, p.field, p.body);
    }
    const refusal = this.#refusal(data, own);
    if (refusal) return this.#refuse(refusal, span, done);
    const { NORMAL } = EntryType;
    return this.#accept(requestId, NORMAL, data, timeoutMs, p.session !== 0n, span, done);
  }

  proposeConfChange(
    change: ConfChange,
    requestId: bigint,
    timeoutMs: number,
    done: (result: ProposalResult) => void,
  ): Cancel {
    const data = encodeConfChange(change);
    const refusal = this.#refusal(data, false);
    if (refusal) return this.#refuse(refusal, null, done);
    return this.#accept(requestId, EntryType.CONF_CHANGE, data, timeoutMs, false, null, done);
  }

  /** `entry` was applied; `term` is that of now, for the answer. */
  applied(entry: Entry, requestId: bigint, result: ApplyResult, term: Term): void {
    this.#table.applied(entry, requestId, result, term);
  }

  failAll(code: ReplicaErrorCode): void {
    this.#table.failAll(code);
  }

  expire(nowMs: number): void {
    this.#table.expire(nowMs, (pending) => {
      this.#failed();
      return pending.proposedTerm === 0 ? 'deadline' : this.#ports.timeoutCode(pending);
    });
  }

  /** What no leader has taken yet, and what an earlier leader may have lost. */
  proposeWaiting(): void {
    if (!this.#ports.leaderKnown()) return;
    this.#table.forEachToPropose(this.#ports.raft.term, (pending) => this.#again(pending));
  }

  #accept(
    requestId: bigint,
    type: EntryType,
    data: Uint8Array,
    timeoutMs: number,
    repeatable: boolean,
    span: TraceSpan | null,
    done: (result: ProposalResult) => void,
  ): Cancel {
    const startMs = this.#ports.nowMs();
    const pending: PendingProposal = {
      requestId,
      type,
      data,
      startMs,
      deadlineMs: startMs + timeoutMs,
      repeatable,
      proposedTerm: 0,
      index: 0,
      span,
      done,
    };
    const index = this.#hand(pending);
    if (index === null) return this.#refuse('too-many-requests', span, done);
    if (index >= 0) {
      pending.proposedTerm = this.#ports.raft.term;
      pending.index = index;
    }
    const cancel = this.#table.add(pending);
    this.#ports.wake();
    return cancel;
  }

  #refusal(data: Uint8Array, own: boolean): ReplicaErrorCode | null {
    if (this.#ports.stopped()) return 'stopped';
    if (this.overloaded && !own) return 'too-many-requests';
    if (this.#table.isFull(data.length)) return 'too-many-requests';
    if (data.length > this.#requestBytesMax) return 'request-too-large';
    return null;
  }

  #refuse(
    code: ReplicaErrorCode,
    span: TraceSpan | null,
    done: (result: ProposalResult) => void,
  ): Cancel {
    this.#failed();
    span?.end(code);
    done({ ok: false, code });
    return NOTHING;
  }

  #failed(): void {
    this.#ports.probe.count('etcd_server_proposals_failed_total');
  }

  #again(pending: PendingProposal): void {
    const index = this.#hand(pending);
    if (index === null) {
      // Refused is only what no leader has ever taken: "too many requests" says that nothing was done.
      if (pending.proposedTerm !== 0) return;
      this.#failed();
      this.#table.fail(pending, 'too-many-requests');
    } else if (index >= 0) {
      this.#table.proposed(pending, this.#ports.raft.term, index);
      this.#ports.wake();
    }
  }

  /**
   * Gives it to raft. Answers the index of the entry made of it; 0: sent on to the leader; -1: nobody
   * takes it now, it waits until it can be handed over, or for its deadline; null: too much waits.
   */
  #hand(pending: PendingProposal): Index | null {
    const { raft, slots } = this.#ports;
    const { type, data } = pending;
    const result =
      type === EntryType.CONF_CHANGE
        ? raft.proposeConfChange(data, decodeSlotChange(data, slots))
        : raft.propose([pending]);
    if (result.ok) return result.index;
    return result.code === 'uncommitted-limit' ? null : -1;
  }
}
