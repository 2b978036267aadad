/**
 * Backups from end to end: saved by stock etcdctl and by conclavectl, restored into a new cluster, damaged,
 * cut, taken by the clock.
 */
import * as fs from 'node:fs';
import * as net from 'node:net';
import { join } from 'node:path';
import { encodeUtf8 } from '@conclave/base';
import { TestCluster, etcdctl } from './testing/cluster.js';
import { Writer } from './testing/load.js';
import { freePorts } from './testing/ports.js';
import { type Ran, bundle, run, startApp, until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(120_000);

const conclavectl = (...args: string[]): Promise<Ran> =>
  run(process.execPath, [bundle('cli'), ...args]);

interface Status {
  readonly hash: number;
  readonly revision: number;
  readonly totalKey: number;
  readonly totalSize: number;
  readonly compactRevision: number;
}

async function statusOf(file: string): Promise<Status> {
  const status = await conclavectl('snapshot', 'status', file, '-w', 'json');
  expect(status).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(status.stdout) as Status;
}

/** Restores `file` for each member of a cluster that is about to start. */
async function restoreAll(cluster: TestCluster, file: string, more: string[] = []): Promise<void> {
  const initial = cluster.members.map((m) => `${m.name}=${m.peerUrl}`).join(',');
  for (const member of cluster.members) {
    const restored = await conclavectl(
      ...['snapshot', 'restore', file, '--data-dir', member.dataDir, '--name', member.name],
      ...['--initial-cluster', initial, '--initial-advertise-peer-urls', member.peerUrl, ...more],
    );
    expect(restored).toMatchObject({ code: 0, stderr: '' });
  }
}

async function hashes(endpoint: string, revision: number): Promise<number[]> {
  const args = ['endpoint', 'hashkv', '--rev', String(revision), '-w', 'json'];
  const { stdout } = await etcdctl(endpoint, args);
  const answers = JSON.parse(stdout) as { HashKV: { hash: number } }[];
  return answers.map((answer) => answer.HashKV.hash);
}

/** Everything there is: keys, values and all revisions of each pair. */
async function everything(endpoint: string): Promise<unknown> {
  const { stdout } = await etcdctl(endpoint, ['get', '', '--from-key', '-w', 'json']);
  return (JSON.parse(stdout) as { kvs: unknown }).kvs;
}

/** A way to `target` that breaks each connection it is told to after some bytes of the answer. */
async function cuttingProxy(
  target: string,
  /** Bytes the n-th connection lets through; then it is cut, or held if `stalls`. */
  bytesOf: (connection: number) => number,
  stalls = false,
): Promise<{ url: string; connections: () => number; close: () => void }> {
  let connections = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    let left = bytesOf(connections++);
    const { hostname, port } = new URL(target);
    const there = net.connect(Number(port), hostname);
    for (const one of [socket, there]) {
      sockets.add(one);
      one.on('error', () => undefined);
    }
    socket.on('data', (bytes) => void there.write(bytes));
    there.on('data', (bytes) => {
      left -= bytes.length;
      if (left >= 0) socket.write(bytes);
      else if (!stalls) socket.destroy();
    });
    socket.on('close', () => there.destroy());
    there.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url: `http://127.0.0.1:${port}`, connections: () => connections, close };
}

const addresses = (cluster: TestCluster): string =>
  cluster.members.map((m) => m.clientUrl.replace('http://', '')).join(',');

let source: TestCluster;
let directory: string;
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  source = await TestCluster.start({ members: 3, gateways: 1 });
  directory = source.directory;
  const client = new RawClient((source.gateways[0] as { clientUrl: string }).clientUrl);
  await client.leaseGrant(77n, 3_600);
  for (let i = 0; i < 300; i++) {
    const key = encodeUtf8(`key-${i % 200}`);
    await client.put({ key, value: new Uint8Array(300).fill(i), ...(i % 9 ? {} : { lease: 77n }) });
  }
  for (let i = 0; i < 40; i++) {
    await client.put({ key: encodeUtf8(`large-${i}`), value: new Uint8Array(100_000).fill(i) });
  }
  client.close();
  await source.etcdctl(['del', 'key-17']);
  await source.etcdctl(['compact', '120']);
  await source.etcdctl(['put', 'last', 'one']);
});

afterAll(() => source.stop());

test('etcdctl saves through a gateway, and a new cluster has every key with its revisions and hash', async () => {
  const saved = await source.etcdctl(['snapshot', 'save', at('by-etcdctl')]);
  expect(saved.code).toBe(0);
  expect(fs.statSync(at('by-etcdctl')).size % 512).toBe(32);
  const status = await statusOf(at('by-etcdctl'));
  const before = addresses(source);
  expect(await hashes(before, status.revision)).toEqual(new Array(3).fill(status.hash));
  expect(status.compactRevision).toBe(120);
  const restored = await TestCluster.start({
    members: 3,
    before: (cluster) => restoreAll(cluster, at('by-etcdctl')),
  });
  try {
    const after = addresses(restored);
    const hash = new Array(3).fill(status.hash);
    expect(await hashes(after, status.revision)).toEqual(hash);
    expect(await everything(after)).toEqual(await everything(before));
    const leases = await restored.etcdctl(['lease', 'timetolive', '4d', '--keys']);
    expect(leases.stdout).toContain('granted with TTL(3600s)');
    const put = await restored.etcdctl(['put', 'new', 'life', '-w', 'json']);
    expect(JSON.parse(put.stdout).header.revision).toBe(status.revision + 1);
    const ids = async (c: TestCluster): Promise<bigint[]> => {
      const { stdout } = await c.etcdctl(['member', 'list']);
      return stdout.match(/^[0-9a-f]+/gm)?.map((id) => BigInt(`0x${id}`)) ?? [];
    };
    const old = new Set(await ids(source));
    expect((await ids(restored)).filter((id) => old.has(id))).toEqual([]);
  } finally {
    await restored.stop();
  }
});

test('a member of the old cluster is refused by the restored one', async () => {
  await conclavectl('snapshot', 'save', at('for-refusal'), '--endpoints', source.endpoints);
  const restored = await TestCluster.start({
    members: 2,
    before: (cluster) => restoreAll(cluster, at('for-refusal')),
  });
  try {
    // A member of the old cluster, stopped, then started where a new one should be.
    const [, second] = restored.members;
    const [old] = source.members;
    if (second === undefined || old === undefined) throw new Error('members are there');
    await second.process.stop('SIGTERM');
    await old.process.stop('SIGTERM');
    fs.rmSync(second.dataDir, { recursive: true });
    fs.cpSync(old.dataDir, second.dataDir, { recursive: true });
    source.startMember(old);
    restored.startMember(second);
    await until('the stranger is noticed', () => {
      const told = second.process.output + (restored.members[0]?.process.output ?? '');
      return (
        second.process.exit !== null ||
        /cluster/i.test(told.match(/refus.*|mismatch.*/g)?.join() ?? '')
      );
    });
    const put = await etcdctl((restored.members[0] as { clientUrl: string }).clientUrl, [
      ...['put', 'a', 'b', '--command-timeout', '2s'],
    ]);
    expect(put.code).not.toBe(0);
    await source.ready();
  } finally {
    await restored.stop();
  }
});

test('a backup under load is of one revision: all writes up to it, and none after', async () => {
  const writers = ['a', 'b'].map((prefix) =>
    new Writer(prefix, (source.gateways[0] as { clientUrl: string }).clientUrl).start(),
  );
  try {
    for (let round = 0; round < 3; round++) {
      const file = at(`load-${round}`);
      const put = await source.etcdctl(['put', `mark-${round}`, 'x', '-w', 'json']);
      const { revision } = JSON.parse(put.stdout).header as { revision: number };
      const [member] = source.members;
      const saved = await conclavectl(
        'snapshot',
        'save',
        file,
        '--endpoints',
        member?.clientUrl ?? '',
      );
      expect(saved).toMatchObject({ code: 0 });
      const status = await statusOf(file);
      if (round === 0) await until('writes go on', () => true);
      expect(await hashes(addresses(source), status.revision)).toEqual(
        new Array(3).fill(status.hash),
      );
      // The member asked may be a little behind the one that took the put, never behind its own answers.
      expect(status.revision).toBeGreaterThan(revision - 2_000);
    }
  } finally {
    await Promise.all(writers.map((writer) => writer.stop()));
  }
});

test('what a member acknowledged before it was asked is in its backup', async () => {
  const [member] = source.members;
  const client = new RawClient(member?.clientUrl ?? '');
  for (let i = 0; i < 5; i++) {
    const put = await client.put({ key: encodeUtf8('own'), value: encodeUtf8(`${i}`) });
    const file = at(`own-${i}`);
    await etcdctl(member?.clientUrl ?? '', ['snapshot', 'save', file]);
    const { revision } = await statusOf(file);
    expect(revision).toBeGreaterThanOrEqual(put.header?.revision ?? Number.NaN);
  }
  client.close();
});

test('files that are cut, damaged or of another kind are refused with a reason and leave nothing', async () => {
  const whole = at('whole');
  await conclavectl('snapshot', 'save', whole, '--endpoints', source.endpoints);
  const bytes = fs.readFileSync(whole);
  const flip = (offset: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[offset] = (copy[offset] as number) ^ 0x10;
    return copy;
  };
  const table: [string, Buffer, RegExp][] = [
    ['empty', Buffer.alloc(0), /no backup of Conclave/],
    ['text', Buffer.from('hello\n'.repeat(200)), /no backup of Conclave/],
    ['head-cut', bytes.subarray(0, 30), /ends inside its head/],
    ['head-flipped', flip(60), /its head is damaged/],
    ['row-flipped', flip(bytes.length >> 1), /row|SHA-256/],
    ['end-flipped', flip(bytes.length - 200), /cut short, or is damaged at its end/],
    ['sum-flipped', flip(bytes.length - 5), /SHA-256 is not that of its bytes/],
    ['byte-cut', bytes.subarray(0, bytes.length - 1), /cut short/],
    ['sum-cut', bytes.subarray(0, bytes.length - 32), /SHA-256 is missing/],
    ['block-cut', bytes.subarray(0, bytes.length - 512), /cut short/],
    ['longer', Buffer.concat([bytes, bytes]), /cut short|not as long/],
  ];
  for (const [name, content, reason] of table) {
    fs.writeFileSync(at(name), content);
    const dataDir = at(`of-${name}`);
    const refused = await conclavectl('snapshot', 'restore', at(name), '--data-dir', dataDir);
    expect([name, refused.code, refused.stdout]).toEqual([name, 1, '']);
    expect(refused.stderr).toMatch(reason);
    expect(fs.existsSync(dataDir)).toBe(false);
    expect((await conclavectl('snapshot', 'status', at(name))).stderr).toMatch(reason);
  }
  const missing = await conclavectl('snapshot', 'restore', at('none'), '--data-dir', at('of-none'));
  expect([missing.code, fs.existsSync(at('of-none'))]).toEqual([1, false]);
  expect(missing.stderr).toMatch(/no such file/);
});

test('skip-hash-check takes a file without its sum; rows are compared all the same', async () => {
  await conclavectl('snapshot', 'save', at('unsummed'), '--endpoints', source.endpoints);
  const bytes = fs.readFileSync(at('unsummed'));
  fs.writeFileSync(at('unsummed'), bytes.subarray(0, bytes.length - 32));
  const dataDir = at('of-unsummed');
  const args = ['snapshot', 'restore', at('unsummed'), '--data-dir', dataDir, '--skip-hash-check'];
  expect(await conclavectl(...args)).toMatchObject({ code: 0, stderr: '' });
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  fs.writeFileSync(at('unsummed'), bytes);
  fs.rmSync(dataDir, { recursive: true });
  expect((await conclavectl(...args)).stderr).toMatch(/its rows are not those|row/);
  expect(fs.existsSync(dataDir)).toBe(false);
});

test('restore refuses a directory that is not empty, and a wrong description of the cluster', async () => {
  const file = at('for-usage');
  await conclavectl('snapshot', 'save', file, '--endpoints', source.endpoints);
  fs.mkdirSync(at('full'));
  fs.writeFileSync(at('full/mine'), 'x');
  const full = await conclavectl('snapshot', 'restore', file, '--data-dir', at('full'));
  expect(full.stderr).toContain(`data-dir "${at('full')}" is not empty`);
  expect(fs.readdirSync(at('full'))).toEqual(['mine']);
  const wrong = async (...more: string[]): Promise<Ran> =>
    conclavectl('snapshot', 'restore', file, '--data-dir', at('unmade'), ...more);
  expect(await wrong('--name', 'x', '--initial-cluster', 'y=http://h:1')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`couldn't find local name "x"`) as string,
  });
  expect((await wrong('--bump-revision', '5')).stderr).toContain('go together');
  expect((await wrong('--mark-compacted')).stderr).toContain('go together');
  expect(fs.existsSync(at('unmade'))).toBe(false);
});

test('a restored cluster with a raised revision tells old watchers that they are compacted', async () => {
  const file = at('bumped');
  await conclavectl('snapshot', 'save', file, '--endpoints', source.endpoints);
  const { revision } = await statusOf(file);
  const flags = ['--bump-revision', '1000000', '--mark-compacted'];
  const restored = await TestCluster.start({
    members: 1,
    before: (cluster) => restoreAll(cluster, file, flags),
  });
  try {
    const get = await restored.etcdctl(['get', 'last', '-w', 'json']);
    expect(JSON.parse(get.stdout)).toMatchObject({
      header: { revision: revision + 1_000_000 },
      count: 1,
    });
    const old = await restored.etcdctl(['get', 'last', '--rev', String(revision + 5)]);
    expect(old.stderr).toContain('required revision has been compacted');
    const watch = await run(
      'etcdctl',
      [...['--endpoints', restored.endpoints, 'watch', 'last', '--rev', String(revision)]],
      { env: { ETCDCTL_API: '3' }, timeoutMs: 5_000 },
    );
    expect(watch.stdout + watch.stderr).toContain('compacted');
    const put = await restored.etcdctl(['put', 'last', 'two', '-w', 'json']);
    expect(JSON.parse(put.stdout).header.revision).toBe(revision + 1_000_001);
  } finally {
    await restored.stop();
  }
});

test('a restore that was killed leaves a directory that no member starts on, and can be done again', async () => {
  const file = at('for-kill');
  await conclavectl('snapshot', 'save', file, '--endpoints', source.endpoints);
  const dataDir = at('killed');
  fs.mkdirSync(join(dataDir, 'restoring', 'member'), { recursive: true });
  const [client, peer] = await freePorts(2);
  const node = await run(process.execPath, [
    ...[bundle('node'), '--data-dir', dataDir],
    ...['--listen-client-urls', `http://127.0.0.1:${client}`],
    ...['--advertise-client-urls', `http://127.0.0.1:${client}`],
    ...['--listen-peer-urls', `http://127.0.0.1:${peer}`],
  ]);
  expect(node.code).not.toBe(0);
  expect(node.stdout + node.stderr).toContain('did not finish: run it again');
  const again = await conclavectl('snapshot', 'restore', file, '--data-dir', dataDir);
  expect(again).toMatchObject({ code: 0 });
  expect(fs.readdirSync(dataDir)).toEqual(['member']);
  // Killed behind the move of the member, before the end: done again all the same.
  fs.mkdirSync(join(dataDir, 'restoring'));
  const third = await conclavectl('snapshot', 'restore', file, '--data-dir', dataDir);
  expect([third.code, third.stdout]).toEqual([0, again.stdout]);
  expect(fs.readdirSync(dataDir)).toEqual(['member']);
  const fourth = await conclavectl('snapshot', 'restore', file, '--data-dir', dataDir);
  expect(fourth.stderr).toContain('is not empty: name a new directory, or move member away');
});

test('a connection that breaks is made again, and the backup goes on where it stopped', async () => {
  const target = source.members[1]?.clientUrl ?? '';
  const proxy = await cuttingProxy(target, (n) => (n < 3 ? 1_200_000 : Number.POSITIVE_INFINITY));
  try {
    const saved = await conclavectl('snapshot', 'save', at('cut'), '--endpoints', proxy.url);
    expect(saved.code).toBe(0);
    expect(saved.stderr.match(/trying again/g)).toHaveLength(3);
    expect(saved.stderr).not.toContain('starting over');
    expect((await statusOf(at('cut'))).totalSize).toBeGreaterThan(4_000_000);
    expect([proxy.connections(), fs.existsSync(at('cut.part'))]).toEqual([4, false]);
  } finally {
    proxy.close();
  }
});

test('a save that was killed is gone on with by the next, or begun anew where its member restarted', async () => {
  const member = source.members[2];
  if (member === undefined) throw new Error('a third member is there');
  const killed = async (): Promise<number> => {
    const proxy = await cuttingProxy(member.clientUrl, () => 2_000_000, true);
    const save = startApp('cli', ['snapshot', 'save', at('k'), '--endpoints', proxy.url]);
    const size = (): number => fs.statSync(at('k.part'), { throwIfNoEntry: false })?.size ?? 0;
    await until('a part is there', () => size() > 1_000_000);
    await save.stop('SIGKILL');
    proxy.close();
    return size();
  };
  const received = await killed();
  const second = await conclavectl('snapshot', 'save', at('k'), '--endpoints', member.clientUrl);
  expect(second.stderr).toContain(`going on with ${at('k.part')}, ${received} bytes`);
  expect(second.stderr).not.toContain('starting over');
  await statusOf(at('k'));
  await killed();
  await member.process.stop('SIGKILL');
  source.startMember(member);
  await source.ready();
  const third = await conclavectl('snapshot', 'save', at('k'), '--endpoints', member.clientUrl);
  expect([third.code, third.stderr.match(/starting over/g)?.length]).toEqual([0, 1]);
  await statusOf(at('k'));
});
