/** The feed and what operators do to its stream: secrets, an age limit, a purge, a restart. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUtf8 } from '@conclave/base';
import { type MemberSlot, TestCluster } from './testing/cluster.js';
import { caughtUp, storeView } from './testing/feed-load.js';
import { NatsServer } from './testing/nats.js';
import { TestProcess, until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(60_000);

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function withFeed(
  nats: NatsServer,
  flags: readonly string[],
  use: (client: RawClient, cluster: TestCluster, nats: NatsServer) => Promise<void>,
): Promise<void> {
  const feed = ['--feed-nats', nats.url, '--feed-lease-ttl', '2s', ...flags];
  const cluster = await TestCluster.start({ members: 1, flags: feed });
  const client = new RawClient(cluster.endpoints);
  try {
    await use(client, cluster, nats);
  } finally {
    client.close();
    await cluster.stop();
    await nats.stop();
  }
}

const put = (client: RawClient, key: string): Promise<unknown> =>
  client.put({ key: encodeUtf8(key), value: encodeUtf8('v') });

test('an emptied stream begins anew with one gap up to now', async () => {
  await withFeed(await NatsServer.start(), [], async (client, cluster, nats) => {
    const member = cluster.members[0] as MemberSlot;
    for (let i = 0; i < 10; i++) await put(client, `old/${i}`);
    await caughtUp(nats, client);
    const { revision } = await storeView(client);
    await member.process.stop('SIGKILL');
    await nats.manage((jsm) => jsm.streams.purge('CONCLAVE'));
    cluster.startMember(member);
    await cluster.ready();
    await put(client, 'new');
    const view = await caughtUp(nats, client);
    expect(view.faults).toEqual([]);
    expect(view.gaps.length).toBe(1);
    expect(view.gaps[0]?.from).toBe(1);
    expect(view.gaps[0]?.to).toBeGreaterThanOrEqual(revision);
  });
});

test('a stream that forgets keeps its end by marks, and going on tells no gap', async () => {
  const flags = ['--feed-stream-max-age', '6s'];
  await withFeed(await NatsServer.start(), flags, async (client, _cluster, nats) => {
    await put(client, 'old');
    await caughtUp(nats, client);
    await pause(8_000);
    // The end of the stream is read again.
    await nats.kill();
    await nats.start();
    await put(client, 'new');
    const view = await caughtUp(nats, client);
    expect(view.faults).toEqual([]);
    expect(view.gaps).toEqual([]);
    expect(view.counts.mark).toBeGreaterThan(0);
    expect([...view.keys.keys()]).toContain('new');
    expect([...view.keys.keys()]).not.toContain('old');
  });
});

test('the token is read from its file, and read again after it was changed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'conclave-feed-'));
  const file = join(directory, 'token');
  writeFileSync(file, 'wrong\n');
  chmodSync(file, 0o600);
  const flags = ['--feed-nats-token-file', file];
  await withFeed(await NatsServer.start('s3cret'), flags, async (client, cluster, nats) => {
    await put(client, 'k');
    await until('the log names the trouble', () => {
      return cluster.members[0]?.process.output.includes('Authorization Violation') ?? false;
    });
    writeFileSync(file, 's3cret\n');
    const view = await caughtUp(nats, client);
    expect(view.faults).toEqual([]);
    expect([...view.keys.keys()]).toContain('k');
    expect(cluster.members[0]?.process.output).not.toContain('s3cret');
  });
  rmSync(directory, { recursive: true, force: true });
});

test('the consumer of the manual runs, and follows', async () => {
  await withFeed(await NatsServer.start(), [], async (client, _cluster, nats) => {
    for (const key of ['/app/a', '/app/b']) await put(client, key);
    await client.deleteRange({ key: encodeUtf8('/app/'), rangeEnd: encodeUtf8('/app0') });
    await caughtUp(nats, client);
    const script = join(__dirname, '../../../docs/examples/feed-consumer.mjs');
    const consumer = new TestProcess(process.execPath, [script, nats.url, 'CONCLAVE']);
    await until('it saw both deletes', () =>
      /\/1 delete \/app\/b \(0 keys\)/.test(consumer.output),
    );
    expect(consumer.exit).toBeNull();
    await consumer.stop();
  });
});
