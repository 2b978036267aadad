import { Event, FilterType, ResponseHeader, WatchResponse } from '@conclave/wire';
import { TxnRequest } from '@conclave/wire';
import { putOp } from '../requests.js';
import { HistoryBuilder } from '../testing/history-builder.js';
import type { WatchRecord } from './history.js';
import { judgeWatches } from './watch.js';

/** Revisions 2 to 7; revision 5 has two events. */
function history(): HistoryBuilder {
  const builder = new HistoryBuilder();
  builder.put('c', 'a', '1');
  builder.put('c', 'b', '2');
  builder.put('c', 'a', '3');
  builder.txn('c', TxnRequest.create({ success: [putOp('a', '4'), putOp('b', '5')] }));
  builder.delete('c', 'a');
  builder.put('c', 'a', '6');
  return builder;
}

function rules(builder: HistoryBuilder, record: WatchRecord): string[] {
  const findings = judgeWatches(builder, [record], true);
  return [...new Set(findings.map((finding) => finding.rule))];
}

test('a watch that sees everything from its start has no findings', () => {
  const builder = history();
  for (const start of [1, 2, 4, 7, 8]) {
    expect(judgeWatches(builder, [builder.watch(start)], true)).toEqual([]);
    expect(judgeWatches(builder, [builder.watch(start, { prevKv: true })], true)).toEqual([]);
  }
});

test.each<[string, string, (record: WatchRecord) => void]>([
  ['events out of order', 'I20', (r) => swap(r, 1, 2)],
  ['a revision twice', 'I18', (r) => insert(r, 2, r.responses[1] as WatchResponse)],
  [
    'an old revision again (time travel)',
    'I17',
    (r) => insert(r, 4, r.responses[1] as WatchResponse),
  ],
  ['half of a revision', 'I19', (r) => void r.responses[3]?.events.pop()],
  ['a revision left out', 'I20', (r) => void r.responses.splice(2, 1)],
  ['progress before its events', 'I21', (r) => swap(r, 5, 6)],
  ['progress that falls', 'I21', (r) => insert(r, 7, progress(3))],
  ['a foreign event', 'I20', (r) => alter(r, 2, 'x')],
])('%s is found (%s)', (_what, rule, plant) => {
  const builder = history();
  const record = builder.watch(2);
  plant(record);
  expect(rules(builder, record)).toContain(rule);
});

test('a wrong, missing or unasked previous value is found (I23)', () => {
  const builder = history();
  const wrong = builder.watch(2, { prevKv: true });
  const event = wrong.responses[2]?.events[0] as Event;
  event.prevKv = event.kv;
  expect(rules(builder, wrong)).toEqual(['I23']);
  const missing = builder.watch(2, { prevKv: true });
  (missing.responses[2]?.events[0] as Event).prevKv = null;
  expect(rules(builder, missing)).toEqual(['I23']);
  const unasked = builder.watch(2);
  const other = unasked.responses[2]?.events[0] as Event;
  other.prevKv = other.kv;
  expect(rules(builder, unasked)).toEqual(['I23']);
});

test('a filter must hold back what it names, and nothing else (I23, I20)', () => {
  const builder = history();
  const filtered = builder.watch(2, { filters: [FilterType.NODELETE] });
  expect(rules(builder, filtered)).toEqual(['I23']);
  filtered.responses.splice(4, 1);
  expect(rules(builder, filtered)).toEqual([]);
  filtered.responses.splice(0, 1);
  expect(rules(builder, filtered)).toEqual(['I20']);
});

test('an open watcher that never hears of the end is found at head (C5), a lost one is not', () => {
  const builder = history();
  const record = builder.watch(2);
  record.responses.splice(5);
  expect(rules(builder, record)).toEqual(['C5']);
  expect(judgeWatches(builder, [record], false)).toEqual([]);
  record.state = 'lost';
  expect(rules(builder, record)).toEqual([]);
});

test('a cancellation by compaction must be true and needed (I20)', () => {
  const builder = history();
  const canceled = (compactRevision: number): WatchRecord => {
    const record = builder.watch(3);
    record.responses.splice(0);
    record.responses.push(WatchResponse.create({ canceled: true, compactRevision }));
    record.state = 'canceled';
    return record;
  };
  expect(rules(builder, canceled(5))).toEqual(['I20']);
  builder.compactions.push({ revision: 5, at: 1 }, { revision: 2, at: 1 });
  expect(rules(builder, canceled(5))).toEqual([]);
  expect(rules(builder, canceled(2))).toEqual(['I20']);
});

test('a response that was not whole is judged only when it is (I19)', () => {
  const builder = history();
  const record = builder.watch(2, { fragment: true });
  const whole = record.responses[3] as WatchResponse;
  const [first, second] = whole.events as [Event, Event];
  const parts = [
    WatchResponse.create({ events: [first], fragment: true }),
    WatchResponse.create({ events: [second] }),
  ];
  record.responses.splice(3, 1, ...parts);
  expect(rules(builder, record)).toEqual([]);
  record.responses.splice(4, 0, progress(4));
  expect(rules(builder, record)).toContain('I19');
});

function progress(revision: number): WatchResponse {
  return WatchResponse.create({ header: ResponseHeader.create({ revision }) });
}

function swap({ responses }: WatchRecord, a: number, b: number): void {
  const first = responses[a] as WatchResponse;
  responses[a] = responses[b] as WatchResponse;
  responses[b] = first;
}

function insert({ responses }: WatchRecord, at: number, response: WatchResponse): void {
  responses.splice(at, 0, response);
}

function alter({ responses }: WatchRecord, at: number, value: string): void {
  const event = responses[at]?.events[0] as Event;
  if (event.kv !== null) event.kv = { ...event.kv, value: Uint8Array.of(value.charCodeAt(0)) };
}
