import { NO_PROBE } from '@conclave/base';
import { TaskQueue } from '@conclave/testkit';
import { EntryType } from '@conclave/wire';
import type { Entry } from '@conclave/wire';
import { ApplyLoop } from './apply-loop.js';
import type { ReplicaOptions, ReplicaPorts } from './options.js';

/** A machine whose entries take `costMs` each, and what the loop makes of it. */
function setUp(costMs: number) {
  const tasks = new TaskQueue();
  const world = {
    nowMs: 0,
    applied: 0,
    overlayBytes: 0,
    slices: [] as number[],
    slow: 0,
    observed: [] as unknown[],
  };
  const machine = {
    get appliedIndex() {
      return world.applied;
    },
    get overlayBytes() {
      return world.overlayBytes;
    },
    prefetch: () => true,
    apply: (entry: Entry) => {
      world.applied = entry.index;
      world.nowMs += costMs;
      return { operation: 'Put', result: { ok: entry.index % 2 === 1 } };
    },
  };
  const observe = (...what: unknown[]): void => void world.observed.push(what);
  const probe = { ...NO_PROBE, count: () => void world.slow++, observe };
  const clock = { monotonicMs: () => world.nowMs, wallMs: () => 0 };
  const ports = { machine, scheduler: tasks, clock, probe } as unknown as ReplicaPorts;
  const options = { overlayBytesMax: 1_000 } as unknown as ReplicaOptions;
  const loop = new ApplyLoop(
    options,
    { ...ports, traces: null },
    {
      applied: () => undefined,
      sliceDone: (index) => world.slices.push(index),
    },
  );
  return { tasks, world, loop };
}

function entries(n: number): Entry[] {
  const data = new Uint8Array(0);
  return Array.from({ length: n }, (_, i) => ({
    term: 1,
    index: i + 1,
    type: EntryType.NORMAL,
    data,
  }));
}

test('how long each entry took is told by operation and success', () => {
  const { world, loop } = setUp(4);
  loop.push(entries(2));
  const name = 'etcd_server_apply_duration_seconds';
  expect(world.observed).toEqual([
    [name, 0.004, { version: 'v3', op: 'Put', success: 'true' }],
    [name, 0.004, { version: 'v3', op: 'Put', success: 'false' }],
  ]);
});

test('slow entries give the event loop its turn after 10 ms, however few they are', () => {
  const { tasks, world, loop } = setUp(4);
  loop.push(entries(7));
  expect(world.slices).toEqual([3]);
  tasks.run();
  expect(world.slices).toEqual([3, 6, 7]);
  expect(world.slow).toBe(0);
});

test('fast entries go on for 256 in a turn', () => {
  const { tasks, world, loop } = setUp(0);
  loop.push(entries(600));
  expect(world.slices).toEqual([256]);
  tasks.run();
  expect(world.slices).toEqual([256, 512, 600]);
});

test('an entry that takes longer than the warning is counted', () => {
  const { world, loop } = setUp(150);
  loop.push(entries(1));
  expect(world.slow).toBe(1);
});

test('it pauses while the engine is too far behind, and goes on when it is told', () => {
  const { tasks, world, loop } = setUp(0);
  world.overlayBytes = 1_000;
  loop.push(entries(3));
  tasks.run();
  expect(world.applied).toBe(0);
  world.overlayBytes = 0;
  loop.run();
  expect(world.applied).toBe(3);
});
