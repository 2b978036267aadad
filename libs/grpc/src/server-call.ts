/**
 * One call on one HTTP/2 stream: request bytes to messages, answers to frames and trailers.
 *
 * States: `open` (the handler works), `ending` (status decided, bytes still leave), `closed`. A
 * handler hears nothing outside `open`. What a handler sends within one turn is written in one go:
 * the call marks itself dirty and the server flushes all dirty calls at the end of the turn.
 *
 * Invariant: `queuedBytes` counts every byte given to `send` that the session has not yet taken.
 */
import { constants, type ServerHttp2Stream } from 'node:http2';

import {
  assert,
  type CallHandler,
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';

import { DeadlineWheel, type Expiring } from './deadlines.js';
import { FRAME_HEAD_BYTES, type FramingFailure, MessageReader, writeFrameHead } from './framing.js';
import type { GrpcLimits } from './limits.js';
import { encodeStatusText } from './status-text.js';

/** What a call needs from the connection and the server it belongs to. */
export interface CallHost {
  readonly limits: GrpcLimits;
  readonly deadlines: DeadlineWheel;
  /** Have `call.flush()` run at the end of this turn. */
  markDirty(call: Http2Call): void;
  /** Header or data frames leave. */
  sentSomething(): void;
  /** The stream is gone; `reset` if one side broke it off. */
  callClosed(call: Http2Call, reset: boolean): void;
}

/** How an answer begins. gRPC has no `date`, and making one costs; the typings do not know the option. */
const WITH_TRAILERS = Object.freeze({ waitForTrailers: true, sendDate: false });
export const HEADERS_ALONE = Object.freeze({ endStream: true, sendDate: false });

/** Messages up to this size are copied behind their head, larger ones are written by reference. */
const COPY_BYTES_MAX = 16 * 1024;
/** What the session is given at once. */
const PART_BYTES = 256 * 1024;

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

/** A client whose request goes on after our answer is told to stop, once the answer has left. */
export function stopClient(stream: ServerHttp2Stream): void {
  setImmediate(() => {
    if (!stream.destroyed && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

/** A call, seen by its handler as a `ServerCall`. */
export class Http2Call implements ServerCall, Expiring {
  readonly head: CallHead;
  deadlineBucket = -1;
  /** Since when the client has taken nothing; -1 if it takes. Belongs to the connection's sweep. */
  stalledSinceMs = -1;
  readonly #stream: ServerHttp2Stream;
  readonly #host: CallHost;
  readonly #contentType: string;
  readonly #reader: MessageReader;
  #events: ServerCallEvents | null = null;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #isPaused = false;
  #isReading = false;
  #isInputOver = false;
  #isHalfCloseTold = false;
  #isDirty = false;
  #isHeadSent = false;
  #isFlushed = false;
  #isWriting = false;
  #frames: Uint8Array[] = [];
  #frameBytes = 0;
  #queuedBytes = 0;
  #takenBytes = 0;
  #takenSeen = -1;
  #isDrainWanted = false;
  #code: StatusCode = Status.OK;
  #message = '';

  constructor(stream: ServerHttp2Stream, head: CallHead, contentType: string, host: CallHost) {
    this.#stream = stream;
    this.head = head;
    this.#contentType = contentType;
    this.#host = host;
    this.#reader = new MessageReader(host.limits.messageBytesMax);
    stream.on('data', (chunk: Buffer) => this.#input(chunk));
    stream.on('end', () => this.#inputEnded());
    stream.on('aborted', () => this.#gone());
    stream.on('error', () => this.#gone());
    stream.on('close', () => this.#closed());
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** True if the session took no byte since this was asked last. */
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

  // ------------------------------------------------------------------ the handler's side

  send(message: Uint8Array): boolean {
    if (this.#state !== 'open') return true;
    const limits = this.#host.limits;
    if (this.#queuedBytes >= limits.callQueueBytesMax) {
      this.#breakOff(Status.RESOURCE_EXHAUSTED, 'grpc: the client reads too slowly');
      return true;
    }
    if (message.length <= COPY_BYTES_MAX) {
      const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + message.length);
      writeFrameHead(frame, 0, message.length);
      frame.set(message, FRAME_HEAD_BYTES);
      this.#frames.push(frame);
    } else {
      const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES);
      writeFrameHead(frame, 0, message.length);
      this.#frames.push(frame, message);
    }
    const bytes = FRAME_HEAD_BYTES + message.length;
    this.#frameBytes += bytes;
    this.#queuedBytes += bytes;
    this.#dirty();
    if (this.#queuedBytes < limits.callCreditBytes) return true;
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
    this.#dirty();
    // What the client still sends is read and thrown away.
    if (this.#isPaused) this.#stream.resume();
  }

  pauseInput(): void {
    if (this.#state !== 'open' || this.#isPaused) return;
    this.#isPaused = true;
    this.#stream.pause();
  }

  resumeInput(): void {
    if (this.#state !== 'open' || !this.#isPaused) return;
    this.#isPaused = false;
    this.#deliver();
    if (!this.#isPaused && !this.#stream.destroyed) this.#stream.resume();
  }

  // ------------------------------------------------------------------ the client's side

  #input(chunk: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.#reader.push(chunk);
    this.#deliver();
  }

  #inputEnded(): void {
    // A client of node:http2 that cancels sends END_STREAM and RST_STREAM together: that is no end.
    const code = this.#stream.closed ? this.#stream.rstCode : constants.NGHTTP2_NO_ERROR;
    if (code !== undefined && code !== constants.NGHTTP2_NO_ERROR) {
      this.#gone();
      return;
    }
    this.#isInputOver = true;
    this.#deliver();
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
    else if (this.#isInputOver && !this.#isPaused) this.#tellHalfClosed();
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

  #gone(): void {
    if (this.#state === 'closed') return;
    const events = this.#events;
    this.#state = 'closed';
    this.#events = null;
    this.#stopDeadline();
    this.#frames = [];
    this.#frameBytes = 0;
    events?.cancelled();
  }

  #closed(): void {
    this.#gone();
    const code = this.#stream.rstCode;
    this.#host.callClosed(this, code !== undefined && code !== constants.NGHTTP2_NO_ERROR);
  }

  // ------------------------------------------------------------------ writing

  #dirty(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#host.markDirty(this);
  }

  /** Writes what this turn brought. */
  flush(): void {
    assert(this.#isDirty, 'only dirty calls are flushed');
    this.#isDirty = false;
    if (this.#state === 'closed' || this.#stream.destroyed || this.#stream.closed) return;
    this.#host.sentSomething();
    if (this.#state === 'ending' && !this.#isHeadSent && this.#frames.length === 0) {
      this.#sendTrailersOnly();
      return;
    }
    this.#sendHead();
    this.#writeOn();
  }

  #sendHead(): void {
    if (this.#isHeadSent) return;
    this.#isHeadSent = true;
    this.#stream.on('wantTrailers', () => this.#sendTrailers());
    this.#stream.respond({ ':status': 200, 'content-type': this.#contentType }, WITH_TRAILERS);
  }

  #sendTrailersOnly(): void {
    this.#isHeadSent = true;
    this.#isFlushed = true;
    this.#stream.respond(
      {
        ':status': 200,
        'content-type': this.#contentType,
        'grpc-status': this.#code,
        'grpc-message': encodeStatusText(this.#message),
      },
      HEADERS_ALONE,
    );
    this.#letGo();
  }

  #sendTrailers(): void {
    if (this.#stream.destroyed) return;
    this.#stream.sendTrailers({
      'grpc-status': this.#code,
      'grpc-message': encodeStatusText(this.#message),
    });
    this.#letGo();
  }

  /** The answer is complete: a client that still sends is told to stop (RFC 9113 section 8.1). */
  #letGo(): void {
    if (this.#isInputOver) return;
    stopClient(this.#stream);
  }

  /**
   * Hands the session one part at a time, so that `#takenBytes` grows while a large answer leaves: a
   * slow reader can be told from one that has stopped.
   */
  #writePart(): void {
    if (this.#isWriting || this.#frames.length === 0) return;
    const part = this.#nextPart();
    this.#isWriting = true;
    this.#stream.write(part, () => {
      this.#isWriting = false;
      this.#taken(part.length);
      if (this.#state !== 'closed' && !this.#stream.destroyed) this.#writeOn();
    });
  }

  /** Takes up to `PART_BYTES` off the queue. */
  #nextPart(): Uint8Array {
    const frames = this.#frames;
    if (this.#frameBytes <= PART_BYTES) {
      const all = frames.length === 1 ? frames[0] : Buffer.concat(frames, this.#frameBytes);
      this.#frames = [];
      this.#frameBytes = 0;
      return all as Uint8Array;
    }
    let bytes = 0;
    let count = 0;
    const taken: Uint8Array[] = [];
    while (bytes < PART_BYTES) {
      const frame = frames[count] as Uint8Array;
      const room = PART_BYTES - bytes;
      if (frame.length > room) {
        taken.push(frame.subarray(0, room));
        frames[count] = frame.subarray(room);
        bytes += room;
      } else {
        taken.push(frame);
        bytes += frame.length;
        count++;
      }
    }
    frames.splice(0, count);
    this.#frameBytes -= bytes;
    return taken.length === 1 ? (taken[0] as Uint8Array) : Buffer.concat(taken, bytes);
  }

  /** The next part, and the end once nothing is queued. */
  #writeOn(): void {
    this.#writePart();
    if (this.#state !== 'ending' || this.#isFlushed || this.#frames.length > 0) return;
    this.#isFlushed = true;
    this.#stream.end();
  }

  #taken(bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#takenBytes += bytes;
    assert(this.#queuedBytes >= 0, 'no more bytes are taken than were queued');
    if (!this.#isDrainWanted || this.#queuedBytes > this.#host.limits.callCreditBytes / 2) return;
    this.#isDrainWanted = false;
    this.#events?.drained();
  }

  /** Breaks the stream off without an answer. */
  destroy(): void {
    if (!this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #stopDeadline(): void {
    if (this.deadlineBucket >= 0) this.#host.deadlines.remove(this);
  }
}
