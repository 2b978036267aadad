/**
 * Every request of the Cluster service by stock etcdctl, against one member of ours and one real etcd:
 * exit codes and outputs must be the same once ids, addresses and versions are masked.
 */
import { TestCluster, etcdctl } from './testing/cluster.js';
import { conclavectl } from './testing/membership.js';
import { freePorts } from './testing/ports.js';
import type { Ran } from './testing/process.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';

jest.setTimeout(60_000);

let ours: TestCluster;
let reference: ReferenceEtcd;
let ports: number[];

beforeAll(async () => {
  ports = await freePorts(8);
  [ours, reference] = await Promise.all([TestCluster.start({ members: 1 }), ReferenceEtcd.start()]);
});
afterAll(async () => {
  await Promise.all([ours?.stop(), reference?.stop()]);
});

function mask(text: string): string {
  return text
    .replace(/\{"level":"warn".*\n?/g, '')
    .replace(/127\.0\.0\.1:\d+/g, 'HOST')
    .replace(/"(ClusterID|MemberID|ID)" : \d+/g, '"$1" : ID')
    .replace(/"(cluster_id|member_id|ID)":\d+/g, '"$1":ID')
    .replace(/"raft_term":\d+/g, '"raft_term":T')
    .replace(/"RaftTerm" : \d+/g, '"RaftTerm" : T')
    .replace(/ *\b[\da-f]{12,16}\b/g, ' HEXID')
    .replace(/\b(m1|default|reference)\b/g, 'NAME');
}

/** Members are listed by id, and ids differ from run to run. */
function sorted(text: string): string {
  const lines = mask(text)
    .split('\n')
    .map((line) => {
      if (!line.startsWith('{'))
        return line.replace(/="(.*)"$/, (_, v) => v.split(',').sort().join());
      const answer = JSON.parse(line.replace(/:(ID|T)\b/g, ':"$1"')) as { members?: unknown[] };
      answer.members = (answer.members ?? []).map((m) => JSON.stringify(m)).sort();
      return JSON.stringify(answer);
    });
  return lines.sort().join('\n');
}

const url = (i: number): string => `http://127.0.0.1:${ports[i]}`;

/** Ids of members by peer URL, and of the one that was there from the beginning. */
async function idsOf(endpoint: string): Promise<Map<string, string>> {
  const { stdout } = await etcdctl(endpoint, ['member', 'list']);
  const rows = stdout.trim().split('\n');
  return new Map(
    rows.map((row) => {
      const [id = '', state, , peer = ''] = row.split(', ');
      return [state === 'started' ? 'first' : peer, id];
    }),
  );
}

/** `%first` and `%2` in the arguments stand for ids: the first member's, and of the one at `url(2)`. */
async function same(args: readonly string[]): Promise<Ran> {
  const on = async (endpoint: string): Promise<Ran> => {
    const ids = args.some((a) => a.startsWith('%')) ? await idsOf(endpoint) : new Map();
    const filled = args.map((a) => {
      if (!a.startsWith('%')) return a;
      return String(ids.get(a === '%first' ? 'first' : url(Number(a.slice(1)))));
    });
    return etcdctl(endpoint, filled);
  };
  const [a, b] = await Promise.all([on(ours.endpoints), on(reference.endpoint)]);
  const shown = (r: Ran) => ({ code: r.code, out: sorted(r.stdout), err: mask(r.stderr) });
  expect({ args, ...shown(a) }).toEqual({ args, ...shown(b) });
  return a;
}

const UNKNOWN = '123';

test('what cannot be done is refused with the same words', async () => {
  await same(['member', 'remove', UNKNOWN]);
  await same(['member', 'promote', UNKNOWN]);
  await same(['member', 'update', UNKNOWN, '--peer-urls', url(0)]);
  await same(['member', 'remove', '%first']);
  await same(['member', 'promote', '%first']);
  await same(['move-leader', UNKNOWN]);
  await same(['member', 'add', 'x', '--peer-urls', 'http://127.0.0.1']);
  await same(['member', 'add', 'x', '--peer-urls', 'http://127.0.0.1:1/path']);
});

test('a learner is added, listed, not promoted before it runs, and removed', async () => {
  await same(['member', 'add', 'l', '--peer-urls', url(2), '--learner']);
  for (const format of ['simple', 'json', 'fields']) {
    const ran = await same(['member', 'list', '-w', format]);
    expect(ran.code).toBe(0);
  }
  await same(['member', 'add', 'm', '--peer-urls', url(3), '--learner']);
  await same(['member', 'promote', '%2']);
  await same(['move-leader', '%2']);
  // Not an update: before 3.5.31 etcd's makes a voter of a learner.
  await same(['member', 'remove', '%2']);
  await same(['member', 'list', '-w', 'json']);
});

test('the URLs of a member belong to nobody else', async () => {
  // An id is made of the URLs and the second, and one that was removed never returns: so these are URLs
  // that nobody had before, and for the second member not the same ones.
  await same(['member', 'add', 'l', '--peer-urls', url(4), '--learner']);
  await same(['member', 'add', 'm', '--peer-urls', `${url(4)},${url(6)}`]);
  await same(['member', 'remove', '%4', '-w', 'json']);
});

test('a voter beside one member is taken, and then nothing more without it', async () => {
  await same(['member', 'add', 'v', '--peer-urls', url(5), '-w', 'json']);
});

test('conclavectl prints what etcdctl prints', async () => {
  for (const format of ['simple', 'json', 'table']) {
    const args = ['member', 'list', '-w', format, '--consistency', 's'];
    const theirs = await etcdctl(ours.endpoints, args.slice(0, 4));
    const own = await conclavectl(ours.endpoints, args);
    expect({ format, out: own.stdout, code: own.code }).toEqual({
      ...{ format, out: theirs.stdout, code: theirs.code },
    });
  }
  for (const args of [
    ['member', 'list', '-w', 'what'],
    ['member', 'add', 'x'],
    ['member', 'remove'],
  ]) {
    const theirs = await etcdctl(ours.endpoints, args);
    const own = await conclavectl(ours.endpoints, args);
    expect({ args, code: own.code }).toEqual({ args, code: theirs.code });
  }
});
