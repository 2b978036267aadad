import { type DiskFailure, Random } from '@conclave/base';
import { MemoryBlobStore } from './memory-blob-store.js';
import { MemoryDataDirectory } from './memory-data-directory.js';
import { MemoryLogDisk } from './memory-log-disk.js';
import { TaskQueue } from './task-queue.js';

const fives = (length: number): Uint8Array => new Uint8Array(length).fill(5);

test('a finished write survives the loss of power, one under way may be lost or torn by pages', () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 200; seed++) {
    const turns = new TaskQueue();
    const disk = new MemoryLogDisk(turns, new Random(seed));
    disk.createSync('a', 4 * 4096);
    disk.write('a', 0, [fives(100)], () => {});
    turns.run();
    disk.write('a', 4096, [fives(2 * 4096)], () => {
      throw new Error('must not complete');
    });
    disk.losePower();
    turns.run();
    const bytes = disk.readSync('a', 0, 4 * 4096);
    expect(bytes.subarray(0, 100)).toEqual(fives(100));
    expect(bytes.subarray(3 * 4096).every((byte) => byte === 0)).toBe(true);
    const pages = [1, 2].map((page) => {
      const kept = bytes
        .subarray(page * 4096, page * 4096 + 4096)
        .filter((byte) => byte === 5).length;
      return kept === 0 ? 'lost' : kept === 4096 ? 'kept' : 'torn';
    });
    seen.add(pages.join());
  }
  expect(seen.size).toBe(9);
});

test('what a killed process left readable is durable only after a sync', () => {
  let lost = 0;
  for (let seed = 1; seed <= 50; seed++) {
    for (const sync of [false, true]) {
      const turns = new TaskQueue();
      const disk = new MemoryLogDisk(turns, new Random(seed));
      disk.createSync('a', 4096);
      disk.write('a', 0, [fives(100)], () => {});
      disk.kill();
      const readable = disk.readSync('a', 0, 100);
      if (sync) disk.syncSync('a');
      disk.losePower();
      const same = Buffer.compare(disk.readSync('a', 0, 100), readable) === 0;
      if (sync) expect(same).toBe(true);
      else if (!same) lost++;
    }
  }
  expect(lost).toBeGreaterThan(5);
});

test('an injected failure is answered in a later turn and leaves a prefix at most', () => {
  const turns = new TaskQueue();
  const disk = new MemoryLogDisk(turns, new Random(1));
  disk.createSync('a', 4096);
  const failure: DiskFailure = { code: 'ENOSPC', message: 'no space left on device' };
  disk.inject = (operation) => (operation === 'write' ? failure : null);
  let answer: DiskFailure | null | undefined;
  disk.write('a', 0, [fives(10)], (found) => (answer = found));
  expect(answer).toBeUndefined();
  turns.run();
  expect(answer).toEqual(failure);
  expect(() => disk.readSync('b', 0, 1)).toThrow('no such file: b');
});

test('a blob is replaced whole or not at all', () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const turns = new TaskQueue();
    const blobs = new MemoryBlobStore(turns);
    blobs.replaceSync('a', new Uint8Array([1]));
    blobs.replaceSync('d/b', new Uint8Array([1]));
    blobs.replace('a', new Uint8Array([2]), () => {
      throw new Error('must not complete');
    });
    blobs.crash(new Random(seed));
    turns.run();
    seen.add(String(blobs.readSync('a')));
    expect(blobs.listSync()).toEqual(['a', 'd']);
    blobs.remove('d', () => {});
    turns.run();
    expect(blobs.readSync('d/b')).toBeNull();
  }
  expect([...seen].sort()).toEqual(['1', '2']);
});

test('after a crash only the current state is there, at its last flush', () => {
  const turns = new TaskQueue();
  const directory = new MemoryDataDirectory(turns, { stateNumber: 1, firstSegment: 1 });
  for (const stateNumber of [1, 2]) {
    directory.openState(stateNumber, (_failure, engine) => {
      const key = new Uint8Array([stateNumber]);
      engine?.write([{ type: 'put', key, value: key }], () => engine.flush(() => {}));
    });
  }
  turns.run();
  directory.switchTo({ stateNumber: 2, firstSegment: 7 }, () => {});
  turns.run();
  directory.crash(new Random(1));
  expect(directory.current).toEqual({ stateNumber: 2, firstSegment: 7 });
  expect(directory.engine(1)).toBeNull();
  expect(directory.engine(2)?.dump()).toHaveLength(1);
  directory.openState(2, (failure) => expect(failure).toBeNull());
  expect(() => directory.openState(2, () => {})).toThrow('once at a time');
  turns.run();
});

test('a state that was closed opens again without what was not flushed', () => {
  const turns = new TaskQueue();
  const directory = new MemoryDataDirectory(turns, { stateNumber: 1, firstSegment: 1 });
  let rows = -1;
  directory.openState(1, (_failure, engine) => {
    const key = new Uint8Array([1]);
    engine?.write([{ type: 'put', key, value: key }], () =>
      engine.close(() =>
        directory.openState(1, () => (rows = directory.engine(1)?.dump().length ?? -1)),
      ),
    );
  });
  turns.run();
  expect(rows).toBe(0);
});

test('tasks that breed tasks without end are an error, not a hang', () => {
  const turns = new TaskQueue(10);
  const breed = (): void => turns.yieldTo(breed);
  breed();
  expect(() => turns.run(1000)).toThrow('no end in sight');
  expect(() => {
    for (let i = 0; i < 20; i++) turns.yieldTo(() => {});
  }).toThrow('bound reached');
});
