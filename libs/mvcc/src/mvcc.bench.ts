/**
 * Nanoseconds of CPU per operation of the hot paths, collecting garbage included, and memory per
 * key. CPU and not wall time, so that other work on the machine matters less. Run:
 *
 *     npx esbuild libs/mvcc/src/mvcc.bench.ts --bundle --platform=node \
 *       --conditions=@conclave/source --log-level=error | node --expose-gc
 *
 * Keys of 30 bytes, values of 256; batches of 100 writes to an engine that takes no time. Best of
 * five where an operation can be repeated.
 */
import { type EngineOp, type EngineReader, toByteString } from '@conclave/base';
import { TaskQueue } from '@conclave/testkit';
import { PutRequest, RangeRequest, TxnRequest } from '@conclave/wire';
import { KvStore } from './index.js';
import { KeyIndex } from './key-index.js';

const KEYS = Number(process.env['KEYS'] ?? 200_000);

/** Keeps packed rows for the load, and nothing else. */
class NoEngine implements EngineReader {
  readonly packed: { key: Uint8Array; value: Uint8Array }[] = [];

  write(ops: readonly EngineOp[]): void {
    for (const op of ops) {
      if (op.type === 'put' && op.key[0] !== 0x76) this.packed.push(op);
    }
  }

  get(
    keys: readonly Uint8Array[],
    done: (failure: null, values: readonly (Uint8Array | null)[]) => void,
  ): void {
    done(
      null,
      keys.map((key) => this.packed.find((row) => equal(row.key, key))?.value ?? null),
    );
  }

  scan(
    lo: Uint8Array,
    hi: Uint8Array | null,
    limit: number,
    done: (failure: null, rows: readonly { key: Uint8Array; value: Uint8Array }[]) => void,
  ): void {
    this.packed.sort((a, b) => Buffer.compare(a.key, b.key));
    const from = this.packed.findIndex((row) => Buffer.compare(row.key, lo) >= 0);
    const rows = from < 0 ? [] : this.packed.slice(from, from + limit);
    done(
      null,
      rows.filter((row) => hi === null || Buffer.compare(row.key, hi) < 0),
    );
  }
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const tasks = new TaskQueue();
const engine = new NoEngine();
const value = new Uint8Array(256).fill(120);
const keys = Array.from({ length: KEYS }, (_, i) =>
  Buffer.from(`/registry/pods/default/${String((i * 7919) % KEYS).padStart(7, '0')}`),
);

function open(cacheBytesMax: number): KvStore {
  const made = new KvStore({ cacheBytesMax, hashesKept: 0 }, { engine, scheduler: tasks });
  made.load(() => {});
  tasks.run();
  return made;
}

const noLease = (): boolean => false;
let sink = 0;

/** Nanoseconds of one of `times` calls. */
function time(times: number, run: (i: number) => void): number {
  const start = process.cpuUsage();
  for (let i = 0; i < times; i++) run(i);
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1_000) / times;
}

function best(times: number, run: (i: number) => void): number {
  let found = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) found = Math.min(found, time(times, run));
  return found;
}

function report(name: string, n: number, unit = 'ns'): void {
  console.log(`${name.padEnd(44)}${Math.round(n).toString().padStart(8)} ${unit}`);
}

function heapBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function batch(store: KvStore): void {
  engine.write(store.takeOps());
  store.opsDone();
}

function put(store: KvStore, i: number): void {
  const request = PutRequest.create({ key: keys[i % KEYS] as Uint8Array, value });
  const write = { type: 'put' as const, request };
  store.prefetch(write, () => {});
  sink += store.write(write, noLease).ok ? 1 : 0;
  if (i % 100 === 99) batch(store);
}

const small = open(1 << 20);
const before = heapBytes();
const fresh = time(KEYS, (i) => put(small, i));
batch(small);
const packed = engine.packed.reduce((sum, row) => sum + row.key.length + row.value.length + 300, 0);
report('put of a new key', fresh);
report('memory of a key with one version', (heapBytes() - before - packed) / KEYS, 'bytes');
const store = small;
report(
  'put over a key',
  best(KEYS, (i) => put(store, i)),
);
report('memory of a key with six versions', (heapBytes() - before) / KEYS, 'bytes, rows included');

const hot = PutRequest.create({ key: keys[0] as Uint8Array, value });
store.write({ type: 'put', request: hot }, noLease);
const point = RangeRequest.create({ key: keys[0] as Uint8Array });
report(
  'range of one key in memory',
  best(KEYS, () => store.range(point, (r) => (sink += r.ok ? r.count : 0))),
);
const missing = RangeRequest.create({ key: Buffer.from('/registry/none') });
report(
  'range of one key that is not there',
  best(KEYS, () => store.range(missing, (r) => (sink += r.ok ? r.count : 0))),
);
const counting = RangeRequest.create({
  key: Buffer.from('/'),
  rangeEnd: Buffer.from('0'),
  countOnly: true,
});
report(
  'count of all keys, per key',
  best(1, () => {
    store.range(counting, (r) => (sink += r.ok ? r.count : 0));
    tasks.run();
  }) / KEYS,
);
let revision = store.revision;
report(
  'txn: compare mod revision, put',
  best(20_000, (i) => {
    const request = TxnRequest.create({
      compare: [
        {
          result: 0,
          target: 2,
          key: hot.key,
          targetUnion: { $case: 'modRevision', modRevision: revision },
          rangeEnd: new Uint8Array(0),
        },
      ],
      success: [{ request: { $case: 'requestPut', requestPut: hot } }],
      failure: [{ request: { $case: 'requestRange', requestRange: point } }],
    });
    const write = { type: 'txn' as const, request };
    store.prefetch(write, () => {});
    const result = store.write(write, noLease);
    if (result.ok) revision = result.revision;
    if (i % 100 === 99) batch(store);
  }),
);
batch(store);
const versions = store.revision;
const rebuilt = time(1, () => open(0));
report('load, per version', rebuilt / versions);
store.compact(store.revision);
report(
  'physical compaction, per version dropped',
  time(1, () => {
    while (store.compactionStep()) batch(store);
  }) /
    (versions - KEYS),
);
const texts = keys.map((key) => toByteString(key));
for (const [name, list] of [
  ['in order', [...texts].sort()],
  ['in no order', texts],
] as const) {
  const index = new KeyIndex();
  report(
    `a key restored into the index, ${name}`,
    time(KEYS, (i) => index.restore(list[i] as string).put(i + 2, 0, 0n)),
  );
}
if (sink === 0) throw new Error('nothing was measured');
