/**
 * The asking side of gRPC: one HTTP/2 connection to one server, dialled when first needed and again
 * after it was lost. For command lines, bootstrap and tests; gateways speak links.
 *
 * It rests on `node:http2`: here nothing is hot (ADR 6 is about the answering side).
 *
 * Invariants: a call ends exactly once; a call whose connection never came up ends `unsent`.
 */
import * as http2 from 'node:http2';
import type { ConnectionOptions } from 'node:tls';

import {
  type Channel,
  type ClientCall,
  type ClientCallEvents,
  EMPTY_METADATA,
  type Metadata,
  Status,
} from '@conclave/base';

import { DialledCall } from './dialled-call.js';
import { GrpcCallError } from './grpc-call-error.js';
import { GrpcStream } from './grpc-stream.js';

export interface GrpcChannelOptions {
  /** For `https:`: trust, client certificate, server name, as of `node:tls`. */
  readonly tls?: ConnectionOptions;
  /** Milliseconds until a connection that does not come up is given up. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds between signs of life; a connection without an answer is ended. Default 10,000. */
  readonly pingIntervalMs?: number;
  /** Bytes of the largest message taken. Default 2^31 - 1, as etcdctl's. */
  readonly messageBytesMax?: number;
  /** Bytes of one stream that may be on the way. Default 1 MiB. */
  readonly windowBytes?: number;
}

export interface GrpcCallOptions {
  readonly metadata?: Metadata;
  /** Milliseconds until the call ends with DEADLINE_EXCEEDED; none by default. */
  readonly timeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5000;
const PING_INTERVAL_MS = 10_000;
const MESSAGE_BYTES_MAX = 0x7fff_ffff;
const WINDOW_BYTES = 1024 * 1024;

export class GrpcChannel implements Channel {
  readonly url: string;
  readonly #options: GrpcChannelOptions;
  #session: http2.ClientHttp2Session | null = null;
  #pingTimer: NodeJS.Timeout | null = null;
  /** Why the last connection ended, for the text of calls that end with it. */
  #lastFault = '';
  #isClosed = false;

  /** `url`: `http://host:port` or `https://host:port`; a bare `host:port` means `http`. */
  constructor(url: string, options: GrpcChannelOptions = {}) {
    this.url = url.includes('://') ? url : `http://${url}`;
    this.#options = options;
  }

  open(
    method: string,
    metadata: Metadata,
    timeoutMs: number | null,
    events: ClientCallEvents,
  ): ClientCall {
    const call = new DialledCall(events, this.#options.messageBytesMax ?? MESSAGE_BYTES_MAX);
    const session = this.#connected();
    if (session === null) {
      queueMicrotask(() => call.fail(Status.UNAVAILABLE, 'the channel is closed', 'unsent'));
      return call;
    }
    call.begin(session, { method, metadata, timeoutMs }, (cause) => this.#faultText(cause));
    return call;
  }

  /** One message there, one back. Rejects with a `GrpcCallError`. */
  unary(method: string, request: Uint8Array, options: GrpcCallOptions = {}): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      let answer: Uint8Array | null = null;
      const call = this.open(
        method,
        options.metadata ?? EMPTY_METADATA,
        options.timeoutMs ?? null,
        {
          message: (bytes) => {
            answer ??= bytes;
          },
          ended: (code, message, origin) => {
            if (code !== Status.OK) reject(new GrpcCallError(code, message, origin ?? 'handler'));
            else if (answer === null) {
              reject(new GrpcCallError(Status.INTERNAL, 'the answer has no message', 'handler'));
            } else resolve(answer);
          },
          drained() {},
        },
      );
      call.send(request);
      call.halfClose();
    });
  }

  /** A stream in both directions; `for await` of it reads, `send` writes. */
  stream(method: string, options: GrpcCallOptions = {}): GrpcStream {
    return new GrpcStream((events) =>
      this.open(method, options.metadata ?? EMPTY_METADATA, options.timeoutMs ?? null, events),
    );
  }

  /** Ends all calls and the connection; nothing can be opened afterwards. */
  close(): void {
    this.#isClosed = true;
    this.#lastFault = 'the channel is closed';
    this.#session?.destroy();
    this.#forget();
  }

  /** `dialFault`: why the connection was never made, where a call knows it before the session tells. */
  #faultText(dialFault?: string): string {
    if (this.#lastFault !== '') return this.#lastFault;
    if (dialFault !== undefined) return `dial ${this.url}: ${dialFault}`;
    return `the connection to ${this.url} was lost`;
  }

  #connected(): http2.ClientHttp2Session | null {
    if (this.#isClosed) return null;
    const known = this.#session;
    if (known !== null && !known.closed && !known.destroyed) return known;
    this.#lastFault = '';
    const session = this.#dial();
    this.#session = session;
    return session;
  }

  #dial(): http2.ClientHttp2Session {
    const windowBytes = this.#options.windowBytes ?? WINDOW_BYTES;
    const session = http2.connect(this.url, {
      ...this.#options.tls,
      settings: { enablePush: false, initialWindowSize: windowBytes },
    });
    const connectTimer = setTimeout(() => {
      this.#fault(session, `dial ${this.url}: no connection in time`);
    }, this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
    session.on('connect', () => {
      clearTimeout(connectTimer);
      session.setLocalWindowSize(windowBytes * 4);
      this.#watchOver(session);
    });
    session.on('error', (error) => {
      clearTimeout(connectTimer);
      this.#fault(session, `dial ${this.url}: ${error.message}`);
    });
    // A server that is leaving lets calls under way end; new calls need a new connection.
    session.on('goaway', () => {
      if (this.#session === session) this.#session = null;
    });
    session.on('close', () => {
      clearTimeout(connectTimer);
      if (this.#session === session) this.#forget();
    });
    return session;
  }

  /** A peer that is cut off gives no sign: only an unanswered ping tells. */
  #watchOver(session: http2.ClientHttp2Session): void {
    if (this.#pingTimer !== null) clearInterval(this.#pingTimer);
    let isAnswered = true;
    this.#pingTimer = setInterval(() => {
      if (session.destroyed) return;
      if (!isAnswered) {
        this.#fault(session, `the server at ${this.url} does not answer`);
        return;
      }
      isAnswered = false;
      session.ping(() => (isAnswered = true));
    }, this.#options.pingIntervalMs ?? PING_INTERVAL_MS);
    this.#pingTimer.unref();
  }

  #fault(session: http2.ClientHttp2Session, why: string): void {
    if (this.#session === session) this.#lastFault = why;
    session.destroy();
  }

  #forget(): void {
    this.#session = null;
    if (this.#pingTimer !== null) clearInterval(this.#pingTimer);
    this.#pingTimer = null;
  }
}
