/**
 * One HTTP/1.1 request of the v2 discovery client, direct or through an HTTP proxy: absolute form for
 * `http`, CONNECT for `https` (RFC 9112 section 3.2.2, RFC 9110 section 9.3.6).
 */
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { DiscoveryUnavailable } from './join.js';

export interface TokenAnswer {
  readonly status: number;
  readonly body: string;
  /** 0 where the answer has none. */
  readonly etcdIndex: number;
}

export interface TokenRequest {
  readonly method: 'GET' | 'PUT';
  readonly url: URL;
  readonly form: string;
  readonly proxy: URL | null;
  readonly timeoutMs: number;
  /** Told how to end it early. */
  readonly started?: (cancel: () => void) => void;
}

const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Rejects with `DiscoveryUnavailable`; whatever was answered is an answer. */
export function askToken(wanted: TokenRequest): Promise<TokenAnswer> {
  return new Promise((resolve, reject) => {
    let current: ClientRequest | null = null;
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new DiscoveryUnavailable(why));
      current?.destroy();
    };
    const timer = setTimeout(() => fail('no answer in time'), wanted.timeoutMs);
    wanted.started?.(() => fail('cancelled'));
    const begin = (request: ClientRequest): void => {
      current = request;
      request.on('error', (error) => fail(error.message));
    };
    const answered = (response: IncomingMessage): void => {
      readAnswer(response, fail, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    };
    const { proxy, url } = wanted;
    if (proxy !== null && url.protocol === 'https:') {
      const target = `${url.hostname}:${url.port === '' ? 443 : url.port}`;
      const tunnel = httpRequest({
        ...addressOf(proxy),
        method: 'CONNECT',
        path: target,
        headers: { host: target, ...authorization(proxy) },
      });
      begin(tunnel);
      tunnel.on('connect', (response, socket) => {
        if (response.statusCode === 200) {
          begin(send(wanted, socket, answered));
          return;
        }
        socket.destroy();
        fail(`the proxy refused with status ${response.statusCode}`);
      });
      tunnel.end();
    } else begin(send(wanted, null, answered));
  });
}

function addressOf(url: URL): { host: string; port: number } {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

function authorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}

function send(
  { method, url, form, proxy }: TokenRequest,
  tunnel: Socket | null,
  answered: (response: IncomingMessage) => void,
): ClientRequest {
  const viaProxy = proxy !== null && tunnel === null;
  const path = `${url.pathname}${url.search}`;
  const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = ask(
    {
      ...addressOf(viaProxy ? proxy : url),
      method,
      path: viaProxy ? `${url.protocol}//${url.host}${path}` : path,
      agent: false,
      headers: {
        host: url.host,
        ...(viaProxy ? authorization(proxy) : {}),
        ...(method === 'PUT'
          ? {
              'content-type': 'application/x-www-form-urlencoded',
              'content-length': Buffer.byteLength(form),
            }
          : {}),
      },
      ...(tunnel === null ? {} : { socket: tunnel, servername: url.hostname }),
    },
    answered,
  );
  request.end(method === 'PUT' ? form : '');
  return request;
}

function readAnswer(
  response: IncomingMessage,
  fail: (why: string) => void,
  done: (answer: TokenAnswer) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) fail('the answer is too large');
    else chunks.push(chunk);
  });
  response.on('error', (error) => fail(error.message));
  response.on('aborted', () => fail('the connection was lost'));
  response.on('end', () => {
    const index = String(response.headers['x-etcd-index'] ?? '');
    done({
      status: response.statusCode ?? 0,
      body: Buffer.concat(chunks).toString('utf8'),
      etcdIndex: /^\d{1,15}$/.test(index) ? Number(index) : 0,
    });
  });
}
