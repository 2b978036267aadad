/**
 * Stands in front of a `CallHandler` and gives each sampled Call its span: handed on in `head.trace`,
 * and as `traceparent` in the metadata for the next process. A Call that is not sampled goes to the
 * handler as it came, with nothing in between.
 *
 * Streams that live until their client ends them (watches, keepalives) have no span: it would last for
 * days and say nothing. Their metadata goes on all the same.
 */
import {
  type CallHandler,
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
  type Tracer,
  type TraceSpan,
  tracedHead,
} from '@conclave/base';

const LONG_STREAMS: ReadonlySet<string> = new Set([
  '/etcdserverpb.Watch/Watch',
  '/etcdserverpb.Lease/LeaseKeepAlive',
  '/v3electionpb.Election/Observe',
  '/grpc.health.v1.Health/Watch',
]);

/**
 * `handler` with spans. `mayBegin` is false behind another process of ours, which has decided already
 * whether a request without a context is sampled. Without a tracer the handler itself is answered.
 */
export function tracedHandler(
  handler: CallHandler,
  tracer: Tracer | null,
  mayBegin: boolean,
): CallHandler {
  if (tracer === null) return handler;
  return {
    open(call) {
      const { head } = call;
      const span = LONG_STREAMS.has(head.method) ? null : tracer.call(head, mayBegin);
      if (span === null) return handler.open(call);
      const traced = new TracedCall(call, span);
      traced.start(handler);
      return traced;
    },
  };
}

class TracedCall implements ServerCall, ServerCallEvents {
  readonly head: CallHead;
  readonly #call: ServerCall;
  readonly #span: TraceSpan;
  #events: ServerCallEvents | null = null;
  #isOver = false;
  #hasReplied = false;

  constructor(call: ServerCall, span: TraceSpan) {
    this.#call = call;
    this.#span = span;
    this.head = tracedHead(call.head, span);
  }

  start(handler: CallHandler): void {
    const events = handler.open(this);
    if (!this.#isOver) this.#events = events;
  }

  send(message: Uint8Array): boolean {
    if (!this.#hasReplied && !this.#isOver) {
      this.#hasReplied = true;
      this.#span.mark('reply');
    }
    return this.#call.send(message);
  }

  end(code: StatusCode, message: string): void {
    this.#finish(code, code === Status.OK ? '' : message || `code ${code}`);
    this.#call.end(code, message);
  }

  pauseInput(): void {
    this.#call.pauseInput();
  }

  resumeInput(): void {
    this.#call.resumeInput();
  }

  message(bytes: Uint8Array): void {
    this.#events?.message(bytes);
  }

  halfClosed(): void {
    this.#events?.halfClosed();
  }

  cancelled(): void {
    const events = this.#events;
    this.#finish(Status.CANCELLED, 'the client went away or its time was up');
    events?.cancelled();
  }

  drained(): void {
    this.#events?.drained();
  }

  #finish(code: StatusCode, failure: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events = null;
    this.#span.set('rpc.grpc.status_code', code);
    this.#span.end(failure);
  }
}
