/**
 * The feed under kill -9 of its publisher, of NATS and of the leader, under load: what a consumer knows
 * is what the store holds, and the headers alone prove that nothing is missing and nothing is double.
 *
 * `KILLS=50 SEED=1` for the long run; a few kills without.
 */
import { Random } from '@conclave/base';
import { type MemberSlot, TestCluster } from './testing/cluster.js';
import { FeedLoad, caughtUp, publisherOf, storeView } from './testing/feed-load.js';
import { NatsServer } from './testing/nats.js';
import { until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

const KILLS = Number(process.env['KILLS'] ?? 8);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const LEASE_TTL_S = 2;

jest.setTimeout(90_000 + KILLS * 15_000);

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

class Rig {
  readonly random = new Random(SEED);
  readonly killed = { publisher: 0, nats: 0, leader: 0 };
  readonly cluster: TestCluster;
  readonly nats: NatsServer;
  readonly clients: readonly RawClient[];
  readonly loads: FeedLoad[];

  private constructor(cluster: TestCluster, nats: NatsServer) {
    this.cluster = cluster;
    this.nats = nats;
    this.clients = cluster.members.map((m) => new RawClient(m.clientUrl));
    this.loads = cluster.members.map((m, i) => new FeedLoad(m.clientUrl, SEED + i).start());
  }

  static async start(): Promise<Rig> {
    const nats = await NatsServer.start();
    const flags = ['--feed-nats', nats.url, '--feed-lease-ttl', `${LEASE_TTL_S}s`];
    return new Rig(await TestCluster.start({ members: 3, flags }), nats);
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
    const what = this.random.pick(['publisher', 'nats', 'leader'] as const);
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

test(`after ${KILLS} kills of publisher, NATS and leader the feed is the store`, async () => {
  const rig = await Rig.start();
  try {
    await until('a member publishes', async () => (await rig.publisher()) !== null);
    for (let kill = 0; kill < KILLS; kill++) {
      await rig.killOne();
      await pause(rig.random.below(1_500));
    }
    await Promise.all(rig.loads.map((load) => load.stop()));
    // Keys of open leases go by themselves, and are changes too.
    await pause(2 * LEASE_TTL_S * 1_000);
    const view = await rig.ask((client) => caughtUp(rig.nats, client));
    const store = await rig.ask(storeView);
    const acknowledged = rig.loads.reduce((n, load) => n + load.acknowledged, 0);
    console.log(
      `seed ${SEED}: kills ${JSON.stringify(rig.killed)}, ${acknowledged} writes acknowledged, ` +
        `${view.messages} messages ${JSON.stringify(view.counts)}, store at ${store.revision}`,
    );
    expect(view.faults).toEqual([]);
    expect(view.gaps).toEqual([]);
    expect(view.counts.put).toBeGreaterThanOrEqual(acknowledged / 2);
    expect(view.keys).toEqual(store.keys);
  } finally {
    await rig.stop();
  }
});

test('a publisher that was stopped for longer than its lease doubles nothing', async () => {
  const rig = await Rig.start();
  try {
    await until('a member publishes', async () => (await rig.publisher()) !== null);
    const first = (await rig.publisher()) as MemberSlot;
    first.process.kill('SIGSTOP');
    await until('another member publishes', async () => {
      const others = rig.cluster.members.filter((m) => m !== first);
      const client = rig.clients[rig.cluster.members.indexOf(others[0] as MemberSlot)] as RawClient;
      const name = await publisherOf(client).catch(() => null);
      return others.some((m) => m.name === name);
    });
    await pause(1_000);
    first.process.kill('SIGCONT');
    await pause(1_500);
    await Promise.all(rig.loads.map((load) => load.stop()));
    await pause(2 * LEASE_TTL_S * 1_000);
    const view = await rig.ask((client) => caughtUp(rig.nats, client));
    const store = await rig.ask(storeView);
    expect(view.faults).toEqual([]);
    expect(view.gaps).toEqual([]);
    expect(view.keys).toEqual(store.keys);
    await rig.cluster.ready();
  } finally {
    await rig.stop();
  }
});
