/**
 * Metrics beside those of a real etcd 3.4: same names, types, labels and buckets, but for what docs/DIVERGENCE.md
 * explains.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8 } from '@conclave/base';
import { TestCluster } from './testing/cluster.js';
import { httpGet } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';

jest.setTimeout(60_000);

const EXPLAINED = readFileSync(join(__dirname, '../../../docs/DIVERGENCE.md'), 'utf8');

interface Metric {
  readonly type: string;
  /** Names of labels, sorted; null: it has no series. */
  labels: string | null;
  /** Bounds of the buckets of its first series. */
  readonly buckets: string[];
}

function parse(text: string): Map<string, Metric> {
  const metrics = new Map<string, Metric>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type !== null) {
      metrics.set(type[1] as string, { type: type[2] as string, labels: null, buckets: [] });
      continue;
    }
    const series = /^([a-z_0-9]+)(?:\{(.*)\})? /.exec(line);
    if (line.startsWith('#') || series === null) continue;
    const [, name = '', labels = ''] = series;
    const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ''));
    if (metric === undefined) continue;
    const names = [...labels.matchAll(/(\w+)="/g)].map((match) => match[1] as string);
    metric.labels ??= names
      .filter((label) => label !== 'le')
      .sort()
      .join();
    const bound = /le="([^"]+)"/.exec(labels)?.[1];
    if (bound !== undefined && !metric.buckets.includes(bound)) metric.buckets.push(bound);
  }
  return metrics;
}

let etcd: ReferenceEtcd;
let cluster: TestCluster;
let theirs: Map<string, Metric>;
let ours: Map<string, Metric>;

async function use(client: RawClient): Promise<void> {
  await client.put({ key: encodeUtf8('a'), value: encodeUtf8('1') });
  await client.range({ key: encodeUtf8('a') });
  const put = await client.put({ key: encodeUtf8('a'), value: encodeUtf8('2') });
  await client.leaseGrant(0n, 60);
  await client.hashKv();
  await client.compact({ revision: put.header?.revision ?? 0, physical: true });
}

beforeAll(async () => {
  etcd = await ReferenceEtcd.start(['--metrics', 'extensive']);
  cluster = await TestCluster.start({ members: 1, flags: ['--metrics', 'extensive'] });
  const url = cluster.members[0]?.clientUrl as string;
  const client = new RawClient(url);
  await use(client);
  await use(etcd.client);
  theirs = parse((await httpGet(`http://${etcd.endpoint}/metrics`)).body);
  ours = parse((await httpGet(`${url}/metrics`)).body);
  client.close();
});

afterAll(async () => {
  await etcd?.stop();
  await cluster?.stop();
});

test("each metric of etcd's is ours too, or its absence is explained", () => {
  expect(theirs.size).toBeGreaterThan(100);
  const missing = [...theirs.keys()].filter((name) => !ours.has(name));
  const isExplained = (name: string): boolean => {
    return EXPLAINED.includes(name) || name.startsWith('go_');
  };
  expect(missing.filter((name) => !isExplained(name))).toEqual([]);
});

test('types, labels and buckets are the same', () => {
  const differing: string[] = [];
  for (const [name, metric] of theirs) {
    const own = ours.get(name);
    if (own === undefined || name.startsWith('go_')) continue;
    if (own.type !== metric.type) differing.push(`${name}: ${own.type}, not ${metric.type}`);
    if (own.labels !== null && metric.labels !== null && own.labels !== metric.labels) {
      differing.push(`${name}: labels ${own.labels}, not ${metric.labels}`);
    }
    if (own.buckets.length > 0 && own.buckets.join() !== metric.buckets.join()) {
      differing.push(`${name}: buckets ${own.buckets.join()}, not ${metric.buckets.join()}`);
    }
  }
  expect(differing).toEqual([]);
});

test('what was used is counted', async () => {
  const { body } = await httpGet(`${cluster.members[0]?.clientUrl}/metrics`);
  const value = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1]);
  for (const name of [
    ...['etcd_mvcc_put_total', 'etcd_mvcc_range_total', 'etcd_debugging_lease_granted_total'],
    ...['etcd_disk_wal_fsync_duration_seconds_count', 'etcd_disk_wal_write_bytes_total'],
    ...['etcd_debugging_mvcc_db_compaction_keys_total', 'etcd_debugging_mvcc_db_compaction_last'],
    ...['etcd_debugging_mvcc_db_compaction_total_duration_milliseconds_count'],
    ...['etcd_debugging_mvcc_total_put_size_in_bytes', 'etcd_mvcc_hash_rev_duration_seconds_count'],
  ]) {
    expect([name, value(name) > 0]).toEqual([name, true]);
  }
});
