/**
 * KV/RangeStream: a Range answered in chunks, all of one revision (spec 2.3).
 *
 * The first chunk fixes the revision; each next one begins behind the last key. Only the final chunk
 * carries header, `more` and `count`, so that merging all of them gives the Range answer. The next
 * chunk is read once the one before has gone out: memory is bounded by one chunk.
 */
import { type Revision, type ServerCall, type ServerCallEvents, Status } from '@conclave/base';
import type { RangeResult } from '@conclave/mvcc';
import type { Cancel } from '@conclave/replica';
import {
  DecodeError,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  ResponseHeader,
  SortOrder,
  SortTarget,
} from '@conclave/wire';
import type { ApiContext } from './context.js';
import { type ApiErrorCode, failureOf } from './error-table.js';
import { checkRange } from './kv-check.js';

const FIRST_CHUNK_KEYS = 10;
const CHUNK_KEYS_MAX = 65_536;

export class RangeStream implements ServerCallEvents {
  readonly #api: ApiContext;
  readonly #call: ServerCall;
  #request: RangeRequest | null = null;
  #ended = false;
  #waitingForCredit = false;
  #cancel: Cancel | null = null;
  /** The store's revision when the stream began. */
  #storeRevision: Revision = 0;
  #count = 0;
  #sent = 0;
  #chunkKeys = FIRST_CHUNK_KEYS;

  constructor(api: ApiContext, call: ServerCall) {
    this.#api = api;
    this.#call = call;
  }

  message(bytes: Uint8Array): void {
    if (this.#request !== null || this.#ended) return;
    try {
      this.#request = RangeRequest.decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#end(Status.INTERNAL, `grpc: error unmarshalling request: ${error.message}`);
    }
    const fault = faultOf(this.#request);
    if (fault !== null) return this.#fail(fault);
    if (this.#request.serializable) return this.#read();
    const cancel = this.#api.replica.linearizableRead(this.#api.requestTimeoutMs, (error) => {
      this.#cancel = null;
      if (this.#ended) return;
      if (error !== null) this.#fail(error);
      else this.#read();
    });
    if (!this.#ended && this.#storeRevision === 0) this.#cancel = cancel;
  }

  halfClosed(): void {
    if (this.#request === null) this.#end(Status.INTERNAL, 'unexpected EOF');
  }

  cancelled(): void {
    this.#ended = true;
    this.#cancel?.();
  }

  drained(): void {
    if (!this.#waitingForCredit) return;
    this.#waitingForCredit = false;
    this.#read();
  }

  lost(): void {
    this.#fail('no-leader');
  }

  #read(): void {
    const request = this.#request as RangeRequest;
    const { store } = this.#api.replica.machine;
    if (request.countOnly) return store.range(request, (result) => this.#whole(result));
    if (this.#storeRevision === 0) this.#storeRevision = store.revision;
    const revision = request.revision > 0 ? request.revision : this.#storeRevision;
    const left = request.limit > 0 ? request.limit - this.#sent : Number.POSITIVE_INFINITY;
    const limit = Math.min(this.#chunkKeys, left);
    store.range({ ...request, revision, limit }, (result) => this.#chunk(result, limit));
  }

  #whole(result: RangeResult): void {
    if (this.#ended) return;
    if (!result.ok) return this.#fail(result.code);
    const response = RangeResponse.create({ count: result.count });
    this.#last(response, result.revision);
  }

  #chunk(result: RangeResult, asked: number): void {
    if (this.#ended) return;
    if (!result.ok) return this.#fail(result.code);
    const request = this.#request as RangeRequest;
    const chunk = RangeResponse.decode(result.body);
    if (this.#sent === 0) this.#count = result.count;
    this.#sent += chunk.kvs.length;
    const full = request.limit > 0 && this.#sent >= request.limit;
    const last = chunk.kvs[chunk.kvs.length - 1];
    if (full || !chunk.more || last === undefined) {
      const more = full && this.#count > this.#sent;
      const response = RangeResponse.create({ kvs: chunk.kvs, more, count: this.#count });
      return this.#last(response, this.#storeRevision);
    }
    const key = new Uint8Array(last.key.length + 1);
    key.set(last.key);
    this.#request = { ...request, key };
    this.#resize(result.body.length, asked);
    const rangeResponse = RangeResponse.create({ kvs: chunk.kvs });
    const sent = this.#call.send(RangeStreamResponse.encode({ rangeResponse }));
    if (!sent) this.#waitingForCredit = true;
    else this.#api.ports.scheduler.yieldTo(() => this.#next());
  }

  #next(): void {
    if (!this.#ended) this.#read();
  }

  /** Twice the keys while a chunk is below half of the measure, half of them when above its double. */
  #resize(bytes: number, keys: number): void {
    const measure = this.#api.options.maxRequestBytes;
    if (bytes < measure / 2) this.#chunkKeys = Math.min(keys * 2, CHUNK_KEYS_MAX);
    else if (bytes > measure * 2) this.#chunkKeys = Math.max(1, keys >>> 1);
  }

  #last(response: RangeResponse, revision: Revision): void {
    response.header = ResponseHeader.decode(this.#api.header(revision));
    this.#call.send(RangeStreamResponse.encode({ rangeResponse: response }));
    this.#end(Status.OK, '');
  }

  #fail(code: ApiErrorCode): void {
    const failure = failureOf(code);
    this.#end(failure.code, failure.message);
  }

  #end(code: Parameters<ServerCall['end']>[0], message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#call.end(code, message);
  }
}

function faultOf(request: RangeRequest): ApiErrorCode | null {
  const fault = checkRange(request);
  if (fault !== null) return fault;
  const { sortOrder, sortTarget } = request;
  if (sortOrder === SortOrder.DESCEND || sortTarget !== SortTarget.KEY) return 'stream-sort';
  const filters =
    request.minModRevision !== 0 ||
    request.maxModRevision !== 0 ||
    request.minCreateRevision !== 0 ||
    request.maxCreateRevision !== 0;
  return filters ? 'stream-filters' : null;
}
