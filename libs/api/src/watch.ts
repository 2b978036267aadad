/**
 * Watch/Watch: one client stream over the watch room, which knows the whole protocol (spec 2.7). Here:
 * decoding, credit, and how a stream ends. The client closing its side does not end it.
 */
import { type ServerCall, type ServerCallEvents, Status } from '@conclave/base';
import type { WatchStream } from '@conclave/watch';
import { DecodeError, WatchRequest } from '@conclave/wire';
import type { ApiContext } from './context.js';
import { failureOf } from './error-table.js';

export class WatchCall implements ServerCallEvents {
  readonly #call: ServerCall;
  readonly #stream: WatchStream;
  #ended = false;
  #paused = false;

  constructor(api: ApiContext, call: ServerCall) {
    this.#call = call;
    this.#stream = api.replica.watches.open(
      { send: (response) => this.#ended || call.send(response) },
      (revision) => api.header(revision),
    );
  }

  message(bytes: Uint8Array): void {
    if (this.#ended) return;
    let request: WatchRequest;
    try {
      request = WatchRequest.decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const text = `grpc: failed to unmarshal the received message: ${error.message}`;
      return this.#end(Status.INTERNAL, text);
    }
    this.#stream.request(request);
    // Answers pile up that the client does not read: no more requests until it does.
    if (!this.#stream.accepting && !this.#paused && !this.#ended) {
      this.#paused = true;
      this.#call.pauseInput();
    }
  }

  halfClosed(): void {
    // The server keeps sending until the call is cancelled.
  }

  cancelled(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.close();
  }

  drained(): void {
    if (this.#ended) return;
    this.#stream.drained();
    if (this.#paused && this.#stream.accepting) {
      this.#paused = false;
      this.#call.resumeInput();
    }
  }

  /** No leader for too long, and the client asked to be told. */
  lost(): void {
    const failure = failureOf('no-leader');
    this.#end(failure.code, failure.message);
  }

  #end(code: Parameters<ServerCall['end']>[0], message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.close();
    this.#call.end(code, message);
  }
}
