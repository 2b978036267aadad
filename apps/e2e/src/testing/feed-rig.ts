/** Three members that feed one NATS, under load, and ways to kill each. */
import { Random } from '@conclave/base';
import { type MemberSlot, TestCluster } from './cluster.js';
import { FeedLoad, publisherOf } from './feed-load.js';
import { NatsServer } from './nats.js';
import { RawClient } from './raw-client.js';

/** Of the claim, and of the leases of the load. */
export const LEASE_TTL_S = 2;

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

type Victim = 'publisher' | 'nats' | 'leader';

export class FeedRig {
  #next: Victim[] = [];
  readonly random: Random;
  readonly killed = { publisher: 0, nats: 0, leader: 0 };
  readonly cluster: TestCluster;
  readonly nats: NatsServer;
  readonly clients: readonly RawClient[];
  readonly loads: FeedLoad[];

  private constructor(cluster: TestCluster, nats: NatsServer, seed: number) {
    this.random = new Random(seed);
    this.cluster = cluster;
    this.nats = nats;
    this.clients = cluster.members.map((m) => new RawClient(m.clientUrl));
    this.loads = [...cluster.members, ...cluster.members].map((m, i) => {
      return new FeedLoad(m.clientUrl, seed + i).start();
    });
  }

  static async start(seed: number): Promise<FeedRig> {
    const nats = await NatsServer.start();
    const flags = ['--feed-nats', nats.url, '--feed-lease-ttl', `${LEASE_TTL_S}s`];
    return new FeedRig(await TestCluster.start({ members: 3, flags }), nats, seed);
  }

  /** The first member that answers. */
  async ask<T>(question: (client: RawClient) => Promise<T>): Promise<T> {
    for (let i = 0; ; i++) {
      try {
        return await question(this.clients[i % this.clients.length] as RawClient);
      } catch (error) {
        if (i > 100) throw error;
        await pause(100);
      }
    }
  }

  async publisher(): Promise<MemberSlot | null> {
    const name = await this.ask(publisherOf);
    return this.cluster.members.find((m) => m.name === name) ?? null;
  }

  async leader(): Promise<MemberSlot | null> {
    for (const member of this.cluster.members) {
      const client = this.clients[this.cluster.members.indexOf(member)] as RawClient;
      const status = await client.status().catch(() => null);
      if (status?.header?.memberId === status?.leader && status !== null) return member;
    }
    return null;
  }

  async killMember(member: MemberSlot): Promise<void> {
    await member.process.stop('SIGKILL');
    await pause(this.random.below(400));
    this.cluster.startMember(member);
    await this.cluster.ready();
  }

  async killNats(): Promise<void> {
    await this.nats.kill();
    await pause(this.random.below(1_500));
    await this.nats.start();
  }

  async killOne(): Promise<void> {
    // Each in turn, in an order by chance.
    if (this.#next.length === 0) {
      this.#next = (['publisher', 'nats', 'leader'] as const)
        .map((name) => ({ name, at: this.random.fraction() }))
        .sort((a, b) => a.at - b.at)
        .map(({ name }) => name);
    }
    const what = this.#next.pop() as Victim;
    this.killed[what]++;
    if (what === 'nats') return this.killNats();
    const victim = await (what === 'publisher' ? this.publisher() : this.leader());
    await this.killMember(victim ?? this.random.pick(this.cluster.members));
  }

  async stop(): Promise<void> {
    await Promise.all(this.loads.map((load) => load.stop()));
    for (const client of this.clients) client.close();
    await this.cluster.stop();
    await this.nats.stop();
  }
}
