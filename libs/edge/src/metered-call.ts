/**
 * A call on its way from the transport to the handler: counted, traced if it is sampled, and held to its
 * method's shape. (A class of its own for sampled calls would slow all the others down: where two kinds
 * of calls come along, the engine inlines neither.)
 *
 * It stands between the two as both a `ServerCall` and a `ServerCallEvents`, one object a call. A
 * method that takes one message gets exactly one: a second is ignored and a missing one ends the
 * call with UNKNOWN `EOF`, as in etcd.
 */
import {
  type CallHandler,
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
  type TraceSpan,
} from '@conclave/base';

import type { MethodMeter } from './method-meter.js';

const MS_PER_S = 1000;

export class MeteredCall implements ServerCall, ServerCallEvents {
  readonly head: CallHead;
  readonly #call: ServerCall;
  readonly #meter: MethodMeter;
  /** Only where somebody will ask how long it took. */
  readonly #startMs: number;
  /** Null: the call is not traced. */
  readonly #span: TraceSpan | null;
  #events: ServerCallEvents | null = null;
  #isOver = false;
  #hasReplied = false;
  #hasMessage = false;

  /** `head` is what the handler sees; `call.head` is the transport's. */
  constructor(call: ServerCall, head: CallHead, meter: MethodMeter, span: TraceSpan | null) {
    this.#call = call;
    this.head = head;
    this.#meter = meter;
    this.#span = span;
    const isTimed = meter.seconds !== null || head.timeoutMs !== null;
    this.#startMs = isTimed ? meter.nowMs() : 0;
    meter.started.add(1);
  }

  start(handler: CallHandler): void {
    const events = handler.open(this);
    if (!this.#isOver) this.#events = events;
  }

  // The handler's side.

  send(message: Uint8Array): boolean {
    if (this.#isOver) return true;
    const meter = this.#meter;
    if (this.#span !== null) this.#replies(this.#span);
    meter.sent.add(1);
    meter.sentBytes.add(message.length);
    return this.#call.send(message);
  }

  end(code: StatusCode, message: string): void {
    if (this.#isOver) return;
    this.#finish(code, message);
    this.#call.end(code, message);
  }

  pauseInput(): void {
    this.#call.pauseInput();
  }

  resumeInput(): void {
    this.#call.resumeInput();
  }

  // The transport's side.

  message(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const meter = this.#meter;
    if (meter.method.takesOneMessage && this.#hasMessage) return;
    this.#hasMessage = true;
    meter.received.add(1);
    meter.receivedBytes.add(bytes.length);
    this.#events?.message(bytes);
  }

  halfClosed(): void {
    if (this.#isOver) return;
    if (this.#meter.method.takesOneMessage && !this.#hasMessage) {
      const events = this.#events;
      this.end(Status.UNKNOWN, 'EOF');
      events?.cancelled();
      return;
    }
    this.#events?.halfClosed();
  }

  cancelled(): void {
    if (this.#isOver) return;
    const events = this.#events;
    const timeoutMs = this.head.timeoutMs;
    const isLate = timeoutMs !== null && this.#meter.nowMs() - this.#startMs >= timeoutMs;
    const why = isLate ? 'its time was up' : 'the client went away';
    this.#finish(isLate ? Status.DEADLINE_EXCEEDED : Status.CANCELLED, why);
    events?.cancelled();
  }

  drained(): void {
    this.#events?.drained();
  }

  #replies(span: TraceSpan): void {
    if (this.#hasReplied) return;
    this.#hasReplied = true;
    span.mark('reply');
  }

  #finish(code: StatusCode, message: string): void {
    this.#isOver = true;
    this.#events = null;
    const span = this.#span;
    if (span !== null) {
      span.set('rpc.grpc.status_code', code);
      span.end(code === Status.OK ? '' : message || `code ${code}`);
    }
    const { seconds, nowMs } = this.#meter;
    this.#meter.handled(code);
    if (seconds !== null) seconds.observe((nowMs() - this.#startMs) / MS_PER_S);
  }
}
