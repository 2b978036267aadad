/**
 * A call on its way from the transport to the handler: counted, and held to its method's shape.
 *
 * It stands between the two as both a `ServerCall` and a `ServerCallEvents`, one object a call. A
 * method that takes one message gets exactly one: a second is ignored and a missing one ends the
 * call with UNKNOWN `EOF`, as in etcd.
 */
import {
  type CallHandler,
  type CallHead,
  type Probe,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';

import { codeLabels, type MethodLabels } from './method-labels.js';

export interface CallMeter {
  readonly probe: Probe;
  readonly nowMs: () => number;
  /** Also measure how long calls take (`--metrics=extensive`). */
  readonly extensive: boolean;
}

const MS_PER_S = 1000;

export class MeteredCall implements ServerCall, ServerCallEvents {
  readonly head: CallHead;
  readonly #call: ServerCall;
  readonly #method: MethodLabels;
  readonly #meter: CallMeter;
  readonly #startMs: number;
  #events: ServerCallEvents | null = null;
  #isOver = false;
  #hasMessage = false;

  /** `head` is what the handler sees; `call.head` is the transport's. */
  constructor(call: ServerCall, head: CallHead, method: MethodLabels, meter: CallMeter) {
    this.#call = call;
    this.head = head;
    this.#method = method;
    this.#meter = meter;
    this.#startMs = meter.nowMs();
    meter.probe.count('grpc_server_started_total', 1, method.labels);
  }

  start(handler: CallHandler): void {
    const events = handler.open(this);
    if (!this.#isOver) this.#events = events;
  }

  // The handler's side.

  send(message: Uint8Array): boolean {
    if (this.#isOver) return true;
    const probe = this.#meter.probe;
    probe.count('grpc_server_msg_sent_total', 1, this.#method.labels);
    probe.count('etcd_network_client_grpc_sent_bytes_total', message.length);
    return this.#call.send(message);
  }

  end(code: StatusCode, message: string): void {
    if (this.#isOver) return;
    this.#finish(code);
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
    if (this.#method.takesOneMessage && this.#hasMessage) return;
    this.#hasMessage = true;
    const probe = this.#meter.probe;
    probe.count('grpc_server_msg_received_total', 1, this.#method.labels);
    probe.count('etcd_network_client_grpc_received_bytes_total', bytes.length);
    this.#events?.message(bytes);
  }

  halfClosed(): void {
    if (this.#isOver) return;
    if (this.#method.takesOneMessage && !this.#hasMessage) {
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
    const elapsedMs = this.#meter.nowMs() - this.#startMs;
    const isLate = timeoutMs !== null && elapsedMs >= timeoutMs;
    this.#finish(isLate ? Status.DEADLINE_EXCEEDED : Status.CANCELLED);
    events?.cancelled();
  }

  drained(): void {
    this.#events?.drained();
  }

  #finish(code: StatusCode): void {
    this.#isOver = true;
    this.#events = null;
    const probe = this.#meter.probe;
    probe.count('grpc_server_handled_total', 1, codeLabels(this.#method, code));
    if (!this.#meter.extensive) return;
    const seconds = (this.#meter.nowMs() - this.#startMs) / MS_PER_S;
    probe.observe('grpc_server_handling_seconds', seconds, this.#method.labels);
  }
}
