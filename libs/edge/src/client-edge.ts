/**
 * The client edge: everything a client can speak to, put together. One handler behind it answers the
 * Calls; it may be the api of a member in this process or the router of a gateway.
 */
import type { CallHandler, Probe, Tracer } from '@conclave/base';
import {
  type BoundPort,
  createGrpcServer,
  type GrpcLimits,
  grpcLimits,
  type GrpcServer,
  Http1Server,
  PortListener,
  type UpgradeHook,
} from '@conclave/grpc';

import { etcdServices } from './etcd-services.js';
import { HealthHttp } from './health-http.js';
import { HealthHandler } from './health-service.js';
import { HttpGuard } from './http-guard.js';
import { type HttpExtension, httpRouter } from './http-router.js';
import { JsonGateway, jsonGatewayLimits } from './json/json-gateway.js';
import type { NodeView } from './node-view.js';
import { storeCheck } from './store-check.js';

export interface ClientEdgeOptions {
  readonly limits?: Partial<GrpcLimits>;
  readonly cors?: readonly string[];
  readonly hostWhitelist?: readonly string[];
  /** `--metrics=extensive`. */
  readonly extensiveMetrics?: boolean;
  /** How long a health check may wait for the store, in milliseconds. */
  readonly requestTimeoutMs?: number;
  /** JSON below `/v3/` (`--enable-grpc-gateway`); on by default. */
  readonly jsonGateway?: boolean;
}

export interface ClientEdgePorts {
  /** Answers the Calls of clients. */
  readonly handler: CallHandler;
  readonly view: NodeView;
  readonly probe: Probe;
  /** Begins and continues traces of gRPC calls; null or absent: traces are off. */
  readonly tracer?: Tracer | null;
  /** The body of `/metrics`. */
  readonly exposition: () => string;
  /** HTTP/1.1 Upgrade requests on client ports, for links that share a port. */
  readonly upgrade?: UpgradeHook;
  /** Paths beyond the edge's own. */
  readonly extension?: HttpExtension;
}

/** What is spoken on a URL. */
export type EdgeProtocols = 'all' | 'grpc' | 'http' | 'metrics';

const ANY = ['*'] as const;
const REQUEST_TIMEOUT_MS = 7000;
const SHUTDOWN_TEXT = 'etcdserver: server stopped';
/** What streams broken off at the end of a shutdown get to send their last line. */
const LAST_WORDS_MS = 200;

export class ClientEdge {
  readonly #grpc: GrpcServer;
  readonly #http: Http1Server;
  readonly #metricsHttp: Http1Server;
  readonly #health = new HealthHandler();
  readonly #json: JsonGateway | null;
  readonly #probe: Probe;
  readonly #listeners: PortListener[] = [];

  constructor(options: ClientEdgeOptions, ports: ClientEdgePorts) {
    const { handler, view, probe, exposition } = ports;
    this.#probe = probe;
    const extensive = options.extensiveMetrics ?? false;
    const meter = { probe, extensive, nowMs: (): number => performance.now() };
    const services = etcdServices(handler, this.#health, meter, ports.tracer ?? null);
    const { messageBytesMax } = grpcLimits(options.limits ?? {});
    const json =
      options.jsonGateway === false
        ? null
        : new JsonGateway(jsonGatewayLimits(messageBytesMax), services);
    this.#json = json;
    this.#grpc = createGrpcServer({
      services,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      shutdownMessage: SHUTDOWN_TEXT,
      probe,
    });
    const check = storeCheck(handler, options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
    const routes = { health: new HealthHttp(view, check, probe), view, probe, exposition };
    const guard = new HttpGuard({ cors: options.cors ?? ANY, hosts: options.hostWhitelist ?? ANY });
    const extension: HttpExtension = (request, response, path) => {
      if (json?.handle(request, response, path) === true) return true;
      return ports.extension?.(request, response, path) ?? false;
    };
    this.#http = new Http1Server({
      handler: httpRouter({ guard, metricsOnly: false, extension }, routes),
      ...(ports.upgrade === undefined ? {} : { upgrade: ports.upgrade }),
    });
    this.#metricsHttp = new Http1Server({
      handler: httpRouter({ guard: null, metricsOnly: true, extension: null }, routes),
    });
  }

  /** Resolves once connections are taken; rejects with a `ListenError` of the grpc room. */
  listen(url: string, protocols: EdgeProtocols = 'all'): Promise<BoundPort> {
    const http = protocols === 'metrics' ? this.#metricsHttp : this.#http;
    const speaksGrpc = protocols === 'all' || protocols === 'grpc';
    const listener = new PortListener({
      protocols: {
        http2: speaksGrpc ? (socket, peer) => this.#grpc.accept(socket, peer) : null,
        http1: protocols === 'grpc' ? null : (socket) => http.accept(socket),
      },
      probe: this.#probe,
    });
    this.#listeners.push(listener);
    return listener.listen(url);
  }

  /** What the gRPC health service says; a server serves from the start. */
  setServing(isServing: boolean): void {
    this.#health.setServing(isServing);
  }

  get callCount(): number {
    return this.#grpc.callCount + (this.#json?.callCount ?? 0);
  }

  get connectionCount(): number {
    return this.#grpc.connectionCount;
  }

  /**
   * No new connections and calls from now on; open calls may end within `graceMs`, then they are
   * told UNAVAILABLE `etcdserver: server stopped`. `done` once every connection is closed.
   */
  shutdown(graceMs: number, done: () => void): void {
    this.setServing(false);
    for (const listener of this.#listeners) listener.close();
    let open = 3;
    const closed = (): void => {
      if (--open === 0) done();
    };
    const lastWords = setTimeout(() => this.#json?.endCalls(SHUTDOWN_TEXT), graceMs);
    this.#grpc.shutdown(graceMs, closed);
    this.#http.shutdown(graceMs + LAST_WORDS_MS, () => {
      clearTimeout(lastWords);
      closed();
    });
    this.#metricsHttp.shutdown(graceMs, closed);
  }
}
