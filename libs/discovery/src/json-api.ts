/**
 * The JSON API of a discovery service.
 *
 *     POST   /v1/clusters                      {"size":3} or {"size":3,"token":"…"}   -> 201, the cluster
 *     GET    /v1/clusters/TOKEN                                                      -> 200, the cluster
 *     GET    /v1/clusters/TOKEN/events         server-sent events: the cluster, after each change
 *     DELETE /v1/clusters/TOKEN                                                      -> 204
 *     DELETE /v1/clusters/TOKEN/members/ID                                           -> 204
 *
 * There is no list of tokens: who knows a token may use it, so tokens are told to nobody.
 */
import type { ServerResponse } from 'node:http';
import type { HttpRequest } from './http-request.js';
import { isMemberId, isToken, parseRegistration } from './names.js';
import type { RegistryStore, StoreRefusal, TokenView } from './registry-store.js';
import type { Waiting } from './waiting.js';

export interface JsonApiOptions {
  readonly clusterSizeMax: number;
  /** The URL to be given as `--discovery`. */
  readonly urlOf: (token: string, request: HttpRequest) => string;
  readonly newToken: () => string;
  /** Creations by this client are within its limit. */
  readonly mayCreate: (request: HttpRequest) => boolean;
}

interface Refusal {
  readonly status: number;
  readonly text: string;
}

const REFUSALS: Readonly<Record<StoreRefusal, Refusal>> = {
  'token-exists': { status: 409, text: 'there is a cluster with this token already' },
  'no-token': { status: 404, text: 'there is no such token; it may have expired' },
  'too-many-tokens': { status: 503, text: 'this service keeps no more tokens' },
  'member-exists': { status: 409, text: 'a member with this id is registered already' },
  'no-member': { status: 404, text: 'no member with this id is registered' },
  'too-many-members': { status: 409, text: 'no more members can be registered for this token' },
  'registry-full': { status: 503, text: 'the registry is full' },
};

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(`${JSON.stringify(body)}\n`);
}

export function sendJsonError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
): void {
  sendJson(response, status, { error: { code, message } });
}

/** The cluster as people and programs want to see it. */
export function clusterJson(view: TokenView, url: string): Record<string, unknown> | null {
  const { record, index } = view;
  if (record === null) return null;
  const members = record.members.map((member, i) => ({
    id: member.id,
    name: parseRegistration(member.value)?.name ?? null,
    peerURLs: parseRegistration(member.value)?.peerURLs ?? [],
    // Later ones are told by etcd itself that the cluster is full.
    isFounder: i < record.size,
    createdIndex: member.createdIndex,
  }));
  const isComplete = members.length >= record.size;
  const founders = record.members.slice(0, record.size);
  return {
    token: record.token,
    url,
    size: record.size,
    registered: members.length,
    isComplete,
    initialCluster: isComplete ? founders.map((m) => m.value).join(',') : null,
    createdAt: record.createdMs === null ? null : new Date(record.createdMs).toISOString(),
    expiresAt: record.expiresMs === null ? null : new Date(record.expiresMs).toISOString(),
    index,
    members,
  };
}

export class JsonApi {
  readonly #store: RegistryStore;
  readonly #waiting: Waiting;
  readonly #options: JsonApiOptions;

  constructor(store: RegistryStore, waiting: Waiting, options: JsonApiOptions) {
    this.#store = store;
    this.#waiting = waiting;
    this.#options = options;
  }

  /** `path` begins with `/v1/`. Rejects with a `StoreError` when the store is not there. */
  async answer(request: HttpRequest, response: ServerResponse): Promise<void> {
    const [, , kind, token, part, id, ...rest] = request.path.split('/');
    const { method } = request;
    if (kind !== 'clusters' || rest.length > 0) {
      sendJsonError(response, 404, 'not-found', 'no such path');
    } else if (token === undefined || token === '') {
      if (method === 'POST') await this.#create(request, response);
      else notAllowed(response, 'POST');
    } else if (!isToken(token)) {
      sendJsonError(response, 400, 'bad-token', 'this is no well-formed token');
    } else if (part === undefined) {
      if (method === 'GET') await this.#get(token, request, response);
      else if (method === 'DELETE') await this.#remove(token, null, response);
      else notAllowed(response, 'GET, DELETE');
    } else if (part === 'events' && id === undefined) {
      if (method === 'GET') await this.#events(token, request, response);
      else notAllowed(response, 'GET');
    } else if (part === 'members' && id !== undefined && isMemberId(id)) {
      if (method === 'DELETE') await this.#remove(token, id, response);
      else notAllowed(response, 'DELETE');
    } else sendJsonError(response, 404, 'not-found', 'no such path');
  }

  async #create(request: HttpRequest, response: ServerResponse): Promise<void> {
    const wanted = wantedCluster(request);
    if (wanted === null) {
      const text = 'the body must be JSON such as {"size":3}';
      sendJsonError(response, 400, 'bad-request', text);
      return;
    }
    const { size } = wanted;
    const { clusterSizeMax } = this.#options;
    if (!Number.isInteger(size) || size < 1 || size > clusterSizeMax) {
      const text = `size must be a whole number from 1 to ${clusterSizeMax}`;
      sendJsonError(response, 400, 'bad-size', text);
      return;
    }
    if (wanted.token !== null && !isToken(wanted.token)) {
      const text =
        'a token has 8 to 64 letters, digits, - and _, and begins with a letter or digit';
      sendJsonError(response, 400, 'bad-token', text);
      return;
    }
    if (!this.#options.mayCreate(request)) {
      response.setHeader('Retry-After', '60');
      sendJsonError(response, 429, 'too-many-requests', 'too many tokens from this address');
      return;
    }
    const token = wanted.token ?? this.#options.newToken();
    const changed = await this.#store.createToken(token, size);
    if (!changed.ok) {
      const { status, text } = REFUSALS[changed.code];
      sendJsonError(response, status, changed.code, text);
      return;
    }
    const view = await this.#store.read(token);
    sendJson(response, 201, clusterJson(view, this.#options.urlOf(token, request)));
  }

  async #get(token: string, request: HttpRequest, response: ServerResponse): Promise<void> {
    const view = await this.#store.read(token);
    const cluster = clusterJson(view, this.#options.urlOf(token, request));
    if (cluster === null) sendJsonError(response, 404, 'no-token', REFUSALS['no-token'].text);
    else sendJson(response, 200, cluster);
  }

  async #remove(token: string, id: string | null, response: ServerResponse): Promise<void> {
    const changed =
      id === null
        ? await this.#store.removeToken(token)
        : await this.#store.removeMember(token, id);
    if (changed.ok) {
      response.writeHead(204);
      response.end();
      return;
    }
    const { status, text } = REFUSALS[changed.code];
    sendJsonError(response, status, changed.code, text);
  }

  /** One event now and one after each change; ends when the token goes. */
  async #events(token: string, request: HttpRequest, response: ServerResponse): Promise<void> {
    const first = await this.#store.read(token);
    if (first.record === null) {
      sendJsonError(response, 404, 'no-token', REFUSALS['no-token'].text);
      return;
    }
    if (this.#waiting.isFull) {
      sendJsonError(response, 503, 'too-many-waiting', 'too many requests are waiting');
      return;
    }
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    const url = this.#options.urlOf(token, request);
    let told = '';
    this.#waiting.begin(response, {
      token,
      // A comment would keep proxies awake; the browser simply comes back instead.
      timeoutMs: 10 * 60_000,
      look: async () => {
        const view = await this.#store.read(token);
        const cluster = clusterJson(view, url);
        if (cluster === null) {
          response.end('event: gone\ndata: {}\n\n');
          return true;
        }
        const { index: _ours, ...shown } = cluster;
        const text = JSON.stringify(shown);
        if (text !== told) response.write(`event: cluster\ndata: ${text}\n\n`);
        told = text;
        return false;
      },
      giveUp: () => response.end(),
    });
  }
}

function notAllowed(response: ServerResponse, allow: string): void {
  response.setHeader('Allow', allow);
  sendJsonError(response, 405, 'method-not-allowed', `this path takes ${allow}`);
}

function wantedCluster(request: HttpRequest): { size: number; token: string | null } | null {
  if (request.body === '') {
    const size = request.query.get('size') ?? '3';
    return { size: /^\d{1,9}$/.test(size) ? Number(size) : Number.NaN, token: null };
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(request.body);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  const { size = 3, token = null } = parsed as { size?: unknown; token?: unknown };
  if (token !== null && typeof token !== 'string') return null;
  return { size: typeof size === 'number' ? size : Number.NaN, token };
}
