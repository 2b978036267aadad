/** The feed as its users meet it: real member, real gateway, real nats-server. */
import { encodeUtf8, fromByteString } from '@conclave/base';
import type { RequestOp } from '@conclave/wire';
import { TestCluster } from './testing/cluster.js';
import { caughtUp, storeView } from './testing/feed-load.js';
import { NatsServer } from './testing/nats.js';
import { freePorts } from './testing/ports.js';
import { httpGet, startApp, until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(60_000);

interface Bench {
  readonly nats: NatsServer;
  readonly cluster: TestCluster;
  readonly client: RawClient;
}

async function withBench(
  started: boolean,
  flags: readonly string[],
  use: (bench: Bench) => Promise<void>,
): Promise<void> {
  const nats = started ? await NatsServer.start() : await NatsServer.reserve();
  const cluster = await TestCluster.start({
    members: 1,
    flags: ['--feed-nats', nats.url, '--feed-lease-ttl', '2s', ...flags],
  });
  const client = new RawClient(cluster.endpoints);
  try {
    await use({ nats, cluster, client });
  } finally {
    client.close();
    await cluster.stop();
    await nats.stop();
  }
}

const put = (client: RawClient, key: string, value: string, lease = 0n): Promise<unknown> =>
  client.put({ key: fromByteString(key), value: encodeUtf8(value), lease });

async function putMany(client: RawClient, prefix: string, count: number): Promise<number> {
  let acknowledged = 0;
  for (let i = 0; i < count; i++) {
    await put(client, `${prefix}${i}`, `${i}`);
    acknowledged++;
  }
  return acknowledged;
}

async function metric(cluster: TestCluster, name: string): Promise<number> {
  const { body } = await httpGet(`${cluster.members[0]?.clientUrl}/metrics`);
  const line = body.split('\n').find((row) => row.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.split(' ')[1]);
}

test('keys of all shapes, transactions, large deletes and leases arrive as they are', async () => {
  await withBench(true, [], async ({ nats, cluster, client }) => {
    const odd = ['/', '//', 'a//b/', 'a.b', '*', '>', '100%', '%gap', ' ', '\0', '\xff\xfe', 'é'];
    for (const key of odd) await put(client, key, `odd ${key.length}`);
    const long = `long/${'x'.repeat(3_000)}`;
    await put(client, long, 'long');
    await put(client, 'a/'.repeat(100), 'deep');
    const big = 'v'.repeat(1_200_000);
    await put(client, 'big', big);
    const { ID } = await client.leaseGrant(0n, 2);
    await put(client, 'leased', 'gone soon', ID);
    for (let from = 0; from < 1_500; from += 100) {
      const success = Array.from({ length: 100 }, (_, i): RequestOp => {
        const flags = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };
        const key = encodeUtf8(`many/${from + i}`);
        const requestPut = { key, value: encodeUtf8('1'), ...flags };
        return { request: { $case: 'requestPut', requestPut } };
      });
      await client.txn({ success });
    }
    await client.deleteRange({ key: encodeUtf8('many/'), rangeEnd: encodeUtf8('many0') });
    await until('the lease ran out', async () => {
      return (await client.range({ key: encodeUtf8('leased') })).kvs.length === 0;
    });
    const view = await caughtUp(nats, client);
    const store = await storeView(client);
    expect(view.faults).toEqual([]);
    expect(view.counts).toMatchObject({ gap: 0, delete: 1_501 });
    expect(view.omitted).toBe(1);
    // Too large for NATS: its message says so and has no value.
    expect(view.keys.get('big')?.value).toBe('');
    view.keys.set('big', { revision: view.keys.get('big')?.revision ?? 0, value: big });
    expect(view.keys).toEqual(store.keys);
    expect(view.keys.get(long)?.value).toBe('long');
    await until('no lag', async () => {
      return (await metric(cluster, 'conclave_feed_lag_revisions')) === 0;
    });
    expect(await metric(cluster, 'conclave_feed_active')).toBe(1);
  });
});

test('without NATS a member starts and serves; what was compacted meanwhile is one gap', async () => {
  await withBench(false, [], async ({ nats, cluster, client }) => {
    expect(await putMany(client, 'before/', 100)).toBe(100);
    const { revision } = await storeView(client);
    await client.compact({ revision });
    expect(await putMany(client, 'after/', 50)).toBe(50);
    await until('the log names the trouble', () => {
      return cluster.members[0]?.process.output.includes('feed: cannot reach NATS') ?? false;
    });
    await nats.start();
    const view = await caughtUp(nats, client);
    expect(view.faults).toEqual([]);
    expect(view.gaps).toEqual([{ from: 1, to: revision }]);
    const store = await storeView(client);
    const later = [...store.keys].filter(([, kv]) => kv.revision > revision);
    expect(later.length).toBe(51);
    expect(view.keys).toEqual(new Map(later));
  });
});

test('while NATS is away writes go on, and afterwards nothing is missing', async () => {
  await withBench(true, [], async ({ nats, client }) => {
    await putMany(client, 'first/', 20);
    await caughtUp(nats, client);
    await nats.kill();
    expect(await putMany(client, 'away/', 300)).toBe(300);
    await nats.start();
    const view = await caughtUp(nats, client);
    expect(view.faults).toEqual([]);
    expect(view.counts.gap).toBe(0);
    expect(view.keys).toEqual((await storeView(client)).keys);
  });
});

test('a stream of another shape is refused by name, and used once it is put right', async () => {
  await withBench(false, [], async ({ nats, cluster, client }) => {
    await nats.start();
    await nats.manage(async (jsm) => {
      await jsm.streams.add({ name: 'CONCLAVE', subjects: ['conclave.>', 'orders.*'] });
    });
    const said = 'its subjects are conclave.>, orders.*, not conclave.>';
    await until('the refusal is logged', () => {
      return cluster.members[0]?.process.output.includes(said) ?? false;
    });
    await put(client, 'k', 'v');
    await nats.manage(async (jsm) => {
      await jsm.streams.update('CONCLAVE', { subjects: ['conclave.>'] });
    });
    const view = await caughtUp(nats, client);
    expect(view.faults).toEqual([]);
    expect(view.keys.get('k')?.value).toBe('v');
  });
});

test('a gateway publishes as well, and only the keys it was asked to', async () => {
  const nats = await NatsServer.start();
  const cluster = await TestCluster.start({ members: 1 });
  const [port] = await freePorts(1);
  const peer = cluster.members[0]?.peerUrl ?? '';
  const here = ['--endpoints', peer, '--listen-client-urls', `http://127.0.0.1:${port}`];
  const feed = ['--feed-nats', nats.url, '--feed-key-prefix', '/', '--feed-lease-ttl', '2s'];
  const gateway = startApp('gateway', [...here, ...feed]);
  const client = new RawClient(cluster.endpoints);
  try {
    await put(client, 'other', '1');
    await put(client, '/mine', '2');
    const view = await caughtUp(nats, client);
    expect(view.faults).toEqual([]);
    expect([...view.keys.keys()].map((key) => key.slice(0, 5))).toEqual(['/mine', '/end/']);
  } finally {
    client.close();
    await gateway.stop();
    await cluster.stop();
    await nats.stop();
  }
});

test('flags that cannot work end the start with what is wrong', async () => {
  const process = startApp('node', [
    '--feed-nats',
    'nats://127.0.0.1:4222',
    '--feed-prefix',
    'a.>',
  ]);
  expect((await process.ended).code).toBe(1);
  expect(process.output).toContain('--feed-prefix: it must be tokens of letters');
});
