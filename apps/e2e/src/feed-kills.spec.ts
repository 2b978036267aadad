/**
 * The feed under kill -9 of its publisher, of NATS and of the leader, under load: what a consumer knows
 * is what the store holds, and the headers alone prove that nothing is missing and nothing is double.
 *
 * `KILLS=50 SEED=1` for the long run; a few kills without.
 */
import { caughtUp, storeView } from './testing/feed-load.js';
import { FeedRig, LEASE_TTL_S, pause } from './testing/feed-rig.js';
import { until } from './testing/process.js';

const KILLS = Number(process.env['KILLS'] ?? 8);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

jest.setTimeout(90_000 + KILLS * 15_000);

test(`after ${KILLS} kills of publisher, NATS and leader the feed is the store`, async () => {
  const rig = await FeedRig.start(SEED);
  try {
    await until('a member publishes', async () => (await rig.publisher()) !== null);
    for (let kill = 0; kill < KILLS; kill++) {
      await rig.killOne();
      await pause(rig.random.below(1_000));
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
