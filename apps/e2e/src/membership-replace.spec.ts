/** The leader is removed, and a dead member replaced by one command, under load. */
import { type MemberSlot, TestCluster } from './testing/cluster.js';
import { Writer } from './testing/load.js';
import {
  EXISTING,
  address,
  changed,
  conclavectl,
  healthy,
  judge,
  leaderOf,
  memberIds,
  removed,
} from './testing/membership.js';
import { until } from './testing/process.js';

jest.setTimeout(120_000);

let cluster: TestCluster;
afterEach(async () => cluster?.stop());

test('the leader is removed: another one leads, and nothing is lost', async () => {
  cluster = await TestCluster.start({ members: 3 });
  const leader = await leaderOf(cluster.members);
  const others = cluster.members.filter((m) => m !== leader);
  const writers = others.map((m) => new Writer(m.name, m.clientUrl).start());
  const ids = await memberIds(cluster.endpoints);
  const ran = await changed(leader, ['member', 'remove', ids.get(leader.name) as string]);
  expect(ran.stdout).toMatch(/^Member +[\da-f]+ removed from cluster +[\da-f]+\n$/);
  await removed(leader);
  cluster.forget(leader);
  const before = writers.map((w) => w.acknowledged.size);
  await until('writes go on', () =>
    writers.every((w, i) => w.acknowledged.size > (before[i] ?? 0)),
  );
  await judge(cluster, writers);
});

test('a dead member is replaced by one command, which goes on after a cut', async () => {
  cluster = await TestCluster.start({ members: 3 });
  const [first, second, dead] = cluster.members as [MemberSlot, MemberSlot, MemberSlot];
  const writers = [first, second].map((m) => new Writer(m.name, m.clientUrl).start());
  const ids = await memberIds(cluster.endpoints);
  const id = ids.get(dead.name) as string;
  const replace = (slot: MemberSlot, more: readonly string[] = [], which = id) =>
    conclavectl(address(first), [
      ...['member', 'replace', which, '--name', slot.name, '--peer-urls', slot.peerUrl, ...more],
    ]);
  const slot = await cluster.newMember('m4');
  const refused = await replace(slot);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toMatch(/^Error: member [\da-f]+ answers at http:\S+: it is not dead\./);
  const mistyped = await replace(slot, [], 'abc');
  expect(mistyped).toMatchObject({ code: 1 });
  expect(mistyped.stderr).toMatch(/^Error: there is no member abc\. The members are\n {2}/);
  expect(await memberIds(address(first))).toEqual(ids);

  await dead.process.stop('SIGKILL');
  cluster.forget(dead);
  const cut = await replace(slot, ['--wait-timeout', '100ms']);
  expect(cut.code).toBe(1);
  expect(cut.stderr).toMatch(/is not ready yet .*; the same command goes on waiting\n$/);
  // If the dead one led, the first answer may be that it changed: then the second run found it gone.
  expect(cut.stdout + cut.stderr).toMatch(/removed from cluster|was removed before; going on/);
  expect(cut.stdout).toContain(`conclave-node --name m4 --data-dir DIR`);
  expect(cut.stdout).toContain(`--initial-cluster m4=${slot.peerUrl},`);
  cluster.startMember(slot, EXISTING);
  const done = await replace(slot);
  expect(done).toMatchObject({ code: 0 });
  expect(done.stdout).toMatch(/Member +[\da-f]+ promoted in cluster +[\da-f]+\n$/);
  await healthy(slot);
  const again = await replace(slot);
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('nothing is left to do');
  // The dead one hears of it when it comes back.
  cluster.startMember(dead);
  await removed(dead);
  await judge(cluster, writers);
});
