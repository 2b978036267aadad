/** A discovery service over a real socket, with its registry in memory. For tests. */
import { type Server, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NO_PROBE, type Tracer } from '@conclave/base';
import { MemoryEngine } from '@conclave/testkit';
import {
  DEFAULT_HTTP_OPTIONS,
  DiscoveryHttp,
  type DiscoveryHttpOptions,
} from '../discovery-http.js';
import { LocalStore } from '../local-store.js';
import { DEFAULT_STORE_LIMITS } from '../registry-store.js';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export class Rig {
  readonly http: DiscoveryHttp;
  readonly store: LocalStore;
  readonly #server: Server;

  private constructor(http: DiscoveryHttp, store: LocalStore, server: Server) {
    this.http = http;
    this.store = store;
    this.#server = server;
  }

  static async start(
    options: Partial<DiscoveryHttpOptions> = {},
    tracer: Tracer | null = null,
  ): Promise<Rig> {
    const engine = new MemoryEngine({ yieldTo: (task) => void setImmediate(task) });
    const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
    const store = await LocalStore.open(DEFAULT_STORE_LIMITS, {
      engine,
      clock,
      failed: (message) => {
        throw new Error(message);
      },
    });
    const http = new DiscoveryHttp(
      { ...DEFAULT_HTTP_OPTIONS, ...options },
      { store, clock, probe: NO_PROBE, exposition: () => 'metric 1\n', tracer },
    );
    const server = createServer((q, a) => http.handle(q, a));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Rig(http, store, server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** `begun` is told when the head of the answer is here. */
  ask(method: string, path: string, form = '', begun: () => void = () => {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const type = form.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded';
      const headers = {
        'content-type': type,
        'content-length': Buffer.byteLength(form),
        traceparent: 'of-the-test',
      };
      const asked = request(`${this.url}${path}`, { method, headers, agent: false }, (response) => {
        begun();
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
        });
      });
      asked.on('error', reject);
      asked.end(form);
    });
  }

  async stop(): Promise<void> {
    this.http.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
