/**
 * The load generator against a real etcd: what it reports is what the server has.
 */
import { join } from 'node:path';
import { run } from './testing/process.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';

const MAIN = join(__dirname, '../../../tools/bench/main.mjs');

interface Report {
  readonly systems: readonly {
    readonly version: string;
    readonly requests: number;
    readonly failed: number;
    readonly serverCpuSecondsPer100k: number | null;
    readonly verified: { readonly acknowledged: number; readonly found: number } | null;
    readonly rounds: readonly { readonly ok: number }[];
  }[];
  readonly ratio: { readonly ratios: readonly number[] } | null;
}

describe('bench against etcd', () => {
  let etcd: ReferenceEtcd;
  beforeAll(async () => (etcd = await ReferenceEtcd.start()), 30_000);
  afterAll(() => etcd.stop());

  const bench = async (verb: string, ...flags: string[]): Promise<Report> => {
    const load = ['--clients', '20', '--conns', '4', '--total', '500', '--warmup', '0'];
    const keys = ['--keys', '500', '--sequential', '--json'];
    const ran = await run(process.execPath, [MAIN, verb, ...load, ...keys, ...flags]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(ran.stdout) as Report;
  };
  const all = { key: Buffer.from('0'), rangeEnd: Buffer.from(':') };

  it('puts every key once, with a value of the wanted size', async () => {
    const before = (await etcd.client.range(all)).header?.revision ?? 0;
    const pid = String(etcd.process.pid);
    const report = await bench(
      'put',
      '--endpoints',
      etcd.endpoint,
      '--val-size',
      '99',
      '--pid',
      pid,
    );
    const system = report.systems[0];
    expect(system?.version).toMatch(/^3\.\d+\.\d+$/);
    expect(system).toMatchObject({ requests: 500, failed: 0 });
    expect(system?.verified).toMatchObject({ acknowledged: 500, found: 500 });
    expect(system?.serverCpuSecondsPer100k).not.toBeNull();
    const found = await etcd.client.range(all);
    expect(found.header?.revision).toBe(before + 500);
    expect(found.kvs.map(({ key }) => Buffer.from(key).toString())).toEqual(
      Array.from({ length: 500 }, (_, i) => String(i).padStart(8, '0')),
    );
    expect(new Set(found.kvs.map(({ value }) => value.length))).toEqual(new Set([99]));
    expect(new Set(found.kvs.map(({ version }) => version))).toEqual(new Set([1]));
  }, 30_000);

  it('compares two endpoints in alternating rounds of transactions and of gets', async () => {
    for (const [verb, writes] of [
      ['txn', 1],
      ['get', 0],
    ] as const) {
      const before = (await etcd.client.range(all)).header?.revision ?? 0;
      const pair = ['--compare', etcd.endpoint, '--with', etcd.endpoint, '--rounds', '2'];
      const report = await bench(verb, ...pair, '--no-fill');
      expect(report.ratio?.ratios).toHaveLength(2);
      const oks = report.systems.map(({ rounds }) => rounds.map(({ ok }) => ok));
      expect(oks).toEqual([
        [500, 500],
        [500, 500],
      ]);
      const after = (await etcd.client.range(all)).header?.revision;
      expect(after).toBe(before + 4 * 500 * writes);
    }
  }, 60_000);
});
