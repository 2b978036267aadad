import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { Failpoints } from './failpoints.js';
import { FAILPOINT_NAMES } from './names.js';
import { serveFailpoints } from './server.js';

let failpoints: Failpoints;
let server: Server;

beforeEach(async () => {
  failpoints = new Failpoints({
    random: () => 0,
    sleep: () => undefined,
    panic: (message) => {
      throw new Error(message);
    },
    print: () => undefined,
  });
  server = await serveFailpoints(failpoints, '127.0.0.1:0');
});

afterEach(() => new Promise((done) => server.close(done)));

async function ask(method: string, path: string, body?: string): Promise<[number, string]> {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { connection: 'close' },
    ...(body === undefined ? {} : { body }),
  });
  return [response.status, await response.text()];
}

test('a failpoint is set, shown, counted and deleted with the answers of gofail', async () => {
  expect(await ask('GET', '/beforeCommit')).toEqual([
    404,
    'failed to GET: failpoint: failpoint is disabled\n',
  ]);
  expect(await ask('PUT', '/beforeCommit', '2*return(5)')).toEqual([204, '']);
  expect(await ask('GET', '/beforeCommit')).toEqual([200, '2*return(5)\n']);
  for (let i = 0; i < 3; i++) failpoints.hit('beforeCommit');
  expect(await ask('GET', '/beforeCommit/count')).toEqual([200, '2']);
  expect(await ask('DELETE', '/beforeCommit')).toEqual([204, '']);
  expect(await ask('DELETE', '/beforeCommit')).toEqual([
    400,
    'failed to delete failpoint failpoint: failpoint is disabled\n',
  ]);
  expect(await ask('POST', '/beforeCommit')).toEqual([405, 'Method not allowed\n']);
});

test('an unknown name or bad terms are refused, and nothing changes', async () => {
  expect(await ask('PUT', '/nowhere', 'panic')).toEqual([400, 'failed to set failpoint nowhere\n']);
  expect(await ask('PUT', '/beforeCommit', 'jump')).toEqual([
    400,
    'failed to set failpoint beforeCommit\n',
  ]);
  expect((await ask('PUT', '/failpoints', 'beforeCommit=off;nowhere=off'))[0]).toBe(400);
  expect((await ask('GET', '/beforeCommit'))[0]).toBe(404);
});

test('the list has every name once, sorted, with its terms', async () => {
  expect((await ask('PUT', '/failpoints', 'walBeforeSync=sleep(1);raftBeforeSave=off'))[0]).toBe(
    204,
  );
  const lines = (await ask('GET', '/'))[1].trimEnd().split('\n');
  expect(lines).toHaveLength(FAILPOINT_NAMES.length);
  expect(lines).toEqual([...lines].sort());
  expect(lines).toContain('walBeforeSync=sleep(1)');
  expect(lines).toContain('raftBeforeSave=off');
  expect(lines).toContain('afterCommit=');
});

test.each(['nowhere', '127.0.0.1:99999', '127.0.0.1:x'])(
  'the address %s is refused with one line',
  async (address) => {
    await expect(serveFailpoints(failpoints, address)).rejects.toThrow('not a host and a port');
  },
);
