/**
 * One HTTP/2 connection of the engine `node:http2`: its calls, and the rules a client must keep.
 *
 * What node:http2 does itself: frame and header syntax, flow control, header limits, floods of
 * invalid frames. What is counted here: resets, SETTINGS, pings, silence, and readers that stall.
 * All time rules are checked by `sweep`, which the server calls about once a second.
 */
import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';

import { type CallHandler, Status } from '@conclave/base';

import type { DeadlineWheel } from './deadlines.js';
import type { GrpcLimits } from './limits.js';
import { headerBytes, readHead, type HeadRefusal } from './metadata.js';
import { PingPolicy, TokenBucket } from './rate.js';
import { type CallHost, HEADERS_ALONE, Http2Call, stopClient } from './server-call.js';
import { encodeStatusText } from './status-text.js';

/** What a connection needs from its server. */
export interface ConnectionHost {
  readonly limits: GrpcLimits;
  readonly deadlines: DeadlineWheel;
  handlerOf(service: string): CallHandler | null;
  markDirty(call: Http2Call): void;
  connectionClosed(connection: Http2Connection): void;
  /** A client was sent away for breaking a rule. */
  rejected(peer: string, reason: string): void;
}

const SESSION_MEMORY_MB = 256;
const SETTINGS_WINDOW_S = 10;

function sessionOptions(limits: GrpcLimits): Parameters<typeof performServerHandshake>[1] {
  return {
    settings: {
      maxConcurrentStreams: limits.concurrentStreamsMax,
      initialWindowSize: limits.callCreditBytes,
      maxHeaderListSize: limits.headerBytesMax,
    },
    // Four pseudo headers come on top of what the client may choose.
    maxHeaderListPairs: limits.headerFieldsMax + 4,
    maxSessionMemory: SESSION_MEMORY_MB,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxOutstandingPings: 2,
  };
}

export class Http2Connection implements CallHost {
  readonly limits: GrpcLimits;
  readonly deadlines: DeadlineWheel;
  readonly peer: string;
  readonly #socket: Duplex & { readonly bytesRead?: number };
  readonly #session: ServerHttp2Session;
  readonly #host: ConnectionHost;
  readonly #calls = new Set<Http2Call>();
  readonly #pings: PingPolicy;
  readonly #resets: TokenBucket;
  readonly #settings: TokenBucket;
  readonly #openedMs: number;
  #hasSettings = false;
  #isLeaving = false;
  #bytesRead = 0;
  #readMs: number;
  #busyMs: number;
  #pingSentMs = -1;

  constructor(socket: Duplex, peer: string, nowMs: number, host: ConnectionHost) {
    const limits = host.limits;
    this.limits = limits;
    this.deadlines = host.deadlines;
    this.peer = peer;
    this.#socket = socket;
    this.#host = host;
    this.#openedMs = nowMs;
    this.#readMs = nowMs;
    this.#busyMs = nowMs;
    this.#pings = new PingPolicy(limits.keepaliveMinTimeMs);
    this.#resets = new TokenBucket(limits.resetBurst, limits.resetsPerSecond, nowMs);
    this.#settings = new TokenBucket(
      limits.settingsPer10s,
      limits.settingsPer10s / SETTINGS_WINDOW_S,
      nowMs,
    );
    this.#session = performServerHandshake(socket, sessionOptions(limits));
    this.#listen();
  }

  get callCount(): number {
    return this.#calls.size;
  }

  #listen(): void {
    const session = this.#session;
    this.#socket.on('error', () => session.destroy());
    session.on('error', () => undefined);
    session.on('sessionError', () => undefined);
    session.on(
      'stream',
      (stream: ServerHttp2Stream, _headers: unknown, _flags: number, raw: string[]) => {
        this.#opened(stream, raw);
      },
    );
    session.on('ping', () => this.#pinged());
    session.on('remoteSettings', () => this.#gotSettings());
    session.on('close', () => this.#host.connectionClosed(this));
    if (this.limits.connectionWindowBytes > 65_535) {
      session.setLocalWindowSize(this.limits.connectionWindowBytes);
    }
  }

  // ------------------------------------------------------------------ calls

  #opened(stream: ServerHttp2Stream, fields: readonly string[]): void {
    if (this.#isLeaving) {
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    if (headerBytes(fields) > this.limits.headerBytesMax) {
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      this.#countReset(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    const result = readHead(fields, this.peer);
    if (!result.ok) {
      this.#refuse(stream, result);
      return;
    }
    const call = new Http2Call(stream, result.head, result.contentType, this);
    this.#calls.add(call);
    const handler = this.#host.handlerOf(result.service);
    if (handler !== null) call.start(handler);
    else call.end(Status.UNIMPLEMENTED, `unknown service ${result.service}`);
  }

  /** Answers a head no handler may see. */
  #refuse(stream: ServerHttp2Stream, refusal: HeadRefusal): void {
    stream.on('error', () => undefined);
    stream.on('close', () => this.#countReset(stream.rstCode));
    this.sentSomething();
    stream.respond(
      {
        ':status': refusal.httpStatus,
        'content-type': 'application/grpc',
        'grpc-status': refusal.code,
        'grpc-message': encodeStatusText(refusal.message),
      },
      HEADERS_ALONE,
    );
    stream.resume();
    stopClient(stream);
  }

  markDirty(call: Http2Call): void {
    this.#host.markDirty(call);
  }

  sentSomething(): void {
    this.#pings.sentSomething();
  }

  callClosed(call: Http2Call, reset: boolean): void {
    this.#calls.delete(call);
    this.#busyMs = performance.now();
    if (reset) this.#countReset(constants.NGHTTP2_CANCEL);
  }

  // ------------------------------------------------------------------ rules

  #countReset(code: number | undefined): void {
    if (code === undefined || code === constants.NGHTTP2_NO_ERROR) return;
    if (!this.#resets.take(performance.now())) this.#sendAway('too_many_resets');
  }

  #pinged(): void {
    if (!this.#pings.allows(performance.now(), this.#calls.size)) this.#sendAway('too_many_pings');
  }

  #gotSettings(): void {
    this.#hasSettings = true;
    if (!this.#settings.take(performance.now())) this.#sendAway('too_many_settings');
  }

  /** GOAWAY with ENHANCE_YOUR_CALM, then the end of the connection. */
  #sendAway(reason: string): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    const session = this.#session;
    this.#host.rejected(this.peer, reason);
    if (session.destroyed) return;
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from(reason));
    // One turn later: the frame has left with this turn's writes.
    setImmediate(() => setImmediate(() => this.destroy()));
  }

  /** Checks every rule about time. Called about once a second. */
  sweep(nowMs: number): void {
    const limits = this.limits;
    if (!this.#hasSettings && nowMs - this.#openedMs > limits.settingsMs) {
      this.destroy();
      return;
    }
    const read = this.#socket.bytesRead ?? 0;
    if (read !== this.#bytesRead) {
      this.#bytesRead = read;
      this.#readMs = nowMs;
      this.#pingSentMs = -1;
    }
    if (this.#calls.size > 0) this.#busyMs = nowMs;
    else if (limits.idleMs > 0 && nowMs - this.#busyMs > limits.idleMs) this.goAway();
    this.#keepAlive(nowMs);
    this.#dropStalled(nowMs);
  }

  #keepAlive(nowMs: number): void {
    const limits = this.limits;
    if (this.#session.destroyed) return;
    const wanted = limits.keepaliveIntervalMs > 0 ? limits.keepaliveIntervalMs : limits.silenceMs;
    const intervalMs = Math.min(wanted, limits.silenceMs);
    if (this.#pingSentMs >= 0) {
      if (nowMs - this.#pingSentMs > limits.keepaliveTimeoutMs) this.destroy();
    } else if (nowMs - this.#readMs >= intervalMs) {
      this.#pingSentMs = nowMs;
      this.#session.ping(() => undefined);
    }
  }

  /** A reader that holds memory and takes nothing loses its stream. */
  #dropStalled(nowMs: number): void {
    for (const call of this.#calls) {
      if (call.queuedBytes < this.limits.callCreditBytes || !call.hasStalled()) {
        call.stalledSinceMs = -1;
      } else if (call.stalledSinceMs < 0) {
        call.stalledSinceMs = nowMs;
      } else if (nowMs - call.stalledSinceMs > this.limits.stalledMs) {
        this.#host.rejected(this.peer, 'stalled_reader');
        call.destroy();
      }
    }
  }

  // ------------------------------------------------------------------ leaving

  /** No new calls; the connection closes after its last one (GOAWAY, NO_ERROR). */
  goAway(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    if (!this.#session.destroyed) this.#session.close();
  }

  /** Ends every call that is still open with this status. */
  endCalls(message: string): void {
    for (const call of this.#calls) call.breakOff(Status.UNAVAILABLE, message);
  }

  destroy(): void {
    this.#isLeaving = true;
    if (!this.#session.destroyed) this.#session.destroy();
    this.#socket.destroy();
  }
}
