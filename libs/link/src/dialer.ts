/**
 * Keeps one connection to one target standing: dials its URLs in turn, says hello, hands the open
 * socket to the owner, and dials again after its end, with back-off.
 *
 * Invariants: at most one connection or attempt at a time; `up` and its `closed` alternate; nothing
 * happens after `close`.
 */
import type { Clock, Probe, Random } from '@conclave/base';
import { type Hello, type HelloAnswer, type RefusalCode, encodeLinkFrames } from '@conclave/wire';
import { type ClientOptions, WebSocket } from 'ws';
import { Backoff } from './backoff.js';
import {
  FrameSocket,
  type FrameSocketEvents,
  type SocketEnd,
  clientOptions,
} from './frame-socket.js';
import { readHelloAnswer } from './handshake.js';
import { dialTarget } from './link-url.js';
import { LogOnce } from './log-once.js';
import type { LinkOptions } from './options.js';

export interface LinkPorts {
  readonly clock: Clock;
  /** For jitter alone. */
  readonly random: Random;
  readonly probe: Probe;
}

export interface DialerTarget {
  /** Frames are sent unmasked in effect: see `clientOptions`. */
  readonly plain?: boolean;
  /** For logs. */
  readonly label: string;
  readonly path: string;
  readonly payloadBytesMax: number;
  hello(): Hello;
}

export interface DialerEvents {
  /**
   * Connected and accepted: answers who takes the socket's events, or a text why the owner does not
   * want this connection.
   */
  up(socket: FrameSocket, answer: HelloAnswer): FrameSocketEvents | string;
  /** The other side does not want us; it is asked again, for it may learn. */
  refused(code: RefusalCode, text: string): void;
  /** No connection came to be. */
  failed(text: string): void;
}

export class Dialer {
  readonly #options: LinkOptions;
  readonly #ports: LinkPorts;
  readonly #target: DialerTarget;
  readonly #events: DialerEvents;
  readonly #backoff: Backoff;
  readonly #logOnce: LogOnce;
  #urls: readonly string[];
  #turn = 0;
  #timer: NodeJS.Timeout | null = null;
  #dialling: WebSocket | null = null;
  #socket: FrameSocket | null = null;
  #closed = false;
  /** When the attempts began to fail; null while the link stands or none has failed. */
  #failingSinceMs: number | null = null;

  constructor(
    options: LinkOptions,
    ports: LinkPorts,
    target: DialerTarget,
    urls: readonly string[],
    events: DialerEvents,
  ) {
    this.#options = options;
    this.#ports = ports;
    this.#target = target;
    this.#urls = urls;
    this.#events = events;
    this.#backoff = new Backoff(options.backoffMs, options.backoffMaxMs, ports.random);
    this.#logOnce = new LogOnce(ports.probe);
    this.#wait(0);
  }

  /** For the next attempt; a connection that stands stays. */
  setUrls(urls: readonly string[]): void {
    this.#urls = urls;
  }

  /** Dials now instead of waiting for the back-off. */
  hurry(): void {
    if (this.#timer === null || this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#wait(0);
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#dialling?.terminate();
    this.#dialling = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(reason);
  }

  #wait(ms: number): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#dial();
    }, ms);
    this.#timer.unref();
  }

  #dial(): void {
    if (this.#urls.length === 0) return this.#failed('no URL is known');
    const url = this.#urls[this.#turn++ % this.#urls.length] as string;
    const target = dialTarget(url, this.#target.path);
    if (!target.ok) return this.#failed(target.text);
    let ws: WebSocket;
    try {
      ws = new WebSocket(target.url, this.#clientOptions());
    } catch (error) {
      // The name of a socket file comes from outside, and not every one can be part of a URL.
      return this.#failed(`${url}: ${(error as Error).message}`);
    }
    this.#dialling = ws;
    const fail = (error: Error): void => {
      if (this.#dialling !== ws) return;
      this.#dialling = null;
      this.#failed(`${url}: ${error.message}${adviceFor(error)}`);
    };
    ws.on('error', fail);
    ws.once('open', () => {
      if (this.#dialling !== ws) return ws.terminate();
      ws.off('error', fail);
      this.#greet(ws, url);
    });
  }

  #clientOptions(): ClientOptions {
    const { payloadBytesMax, plain = false } = this.#target;
    return clientOptions(this.#options.handshakeMs, payloadBytesMax, plain);
  }

  /** The WebSocket is open: say who we are and wait for the answer. */
  #greet(ws: WebSocket, url: string): void {
    const { pingMs, livenessMs, closeMs, handshakeMs } = this.#options;
    const timeout = setTimeout(() => socket.destroy('no answer to hello'), handshakeMs);
    timeout.unref();
    const socket = new FrameSocket(
      ws,
      { clock: this.#ports.clock, pingMs, livenessMs, closeMs },
      {
        message: (bytes) => {
          clearTimeout(timeout);
          this.#answered(socket, bytes, url);
        },
        drained() {},
        closed: (reason) => {
          clearTimeout(timeout);
          if (this.#dialling !== ws) return;
          this.#dialling = null;
          this.#failed(`${url}: ${reason}`);
        },
      },
    );
    socket.send(encodeLinkFrames([this.#target.hello()]));
  }

  #answered(socket: FrameSocket, bytes: Uint8Array, url: string): void {
    const answer = readHelloAnswer(bytes);
    this.#dialling = null;
    if (answer.type === 'refusal') {
      socket.close('refused');
      this.#logOnce.log(`refused ${answer.code}`, 'warn', 'link refused', {
        to: this.#target.label,
        url,
        path: this.#target.path,
        code: answer.code,
        error: answer.text,
      });
      this.#events.refused(answer.code, answer.text);
      return this.#wait(this.#backoff.next());
    }
    const owner = this.#events.up(socket, answer);
    if (typeof owner === 'string') {
      socket.close(owner);
      return this.#wait(this.#backoff.next());
    }
    this.#logOnce.over('');
    this.#failingSinceMs = null;
    this.#socket = socket;
    this.#backoff.reset();
    const closed = (reason: string, end: SocketEnd): void => {
      this.#socket = null;
      owner.closed(reason, end);
      this.#wait(this.#backoff.next());
    };
    if (socket.isClosed) return closed('closed at once', 'broken');
    socket.handTo({
      message: (frame) => owner.message(frame),
      drained: () => owner.drained(),
      closed,
    });
  }

  #failed(text: string): void {
    const nowMs = this.#ports.clock.monotonicMs();
    this.#failingSinceMs ??= nowMs;
    // Everybody starts, and starts again, at his own time: that is no news yet.
    if (nowMs - this.#failingSinceMs >= this.#options.failingMs) {
      this.#logOnce.log(`failed ${text}`, 'warn', 'link cannot be established', {
        to: this.#target.label,
        path: this.#target.path,
        error: text,
      });
    }
    this.#events.failed(text);
    this.#wait(this.#backoff.next());
  }
}

/** Somebody who speaks HTTP is there, and nobody who takes links: most likely the port for clients. */
function adviceFor(error: Error): string {
  if (!/^Unexpected server response: 4/.test(error.message)) return '';
  return ': no member takes links there; the URL of peers is wanted (usually port 2380)';
}
