/** A cluster grows and shrinks under load, with real processes: nothing acknowledged is lost. */
import { type MemberSlot, TestCluster } from './testing/cluster.js';
import { Writer } from './testing/load.js';
import {
  address,
  changed,
  grow,
  judge,
  leaderOf,
  memberIds,
  removed,
} from './testing/membership.js';

jest.setTimeout(120_000);

let cluster: TestCluster;
afterEach(async () => cluster?.stop());

test('a cluster grows from one to five and shrinks again under load; removed members say why they stop', async () => {
  cluster = await TestCluster.start({ members: 1 });
  const first = cluster.members[0] as MemberSlot;
  const writers = [new Writer('grow', first.clientUrl).start()];
  for (const name of ['m2', 'm3', 'm4', 'm5']) await grow(cluster, name, first);
  // Leaders and followers alike, each asked itself or through another one.
  for (let left = 5; left > 1; left--) {
    const leader = await leaderOf(cluster.members);
    const victim = left % 2 === 0 && leader !== first ? leader : cluster.members[left - 1];
    if (victim === undefined) throw new Error('nobody to remove');
    const ids = await memberIds(address(first));
    const via = left === 3 ? victim : first;
    const ran = await changed(via, ['member', 'remove', ids.get(victim.name) as string]);
    if (via === first) expect(ran).toMatchObject({ code: 0 });
    await removed(victim);
    cluster.forget(victim);
    expect((await memberIds(address(first))).size).toBe(left - 1);
  }
  const writes = await judge(cluster, writers);
  console.log(`${writes} acknowledged writes through 8 changes, all there`);
  expect(writes).toBeGreaterThan(50);
});
