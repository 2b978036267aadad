import * as fs from 'node:fs';
import * as path from 'node:path';
import type { DiskFailure } from '@conclave/base';
import { FileLogDisk } from './file-log-disk.js';
import { faultyFs } from './testing/faulty-fs.js';
import { outcome, removeTemporary, temporaryDirectory } from './testing/temporary.js';

afterAll(removeTemporary);

test('a created file is full of zeros, and what is written is read back', async () => {
  const directory = temporaryDirectory();
  const disk = new FileLogDisk(directory);
  expect(await outcome((done) => disk.create('a', 600_000, done))).toBe('ok');
  expect(disk.size('a')).toBe(600_000);
  const chunks = [new Uint8Array([1, 2]), new Uint8Array([3]), new Uint8Array([4, 5, 6])];
  expect(await outcome((done) => disk.write('a', 10, chunks, done))).toBe('ok');
  expect([...disk.readSync('a', 9, 8)]).toEqual([0, 1, 2, 3, 4, 5, 6, 0]);
  const read = await new Promise<Uint8Array>((resolve) =>
    disk.read('a', 599_998, 10, (_failure, bytes) => resolve(bytes)),
  );
  expect([...read]).toEqual([0, 0]);
  expect(disk.list()).toEqual(['a']);
  expect(await outcome((done) => disk.remove('a', done))).toBe('ok');
  expect(disk.list()).toEqual([]);
  expect(await outcome((done) => disk.close(done))).toBe('ok');
});

test('files are private and opened so that a write is durable when it returns', async () => {
  const directory = temporaryDirectory();
  const disk = new FileLogDisk(directory);
  await outcome((done) => disk.create('a', 10, done));
  expect(fs.statSync(path.join(directory, 'a')).mode & 0o777).toBe(0o600);
  if (process.platform === 'linux') {
    const links = fs.readdirSync('/proc/self/fd').map((fd) => {
      try {
        const target = fs.readlinkSync(`/proc/self/fd/${fd}`);
        const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
        return { target, flags: parseInt(/flags:\s+(\d+)/.exec(info)?.[1] ?? '0', 8) };
      } catch {
        return { target: '', flags: 0 };
      }
    });
    const found = links.find((link) => link.target === path.join(directory, 'a'));
    expect((found?.flags ?? 0) & fs.constants.O_DSYNC).toBe(fs.constants.O_DSYNC);
  }
  await outcome((done) => disk.close(done));
});

test('close answers once, after what is under way', async () => {
  const disk = new FileLogDisk(temporaryDirectory());
  const answers: string[] = [];
  disk.create('a', 1_000_000, () => {
    answers.push('created');
    disk.close(() => answers.push('closed'));
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(answers).toEqual(['created', 'closed']);
});

test.each([
  ['write', ['write', 'writev'], 0],
  ['short write, then full disk', ['write', 'writev'], 5],
])(
  '%s: the first failure is final, even when the fault is gone',
  async (_name, calls, shortBytes) => {
    const directory = temporaryDirectory();
    new FileLogDisk(directory).createSync('a', 4096);
    const { system } = faultyFs({ calls, code: 'ENOSPC', times: 1, shortBytes });
    const disk = new FileLogDisk(directory, system);
    const write = (): Promise<string> =>
      outcome((done) => disk.write('a', 0, [new Uint8Array(10).fill(7), new Uint8Array(3)], done));
    expect(await write()).toBe('ENOSPC');
    expect(await write()).toBe('ENOSPC');
    expect(await outcome((done) => disk.create('b', 10, done))).toBe('ENOSPC');
    expect(() => disk.readSync('a', 0, 1)).toThrow('ENOSPC');
    expect(await outcome((done) => disk.close(done))).toBe('ENOSPC');
  },
);

test('a short write without an error goes on with the rest', async () => {
  const directory = temporaryDirectory();
  new FileLogDisk(directory).createSync('a', 64);
  const { system } = faultyFs({ calls: ['writev'], code: 'EIO', shortBytes: 4 });
  // The rest of a short vectored write is one chunk here, hence `write`, which does not fail.
  const disk = new FileLogDisk(directory, system);
  const chunks = [new Uint8Array([1, 2, 3]), new Uint8Array([4, 5, 6])];
  expect(await outcome((done) => disk.write('a', 0, chunks, done))).toBe('ok');
  expect([...disk.readSync('a', 0, 7)]).toEqual([1, 2, 3, 4, 5, 6, 0]);
  await outcome((done) => disk.close(done));
});

test.each(['open', 'write', 'fsync', 'close'])('a failing %s fails the creation', async (call) => {
  const { system } = faultyFs({ calls: [call], code: 'EIO' });
  const disk = new FileLogDisk(temporaryDirectory(), system);
  expect(await outcome((done) => disk.create('a', 10, done))).toBe('EIO');
});

test('nothing is written through a symbolic link', () => {
  const directory = temporaryDirectory();
  fs.writeFileSync(path.join(directory, 'target'), 'precious');
  fs.symlinkSync('target', path.join(directory, 'a'));
  const disk = new FileLogDisk(directory);
  expect(() => disk.writeSync('a', 0, [new Uint8Array(4)])).toThrow('ELOOP');
  expect(fs.readFileSync(path.join(directory, 'target'), 'utf8')).toBe('precious');
});

test('an answer comes in a later turn, also from a disk that has failed', async () => {
  const { system } = faultyFs({ calls: ['open'], code: 'EIO' });
  const disk = new FileLogDisk(temporaryDirectory(), system);
  await outcome((done) => disk.create('a', 10, done));
  let answer: DiskFailure | null | undefined;
  disk.write('a', 0, [new Uint8Array(1)], (failure) => (answer = failure));
  expect(answer).toBeUndefined();
});

test('a disk that only looks cannot write', async () => {
  const directory = temporaryDirectory();
  new FileLogDisk(directory).createSync('a', 10);
  const disk = FileLogDisk.readOnly(directory);
  expect(disk.readSync('a', 0, 10)).toHaveLength(10);
  expect(() => disk.writeSync('a', 0, [new Uint8Array(1)])).toThrow('EBADF');
  expect(await outcome((done) => disk.close(done))).toBe('ok');
});
