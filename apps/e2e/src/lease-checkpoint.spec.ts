/**
 * Lease checkpoints with real processes: a long lease lives its TTL over changes of leader and restarts, not
 * longer by more than the checkpoints' slack, and never shorter.
 */
import { encodeUtf8 } from '@conclave/base';
import { LeaseTimeToLiveRequest, LeaseTimeToLiveResponse } from '@conclave/wire';
import { type MemberSlot, TestCluster, etcdctl } from './testing/cluster.js';
import { until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(120_000);

const TTL_S = 20;
const CHANGES = 4;
const CHANGE_EVERY_MS = 4_000;
/** Of one change: interval, two passes, rounding up to seconds, one election timeout. */
const SLACK_MS = 1_000 + 1_000 + 1_000 + 500;
const FLAGS = [
  ...['--heartbeat-interval', '50', '--election-timeout', '500'],
  ...['--experimental-enable-lease-checkpoint=true', '--lease-checkpoint-interval', '1s'],
];

let cluster: TestCluster;
let clients: RawClient[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start({ members: 3, flags: FLAGS });
  clients = cluster.members.map((member) => new RawClient(member.clientUrl));
});

afterAll(async () => {
  for (const client of clients) client.close();
  await cluster.stop();
});

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function client(i: number): RawClient {
  return clients[i % clients.length] as RawClient;
}

async function remaining(id: bigint): Promise<number> {
  const body = LeaseTimeToLiveRequest.encode(LeaseTimeToLiveRequest.create({ ID: id }));
  const path = '/etcdserverpb.Lease/LeaseTimeToLive';
  return LeaseTimeToLiveResponse.decode(await client(0).callBytes(path, body)).TTL;
}

/** Hands leadership to another member, as an operator would. */
async function changeLeader(): Promise<void> {
  const { leader } = await client(0).status();
  const ids = await Promise.all(clients.map(async (c) => (await c.status()).header?.memberId));
  const at = ids.indexOf(leader);
  const target = ids[(at + 1) % ids.length] as bigint;
  const member = cluster.members[at] as MemberSlot;
  const endpoint = member.clientUrl.replace('http://', '');
  const moved = await etcdctl(endpoint, ['move-leader', target.toString(16)]);
  expect(moved).toMatchObject({ code: 0 });
  await until('all know the new leader', async () => {
    const known = await Promise.all(clients.map(async (c) => (await c.status()).leader));
    return known.every((id) => id === target);
  });
}

async function exists(key: string): Promise<boolean> {
  return (await client(1).range({ key: encodeUtf8(key) })).kvs.length === 1;
}

test('a lease lives its TTL over four changes of leader; one kept alive lives on', async () => {
  const startMs = performance.now();
  await client(0).leaseGrant(71n, TTL_S);
  await client(0).leaseGrant(72n, 10);
  await client(0).put({ key: encodeUtf8('short'), lease: 71n });
  await client(0).put({ key: encodeUtf8('kept'), lease: 72n });
  const keeper = await cluster.etcdctl(['lease', 'keep-alive', '--once', '48']);
  expect(keeper.code).toBe(0);
  for (let change = 1; change <= CHANGES; change++) {
    await pause(startMs + change * CHANGE_EVERY_MS - performance.now());
    await changeLeader();
    const passedMs = performance.now() - startMs;
    const left = await remaining(71n);
    expect(left * 1_000).toBeGreaterThanOrEqual(TTL_S * 1_000 - passedMs - 1_000);
    expect(left * 1_000).toBeLessThanOrEqual(TTL_S * 1_000 - passedMs + change * SLACK_MS);
    // Checkpointed by now: the renewal takes that back, and gives the whole term again.
    expect((await cluster.etcdctl(['lease', 'keep-alive', '--once', '48'])).stdout).toMatch(
      /TTL\(10\)/,
    );
    expect(await remaining(72n)).toBeGreaterThanOrEqual(9);
  }
  await until('the lease ends', async () => !(await exists('short')), 60_000);
  const livedMs = performance.now() - startMs;
  console.log(`a lease of ${TTL_S} s lived ${(livedMs / 1_000).toFixed(1)} s`);
  expect(livedMs).toBeGreaterThanOrEqual(TTL_S * 1_000);
  expect(livedMs).toBeLessThanOrEqual(TTL_S * 1_000 + CHANGES * SLACK_MS);
});

test('what is left outlives a restart of all members', async () => {
  await client(0).leaseGrant(73n, 300);
  await pause(5_000);
  await Promise.all(cluster.members.map((member) => member.process.stop('SIGKILL')));
  for (const member of cluster.members) cluster.startMember(member);
  await cluster.ready();
  const left = await remaining(73n);
  expect(left).toBeLessThanOrEqual(298);
  expect(left).toBeGreaterThan(250);
});
