/**
 * All members restarted one after the other by SIGTERM, under load through gateways: no client notices.
 */
import { TestCluster } from './testing/cluster.js';
import {
  FullWatcher,
  Incrementer,
  Writer,
  counterValue,
  hashesAt,
  missingWrites,
} from './testing/load.js';
import { until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(120_000);

const STOP_MS_MAX = 5_000;

test('a rolling restart of all members fails no call and applies each increment once', async () => {
  const cluster = await TestCluster.start({ members: 3, gateways: 2 });
  const gateways = cluster.gateways.map((g) => g.clientUrl);
  const endpoint = (i: number): string => gateways[i % gateways.length] as string;
  const writers = [0, 1, 2, 3].map((i) => new Writer(`w${i}`, endpoint(i)).start());
  const counters = [0, 1, 2].map((i) => new Incrementer(`counter${i}`, endpoint(i)).start());
  const watchers = gateways.map((g) => new FullWatcher(g));
  const members = cluster.members.map((m) => new RawClient(m.clientUrl));
  const reader = new RawClient(endpoint(0));
  const stops: number[] = [];
  try {
    for (const member of cluster.members) {
      const before = writers.map((w) => w.acknowledged.size);
      const startMs = performance.now();
      const exit = await member.process.stop('SIGTERM');
      stops.push(performance.now() - startMs);
      expect(exit.signal).toBe('SIGTERM');
      await until('load goes on without it', () =>
        writers.every((w, i) => w.acknowledged.size > (before[i] as number) + 5),
      );
      cluster.startMember(member);
      await cluster.ready();
    }
    await Promise.all([...writers, ...counters].map((load) => load.stop()));
    expect([...writers, ...counters].flatMap((load) => load.failures)).toEqual([]);
    for (const writer of writers) expect(await missingWrites(reader, writer)).toEqual([]);
    for (const counter of counters) {
      expect(await counterValue(reader, counter.key)).toBe(counter.acknowledged);
    }
    const revision = (await reader.range({ key: Uint8Array.of(1) })).header?.revision ?? 0;
    expect(new Set(await hashesAt(members, revision)).size).toBe(1);
    await until('the watchers are at the head', () =>
      watchers.every((w) => w.fault !== null || w.revision >= revision),
    );
    expect(watchers.map((w) => [w.fault, w.opened])).toEqual(watchers.map(() => [null, 1]));
    expect(Math.max(...stops)).toBeLessThan(STOP_MS_MAX);
    const writes = writers.reduce((sum, w) => sum + w.acknowledged.size, 0);
    console.log(`${writes} writes, stops took ${stops.map((s) => Math.round(s)).join(', ')} ms`);
  } finally {
    await Promise.all([...writers, ...counters].map((load) => load.stop()));
    for (const w of watchers) w.close();
    for (const c of [...members, reader]) c.close();
    await cluster.stop();
  }
});
