import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.js';
import { type TestProcess, httpGet, run, startApp, until } from './process.js';
import type { Ran } from './process.js';

export interface MemberSlot {
  readonly name: string;
  readonly dataDir: string;
  readonly peerUrl: string;
  readonly clientUrl: string;
  process: TestProcess;
  /** What its next start runs. */
  build: 'node' | 'node-feature-0';
}

export interface GatewaySlot {
  readonly name: string;
  readonly clientUrl: string;
  process: TestProcess;
}

export interface ClusterOptions {
  readonly members: number;
  readonly gateways?: number;
  /** Default: the present one. */
  readonly build?: MemberSlot['build'];
  /** More flags for every member. */
  readonly flags?: readonly string[];
  /** More variables for every process. */
  readonly env?: Record<string, string>;
  /** Runs before the first member starts, once names, directories and URLs are known. */
  readonly before?: (cluster: TestCluster) => Promise<void>;
}

/** Members and gateways as real processes on free ports, with data in a directory of its own. */
export class TestCluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'conclave-e2e-'));
  readonly members: MemberSlot[] = [];
  readonly gateways: GatewaySlot[] = [];
  readonly #flags: readonly string[];
  readonly #env: Record<string, string>;
  /** Of members, also of those that are none any more. */
  readonly #started: TestProcess[] = [];

  private constructor(flags: readonly string[], env: Record<string, string>) {
    this.#flags = flags;
    this.#env = env;
  }

  static async start(options: ClusterOptions): Promise<TestCluster> {
    const cluster = new TestCluster(options.flags ?? [], options.env ?? {});
    const gateways = options.gateways ?? 0;
    const ports = await freePorts(2 * options.members + gateways);
    const url = (): string => `http://127.0.0.1:${ports.shift()}`;
    for (let i = 1; i <= options.members; i++) {
      const dataDir = join(cluster.directory, `m${i}`);
      const build = options.build ?? 'node';
      const slot = { name: `m${i}`, dataDir, peerUrl: url(), clientUrl: url(), build };
      cluster.members.push(slot as MemberSlot);
    }
    await options.before?.(cluster);
    for (const member of cluster.members) cluster.startMember(member);
    for (let i = 1; i <= gateways; i++) {
      const slot = { name: `g${i}`, clientUrl: url() } as GatewaySlot;
      cluster.gateways.push(slot);
      cluster.startGateway(slot);
    }
    try {
      await cluster.ready();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get endpoints(): string {
    const from = this.gateways.length > 0 ? this.gateways : this.members;
    return from.map((p) => p.clientUrl.replace('http://', '')).join(',');
  }

  /** One more member: known here from now on, to be added and started by the test. */
  async newMember(name: string): Promise<MemberSlot> {
    const [peer, client] = await freePorts(2);
    const slot = {
      name,
      dataDir: join(this.directory, name),
      peerUrl: `http://127.0.0.1:${peer}`,
      clientUrl: `http://127.0.0.1:${client}`,
      build: 'node',
    } as MemberSlot;
    this.members.push(slot);
    return slot;
  }

  /** It is no member any more; its process is the test's business. */
  forget(member: MemberSlot): void {
    this.members.splice(this.members.indexOf(member), 1);
  }

  /** `flags`: more of them, for this start. */
  startMember(member: MemberSlot, flags: readonly string[] = []): void {
    const named = this.members.includes(member) ? this.members : [...this.members, member];
    const initial = named.map((m) => `${m.name}=${m.peerUrl}`).join(',');
    const args = [
      ...['--name', member.name],
      ...['--data-dir', member.dataDir],
      ...['--listen-client-urls', member.clientUrl],
      ...['--advertise-client-urls', member.clientUrl],
      ...['--listen-peer-urls', member.peerUrl],
      ...['--initial-advertise-peer-urls', member.peerUrl],
      ...['--initial-cluster', initial],
      ...this.#flags,
      ...flags,
    ];
    member.process = startApp(member.build, args, this.#env);
    this.#started.push(member.process);
  }

  startGateway(gateway: GatewaySlot): void {
    const args = [
      ...['--name', gateway.name],
      ...['--listen-client-urls', gateway.clientUrl],
      ...['--endpoints', this.members.map((m) => m.peerUrl).join(',')],
    ];
    gateway.process = startApp('gateway', args, this.#env);
  }

  /** Waits until every process answers `/health` with 200. */
  async ready(timeoutMs = 20_000): Promise<void> {
    for (const p of [...this.members, ...this.gateways]) {
      await until(
        `${p.name} is healthy`,
        async () => {
          if (p.process.exit !== null) {
            throw new Error(`${p.name} ended: ${p.process.output.slice(-2_000)}`);
          }
          return (await httpGet(`${p.clientUrl}/health`)).status === 200;
        },
        timeoutMs,
      );
    }
  }

  /** Stock etcdctl against this cluster. */
  etcdctl(args: readonly string[], input = ''): Promise<Ran> {
    return etcdctl(this.endpoints, args, input);
  }

  async stop(): Promise<void> {
    const processes = [...this.gateways.map((p) => p.process), ...this.#started];
    await Promise.all(processes.map((p) => p.stop('SIGKILL')));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Debian's etcdctl, API 3. */
export function etcdctl(endpoints: string, args: readonly string[], input = ''): Promise<Ran> {
  const env = { ETCDCTL_API: '3' };
  return run('etcdctl', ['--endpoints', endpoints, ...args], { input, env });
}
