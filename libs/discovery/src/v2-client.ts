/**
 * `TokenClient` for v2 discovery: `--discovery URL`, as served by `conclave-discovery`, the public service,
 * or any etcd with the v2 keys API (`http://host/v2/keys/_etcd/registry/TOKEN`).
 */
import {
  DiscoveryError,
  DiscoveryUnavailable,
  type Registered,
  type TokenClient,
  type TokenLook,
} from './join.js';
import { type TokenAnswer, askToken } from './token-request.js';

export interface V2ClientOptions {
  /** The whole URL, token included. */
  readonly url: string;
  /** URL of an HTTP proxy, or null. */
  readonly proxy: string | null;
  readonly requestTimeoutMs: number;
  /** A long poll that brings nothing is given up and made again. */
  readonly waitMs: number;
}

export const DEFAULT_V2_CLIENT = Object.freeze({
  proxy: null,
  requestTimeoutMs: 5_000,
  waitMs: 120_000,
});

const KEY_NOT_FOUND = 100;
const KEY_EXISTS = 105;
const MEMBERS_MAX = 10_000;

interface Node {
  readonly key: string;
  readonly value: string;
  readonly createdIndex: number;
  readonly nodes: readonly unknown[];
}

export class V2TokenClient implements TokenClient {
  readonly #options: V2ClientOptions;
  readonly #base: URL;
  readonly #proxy: URL | null;
  #cancelWait: (() => void) | null = null;

  /** Throws `bad-endpoint` when the URL is none. */
  constructor(options: V2ClientOptions) {
    this.#options = options;
    this.#base = urlOf(options.url);
    this.#proxy = options.proxy === null ? null : urlOf(options.proxy);
  }

  async look(): Promise<TokenLook> {
    const sized = await this.#get('/_config/size', false);
    if ('errorCode' in sized.event) {
      if (sized.event.errorCode === KEY_NOT_FOUND) throw new DiscoveryError('size-not-found');
      throw new DiscoveryUnavailable(`error ${sized.event.errorCode}`);
    }
    const text = sized.event.node.value;
    const size = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (size === 0) throw new DiscoveryError('bad-size');
    const listed = await this.#get('', true);
    if ('errorCode' in listed.event) throw new DiscoveryError('size-not-found');
    const nodes = listed.event.node.nodes.slice(0, MEMBERS_MAX).map(nodeOf);
    nodes.sort((a, b) => a.createdIndex - b.createdIndex);
    const members: Registered[] = nodes
      .map(({ key, value }) => ({ id: key.slice(key.lastIndexOf('/') + 1), value }))
      .filter(({ id }) => id !== '_config');
    return { size, members, index: listed.etcdIndex };
  }

  async register(id: string, value: string): Promise<'registered' | 'exists'> {
    const url = this.#url(`/${id}`, { prevExist: 'false' });
    const form = new URLSearchParams({ value }).toString();
    const answer = await this.#ask('PUT', url, form, this.#options.requestTimeoutMs);
    const event = eventOf(answer);
    if (!('errorCode' in event)) return 'registered';
    if (event.errorCode === KEY_EXISTS) return 'exists';
    if (event.errorCode === KEY_NOT_FOUND) throw new DiscoveryError('size-not-found');
    throw new DiscoveryError('refused', event.text);
  }

  /** Also an answer without an event, and an error that a fresh look will explain, end the wait. */
  async waitAfter(index: number): Promise<void> {
    const url = this.#url('', {
      recursive: 'true',
      wait: 'true',
      waitIndex: String(index + 1),
    });
    const beganMs = performance.now();
    try {
      await this.#ask('GET', url, '', this.#options.waitMs, (cancel) => {
        this.#cancelWait = cancel;
      });
    } catch (error) {
      // A poll that was kept waiting for its full time is no failure.
      if (performance.now() - beganMs < this.#options.waitMs) throw error;
    } finally {
      this.#cancelWait = null;
    }
  }

  close(): void {
    this.#cancelWait?.();
  }

  async #get(
    below: string,
    isDirectory: boolean,
  ): Promise<{ readonly event: V2Answer; readonly etcdIndex: number }> {
    const url = this.#url(below, {
      quorum: 'true',
      recursive: 'false',
      sorted: String(isDirectory),
    });
    const answer = await this.#ask('GET', url, '', this.#options.requestTimeoutMs);
    return { event: eventOf(answer), etcdIndex: answer.etcdIndex };
  }

  #url(below: string, query: Readonly<Record<string, string>>): URL {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}${below}`;
    url.search = new URLSearchParams(query).toString();
    return url;
  }

  async #ask(
    method: 'GET' | 'PUT',
    url: URL,
    form: string,
    timeoutMs: number,
    started: (cancel: () => void) => void = () => undefined,
  ): Promise<TokenAnswer> {
    const answer = await askToken({ method, url, form, proxy: this.#proxy, timeoutMs, started });
    if (answer.status >= 500) throw new DiscoveryUnavailable(`status ${answer.status}`);
    return answer;
  }
}

type V2Answer = { readonly node: Node } | { readonly errorCode: number; readonly text: string };

function urlOf(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {
    // Told below.
  }
  throw new DiscoveryError('bad-endpoint', text);
}

function nodeOf(value: unknown): Node {
  const node = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  return {
    key: typeof node['key'] === 'string' ? node['key'] : '',
    value: typeof node['value'] === 'string' ? node['value'] : '',
    createdIndex: typeof node['createdIndex'] === 'number' ? node['createdIndex'] : 0,
    nodes: Array.isArray(node['nodes']) ? node['nodes'] : [],
  };
}

/** Anything but v2 JSON comes from no discovery service. */
function eventOf({ status, body }: TokenAnswer): V2Answer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new DiscoveryError('bad-endpoint', `status ${status}`);
  }
  const fields = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as {
    readonly node?: unknown;
    readonly errorCode?: unknown;
    readonly message?: unknown;
    readonly cause?: unknown;
  };
  if (typeof fields.errorCode === 'number') {
    const text = `${String(fields.message ?? '')} (${String(fields.cause ?? '')})`;
    return { errorCode: fields.errorCode, text };
  }
  if (typeof fields.node !== 'object' || fields.node === null) {
    throw new DiscoveryError('bad-endpoint', `status ${status}`);
  }
  return { node: nodeOf(fields.node) };
}
