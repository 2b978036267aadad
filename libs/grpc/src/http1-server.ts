/**
 * HTTP/1.x on sockets that were accepted elsewhere: node:http's parser with the limits that its own
 * listening server would have kept (those work only on sockets it accepted itself).
 *
 * A connection must show a complete request head within `headersMs` of its first byte or of the
 * answer before; a request must be over within `requestMs`. Requests that a client sends without waiting
 * for answers are handled one after the other, so that a read behind a write sees it. Upgrades go to one
 * hook; one that it does not take is a request like any other, as the standard has it (RFC 9110 7.8):
 * some clients ask for `h2c` with every request.
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

/** Requests of one connection that may wait for the one before. */
const PIPELINED_MAX = 100;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

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
  /** Open sockets, each with its requests: the first is in work, the others wait. */
  readonly #busy = new Map<Duplex, Exchange[]>();
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
    this.#busy.set(socket, []);
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
    for (const [socket, requests] of this.#busy) if (requests.length === 0) socket.destroy();
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
    const requests = this.#busy.get(socket);
    if (requests === undefined || requests.length > PIPELINED_MAX) {
      socket.destroy();
      return;
    }
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.once('close', () => this.#answered(socket));
    requests.push({ request, response });
    if (requests.length === 1) this.#handle(socket, { request, response });
  }

  #handle(socket: Duplex, { request, response }: Exchange): void {
    this.#watch(socket, this.#limits.requestMs);
    if (this.#isLeaving) response.setHeader('connection', 'close');
    this.#handler(request, response);
  }

  #answered(socket: Duplex): void {
    const requests = this.#busy.get(socket);
    if (requests === undefined) return;
    requests.shift();
    const next = requests[0];
    if (socket.destroyed) requests.length = 0;
    else if (next !== undefined) this.#handle(socket, next);
    else if (this.#isLeaving) socket.end();
    else this.#watch(socket, this.#limits.idleMs);
  }

  #upgraded(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#watch(socket, 0);
    if (this.#upgrade !== null && this.#upgrade(request, socket, head)) {
      // It is the hook's from here on: a shutdown leaves it alone.
      this.#forget(socket);
      return;
    }
    if (this.#busy.get(socket)?.length !== 0) {
      // Who asks for another protocol waits for the answer.
      socket.destroy();
      return;
    }
    socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
    this.#server.emit('connection', socket);
    socket.resume();
    this.#watch(socket, this.#limits.headersMs);
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

/** The head of the request as it came, but for what asked for another protocol. */
function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const lower = name.toLowerCase();
    if (lower === 'upgrade' || lower === 'http2-settings') continue;
    const value = lower === 'connection' ? withoutUpgrade(rawHeaders[i + 1]) : rawHeaders[i + 1];
    if (value !== '') lines.push(`${name}: ${value}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function withoutUpgrade(connection = ''): string {
  const kept = connection.split(',').filter((option) => {
    return !/^\s*(upgrade|http2-settings)\s*$/i.test(option);
  });
  return kept.join(',').trim();
}
