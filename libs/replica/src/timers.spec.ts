import { Random } from '@conclave/base';
import { RequestIds } from './request-ids.js';
import { SlotTable } from './slot-table.js';
import { Timers } from './timers.js';

describe('Timers', () => {
  test('tasks run in order of time, then of the order they were given', () => {
    const seed = Number(process.env['SEED'] ?? 7);
    const random = new Random(seed);
    const timers = new Timers();
    const ran: [number, number][] = [];
    for (let i = 0; i < 500; i++) {
      const at = random.below(50);
      timers.at(at, () => ran.push([at, i]));
    }
    for (let now = 0; now <= 50; now++) {
      timers.poll(now);
      expect(ran.every(([at]) => at <= now)).toBe(true);
    }
    expect(ran).toHaveLength(500);
    expect(ran).toEqual([...ran].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
  });

  test('a cancelled task does not run', () => {
    const timers = new Timers();
    timers.at(1, () => {
      throw new Error('ran');
    })();
    timers.poll(1);
    expect(timers.length).toBe(0);
  });

  test('a task may give another one for the same time', () => {
    const timers = new Timers();
    let ran = 0;
    timers.at(1, () => void timers.at(1, () => void ran++));
    timers.poll(1);
    expect(ran).toBe(1);
  });
});

test('request ids of one member never repeat and those of another member differ', () => {
  const a = new RequestIds(0x1234n, 1_000);
  const b = new RequestIds(0x4321n, 1_000);
  const seen = new Set<bigint>();
  for (let i = 0; i < 1_000; i++) seen.add(a.next()).add(b.next());
  expect(seen.size).toBe(2_000);
  expect([...seen].every((id) => id < 1n << 64n)).toBe(true);
});

test('a slot stays with its id, and configurations go back and forth', () => {
  const slots = new SlotTable();
  const conf = {
    voters: [5n, 1n << 63n],
    learners: [7n],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  };
  const there = slots.toSlots(conf);
  expect(there.voters).toEqual([1, 2]);
  expect(slots.toIds(there)).toEqual(conf);
  expect(slots.slotOf(7n)).toBe(3);
  expect(slots.slotOf(0n)).toBe(0);
});
