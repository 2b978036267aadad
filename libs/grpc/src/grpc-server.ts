/**
 * A gRPC server that is given sockets and a handler for each service. It knows no service by name.
 *
 * `GrpcServer` is all that other rooms see of HTTP/2. Listening is not its business either
 * (`port-listener.ts`): it takes a socket whose next byte is the first of the HTTP/2 preface.
 *
 * All connections write at the end of a turn, one after the other, into one `OutBuffer`.
 */
import type { Duplex } from 'node:stream';

import { type CallHandler, NO_PROBE, type Probe } from '@conclave/base';

import { Http2Connection, type ConnectionHost } from './connection.js';
import { DeadlineWheel } from './deadlines.js';
import { huffmanScratch } from './hpack-decoder.js';
import { type GrpcLimits, grpcLimits } from './limits.js';
import { OutBuffer } from './out-buffer.js';
import { LOG_BURST, LOGS_PER_SECOND, TokenBucket } from './rate.js';

export interface GrpcServerOptions {
  /** Handlers by full service name, `package.Service`. Each answers its own unknown methods. */
  readonly services: ReadonlyMap<string, CallHandler>;
  readonly limits?: Partial<GrpcLimits>;
  /** The text of the UNAVAILABLE that ends calls when a shutdown runs out of time. */
  readonly shutdownMessage?: string;
  readonly probe?: Probe;
}

export interface GrpcServer {
  /** Takes the socket over. `peer` names the client in call heads and logs. */
  accept(socket: Duplex, peer: string): void;
  readonly connectionCount: number;
  readonly callCount: number;
  /**
   * Takes no new connection, sends clients away (GOAWAY), lets open calls end, and breaks off with
   * UNAVAILABLE what is open after `graceMs`. `done` is called once, when no connection is left.
   */
  shutdown(graceMs: number, done: () => void): void;
}

/** What calls broken off at the end of a shutdown get to send their status. */
const LAST_WORDS_MS = 200;

class Http2Server implements GrpcServer, ConnectionHost {
  readonly limits: GrpcLimits;
  readonly deadlines = new DeadlineWheel();
  readonly #services: ReadonlyMap<string, CallHandler>;
  readonly #shutdownMessage: string;
  readonly #probe: Probe;
  readonly #logRate = new TokenBucket(LOG_BURST, LOGS_PER_SECOND, performance.now());
  readonly #connections = new Set<Http2Connection>();
  readonly #out = new OutBuffer();
  readonly scratch: Buffer;
  #dirty: Http2Connection[] = [];
  #isFlushPlanned = false;
  #sweeper: NodeJS.Timeout | null = null;
  #whenEmpty: (() => void) | null = null;
  #isShutDown = false;
  readonly #flush = (): void => this.#flushConnections();

  constructor(options: GrpcServerOptions) {
    this.limits = grpcLimits(options.limits ?? {});
    this.scratch = huffmanScratch(this.limits.headerBlockBytesMax);
    this.#services = options.services;
    this.#shutdownMessage = options.shutdownMessage ?? 'the server is shutting down';
    this.#probe = options.probe ?? NO_PROBE;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get callCount(): number {
    let calls = 0;
    for (const connection of this.#connections) calls += connection.callCount;
    return calls;
  }

  accept(socket: Duplex, peer: string): void {
    if (this.#isShutDown || this.#connections.size >= this.limits.connectionsMax) {
      if (!this.#isShutDown) this.rejected(peer, 'too_many_connections');
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    this.#connections.add(new Http2Connection(socket, peer, performance.now(), this));
    this.#sweeper ??= setInterval(() => this.#sweep(), this.limits.sweepMs).unref();
  }

  handlerOf(service: string): CallHandler | null {
    return this.#services.get(service) ?? null;
  }

  markDirty(connection: Http2Connection): void {
    this.#dirty.push(connection);
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    process.nextTick(this.#flush);
  }

  #flushConnections(): void {
    this.#isFlushPlanned = false;
    const connections = this.#dirty;
    this.#dirty = [];
    for (const connection of connections) connection.flush(this.#out);
  }

  connectionClosed(connection: Http2Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
    const whenEmpty = this.#whenEmpty;
    this.#whenEmpty = null;
    whenEmpty?.();
  }

  rejected(peer: string, reason: string): void {
    if (!this.#logRate.take(performance.now())) return;
    this.#probe.log('warn', 'rejected connection', { 'remote-addr': peer, reason });
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.sweep(now);
  }

  shutdown(graceMs: number, done: () => void): void {
    this.#isShutDown = true;
    if (this.#connections.size === 0) {
      setImmediate(done);
      return;
    }
    const grace = setTimeout(() => this.#cutOff(), graceMs);
    this.#whenEmpty = () => {
      clearTimeout(grace);
      done();
    };
    for (const connection of this.#connections) connection.goAway();
  }

  #cutOff(): void {
    for (const connection of this.#connections) connection.endCalls(this.#shutdownMessage);
    setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, LAST_WORDS_MS);
  }
}

/** A server without connections; hand it sockets with `accept`. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  return new Http2Server(options);
}
