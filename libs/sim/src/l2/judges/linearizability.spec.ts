import { Random } from '@conclave/base';
import { casByValue } from '../requests.js';
import { HistoryBuilder, UNKNOWN, alterRange } from '../testing/history-builder.js';
import { type RegisterOperation, judgeRegister, judgeRegisters } from './linearizability.js';

let id = 0;

function op(call: number, ret: number, action: RegisterOperation['action']): RegisterOperation {
  return { id: id++, call, ret, action };
}

const write = (value: string | null) => ({ type: 'write', value }) as const;
const read = (value: string | null) => ({ type: 'read', value }) as const;

test('an overlapping read may see the value before or after', () => {
  const seen = (value: string | null): string =>
    judgeRegister([op(1, 2, write('1')), op(3, 6, write('2')), op(4, 5, read(value))]);
  expect(seen('1')).toBe('linearizable');
  expect(seen('2')).toBe('linearizable');
  expect(seen(null)).toBe('not');
});

test('a read of an older value behind a completed write is not linearizable', () => {
  const history = [op(1, 2, write('1')), op(3, 4, write('2')), op(5, 6, read('1'))];
  expect(judgeRegister(history)).toBe('not');
});

test('two reads may not see two writes in opposite orders', () => {
  const history = [
    op(1, 10, write('1')),
    op(2, 10.5, write('2')),
    op(3, 4, read('1')),
    op(5, 6, read('2')),
    op(7, 8, read('1')),
  ];
  expect(judgeRegister(history)).toBe('not');
  expect(judgeRegister(history.slice(0, 4))).toBe('linearizable');
});

test('a write without an answer may happen late or never', () => {
  const lost = op(1, Number.POSITIVE_INFINITY, write('1'));
  expect(judgeRegister([lost, op(2, 3, read(null))])).toBe('linearizable');
  expect(judgeRegister([lost, op(2, 3, read(null)), op(4, 5, read('1'))])).toBe('linearizable');
  const back = [lost, op(2, 3, read('1')), op(4, 5, read(null))];
  expect(judgeRegister(back)).toBe('not');
});

test('two comparisons with the same value do not both succeed', () => {
  const cas = (value: string) =>
    ({ type: 'cas', expected: '1', value, succeeded: true, seen: undefined }) as const;
  const history = [op(1, 2, write('1')), op(3, 6, cas('2')), op(4, 5, cas('3'))];
  expect(judgeRegister(history)).toBe('not');
  expect(judgeRegister(history.slice(0, 2))).toBe('linearizable');
});

test('histories of a true register under random overlap are linearizable, with one wrong read not', () => {
  const seed = Number(process.env['SEED'] ?? 5);
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 30; round++) {
    const history: RegisterOperation[] = [];
    let value: string | null = null;
    for (let at = 10; at < 2_000; at += 10) {
      // Each operation happens at `at`, and is called and answered up to 35 around it.
      const call = at - random.fraction() * 35;
      const ret = at + random.fraction() * 35;
      if (random.chance(0.5)) {
        value = random.chance(0.1) ? null : `${at}`;
        history.push(op(call, ret, write(value)));
      } else history.push(op(call, ret, read(value)));
    }
    expect(judgeRegister(history)).toBe('linearizable');
    const wrong = [...history, op(3_000, 3_001, read(value === '10' ? '20' : '10'))];
    expect(judgeRegister(wrong)).toBe('not');
  }
});

test('a recorded history is taken apart by key, and one stale answer is found', () => {
  const builder = new HistoryBuilder();
  builder.put('c1', 'r/1', 'x');
  builder.put('c2', 'r/2', 'y');
  builder.txn('c1', casByValue('r/1', 'x', 'z'));
  builder.txn('c1', casByValue('r/1', 'x', 'w'));
  builder.put('c2', 'r/2', 'v').outcome = UNKNOWN;
  const last = builder.get('c2', 'r/1');
  const isRegister = (key: string): boolean => key.startsWith('r/');
  expect(judgeRegisters(builder.operations, isRegister)).toEqual([]);
  alterRange(last, ({ kvs }) => {
    for (const kv of kvs) kv.value = Uint8Array.of('x'.charCodeAt(0));
  });
  expect(judgeRegisters(builder.operations, isRegister)).toMatchObject([{ rule: 'C6' }]);
});
