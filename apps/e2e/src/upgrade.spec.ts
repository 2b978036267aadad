/**
 * Two builds that differ in one feature: a cluster is upgraded member by member under load. The feature
 * number is raised after the last one; before that a member may go back to the older build, and behind
 * it the older build neither starts on that data nor joins.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FEATURE_SUPPORTED } from '@conclave/statemachine';
import { type MemberSlot, TestCluster } from './testing/cluster.js';
import { Incrementer, Writer, counterValue, hashesAt, missingWrites } from './testing/load.js';
import { changed, memberIds, removed } from './testing/membership.js';
import { freePorts } from './testing/ports.js';
import { httpGet, run, startApp, until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(180_000);

const REFUSED =
  `this cluster uses feature number ${FEATURE_SUPPORTED}, this build supports up to 0: ` +
  `start a build that supports ${FEATURE_SUPPORTED}`;

let cluster: TestCluster;

beforeAll(async () => {
  const script = join(__dirname, '../../../tools/bundle.mjs');
  const args = [script, '--feature-max', '0'];
  const built = await run(process.execPath, args, { timeoutMs: 50_000 });
  if (built.code !== 0) throw new Error(`the older build cannot be made: ${built.stderr}`);
  cluster = await TestCluster.start({ members: 4, gateways: 2, build: 'node-feature-0' });
});

afterAll(() => cluster.stop());

/** The feature number of the cluster, and what the member's build supports. */
async function featuresOf(member: MemberSlot): Promise<[number, number]> {
  const { body } = await httpGet(`${member.clientUrl}/metrics`);
  const value = (name: string): number =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body)?.[1] ?? -1);
  return [value('conclave_cluster_feature_number'), value('conclave_supported_feature_number')];
}

async function restart(member: MemberSlot, build: MemberSlot['build']): Promise<void> {
  await member.process.stop('SIGTERM');
  member.build = build;
  cluster.startMember(member);
  await cluster.ready();
  expect((await featuresOf(member))[1]).toBe(build === 'node' ? FEATURE_SUPPORTED : 0);
}

/** Its text once it has ended by itself with code 1. */
async function refusalOf(member: Pick<MemberSlot, 'process'>): Promise<string> {
  await until('the older build ends', () => member.process.exit !== null);
  expect(member.process.exit?.code).toBe(1);
  return member.process.output;
}

test('upgraded one by one under load, the cluster raises its number after the last', async () => {
  const [m1, m2, m3, m4] = cluster.members as [MemberSlot, MemberSlot, MemberSlot, MemberSlot];
  const endpoint = (i: number): string => (cluster.gateways[i % 2] as MemberSlot).clientUrl;
  const writers = [0, 1].map((i) => new Writer(`w${i}`, endpoint(i)).start());
  const counters = [0, 1].map((i) => new Incrementer(`counter${i}`, endpoint(i)).start());
  const reader = new RawClient(endpoint(0));
  const members = [m1, m2, m3].map((m) => new RawClient(m.clientUrl));
  try {
    expect(await featuresOf(m1)).toEqual([0, 0]);
    await restart(m1, 'node');
    await restart(m2, 'node');
    // Two builds at once: nothing is raised, a grant and a snapshot of state work as before.
    expect((await cluster.etcdctl(['lease', 'grant', '600'])).code).toBe(0);
    expect(await featuresOf(m1)).toEqual([0, FEATURE_SUPPORTED]);
    // A voter is removed as the older build does it: that one would keep it as a learner otherwise.
    const id = (await memberIds(cluster.endpoints)).get(m4.name) as string;
    expect(await changed(m1, ['member', 'remove', id])).toMatchObject({ code: 0 });
    await removed(m4);
    cluster.forget(m4);
    await restart(m2, 'node-feature-0');
    expect(await featuresOf(m2)).toEqual([0, 0]);
    await restart(m2, 'node');
    await restart(m3, 'node');
    await until('the number is raised on every member', async () => {
      const all = await Promise.all(cluster.members.map(featuresOf));
      return all.every(([feature]) => feature === FEATURE_SUPPORTED);
    });

    await m1.process.stop('SIGTERM');
    m1.build = 'node-feature-0';
    cluster.startMember(m1);
    expect(await refusalOf(m1)).toContain(REFUSED);
    m1.build = 'node';
    cluster.startMember(m1);
    await cluster.ready();

    const load = [...writers, ...counters];
    await Promise.all(load.map((one) => one.stop()));
    expect(load.flatMap((one) => one.failures)).toEqual([]);
    for (const writer of writers) expect(await missingWrites(reader, writer)).toEqual([]);
    for (const counter of counters) {
      expect(await counterValue(reader, counter.key)).toBe(counter.acknowledged);
    }
    const revision = (await reader.range({ key: Uint8Array.of(1) })).header?.revision ?? 0;
    expect(new Set(await hashesAt(members, revision)).size).toBe(1);
  } finally {
    await Promise.all([...writers, ...counters].map((one) => one.stop()));
    for (const client of [...members, reader]) client.close();
  }
});

test('an older build does not join: it says so and makes no data directory', async () => {
  const [peerPort, clientPort] = await freePorts(2);
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  // Refused until all members have been connected for five seconds.
  const add = ['member', 'add', 'm5', '--learner', '--peer-urls', peerUrl];
  await until('a learner is added', async () => (await cluster.etcdctl(add)).code === 0);
  const initial = [...cluster.members, { name: 'm5', peerUrl }];
  const dataDir = join(cluster.directory, 'm5');
  const start = (build: MemberSlot['build']): MemberSlot['process'] =>
    startApp(build, [
      ...['--name', 'm5', '--data-dir', dataDir, '--initial-cluster-state', 'existing'],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--listen-client-urls', `http://127.0.0.1:${clientPort}`],
      ...['--advertise-client-urls', `http://127.0.0.1:${clientPort}`],
      ...['--initial-cluster', initial.map((m) => `${m.name}=${m.peerUrl}`).join(',')],
    ]);
  const older = start('node-feature-0');
  expect(await refusalOf({ process: older })).toContain(REFUSED);
  expect(existsSync(join(dataDir, 'member', 'identity'))).toBe(false);
  const present = start('node');
  await until('the present build has joined', () => present.output.includes('ready to serve'));
  await present.stop('SIGKILL');
});
