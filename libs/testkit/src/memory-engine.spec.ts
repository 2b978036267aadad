import { type EngineOp, encodeUtf8 } from '@conclave/base';
import { MemoryEngine } from './memory-engine.js';
import { TaskQueue } from './task-queue.js';

const put = (key: string, value: string): EngineOp => ({
  type: 'put',
  key: encodeUtf8(key),
  value: encodeUtf8(value),
});

function setup() {
  const turns = new TaskQueue();
  const engine = new MemoryEngine(turns);
  const write = (...ops: EngineOp[]): void => {
    let finished = false;
    engine.write(ops, (failure) => {
      expect(failure).toBeNull();
      finished = true;
    });
    expect(finished).toBe(false);
    turns.run();
    expect(finished).toBe(true);
  };
  const flush = (): void => {
    engine.flush(() => {});
    turns.run();
  };
  const show = (): string =>
    engine
      .dump()
      .map((row) => `${Buffer.from(row.key)}=${Buffer.from(row.value)}`)
      .join(' ');
  return { turns, engine, write, flush, show };
}

test('a batch applies its operations in order, and rows come out in key order', () => {
  const { write, show } = setup();
  write(put('b', '1'), put('a', '2'), put('c', '3'));
  write({ type: 'delete-range', lo: encodeUtf8('b'), hi: encodeUtf8('c') }, put('d', '4'));
  expect(show()).toBe('a=2 c=3 d=4');
});

test('a crash returns to the last finished flush', () => {
  const { turns, engine, write, flush, show } = setup();
  write(put('a', '1'));
  flush();
  write(put('a', '2'), put('b', '2'));
  engine.flush(() => {
    throw new Error('must not complete');
  });
  engine.crash();
  turns.run();
  expect(show()).toBe('a=1');
});

test('a flush covers what was written before it was asked for and nothing later', () => {
  const { turns, engine, write, show } = setup();
  write(put('a', '1'));
  engine.flush(() => {});
  engine.write([put('a', '2')], () => {});
  turns.run();
  expect(show()).toBe('a=2');
  engine.crash();
  expect(show()).toBe('a=1');
});

test('a snapshot does not move', () => {
  const { turns, engine, write } = setup();
  write(put('a', '1'));
  const snapshot = engine.snapshot();
  write(put('a', '2'), put('b', '2'));
  const seen: string[] = [];
  snapshot.scan(new Uint8Array(0), null, 10, (_failure, rows) => {
    for (const row of rows) seen.push(`${Buffer.from(row.key)}=${Buffer.from(row.value)}`);
  });
  turns.run();
  expect(seen).toEqual(['a=1']);
  snapshot.release();
  expect(engine.openSnapshots).toBe(0);
});

test('two batches in flight are a broken invariant', () => {
  const { engine } = setup();
  engine.write([], () => {});
  expect(() => engine.write([], () => {})).toThrow('one batch in flight');
});
