/**
 * One gRPC call over a connection of `node:http2`, as a `ClientCall`.
 *
 * Invariants: `ended` is told exactly once and last; no message is told while the input is paused.
 */
import type * as http2 from 'node:http2';

import {
  type ClientCall,
  type ClientCallEvents,
  type EndOrigin,
  type Metadata,
  Status,
  type StatusCode,
} from '@conclave/base';

import { FRAME_HEAD_BYTES, MessageReader, writeFrameHead } from '../framing.js';
import { type AnswerEnd, readAnswerEnd } from './status-of-trailers.js';

export interface DialledHead {
  readonly method: string;
  readonly metadata: Metadata;
  readonly timeoutMs: number | null;
}

/** Of grpc-timeout: eight digits at most. */
const TIMEOUT_MS_MAX = 99_999_999;

export class DialledCall implements ClientCall {
  readonly #events: ClientCallEvents;
  readonly #reader: MessageReader;
  #stream: http2.ClientHttp2Stream | null = null;
  #timer: NodeJS.Timeout | null = null;
  #end: AnswerEnd | null = null;
  #isConnected = false;
  #isEnded = false;
  #isPaused = false;

  constructor(events: ClientCallEvents, messageBytesMax: number) {
    this.#events = events;
    this.#reader = new MessageReader(messageBytesMax);
  }

  /** Sends the head; `lostText` tells why a connection ended, when it has, or was never made. */
  begin(
    session: http2.ClientHttp2Session,
    head: DialledHead,
    lostText: (cause?: string) => string,
  ): void {
    const stream = session.request(requestFields(head), { endStream: false });
    this.#stream = stream;
    this.#isConnected = !session.connecting;
    // A session lives longer than its calls: a listener that never runs would stay with it.
    if (session.connecting) session.once('connect', () => (this.#isConnected = true));
    stream.on('response', (fields) => (this.#end ??= readAnswerEnd(fields)));
    stream.on('trailers', (fields) => (this.#end ??= readAnswerEnd(fields)));
    stream.on('data', (chunk: Uint8Array) => {
      this.#reader.push(chunk);
      this.#deliver();
    });
    stream.on('drain', () => {
      if (!this.#isEnded) this.#events.drained();
    });
    // An error is told by `close`, which always follows. Of a connection that was never made, it comes
    // before the session's own, and bears that as its cause.
    let dialFault: string | undefined;
    stream.on('error', ({ cause }) => {
      if (!this.#isConnected) dialFault = (cause as Error | undefined)?.message;
    });
    stream.on('close', () => this.#closed(() => lostText(dialFault)));
    if (head.timeoutMs !== null) {
      this.#timer = setTimeout(() => {
        this.fail(Status.DEADLINE_EXCEEDED, 'context deadline exceeded', this.#lostOrigin());
      }, head.timeoutMs);
    }
  }

  send(message: Uint8Array): boolean {
    const stream = this.#stream;
    if (stream === null || this.#isEnded || stream.writableEnded) return true;
    const framed = new Uint8Array(FRAME_HEAD_BYTES + message.length);
    writeFrameHead(framed, 0, message.length);
    framed.set(message, FRAME_HEAD_BYTES);
    return stream.write(framed);
  }

  halfClose(): void {
    if (!this.#isEnded) this.#stream?.end();
  }

  cancel(): void {
    this.fail(Status.CANCELLED, 'context canceled', 'handler');
  }

  pauseInput(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resumeInput(): void {
    this.#isPaused = false;
    this.#deliver();
    if (!this.#isPaused) this.#stream?.resume();
  }

  /** Ends the call from this side. */
  fail(code: StatusCode, message: string, origin: EndOrigin): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#stream?.close(CANCEL);
    this.#events.ended(code, message, origin);
  }

  #deliver(): void {
    while (!this.#isPaused && !this.#isEnded) {
      const message = this.#reader.next();
      if (message === null) break;
      this.#events.message(message);
    }
    const failure = this.#reader.failure;
    if (failure !== null) {
      const text =
        failure.type === 'too-large'
          ? `received message larger than max (${failure.length} vs. ${failure.max})`
          : 'the answer is compressed or badly framed';
      this.fail(Status.RESOURCE_EXHAUSTED, text, 'handler');
    }
  }

  #lostOrigin(): EndOrigin {
    return this.#isConnected ? 'lost' : 'unsent';
  }

  #closed(lostText: () => string): void {
    // What came before the end is told before the end, paused or not: the stream is gone.
    this.#isPaused = false;
    this.#deliver();
    const end = this.#end;
    if (end !== null) this.fail(end.code, end.message, 'handler');
    else this.fail(Status.UNAVAILABLE, lostText(), this.#lostOrigin());
  }
}

/** RST_STREAM's code for a call that nobody waits for (RFC 9113 section 7). */
const CANCEL = 8;

function requestFields(head: DialledHead): http2.OutgoingHttpHeaders {
  const fields: http2.OutgoingHttpHeaders = {
    ':method': 'POST',
    ':path': head.method,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'conclave',
  };
  if (head.timeoutMs !== null) {
    fields['grpc-timeout'] = `${Math.min(TIMEOUT_MS_MAX, Math.max(1, Math.ceil(head.timeoutMs)))}m`;
  }
  for (const [name, value] of head.metadata) {
    const isBinary = name.endsWith('-bin');
    fields[name] = isBinary ? Buffer.from(value, 'latin1').toString('base64') : value;
  }
  return fields;
}
