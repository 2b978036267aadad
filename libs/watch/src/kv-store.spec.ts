import { NO_PROBE, Random, fromByteString } from '@conclave/base';
import { KvStore, type MvccEvent, type WriteRequest } from '@conclave/mvcc';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import { DeleteRangeRequest, PutRequest } from '@conclave/wire';
import { WatchRoom } from './index.js';
import { FakeClient } from './testing/client.js';

/** The room over the real store: what the store calls history, and what watches make of it, agree. */
function world(seed: number) {
  const turns = new TaskQueue();
  const engine = new MemoryEngine(turns);
  const store = new KvStore({ cacheBytesMax: 500 }, { engine, scheduler: turns });
  store.load((failure) => expect(failure).toBeNull());
  turns.run();
  const random = new Random(seed);
  const room = new WatchRoom(
    {
      progressIntervalMs: 1_000,
      fragmentBytesMax: 500,
      watchersPerStreamMax: 1_000,
      historyRowsMax: 1 + random.below(30),
      streamQueueBytesMax: 2_000,
    },
    { store, scheduler: turns, probe: NO_PROBE, random: random.fork() },
  );
  const all: MvccEvent[] = [];
  const write = (request: WriteRequest): void => {
    let ready = store.prefetch(request, () => (ready = true));
    while (!ready) turns.runOne();
    const result = store.write(request, () => true);
    if (!result.ok || result.events.length === 0) return;
    all.push(...result.events);
    room.publish(result.revision, result.events);
  };
  let writing = false;
  const flush = (): void => {
    if (writing) return;
    writing = true;
    engine.write(store.takeOps(), () => {
      writing = false;
      store.opsDone();
    });
  };
  const compact = (revision: number): void => {
    if (store.compact(revision).ok) room.compacted(revision);
  };
  return { turns, store, random, room, all, write, flush, compact };
}

test('watchers over the real store get every event, or are told compacted', () => {
  const first = Number(process.env['SEED'] ?? 20_260_850);
  let complete = 0;
  for (let seed = first; seed < first + 8; seed++) {
    const { turns, store, random, room, all, write, flush, compact } = world(seed);
    const watchers: { client: FakeClient; start: number; prevKv: boolean }[] = [];
    for (let step = 0; step < 400; step++) {
      const key = fromByteString(`k${random.below(8)}`);
      const kind = random.below(100);
      if (kind < 45) {
        const value = new Uint8Array(random.below(60)).fill(step);
        write({ type: 'put', request: PutRequest.create({ key, value }) });
      } else if (kind < 55) {
        const rangeEnd = random.chance(0.5) ? fromByteString('k5') : new Uint8Array(0);
        const request = DeleteRangeRequest.create({ key, rangeEnd });
        write({ type: 'delete-range', request });
      } else if (kind < 65) flush();
      else if (kind < 68) compact(Math.max(1, store.revision - random.below(20)));
      else if (kind < 72) store.compactionStep();
      else if (kind < 78) {
        const client = new FakeClient(room);
        const start = Math.max(1, store.revision - random.below(40) + 5);
        const prevKv = random.chance(0.5);
        client.create('k', { rangeEnd: 'l', startRevision: start, prevKv, fragment: true });
        watchers.push({ client, start, prevKv });
      } else if (kind < 82 && watchers.length > 0) random.pick(watchers).client.credit = 0;
      else if (kind < 88 && watchers.length > 0) random.pick(watchers).client.read(2);
      else turns.runOne();
    }
    for (const { client } of watchers) client.read(null);
    turns.run();
    for (const { client, start, prevKv } of watchers) {
      const got = client.responses.flatMap((r) => r.events);
      const due = all.filter((event) => event.main >= start);
      got.forEach((event, i) => {
        const expected = due[i] as MvccEvent;
        const where = `seed ${seed}, ${expected.key}@${expected.main}`;
        expect([where, event.kv?.modRevision]).toEqual([where, expected.main]);
        expect(String.fromCharCode(...(event.kv?.key ?? []))).toBe(expected.key);
        if (event.prevKv !== null) expect(event.prevKv.modRevision).toBe(expected.previous?.main);
        else if (prevKv && expected.previous !== null) {
          expect(expected.main).toBeLessThanOrEqual(store.compactRevision);
        }
      });
      const compacted = client.responses.some((r) => r.compactRevision > 0);
      if (!compacted) {
        expect(got.length).toBe(due.length);
        complete++;
      }
    }
    expect(room.laggingCount).toBe(0);
  }
  expect(complete).toBeGreaterThan(10);
});
