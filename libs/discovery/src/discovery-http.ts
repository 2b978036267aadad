/**
 * Everything a discovery service answers over HTTP: which path is whose, limits per address, errors of
 * the store, and the end.
 *
 *     GET|PUT|POST /new?size=N       a new token's URL, as text (spec 5.1)
 *     /TOKEN…                        v2 keys, for etcd's discovery client
 *     /v1/clusters…                  JSON
 *     / and /ui/TOKEN                the page
 *     /health /healthz /metrics /version /robots.txt
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Probe, Tracer, TraceSpan } from '@conclave/base';
import { AddressLimiter } from './address-limiter.js';
import { type HttpRequest, readRequest } from './http-request.js';
import { JsonApi, sendJsonError } from './json-api.js';
import { isToken } from './names.js';
import { PAGE_PATHS, sendPage } from './page.js';
import { type RegistryStore, StoreError } from './registry-store.js';
import { beginSpan, endSpan } from './request-span.js';
import { V2Keys, v2Target } from './v2-keys.js';
import { sendV2Error } from './v2-answers.js';
import { Waiting } from './waiting.js';

export interface DiscoveryHttpOptions {
  /** `https://discovery.example.org`; null: what the client calls us. */
  readonly advertiseUrl: string | null;
  readonly clusterSizeMax: number;
  readonly bodyBytesMax: number;
  readonly valueBytesMax: number;
  /** Long polls and event streams at a time. */
  readonly waitingMax: number;
  /** A long poll ends without an event after this long. */
  readonly waitMs: number;
  /** Per address; 0: no limit. */
  readonly requestsPerSecond: number;
  /** Per address; 0: no limit. */
  readonly tokensPerMinute: number;
  readonly version: string;
}

export interface DiscoveryHttpPorts {
  readonly store: RegistryStore;
  readonly clock: Clock;
  readonly probe: Probe;
  /** The body of `/metrics`. */
  readonly exposition: () => string;
  /** Absent or null: nothing is traced. */
  readonly tracer?: Tracer | null;
}

export const DEFAULT_HTTP_OPTIONS: DiscoveryHttpOptions = Object.freeze({
  advertiseUrl: null,
  clusterSizeMax: 64,
  bodyBytesMax: 16 * 1024,
  valueBytesMax: 4 * 1024,
  waitingMax: 10_000,
  waitMs: 60_000,
  requestsPerSecond: 100,
  tokensPerMinute: 60,
  version: '0.0.0',
});

/** How many requests an address may send at once before its rate counts. */
const BURST_FACTOR = 4;
const TOKEN_BYTES = 16;

type Kind = 'new' | 'v2' | 'api' | 'page' | 'health' | 'metrics' | 'other';

export class DiscoveryHttp {
  readonly #options: DiscoveryHttpOptions;
  readonly #ports: DiscoveryHttpPorts;
  readonly #waiting: Waiting;
  readonly #v2: V2Keys;
  readonly #api: JsonApi;
  readonly #requests: AddressLimiter;
  readonly #creations: AddressLimiter;

  constructor(options: DiscoveryHttpOptions, ports: DiscoveryHttpPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#waiting = new Waiting(ports.store, options.waitingMax);
    this.#v2 = new V2Keys(ports.store, this.#waiting, options);
    this.#api = new JsonApi(ports.store, this.#waiting, {
      clusterSizeMax: options.clusterSizeMax,
      urlOf: (token, request) => this.#urlOf(token, request),
      newToken,
      mayCreate: (request) => this.#mayCreate(request),
    });
    const { requestsPerSecond, tokensPerMinute } = options;
    this.#requests = new AddressLimiter(requestsPerSecond, BURST_FACTOR * requestsPerSecond);
    this.#creations = new AddressLimiter(tokensPerMinute / 60, tokensPerMinute);
  }

  /** Long polls and event streams open now. */
  get waitingCount(): number {
    return this.#waiting.count;
  }

  /** Ends every wait, so that connections can close. */
  close(): void {
    this.#waiting.close();
  }

  handle(message: IncomingMessage, response: ServerResponse): void {
    const startMs = this.#ports.clock.monotonicMs();
    let kind: Kind = 'other';
    let span: TraceSpan | null = null;
    response.once('close', () => {
      if (span !== null) endSpan(span, response.statusCode, response.writableFinished);
      const { probe, clock } = this.#ports;
      const code = String(response.statusCode);
      probe.count('conclave_discovery_requests_total', 1, { kind, code });
      const seconds = (clock.monotonicMs() - startMs) / 1_000;
      if (kind !== 'other') probe.observe('conclave_discovery_request_seconds', seconds, { kind });
    });
    readRequest(message, this.#options.bodyBytesMax)
      .then(async (read) => {
        if (read === null) return;
        if (!read.ok) {
          response.setHeader('Connection', 'close');
          sendText(response, read.status, read.text);
          return;
        }
        kind = kindOf(read.request.path);
        span = beginSpan(this.#ports.tracer ?? null, kind, read.request, message);
        await this.#answer(kind, read.request, response);
      })
      .catch((error: unknown) => this.#failed(kind, error, response));
  }

  /** Only health and metrics, for further listeners. */
  handleMetrics(message: IncomingMessage, response: ServerResponse): void {
    readRequest(message, this.#options.bodyBytesMax)
      .then(async (read) => {
        if (read === null) return;
        const kind = read.ok ? kindOf(read.request.path) : 'other';
        if (!read.ok || (kind !== 'health' && kind !== 'metrics')) {
          sendText(response, 404, '404 page not found');
        } else await this.#answer(kind, read.request, response);
      })
      .catch((error: unknown) => this.#failed('other', error, response));
  }

  async #answer(kind: Kind, request: HttpRequest, response: ServerResponse): Promise<void> {
    const { clock, exposition } = this.#ports;
    if (kind === 'metrics') {
      response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(exposition());
      return;
    }
    if (kind === 'health') {
      await this.#health(request, response);
      return;
    }
    if (!this.#requests.take(request.address, clock.monotonicMs())) {
      // 503 sends etcd's discovery client into its back-off; any other answer would end it.
      if (kind === 'v2') sendV2Error(response, 300, 'too many requests from this address', 0);
      else {
        response.setHeader('Retry-After', '1');
        sendText(response, 429, 'too many requests from this address');
      }
      return;
    }
    switch (kind) {
      case 'new':
        await this.#new(request, response);
        return;
      case 'v2': {
        const target = v2Target(request.path);
        if (target === null) sendText(response, 404, '404 page not found');
        else if (isCreation(target.type, request) && !this.#mayCreate(request)) {
          sendV2Error(response, 300, 'too many tokens from this address', 0);
        } else await this.#v2.answer(target, request, response);
        return;
      }
      case 'api':
        await this.#api.answer(request, response);
        return;
      case 'page':
        sendPage(request, response);
        return;
      case 'other':
        this.#other(request, response);
    }
  }

  async #new(request: HttpRequest, response: ServerResponse): Promise<void> {
    if (!['GET', 'PUT', 'POST'].includes(request.method)) {
      response.setHeader('Allow', 'GET, PUT, POST');
      sendText(response, 405, 'Method Not Allowed');
      return;
    }
    const text = request.query.get('size') ?? request.form?.get('size') ?? '';
    if (text !== '' && !/^[+-]?\d+$/.test(text)) {
      const quoted = JSON.stringify(text.slice(0, 64));
      sendText(response, 400, `strconv.Atoi: parsing ${quoted}: invalid syntax`);
      return;
    }
    const size = text === '' ? 3 : Number(text);
    const { clusterSizeMax } = this.#options;
    if (size < 1 || size > clusterSizeMax) {
      sendText(response, 400, `size must be from 1 to ${clusterSizeMax}`);
      return;
    }
    if (!this.#mayCreate(request)) {
      response.setHeader('Retry-After', '60');
      sendText(response, 429, 'too many tokens from this address');
      return;
    }
    const token = newToken();
    const changed = await this.#ports.store.createToken(token, size);
    if (!changed.ok) {
      this.#ports.probe.log('warn', 'no new token', { reason: changed.code });
      sendText(response, 400, 'unable to generate token');
      return;
    }
    this.#ports.probe.log('info', 'created discovery token', { size });
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(this.#urlOf(token, request));
  }

  async #health(request: HttpRequest, response: ServerResponse): Promise<void> {
    const isHealthy = await this.#ports.store.isHealthy().catch(() => false);
    if (isHealthy) sendText(response, 200, 'OK', '');
    else {
      const status = request.path === '/health' ? 400 : 503;
      sendText(response, status, 'the registry cannot be written');
    }
  }

  #other(request: HttpRequest, response: ServerResponse): void {
    if (request.path === '/robots.txt') sendText(response, 200, 'User-agent: *\nDisallow: /');
    else if (request.path === '/version') {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(`${JSON.stringify({ conclavediscovery: this.#options.version })}\n`);
    } else sendText(response, 404, '404 page not found');
  }

  #failed(kind: Kind, error: unknown, response: ServerResponse): void {
    if (!(error instanceof StoreError)) throw error;
    this.#ports.probe.count('conclave_discovery_store_failures_total', 1);
    this.#ports.probe.log('warn', 'the registry did not answer', { error: error.message });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (kind === 'v2') sendV2Error(response, 300, error.message, 0);
    else if (kind === 'new') sendText(response, 400, 'unable to generate token');
    else sendJsonError(response, 503, 'store-unavailable', error.message);
  }

  #mayCreate(request: HttpRequest): boolean {
    return this.#creations.take(request.address, this.#ports.clock.monotonicMs());
  }

  #urlOf(token: string, request: HttpRequest): string {
    const base = this.#options.advertiseUrl ?? `http://${request.host ?? 'localhost'}`;
    return `${base.replace(/\/+$/, '')}/${token}`;
  }
}

/** A token is the only secret that protects a cluster while it forms. */
function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('hex');
}

function isCreation(type: string, request: HttpRequest): boolean {
  return type === 'size' && request.method === 'PUT';
}

function kindOf(path: string): Kind {
  const first = path.split('/')[1] ?? '';
  if (PAGE_PATHS.has(path) || (first === 'ui' && path.split('/').length <= 4)) return 'page';
  if (path === '/new') return 'new';
  if (path === '/health' || path === '/healthz') return 'health';
  if (path === '/metrics') return 'metrics';
  if (first === 'v1') return 'api';
  return first === 'v2' || isToken(first) ? 'v2' : 'other';
}

function sendText(response: ServerResponse, status: number, text: string, end = '\n'): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(`${text}${end}`);
}
