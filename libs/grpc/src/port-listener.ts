/**
 * One port for every protocol: looks at the first bytes of a connection and hands it on.
 *
 *   - the HTTP/2 preface, complete        -> `http2` (prior knowledge; gRPC speaks nothing else)
 *   - 0x16, the head of a TLS record      -> closed with one log line: TLS is not supported yet
 *   - anything else                       -> `http1`, whose parser answers what is no HTTP at all
 *
 * The bytes looked at are put back before the socket is handed on, so the receiver sees the
 * connection from its first byte, however it was cut on the way.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

import { NO_PROBE, type Probe } from '@conclave/base';

import { ListenError, type ListenAddress, listenAdvice, parseListenUrl } from './listen-url.js';
import { LOG_BURST, LOGS_PER_SECOND, TokenBucket } from './rate.js';

/** Takes a socket over, its first bytes unread. */
export type SocketTaker = (socket: Socket, peer: string) => void;

export interface PortProtocols {
  /** Null: HTTP/2 is not spoken here (a metrics port). */
  readonly http2: SocketTaker | null;
  /** Null: only HTTP/2 is spoken here. */
  readonly http1: SocketTaker | null;
}

export interface PortListenerOptions {
  readonly protocols: PortProtocols;
  /** A connection that says nothing is closed after this long. */
  readonly firstByteMs?: number;
  /** Connections open or being looked at, on all URLs of this listener. */
  readonly socketsMax?: number;
  readonly probe?: Probe;
}

/** A URL being listened on; `url` has the real port where 0 was asked for. */
export interface BoundPort {
  readonly url: string;
  /** 0 for a `unix://` URL. */
  readonly port: number;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const TLS_HANDSHAKE = 0x16;
const FIRST_BYTE_MS = 10_000;
const SOCKETS_MAX = 40_000;
const BACKLOG = 1024;

/** What the bytes so far say. */
export function sniff(bytes: Uint8Array): 'http2' | 'http1' | 'tls' | 'more' {
  if (bytes.length === 0) return 'more';
  if (bytes[0] === TLS_HANDSHAKE) return 'tls';
  const n = Math.min(bytes.length, PREFACE.length);
  for (let i = 0; i < n; i++) if (bytes[i] !== PREFACE[i]) return 'http1';
  return n === PREFACE.length ? 'http2' : 'more';
}

/** Listens on any number of URLs and hands each connection to the protocol it speaks. */
export class PortListener {
  readonly #protocols: PortProtocols;
  readonly #firstByteMs: number;
  readonly #socketsMax: number;
  readonly #probe: Probe;
  readonly #logRate = new TokenBucket(LOG_BURST, LOGS_PER_SECOND, performance.now());
  readonly #servers = new Set<Server>();
  /** Sockets whose protocol is not known yet. */
  readonly #unknown = new Set<Socket>();
  #sockets = 0;

  constructor(options: PortListenerOptions) {
    this.#protocols = options.protocols;
    this.#firstByteMs = options.firstByteMs ?? FIRST_BYTE_MS;
    this.#socketsMax = options.socketsMax ?? SOCKETS_MAX;
    this.#probe = options.probe ?? NO_PROBE;
  }

  /** Resolves once connections are taken; rejects with a `ListenError`. */
  listen(url: string): Promise<BoundPort> {
    return new Promise((resolve, reject) => {
      const address = parseListenUrl(url);
      const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
      const failed = (cause: Error): void => {
        const text = `cannot listen at ${url}: ${cause.message}; ${listenAdvice(cause)}`;
        reject(new ListenError('listen-failed', text, { url }, cause));
      };
      server.once('error', failed);
      if (address.type === 'unix') removeStaleSocket(address.path);
      server.listen(listenOptions(address), () => {
        server.off('error', failed);
        server.on('error', (error) => this.#acceptFailed(error));
        this.#servers.add(server);
        resolve(boundPort(url, address, server));
      });
    });
  }

  /** No new connections from now on; those handed on are their protocols' business. */
  close(): void {
    for (const server of this.#servers) server.close();
    this.#servers.clear();
    for (const socket of this.#unknown) socket.destroy();
    this.#unknown.clear();
  }

  /** Out of file descriptors, for example: the port stays open, the connection is lost. */
  #acceptFailed(error: Error): void {
    this.#probe.log('warn', 'failed to accept a connection', { error: error.message });
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#sockets >= this.#socketsMax) {
      socket.destroy();
      return;
    }
    this.#sockets++;
    socket.once('close', () => {
      this.#sockets--;
      this.#unknown.delete(socket);
    });
    this.#unknown.add(socket);
    this.#look(socket, peerOf(socket));
  }

  #look(socket: Socket, peer: string): void {
    let seen: Buffer = Buffer.alloc(0);
    const silent = setTimeout(() => socket.destroy(), this.#firstByteMs);
    const settle = (): void => {
      clearTimeout(silent);
      socket.off('data', look);
      socket.off('close', settle);
    };
    const look = (chunk: Buffer): void => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const protocol = sniff(seen);
      if (protocol === 'more') return;
      settle();
      socket.pause();
      this.#unknown.delete(socket);
      this.#handOn(socket, peer, protocol, seen);
    };
    socket.on('data', look);
    socket.on('close', settle);
  }

  #handOn(socket: Socket, peer: string, protocol: 'http2' | 'http1' | 'tls', seen: Buffer): void {
    const taker = protocol === 'tls' ? null : this.#protocols[protocol];
    if (taker === null) {
      const reason =
        protocol === 'tls' ? 'TLS is not supported yet' : `${protocol} is not spoken here`;
      if (this.#logRate.take(performance.now())) {
        this.#probe.log('warn', 'rejected connection', { 'remote-addr': peer, reason });
      }
      socket.destroy();
      return;
    }
    socket.unshift(seen);
    taker(socket, peer);
  }
}

function listenOptions(address: ListenAddress): Record<string, unknown> {
  if (address.type === 'unix') return { path: address.path, backlog: BACKLOG };
  return { host: address.host, port: address.port, backlog: BACKLOG };
}

function boundPort(url: string, address: ListenAddress, server: Server): BoundPort {
  const bound = server.address();
  if (address.type === 'unix' || bound === null || typeof bound === 'string') {
    return { url, port: 0 };
  }
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return { url: `http://${host}:${bound.port}`, port: bound.port };
}

/** A socket file left by a process that was killed would make the address "in use" for ever. */
function removeStaleSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
}

function peerOf(socket: Socket): string {
  const address = socket.remoteAddress;
  if (address === undefined) return 'unix';
  return address.includes(':')
    ? `[${address}]:${socket.remotePort}`
    : `${address}:${socket.remotePort}`;
}
