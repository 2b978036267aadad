/** Backups that members take by themselves: into a directory they share, by whoever leads. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { TestCluster, etcdctl } from './testing/cluster.js';
import { bundle, httpGet, run, until } from './testing/process.js';

jest.setTimeout(90_000);

test('the leader takes them, keeps as many as it was told, and the next leader goes on', async () => {
  const directory = fs.mkdtempSync('/tmp/conclave-backups-');
  const flags = ['--backup-dir', directory, '--backup-interval', '1s', '--backup-retention', '2'];
  const cluster = await TestCluster.start({ members: 3, flags });
  const files = (): string[] =>
    fs
      .readdirSync(directory)
      .filter((n) => n.endsWith('.backup'))
      .sort();
  const tookOf = (): number[] =>
    cluster.members.map((m) => m.process.output.match(/took a scheduled backup/g)?.length ?? 0);
  const newRevision = async (): Promise<void> => {
    await cluster.etcdctl(['put', 'a', String(Date.now())]);
  };
  try {
    await until('the first is there', () => files().length > 0);
    await until(
      'older ones go',
      async () => {
        await newRevision();
        return tookOf().some((took) => took >= 4);
      },
      30_000,
    );
    expect(files().length).toBeLessThanOrEqual(3);
    expect(tookOf().filter((took) => took > 0)).toHaveLength(1);
    const newest = join(directory, files().at(-1) ?? '');
    const status = await run(process.execPath, [bundle('cli'), 'snapshot', 'status', newest]);
    expect(status).toMatchObject({ code: 0, stderr: '' });
    const leader = cluster.members[tookOf().findIndex((took) => took > 0)];
    const metrics = await httpGet(`${leader?.clientUrl}/metrics`);
    expect(metrics.body).toMatch(/conclave_backups_total\{result="success"\} [1-9]/);
    expect(metrics.body).toMatch(/conclave_backup_last_success_seconds [1-9]/);
    await leader?.process.stop('SIGKILL');
    await until(
      'another member takes them',
      () => tookOf().filter((n) => n > 0).length === 2,
      30_000,
    );
  } finally {
    await cluster.stop();
    fs.rmSync(directory, { recursive: true });
  }
});

test('a directory that cannot be written is an error line and a metric, and writes go on', async () => {
  const flags = ['--backup-dir', '/proc/no/such', '--backup-interval', '1s'];
  const cluster = await TestCluster.start({ members: 1, flags });
  try {
    const [member] = cluster.members;
    await until('it is told', () => /a scheduled backup failed/.test(member?.process.output ?? ''));
    expect((await etcdctl(cluster.endpoints, ['put', 'a', 'b'])).code).toBe(0);
    const metrics = await httpGet(`${member?.clientUrl}/metrics`);
    expect(metrics.body).toMatch(/conclave_backups_total\{result="failure"\} [1-9]/);
  } finally {
    await cluster.stop();
  }
});
