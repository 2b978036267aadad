import { encodeUtf8 } from '@conclave/base';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import { DeleteRangeRequest, PutRequest } from '@conclave/wire';
import { KvStore, type PrefixSizes } from './index.js';
import { prefixOf } from './prefix-survey.js';

function store(): { kv: KvStore; tasks: TaskQueue } {
  const tasks = new TaskQueue();
  const kv = new KvStore({}, { engine: new MemoryEngine(tasks), scheduler: tasks });
  kv.load((failure) => expect(failure).toBeNull());
  tasks.run();
  return { kv, tasks };
}

function put(kv: KvStore, key: string, bytes = 1): void {
  const request = PutRequest.create({ key: encodeUtf8(key), value: new Uint8Array(bytes) });
  expect(kv.write({ type: 'put', request }, () => false).ok).toBe(true);
}

function survey({ kv, tasks }: ReturnType<typeof store>, depth: number): PrefixSizes {
  let sizes: PrefixSizes | null = null;
  kv.survey(depth, (result) => void (sizes = result));
  tasks.run();
  return sizes as unknown as PrefixSizes;
}

test.each([
  ['/registry/pods/ns/p', 2, '/registry/pods/'],
  ['/registry/pods/ns/p', 1, '/registry/'],
  ['config/db/host', 2, 'config/db/'],
  ['config/db', 2, 'config/'],
  ['plain', 2, ''],
  ['/', 2, '/'],
  ['', 1, ''],
])('the prefix of %s at depth %d is %s', (key, depth, prefix) => {
  expect(prefixOf(key, depth)).toBe(prefix);
});

test('keys, versions and bytes are summed by prefix, most keys first; deleted keys are none', () => {
  const opened = store();
  const { kv } = opened;
  for (let i = 0; i < 300; i++) put(kv, `/a/x/${i}`, 100);
  for (let i = 0; i < 10; i++) put(kv, `/b/y/${i}`, 5_000);
  put(kv, '/b/y/0', 5_000);
  const request = DeleteRangeRequest.create({ key: encodeUtf8('/a/x/7') });
  kv.write({ type: 'delete-range', request }, () => false);
  const sizes = survey(opened, 2);
  expect(sizes).toMatchObject({ keys: 309, versions: 312, other: { keys: 0, versions: 0 } });
  expect(sizes.prefixes.map(({ prefix, keys, versions }) => [prefix, keys, versions])).toEqual([
    ['/a/x/', 299, 301],
    ['/b/y/', 10, 11],
  ]);
  const [a, b] = sizes.prefixes.map((p) => p.bytesEstimate as number);
  expect(a).toBeGreaterThan(299 * 100);
  expect(a).toBeLessThan(299 * 150);
  expect(b).toBeGreaterThan(10 * 5_000);
  expect(b).toBeLessThan(10 * 5_100);
});

test('a walk over many keys gives way to others, and an empty store has no prefix', () => {
  expect(survey(store(), 2)).toMatchObject({ keys: 0, prefixes: [] });
  const opened = store();
  for (let i = 0; i < 9_000; i++) put(opened.kv, `p${i % 3}/${i}`);
  let done = false;
  opened.kv.survey(1, () => void (done = true));
  expect(done).toBe(false);
  opened.tasks.run();
  expect(done).toBe(true);
});

test('prefixes beyond the bound are summed up as others', () => {
  const opened = store();
  for (let i = 0; i < 10_050; i++) put(opened.kv, `${String(i).padStart(6, '0')}/k`);
  const sizes = survey(opened, 1);
  expect(sizes.prefixes).toHaveLength(10_000);
  expect(sizes.other).toEqual({ keys: 50, versions: 50 });
});
