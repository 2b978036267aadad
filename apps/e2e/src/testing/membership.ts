/** What tests of membership do: conclavectl, ids by name, members that join, and the load that judges. */
import { type MemberSlot, type TestCluster, etcdctl } from './cluster.js';
import { Writer, hashesAt, missingWrites } from './load.js';
import { type Ran, bundle, httpGet, run, until } from './process.js';
import { RawClient } from './raw-client.js';

export const EXISTING = ['--initial-cluster-state', 'existing'] as const;
const READY_MS = 30_000;

export function conclavectl(
  endpoints: string,
  args: readonly string[],
  timeoutMs = 40_000,
): Promise<Ran> {
  const all = [bundle('cli'), '--endpoints', endpoints, ...args];
  // The command comes first, flags may stand anywhere behind it.
  const [file = '', flag = '', list = '', ...rest] = all;
  const [command = '', ...more] = rest;
  return run(process.execPath, [file, command, ...more, flag, list], { timeoutMs });
}

export function address(member: MemberSlot): string {
  return member.clientUrl.replace('http://', '');
}

/** Member ids as etcdctl shows them, by name; unstarted ones by peer URL. */
export async function memberIds(at: string): Promise<Map<string, string>> {
  const ran = await conclavectl(at, ['member', 'list']);
  if (ran.code !== 0) throw new Error(ran.stderr);
  const rows = ran.stdout.trim().split('\n');
  return new Map(
    rows.map((row) => {
      const [id = '', , name = '', peer = ''] = row.split(', ');
      return [name || peer, id];
    }),
  );
}

export async function healthy(member: MemberSlot): Promise<void> {
  const check = async (): Promise<boolean> => {
    if (member.process.exit !== null) throw new Error(member.process.output.slice(-2_000));
    return (await httpGet(`${member.clientUrl}/health`)).status === 200;
  };
  await until(`${member.name} is healthy`, check, READY_MS);
}

/** Stops the writers and judges: every acknowledged write is there once, all members hash alike. */
export async function judge(cluster: TestCluster, writers: readonly Writer[]): Promise<number> {
  await Promise.all(writers.map((writer) => writer.stop()));
  const clients = cluster.members.map((m) => new RawClient(m.clientUrl));
  const reader = clients[0] as RawClient;
  let acknowledged = 0;
  for (const writer of writers) {
    const faults = await missingWrites(reader, writer);
    if (faults.length > 0) throw new Error(faults.slice(0, 10).join(', '));
    acknowledged += writer.acknowledged.size;
  }
  const revision = (await reader.range({ key: Uint8Array.of(1) })).header?.revision ?? 0;
  const hashes = await hashesAt(clients, revision);
  for (const client of clients) client.close();
  if (new Set(hashes).size !== 1) throw new Error(`hashes ${hashes.join(', ')}`);
  return acknowledged;
}

/** Adds by conclavectl, starts, waits for the promotion. */
export async function grow(
  cluster: TestCluster,
  name: string,
  at: MemberSlot,
): Promise<MemberSlot> {
  const slot = await cluster.newMember(name);
  const added = conclavectl(address(at), ['member', 'add', name, '--peer-urls', slot.peerUrl]);
  await until('it is listed', async () => (await memberIds(address(at))).has(slot.peerUrl));
  cluster.startMember(slot, EXISTING);
  const ran = await added;
  if (ran.code !== 0 || !/Member +[\da-f]+ promoted in cluster +[\da-f]+\n$/.test(ran.stderr)) {
    throw new Error(`member add ended with ${ran.code}: ${ran.stderr}`);
  }
  await healthy(slot);
  return slot;
}

/** The member that says it leads. */
export async function leaderOf(members: readonly MemberSlot[]): Promise<MemberSlot> {
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
export async function changed(at: MemberSlot, args: readonly string[]): Promise<Ran> {
  let ran = await etcdctl(address(at), args);
  await until('the cluster is healthy', async () => {
    if (!ran.stderr.includes('unhealthy cluster')) return true;
    ran = await etcdctl(address(at), args);
    return false;
  });
  return ran;
}

/** Waits until the member's process has ended because it was removed, and says so. */
export async function removed(member: MemberSlot): Promise<void> {
  await until(`${member.name} ended`, () => member.process.exit !== null);
  const { exit, output } = member.process;
  const isTold = output.includes('the member has been permanently removed from the cluster');
  if (exit?.code !== 0 || !isTold) {
    throw new Error(`${member.name} ended with ${JSON.stringify(exit)}: ${output.slice(-1_500)}`);
  }
}
