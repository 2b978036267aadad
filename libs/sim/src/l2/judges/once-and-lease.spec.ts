import { judgeLocks } from '../judge.js';
import { casByRevision } from '../requests.js';
import { HistoryBuilder, REFUSED, UNKNOWN } from '../testing/history-builder.js';
import { judgeExactlyOnce } from './exactly-once.js';
import { type LeaseRecord, judgeLeases } from './lease.js';

const isOnce = (key: string): boolean => key.startsWith('u/');

function once(builder: HistoryBuilder): string[] {
  return judgeExactlyOnce(builder.operations, builder.commits, isOnce).map((f) => f.rule);
}

/** A counter raised twice, a third time in vain, and a key put once. */
function counted(): HistoryBuilder {
  const builder = new HistoryBuilder();
  builder.txn('c1', casByRevision('n/0', 0, '1 a'));
  builder.txn('c2', casByRevision('n/0', 2, '2 b'));
  builder.txn('c1', casByRevision('n/0', 2, '2 c'));
  builder.put('c1', 'u/1', 'd');
  return builder;
}

test('each operation once has no findings, and one of unknown outcome may be missing', () => {
  const builder = counted();
  expect(once(builder)).toEqual([]);
  builder.put('c1', 'u/2', 'e').outcome = UNKNOWN;
  expect(once(builder)).toEqual([]);
  builder.commits.pop();
  expect(once(builder)).toEqual([]);
});

test('a write that a gateway repeated, and that was applied twice, is found (I24)', () => {
  const builder = counted();
  builder.put('c1', 'u/1', 'd');
  builder.operations.pop();
  expect(once(builder)).toEqual(['I24', 'I24']);
});

test('an acknowledged increment that is nowhere is found, and a refused one that happened (I24)', () => {
  const lost = counted();
  lost.txn('c1', casByRevision('n/0', 3, '3 f'));
  lost.commits.pop();
  expect(once(lost)).toEqual(['I24']);
  const refused = counted();
  refused.put('c1', 'u/2', 'g').outcome = REFUSED;
  expect(once(refused)).toEqual(['I24']);
});

describe('leases (I16)', () => {
  const record = (...askedMs: number[]): LeaseRecord => ({
    id: 7n,
    ttl: 2,
    renewals: askedMs.map((ms) => ({ askedMs: ms, ttl: 2 })),
  });
  const end = (atMs: number, byTime = true) => [{ id: 7n, atMs, byTime }];

  test('one that ends its time after the last renewal, or is revoked, has no findings', () => {
    expect(judgeLeases([record(0, 1_000)], end(3_000), 0)).toEqual([]);
    expect(judgeLeases([record(0, 1_000)], end(1_500, false), 0)).toEqual([]);
    expect(judgeLeases([record(0)], [], 0)).toEqual([]);
  });

  test('one that ended too early is found', () => {
    expect(judgeLeases([record(0, 1_000)], end(2_900), 0)).toMatchObject([{ rule: 'I16' }]);
  });

  test('a clock that may run a tenth fast allows a tenth', () => {
    expect(judgeLeases([record(0, 1_000)], end(2_900), 0.1)).toEqual([]);
    expect(judgeLeases([record(0, 1_000)], end(2_700), 0.1)).toMatchObject([{ rule: 'I16' }]);
  });

  test('a renewal of one that is gone is found', () => {
    expect(judgeLeases([record(0, 5_000)], end(4_000), 0)).not.toEqual([]);
  });
});

test('a lock that was answered to the second in the queue is found', () => {
  const builder = new HistoryBuilder();
  builder.put('c1', 'lock/1/a', '');
  builder.put('c2', 'lock/1/b', '');
  const held = (key: string, revision: number) => ({
    client: 'k',
    prefix: 'lock/1/',
    key,
    revision,
  });
  expect(judgeLocks(builder.store, [held('lock/1/a', 3)])).toEqual([]);
  expect(judgeLocks(builder.store, [held('lock/1/b', 3)])).toMatchObject([{ rule: 'C6' }]);
  builder.delete('c1', 'lock/1/a');
  expect(judgeLocks(builder.store, [held('lock/1/b', 4)])).toEqual([]);
  expect(judgeLocks(builder.store, [held('lock/1/a', 4)])).toMatchObject([{ rule: 'C6' }]);
});
