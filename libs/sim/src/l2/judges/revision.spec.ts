import { encodeUtf8 } from '@conclave/base';
import { casByRevision, casByValue } from '../requests.js';
import { HistoryBuilder, REFUSED, UNKNOWN, alterRange } from '../testing/history-builder.js';
import { judgeRevisions } from './revision.js';

function rules(builder: HistoryBuilder): string[] {
  return [...new Set(judgeRevisions(builder).map((finding) => finding.rule))];
}

/** Two clients, one after the other: revisions 2 to 6. */
function history(): HistoryBuilder {
  const builder = new HistoryBuilder();
  builder.put('c1', 'a', '1');
  builder.get('c2', 'a');
  builder.put('c2', 'b', '2');
  builder.txn('c1', casByValue('a', '1', '3'));
  builder.txn('c2', casByRevision('b', 99, '4'));
  builder.delete('c1', 'b');
  builder.delete('c1', 'b');
  builder.get('c2', 'b');
  builder.put('c2', 'b', '5');
  builder.get('c1', 'b', { serializable: true });
  return builder;
}

test('a right history has no findings', () => {
  expect(judgeRevisions(history())).toEqual([]);
});

test('a write of unknown outcome may have happened or not, once', () => {
  const builder = history();
  const op = builder.put('c1', 'c', '6');
  op.outcome = UNKNOWN;
  op.ret = Number.POSITIVE_INFINITY;
  expect(judgeRevisions(builder)).toEqual([]);
  builder.commits.pop();
  expect(judgeRevisions(builder)).toEqual([]);
});

test('two deletions without an answer are told apart by when they were called', () => {
  const builder = new HistoryBuilder();
  builder.put('c1', 'a', '1');
  const first = builder.delete('c2', 'a');
  builder.get('c1', 'a');
  builder.put('c1', 'a', '2');
  const second = builder.delete('c3', 'a');
  for (const op of [first, second]) {
    op.outcome = UNKNOWN;
    op.ret = Number.POSITIVE_INFINITY;
  }
  // The later one was given up sooner, so it was recorded first.
  builder.operations.splice(builder.operations.indexOf(second), 1);
  builder.operations.unshift(second);
  expect(judgeRevisions(builder)).toEqual([]);
});

test('an acknowledged write that is not in the log is found (I12)', () => {
  const builder = history();
  builder.put('c1', 'c', '6');
  builder.commits.pop();
  expect(rules(builder)).toEqual(['I12']);
});

test('a write that was applied twice is found (I24)', () => {
  const builder = history();
  builder.put('c1', 'c', '6');
  builder.put('c1', 'c', '6');
  builder.operations.pop();
  expect(rules(builder)).toEqual(['I24']);
});

test('a write that was refused and has happened is found (I24)', () => {
  const builder = history();
  builder.put('c1', 'c', '6').outcome = REFUSED;
  expect(rules(builder)).toEqual(['I24']);
});

test('a read that misses a write completed before it is found (I13)', () => {
  const builder = new HistoryBuilder();
  builder.put('c1', 'a', '1');
  const stale = builder.get('c2', 'a');
  const write = builder.put('c1', 'a', '2');
  // The read is moved behind the write; its answer is the old one.
  [stale.call, stale.ret] = [write.ret + 1, write.ret + 2];
  expect(rules(builder)).toEqual(['I13']);
});

test('the same read is no finding when it was serializable', () => {
  const builder = new HistoryBuilder();
  builder.put('c1', 'a', '1');
  const stale = builder.get('c2', 'a', { serializable: true });
  const write = builder.put('c1', 'a', '2');
  [stale.call, stale.ret] = [write.ret + 1, write.ret + 2];
  expect(judgeRevisions(builder)).toEqual([]);
});

test('two writes against the order of real time are found', () => {
  const builder = new HistoryBuilder();
  const first = builder.put('c1', 'a', '1');
  const second = builder.put('c2', 'a', '2');
  const { call, ret } = first;
  [first.call, first.ret] = [second.call, second.ret];
  [second.call, second.ret] = [call, ret];
  expect(rules(builder)).toContain('C6');
});

test('an answer that tells of a write before it was called is found', () => {
  const builder = new HistoryBuilder();
  builder.put('c1', 'a', '1');
  const write = builder.put('c1', 'a', '2');
  const read = builder.get('c2', 'a');
  [read.call, read.ret, write.call, write.ret] = [write.call, write.ret, read.call, read.ret];
  expect(rules(builder)).toContain('C6');
});

test.each<[string, (builder: HistoryBuilder) => void]>([
  [
    'value',
    (b) => alterRange(b.get('c1', 'a'), (r) => r.kvs.forEach((kv) => (kv.value = encodeUtf8('x')))),
  ],
  ['version', (b) => alterRange(b.get('c1', 'a'), (r) => r.kvs.forEach((kv) => kv.version++))],
  ['missing key', (b) => alterRange(b.get('c1', 'a'), (r) => r.kvs.pop())],
  ['count', (b) => alterRange(b.get('c1', 'a'), (r) => void (r.count = 2))],
  [
    'stale value at a revision that has another',
    (b) => alterRange(b.get('c1', 'b', { serializable: true }), (r) => r.kvs.pop()),
  ],
])('a wrong answer is found: %s', (_what, plant) => {
  const builder = history();
  plant(builder);
  expect(rules(builder)).toEqual(['C6']);
});

test('a comparison that succeeded on what was not there is found', () => {
  const builder = history();
  builder.txn('c1', casByValue('a', '3', '6'));
  const op = builder.txn('c1', casByValue('a', '6', '7'));
  op.request = builder.operations[3]?.request ?? op.request;
  expect(rules(builder)).toContain('C6');
});

test('a revision that nobody made is found (I24), and a gap (I15)', () => {
  const builder = history();
  builder.put('c1', 'c', '6');
  builder.operations.pop();
  expect(rules(builder)).toEqual(['I24']);
  const gap = history();
  gap.commits.splice(2, 1);
  expect(rules(gap)).toContain('I15');
});

test('a refusal as compacted needs a compaction (C6)', () => {
  const builder = history();
  const op = builder.get('c1', 'a', { revision: 2 });
  const message = 'etcdserver: mvcc: required revision has been compacted';
  op.outcome = { type: 'refused', code: 11, message };
  expect(rules(builder)).toEqual(['C6']);
  builder.compactions.push({ revision: 3, at: 1 });
  expect(judgeRevisions(builder)).toEqual([]);
});
