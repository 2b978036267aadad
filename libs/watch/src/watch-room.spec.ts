import { NO_PROBE, Random } from '@conclave/base';
import { TaskQueue } from '@conclave/testkit';
import { WatchRoom } from './index.js';
import { FakeClient } from './testing/client.js';
import { FakeStore, type FakeWrite } from './testing/fake-store.js';
import type { WatchOptions } from './types.js';

const OPTIONS: WatchOptions = {
  progressIntervalMs: 600_000,
  fragmentBytesMax: 2 * 1024 * 1024,
  watchersPerStreamMax: 100_000,
  historyRowsMax: 1_000,
  streamQueueBytesMax: 1024 * 1024,
};

function setup(options: Partial<WatchOptions> = {}) {
  const turns = new TaskQueue();
  const store = new FakeStore(turns);
  const room = new WatchRoom(
    { ...OPTIONS, ...options },
    { store: store.asStore(), scheduler: turns, probe: NO_PROBE, random: new Random(1) },
  );
  const client = new FakeClient(room);
  const write = (...writes: FakeWrite[]): void => {
    const events = store.write(...writes);
    room.publish(store.revision, events);
  };
  const put = (key: string, value: string): void => write({ key, value });
  const del = (key: string): void => write({ key, value: null });
  const compact = (revision: number): void => {
    store.compact(revision);
    room.compacted(revision);
  };
  return { turns, store, room, client, write, put, del, compact };
}

describe('create', () => {
  test('is answered at once, before any event, with the current revision', () => {
    const { client, put } = setup();
    put('a', '1');
    client.create('a');
    expect(client.take()).toEqual(['#0 rev 2 created']);
    put('a', '2');
    expect(client.take()).toEqual(['#0 rev 3 a=2@3']);
  });

  test('ids: transcript of a real etcd (spec 12.1)', () => {
    const { client } = setup();
    for (const watchId of [0, 5, 5, -3, 1, 0]) client.create('a', { watchId });
    client.create('b', { rangeEnd: 'a' });
    client.create('b', { rangeEnd: 'b' });
    for (let i = 0; i < 3; i++) client.create('a');
    const duplicate = '"mvcc: duplicate watch ID provided on the WatchStream"';
    const empty = '#-1 rev 1 created canceled "mvcc: watcher range is empty"';
    expect(client.take()).toEqual([
      '#0 rev 1 created',
      '#5 rev 1 created',
      `#-1 rev 1 created canceled ${duplicate}`,
      '#-3 rev 1 created',
      '#1 rev 1 created',
      '#2 rev 1 created',
      empty,
      empty,
      '#3 rev 1 created',
      '#4 rev 1 created',
      '#6 rev 1 created',
    ]);
  });

  test('the automatic counter never goes back, even when an id is free again', () => {
    const { client } = setup();
    client.create('a');
    client.cancel(0);
    client.create('a');
    client.create('a', { watchId: 1 });
    client.create('a', { watchId: 7 });
    expect(client.take().map((l) => l.split(' ')[0])).toEqual(['#0', '#0', '#1', '#-1', '#7']);
  });

  test('a negative start revision is refused as compacted (etcd 3.6.6 on)', () => {
    const { client } = setup();
    client.create('a', { startRevision: -1 });
    expect(client.take()).toEqual([
      '#-1 rev 1 created canceled "etcdserver: mvcc: required revision has been compacted"',
    ]);
  });

  test('a refusal by the caller carries its reason and no id', () => {
    const { client } = setup();
    client.stream.refuse('rpc error: code = PermissionDenied desc = etcdserver: permission denied');
    expect(client.take()).toEqual([
      '#-1 rev 1 created canceled ' +
        '"rpc error: code = PermissionDenied desc = etcdserver: permission denied"',
    ]);
  });

  test('more watchers than allowed are refused, and a cancelled one makes room', () => {
    const { client } = setup({ watchersPerStreamMax: 2 });
    for (let i = 0; i < 3; i++) client.create('a');
    client.cancel(0);
    client.create('a');
    expect(client.take()).toEqual([
      '#0 rev 1 created',
      '#1 rev 1 created',
      '#-1 rev 1 created canceled "etcdserver: too many requests"',
      '#0 rev 1 canceled',
      '#2 rev 1 created',
    ]);
  });

  test.each([
    ['', '', ['\0']],
    ['', '\0', ['\0', 'a', 'b', 'c']],
    ['b', '', ['b']],
    ['b', '\0', ['b', 'c']],
    ['a', 'c', ['a', 'b']],
    ['\0', '\0', ['\0', 'a', 'b', 'c']],
  ])('range %j .. %j sees %j', (key, rangeEnd, seen) => {
    const { client, put } = setup();
    client.create(key, { rangeEnd });
    client.take();
    for (const k of ['\0', 'a', 'b', 'c']) put(k, '1');
    expect(client.take().map((l) => l.split(' ')[3]?.split('=')[0])).toEqual(seen);
  });

  test('an empty union is ignored, as is the cancellation of an id that is not there', () => {
    const { client } = setup();
    client.unknown();
    client.cancel(9);
    expect(client.take()).toEqual([]);
  });
});

describe('start revision', () => {
  test('history first, with all of it in one response at the current revision, then live', () => {
    const { client, turns, put, del, write } = setup();
    put('h1', 'a');
    write({ key: 'h1', value: 'b' }, { key: 'h2', value: 'c' });
    del('h1');
    client.create('h', { rangeEnd: 'i', startRevision: 2, prevKv: true });
    expect(client.take()).toEqual(['#0 rev 4 created']);
    turns.run();
    expect(client.take()).toEqual(['#0 rev 4 h1=a@2 h1=b(was a)@3 h2=c@3 h1 deleted(was b)@4']);
    put('h2', 'd');
    turns.run();
    expect(client.take()).toEqual(['#0 rev 5 h2=d(was c)@5']);
  });

  test('in the future: nothing older, and no progress below it', () => {
    const { client, put } = setup();
    client.create('a', { startRevision: 4 });
    put('a', '2');
    put('a', '3');
    client.progress();
    expect(client.take()).toEqual(['#0 rev 1 created']);
    put('a', '4');
    client.progress();
    expect(client.take()).toEqual(['#0 rev 4 a=4@4', '#-1 rev 4']);
  });

  test('just behind the current revision is the future, at it is the past', () => {
    const { client, turns, put } = setup();
    put('a', '2');
    client.create('a', { startRevision: 3 });
    client.create('a', { startRevision: 2 });
    turns.run();
    expect(client.take()).toEqual(['#0 rev 2 created', '#1 rev 2 created', '#1 rev 2 a=2@2']);
  });

  test('below the compacted revision: created, then canceled with header revision 0', () => {
    const { client, turns, put, compact } = setup();
    for (const value of ['2', '3', '4', '5']) put('a', value);
    compact(4);
    client.create('a', { startRevision: 3 });
    client.create('a', { startRevision: 4 });
    turns.run();
    expect(client.take()).toEqual([
      '#0 rev 5 created',
      '#0 rev 0 canceled compacted 4',
      '#1 rev 5 created',
      '#1 rev 5 a=4@4 a=5@5',
    ]);
  });

  test('a watcher compacted away keeps its id and withholds progress until it is cancelled', () => {
    const { client, put, compact } = setup();
    for (const value of ['2', '3', '4']) put('a', value);
    compact(4);
    client.create('a', { startRevision: 2, watchId: 7 });
    client.create('b');
    client.take();
    client.create('a', { watchId: 7 });
    client.progress();
    client.cancel(7);
    client.progress();
    put('a', '5');
    expect(client.take()).toEqual([
      '#-1 rev 4 created canceled "mvcc: duplicate watch ID provided on the WatchStream"',
      '#7 rev 4 canceled',
      '#-1 rev 4',
    ]);
  });

  test('applied but not yet published revisions are not events of a watcher that starts now', () => {
    const { client, store, room } = setup();
    const two = store.write({ key: 'a', value: '2' });
    const three = store.write({ key: 'a', value: '3' });
    client.create('a');
    client.create('a', { startRevision: 3 });
    room.publish(2, two);
    client.progress();
    room.publish(3, three);
    client.progress();
    expect(client.take()).toEqual([
      '#0 rev 3 created',
      '#1 rev 3 created',
      '#1 rev 3 a=3@3',
      '#-1 rev 3',
    ]);
  });
});

describe('events', () => {
  test('all events of one revision come in one response, in the order they were made', () => {
    const { client, write } = setup();
    client.create('a', { rangeEnd: 'z' });
    client.create('b');
    client.take();
    write({ key: 'b', value: '1' }, { key: 'zz', value: '1' }, { key: 'a', value: '1' });
    expect(client.take().sort()).toEqual(['#0 rev 2 b=1@2 a=1@2', '#1 rev 2 b=1@2']);
  });

  test.each([
    [[0], ['a deleted']],
    [[1], ['a=1']],
    [[0, 1], []],
    [[9], ['a=1', 'a deleted']],
  ])('filters %j let %j through, and an empty batch is not sent', (filters, seen) => {
    const { client, turns, put, del } = setup();
    put('a', '1');
    del('a');
    client.create('a', { filters, startRevision: 2 });
    turns.run();
    put('a', '1');
    del('a');
    const events =
      client
        .take()
        .slice(1)
        .join(' ')
        .match(/a(=1| deleted)/g) ?? [];
    expect(events).toEqual([...seen, ...seen]);
  });

  test('a cancelled watcher is told so and hears nothing more', () => {
    const { client, room, put } = setup();
    client.create('a');
    client.create('a');
    client.cancel(0);
    client.take();
    put('a', '1');
    expect(client.take()).toEqual(['#1 rev 2 a=1@2']);
    expect(room.watcherCount).toBe(1);
  });

  test('previous values that must be read keep the order of the stream', () => {
    const { client, store, put } = setup();
    put('a', '1');
    client.create('a', { prevKv: true });
    client.create('b');
    client.take();
    store.holdRecords = true;
    put('a', '2');
    put('b', '3');
    put('a', '4');
    client.progress();
    expect(client.take()).toEqual([]);
    store.releaseRecords();
    expect(client.take()).toEqual([
      '#0 rev 3 a=2(was 1)@3',
      '#1 rev 4 b=3@4',
      '#0 rev 5 a=4(was 2)@5',
      '#-1 rev 5',
    ]);
  });

  test('one previous record is read once, however many watchers ask', () => {
    const { client, store, turns, put } = setup();
    put('a', '1');
    for (let i = 0; i < 50; i++) client.create('a', { prevKv: true });
    client.take();
    put('a', '2');
    turns.run();
    expect(client.take().length).toBe(50);
    expect(store.recordReads).toBe(1);
  });

  test('a previous value that is compacted, and that of a create, is left out', () => {
    const { client, store, turns, put, compact } = setup();
    put('a', '1');
    client.create('a', { prevKv: true });
    client.take();
    store.holdRecords = true;
    put('a', '2');
    compact(3);
    store.releaseRecords();
    store.holdRecords = false;
    put('b', '1');
    turns.run();
    expect(client.take()).toEqual(['#0 rev 3 a=2@3']);
  });
});

describe('fragments', () => {
  const big = 'x'.repeat(400);
  const three: FakeWrite[] = ['a', 'b', 'c'].map((key) => ({ key, value: big }));

  test('a large response is cut where the watcher asked for it, into pieces back to back', () => {
    const { client, write } = setup({ fragmentBytesMax: 1_000 });
    client.create('a', { rangeEnd: 'z', fragment: true });
    client.create('a', { rangeEnd: 'z' });
    client.take();
    client.credit = 0;
    write(...three);
    client.progress();
    for (let i = 0; i < 10; i++) client.read(1);
    const shapes = client.responses.map((r) => [r.watchId, r.events.length, r.fragment]);
    expect(shapes).toHaveLength(4);
    const cut = shapes.filter(([id]) => id === 0);
    expect(cut).toEqual([
      [0, 2, true],
      [0, 1, false],
    ]);
    const at = shapes.findIndex(([id]) => id === 0);
    expect(shapes[at + 1]).toEqual([0, 1, false]);
    expect(shapes).toContainEqual([1, 3, false]);
    expect(shapes[3]).toEqual([-1, 0, false]);
  });

  test('a single event is never cut, and one that just fits is not marked', () => {
    const { client, put, write } = setup({ fragmentBytesMax: 300 });
    client.create('a', { rangeEnd: 'z', fragment: true });
    client.take();
    put('a', big);
    write({ key: 'b', value: '1' }, { key: 'c', value: '1' });
    expect(client.responses.map((r) => [r.events.length, r.fragment])).toEqual([
      [1, false],
      [2, false],
    ]);
  });
});

describe('progress on request', () => {
  test('nothing without watchers', () => {
    const { client } = setup();
    client.progress();
    expect(client.take()).toEqual([]);
  });

  test('nothing while one watcher of the stream lags; another stream is not concerned', () => {
    const { client, room, turns, put } = setup();
    put('a', '2');
    client.create('b');
    client.create('a', { startRevision: 2 });
    const other = new FakeClient(room);
    other.create('a');
    client.progress();
    other.progress();
    expect(client.take()).toEqual(['#0 rev 2 created', '#1 rev 2 created']);
    expect(other.take()).toEqual(['#0 rev 2 created', '#-1 rev 2']);
    turns.run();
    client.progress();
    expect(client.take()).toEqual(['#1 rev 2 a=2@2', '#-1 rev 2']);
  });

  test('stands behind every event queued before it', () => {
    const { client, put } = setup();
    client.create('a');
    client.credit = 0;
    put('a', '2');
    put('a', '3');
    client.progress();
    client.read(null);
    expect(client.take()).toEqual([
      '#0 rev 1 created',
      '#0 rev 2 a=2@2',
      '#0 rev 3 a=3@3',
      '#-1 rev 3',
    ]);
  });
});

describe('periodic progress', () => {
  test('comes to idle watchers that asked for it, with jitter first and then each interval', () => {
    const { client, room, put } = setup({ progressIntervalMs: 10_000 });
    room.tick(0);
    client.create('a', { progressNotify: true });
    client.create('a');
    client.take();
    room.tick(10_000 - 1);
    expect(client.take()).toEqual([]);
    room.tick(11_000);
    expect(client.take()).toEqual(['#0 rev 1']);
    put('a', '2');
    client.take();
    room.tick(21_000);
    expect(client.take()).toEqual([]);
    put('b', '3');
    room.tick(31_000);
    expect(client.take()).toEqual(['#0 rev 3']);
    client.cancel(0);
    client.take();
    room.tick(99_000);
    expect(client.take()).toEqual([]);
  });

  test('is withheld from a watcher that lags or starts in the future', () => {
    const { client, room, turns, put } = setup({ progressIntervalMs: 1_000 });
    put('a', '2');
    room.tick(0);
    client.create('a', { progressNotify: true, startRevision: 2 });
    client.create('a', { progressNotify: true, startRevision: 4 });
    client.take();
    room.tick(2_000);
    expect(client.take()).toEqual([]);
    turns.run();
    room.tick(4_000);
    expect(client.take()).toEqual(['#0 rev 2 a=2@2']);
    room.tick(6_000);
    expect(client.take()).toEqual(['#0 rev 2']);
  });
});

describe('slow readers', () => {
  test('fall back to history beyond the bound and lose nothing', () => {
    const { client, room, turns, put } = setup({ streamQueueBytesMax: 2_000 });
    client.create('a');
    client.take();
    client.credit = 0;
    for (let i = 0; i < 500; i++) put('a', `v${i}`);
    turns.run();
    expect(room.laggingCount).toBe(1);
    for (let i = 0; i < 2_000; i++) {
      client.read(1);
      turns.run();
    }
    expect(room.laggingCount).toBe(0);
    const values = client.responses.flatMap((r) =>
      r.events.map((e) => String.fromCharCode(...(e.kv?.value ?? []))),
    );
    expect(values).toEqual(Array.from({ length: 500 }, (_, i) => `v${i}`));
  });

  test('hold up nobody else, and are not read for while they do not read', () => {
    const { client, room, store, turns, put } = setup({ streamQueueBytesMax: 2_000 });
    const other = new FakeClient(room);
    client.create('a');
    other.create('a');
    client.credit = 0;
    for (let i = 0; i < 300; i++) put('a', `v${i}`);
    turns.run();
    expect(other.responses.length).toBe(301);
    expect(store.queries.length).toBeLessThan(3);
  });

  test('overtaken by a compaction are told so after what was queued, and never skip', () => {
    const { client, turns, put, compact } = setup({ streamQueueBytesMax: 1_000 });
    client.create('a');
    client.take();
    client.credit = 0;
    for (let i = 2; i < 100; i++) put('a', `v${i}`);
    compact(90);
    client.read(null);
    turns.run();
    const lines = client.take();
    expect(lines[lines.length - 1]).toBe('#0 rev 0 canceled compacted 90');
    lines.slice(0, -1).forEach((l, i) => expect(l).toBe(`#0 rev ${i + 2} a=v${i + 2}@${i + 2}`));
  });

  test('a client that asks without reading is not accepted beyond the bound', () => {
    const { client } = setup({ streamQueueBytesMax: 2_000 });
    client.credit = 0;
    let asked = 0;
    for (; client.stream.accepting && asked < 1_000; asked++) {
      client.create('a');
      client.cancel(asked);
    }
    expect(asked).toBeLessThan(100);
    client.read(null);
    expect(client.stream.accepting).toBe(true);
    expect(client.responses.length).toBe(2 * asked);
  });
});

describe('catching up', () => {
  test('many watchers at near revisions share one read', () => {
    const { client, store, turns, put } = setup();
    for (let i = 0; i < 20; i++) put(`k${i % 5}`, `v${i}`);
    for (let i = 0; i < 100; i++) client.create(`k${i % 5}`, { startRevision: 2 + (i % 10) });
    turns.run();
    expect(store.queries.length).toBeLessThanOrEqual(2);
    expect(store.queries[0]?.ranges.length).toBe(5);
    expect(client.responses.filter((r) => r.events.length > 0).length).toBe(100);
  });

  test('a watcher far behind does not hold up one that is nearly there', () => {
    const { client, turns, put } = setup({ historyRowsMax: 10 });
    for (let i = 0; i < 5_000; i++) put('a', '1');
    client.create('a', { startRevision: 2 });
    client.create('a', { startRevision: 4_999 });
    client.take();
    for (let i = 0; i < 8; i++) turns.runOne();
    expect(client.responses.filter((r) => r.watchId === 1).flatMap((r) => r.events).length).toBe(3);
  });

  test('what is published while the read runs is handed over without a gap or a repeat', () => {
    const { client, turns, put } = setup();
    put('a', '2');
    client.create('a', { startRevision: 2 });
    client.take();
    turns.runOne();
    put('a', '3');
    put('b', '4');
    put('a', '5');
    turns.run();
    client.progress();
    put('a', '6');
    const events = client.responses.flatMap((r) => r.events.map((e) => e.kv?.modRevision));
    expect(events).toEqual([2, 3, 5, 6]);
    expect(client.responses.some((r) => r.watchId === -1 && r.header?.revision === 5)).toBe(true);
  });

  test('too much published during a read costs another turn and loses nothing', () => {
    const { client, room, turns, put } = setup();
    put('a', '2');
    client.create('a', { startRevision: 2 });
    client.take();
    turns.runOne();
    turns.runOne();
    for (let i = 0; i < 200; i++) put('a', 'x');
    client.create('a', { startRevision: 100 });
    turns.runOne();
    for (let i = 0; i < 10_001; i++) put('a', 'y');
    turns.runOne();
    expect(room.laggingCount).toBe(1);
    turns.run();
    expect(room.laggingCount).toBe(0);
    const seen = client.responses.filter((r) => r.watchId === 1).flatMap((r) => r.events);
    expect(seen.length).toBe(room.published - 99);
  });

  test('cancelling and closing during a read are harmless', () => {
    const { client, room, turns, put } = setup();
    put('a', '2');
    const other = new FakeClient(room);
    client.create('a', { startRevision: 2 });
    client.create('a', { startRevision: 2 });
    other.create('a', { startRevision: 2 });
    turns.runOne();
    client.cancel(0);
    other.stream.close();
    turns.run();
    put('a', '3');
    expect(client.take().slice(2)).toEqual([
      '#0 rev 2 canceled',
      '#1 rev 2 a=2@2',
      '#1 rev 3 a=3@3',
    ]);
    expect(other.take()).toEqual(['#0 rev 2 created']);
    expect([room.watcherCount, room.streamCount, room.laggingCount]).toEqual([1, 1, 0]);
  });
});

describe('after a snapshot', () => {
  test('watchers go on from their next revision: no gap, nothing twice', () => {
    const { client, room, store, turns, put } = setup();
    put('a', '2');
    client.create('a', { rangeEnd: 'z' });
    client.create('a', { startRevision: 9 });
    put('a', '3');
    client.take();
    const ahead = new FakeStore(turns);
    ahead.replaceBy(store);
    for (let i = 4; i < 8; i++) ahead.write({ key: 'b', value: `${i}` });
    store.replaceBy(ahead);
    room.restored();
    client.progress();
    turns.run();
    put('a', '8');
    put('a', '9');
    expect(client.take().sort()).toEqual([
      '#0 rev 7 b=4@4 b=5@5 b=6@6 b=7@7',
      '#0 rev 8 a=8@8',
      '#0 rev 9 a=9@9',
      '#1 rev 9 a=9@9',
    ]);
  });

  test('one that brings no new revision leaves those in sync alone', () => {
    const { client, room, store, turns, put } = setup();
    put('a', '2');
    client.create('a');
    client.create('z');
    put('b', '3');
    client.take();
    const same = new FakeStore(turns);
    same.replaceBy(store);
    store.replaceBy(same);
    room.restored();
    turns.run();
    expect(room.laggingCount).toBe(0);
    put('a', '4');
    turns.run();
    expect(client.take()).toEqual(['#0 rev 4 a=4@4']);
  });

  test('previous records asked of the old store are asked again of the new one', () => {
    const { client, room, store, turns, put } = setup();
    put('a', '2');
    client.create('a', { prevKv: true });
    client.take();
    store.holdRecords = true;
    put('a', '3');
    const ahead = new FakeStore(turns);
    ahead.replaceBy(store);
    store.replaceBy(ahead);
    room.restored();
    store.releaseRecords();
    expect(client.take()).toEqual(['#0 rev 3 a=3(was 2)@3']);
  });

  test('a watcher that the snapshot has compacted away is told so', () => {
    const { client, room, store, turns, put } = setup();
    client.create('a');
    put('a', '2');
    client.take();
    const ahead = new FakeStore(turns);
    ahead.replaceBy(store);
    for (let i = 3; i < 10; i++) ahead.write({ key: 'a', value: `${i}` });
    ahead.compact(8);
    store.replaceBy(ahead);
    room.restored();
    turns.run();
    expect(client.take()).toEqual(['#0 rev 0 canceled compacted 8']);
  });
});

describe('scale', () => {
  test('100,000 watchers on one stream: an event costs what matches', () => {
    const { client, room, put } = setup();
    for (let i = 0; i < 100_000; i++) {
      if (i % 10 === 0) client.create(`r${i}`, { rangeEnd: `r${i}\xff` });
      else client.create(`k${i}`);
    }
    client.responses.length = 0;
    for (let i = 0; i < 20_000; i++) put(`k${i}`, 'v');
    expect(client.responses.length).toBe(18_000);
    client.stream.close();
    expect(room.watcherCount).toBe(0);
  });
});
