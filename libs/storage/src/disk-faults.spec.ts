/**
 * Disk faults against the Raft log on real files: damage to every kind of file, errors of every call,
 * a full disk, and power loss. What was acknowledged is there afterwards, or the log is refused.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Random } from '@conclave/base';
import type { DurableLog } from '@conclave/log';
import { type Fault, faultyFs } from './testing/faulty-fs.js';
import { checkEntries, close, drive, logPath, makeLog, openAt } from './testing/log-driver.js';
import { powerLossFs } from './testing/power-loss-fs.js';
import { flipBit, removeTemporary, temporaryDirectory } from './testing/temporary.js';

afterAll(removeTemporary);

jest.setTimeout(60_000 + Number(process.env['ROUNDS'] ?? 0) * 1_000);

/** More rounds: ROUNDS=1000. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 8);
const SEED = Number(process.env['SEED'] ?? 1 + (Date.now() % 1_000_000));

function opened(directory: string): DurableLog {
  const result = openAt(directory);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.log;
}

let fixture = '';

beforeAll(async () => {
  fixture = temporaryDirectory();
  makeLog(fixture);
  const log = opened(fixture);
  await drive(log, 150);
  await close(log);
});

/** A closed log of 150 entries in several segments, cut in the middle. */
function written(): string {
  const directory = temporaryDirectory();
  fs.cpSync(fixture, directory, { recursive: true });
  return directory;
}

function firstSegment(directory: string): string {
  const name = fs.readdirSync(directory).find((found) => found.endsWith('.log'));
  return path.join(directory, name ?? '');
}

test.each([
  ['the head of a segment', 40],
  ['the format number of a segment', 8],
  ['the magic of a segment', 0],
  ['a group head', 4096 + 8],
  ['a record', 4096 + 32 + 30],
  ['a sealed area', 4096 + 2000],
])('a bit flipped in %s is refused', async (_what, offset) => {
  const directory = written();
  const target = firstSegment(directory);
  flipBit(target, offset, 2);
  const result = openAt(directory);
  expect(result.ok).toBe(false);
  if (!result.ok) expect(['corrupt', 'unknown-format']).toContain(result.code);
  flipBit(target, offset, 2);
  const log = opened(directory);
  checkEntries(log);
  await close(log);
});

test('a bit flipped in one slot of the mark is survived, in both it is refused', async () => {
  const directory = written();
  flipBit(path.join(directory, 'mark'), 20);
  await close(opened(directory));
  flipBit(path.join(directory, 'mark'), 20);
  flipBit(path.join(directory, 'mark'), 4096 + 20);
  flipBit(path.join(directory, 'mark'), 21);
  expect(openAt(directory)).toMatchObject({ ok: false, code: 'corrupt' });
});

test.each(['mark', 'first', 'last'])('a deleted file is refused: %s', async (which) => {
  const directory = written();
  const used = fs.readdirSync(directory).filter((name) => {
    if (!name.endsWith('.log')) return false;
    return fs.readFileSync(path.join(directory, name)).subarray(0, 8).toString() === 'CNCLVLOG';
  });
  const name = which === 'mark' ? 'mark' : which === 'first' ? used.at(0) : used.at(-1);
  fs.rmSync(path.join(directory, name ?? ''));
  const result = openAt(directory);
  expect(result.ok).toBe(false);
  if (!result.ok) expect(['missing', 'corrupt', 'shorter-than-mark']).toContain(result.code);
});

test('a truncated segment is refused', async () => {
  const directory = written();
  fs.truncateSync(firstSegment(directory), 6000);
  expect(openAt(directory)).toMatchObject({ ok: false });
});

test('an emptied or shortened mark is refused', async () => {
  const directory = written();
  fs.truncateSync(path.join(directory, 'mark'), 0);
  expect(openAt(directory)).toMatchObject({ ok: false, code: 'corrupt' });
});

/** Drives a log under the fault at each of the first calls in turn. */
async function underFault(fault: Omit<Fault, 'after'>, points: readonly number[]): Promise<void> {
  for (const after of points) {
    const directory = temporaryDirectory();
    makeLog(directory);
    const { system, failed } = faultyFs({ ...fault, after });
    const result = openAt(directory, system);
    if (!result.ok) {
      expect(result.code).toBe('disk');
      continue;
    }
    const driven = await drive(result.log, 80);
    const where = `${fault.calls.join()} #${after}`;
    if (failed() > 0 && driven.failure === null && driven.acknowledged < 80) {
      throw new Error(`${where}: neither failed nor finished`);
    }
    expect(driven.late).toBe(0);
    await close(result.log);
    const again = opened(directory);
    if (again.lastIndex < driven.acknowledged || again.lastIndex > driven.asked) {
      throw new Error(`${where}: ${again.lastIndex} found, ${driven.acknowledged} acknowledged`);
    }
    checkEntries(again);
    await close(again);
  }
}

const POINTS = [0, 1, 5, 21];

test.each([
  ['EIO once, with success afterwards', 1],
  ['EIO for good', undefined],
])('%s, at each call that writes or syncs: nothing is acknowledged after it', async (_n, times) => {
  const limit = times === undefined ? {} : { times };
  await underFault({ calls: ['write', 'writev'], code: 'EIO', ...limit }, POINTS);
  for (const call of ['fsync', 'open', 'unlink', 'close', 'writeSync', 'fsyncSync']) {
    await underFault({ calls: [call], code: 'EIO', ...limit }, [0, 1]);
  }
});

test('a full disk with a short write: the acknowledged prefix survives exactly', async () => {
  await underFault({ calls: ['write', 'writev'], code: 'ENOSPC', shortBytes: 100 }, POINTS);
  await underFault({ calls: ['write', 'writev'], code: 'ENOSPC', shortBytes: 1, times: 1 }, POINTS);
});

test('power loss in any write: all that was acknowledged is there, the rest is cut', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const seed = SEED + round;
    const random = new Random(seed);
    const directory = temporaryDirectory();
    makeLog(directory);
    for (let crash = 0; crash < 2; crash++) {
      const { system, dead } = powerLossFs(random.below(60), random.fork());
      const result = openAt(directory, system);
      if (!result.ok) throw new Error(`SEED=${seed}: ${result.code}: ${result.message}`);
      const driven = await drive(result.log, 60, dead);
      const again = opened(directory);
      if (again.lastIndex < driven.acknowledged || again.lastIndex > driven.asked) {
        throw new Error(
          `SEED=${seed}: ${again.lastIndex} found, ${driven.acknowledged} acknowledged`,
        );
      }
      checkEntries(again);
      await close(again);
    }
  }
});

test('an entry that grows its segment is found again', async () => {
  const directory = temporaryDirectory();
  makeLog(directory);
  const log = opened(directory);
  const data = new Uint8Array(200_000).fill(7);
  await new Promise<void>((resolve, reject) =>
    log.append({ entries: [{ index: 1, term: 1, type: 0, data }], hardState: null }, (failure) =>
      failure === null ? resolve() : reject(new Error(failure.message)),
    ),
  );
  await close(log);
  expect(fs.statSync(logPath(directory, 1)).size).toBeGreaterThan(200_000);
  const again = opened(directory);
  expect(again.readSync(1, 2, 1 << 20)[0]?.data).toEqual(data);
  await close(again);
});
