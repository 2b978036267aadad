/**
 * One WebSocket between two of our processes, as both ends use it: whole binary messages, liveness,
 * back-pressure, an end that comes exactly once.
 *
 * Limits (each a way in which a stranger could hurt us): no compression, few fragments, bounded
 * message size; text, a wrong mask, reserved bits or an over-long message end the connection in
 * `ws`, which reports an error; nothing here throws for what arrives.
 *
 * Invariants: `closed` is called once, and no `message` after it; bytes handed out are plain
 * `Uint8Array`s that nobody writes to again.
 */
import type { Clock } from '@conclave/base';
import { type ClientOptions, WebSocket } from 'ws';
import { startBeat } from './beat.js';

export interface FrameSocketEvents {
  message(bytes: Uint8Array): void;
  /** The socket took what was waiting: asked for only after `bufferedBytes` was high. */
  drained(): void;
  /** Once, and last. */
  closed(reason: string, end: SocketEnd): void;
}

/**
 * How a connection ended. `orderly`: either side said goodbye; `broken`: it was lost, or we gave it up;
 * `violation`: the other side sent what no process of ours does.
 */
export type SocketEnd = 'orderly' | 'broken' | 'violation';

export interface Liveness {
  readonly clock: Clock;
  readonly pingMs: number;
  readonly livenessMs: number;
  /** How long the other side may take to agree to an end. */
  readonly closeMs: number;
}

/** WebSocket's code for a connection that is ended on purpose. */
const GOODBYE = 1000;

/** WebSocket options of both sides. */
export const SOCKET_LIMITS = {
  perMessageDeflate: false,
  maxFragments: 16,
  maxBufferedChunks: 16_384,
  skipUTF8Validation: false,
} as const;

/**
 * `plain`: with a mask of zeros. A mask keeps what a browser sends from looking like a request to a proxy on
 * the way; between members it only costs a pass over each byte at either end.
 */
export function clientOptions(
  handshakeMs: number,
  payloadBytesMax: number,
  plain = false,
): ClientOptions {
  return {
    ...(plain ? { generateMask: (mask: Buffer) => void mask.fill(0) } : {}),
    ...SOCKET_LIMITS,
    handshakeTimeout: handshakeMs,
    maxPayload: payloadBytesMax,
    followRedirects: false,
  };
}

export class FrameSocket {
  #events: FrameSocketEvents;
  readonly #ws: WebSocket;
  readonly #beat: { stop(): void };
  readonly #clock: Clock;
  readonly #closeMs: number;
  #heardMs: number;
  #pingSentMs = -1;
  #rttMs = -1;
  #closed = false;
  /** Why we ended it ourselves; empty when the other side or the network did. */
  #reason = '';
  onRoundTrip: ((ms: number) => void) | null = null;

  /** `ws` is open. */
  constructor(ws: WebSocket, liveness: Liveness, events: FrameSocketEvents) {
    this.#ws = ws;
    this.#events = events;
    this.#clock = liveness.clock;
    this.#closeMs = liveness.closeMs;
    this.#heardMs = liveness.clock.monotonicMs();
    ws.binaryType = 'nodebuffer';
    ws.on('message', (data, isBinary) => this.#message(data as Buffer, isBinary));
    ws.on('ping', () => this.#heard());
    ws.on('pong', () => this.#pong());
    ws.on('error', (error: Error & { code?: string }) => {
      this.#end(error.message, error.code?.startsWith('WS_ERR_') ? 'violation' : 'broken');
    });
    ws.on('close', (code, text) => {
      const reason = text.length > 0 ? text.toString('utf8') : `closed with code ${code}`;
      this.#end(reason, code === GOODBYE ? 'orderly' : 'broken');
    });
    this.#beat = startBeat(liveness.clock, liveness.pingMs, (now, paused) => {
      this.#heardMs += paused;
      if (now - this.#heardMs > liveness.livenessMs) this.destroy('no sign of life');
      else this.#ping(now);
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Bytes handed to `send` that the system has not taken yet. */
  get bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  /** Of the last ping; -1 before the first answer. */
  get rttMs(): number {
    return this.#rttMs;
  }

  /** Gives the connection to its next owner (after the hello). */
  handTo(events: FrameSocketEvents): void {
    this.#events = events;
  }

  /** `bytes` must not change afterwards. A closed socket drops them. */
  send(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#ws.send(bytes, { binary: true, compress: false });
  }

  /** As `send`; calls `drained` when these bytes have been taken. */
  sendAndTell(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#ws.send(bytes, { binary: true, compress: false }, (error) => {
      if (!error && !this.#closed) this.#events.drained();
    });
  }

  /** Lets what was sent leave, then ends; for a refusal or the end of the process. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#ws.close(GOODBYE, reason.replace(/[^ -~]/g, '?').slice(0, 100));
    const timer = setTimeout(() => this.#ws.terminate(), this.#closeMs);
    timer.unref();
    this.#ws.once('close', () => clearTimeout(timer));
    this.#end(reason, 'orderly');
  }

  /** Ends at once; what was not taken yet is lost. */
  destroy(reason: string, end: SocketEnd = 'broken'): void {
    if (this.#closed) return;
    this.#reason = reason;
    this.#ws.terminate();
    this.#end(reason, end);
  }

  #heard(): void {
    this.#heardMs = this.#clock.monotonicMs();
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#closed) return;
    this.#heard();
    if (!isBinary) return this.destroy('a text message where frames are binary', 'violation');
    this.#events.message(new Uint8Array(data.buffer, data.byteOffset, data.length));
  }

  #ping(now: number): void {
    // One ping at a time: a second one would make the first one's round trip look short.
    if (this.#pingSentMs >= 0 || this.#ws.readyState !== WebSocket.OPEN) return;
    this.#pingSentMs = now;
    this.#ws.ping();
  }

  #pong(): void {
    this.#heard();
    if (this.#pingSentMs < 0) return;
    this.#rttMs = this.#heardMs - this.#pingSentMs;
    this.#pingSentMs = -1;
    this.onRoundTrip?.(this.#rttMs);
  }

  #end(reason: string, end: SocketEnd): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#beat.stop();
    this.#ws.removeAllListeners('message');
    // A late error must find a listener, or it would end the process.
    if (this.#ws.readyState !== WebSocket.CLOSED && this.#ws.readyState !== WebSocket.CLOSING) {
      this.#ws.terminate();
    }
    this.#events.closed(this.#reason === '' ? reason : this.#reason, end);
  }
}
