/**
 * One call on one HTTP/2 stream: request bytes to messages, answers to frames and trailers.
 *
 * States: `open` (the handler works), `ending` (status decided, bytes still leave), `closed`. A
 * handler hears nothing outside `open`. What a handler sends within one turn leaves in one write:
 * the call asks its connection for a turn (`wantsToWrite`), and `write` puts into the buffer what
 * the windows allow.
 *
 * Invariant: `queuedBytes` counts every byte given to `send` that is not yet in a frame.
 */
import {
  type CallHandler,
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';

import { CallOutput } from './call-output.js';
import type { DeadlineWheel, Expiring } from './deadlines.js';
import {
  Flag,
  Frame,
  FRAME_BYTES_MAX,
  HEAD_BYTES,
  RST_BYTES,
  writeHead,
  writeReset,
} from './frames.js';
import { FRAME_HEAD_BYTES, type FramingFailure, MessageReader } from './framing.js';
import { messageField, type ResponseEncoder } from './hpack-encoder.js';
import type { GrpcLimits } from './limits.js';
import type { OutBuffer } from './out-buffer.js';

/** What a call needs from the connection it belongs to. */
export interface CallHost {
  readonly limits: GrpcLimits;
  readonly deadlines: DeadlineWheel;
  readonly encoder: ResponseEncoder;
  /** Credit for DATA of ours on the whole connection. */
  outWindow: number;
  /** Have `call.write` run at the end of this turn. */
  wantsToWrite(call: Http2Call): void;
  /** Bytes came to (or left) the queues of this connection. */
  countQueued(bytes: number): void;
  /** A HEADERS or DATA frame was written. */
  sentSomething(isData: boolean): void;
  /** The client may send so much more on this stream. */
  giveCredit(call: Http2Call, bytes: number): void;
  /** The answer has left completely; the stream is no more. */
  callEnded(call: Http2Call): void;
}

/** How a call's turn to write ended. */
export const enum Wrote {
  /** Nothing is left, or the call waits for its handler. */
  All,
  /** The windows of the stream or the connection are used up. */
  StreamBlocked,
  ConnectionBlocked,
  /** Others are to have a turn first. */
  More,
}

/** What one call may write in its turn. */
const TURN_BYTES = 4 * FRAME_BYTES_MAX;

function framingAnswer(failure: FramingFailure): readonly [StatusCode, string] {
  switch (failure.type) {
    case 'too-large':
      return [
        Status.RESOURCE_EXHAUSTED,
        `grpc: received message larger than max (${failure.length} vs. ${failure.max})`,
      ];
    case 'compressed':
      return [Status.INTERNAL, 'grpc: compressed flag set with identity or empty encoding'];
    case 'bad-flag':
      return [Status.INTERNAL, `grpc: received unexpected payload format ${failure.flag}`];
  }
}

/** A call, seen by its handler as a `ServerCall`. */
export class Http2Call implements ServerCall, Expiring {
  readonly id: number;
  readonly head: CallHead;
  deadlineBucket = -1;
  /** Since when the client has taken nothing; -1 if it takes. Belongs to the connection's sweep. */
  stalledSinceMs = -1;
  /** Waits for its turn to write, or for the connection's window. Belongs to the connection. */
  isInLine = false;
  /** What the head holds in memory. Belongs to the connection. */
  heldBytes = 0;
  /** Credit for DATA of ours; below zero after a client lowered its initial window. */
  outWindow: number;
  /** The client has sent END_STREAM. */
  isInputOver = false;
  readonly #host: CallHost;
  readonly #contentType: string;
  readonly #reader: MessageReader;
  readonly #output = new CallOutput();
  #events: ServerCallEvents | null = null;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #isPaused = false;
  #isReading = false;
  #isHalfCloseTold = false;
  #isHeadSent = false;
  /** The client's credit, and what it used of it since we gave some back. */
  #inWindow: number;
  #inUsed = 0;
  #takenBytes = 0;
  #takenSeen = -1;
  #isDrainWanted = false;
  #httpStatus = 200;
  #code: StatusCode = Status.OK;
  #message = '';

  constructor(id: number, head: CallHead, contentType: string, outWindow: number, host: CallHost) {
    this.id = id;
    this.head = head;
    this.#contentType = contentType;
    this.outWindow = outWindow;
    this.#host = host;
    this.#inWindow = host.limits.callCreditBytes;
    this.#reader = new MessageReader(host.limits.messageBytesMax);
  }

  get queuedBytes(): number {
    return this.#output.bytes;
  }

  /** True if no byte left since this was asked last. */
  hasStalled(): boolean {
    const stalled = this.#takenBytes === this.#takenSeen;
    this.#takenSeen = this.#takenBytes;
    return stalled;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Hands the call to its handler; a deadline that has already passed is answered here. */
  start(handler: CallHandler): void {
    const timeoutMs = this.head.timeoutMs;
    if (timeoutMs !== null && timeoutMs < 0.001) {
      this.end(Status.DEADLINE_EXCEEDED, 'context deadline exceeded');
      return;
    }
    if (timeoutMs !== null) this.#host.deadlines.add(this, timeoutMs);
    this.#events = handler.open(this);
    if (this.#state !== 'open') this.#events = null;
  }

  /** Answers a head no handler may see. */
  refuse(httpStatus: number, code: StatusCode, message: string): void {
    this.#httpStatus = httpStatus;
    this.end(code, message);
  }

  // ------------------------------------------------------------------ the handler's side

  send(message: Uint8Array): boolean {
    if (this.#state !== 'open') return true;
    const limits = this.#host.limits;
    const output = this.#output;
    if (output.bytes >= limits.callQueueBytesMax) {
      this.#breakOff(Status.RESOURCE_EXHAUSTED, 'grpc: the client reads too slowly');
      return true;
    }
    output.push(message);
    this.#host.countQueued(FRAME_HEAD_BYTES + message.length);
    this.#host.wantsToWrite(this);
    if (output.bytes < limits.callCreditBytes) return true;
    this.#isDrainWanted = true;
    return false;
  }

  end(code: StatusCode, message: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#events = null;
    this.#code = code;
    this.#message = message;
    this.#stopDeadline();
    this.#host.wantsToWrite(this);
    // What the client still sends is read and thrown away.
    if (this.#isPaused) this.#giveCredit();
  }

  pauseInput(): void {
    if (this.#state === 'open') this.#isPaused = true;
  }

  resumeInput(): void {
    if (this.#state !== 'open' || !this.#isPaused) return;
    this.#isPaused = false;
    this.#deliver();
    this.#giveCredit();
  }

  // ------------------------------------------------------------------ the client's side

  /** Counts a DATA frame of `length` bytes; false if the client had no credit for it. */
  countInput(length: number): boolean {
    this.#inWindow -= length;
    this.#inUsed += length;
    return this.#inWindow >= 0;
  }

  input(bytes: Uint8Array, lo: number, hi: number): void {
    if (this.#state === 'open') {
      this.#reader.push(bytes, lo, hi);
      this.#deliver();
    }
    this.#giveCredit();
  }

  inputEnded(): void {
    this.isInputOver = true;
    this.#deliver();
  }

  /** Gives back what was used, half a window at a time, unless the handler wants no more. */
  #giveCredit(): void {
    if (this.#inUsed < this.#host.limits.callCreditBytes / 2 || this.isInputOver) return;
    if (this.#state === 'closed' || (this.#isPaused && this.#state === 'open')) return;
    this.#inWindow += this.#inUsed;
    this.#host.giveCredit(this, this.#inUsed);
    this.#inUsed = 0;
  }

  /** Messages to the handler, one after the other, until it pauses or there are none. */
  #deliver(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#state === 'open' && !this.#isPaused) {
      const message = this.#reader.next();
      if (message === null) break;
      this.#events?.message(message);
    }
    this.#isReading = false;
    if (this.#state !== 'open') return;
    const failure = this.#reader.failure;
    if (failure !== null) this.#breakOff(...framingAnswer(failure));
    else if (this.isInputOver && !this.#isPaused) this.#tellHalfClosed();
  }

  #tellHalfClosed(): void {
    if (this.#isHalfCloseTold) return;
    this.#isHalfCloseTold = true;
    if (this.#reader.isInside) this.#breakOff(Status.INTERNAL, 'unexpected EOF');
    else this.#events?.halfClosed();
  }

  deadlineExceeded(): void {
    this.#breakOff(Status.DEADLINE_EXCEEDED, 'context deadline exceeded');
  }

  /** Ends the call from our side, without the handler. */
  breakOff(code: StatusCode, message: string): void {
    this.#breakOff(code, message);
  }

  #breakOff(code: StatusCode, message: string): void {
    if (this.#state !== 'open') return;
    const events = this.#events;
    this.end(code, message);
    events?.cancelled();
  }

  /** The stream was broken off by either side: nothing more leaves, and an open handler is told. */
  gone(): void {
    if (this.#state === 'closed') return;
    const events = this.#events;
    this.#state = 'closed';
    this.#events = null;
    this.#stopDeadline();
    this.#host.countQueued(-this.#output.bytes);
    this.#output.clear();
    events?.cancelled();
  }

  // ------------------------------------------------------------------ writing

  /** Puts into `out` what this turn brought, as far as the windows go. */
  write(out: OutBuffer): Wrote {
    if (this.#state === 'closed') return Wrote.All;
    if (!this.#isHeadSent) {
      this.#isHeadSent = true;
      if (this.#state === 'ending' && this.#output.bytes === 0) {
        this.#writeTrailersOnly(out);
        return Wrote.All;
      }
      this.#writeHead(out);
    }
    const wrote = this.#output.bytes > 0 ? this.#writeData(out) : Wrote.All;
    if (this.#output.bytes === 0 && this.#state === 'ending') this.#writeTrailers(out);
    return wrote;
  }

  #writeData(out: OutBuffer): Wrote {
    const output = this.#output;
    const host = this.#host;
    let turn = TURN_BYTES;
    let wrote: Wrote = Wrote.All;
    while (output.bytes > 0) {
      const window = Math.min(this.outWindow, host.outWindow);
      if (turn <= 0) wrote = Wrote.More;
      else if (window <= 0) {
        wrote = this.outWindow <= 0 ? Wrote.StreamBlocked : Wrote.ConnectionBlocked;
      }
      if (wrote !== Wrote.All) break;
      const length = Math.min(output.bytes, window, FRAME_BYTES_MAX);
      out.reserve(HEAD_BYTES + length);
      const at = writeHead(out.bytes, out.at, length, Frame.DATA, 0, this.id);
      output.take(out.bytes, at, length);
      out.at = at + length;
      this.outWindow -= length;
      host.outWindow -= length;
      this.#takenBytes += length;
      host.countQueued(-length);
      host.sentSomething(true);
      turn -= length;
    }
    if (this.#isDrainWanted && output.bytes <= host.limits.callCreditBytes / 2) {
      this.#isDrainWanted = false;
      this.#events?.drained();
    }
    return wrote;
  }

  #writeHead(out: OutBuffer): void {
    const encoder = this.#host.encoder;
    out.reserve(HEAD_BYTES + encoder.blockBytesMax(this.#contentType, ''));
    const lo = out.at + HEAD_BYTES;
    const hi = encoder.writeHead(out.bytes, lo, this.#contentType);
    this.#finishHeaders(out, hi - lo, Flag.END_HEADERS);
  }

  #writeTrailers(out: OutBuffer): void {
    const encoder = this.#host.encoder;
    const message = messageField(this.#message);
    out.reserve(HEAD_BYTES + encoder.blockBytesMax('', message) + RST_BYTES);
    const lo = out.at + HEAD_BYTES;
    const hi = encoder.writeTrailers(out.bytes, lo, this.#code, message);
    this.#finishHeaders(out, hi - lo, Flag.END_HEADERS | Flag.END_STREAM);
    this.#letGo(out);
  }

  #writeTrailersOnly(out: OutBuffer): void {
    const encoder = this.#host.encoder;
    const message = messageField(this.#message);
    out.reserve(HEAD_BYTES + encoder.blockBytesMax(this.#contentType, message) + RST_BYTES);
    const lo = out.at + HEAD_BYTES;
    const type = this.#contentType;
    const http = this.#httpStatus;
    const hi = encoder.writeTrailersOnly(out.bytes, lo, http, type, this.#code, message);
    this.#finishHeaders(out, hi - lo, Flag.END_HEADERS | Flag.END_STREAM);
    this.#letGo(out);
  }

  #finishHeaders(out: OutBuffer, length: number, flags: number): void {
    out.at = writeHead(out.bytes, out.at, length, Frame.HEADERS, flags, this.id) + length;
    this.#host.sentSomething(false);
  }

  /** The answer is complete: a client that still sends is told to stop (RFC 9113 section 8.1). */
  #letGo(out: OutBuffer): void {
    if (!this.isInputOver) out.at = writeReset(out.bytes, out.at, this.id, 0);
    this.#state = 'closed';
    this.#host.callEnded(this);
  }

  #stopDeadline(): void {
    if (this.deadlineBucket >= 0) this.#host.deadlines.remove(this);
  }
}
