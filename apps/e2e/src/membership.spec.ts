/**
 * The life of a cluster's members with real processes: growing and shrinking under load, a dead member
 * replaced by one command, the leader removed, a removed member that comes back, a wiped directory, and
 * one survivor that goes on alone.
 */
import { rmSync } from 'node:fs';
import { type MemberSlot, TestCluster, etcdctl } from './testing/cluster.js';
import { Writer } from './testing/load.js';
import { EXISTING, address, conclavectl, healthy, judge, memberIds } from './testing/membership.js';
import { type Ran, until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(120_000);

let cluster: TestCluster;
afterEach(async () => cluster?.stop());

/** Adds by conclavectl, starts, waits for the promotion. */
async function grow(name: string, at: MemberSlot): Promise<MemberSlot> {
  const slot = await cluster.newMember(name);
  const added = conclavectl(address(at), ['member', 'add', name, '--peer-urls', slot.peerUrl]);
  await until('it is listed', async () => (await memberIds(address(at))).has(slot.peerUrl));
  cluster.startMember(slot, EXISTING);
  const ran = await added;
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.stderr).toMatch(/Member +[\da-f]+ promoted in cluster +[\da-f]+\n$/);
  await healthy(slot);
  return slot;
}

async function leaderOf(members: readonly MemberSlot[]): Promise<MemberSlot> {
  let found: MemberSlot | undefined;
  await until('a leader', async () => {
    for (const member of members) {
      const client = new RawClient(member.clientUrl, { deadlineMs: 2_000 });
      const status = await client.status().catch(() => null);
      client.close();
      if (status !== null && status.leader === status.header?.memberId) found = member;
    }
    return found !== undefined;
  });
  return found as MemberSlot;
}

/** Stock etcdctl; again while links are younger than five seconds. */
async function changed(at: MemberSlot, args: readonly string[]): Promise<Ran> {
  let ran = await etcdctl(address(at), args);
  await until('the cluster is healthy', async () => {
    if (!ran.stderr.includes('unhealthy cluster')) return true;
    ran = await etcdctl(address(at), args);
    return false;
  });
  return ran;
}

async function removed(member: MemberSlot): Promise<void> {
  await until(`${member.name} ended`, () => member.process.exit !== null);
  const output = member.process.output.slice(-1_500);
  expect({ exit: member.process.exit, output }).toMatchObject({ exit: { code: 0, signal: null } });
  expect(member.process.output).toContain(
    'the member has been permanently removed from the cluster',
  );
}

test('a cluster grows from one to five and shrinks again under load; removed members say why they stop', async () => {
  cluster = await TestCluster.start({ members: 1 });
  const first = cluster.members[0] as MemberSlot;
  const writers = [new Writer('grow', first.clientUrl).start()];
  for (const name of ['m2', 'm3', 'm4', 'm5']) await grow(name, first);
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
  const replace = (slot: MemberSlot, more: readonly string[] = []) =>
    conclavectl(address(first), [
      ...['member', 'replace', id, '--name', slot.name, '--peer-urls', slot.peerUrl, ...more],
    ]);
  const slot = await cluster.newMember('m4');
  const refused = await replace(slot);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toMatch(/^Error: member [\da-f]+ answers at http:\S+: it is not dead\./);

  await dead.process.stop('SIGKILL');
  cluster.forget(dead);
  const cut = await replace(slot, ['--wait-timeout', '100ms']);
  expect(cut.code).toBe(1);
  expect(cut.stderr).toMatch(/is not ready yet .*; the same command goes on waiting\n$/);
  expect(cut.stdout).toContain(`Member ${id.padStart(16)} removed from cluster`);
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
  await grow('m4', survivor);
  await grow('m5', survivor);
  await judge(cluster, [...writers, ...more]);
  expect((await memberIds(cluster.endpoints)).size).toBe(3);
});
