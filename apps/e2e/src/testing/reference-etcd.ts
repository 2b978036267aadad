/**
 * Debian's etcd beside the system under test: the same history fed into it must give the same HashKV.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.js';
import { TestProcess, httpGet, until } from './process.js';
import { RawClient } from './raw-client.js';
import { WatchFeeder } from './watch-feeder.js';

const REQUEST_BYTES_MAX = 64 * 1024 * 1024;
const QUOTA_BYTES = 8 * 1024 * 1024 * 1024;

export class ReferenceEtcd {
  /** `host:port`. */
  readonly endpoint: string;
  readonly client: RawClient;
  readonly process: TestProcess;
  readonly #directory: string;
  readonly #feeders: WatchFeeder[] = [];

  private constructor(endpoint: string, process: TestProcess, directory: string) {
    this.endpoint = endpoint;
    this.process = process;
    this.#directory = directory;
    this.client = new RawClient(endpoint);
  }

  /** One member on free ports. Its data need not outlive it, so they lie in memory where possible. */
  static async start(flags: readonly string[] = []): Promise<ReferenceEtcd> {
    const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    const directory = mkdtempSync(join(base, 'conclave-reference-'));
    const [clientPort, peerPort] = await freePorts(2);
    const client = `http://127.0.0.1:${clientPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    const etcd = new TestProcess('etcd', [
      ...['--name', 'reference', '--data-dir', directory],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', `reference=${peer}`],
      ...['--max-txn-ops', '100000', '--max-request-bytes', String(REQUEST_BYTES_MAX)],
      ...['--quota-backend-bytes', String(QUOTA_BYTES), '--log-level', 'error'],
      ...['--snapshot-count', '1000000', ...flags],
    ]);
    const reference = new ReferenceEtcd(`127.0.0.1:${clientPort}`, etcd, directory);
    try {
      await until('the reference etcd is healthy', async () => {
        if (etcd.exit !== null) throw new Error(`etcd ended: ${etcd.output.slice(-2_000)}`);
        return (await httpGet(`${client}/health`)).status === 200;
      });
    } catch (error) {
      await reference.stop();
      throw error;
    }
    return reference;
  }

  /**
   * Follows a source (one endpoint, or several to fall back on) from revision 1 on. The reference must
   * be fresh: nobody else may write to it.
   */
  feedFromWatch(source: string | readonly string[]): WatchFeeder {
    const feeder = new WatchFeeder(typeof source === 'string' ? [source] : source, this.client);
    this.#feeders.push(feeder);
    return feeder;
  }

  async stop(): Promise<void> {
    for (const feeder of this.#feeders) feeder.close();
    this.client.close();
    await this.process.stop('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
