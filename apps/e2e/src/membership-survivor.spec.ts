/** A member that lost its data, and a cluster that lost its quorum for good. */
import { rmSync } from 'node:fs';
import { type MemberSlot, TestCluster } from './testing/cluster.js';
import { Writer } from './testing/load.js';
import {
  EXISTING,
  address,
  changed,
  grow,
  healthy,
  judge,
  memberIds,
  removed,
} from './testing/membership.js';
import { until } from './testing/process.js';

jest.setTimeout(120_000);

let cluster: TestCluster;
afterEach(async () => cluster?.stop());

test('a wiped data directory does not vote under its old id: it is told to be removed and added', async () => {
  cluster = await TestCluster.start({ members: 3 });
  const victim = cluster.members[2] as MemberSlot;
  const [first] = cluster.members as [MemberSlot];
  const id = (await memberIds(cluster.endpoints)).get(victim.name) as string;
  const writers = [new Writer('wiped', first.clientUrl).start()];
  await victim.process.stop('SIGKILL');
  rmSync(victim.dataDir, { recursive: true });
  cluster.startMember(victim);
  await until('it has ended', () => victim.process.exit !== null);
  expect(victim.process.exit).toEqual({ code: 1, signal: null });
  expect(victim.process.output).toMatch(
    /has a wiped data directory: remove and add this member: a member that forgot what it voted/,
  );
  const before = writers[0]?.acknowledged.size ?? 0;
  await until('the cluster goes on', () => (writers[0]?.acknowledged.size ?? 0) > before);
  // What it says helps.
  expect(await changed(first, ['member', 'remove', id])).toMatchObject({ code: 0 });
  rmSync(victim.dataDir, { recursive: true });
  const add = ['member', 'add', 'm3', '--peer-urls', victim.peerUrl];
  expect(await changed(first, add)).toMatchObject({ code: 0 });
  cluster.startMember(victim, EXISTING);
  await healthy(victim);
  await judge(cluster, writers);
});

test('one survivor goes on alone with all data, refuses the others, and is joined by new ones', async () => {
  cluster = await TestCluster.start({ members: 3 });
  const [survivor, lost, alsoLost] = cluster.members as [MemberSlot, MemberSlot, MemberSlot];
  const writers = cluster.members.map((m) => new Writer(m.name, m.clientUrl).start());
  await until('writes', () => writers.every((w) => w.acknowledged.size > 20));
  await Promise.all(writers.map((w) => w.stop()));
  await Promise.all(cluster.members.map((m) => m.process.stop('SIGKILL')));
  cluster.forget(lost);
  cluster.forget(alsoLost);
  const empty = await cluster.newMember('m9');
  cluster.startMember(empty, ['--force-new-cluster']);
  expect(await empty.process.ended).toEqual({ code: 1, signal: null });
  expect(empty.process.output).toContain('--force-new-cluster goes on with the data of a member');
  cluster.forget(empty);

  cluster.startMember(survivor, ['--force-new-cluster']);
  await healthy(survivor);
  expect([...(await memberIds(address(survivor))).keys()]).toEqual(['m1']);
  for (const one of [lost, alsoLost]) {
    cluster.startMember(one);
    await removed(one);
  }
  await survivor.process.stop('SIGTERM');
  cluster.startMember(survivor);
  await healthy(survivor);
  const more = [new Writer('after', survivor.clientUrl).start()];
  await grow(cluster, 'm4', survivor);
  await grow(cluster, 'm5', survivor);
  await judge(cluster, [...writers, ...more]);
  expect((await memberIds(cluster.endpoints)).size).toBe(3);
});
