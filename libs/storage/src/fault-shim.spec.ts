/**
 * A process of its own under the LD_PRELOAD shim (tools/faults): errors and power loss below node:fs and below
 * RocksDB. Runs where gcc is; elsewhere disk-faults.spec.ts covers the log by injected functions.
 */
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { buildSync } from 'esbuild';
import { Random, encodeUtf8 } from '@conclave/base';
import { RocksEngine } from './rocks-engine.js';
import { checkEntries, close, makeLog, openAt } from './testing/log-driver.js';
import { outcome, removeTemporary, temporaryDirectory } from './testing/temporary.js';

const ROOT = path.resolve(__dirname, '../../..');
const SEED = Number(process.env['SEED'] ?? 1 + (Date.now() % 1_000_000));
/** More rounds: ROUNDS=500. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 2);

const build = spawnSync(
  process.execPath,
  [path.join(ROOT, 'tools/faults/build.mjs'), path.join(temporaryDirectory(), 'faults.so')],
  { encoding: 'utf8' },
);
const library = build.stdout.trim();
const missing = build.status === 3 ? build.stderr.trim() : null;
if (missing !== null) process.stdout.write(`fault-shim.spec.ts is skipped: ${missing}\n`);
const under = missing === null ? describe : describe.skip;

let child = '';

function run(what: string, directory: string, count: number, env: Record<string, string>) {
  const { stdout, status } = spawnSync(process.execPath, [child, what, directory, `${count}`], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, ...env, LD_PRELOAD: library, FAULT_PATH: directory },
  });
  const lines = stdout.trim().split('\n');
  const promises = lines.filter((line) => /^(acknowledged|flushed) /.test(line));
  const last = Number(promises.at(-1)?.split(' ')[1] ?? 0);
  const failure = lines.find((line) => line.startsWith('failed ')) ?? null;
  const afterFailure = failure === null ? 0 : lines.length - 1 - lines.indexOf(failure);
  return { last, failure, afterFailure, status, lines };
}

/** The last entry of the log, all of which is what was written. */
async function lastOfLog(directory: string, seed: number): Promise<number> {
  const result = openAt(directory);
  if (!result.ok) throw new Error(`SEED=${seed}: ${result.code}: ${result.message}`);
  checkEntries(result.log);
  await close(result.log);
  return result.log.lastIndex;
}

/** The last batch of the engine; every batch up to it is whole. */
async function lastOfEngine(directory: string): Promise<number> {
  const engine = await RocksEngine.open(directory);
  const get = (keys: string[]): Promise<(string | null)[]> =>
    new Promise((resolve, reject) =>
      engine.get(keys.map(encodeUtf8), (failure, values) => {
        if (failure !== null) reject(new Error(failure.message));
        else resolve(values.map((value) => (value ? Buffer.from(value).toString() : null)));
      }),
    );
  const last = Number((await get(['last']))[0] ?? 0);
  for (let n = 1; n <= last + 1; n++) {
    const rows = await get(Array.from({ length: 10 }, (_, i) => `${n}/${i}`));
    expect(rows.filter((row) => row !== null)).toHaveLength(n <= last ? 10 : 0);
  }
  await outcome((done) => engine.close(done));
  return last;
}

jest.setTimeout(60_000 + ROUNDS * 2_000);

under('under the fault shim', () => {
  beforeAll(() => {
    expect(build.status).toBe(0);
    child = path.join(temporaryDirectory(), 'child.js');
    buildSync({
      entryPoints: [path.join(__dirname, 'testing/fault-child.ts')],
      bundle: true,
      platform: 'node',
      conditions: ['@conclave/source'],
      alias: { 'rocksdb-native': require.resolve('rocksdb-native') },
      external: [require.resolve('rocksdb-native')],
      outfile: child,
    });
  });
  afterAll(removeTemporary);

  test.each([
    ['EIO on a write', { FAULT_CALLS: 'write', FAULT_AFTER: '40' }, 'failed EIO'],
    ['EIO once', { FAULT_CALLS: 'write', FAULT_AFTER: '33', FAULT_TIMES: '1' }, 'failed EIO'],
    ['EIO on a sync', { FAULT_CALLS: 'sync', FAULT_AFTER: '2' }, 'failed EIO'],
    [
      'ENOSPC after a short write',
      { FAULT_CALLS: 'write', FAULT_AFTER: '50', FAULT_ERRNO: 'ENOSPC', FAULT_SHORT: '70' },
      'failed ENOSPC',
    ],
  ])('%s ends the process, and the acknowledged prefix survives', async (_name, env, failure) => {
    const directory = temporaryDirectory();
    makeLog(directory);
    const ended = run('log', directory, 200, env);
    expect(ended).toMatchObject({ failure, afterFailure: 0, status: 1 });
    const found = await lastOfLog(directory, 0);
    expect([ended.last, ended.last + 1]).toContain(found);
  });

  test('the log loses nothing that was acknowledged when the power goes', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const seed = SEED + round;
      const random = new Random(seed);
      const directory = temporaryDirectory();
      makeLog(directory);
      for (let crash = 0; crash < 2; crash++) {
        const ended = run('log', directory, 100, {
          POWER_LOSS_AFTER: `${random.below(120)}`,
          POWER_LOSS_SEED: `${random.below(1 << 30)}`,
        });
        const found = await lastOfLog(directory, seed);
        if (ended.last > 0 && found !== ended.last && found !== ended.last + 1) {
          throw new Error(`SEED=${seed}: ${found} found, ${ended.last} acknowledged`);
        }
      }
    }
  });

  test('the engine is at a whole batch, not before its last flush, when the power goes', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const seed = SEED + round;
      const random = new Random(seed);
      const directory = path.join(temporaryDirectory(), 'state');
      const engine = await RocksEngine.open(directory);
      await outcome((done) => engine.close(done));
      for (let crash = 0; crash < 2; crash++) {
        const ended = run('engine', directory, 10, {
          POWER_LOSS_AFTER: `${random.below(250)}`,
          POWER_LOSS_SEED: `${random.below(1 << 30)}`,
        });
        const found = await lastOfEngine(directory).catch((error: unknown) => {
          throw new Error(`SEED=${seed} in ${directory}`, { cause: error });
        });
        if (found < ended.last) {
          throw new Error(`SEED=${seed}: batch ${found} found, ${ended.last} flushed`);
        }
      }
    }
  });
});
