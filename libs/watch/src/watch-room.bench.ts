import { performance } from 'node:perf_hooks';
import { NO_PROBE, Random, fromByteString } from '@conclave/base';
import type { MvccEvent, Store } from '@conclave/mvcc';
import { KeyValue, ResponseHeader, WatchCreateRequest } from '@conclave/wire';
import { WatchRoom } from './watch-room.js';

/**
 * What a publication costs: `node --conditions=@conclave/source` cannot read TypeScript, so bundle first:
 *
 *     npx esbuild libs/watch/src/watch-room.bench.ts --bundle --platform=node \
 *       --conditions=@conclave/source --outfile=/tmp/watch-bench.js && node /tmp/watch-bench.js
 */
const OPTIONS = {
  progressIntervalMs: 600_000,
  fragmentBytesMax: 2 * 1024 * 1024,
  watchersPerStreamMax: 200_000,
  historyRowsMax: 1_000,
  streamQueueBytesMax: 1024 * 1024,
};

function setup() {
  const store = { revision: 1, compactRevision: -1 };
  const room = new WatchRoom(OPTIONS, {
    store: store as unknown as Store,
    scheduler: { yieldTo: () => {} },
    probe: NO_PROBE,
    random: new Random(1),
  });
  let responses = 0;
  const header = ResponseHeader.encode(
    ResponseHeader.create({ clusterId: 1n << 60n, memberId: 1n << 61n, revision: 1, raftTerm: 2 }),
  );
  const open = () =>
    room.open(
      {
        send: () => {
          responses++;
          return true;
        },
      },
      () => header,
    );
  const event = (key: string): MvccEvent => {
    const main = ++store.revision;
    const kv = KeyValue.encode(
      KeyValue.create({
        key: fromByteString(key),
        value: new Uint8Array(256),
        modRevision: main,
        createRevision: main,
        version: 1,
      }),
    );
    return { type: 'put', key, main, sub: 0, kv, create: main, previous: null };
  };
  return { room, open, event, count: () => responses };
}

function create(
  key: string,
  rangeEnd = '',
): Parameters<ReturnType<WatchRoom['open']>['request']>[0] {
  const createRequest = WatchCreateRequest.create({
    key: fromByteString(key),
    rangeEnd: fromByteString(rangeEnd),
  });
  return { requestUnion: { $case: 'createRequest', createRequest } };
}

function measure(name: string, n: number, task: (i: number) => void): void {
  const start = performance.now();
  for (let i = 0; i < n; i++) task(i);
  const ns = ((performance.now() - start) * 1e6) / n;
  console.log(`${name.padEnd(64)} ${ns.toFixed(0).padStart(10)} ns`);
}

{
  const { room, open, event } = setup();
  const stream = open();
  const requests = Array.from({ length: 100_000 }, (_, i) => create(`key/${i}`));
  const before = process.memoryUsage().heapUsed;
  measure('create, one of 100,000 single-key watchers of one stream', 100_000, (i) =>
    stream.request(requests[i] as never),
  );
  const after = process.memoryUsage().heapUsed;
  console.log(
    `${'heap per watcher'.padEnd(64)} ${((after - before) / 1e5).toFixed(0).padStart(10)} B`,
  );
  const hits = Array.from({ length: 100_000 }, (_, i) => event(`key/${i}`));
  measure('publish, 1 of 100,000 single-key watchers matches', 100_000, (i) =>
    room.publish(i + 2, [hits[i] as MvccEvent]),
  );
  const misses = Array.from({ length: 100_000 }, (_, i) => event(`other/${i}`));
  measure('publish, none of 100,000 single-key watchers matches', 100_000, (i) =>
    room.publish(100_002 + i, [misses[i] as MvccEvent]),
  );
}
{
  const { room, open, event } = setup();
  const stream = open();
  for (let i = 0; i < 100_000; i++) {
    const prefix = `p${String(i).padStart(6, '0')}`;
    stream.request(create(`${prefix}/`, `${prefix}0`));
  }
  const hits = Array.from({ length: 100_000 }, (_, i) => event(`p${String(i).padStart(6, '0')}/x`));
  measure('publish, 1 of 100,000 prefix watchers matches', 100_000, (i) =>
    room.publish(i + 2, [hits[i] as MvccEvent]),
  );
}
{
  const { room, open, event, count } = setup();
  for (let i = 0; i < 10_000; i++) open().request(create('key/', 'key0'));
  const hits = Array.from({ length: 100 }, (_, i) => event(`key/${i}`));
  const before = count();
  measure('publish to 10,000 streams with one watcher each', 100, (i) =>
    room.publish(i + 2, [hits[i] as MvccEvent]),
  );
  console.log(`${'responses'.padEnd(64)} ${String(count() - before).padStart(10)}`);
}
