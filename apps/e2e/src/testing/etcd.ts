import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.js';
import { TestProcess, httpGet, until } from './process.js';

/** One member of Debian's etcd on free ports, the reference for what an answer must be. */
export class PlainEtcd {
  readonly directory = mkdtempSync(join(tmpdir(), 'reference-etcd-'));
  readonly clientUrl: string;
  readonly process: TestProcess;

  private constructor(clientPort: number, peerPort: number, flags: readonly string[]) {
    this.clientUrl = `http://127.0.0.1:${clientPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    this.process = new TestProcess('etcd', [
      ...['--name', 'm1', '--data-dir', this.directory, '--logger', 'zap'],
      ...['--listen-client-urls', this.clientUrl, '--advertise-client-urls', this.clientUrl],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', `m1=${peer}`, ...flags],
    ]);
  }

  static async start(flags: readonly string[] = []): Promise<PlainEtcd> {
    const [clientPort, peerPort] = (await freePorts(2)) as [number, number];
    const etcd = new PlainEtcd(clientPort, peerPort, flags);
    await until('etcd is healthy', async () => {
      if (etcd.process.exit !== null) throw new Error(etcd.process.output.slice(-2_000));
      return (await httpGet(`${etcd.clientUrl}/health`)).status === 200;
    });
    return etcd;
  }

  get endpoint(): string {
    return this.clientUrl.replace('http://', '');
  }

  async stop(): Promise<void> {
    await this.process.stop('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
