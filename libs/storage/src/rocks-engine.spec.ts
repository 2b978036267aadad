import * as fs from 'node:fs';
import * as path from 'node:path';
import { type Engine, type EngineOp, type EngineReader, Random, encodeUtf8 } from '@conclave/base';
import { RocksEngine } from './rocks-engine.js';
import { loadRocks } from './rocksdb.js';
import { flipBit, outcome, removeTemporary, temporaryDirectory } from './testing/temporary.js';

afterAll(removeTemporary);

const put = (key: string, value: string): EngineOp => ({
  type: 'put',
  key: encodeUtf8(key),
  value: encodeUtf8(value),
});

const write = (engine: Engine, ...ops: EngineOp[]): Promise<string> =>
  outcome((done) => engine.write(ops, done));
const flush = (engine: Engine): Promise<string> => outcome((done) => engine.flush(done));
const close = (engine: Engine): Promise<string> => outcome((done) => engine.close(done));

function scan(reader: EngineReader, lo: string, hi: string | null, limit = 1000): Promise<string> {
  return new Promise((resolve) =>
    reader.scan(encodeUtf8(lo), hi === null ? null : encodeUtf8(hi), limit, (failure, rows) => {
      const text = rows.map((row) => `${Buffer.from(row.key)}=${Buffer.from(row.value)}`);
      resolve(failure?.code ?? text.join(' '));
    }),
  );
}

function get(reader: EngineReader, ...keys: string[]): Promise<string> {
  return new Promise((resolve) =>
    reader.get(keys.map(encodeUtf8), (failure, values) => {
      const text = values.map((value) => (value === null ? '-' : Buffer.from(value).toString()));
      resolve(failure?.code ?? text.join(' '));
    }),
  );
}

test('rows are read by key and by range, and batches apply in order', async () => {
  const engine = await RocksEngine.open(path.join(temporaryDirectory(), 's'));
  expect(await write(engine, put('b', '2'), put('a', '1'), put('c', '3'), put('d', ''))).toBe('ok');
  expect(await get(engine, 'c', 'x', 'a', 'd')).toBe('3 - 1 ');
  expect(await scan(engine, '', null)).toBe('a=1 b=2 c=3 d=');
  expect(await scan(engine, 'b', 'd')).toBe('b=2 c=3');
  expect(await scan(engine, 'a', null, 2)).toBe('a=1 b=2');
  expect(await scan(engine, 'b', '')).toBe('');
  const range: EngineOp = { type: 'delete-range', lo: encodeUtf8('a'), hi: encodeUtf8('c') };
  await write(engine, range, put('b', '9'), { type: 'delete', key: encodeUtf8('d') });
  expect(await scan(engine, '', null)).toBe('b=9 c=3');
  expect(await close(engine)).toBe('ok');
});

test('a snapshot does not move, and may be released while the engine lives', async () => {
  const engine = await RocksEngine.open(path.join(temporaryDirectory(), 's'));
  await write(engine, put('a', '1'));
  const snapshot = engine.snapshot();
  await write(engine, put('a', '2'));
  expect(await get(snapshot, 'a')).toBe('1');
  expect(await scan(snapshot, '', null)).toBe('a=1');
  snapshot.release();
  expect(await get(engine, 'a')).toBe('2');
  await close(engine);
});

test('the state is the last finished flush: what RocksDB kept in its own log is gone', async () => {
  const directory = path.join(temporaryDirectory(), 's');
  let engine = await RocksEngine.open(directory);
  await write(engine, put('a', '1'));
  expect(await flush(engine)).toBe('ok');
  await write(engine, put('a', '2'), put('b', '2'));
  await close(engine);
  expect(fs.readdirSync(directory).some((name) => name.endsWith('.log'))).toBe(true);
  engine = await RocksEngine.open(directory);
  expect(await scan(engine, '', null)).toBe('a=1');
  await close(engine);
});

describe('a snapshot read in order', () => {
  const keys = Array.from({ length: 2_000 }, (_, i) => `k${`${i}`.padStart(5, '0')}`);
  const rowOf = (key: string): string => `${key}=v${key}`;

  async function filled(): Promise<RocksEngine> {
    const engine = await RocksEngine.open(path.join(temporaryDirectory(), 's'));
    await write(engine, ...keys.map((key) => put(key, `v${key}`)));
    return engine;
  }

  /** As `snapshot` and `mvcc` read: each scan begins right behind the last row of the one before. */
  async function readOn(reader: EngineReader, limits: () => number): Promise<string> {
    const rows: string[] = [];
    for (let lo = ''; ;) {
      const limit = limits();
      const text = await scan(reader, lo, null, limit);
      if (text === '') return rows.join(' ');
      const got = text.split(' ');
      rows.push(...got);
      if (got.length < limit) return rows.join(' ');
      lo = `${(got.at(-1) as string).split('=')[0]}\0`;
    }
  }

  test('gives every row once, whatever the pieces, while the engine goes on', async () => {
    const seed = Number(process.env['SEED'] ?? 20_261_124);
    const random = new Random(seed);
    const engine = await filled();
    const snapshot = engine.snapshot();
    await write(engine, put('k00100', 'new'), put('k9', 'new'));
    for (const max of [3, 40, 300, 1_000]) {
      const all = await readOn(snapshot, () => 1 + random.below(max));
      expect(all).toBe(keys.map(rowOf).join(' '));
    }
    snapshot.release();
    expect(await close(engine)).toBe('ok');
  });

  test('may be read elsewhere in between, and twice at a time', async () => {
    const engine = await filled();
    const snapshot = engine.snapshot();
    expect(await scan(snapshot, '', null, 2)).toBe('k00000=vk00000 k00001=vk00001');
    expect(await scan(snapshot, 'k00007', null, 1)).toBe('k00007=vk00007');
    expect(await scan(snapshot, 'k00007\0', 'k00009', 9)).toBe('k00008=vk00008');
    expect(await scan(snapshot, 'k00001\0', null, 2)).toBe('k00002=vk00002 k00003=vk00003');
    const both = await Promise.all([readOn(snapshot, () => 90), readOn(snapshot, () => 70)]);
    expect(new Set(both)).toEqual(new Set([keys.map(rowOf).join(' ')]));
    snapshot.release();
    expect(await close(engine)).toBe('ok');
  });

  test('released while it is read, answers all the same', async () => {
    const engine = await filled();
    const snapshot = engine.snapshot();
    await scan(snapshot, '', null, 10);
    const rest = scan(snapshot, 'k00009\0', null, 10);
    await new Promise((resolve) => setImmediate(resolve));
    snapshot.release();
    expect(await rest).toBe(keys.slice(10, 20).map(rowOf).join(' '));
    expect(await close(engine)).toBe('ok');
  });

  test('answers many scans at a time', async () => {
    const engine = await filled();
    const snapshot = engine.snapshot();
    const all = await Promise.all(keys.slice(0, 40).map((key) => scan(snapshot, key, null, 1)));
    expect(all).toEqual(keys.slice(0, 40).map(rowOf));
    snapshot.release();
    expect(await close(engine)).toBe('ok');
  });

  test('may be released, or the engine closed, in the middle', async () => {
    const engine = await filled();
    const [first, second] = [engine.snapshot(), engine.snapshot()];
    await scan(first, '', null, 100);
    await scan(second, '', null, 100);
    first.release();
    expect(await close(engine)).toBe('ok');
  });

  test('holds the loop for no row more than some milliseconds, however large all of them are', async () => {
    const engine = await RocksEngine.open(path.join(temporaryDirectory(), 's'));
    const big = 'x'.repeat(100 * 1024);
    for (let i = 0; i < 250; i += 50) {
      const part = Array.from({ length: 50 }, (_, j) => put(`k${100 + i + j}`, big));
      await write(engine, ...part);
    }
    const snapshot = engine.snapshot();
    let turns = 0;
    let reading = true;
    const count = (): void => {
      turns++;
      if (reading) setImmediate(count);
    };
    setImmediate(count);
    const text = await scan(snapshot, '', null, 250);
    reading = false;
    expect(text.length).toBe(250 * (big.length + 6) - 1);
    // 25 MB in pieces of 1 MiB.
    expect(turns).toBeGreaterThan(20);
    snapshot.release();
    await close(engine);
  });
});

test('many reads at once all answer, a thousand rows a call at most', async () => {
  const engine = await RocksEngine.open(path.join(temporaryDirectory(), 's'));
  const ops = Array.from({ length: 3000 }, (_, i) => put(`k${`${i}`.padStart(5, '0')}`, `${i}`));
  await write(engine, ...ops);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => get(engine, `k${`${i}`.padStart(5, '0')}`)),
  );
  expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
  expect((await scan(engine, '', null, 1000)).split(' ')).toHaveLength(1000);
  expect(() => engine.scan(encodeUtf8(''), null, 1001, () => {})).toThrow('rows of a scan');
  await flush(engine);
  expect(engine.sizeBytes().total).toBeGreaterThan(10_000);
  await close(engine);
});

test('of a large batch a part is made ready in a turn, and all of it applies at once', async () => {
  const engine = await RocksEngine.open(path.join(temporaryDirectory(), 'state'));
  let seen = 0;
  const count = 40_000;
  const ops = Array.from({ length: count }, (_, i): EngineOp => {
    const value = encodeUtf8(`${i}`);
    return {
      type: 'put',
      key: encodeUtf8(String(i).padStart(6, '0')),
      get value() {
        seen++;
        return value;
      },
    };
  });
  const written = write(engine, ...ops);
  const first = await new Promise<number>((done) => setImmediate(() => done(seen)));
  expect(first).toBeLessThan(count);
  expect(await scan(engine, '0', null, 1)).toBe('');
  await written;
  expect(await get(engine, '000000', '039999')).toBe('0 39999');
  await close(engine);
});

test('two batches in flight are a broken invariant', async () => {
  const engine = await RocksEngine.open(path.join(temporaryDirectory(), 's'));
  const first = write(engine, put('a', '1'));
  expect(() => engine.write([], () => {})).toThrow('one batch in flight');
  await first;
  await close(engine);
});

test('a row that is not what was written is an error, never a value, and the error is final', async () => {
  const directory = path.join(temporaryDirectory(), 's');
  const engine = await RocksEngine.open(directory);
  await write(engine, put('a', '1'));
  await close(engine);
  // Written behind the adapter's back: RocksDB's own checksums are fine.
  const { openRocks } = jest.requireActual<typeof import('./rocksdb.js')>('./rocksdb.js');
  const raw = await openRocks(directory, {});
  const batch = raw.write({ autoDestroy: true });
  batch.tryPut(encodeUtf8('b'), Buffer.from('no checksum'));
  await batch.flush();
  await raw.flush();
  await raw.close();
  const again = await RocksEngine.open(directory);
  expect(await get(again, 'x')).toBe('-');
  expect(await get(again, 'b')).toBe('ECORRUPT');
  expect(await get(again, 'x')).toBe('ECORRUPT');
  expect(await write(again, put('c', '1'))).toBe('ECORRUPT');
  await close(again);
});

test('a flipped bit in a table file is an error at open or at read, never another value', async () => {
  const directory = path.join(temporaryDirectory(), 's');
  let engine = await RocksEngine.open(directory);
  const ops = Array.from({ length: 500 }, (_, i) => put(`k${1000 + i}`, `value ${i}`));
  await write(engine, ...ops);
  await flush(engine);
  const whole = await scan(engine, '', null);
  await close(engine);
  const table = path.join(
    directory,
    fs.readdirSync(directory).find((n) => n.endsWith('.sst')) ?? '',
  );
  const size = fs.statSync(table).size;
  let found = 0;
  for (let i = 0; i < 12; i++) {
    const offset = Math.floor((size * i) / 12);
    flipBit(table, offset, 16);
    try {
      engine = await RocksEngine.open(directory);
      const answer = await scan(engine, '', null);
      if (answer !== whole) {
        expect(answer).not.toContain('=');
        found++;
      }
      await close(engine);
    } catch (error) {
      expect(error).toMatchObject({ code: 'corrupt' });
      found++;
    }
    flipBit(table, offset, 16);
  }
  expect(found).toBeGreaterThan(6);
});

test('a missing or truncated table file is refused', async () => {
  for (const damage of [
    (file: string) => fs.rmSync(file),
    (file: string) => fs.truncateSync(file, 100),
  ]) {
    const directory = path.join(temporaryDirectory(), 's');
    const engine = await RocksEngine.open(directory);
    await write(engine, put('a', '1'));
    await flush(engine);
    await close(engine);
    const table = fs.readdirSync(directory).find((name) => name.endsWith('.sst')) ?? '';
    damage(path.join(directory, table));
    await expect(RocksEngine.open(directory)).rejects.toMatchObject({ code: 'corrupt' });
  }
});

test('an unknown state format is refused by its number', async () => {
  const directory = path.join(temporaryDirectory(), 's');
  await close(await RocksEngine.open(directory));
  const { sealText } = jest.requireActual<typeof import('./sealed-text.js')>('./sealed-text.js');
  fs.writeFileSync(path.join(directory, 'CONCLAVE-FORMAT'), sealText(9, {}));
  await expect(RocksEngine.open(directory)).rejects.toMatchObject({
    code: 'unknown-format',
    message: expect.stringContaining('unknown format 9, this program knows 1') as string,
  });
});

test('a missing libatomic is named, with the command that helps', () => {
  const load = (): never => {
    throw new Error('libatomic.so.1: cannot open shared object file: No such file or directory');
  };
  expect(() => loadRocks(load)).toThrow('apt-get install -y libatomic1');
});
