/**
 * A streaming call for code that waits: messages are read by `for await`, one held back at a time.
 *
 * Invariant: at most `HELD_MAX` messages are held; beyond it the server is stopped by flow control.
 */
import { type ClientCall, type ClientCallEvents, Status } from '@conclave/base';

import { GrpcCallError } from './grpc-call-error.js';

const HELD_MAX = 4;

interface Waiter {
  resolve(result: IteratorResult<Uint8Array, undefined>): void;
  reject(error: GrpcCallError): void;
}

export class GrpcStream implements AsyncIterable<Uint8Array> {
  readonly #call: ClientCall;
  readonly #held: Uint8Array[] = [];
  #waiter: Waiter | null = null;
  #drainWaiters: (() => void)[] = [];
  /** Undefined while open; null after an end in good order. */
  #fault: GrpcCallError | null | undefined = undefined;

  constructor(open: (events: ClientCallEvents) => ClientCall) {
    this.#call = open({
      message: (bytes) => this.#came(bytes),
      ended: (code, message, origin) => {
        this.#fault =
          code === Status.OK ? null : new GrpcCallError(code, message, origin ?? 'handler');
        this.#drained();
        this.#settle();
      },
      drained: () => this.#drained(),
    });
  }

  /** Sends one message; resolves when the next one may be sent. */
  async send(message: Uint8Array): Promise<void> {
    if (this.#fault !== undefined || this.#call.send(message)) return;
    await new Promise<void>((resolve) => this.#drainWaiters.push(resolve));
  }

  /** No more messages will be sent. */
  end(): void {
    this.#call.halfClose();
  }

  /** Ends the call: a read then rejects with CANCELLED. */
  cancel(): void {
    this.#call.cancel();
  }

  /** The next message; `done` after an end in good order, else rejects with a `GrpcCallError`. */
  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#settle();
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: () => this.next(),
      return: () => {
        this.cancel();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #came(bytes: Uint8Array): void {
    this.#held.push(bytes);
    if (this.#held.length >= HELD_MAX) this.#call.pauseInput();
    this.#settle();
  }

  #settle(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    const message = this.#held.shift();
    if (message !== undefined) {
      this.#waiter = null;
      waiter.resolve({ done: false, value: message });
      if (this.#held.length === 0 && this.#fault === undefined) this.#call.resumeInput();
    } else if (this.#fault !== undefined) {
      this.#waiter = null;
      if (this.#fault === null) waiter.resolve({ done: true, value: undefined });
      else waiter.reject(this.#fault);
    }
  }

  #drained(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
