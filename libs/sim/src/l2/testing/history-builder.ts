/**
 * A tiny store that is right by construction, and the history of its clients: for the judges' own tests,
 * which plant one fault in it.
 */
import { encodeUtf8, toByteString } from '@conclave/base';
import {
  DeleteRangeRequest,
  DeleteRangeResponse,
  Event,
  EventType,
  type KeyValue,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  ResponseHeader,
  type TxnRequest,
  TxnRequest as TxnRequestCodec,
  TxnResponse,
  WatchCreateRequest,
  WatchResponse,
} from '@conclave/wire';
import type { Commit, Operation, Outcome, WatchRecord } from '../judges/history.js';
import { type Effect, ModelStore } from '../judges/model-store.js';
import { Method, deleteRequest, getRequest, putRequest } from '../requests.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class HistoryBuilder {
  readonly operations: Mutable<Operation>[] = [];
  readonly commits: Mutable<Commit>[] = [];
  readonly compactions: { revision: number; at: number }[] = [];
  #stamp = 0;

  get revision(): number {
    return this.commits.length + 1;
  }

  get store(): ModelStore {
    return new ModelStore(this.commits);
  }

  put(client: string, key: string, value: string): Mutable<Operation> {
    const request = putRequest(key, value);
    this.#commit(this.store.put(request, this.revision));
    const response = PutResponse.encode({ header: this.#header(), prevKv: null });
    return this.#record(client, Method.PUT, PutRequest.encode(request), response);
  }

  delete(client: string, key: string): Mutable<Operation> {
    const request = deleteRequest(key);
    const effect = this.store.deleteRange(request, this.revision);
    if (effect.events.length > 0) this.#commit(effect);
    const deleted = effect.answer.type === 'delete' ? effect.answer.deleted : 0;
    const answer = { header: this.#header(), deleted, prevKvs: [] };
    const response = DeleteRangeResponse.encode(answer);
    return this.#record(client, Method.DELETE, DeleteRangeRequest.encode(request), response);
  }

  get(client: string, key: string, options: Partial<RangeRequest> = {}): Mutable<Operation> {
    const request = getRequest(key, options);
    const answer = this.store.range(request, this.revision);
    const kvs = answer.type === 'range' ? [...answer.kvs] : [];
    const count = answer.type === 'range' ? answer.count : 0;
    const response = { header: this.#header(), kvs, more: false, count };
    const body = RangeResponse.encode(response);
    return this.#record(client, Method.RANGE, RangeRequest.encode(request), body);
  }

  /** A transaction of puts and single reads. */
  txn(client: string, request: TxnRequest): Mutable<Operation> {
    const effect = this.store.txn(request, this.revision);
    if (effect.events.length > 0) this.#commit(effect);
    const { answer } = effect;
    if (answer.type !== 'txn') throw new Error('a transaction answers as one');
    const header = this.#header();
    const responses = answer.answers.map((one): TxnResponse['responses'][number] => {
      if (one.type === 'range') {
        const responseRange = { header: null, kvs: [...one.kvs], more: one.more, count: one.count };
        return { response: { $case: 'responseRange', responseRange } };
      }
      return { response: { $case: 'responsePut', responsePut: PutResponse.create() } };
    });
    const response = { header, succeeded: answer.succeeded, responses };
    const body = TxnRequestCodec.encode(request);
    return this.#record(client, Method.TXN, body, TxnResponse.encode(response));
  }

  /** What a watcher of everything from `start` sees. */
  watch(start: number, create: Partial<WatchCreateRequest> = {}): WatchRecord {
    const request = WatchCreateRequest.create({
      key: encodeUtf8('a'),
      rangeEnd: encodeUtf8('z'),
      startRevision: start,
      ...create,
    });
    const responses: WatchResponse[] = [];
    for (const { revision, events } of this.commits) {
      if (revision < start) continue;
      const sent = events.map((event) => {
        const type = event.type === 'put' ? EventType.PUT : EventType.DELETE;
        const before = this.store.get(event.key, revision - 1);
        return Event.create({ type, kv: event.kv, prevKv: request.prevKv ? before : null });
      });
      const header = ResponseHeader.create({ revision });
      responses.push(WatchResponse.create({ header, events: sent }));
    }
    const progress = ResponseHeader.create({ revision: this.revision });
    responses.push(WatchResponse.create({ header: progress }));
    return { name: 'w', create: request, createdRevision: 1, responses, state: 'open' };
  }

  #commit({ events }: Effect): void {
    this.commits.push({ revision: this.revision + 1, events, isInternal: false });
  }

  #header(): ResponseHeader {
    return ResponseHeader.create({ revision: this.revision });
  }

  #record(
    client: string,
    method: string,
    request: Uint8Array,
    response: Uint8Array,
  ): Mutable<Operation> {
    const outcome: Outcome = { type: 'ok', response };
    const call = ++this.#stamp;
    const ret = ++this.#stamp;
    const op = { id: this.operations.length, client, method, request, call, ret, outcome };
    this.operations.push(op);
    return op;
  }
}

/** The answer of a range, changed. */
export function alterRange(op: Mutable<Operation>, change: (r: RangeResponse) => void): void {
  if (op.outcome.type !== 'ok') throw new Error('only an answer can be changed');
  const answer = RangeResponse.decode(op.outcome.response);
  change(answer);
  op.outcome = { type: 'ok', response: RangeResponse.encode(answer) };
}

export const UNKNOWN: Outcome = { type: 'unknown', code: 14, message: 'connection lost' };
export const REFUSED: Outcome = { type: 'refused', code: 3, message: 'no' };

export function textOf(kv: KeyValue): string {
  return toByteString(kv.value);
}
