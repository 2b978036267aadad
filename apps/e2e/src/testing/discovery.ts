/** Discovery services and members that bootstrap through them, as real processes on free ports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.js';
import { TestProcess, bundle, httpGet, startApp, until } from './process.js';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** One HTTP request to its end; status 0 if nobody answers or the connection is lost. */
export function http(
  method: string,
  url: string,
  body = '',
  type = 'application/x-www-form-urlencoded',
  more: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const none = { status: 0, body: '', headers: {} };
    const length = Buffer.byteLength(body);
    const headers = { 'content-type': type, 'content-length': length, ...more };
    const asked = request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('error', () => resolve(none));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers });
      });
    });
    asked.on('error', () => resolve(none));
    asked.end(body);
  });
}

export interface Joiner {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  process: TestProcess;
}

export type MemberKind = 'etcd' | 'conclave';

/** A directory, everything started in it, and one end for all. */
export class DiscoveryWorld {
  readonly directory = mkdtempSync(join(tmpdir(), 'conclave-discovery-'));
  readonly #started: TestProcess[] = [];

  /** A service on `port`, with its registry in `name` unless flags name a backend. */
  async startDiscovery(
    port: number,
    flags: readonly string[] = [],
    name = 'discovery',
    env: Record<string, string> = {},
  ): Promise<TestProcess> {
    const url = `http://127.0.0.1:${port}`;
    const data = ['--data-dir', join(this.directory, name)];
    const service = startApp('discovery', ['--listen-client-urls', url, ...data, ...flags], env);
    this.#started.push(service);
    await until('the discovery service is healthy', async () => {
      if (service.exit !== null) throw new Error(`it ended: ${service.output.slice(-2_000)}`);
      return (await httpGet(`${url}/health`)).status === 200;
    });
    return service;
  }

  /** A member that is to find the others by `flags`. */
  async startMember(kind: MemberKind, name: string, flags: readonly string[]): Promise<Joiner> {
    const [clientPort, peerPort] = await freePorts(2);
    const clientUrl = `http://127.0.0.1:${clientPort}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    const joiner = { name, clientUrl, peerUrl, process: null as unknown as TestProcess };
    this.restartMember(kind, joiner, flags);
    return joiner;
  }

  restartMember(
    kind: MemberKind,
    joiner: Joiner,
    flags: readonly string[],
    env: Record<string, string> = {},
  ): void {
    const args = [
      ...['--name', joiner.name, '--data-dir', join(this.directory, joiner.name)],
      ...['--listen-client-urls', joiner.clientUrl, '--advertise-client-urls', joiner.clientUrl],
      ...['--listen-peer-urls', joiner.peerUrl, '--initial-advertise-peer-urls', joiner.peerUrl],
      ...flags,
    ];
    joiner.process =
      kind === 'etcd'
        ? new TestProcess('etcd', args, env)
        : new TestProcess(process.execPath, [bundle('node'), ...args], env);
    this.#started.push(joiner.process);
  }

  /** Something else that ends with this world. */
  keep(started: TestProcess): void {
    this.#started.push(started);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((one) => one.stop('SIGKILL')));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export async function healthy(joiners: readonly Joiner[], timeoutMs = 30_000): Promise<void> {
  for (const { name, clientUrl, process: member } of joiners) {
    await until(
      `${name} is healthy`,
      async () => {
        if (member.exit !== null) throw new Error(`${name} ended: ${member.output.slice(-2_000)}`);
        return (await httpGet(`${clientUrl}/health`)).status === 200;
      },
      timeoutMs,
    );
  }
}
