import { encodeUtf8 } from '@conclave/base';
import { putAllUnchanged } from '../requests.js';
import { HistoryBuilder, UNKNOWN, alterRange } from '../testing/history-builder.js';
import { TxnResponse } from '@conclave/wire';
import { judgeLists } from './list-append.js';

type Appended = ReturnType<HistoryBuilder['txn']>;

/** A store of lists, and who appends to them. */
class Lists extends HistoryBuilder {
  append(client: string, key: string, element: string, also: readonly string[] = []): Appended {
    const kv = this.store.get(key, this.revision);
    const value = kv === null ? element : `${String.fromCharCode(...kv.value)} ${element}`;
    const put = { key, value, modRevision: kv?.modRevision ?? 0 };
    return this.txn(client, putAllUnchanged([put], also));
  }

  findings(): string[] {
    return judgeLists(this.operations).map(({ rule, text }) => `${rule}: ${text}`);
  }
}

function three(): Lists {
  const lists = new Lists();
  lists.append('c1', 'a/0', 'x1');
  lists.append('c2', 'a/0', 'y1', ['a/1']);
  lists.append('c1', 'a/1', 'x2', ['a/0']);
  lists.get('c2', 'a/0');
  return lists;
}

test('appends and reads that somebody could have made one after the other have no findings', () => {
  const lists = three();
  expect(lists.findings()).toEqual([]);
  // One whose answer was lost may have happened or not.
  lists.append('c1', 'a/0', 'x3').outcome = UNKNOWN;
  expect(lists.findings()).toEqual([]);
  lists.get('c2', 'a/0');
  expect(lists.findings()).toEqual([]);
});

test('a read that lacks an append acknowledged before it is found', () => {
  const lists = three();
  const read = lists.get('c2', 'a/0');
  alterRange(read, ({ kvs }) => {
    for (const kv of kvs) kv.value = encodeUtf8('x1');
  });
  expect(lists.findings()).toEqual([expect.stringContaining('no order explains operations')]);
});

test('an acknowledged append that the next one overwrote is found', () => {
  const lists = three();
  const put = { key: 'a/0', value: 'x1 z1', modRevision: 3 };
  lists.txn('c3', putAllUnchanged([put], []));
  expect(lists.findings()).toEqual([expect.stringContaining('a/0 was seen as x1 z1 and as x1 y1')]);
});

test('an element that is in its list twice is found', () => {
  const lists = three();
  const read = lists.get('c2', 'a/0');
  alterRange(read, ({ kvs }) => {
    for (const kv of kvs) kv.value = encodeUtf8('x1 y1 x1');
  });
  expect(lists.findings()[0]).toContain('a/0 has an element twice: x1 y1 x1');
});

test('two transactions that each missed what the other appended are found (write skew)', () => {
  const lists = new Lists();
  const first = lists.append('c1', 'a/0', 'x1', ['a/1']);
  const second = lists.append('c2', 'a/1', 'y1', ['a/0']);
  // They overlap, so either may come first; the second was told of the first.
  first.ret = second.ret + 1;
  second.call = first.call + 0.5;
  expect(lists.findings()).toEqual([]);
  if (second.outcome.type !== 'ok') throw new Error('it was answered');
  const answer = TxnResponse.decode(second.outcome.response);
  const read = answer.responses[0]?.response;
  if (read?.$case !== 'responseRange') throw new Error('it reads first');
  read.responseRange.kvs.length = 0;
  second.outcome = { type: 'ok', response: TxnResponse.encode(answer) };
  expect(lists.findings()).toEqual([expect.stringContaining('no order explains operations')]);
});
