/** The feed when its publisher stands still (SIGSTOP) for longer than its claim, and then goes on. */
import type { MemberSlot } from './testing/cluster.js';
import { caughtUp, publisherOf, storeView } from './testing/feed-load.js';
import { FeedRig, LEASE_TTL_S, pause } from './testing/feed-rig.js';
import { until } from './testing/process.js';
import type { RawClient } from './testing/raw-client.js';

jest.setTimeout(90_000);

test('a publisher that was stopped for longer than its lease doubles nothing', async () => {
  const rig = await FeedRig.start(Date.now() % 1_000_000);
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
