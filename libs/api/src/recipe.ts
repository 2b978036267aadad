/**
 * What the Lock and Election services are made of: transactions, reads and waits for deletes, one after
 * the other, made by this member itself (spec 2.12).
 *
 * The services are recipes that clients can run as well; etcd runs them inside the server, and its
 * errors lose their code on the way. So every failure here is UNKNOWN with its text.
 */
import { EMPTY_BYTES, type ByteString, Status, fromByteString, toByteString } from '@conclave/base';
import type { Cancel, Proposal, ReplicaErrorCode } from '@conclave/replica';
import type { ApplyErrorCode } from '@conclave/statemachine';
import { type MvccErrorCode, prefixEnd } from '@conclave/mvcc';
import {
  Compare,
  CompareResult,
  CompareTarget,
  DeleteRangeRequest,
  EventType,
  LeaseGrantRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
  RequestField,
  RequestOp,
  SortOrder,
  SortTarget,
  TxnRequest,
  TxnResponse,
  WatchCreateRequest,
  WatchResponse,
} from '@conclave/wire';
import { type ApiContext, bare } from './context.js';
import { type ApiErrorCode, failureOf } from './error-table.js';
import { newLeaseId } from './lease.js';
import type { UnaryCall } from './unary.js';

/** TTL of the lease that is granted to a caller without one; nobody keeps it alive. */
const SESSION_TTL_SECONDS = 60;

export class Recipe {
  readonly #api: ApiContext;
  readonly #call: UnaryCall;

  constructor(api: ApiContext, call: UnaryCall) {
    this.#api = api;
    this.#call = call;
  }

  /** The caller's lease, or a new one when it gave none. */
  session(lease: bigint, next: (lease: bigint) => void): void {
    if (lease !== 0n) return next(lease);
    const ID = newLeaseId(this.#api);
    const body = LeaseGrantRequest.encode({ ID, TTL: SESSION_TTL_SECONDS });
    this.#propose(bare(RequestField.LEASE_GRANT, body), () => next(ID));
  }

  /** A transaction through the log; `revision` is that of its header. */
  txn(request: TxnRequest, next: (response: TxnResponse, revision: number) => void): void {
    this.#propose(bare(RequestField.TXN, TxnRequest.encode(request)), (body, revision) => {
      next(TxnResponse.decode(body), revision);
    });
  }

  deleteKey(key: Uint8Array, next: (revision: number) => void): void {
    const body = DeleteRangeRequest.encode(DeleteRangeRequest.create({ key }));
    this.#propose(bare(RequestField.DELETE_RANGE, body), (_body, revision) => next(revision));
  }

  /** A linearizable read; `revision` is the store's. */
  range(request: RangeRequest, next: (response: RangeResponse, revision: number) => void): void {
    this.#call.hold(() =>
      this.#api.replica.linearizableRead(this.#api.requestTimeoutMs, (error) => {
        if (this.#call.ended) return;
        if (error !== null) return this.fail(error);
        this.#api.replica.machine.store.range(request, (result) => {
          if (this.#call.ended) return;
          if (!result.ok) return this.fail(result.code);
          next(RangeResponse.decode(result.body), result.revision);
        });
      }),
    );
  }

  /**
   * Waits until no key under `prefix` with a create revision up to `revision` is left: each time for the
   * newest of them, so whoever came first goes first. `next` is told the revision of the last look.
   */
  waitDeletes(prefix: ByteString, revision: number, next: (revision: number) => void): void {
    // Nothing has a create revision below 2; and 0 would mean "no bound".
    if (revision < 1) return next(0);
    const request = RangeRequest.create({
      ...prefixRange(prefix),
      limit: 1,
      sortOrder: SortOrder.DESCEND,
      sortTarget: SortTarget.CREATE,
      maxCreateRevision: revision,
    });
    this.range(request, (response, seen) => {
      const newest = response.kvs[0];
      if (newest === undefined) return next(seen);
      this.#waitDelete(newest.key, seen, () => this.waitDeletes(prefix, revision, next));
    });
  }

  /** Ends the call as etcd's recipes do: the text of the failure, its code lost. */
  fail(code: ApiErrorCode | ReplicaErrorCode | ApplyErrorCode | MvccErrorCode): void {
    this.#call.end(Status.UNKNOWN, failureOf(code).message);
  }

  #waitDelete(key: Uint8Array, revision: number, next: () => void): void {
    this.#call.hold(() =>
      watchFrom(this.#api, { key, rangeEnd: EMPTY_BYTES }, revision, (response) => {
        if (this.#call.ended) return false;
        if (response.canceled) {
          this.fail('lost-watcher');
          return false;
        }
        if (!response.events.some((event) => event.type === EventType.DELETE)) return true;
        next();
        return false;
      }),
    );
  }

  #propose(proposal: Proposal, next: (body: Uint8Array, revision: number) => void): void {
    this.#call.hold(() =>
      this.#api.replica.propose(proposal, this.#api.requestTimeoutMs, (result) => {
        if (this.#call.ended) return;
        if (!result.ok) return this.fail(result.code);
        const applied = result.result;
        if (!applied.ok) return this.fail(applied.code);
        next(applied.body ?? EMPTY_BYTES, applied.revision);
      }),
    );
  }
}

/**
 * A watch of this member's own. `visit` gets each response and answers whether to go on; the Cancel ends
 * it from outside. The stream is closed in a later turn, never from within its own delivery.
 */
export function watchFrom(
  api: ApiContext,
  range: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array },
  startRevision: number,
  visit: (response: WatchResponse) => boolean,
): Cancel {
  let over = false;
  const stream = api.replica.watches.open(
    {
      send: (bytes) => {
        if (!over && !visit(WatchResponse.decode(bytes))) end();
        return true;
      },
    },
    (revision) => api.header(revision),
  );
  const end = (): void => {
    if (over) return;
    over = true;
    api.ports.scheduler.yieldTo(() => stream.close());
  };
  const createRequest = WatchCreateRequest.create({ ...range, startRevision });
  stream.request({ requestUnion: { $case: 'createRequest', createRequest } });
  return end;
}

export function prefixRange(prefix: ByteString): { key: Uint8Array; rangeEnd: Uint8Array } {
  return { key: fromByteString(prefix), rangeEnd: fromByteString(prefixEnd(prefix) ?? '\0') };
}

/** The key with the lowest create revision under `prefix`: whose turn it is. */
export function firstUnder(prefix: ByteString): RangeRequest {
  return RangeRequest.create({
    ...prefixRange(prefix),
    limit: 1,
    sortOrder: SortOrder.ASCEND,
    sortTarget: SortTarget.CREATE,
  });
}

/** `<name>/` and, below it, the key of a lease: `<name>/<lease in hex>`. */
export function prefixOf(name: Uint8Array): ByteString {
  return `${toByteString(name)}/`;
}

export function keyOfLease(prefix: ByteString, lease: bigint): Uint8Array {
  return fromByteString(prefix + lease.toString(16));
}

export function createdAt(key: Uint8Array, createRevision: number): Compare {
  return Compare.create({
    result: CompareResult.EQUAL,
    target: CompareTarget.CREATE,
    key,
    targetUnion: { $case: 'createRevision', createRevision },
  });
}

export function putOp(key: Uint8Array, value: Uint8Array, lease: bigint): RequestOp {
  const requestPut = PutRequest.create({ key, value, lease });
  return { request: { $case: 'requestPut', requestPut } };
}

export function rangeOp(requestRange: RangeRequest): RequestOp {
  return { request: { $case: 'requestRange', requestRange } };
}

export function deleteOp(key: Uint8Array): RequestOp {
  const requestDeleteRange = DeleteRangeRequest.create({ key });
  return { request: { $case: 'requestDeleteRange', requestDeleteRange } };
}

/** The range answer at `at` of a transaction; empty when that operation was none. */
export function rangeOf(response: TxnResponse, at: number): RangeResponse {
  const op = response.responses[at]?.response;
  return op?.$case === 'responseRange' ? op.responseRange : RangeResponse.create();
}
