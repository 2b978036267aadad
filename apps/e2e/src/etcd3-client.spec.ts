/** The npm client `etcd3` against a member: what a Node service does with a store. */
import { Etcd3 } from 'etcd3';
import { TestCluster } from './testing/cluster.js';
import { until } from './testing/process.js';

jest.setTimeout(60_000);

let cluster: TestCluster;
let client: Etcd3;

beforeAll(async () => {
  cluster = await TestCluster.start({ members: 1 });
  client = new Etcd3({ hosts: cluster.endpoints });
});
afterAll(async () => {
  client?.close();
  await cluster?.stop();
});

test('values are put, read, listed, sorted and deleted', async () => {
  await client.put('app/a').value('1');
  await client.put('app/b').value('2');
  expect(await client.get('app/a').string()).toBe('1');
  expect(await client.getAll().prefix('app/').strings()).toEqual({ 'app/a': '1', 'app/b': '2' });
  const keys = await client.getAll().prefix('app/').sort('Key', 'Descend').keys();
  expect(keys).toEqual(['app/b', 'app/a']);
  await client.delete().prefix('app/');
  expect(await client.get('app/a').string()).toBeNull();
});

test('a transaction compares and takes one branch', async () => {
  await client.put('txn').value('old');
  const result = await client
    .if('txn', 'Value', '==', 'old')
    .then(client.put('txn').value('new'))
    .else(client.get('txn'))
    .commit();
  expect(result.succeeded).toBe(true);
  expect(await client.get('txn').string()).toBe('new');
});

test('a watcher sees changes in order', async () => {
  const seen: string[] = [];
  const watcher = await client.watch().prefix('watched/').create();
  watcher.on('put', (kv) => seen.push(`put ${kv.key.toString()}=${kv.value.toString()}`));
  watcher.on('delete', (kv) => seen.push(`delete ${kv.key.toString()}`));
  await client.put('watched/a').value('1');
  await client.put('watched/a').value('2');
  await client.delete().key('watched/a');
  await until('three events', () => seen.length === 3);
  expect(seen).toEqual(['put watched/a=1', 'put watched/a=2', 'delete watched/a']);
  await watcher.cancel();
});

test('a lease keeps its keys as long as it is kept alive, and no longer', async () => {
  const lease = client.lease(2);
  await lease.put('leased').value('here');
  await lease.keepaliveOnce();
  expect(await client.get('leased').string()).toBe('here');
  await lease.revoke();
  expect(await client.get('leased').string()).toBeNull();
  const dying = client.lease(2, { autoKeepAlive: false });
  await dying.put('dying').value('soon');
  await until('it expires', async () => (await client.get('dying').string()) === null, 10_000);
  dying.release();
});

test('a lock excludes a second holder', async () => {
  const lock = client.lock('mutex').ttl(5);
  await lock.acquire();
  await expect(client.lock('mutex').ttl(5).acquire()).rejects.toThrow(/lock/i);
  await lock.release();
  await client
    .lock('mutex')
    .ttl(5)
    .do(async () => 'mine');
});

test('an election has one leader, and observers see it', async () => {
  const election = client.election('office', 5);
  const campaign = election.campaign('alice');
  await new Promise((resolve) => campaign.once('elected', resolve));
  expect(await election.leader()).toBe('alice');
  await campaign.resign();
});
