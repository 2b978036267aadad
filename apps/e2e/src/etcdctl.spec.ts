/**
 * Stock etcdctl against one member, and the same commands against a real etcd: exit codes and
 * outputs must be the same once ids, versions and times are masked.
 */
import { spawn } from 'node:child_process';
import { TestCluster, etcdctl } from './testing/cluster.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';
import { until } from './testing/process.js';
import type { Ran } from './testing/process.js';

jest.setTimeout(120_000);

let ours: TestCluster;
let reference: ReferenceEtcd;

beforeAll(async () => {
  [ours, reference] = await Promise.all([TestCluster.start({ members: 1 }), ReferenceEtcd.start()]);
});
afterAll(async () => {
  await Promise.all([ours?.stop(), reference?.stop()]);
});

/** What differs between any two clusters. */
function mask(text: string): string {
  return text
    .replace(/127\.0\.0\.1:\d+/g, 'HOST')
    .replace(/"(ClusterID|MemberID)" : \d+/g, '"$1" : ID')
    .replace(/"(cluster_id|member_id)":\d+/g, '"$1":ID')
    .replace(/"raft_term":\d+/g, '"raft_term":T')
    .replace(/"RaftTerm" : \d+/g, '"RaftTerm" : T')
    .replace(/\{"level":"warn".*\n?/g, '')
    .replace(/\b[\da-f]{15,16}\b/g, 'HEXID')
    .replace(/took = \S+/g, 'took = TIME');
}

/** Runs on both and compares; answers ours. */
async function same(args: readonly string[], input = ''): Promise<Ran> {
  const [a, b] = await Promise.all([
    ours.etcdctl(args, input),
    etcdctl(reference.endpoint, args, input),
  ]);
  const shown = (r: Ran) => ({ code: r.code, out: mask(r.stdout), err: mask(r.stderr) });
  expect({ args, ...shown(a) }).toEqual({ args, ...shown(b) });
  return a;
}

test('put and get in every form print what they print against etcd', async () => {
  for (const [key, value] of [
    ['a1', 'x'],
    ['a2', 'w'],
    ['a3', 'v'],
    ['b', 'y'],
    ['a1', 'z'],
  ]) {
    await same(['put', key as string, value as string]);
  }
  await same(['put', 'a2', 'ww', '--prev-kv']);
  await same(['put', 'a2', '--ignore-value']);
  await same(['put', 'none', '--ignore-value']);
  await same(['put', '', 'x']);
  const gets = [
    ['a1'],
    ['a', '--prefix'],
    ['a1', '--rev', '2'],
    ['a1', 'b'],
    ['a2', '--from-key'],
    ['', '--prefix', '--keys-only'],
    ['a', '--prefix', '--print-value-only'],
    ['a', '--prefix', '--limit', '2'],
    ['nothing'],
    ['a1', '--rev', '1000'],
    ['a', '--prefix', '--consistency', 's'],
    ['a1', '--hex'],
  ];
  for (const get of gets) {
    await same(['get', ...get]);
    for (const format of ['json', 'fields']) await same(['get', ...get, '-w', format]);
  }
  for (const by of ['CREATE', 'KEY', 'MODIFY', 'VALUE', 'VERSION']) {
    for (const order of ['ASCEND', 'DESCEND']) {
      await same(['get', 'a', '--prefix', '--sort-by', by, '--order', order, '-w', 'json']);
    }
  }
});

test('protobuf output holds the same message but for the ids', async () => {
  const ran = await ours.etcdctl(['get', 'a1', '-w', 'protobuf']);
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain('a1');
});

test('del prints the count and the previous pairs', async () => {
  await same(['put', 'd1', '1']);
  await same(['put', 'd2', '2']);
  await same(['put', 'd3', '3']);
  await same(['del', 'd1', '--prev-kv']);
  await same(['del', 'd', '--prefix', '--prev-kv', '-w', 'json']);
  await same(['del', 'none']);
});

test('txn from standard input takes both branches, compares and errors', async () => {
  await same(['put', 't', 'one']);
  await same(['txn'], 'value("t") = "one"\n\nput t two\nget t\n\nput t three\n\n');
  await same(['txn'], 'value("t") = "one"\n\nput t two\n\nget t\ndel t\n\n');
  await same(['txn'], 'mod("t") > "0"\nver("none") = "0"\n\nput t 1\n\nput t 2\n\n');
  await same(['txn', '-w', 'json'], 'create("t") != "0"\n\nput u 1\nget u\ndel u2\n\n\n\n');
  await same(['txn'], '\n\nput same 1\nput same 2\n\n\n\n');
});

test('leases are granted, shown, kept alive and revoked', async () => {
  const granted = await ours.etcdctl(['lease', 'grant', '100']);
  expect(granted.stdout).toMatch(/^lease [\da-f]{16} granted with TTL\(100s\)\n$/);
  const id = /lease ([\da-f]+)/.exec(granted.stdout)?.[1] as string;
  expect((await ours.etcdctl(['put', 'leased', 'v', '--lease', id])).stdout).toBe('OK\n');
  const shown = await ours.etcdctl(['lease', 'timetolive', id, '--keys']);
  expect(shown.stdout).toMatch(
    /^lease [\da-f]+ granted with TTL\(100s\), remaining\((99|100)s\), attached keys\(\[leased\]\)\n$/,
  );
  expect((await ours.etcdctl(['lease', 'keep-alive', '--once', id])).stdout).toBe(
    `lease ${id} keepalived with TTL(100)\n`,
  );
  expect((await ours.etcdctl(['lease', 'list'])).stdout).toBe(`found 1 leases\n${id}\n`);
  expect((await ours.etcdctl(['lease', 'revoke', id])).stdout).toBe(`lease ${id} revoked\n`);
  expect((await ours.etcdctl(['get', 'leased'])).stdout).toBe('');
  await same(['lease', 'timetolive', '1234']);
  await same(['lease', 'revoke', '1234']);
  await same(['lease', 'keep-alive', '--once', '1234']);
  await same(['put', 'k', 'v', '--lease', '1234']);
});

test('compaction, and reading what is gone', async () => {
  await same(['put', 'c', '1']);
  await same(['put', 'c', '2']);
  const revision = async (endpoint: string): Promise<string> => {
    const ran = await etcdctl(endpoint, ['get', 'c', '-w', 'json']);
    return String(JSON.parse(ran.stdout).header.revision);
  };
  const [a, b] = await Promise.all([revision(ours.endpoints), revision(reference.endpoint)]);
  // Leases of the test before moved our revision only.
  for (const [endpoint, rev] of [
    [ours.endpoints, a],
    [reference.endpoint, b],
  ] as const) {
    const ran = await etcdctl(endpoint, ['compaction', rev]);
    expect(ran.stdout).toBe(`compacted revision ${rev}\n`);
    const again = await etcdctl(endpoint, ['compaction', rev]);
    expect(again.stderr).toContain('mvcc: required revision has been compacted');
    const physical = await etcdctl(endpoint, ['get', 'c', '--rev', '2']);
    expect(physical.stderr).toContain('mvcc: required revision has been compacted');
  }
  await same(['get', 'c', '--rev', '1']);
  await same(['compaction', '99999']);
});

test('member list, endpoint status, health and hashkv', async () => {
  expect((await ours.etcdctl(['member', 'list'])).stdout).toMatch(
    /^[\da-f]+, started, m1, http:\/\/127.0.0.1:\d+, http:\/\/127.0.0.1:\d+, false\n$/,
  );
  const status = await ours.etcdctl(['endpoint', 'status', '-w', 'json']);
  expect(JSON.parse(status.stdout)[0].Status).toMatchObject({ version: '3.6.9', raftTerm: 2 });
  expect((await ours.etcdctl(['endpoint', 'status', '-w', 'table'])).code).toBe(0);
  const health = await ours.etcdctl(['endpoint', 'health']);
  expect(health.stdout + health.stderr).toContain('is healthy: successfully committed proposal');
  expect((await ours.etcdctl(['endpoint', 'hashkv', '-w', 'table'])).code).toBe(0);
  await same(['alarm', 'list']);
});

test('endpoints given as URLs and as addresses are served alike', async () => {
  const address = ours.endpoints;
  for (const endpoints of [`http://${address}`, `http://${address}/`, address]) {
    const status = await etcdctl(endpoints, ['endpoint', 'status', '-w', 'json']);
    expect([endpoints, status.code, status.stderr]).toEqual([endpoints, 0, '']);
    expect((await etcdctl(endpoints, ['endpoint', 'hashkv'])).code).toBe(0);
    expect((await etcdctl(endpoints, ['endpoint', 'health'])).code).toBe(0);
    expect((await etcdctl(endpoints, ['put', 'by-url', endpoints])).stdout).toBe('OK\n');
    expect((await etcdctl(endpoints, ['get', 'by-url'])).stdout).toBe(`by-url\n${endpoints}\n`);
  }
});

/** A command that runs until it is told to stop; its output so far. */
function follow(endpoint: string, args: readonly string[], input?: string) {
  const child = spawn('etcdctl', ['--endpoints', endpoint, ...args], {
    env: { ...process.env, ETCDCTL_API: '3' },
  });
  const state = { output: '', child, ended: new Promise((done) => child.on('close', done)) };
  child.stdout.on('data', (chunk) => (state.output += String(chunk)));
  child.stderr.on('data', (chunk) => (state.output += String(chunk)));
  if (input !== undefined) child.stdin.write(input);
  return state;
}

test('watch prints live events, history, previous values and progress', async () => {
  await ours.etcdctl(['put', 'w1', '1']);
  const at = JSON.parse((await ours.etcdctl(['get', 'w1', '-w', 'json'])).stdout).kvs[0];
  await ours.etcdctl(['put', 'w1', '2']);
  const history = follow(ours.endpoints, [
    ...['watch', 'w', '--prefix', '--prev-kv', '--rev', String(at.mod_revision)],
  ]);
  const interactive = follow(ours.endpoints, ['watch', '-i'], 'watch w2\nwatch w3\nprogress\n');
  await until('the history', () => history.output.includes('PUT\nw1\n1\nw1\n2\n'));
  await until('progress', () => /progress notify: \d+/.test(interactive.output));
  await ours.etcdctl(['put', 'w2', 'x']);
  await ours.etcdctl(['del', 'w2']);
  await ours.etcdctl(['put', 'w3', 'y']);
  await until('live events', () => history.output.includes('PUT\nw3\ny\n'));
  await until('three events', () => interactive.output.includes('PUT\nw3\ny\n'));
  expect(history.output).toBe(
    'PUT\nw1\n1\nPUT\nw1\n1\nw1\n2\nPUT\nw2\nx\nDELETE\nw2\nx\nw2\n\nPUT\nw3\ny\n',
  );
  expect(interactive.output).toContain('PUT\nw2\nx\nDELETE\nw2\n\n');
  history.child.kill('SIGINT');
  interactive.child.kill('SIGINT');
  await Promise.all([history.ended, interactive.ended]);
});

test('lock runs a command while it holds the lock, and the next one waits', async () => {
  const first = follow(ours.endpoints, ['lock', 'mutex']);
  await until('the first holds it', () => /^mutex\/[\da-f]+\n/.test(first.output));
  const second = follow(ours.endpoints, ['lock', 'mutex', 'echo', 'mine']);
  await new Promise((done) => setTimeout(done, 300));
  expect(second.output).toBe('');
  first.child.kill('SIGINT');
  await first.ended;
  await until('the second gets it', () => second.output.includes('mine'));
  await second.ended;
});

test('elect elects, and listeners see who', async () => {
  const candidate = follow(ours.endpoints, ['elect', 'office', 'alice']);
  await until('elected', () => candidate.output.includes('alice'));
  const listener = follow(ours.endpoints, ['elect', '-l', 'office']);
  await until('seen', () => listener.output.includes('alice'));
  candidate.child.kill('SIGINT');
  listener.child.kill('SIGINT');
  await Promise.all([candidate.ended, listener.ended]);
});

test('make-mirror copies a member into another store', async () => {
  await ours.etcdctl(['put', 'mirror/a', '1']);
  const mirror = follow(ours.endpoints, ['make-mirror', reference.endpoint, '--prefix', 'mirror/']);
  const there = async (): Promise<string> =>
    (await etcdctl(reference.endpoint, ['get', 'mirror/', '--prefix', '--print-value-only']))
      .stdout;
  await until('the copy', async () => (await there()) === '1\n');
  await ours.etcdctl(['put', 'mirror/b', '2']);
  await until('the update', async () => (await there()) === '1\n2\n');
  mirror.child.kill('SIGINT');
  await mirror.ended;
});
