import { type IncomingMessage, type Server, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NO_PROBE } from '@conclave/base';
import { DiscoveryError, DiscoveryUnavailable, joinCluster } from './join.js';
import { MemberFinder } from './member-finder.js';
import { Rig } from './testing/rig.js';
import { DEFAULT_V2_CLIENT, V2TokenClient } from './v2-client.js';

const T = '/0123456789abcdef';
const PORTS = { probe: NO_PROBE, sleep: () => new Promise<void>((done) => setImmediate(done)) };

function client(url: string, proxy: string | null = null): V2TokenClient {
  return new V2TokenClient({ ...DEFAULT_V2_CLIENT, url, proxy });
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the v2 client', () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await Rig.start();
    await rig.ask('PUT', `${T}/_config/size`, 'value=3');
  });

  afterEach(() => rig.stop());

  test('three members that join at once agree on one cluster', async () => {
    const joined = await Promise.all(
      ['1', '2', '3'].map((id) => {
        const self = { id, value: `n${id}=http://h${id}:1` };
        return joinCluster(client(`${rig.url}${T}`), self, PORTS);
      }),
    );
    expect(new Set(joined).size).toBe(1);
    expect(joined[0]?.split(',').sort()).toEqual([
      'n1=http://h1:1',
      'n2=http://h2:1',
      'n3=http://h3:1',
    ]);
  });

  test('all of it goes through a proxy in absolute form', async () => {
    const seen: string[] = [];
    const proxy = createServer((asked: IncomingMessage, response) => {
      seen.push(asked.url ?? '');
      const { method, headers } = asked;
      const on = request(
        asked.url ?? '',
        { method: method ?? 'GET', headers, agent: false },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      );
      asked.pipe(on);
    });
    const proxyUrl = await listening(proxy);
    const [, size] = await Promise.all([
      client(`${rig.url}${T}`, proxyUrl).register('1', 'n=http://h:1'),
      client(`${rig.url}${T}`, proxyUrl).look(),
    ]);
    expect(size.size).toBe(3);
    expect(seen.every((url) => url.startsWith(`${rig.url}${T}`))).toBe(true);
    proxy.closeAllConnections();
    proxy.close();
  });

  test.each([
    ['an unknown token', `${T}x`, 'discovery: size key not found'],
    ['a page that is no discovery service', '/version/', 'discovery: bad discovery endpoint'],
  ])('%s ends the join', async (_name, path, text) => {
    const look = client(`${rig.url}${path}`).look();
    await expect(look).rejects.toThrow(DiscoveryError);
    await expect(look).rejects.toThrow(text);
  });

  test('nobody there, and errors of the server, are no end', async () => {
    const busy = createServer((_asked, response) => {
      response.writeHead(503);
      response.end('busy');
    });
    const url = await listening(busy);
    await expect(client(`${url}${T}`).look()).rejects.toThrow(DiscoveryUnavailable);
    await new Promise((resolve) => busy.close(resolve));
    await expect(client(`${url}${T}`).look()).rejects.toThrow(DiscoveryUnavailable);
  });

  test('a finder tells members as they register, and rests when all are there', async () => {
    const told: string[] = [];
    let complete: () => void = () => {};
    const isComplete = new Promise<void>((resolve) => (complete = resolve));
    const finder = new MemberFinder(client(`${rig.url}${T}`), {
      probe: NO_PROBE,
      isLinked: () => true,
      found: (urls) => {
        told.push(urls.join());
        if (urls.length === 3) complete();
      },
    });
    for (const id of ['1', '2', '3']) {
      await rig.ask('PUT', `${T}/${id}`, `value=n${id}=http://h${id}:1`);
    }
    await isComplete;
    expect(told.at(-1)).toBe('http://h1:1,http://h2:1,http://h3:1');
    expect(rig.http.waitingCount).toBe(0);
    finder.close();
  });
});
