/**
 * Lease/LeaseKeepAlive: each request one answer, in order (spec 2.8).
 *
 * A lease is renewed only by a leader that a quorum confirmed after the request came (reliability rule
 * 45): a linearizable read is that confirmation, one for all requests that came meanwhile. A
 * member that does not lead sends the round on to the one that does. A lease past its deadline and not
 * yet revoked holds its answer back until it is gone, then TTL 0; so it cannot come back to life. A lease
 * with a checkpoint is renewed once that was taken back through the log: else a next leader, going by it,
 * could end the lease before its time.
 *
 * States: `idle` (nothing under way), `round` (one batch under way; further requests queue). Invariant:
 * answers leave in the order of their requests; at most `REQUESTS_MAX` requests are held.
 */
import { type Revision, type ServerCall, type ServerCallEvents, Status } from '@conclave/base';
import type { Cancel } from '@conclave/replica';
import {
  DecodeError,
  LeaseCheckpointRequest,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  RequestField,
} from '@conclave/wire';
import { type ApiContext, bare } from './context.js';
import { type ApiErrorCode, failureOf } from './error-table.js';
import { askLeader, decodeAnswer, isRetryable, retryAtLeader, wasForwarded } from './forward.js';

const REQUESTS_MAX = 1_024;
/** How often a lease on its way out is looked at. */
const GONE_POLL_MS = 50;

interface Asked {
  readonly id: bigint;
  /** Taken before renewing, as at etcd. */
  readonly revision: Revision;
}

export class KeepAliveCall implements ServerCallEvents {
  readonly #api: ApiContext;
  readonly #call: ServerCall;
  #queue: Asked[] = [];
  #round: Asked[] = [];
  #roundDeadlineMs = 0;
  #state: 'idle' | 'round' | 'ended' = 'idle';
  #cancel: Cancel | null = null;
  #waits = 0;
  #halfClosed = false;
  #overCredit = false;
  #paused = false;

  constructor(api: ApiContext, call: ServerCall) {
    this.#api = api;
    this.#call = call;
  }

  message(bytes: Uint8Array): void {
    if (this.#state === 'ended') return;
    let id: bigint;
    try {
      id = LeaseKeepAliveRequest.decode(bytes).ID;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const text = `grpc: failed to unmarshal the received message: ${error.message}`;
      return this.#end(Status.INTERNAL, text);
    }
    this.#queue.push({ id, revision: this.#api.replica.machine.store.revision });
    this.#throttle();
    this.#next();
  }

  halfClosed(): void {
    this.#halfClosed = true;
    this.#next();
  }

  cancelled(): void {
    this.#state = 'ended';
    this.#cancel?.();
  }

  drained(): void {
    this.#overCredit = false;
    this.#throttle();
  }

  lost(): void {
    this.#fail('no-leader');
  }

  /** Takes all that waits into one round; ends the stream once nothing waits and none will come. */
  #next(): void {
    if (this.#state !== 'idle') return;
    if (this.#queue.length === 0) {
      if (this.#halfClosed) this.#end(Status.OK, '');
      return;
    }
    this.#state = 'round';
    this.#round = this.#queue;
    this.#queue = [];
    this.#throttle();
    this.#roundDeadlineMs = this.#api.replica.nowMs + this.#api.requestTimeoutMs;
    this.#begin();
  }

  #begin(): void {
    if (this.#api.replica.isLeader) return this.#confirm();
    if (wasForwarded(this.#call.head.metadata)) return this.#fail('no-leader');
    this.#forward();
  }

  #confirm(): void {
    const leftMs = this.#roundDeadlineMs - this.#api.replica.nowMs;
    if (leftMs <= 0) return this.#fail('timeout');
    this.#hold(() =>
      this.#api.replica.linearizableRead(leftMs, (error) => {
        if (this.#state !== 'round') return;
        if (error === 'leader-changed' || error === 'no-leader') return this.#again();
        if (error !== null) return this.#fail(error);
        this.#renew();
      }),
    );
  }

  /** Renews from the front of the round until one has to wait. */
  #renew(): void {
    const { leases } = this.#api.replica.machine;
    while (this.#round.length > 0) {
      const { id, revision } = this.#round[0] as Asked;
      const renewed = leases.renew(id, this.#api.replica.nowMs);
      if (renewed === 'not-primary') return this.#again();
      if (renewed === 'expired') return this.#waitUntilGone(id);
      if (renewed === 'checkpointed') return this.#reset();
      this.#round.shift();
      if (renewed !== 'not-found') {
        this.#api.ports.probe.count('etcd_debugging_lease_renewed_total');
      }
      this.#answer(id, revision, renewed === 'not-found' ? 0 : renewed);
      if (this.#state !== 'round') return;
    }
    this.#state = 'idle';
    this.#next();
  }

  /** Takes back the checkpoints of all leases of the round, in one entry (at most `REQUESTS_MAX`). */
  #reset(): void {
    const { machine, term } = this.#api.replica;
    const ids = new Set(this.#round.map(({ id }) => id));
    const checkpoints = [...ids]
      .filter((id) => machine.leases.needsReset(id))
      .map((id) => ({ ID: id, remainingTTL: 0 }));
    const index = machine.appliedIndex;
    const body = LeaseCheckpointRequest.encode({ checkpoints, term, index });
    const request = bare(RequestField.LEASE_CHECKPOINT, body);
    const leftMs = this.#roundDeadlineMs - this.#api.replica.nowMs;
    if (leftMs <= 0) return this.#fail('timeout');
    this.#hold(() =>
      this.#api.replica.propose(request, leftMs, (result) => {
        if (this.#state !== 'round') return;
        if (result.ok) return this.#confirm();
        if (result.code === 'leader-changed' || result.code === 'no-leader') return this.#again();
        this.#fail(result.code);
      }),
    );
  }

  #waitUntilGone(id: bigint): void {
    const { replica } = this.#api;
    this.#hold(() =>
      replica.after(GONE_POLL_MS, () => {
        if (this.#state !== 'round') return;
        const { leases } = replica.machine;
        if (!leases.primary) return this.#again();
        if (!leases.exists(id)) return this.#renew();
        if (replica.nowMs >= this.#roundDeadlineMs) return this.#fail('timeout');
        this.#waitUntilGone(id);
      }),
    );
  }

  /** Who leads has changed: once more, with whoever leads now. */
  #again(): void {
    this.#hold(() =>
      this.#api.replica.after(GONE_POLL_MS, () => {
        if (this.#state !== 'round') return;
        if (this.#api.replica.nowMs >= this.#roundDeadlineMs) return this.#fail('timeout');
        this.#begin();
      }),
    );
  }

  #forward(): void {
    const { method } = this.#call.head;
    this.#hold(() =>
      retryAtLeader(
        this.#api,
        (again) => {
          if (this.#api.replica.isLeader) {
            this.#confirm();
            return () => undefined;
          }
          const requests = this.#round.map(({ id }) => LeaseKeepAliveRequest.encode({ ID: id }));
          return askLeader(this.#api, method, requests, this.#api.requestTimeoutMs, (reached) => {
            if (this.#state !== 'round') return;
            if (reached.ok && this.#relay(reached.messages)) return;
            if (reached.ok || isRetryable(reached.code, reached.message)) again();
            else this.#end(reached.code, reached.message);
          });
        },
        (code) => this.#fail(code),
      ),
    );
  }

  /** Passes the leader's answers on. False: some are missing, ask for the rest again. */
  #relay(messages: readonly Uint8Array[]): boolean {
    for (const message of messages) {
      const asked = this.#round[0];
      const answer = decodeAnswer(LeaseKeepAliveResponse, message);
      if (asked === undefined || answer === null) break;
      this.#round.shift();
      this.#answer(asked.id, asked.revision, answer.TTL);
    }
    if (this.#round.length > 0) return false;
    if (this.#state === 'round') {
      this.#state = 'idle';
      this.#next();
    }
    return true;
  }

  #answer(ID: bigint, revision: Revision, TTL: number): void {
    const body = LeaseKeepAliveResponse.encode({ header: null, ID, TTL });
    if (!this.#call.send(this.#api.answer(revision, body))) {
      this.#overCredit = true;
      this.#throttle();
    }
  }

  /** No more requests are taken while too many wait, or while the client does not read. */
  #throttle(): void {
    const full = this.#overCredit || this.#queue.length >= REQUESTS_MAX;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#call.pauseInput();
    else this.#call.resumeInput();
  }

  #hold(begin: () => Cancel): void {
    const wait = ++this.#waits;
    const cancel = begin();
    if (wait === this.#waits) this.#cancel = cancel;
  }

  #fail(code: ApiErrorCode): void {
    const failure = failureOf(code);
    this.#end(failure.code, failure.message);
  }

  #end(code: Parameters<ServerCall['end']>[0], message: string): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#cancel?.();
    this.#call.end(code, message);
  }
}
