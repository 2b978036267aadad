import { SlowDisk } from './slow-disk.js';

/** Seconds until it says so, `null` if it does not within `seconds`. */
function told(disk: SlowDisk, fromMs: number, seconds: number, writeMs: readonly number[]) {
  for (let s = 0; s < seconds; s++) {
    for (const ms of writeMs) disk.wrote(ms);
    if (disk.poll(fromMs + s * 1_000)) return s;
  }
  return null;
}

const OPTIONS = { limitMs: 100, windows: 10 };

test('ten seconds of slow writes on end hand leadership over, nine do not', () => {
  expect(told(new SlowDisk(OPTIONS), 0, 20, [200, 150])).toBe(9);
  const disk = new SlowDisk(OPTIONS);
  expect(told(disk, 0, 9, [200])).toBeNull();
  expect(told(disk, 9_000, 1, [5])).toBeNull();
  expect(told(disk, 10_000, 9, [200])).toBeNull();
});

test('one slow write in a hundred is no reason, two are', () => {
  const fast = new Array<number>(99).fill(1);
  expect(told(new SlowDisk(OPTIONS), 0, 30, [...fast, 500])).toBeNull();
  expect(told(new SlowDisk(OPTIONS), 0, 30, [...fast, 500, 500])).toBe(9);
});

test('a disk that has nothing to write is not slow', () => {
  expect(told(new SlowDisk(OPTIONS), 0, 60, [])).toBeNull();
});

test('leadership does not go round where all disks are slow: each time it is kept longer', () => {
  const disk = new SlowDisk(OPTIONS);
  expect(told(disk, 0, 20, [200])).toBe(9);
  expect(told(disk, 10_000, 500, [200])).toBe(59);
  expect(told(disk, 70_000, 500, [200])).toBe(119);
  // Healthy for as long as it takes to be called slow: the first pause again, once the last is over.
  expect(told(disk, 190_000, 300, [1])).toBeNull();
  expect(told(disk, 490_000, 500, [200])).toBe(9);
  expect(told(disk, 500_000, 500, [200])).toBe(59);
});
