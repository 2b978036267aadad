/** `/debug/top`: what fills a member and what is watched on it, for those who allowed it. */
import { encodeUtf8 } from '@conclave/base';
import { TestCluster } from './testing/cluster.js';
import { httpGet, until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(60_000);

interface Top {
  readonly keys: number;
  readonly prefixes: readonly { prefix: string; keys: number; bytesEstimate: number }[];
  readonly watches: readonly {
    key: string;
    end?: string | null;
    watchers: number;
    events: number;
    bytes: number;
  }[];
}

const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(flags: readonly string[]): Promise<string> {
  const cluster = await TestCluster.start({ members: 1, flags });
  open.push(() => cluster.stop());
  return cluster.members[0]?.clientUrl as string;
}

test('without the flag it is refused, with what to do', async () => {
  const url = await start([]);
  const { status, body } = await httpGet(`${url}/debug/top`);
  expect([status, body]).toEqual([403, expect.stringContaining('--enable-debug-top')]);
});

test('large prefixes and busy watches come first', async () => {
  const url = await start(['--enable-debug-top']);
  const client = new RawClient(url);
  open.push(() => client.close());
  let events = 0;
  const watch = client.watch({
    response: (response) => void (events += response.events.length),
    end: () => undefined,
  });
  watch.create({ key: encodeUtf8('/big/'), rangeEnd: encodeUtf8('/big0') });
  watch.create({ key: encodeUtf8('/one/key') });
  open.push(() => watch.close());
  for (let i = 0; i < 50; i++) {
    await client.put({ key: encodeUtf8(`/big/x/${i}`), value: new Uint8Array(1_000) });
  }
  await client.put({ key: encodeUtf8('/one/key'), value: encodeUtf8('v') });
  await until('events came', () => events === 51);
  const { status, body } = await httpGet(`${url}/debug/top?limit=5`);
  expect(status).toBe(200);
  const top = JSON.parse(body) as Top;
  expect(top.keys).toBe(51);
  expect(top.prefixes[0]).toMatchObject({ prefix: '/big/x/', keys: 50 });
  expect(top.prefixes[0]?.bytesEstimate).toBeGreaterThan(50_000);
  expect(top.watches).toEqual([
    expect.objectContaining({ key: '/big/', end: '/big0', watchers: 1, events: 50 }),
    expect.objectContaining({ key: '/one/key', watchers: 1, events: 1 }),
  ]);
  expect(top.watches[0]?.bytes).toBeGreaterThan(50_000);
  expect((await httpGet(`${url}/debug/top?depth=0`)).status).toBe(400);
  expect((await httpGet(`${url}/debug/top?depth=1`)).body).toContain('"prefix":"/big/"');
});
