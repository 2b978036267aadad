/**
 * HTTP/1.x on sockets that were accepted elsewhere: node:http's parser with the limits that its own
 * listening server would have kept (those work only on sockets it accepted itself).
 *
 * A connection must show a complete request head within `headersMs` of its first byte or of the
 * answer before; a request must be over within `requestMs`. Upgrades go to one hook.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

export interface Http1Limits {
  /** Bytes of request line and header fields; more is answered 431. */
  readonly headerBytesMax: number;
  readonly headerFieldsMax: number;
  /** Time for the first request head, and of silence between two requests. */
  readonly headersMs: number;
  readonly idleMs: number;
  /** Time for one request with its body and answer; 0 no bound, for handlers that stream. */
  readonly requestMs: number;
  readonly requestsPerConnectionMax: number;
}

export const DEFAULT_HTTP1_LIMITS: Http1Limits = Object.freeze({
  headerBytesMax: 16 * 1024,
  headerFieldsMax: 100,
  headersMs: 10_000,
  idleMs: 120_000,
  requestMs: 0,
  requestsPerConnectionMax: 0,
});

export type Http1Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Takes an upgrade over and answers true, or leaves it alone and answers false. */
export type UpgradeHook = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

export interface Http1ServerOptions {
  readonly handler: Http1Handler;
  readonly upgrade?: UpgradeHook;
  readonly limits?: Partial<Http1Limits>;
}

const NO_UPGRADE =
  'HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n' +
  'Content-Length: 19\r\nConnection: close\r\n\r\n404 page not found\n';

const BAD_REQUEST =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n' +
  'Connection: close\r\n\r\n400 Bad Request';
const TOO_LARGE =
  'HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n' +
  'Connection: close\r\n\r\n431 Request Header Fields Too Large';

/** An HTTP/1.x server that is handed its sockets. */
export class Http1Server {
  readonly #server: Server;
  readonly #limits: Http1Limits;
  readonly #handler: Http1Handler;
  readonly #upgrade: UpgradeHook | null;
  /** Open sockets, each with the number of its requests in work. */
  readonly #busy = new Map<Duplex, number>();
  #isLeaving = false;
  #whenEmpty: (() => void) | null = null;

  constructor(options: Http1ServerOptions) {
    this.#limits = { ...DEFAULT_HTTP1_LIMITS, ...options.limits };
    this.#handler = options.handler;
    this.#upgrade = options.upgrade ?? null;
    const server = createServer({ maxHeaderSize: this.#limits.headerBytesMax, noDelay: true });
    server.maxHeadersCount = this.#limits.headerFieldsMax;
    server.maxRequestsPerSocket = this.#limits.requestsPerConnectionMax;
    // Silence is watched here: see `accept`.
    server.keepAliveTimeout = 0;
    server.timeout = 0;
    server.on('request', (request, response) => this.#requested(request, response));
    server.on('upgrade', (request, socket, head) => this.#upgraded(request, socket, head));
    server.on('connect', (_request, socket) => socket.end(BAD_REQUEST));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (!socket.writable) socket.destroy();
      else socket.end(error.code === 'HPE_HEADER_OVERFLOW' ? TOO_LARGE : BAD_REQUEST);
    });
    this.#server = server;
  }

  /** Takes the socket over; its next byte is the first of a request. */
  accept(socket: Socket): void {
    if (this.#isLeaving) {
      socket.destroy();
      return;
    }
    this.#busy.set(socket, 0);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#closed(socket));
    // A client may close its half after the request and still wait for the answer.
    socket.allowHalfOpen = true;
    this.#server.emit('connection', socket);
    socket.resume();
    this.#watch(socket, this.#limits.headersMs);
  }

  /** Closes silent connections now and busy ones after their answer, or after `graceMs`. */
  shutdown(graceMs: number, done: () => void): void {
    this.#isLeaving = true;
    for (const [socket, requests] of this.#busy) if (requests === 0) socket.destroy();
    if (this.#busy.size === 0) {
      setImmediate(done);
      return;
    }
    const grace = setTimeout(() => {
      for (const socket of this.#busy.keys()) socket.destroy();
    }, graceMs);
    this.#whenEmpty = () => {
      clearTimeout(grace);
      done();
    };
  }

  /** One timer a socket: until it fires, a request head must have come. */
  #watch(socket: Duplex, ms: number): void {
    const timed = socket as Duplex & { silence?: NodeJS.Timeout };
    clearTimeout(timed.silence);
    if (ms > 0) timed.silence = setTimeout(() => socket.destroy(), ms).unref();
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const socket = request.socket;
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
    this.#watch(socket, this.#limits.requestMs);
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.once('close', () => this.#answered(socket));
    if (this.#isLeaving) response.setHeader('connection', 'close');
    this.#handler(request, response);
  }

  #answered(socket: Duplex): void {
    const requests = this.#busy.get(socket);
    if (requests === undefined) return;
    this.#busy.set(socket, requests - 1);
    if (requests > 1) return;
    if (this.#isLeaving) socket.end();
    else this.#watch(socket, this.#limits.idleMs);
  }

  #upgraded(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#watch(socket, 0);
    if (this.#upgrade !== null && this.#upgrade(request, socket, head)) {
      // It is the hook's from here on: a shutdown leaves it alone.
      this.#forget(socket);
      return;
    }
    socket.end(NO_UPGRADE);
  }

  #closed(socket: Duplex): void {
    this.#watch(socket, 0);
    this.#forget(socket);
  }

  #forget(socket: Duplex): void {
    if (!this.#busy.delete(socket) || this.#busy.size > 0) return;
    const whenEmpty = this.#whenEmpty;
    this.#whenEmpty = null;
    whenEmpty?.();
  }
}
