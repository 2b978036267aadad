/** Auto-compaction with real processes: the leader compacts, and every member has it by the log. */
import { encodeUtf8 } from '@conclave/base';
import { TestCluster } from './testing/cluster.js';
import { httpGet, until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(90_000);

test('history older than the period goes on every member, and the keys stay', async () => {
  const flags = ['--auto-compaction-mode', 'periodic', '--auto-compaction-retention', '2s'];
  const cluster = await TestCluster.start({ members: 3, flags });
  const client = new RawClient(cluster.members[0]?.clientUrl as string);
  const key = encodeUtf8('k');
  try {
    for (let i = 1; i <= 5; i++) await client.put({ key, value: encodeUtf8(`${i}`) });
    const { revision } = (await client.range({ key })).header ?? { revision: 0 };
    for (const member of cluster.members) {
      await until(`${member.name} is compacted`, async () => {
        const { body } = await httpGet(`${member.clientUrl}/metrics`);
        const text = /^etcd_debugging_mvcc_compact_revision (\d+)$/m.exec(body)?.[1];
        return Number(text) === revision;
      });
    }
    await expect(client.range({ key, revision: revision - 1 })).rejects.toThrow('compacted');
    expect((await client.range({ key })).kvs.length).toBe(1);
    const logs = cluster.members.map((m) => m.process.output);
    const completed = logs.filter((log) => log.includes('completed auto periodic compaction'));
    expect(completed.length).toBe(1);
  } finally {
    client.close();
    await cluster.stop();
  }
});
