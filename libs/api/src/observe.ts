/**
 * Election/Observe: the present leader's key and value, then each later value and each new leader; waits
 * while there is none, never ends by itself (spec 2.12).
 *
 * States: `looking` (reads who leads), `waiting` (nobody leads: watches the prefix for a put),
 * `following` (watches the leader's key until it is deleted). A client that does not read stops the
 * stream: a watch is opened again from the revision behind the last value sent, nothing is queued.
 */
import { type ServerCall, type ServerCallEvents, Status } from '@conclave/base';
import type { Cancel } from '@conclave/replica';
import {
  DecodeError,
  EventType,
  type KeyValue,
  LeaderRequest,
  LeaderResponse,
  RangeResponse,
  type WatchResponse,
} from '@conclave/wire';
import type { ApiContext } from './context.js';
import { type ApiErrorCode, failureOf } from './error-table.js';
import { firstUnder, prefixOf, prefixRange, watchFrom } from './recipe.js';

const NOTHING = new Uint8Array(0);

export class ObserveCall implements ServerCallEvents {
  readonly #api: ApiContext;
  readonly #call: ServerCall;
  #prefix: string | null = null;
  #ended = false;
  #cancel: Cancel | null = null;
  /** What to do once the client has read what was sent. */
  #resume: (() => void) | null = null;

  constructor(api: ApiContext, call: ServerCall) {
    this.#api = api;
    this.#call = call;
  }

  message(bytes: Uint8Array): void {
    if (this.#ended || this.#prefix !== null) return;
    try {
      this.#prefix = prefixOf(LeaderRequest.decode(bytes).name);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#end(Status.INTERNAL, `grpc: error unmarshalling request: ${error.message}`);
    }
    this.#look();
  }

  halfClosed(): void {
    if (this.#prefix === null) this.#end(Status.INTERNAL, 'unexpected EOF');
  }

  cancelled(): void {
    this.#ended = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  drained(): void {
    const resume = this.#resume;
    this.#resume = null;
    if (resume !== null && !this.#ended) resume();
  }

  lost(): void {
    const failure = failureOf('no-leader');
    this.#end(failure.code, failure.message);
  }

  #look(): void {
    this.#cancel = null;
    const cancel = this.#api.replica.linearizableRead(this.#api.requestTimeoutMs, (error) => {
      if (this.#ended) return;
      if (error !== null) return this.#fail(error);
      const request = firstUnder(this.#prefix as string);
      this.#api.replica.machine.store.range(request, (result) => {
        if (this.#ended) return;
        if (!result.ok) return this.#fail(result.code);
        const kv = RangeResponse.decode(result.body).kvs[0];
        if (kv === undefined) this.#wait(result.revision);
        else this.#send(kv, result.revision, () => this.#follow(kv.key, result.revision + 1));
      });
    });
    if (this.#cancel === null && !this.#ended) this.#cancel = cancel;
  }

  #wait(revision: number): void {
    this.#watch(prefixRange(this.#prefix as string), revision, (response) => {
      // A delete would only make it look again in vain.
      const put = response.events.find((event) => event.type === EventType.PUT);
      const kv = put?.kv ?? null;
      if (kv === null) return true;
      this.#send(kv, kv.modRevision, () => this.#follow(kv.key, kv.modRevision + 1));
      return false;
    });
  }

  #follow(key: Uint8Array, startRevision: number): void {
    this.#watch({ key, rangeEnd: NOTHING }, startRevision, (response) => {
      for (const { type, kv } of response.events) {
        if (type === EventType.DELETE) {
          this.#look();
          return false;
        }
        if (kv === null) continue;
        const next = kv.modRevision + 1;
        if (!this.#sendNow(kv, kv.modRevision)) {
          this.#resume = () => this.#follow(key, next);
          return false;
        }
      }
      return true;
    });
  }

  #watch(
    range: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array },
    startRevision: number,
    visit: (response: WatchResponse) => boolean,
  ): void {
    this.#cancel?.();
    this.#cancel = watchFrom(this.#api, range, startRevision, (response) => {
      if (this.#ended) return false;
      if (response.canceled) {
        this.#look();
        return false;
      }
      return visit(response);
    });
  }

  #send(kv: KeyValue, revision: number, next: () => void): void {
    if (this.#sendNow(kv, revision)) next();
    else this.#resume = next;
  }

  #sendNow(kv: KeyValue, revision: number): boolean {
    return this.#call.send(this.#api.answer(revision, LeaderResponse.encode({ header: null, kv })));
  }

  /** The code of an inner failure is lost, as at etcd. */
  #fail(code: ApiErrorCode): void {
    this.#end(Status.UNKNOWN, failureOf(code).message);
  }

  #end(code: Parameters<ServerCall['end']>[0], message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancel?.();
    this.#cancel = null;
    this.#call.end(code, message);
  }
}
