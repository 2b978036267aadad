/**
 * A real nats-server with JetStream, and a consumer of a feed that believes nothing but headers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeedChecker, Header, keyOfSubject, unescapeKey } from '@conclave/feed';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, connect } from '@nats-io/transport-node';
import { freePorts } from './ports.js';
import { TestProcess, until } from './process.js';

export class NatsServer {
  readonly directory = mkdtempSync(join(tmpdir(), 'conclave-nats-'));
  readonly port: number;
  process!: TestProcess;
  /** What clients must know; '' for an open server. */
  readonly #token: string;

  private constructor(port: number, token: string) {
    this.port = port;
    this.#token = token;
  }

  /** With a port and a directory, and not running yet. */
  static async reserve(token = ''): Promise<NatsServer> {
    return new NatsServer((await freePorts(1))[0] as number, token);
  }

  static async start(token = ''): Promise<NatsServer> {
    const server = await NatsServer.reserve(token);
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const place = ['-a', '127.0.0.1', '-p', `${this.port}`];
    const auth = this.#token === '' ? [] : ['--auth', this.#token];
    const store = ['-js', '-sd', this.directory];
    this.process = new TestProcess('nats-server', [...store, ...place, ...auth]);
    await until('nats-server listens', () => {
      if (this.process.exit !== null) throw new Error(`nats-server: ${this.process.output}`);
      return accepts(this.port);
    });
  }

  async kill(): Promise<void> {
    await this.process.stop('SIGKILL');
  }

  async stop(): Promise<void> {
    if (this.process !== undefined) await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Runs `use` with a manager of its own connection. */
  async manage<T>(use: (jsm: JetStreamManager, nc: NatsConnection) => Promise<T>): Promise<T> {
    const nc = await connect({ servers: this.url, token: this.#token, waitOnFirstConnect: true });
    try {
      return await use(await jetstreamManager(nc), nc);
    } finally {
      await nc.close();
    }
  }

  /** Reads a whole stream from its first message, and judges it. */
  async replay(stream = 'CONCLAVE', prefix = 'conclave'): Promise<FeedView> {
    const view = new FeedView(prefix);
    await this.manage(async (jsm, nc) => {
      const { state } = await jsm.streams.info(stream);
      const consumer = await jetstream(nc).consumers.get(stream);
      let last = state.first_seq - 1;
      while (last < state.last_seq) {
        const batch = await consumer.fetch({ max_messages: 1_000, expires: 2_000 });
        for await (const message of batch) {
          last = message.seq;
          const header = (name: string): string => message.headers?.get(name) ?? '';
          view.take(message.seq, message.subject, header, message.data);
        }
      }
    });
    return view;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** What a consumer of a feed knows: keys and values, and whether anything is missing. */
export class FeedView {
  readonly checker = new FeedChecker();
  /** Key (as a byte string) to revision and value. */
  readonly keys = new Map<string, { revision: number; value: string }>();
  readonly faults: string[] = [];
  readonly gaps: { readonly from: number; readonly to: number }[] = [];
  readonly counts = { put: 0, delete: 0, gap: 0, mark: 0 };
  messages = 0;
  omitted = 0;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  take(
    sequence: number,
    subject: string,
    header: (name: string) => string,
    data: Uint8Array,
  ): void {
    this.messages++;
    const verdict = this.checker.take(header);
    if (!verdict.ok) {
      this.faults.push(`message ${sequence}: ${verdict.fault}`);
      return;
    }
    this.counts[verdict.type]++;
    if (verdict.type === 'mark') return;
    if (verdict.type === 'gap') {
      this.gaps.push({ from: verdict.from, to: verdict.to });
      return;
    }
    if (header(Header.OMITTED) !== '') this.omitted++;
    const key = keyOfSubject(this.#prefix, subject) ?? unescapeKey(header(Header.KEY));
    if (key === null) this.faults.push(`message ${sequence}: subject ${subject}`);
    else if (verdict.type === 'delete') this.keys.delete(key);
    else {
      const value = Buffer.from(data).toString('latin1');
      this.keys.set(key, { revision: verdict.revision, value });
    }
  }
}
