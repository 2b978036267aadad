/**
 * A cluster to be maltreated: real processes, each peer URL behind a proxy of ours, environment and
 * bundle of each member changeable from one start to the next.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '@conclave/base';
import { freePorts } from './ports.js';
import { TestProcess, bundle, httpGet, startApp, until } from './process.js';
import { RawClient } from './raw-client.js';
import { ProxyMesh } from './tcp-proxy.js';

const READY_MS = 40_000;
const STATUS_MS = 2_000;

export interface ChaosMember {
  readonly name: string;
  readonly dataDir: string;
  /** What the others are told: the proxy. */
  readonly peerUrl: string;
  readonly listenPeerUrl: string;
  readonly clientUrl: string;
  /** Of its failpoints. */
  readonly failpointAddress: string;
  /** It was added later. */
  readonly joins?: boolean;
  process: TestProcess;
}

export interface ChaosGateway {
  readonly name: string;
  readonly clientUrl: string;
  process: TestProcess;
}

export interface ChaosClusterOptions {
  readonly members?: number;
  readonly gateways?: number;
  readonly flags?: readonly string[];
  readonly failpoints?: boolean;
  /** Where the first member keeps its data, if not below the cluster's own directory. */
  readonly firstDataDir?: string;
}

export class ChaosCluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'conclave-chaos-'));
  readonly members: ChaosMember[] = [];
  readonly gateways: ChaosGateway[] = [];
  readonly mesh: ProxyMesh;
  readonly #options: ChaosClusterOptions;

  private constructor(options: ChaosClusterOptions, random: Random) {
    this.#options = options;
    this.mesh = new ProxyMesh(random, () =>
      [...this.members, ...this.gateways].map((p) => ({ name: p.name, pid: p.process.pid })),
    );
  }

  static async start(options: ChaosClusterOptions, random: Random): Promise<ChaosCluster> {
    const cluster = new ChaosCluster(options, random);
    const { members = 3, gateways = 2 } = options;
    const ports = await freePorts(4 * members + gateways);
    const next = (): number => ports.shift() as number;
    const url = (port: number): string => `http://127.0.0.1:${port}`;
    for (let i = 1; i <= members; i++) {
      const [proxy, peer, client, failpoints] = [next(), next(), next(), next()];
      const name = `m${i}`;
      await cluster.mesh.listen(name, proxy, peer);
      cluster.members.push({
        name,
        dataDir: (i === 1 && options.firstDataDir) || join(cluster.directory, name),
        peerUrl: url(proxy),
        listenPeerUrl: url(peer),
        clientUrl: url(client),
        failpointAddress: `127.0.0.1:${failpoints}`,
      } as ChaosMember);
    }
    for (const member of cluster.members) mkdirSync(member.dataDir, { mode: 0o700 });
    for (const member of cluster.members) cluster.startMember(member);
    for (let i = 1; i <= gateways; i++) {
      const gateway = { name: `g${i}`, clientUrl: url(next()) } as ChaosGateway;
      cluster.gateways.push(gateway);
      cluster.startGateway(gateway);
    }
    try {
      await cluster.ready();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Room for one more member, which nobody knows of yet. */
  async newMember(name: string): Promise<ChaosMember> {
    const [proxy, peer, client, failpoints] = (await freePorts(4)) as [
      ...[number, number, number, number],
    ];
    await this.mesh.listen(name, proxy, peer);
    const url = (port: number): string => `http://127.0.0.1:${port}`;
    return {
      name,
      dataDir: join(this.directory, name),
      peerUrl: url(proxy),
      listenPeerUrl: url(peer),
      clientUrl: url(client),
      failpointAddress: `127.0.0.1:${failpoints}`,
      joins: true,
    } as ChaosMember;
  }

  startMember(member: ChaosMember, environment: Readonly<Record<string, string>> = {}): void {
    const args = [
      ...['--name', member.name],
      ...['--data-dir', member.dataDir],
      ...['--listen-client-urls', member.clientUrl],
      ...['--advertise-client-urls', member.clientUrl],
      ...['--listen-peer-urls', member.listenPeerUrl],
      ...['--initial-advertise-peer-urls', member.peerUrl],
      ...['--initial-cluster', this.members.map((m) => `${m.name}=${m.peerUrl}`).join(',')],
      ...(member.joins === true ? ['--initial-cluster-state', 'existing'] : []),
      ...(this.#options.flags ?? []),
    ];
    if (this.#options.failpoints !== true) {
      member.process = startApp('node', args, environment);
      return;
    }
    const file = bundle('node').replace(/\.js$/, '-failpoints.js');
    const served = { GOFAIL_HTTP: member.failpointAddress, ...environment };
    member.process = new TestProcess(process.execPath, [file, ...args], served);
  }

  startGateway(gateway: ChaosGateway): void {
    gateway.process = startApp('gateway', [
      ...['--name', gateway.name],
      ...['--listen-client-urls', gateway.clientUrl],
      ...['--endpoints', this.members.map((m) => m.peerUrl).join(',')],
    ]);
  }

  /** Waits until every process answers `/health` with 200; one that ends meanwhile cannot start. */
  async ready(timeoutMs = READY_MS): Promise<void> {
    for (const p of [...this.members, ...this.gateways]) {
      const well = async (): Promise<boolean> => {
        if (p.process.exit !== null) {
          throw new Error(`${p.name} cannot start: ${p.process.output.slice(-3_000)}`);
        }
        return (await httpGet(`${p.clientUrl}/health`)).status === 200;
      };
      await until(`${p.name} is healthy`, well, timeoutMs).catch((error: Error) => {
        throw new Error(`${error.message}\n${p.process.output.slice(-3_000)}`);
      });
    }
  }

  /** The member that says it leads, in the highest term; null if none answers so. */
  async leader(): Promise<ChaosMember | null> {
    const asked = await Promise.all(
      this.members.map(async (member) => {
        const client = new RawClient(member.clientUrl, { deadlineMs: STATUS_MS });
        try {
          const status = await client.status();
          const leads = status.leader === status.header?.memberId;
          return { member, term: leads ? Number(status.raftTerm) : -1 };
        } catch {
          return { member, term: -1 };
        } finally {
          client.close();
        }
      }),
    );
    const best = asked.reduce((a, b) => (b.term > a.term ? b : a));
    return best.term < 0 ? null : best.member;
  }

  /** Member ids by name, as the members themselves say. */
  async ids(): Promise<Map<string, bigint>> {
    const ids = new Map<string, bigint>();
    for (const member of this.members) {
      const client = new RawClient(member.clientUrl);
      ids.set(member.name, BigInt((await client.status()).header?.memberId ?? 0));
      client.close();
    }
    return ids;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.gateways, ...this.members].map((p) => p.process.stop('SIGKILL')));
    this.mesh.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
