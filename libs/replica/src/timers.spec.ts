import { Random } from '@conclave/base';
import { AppliedWaiters } from './applied-waiters.js';
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

test('cancelled tasks do not pile up until their time', () => {
  const timers = new Timers();
  const ran: number[] = [];
  for (let i = 0; i < 100_000; i++) timers.at(1_000 + i, () => ran.push(i))();
  for (let i = 0; i < 10; i++) timers.at(10 - i, () => ran.push(10 - i));
  expect(timers.length).toBeLessThan(5_000);
  timers.poll(200_000);
  expect(ran).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(timers.length).toBe(0);
});

test('who waits for an index that is never applied is let go at the deadline, and counted out', () => {
  const timers = new Timers();
  const waiters = new AppliedWaiters(timers);
  const answers: boolean[] = [];
  for (let i = 0; i < 10; i++) waiters.add(5, 100 + i, (ok) => answers.push(ok));
  const cancel = waiters.add(5, 100, (ok) => answers.push(ok));
  cancel();
  expect(waiters.length).toBe(10);
  timers.poll(104);
  expect([waiters.length, answers]).toEqual([5, [false, false, false, false, false]]);
  waiters.applied(4);
  waiters.applied(5);
  expect([waiters.length, answers.slice(5)]).toEqual([0, [true, true, true, true, true]]);
});

describe('RequestIds', () => {
  const run = { memberId: 0x1234n, incarnation: 77n, seed: 5, wallMs: 1_000 };

  function take(ids: RequestIds, n: number, into: Set<bigint>): void {
    for (let i = 0; i < n; i++) into.add(ids.next());
  }

  test('never repeat within a run, differ between members, and fit 64 bits', () => {
    const seen = new Set<bigint>();
    take(new RequestIds(run), 1_000, seen);
    take(new RequestIds({ ...run, memberId: 0x4321n }), 1_000, seen);
    // The same last 16 bits.
    take(new RequestIds({ ...run, memberId: 0x5551234n }), 1_000, seen);
    expect(seen.size).toBe(3_000);
    expect([...seen].every((id) => id > 0n && id < 1n << 64n)).toBe(true);
  });

  test('two runs of a member share none, also when the clock stands still or is set back', () => {
    const seen = new Set<bigint>();
    for (let seed = 1; seed <= 50; seed++) {
      take(new RequestIds({ ...run, seed, wallMs: 1_000 - seed }), 1_000, seen);
      take(new RequestIds({ ...run, seed }), 1_000, seen);
    }
    expect(seen.size).toBe(100_000);
  });
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
