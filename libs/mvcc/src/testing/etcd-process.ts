/**
 * A real etcd for differential tests, on free ports, and a client that sees raw bytes.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';

/** Null: there is none. */
export function etcdVersion(): string | null {
  try {
    const text = execFileSync('etcd', ['--version'], { encoding: 'utf8' });
    return /etcd Version: (\S+)/.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}

async function freePorts(n: number): Promise<number[]> {
  const servers: net.Server[] = [];
  for (let i = 0; i < n; i++) {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

export type RawAnswer =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly code: number; readonly text: string };

const raw = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

export class EtcdProcess {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #client: Client;

  private constructor(child: ChildProcess, directory: string, client: Client) {
    this.#child = child;
    this.#directory = directory;
    this.#client = client;
  }

  static async start(): Promise<EtcdProcess> {
    const base = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
    const directory = fs.mkdtempSync(path.join(base, 'conclave-etcd-'));
    const [client, peer] = await freePorts(2);
    const url = `http://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    const child = spawn(
      'etcd',
      [
        `--data-dir=${directory}`,
        `--listen-client-urls=${url}`,
        `--advertise-client-urls=${url}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
        '--log-level=error',
      ],
      { stdio: 'ignore' },
    );
    const connection = new Client(`127.0.0.1:${client}`, credentials.createInsecure());
    const started = new EtcdProcess(child, directory, connection);
    await new Promise<void>((resolve, reject) => {
      connection.waitForReady(Date.now() + 20_000, (e) => (e ? reject(e) : resolve()));
    });
    return started;
  }

  unary(method: string, request: Uint8Array): Promise<RawAnswer> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        method,
        raw,
        (bytes: Buffer) => bytes,
        request,
        (error, body) => {
          if (error) resolve({ ok: false, code: error.code, text: error.details });
          else resolve({ ok: true, body: body as Uint8Array });
        },
      );
    });
  }

  stream(method: string): ClientDuplexStream<Uint8Array, Buffer> {
    return this.#client.makeBidiStreamRequest(method, raw, (bytes: Buffer) => bytes);
  }

  async stop(): Promise<void> {
    this.#client.close();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGKILL');
      await ended;
    }
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }
}
