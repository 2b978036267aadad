/**
 * What comes before every endpoint of the client port: the list of hosts (against DNS rebinding,
 * CVE-2018-5702), and the headers that let a browser's page of another origin in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { PLAIN_TEXT, sendBody } from './http-answer.js';

export interface HttpGuardOptions {
  /** Origins of `--cors`; `*` is every one. */
  readonly cors: readonly string[];
  /** Host names of `--host-whitelist`; `*`, or none at all, is every one. */
  readonly hosts: readonly string[];
}

const ANY = '*';
const NAME_CHARS_MAX = 256;

function hostName(host: string): string {
  if (host.startsWith('[')) return host.slice(1, Math.max(1, host.indexOf(']')));
  const colon = host.lastIndexOf(':');
  return colon < 0 ? host : host.slice(0, colon);
}

function misdirected(name: string): string {
  return `
The request arrived, but its Host header names a host that is not expected here.

To let it in, either
- add the name to the list of hosts,
  e.g. --host-whitelist ${JSON.stringify(name)}
- or use TLS, under which every name is accepted.

The list protects against "DNS Rebinding" attacks (CVE-2018-5702).

`;
}

export class HttpGuard {
  readonly #origins: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: HttpGuardOptions) {
    this.#origins = new Set(options.cors);
    this.#hosts = new Set(options.hosts);
  }

  /** True if the request may go on; otherwise it was answered. */
  admits(request: IncomingMessage, response: ServerResponse): boolean {
    const name = hostName(request.headers.host ?? '');
    if (this.#hosts.size > 0 && !this.#hosts.has(ANY) && !this.#hosts.has(name)) {
      response.setHeader('X-Content-Type-Options', 'nosniff');
      sendBody(response, 421, PLAIN_TEXT, misdirected(name.slice(0, NAME_CHARS_MAX)));
      return false;
    }
    this.#addCorsHeaders(request.headers.origin ?? '', response);
    if (request.method !== 'OPTIONS') return true;
    response.setHeader('Content-Length', 0);
    response.end();
    return false;
  }

  #addCorsHeaders(origin: string, response: ServerResponse): void {
    const allowed = this.#origins.has(ANY) ? ANY : this.#origins.has(origin) ? origin : null;
    if (allowed === null) return;
    response.setHeader('Access-Control-Allow-Headers', 'accept, content-type, authorization');
    response.setHeader('Access-Control-Allow-Methods', 'POST, GET, OPTIONS, PUT, DELETE');
    response.setHeader('Access-Control-Allow-Origin', allowed);
  }
}
