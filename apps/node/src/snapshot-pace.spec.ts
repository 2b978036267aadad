import { SnapshotPace } from './snapshot-pace.js';

/** A member with a clock of its own, and one piece of 100 bytes at a time. */
class World {
  nowMs = 1_000;
  index = 0;
  state = 0;
  readonly waits: number[] = [];
  readonly pace = new SnapshotPace(
    { bytesPerSecond: 1_000, secondsMax: 10, writesPerSecond: 50 },
    {
      monotonicMs: () => this.nowMs,
      appliedIndex: () => this.index,
      stateBytes: () => this.state,
      later: (task, ms) => {
        this.waits.push(ms);
        this.nowMs += ms;
        task();
      },
    },
  );

  /** How long `pieces` take with so many writes a second. */
  send(pieces: number, writes: number): number {
    const startMs = this.nowMs;
    for (let i = 0; i < pieces; i++) {
      const beforeMs = this.nowMs;
      this.pace.pause(100, () => undefined);
      // Making a piece takes its time too.
      this.nowMs += 1;
      this.index += ((this.nowMs - beforeMs) * writes) / 1_000;
    }
    return this.nowMs - startMs;
  }
}

test('while clients write, pieces leave at the rate that is set', () => {
  const world = new World();
  world.send(20, 1_000);
  const ms = world.send(50, 1_000);
  // The time that making them takes is part of it.
  expect(ms).toBeGreaterThanOrEqual(4_900);
  expect(ms).toBeLessThan(5_050);
});

test('nobody writes: one piece a turn, without waiting', () => {
  const world = new World();
  world.send(20, 0);
  world.waits.length = 0;
  world.send(50, 0);
  expect(new Set(world.waits)).toEqual(new Set([0]));
});

test('a state too large for the rate goes as fast as it must', () => {
  const world = new World();
  world.state = 50_000;
  world.send(20, 1_000);
  expect(world.send(50, 1_000)).toBeLessThan(1_100);
});

test('two at a time share the rate', () => {
  const waits: number[] = [];
  const pace = new SnapshotPace(
    { bytesPerSecond: 1_000, secondsMax: 10, writesPerSecond: 50 },
    {
      monotonicMs: () => 1_000,
      appliedIndex: () => 0,
      stateBytes: () => 0,
      later: (_task, ms) => void waits.push(ms),
    },
  );
  for (let i = 0; i < 4; i++) pace.pause(100, () => undefined);
  expect(waits).toEqual([50, 150, 250, 350]);
});

test('writing that begins or ends is noticed within a second', () => {
  const world = new World();
  world.send(20, 1_000);
  world.send(20, 0);
  world.nowMs += 600;
  world.send(1, 0);
  expect(world.waits.at(-1)).toBe(0);
  world.index += 1_000;
  world.nowMs += 600;
  world.send(1, 1_000);
  expect(world.waits.at(-1)).toBeGreaterThan(0);
});
