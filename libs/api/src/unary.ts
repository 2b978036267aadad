/**
 * One unary call from open to end: takes the one request message, runs its handler, answers once.
 *
 * What the handler waits for is held here as a `Cancel`, so that a client that goes away stops the work
 * (reliability rule 68: what nobody waits for is not proposed).
 */
import {
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';
import type { Cancel } from '@conclave/replica';
import { DecodeError } from '@conclave/wire';
import type { ApiContext } from './context.js';
import { type ApiErrorCode, failureOf } from './error-table.js';

export type UnaryHandler = (api: ApiContext, call: UnaryCall, body: Uint8Array) => void;

export class UnaryCall implements ServerCallEvents {
  readonly #api: ApiContext;
  readonly #call: ServerCall;
  readonly #handler: UnaryHandler;
  #state: 'waiting' | 'working' | 'ended' = 'waiting';
  #cancel: Cancel | null = null;
  #onCancelled: (() => void) | null = null;
  #waits = 0;

  constructor(api: ApiContext, call: ServerCall, handler: UnaryHandler) {
    this.#api = api;
    this.#call = call;
    this.#handler = handler;
  }

  get head(): CallHead {
    return this.#call.head;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  message(bytes: Uint8Array): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'working';
    try {
      this.#handler(this.#api, this, bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.end(Status.INTERNAL, `grpc: error unmarshalling request: ${error.message}`);
    }
  }

  halfClosed(): void {
    if (this.#state === 'waiting') this.end(Status.INTERNAL, 'unexpected EOF');
  }

  cancelled(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#cancel?.();
    this.#cancel = null;
    this.#onCancelled?.();
  }

  drained(): void {
    // One answer, whatever the credit.
  }

  /**
   * Begins to wait for something that can be stopped when the client goes away. `begin` may end in its
   * own turn and begin the next wait: the newest one is held.
   */
  hold(begin: () => Cancel): void {
    const wait = this.beginWait();
    if (wait !== 0) this.held(wait, begin());
  }

  /** `hold` in two steps, for hot paths: no closure. 0: nobody waits for this call, so begin nothing. */
  beginWait(): number {
    return this.#state === 'working' ? ++this.#waits : 0;
  }

  held(wait: number, cancel: Cancel): void {
    if (wait === this.#waits && !this.ended) this.#cancel = cancel;
  }

  /** Runs once if the client goes away before the answer. */
  onCancelled(task: () => void): void {
    this.#onCancelled = task;
  }

  reply(message: Uint8Array): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#cancel = null;
    this.#call.send(message);
    this.#call.end(Status.OK, '');
  }

  fail(code: ApiErrorCode): void {
    const failure = failureOf(code);
    this.end(failure.code, failure.message);
  }

  end(code: StatusCode, message: string): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#cancel = null;
    this.#call.end(code, message);
  }
}
