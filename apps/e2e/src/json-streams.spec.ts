/**
 * Streams of the JSON gateway (watch, keepalive, observe, snapshot) at a member and at a gateway, line by line
 * as Debian's etcd has them; and clients that read slowly, stop, go away, or stay too long.
 */
import { JsonStream, ask, comparable, talk } from './testing/json-client.js';
import { until } from './testing/process.js';
import { TestCluster } from './testing/cluster.js';
import { type World, Worlds } from './testing/worlds.js';

jest.setTimeout(60_000);

let worlds: Worlds;
const open: JsonStream[] = [];

beforeAll(async () => {
  worlds = await Worlds.start();
});

afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});

afterAll(() => worlds.stop());

function stream(world: World, path: string, body?: string, headers = {}): JsonStream {
  const question = { path: `/v3/${path}`, headers, ...(body === undefined ? {} : { body }) };
  const made = new JsonStream(world.client.endpoint, question);
  open.push(made);
  return made;
}

async function put(key: string, value = 'MQ=='): Promise<void> {
  for (const world of worlds.all) {
    const body = `{"key":"${key}","value":"${value}"}`;
    const answer = await ask(world.client.endpoint, { path: '/v3/kv/put', body });
    expect(answer.status).toBe(200);
  }
}

/** What a stream shows after `count` lines, or at its end. */
async function shown(made: JsonStream, count: number): Promise<unknown> {
  await until(`${count} lines`, () => made.isOver || made.lines.length >= count).catch((error) => {
    throw new Error(`${String(error)}; there were ${made.lines.length}: ${made.text}`);
  });
  const type = made.headers['content-type'];
  return { status: made.status, type, lines: made.lines.slice(0, count).map(comparable) };
}

const A = '{"create_request":{"key":"YQ=="}}';

test.each<[string, string, string, number]>([
  [
    'a watch from the past',
    'watch',
    '{"create_request":{"key":"d2FybQ==","start_revision":"1"}}',
    2,
  ],
  ['names in camel case', 'watch', '{"createRequest":{"key":"d2FybQ==","startRevision":1}}', 2],
  ['several in one body', 'watch', `${A} ${A}\n{"progress_request":{}}`, 3],
  ['a watch that is cancelled', 'watch', `${A}{"cancel_request":{"watch_id":"0"}}`, 2],
  ['a broken second message', 'watch', `${A}{`, 1],
  ['a wrong second message', 'watch', `${A}{"create_request":5}`, 1],
  [
    'filters by name and number',
    'watch',
    '{"create_request":{"key":"YQ==","filters":["NOPUT",1]}}',
    1,
  ],
  ['keepalive of nothing', 'lease/keepalive', '{"ID":"5"}', 1],
  ['two keepalives', 'lease/keepalive', '{"ID":"5"}{"ID":6}', 2],
  ['no keepalive', 'lease/keepalive', '', 0],
  ['a wrong second keepalive', 'lease/keepalive', '{"ID":"5"}{"ID":"x"}', 1],
])('%s is answered as by etcd', async (_, path, body, count) => {
  const wanted = await shown(stream(worlds.etcd, path, body), count);
  for (const world of worlds.ours) {
    expect(await shown(stream(world, path, body), count)).toEqual(wanted);
  }
});

test('a deadline ends a stream as in etcd: with a line, or before the first with an error', async () => {
  const headers = { 'Grpc-Timeout': '300m' };
  const asked = [
    ['watch', A],
    ['watch', '{}'],
    ['election/observe', '{"name":"bm9ib2R5"}'],
  ] as const;
  for (const [path, body] of asked) {
    const of = async (world: World): Promise<unknown> => {
      const made = stream(world, path, body, headers);
      await until('the stream is over', () => made.isOver);
      // Of its two contexts that end now, etcd sometimes tells of the one without a code.
      const text = comparable(made.text)
        .replace('"grpc_code":2,"http_code":500', '"grpc_code":4,"http_code":504')
        .replace('Internal Server Error', 'Gateway Timeout');
      return [
        made.status === 500 ? 504 : made.status,
        text.replace('"code":2}', '"code":4}').trim(),
      ];
    };
    // And sometimes before its stream has begun, sometimes behind.
    const seen = new Set<string>();
    for (const world of worlds.ours) {
      const ours = JSON.stringify(await of(world));
      for (let i = 0; i < 10 && !seen.has(ours); i++)
        seen.add(JSON.stringify(await of(worlds.etcd)));
      expect([...seen]).toContain(ours);
    }
  }
});

test('requests may follow while answers come, and events come as they happen', async () => {
  const streams = worlds.all.map((world) => {
    return stream(world, 'watch', undefined, { 'Transfer-Encoding': 'chunked' });
  });
  for (const made of streams) made.request.write('{"create_request":{"key":"bGl2ZQ=="}}');
  for (const made of streams) await shown(made, 1);
  await put('bGl2ZQ==');
  for (const made of streams) {
    await shown(made, 2);
    made.request.write('{"create_request":{"key":"b3RoZXI="');
    made.request.write('}}');
  }
  const [member, gateway, etcd] = await Promise.all(streams.map((made) => shown(made, 3)));
  expect([member, gateway]).toEqual([etcd, etcd]);
});

test('observe shows each leader', async () => {
  const streams = [];
  for (const world of worlds.all) {
    const at = world.client.endpoint;
    await ask(at, { path: '/v3/lease/grant', body: '{"TTL":100,"ID":61}' });
    const body = '{"name":"b2Jz","lease":61,"value":"MQ=="}';
    await ask(at, { path: '/v3/election/campaign', body });
    streams.push(stream(world, 'election/observe', '{"name":"b2Jz"}'));
  }
  const [member, gateway, etcd] = await Promise.all(streams.map((made) => shown(made, 1)));
  expect(etcd).toMatchObject({ status: 200 });
  expect([member, gateway]).toEqual([etcd, etcd]);
});

test('a snapshot comes as lines of base64, whole and with its digest', async () => {
  const { createHash } = await import('node:crypto');
  for (const world of worlds.all) {
    const question = { path: '/v3/maintenance/snapshot', body: '{}' };
    const { status, body } = await ask(world.client.endpoint, question);
    expect(status).toBe(200);
    const blobs = body
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { result: { blob: string } }).result.blob);
    const file = Buffer.concat(blobs.map((blob) => Buffer.from(blob, 'base64')));
    const digest = createHash('sha256').update(file.subarray(0, -32)).digest();
    expect(file.subarray(-32).equals(digest)).toBe(true);
  }
});

test('a client that stops reading holds up nobody, and loses nothing when it goes on', async () => {
  const value = Buffer.alloc(100_000, 1).toString('base64');
  for (const world of worlds.ours) {
    const slow = stream(world, 'watch', '{"create_request":{"key":"c2xvdw=="}}');
    const quick = stream(world, 'watch', '{"create_request":{"key":"c2xvdw=="}}');
    await shown(slow, 1);
    await shown(quick, 1);
    slow.pause();
    for (let i = 0; i < 150; i++) {
      const body = `{"key":"c2xvdw==","value":"${value}"}`;
      await ask(world.client.endpoint, { path: '/v3/kv/put', body });
    }
    await until('the quick one saw all', () => events(quick) === 150);
    expect(events(slow)).toBeLessThan(150);
    slow.resume();
    await until('the slow one saw all', () => events(slow) === 150);
  }
});

function events(made: JsonStream): number {
  return made.lines.reduce((sum, line) => sum + (line.match(/"mod_revision"/g)?.length ?? 0), 0);
}

async function watchers(world: World): Promise<number> {
  const { body } = await ask(world.store.endpoint, { path: '/metrics', method: 'GET' });
  return Number(/etcd_debugging_mvcc_watcher_total (\d+)/.exec(body)?.[1]);
}

test('watches of clients that went away are gone, however they went', async () => {
  for (const world of worlds.ours) {
    await until('nobody watches', async () => (await watchers(world)) === 0);
    const left = Array.from({ length: 20 }, () => stream(world, 'watch', A));
    for (const made of left) await shown(made, 1);
    await until('all are counted', async () => (await watchers(world)) === 20);
    for (const made of left) made.close();
    await until('they are gone', async () => (await watchers(world)) === 0);
    const head = `POST /v3/watch HTTP/1.1\r\nHost: a\r\nContent-Length: ${A.length}\r\n\r\n`;
    const cut = await talk(world.client.endpoint, [head + A], { halfClose: true });
    expect(cut).toMatchObject({ isClosed: true });
    await until('this one too', async () => (await watchers(world)) === 0);
  }
  await worlds.memoryBack(256 << 20);
});

test('a lock whose client went away is let go', async () => {
  for (const world of worlds.ours) {
    const at = world.client.endpoint;
    for (const id of [71, 72, 73]) {
      await ask(at, { path: '/v3/lease/grant', body: `{"TTL":100,"ID":${id}}` });
    }
    const lock = (id: number): string => `{"name":"bGs=","lease":${id}}`;
    expect((await ask(at, { path: '/v3/lock/lock', body: lock(71) })).status).toBe(200);
    const waiting = stream(world, 'lock/lock', lock(72));
    const range = {
      path: '/v3/kv/range',
      body: '{"key":"bGsv","range_end":"bGsw","count_only":true}',
    };
    const waiters = async (): Promise<string | undefined> => {
      return /"count":"(\d+)"/.exec((await ask(at, range)).body)?.[1];
    };
    await until('it waits', async () => (await waiters()) === '2');
    waiting.close();
    await until('it is gone', async () => (await waiters()) === '1');
    await ask(at, { path: '/v3/lock/unlock', body: '{"key":"bGsvNDc="}' });
    expect((await ask(at, { path: '/v3/lock/lock', body: lock(73) })).status).toBe(200);
  }
});

test('a stop tells streams why they end', async () => {
  const cluster = await TestCluster.start({ members: 1, gateways: 1 });
  try {
    const member = cluster.members[0] as { clientUrl: string };
    const gateway = cluster.gateways[0] as { clientUrl: string };
    for (const [slot, url] of [
      [cluster.gateways[0], gateway.clientUrl],
      [cluster.members[0], member.clientUrl],
    ] as const) {
      const made = new JsonStream(url.replace('http://', ''), { path: '/v3/watch', body: A });
      open.push(made);
      await shown(made, 1);
      await slot?.process.stop('SIGTERM');
      expect(made.lines[1]).toBe(
        '{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: server stopped",' +
          '"http_status":"Service Unavailable"}}',
      );
    }
  } finally {
    await cluster.stop();
  }
});

test('without the gateway there is nothing below /v3/', async () => {
  const cluster = await TestCluster.start({ members: 1, flags: ['--enable-grpc-gateway=false'] });
  try {
    const endpoint = cluster.endpoints;
    const answer = await ask(endpoint, { path: '/v3/kv/range', body: '{"key":"YQ=="}' });
    expect(answer).toMatchObject({ status: 404, body: '404 page not found\n' });
  } finally {
    await cluster.stop();
  }
});
