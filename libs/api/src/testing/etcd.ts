/** A real etcd on free ports, for differential tests. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';

export interface Outcome {
  readonly code: number;
  readonly text: string;
  /** Null when the call failed. */
  readonly body: Uint8Array | null;
}

/** Null: there is none in PATH. */
export function etcdVersion(): string | null {
  try {
    const text = execFileSync('etcd', ['--version'], { encoding: 'utf8' });
    return /etcd Version: (\S+)/.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export class RealEtcd {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #client: Client;

  private constructor(child: ChildProcess, directory: string, client: Client) {
    this.#child = child;
    this.#directory = directory;
    this.#client = client;
  }

  static async start(): Promise<RealEtcd> {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'conclave-api-etcd-'));
    const port = await freePort();
    const client = `http://127.0.0.1:${port}`;
    const peer = `http://127.0.0.1:${await freePort()}`;
    const flags = {
      'data-dir': directory,
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
      'log-level': 'error',
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const child = spawn('etcd', args, { stdio: 'ignore' });
    const connection = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const etcd = new RealEtcd(child, directory, connection);
    await new Promise<void>((resolve, reject) => {
      connection.waitForReady(Date.now() + 20_000, (e) => (e ? reject(e) : resolve()));
    });
    return etcd;
  }

  unary(method: string, request: Uint8Array): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        method,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => new Uint8Array(bytes),
        request,
        { deadline: Date.now() + 10_000 },
        (error, body) => {
          if (error) resolve({ code: error.code, text: error.details, body: null });
          else resolve({ code: 0, text: '', body: body as Uint8Array });
        },
      );
    });
  }

  /** Ends the process started here, and no other. */
  async stop(): Promise<void> {
    this.#client.close();
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }
}
