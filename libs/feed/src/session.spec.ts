import { encodeUtf8 } from '@conclave/base';
import type { Change, FeedMessage, Position } from './message.js';
import { type Expected, type PublishResult, Session, type SessionOptions } from './session.js';
import type { Tail } from './session.js';

const OPTIONS: SessionOptions = {
  reservedPrefix: '_own/',
  revisionChangesMax: 100,
  revisionBytesMax: 100_000,
  cluster: 0xabn,
  prefix: 'f',
  payloadBytesMax: 4_096,
  digest: () => 'd1',
  windowMessages: 3,
  windowBytes: 1_000_000,
  queueItemsMax: 4,
  queueBytesMax: 1_000_000,
  markIntervalMs: 1_000,
  marksWhenIdle: false,
};

interface Sent {
  readonly message: FeedMessage;
  readonly expected: Expected;
  readonly done: (result: PublishResult) => void;
}

class Bench {
  readonly sent: Sent[] = [];
  readonly watches: number[] = [];
  readonly ends: string[] = [];
  readonly session: Session;
  resumed = 0;
  nowMs = 0;

  constructor(tail: Tail, storeRevision = 50, options: Partial<SessionOptions> = {}) {
    this.session = new Session({ ...OPTIONS, ...options }, tail, storeRevision, {
      nowMs: () => this.nowMs,
      publish: (message, expected, done) => this.sent.push({ message, expected, done }),
      watch: (start) => this.watches.push(start),
      resumeWatch: () => this.resumed++,
      published: () => undefined,
      ended: (why, text) => this.ends.push(`${why}: ${text}`),
    });
    this.session.start();
  }

  header(at: number, name: string): string | undefined {
    return this.sent[at]?.message.headers.find(([key]) => key === `Conclave-${name}`)?.[1];
  }

  ack(at: number): void {
    const { done, expected } = this.sent[at] as Sent;
    done({ ok: true, sequence: expected.lastSequence + 1 });
  }
}

function put(revision: number, key = 'k', value = 'v'): Change {
  const rest = { createRevision: revision, version: 1, lease: 0n };
  return { type: 'put', key, value: encodeUtf8(value), revision, ...rest };
}

function at(revision: number, fields: Partial<Position> = {}): Tail {
  const whole = { sub: 0, count: 1, previous: revision - 1 };
  const position: Position = { cluster: 'ab', type: 'put', revision, ...whole, ...fields };
  return { type: 'at', lastSequence: 20, position };
}

test('a new stream begins with the beginning of history', () => {
  const bench = new Bench({ type: 'new' });
  expect(bench.watches).toEqual([1]);
  bench.session.changes([put(2)], false);
  expect(bench.sent[0]?.expected).toEqual({ lastSequence: 0, lastId: null });
  expect(bench.sent[0]?.message.id).toBe('ab-2-0');
  expect(bench.header(0, 'Previous')).toBe('0');
});

test('goes on behind the last message; only the first names no id before it', () => {
  const bench = new Bench(at(7));
  expect(bench.watches).toEqual([8]);
  bench.session.changes([put(9, 'a'), put(9, 'b')], false);
  expect(bench.sent.map((s) => s.expected)).toEqual([
    { lastSequence: 20, lastId: null },
    { lastSequence: 21, lastId: 'ab-9-0' },
  ]);
  expect([bench.header(1, 'Sub'), bench.header(1, 'Count')]).toEqual(['1', '2']);
  expect(bench.header(1, 'Previous')).toBe('7');
});

test('skips what the stream has of a revision that it has a part of', () => {
  const bench = new Bench(at(7, { sub: 1, count: 3, previous: 5 }));
  expect(bench.watches).toEqual([7]);
  bench.session.changes([put(7, 'a'), put(7, 'b'), put(7, 'c'), put(8, 'd')], false);
  expect(bench.sent.map((s) => s.message.id)).toEqual(['ab-7-2', 'ab-8-0']);
  expect([bench.header(0, 'Previous'), bench.header(1, 'Previous')]).toEqual(['5', '7']);
});

test('holds a revision until it is whole, and leaves out keys of its own', () => {
  const bench = new Bench(at(7));
  bench.session.changes([put(8, 'a'), put(8, '_own/claim')], true);
  expect(bench.sent).toEqual([]);
  bench.session.changes([put(8, 'b')], false);
  expect(bench.sent.map((s) => s.message.subject)).toEqual(['f.a', 'f.b']);
  expect(bench.header(0, 'Count')).toBe('2');
});

test('a revision above the bounds leaves in pieces; only its end has the count', () => {
  const bench = new Bench(at(7), 50, { revisionChangesMax: 2, windowMessages: 10 });
  bench.session.changes(
    [1, 2, 3, 4, 5].map((i) => put(8, `k${i}`)),
    false,
  );
  const counts = bench.sent.map((_sent, i) => bench.header(i, 'Count') ?? '-');
  expect(counts).toEqual(['-', '-', '-', '-', '5']);
});

test('keeps to the window, pauses the watch and lets it go on', () => {
  const bench = new Bench(at(7));
  const many = [8, 9, 10, 11, 12, 13, 14].map((revision) => put(revision));
  expect(bench.session.changes(many, false)).toBe(false);
  expect(bench.sent.length).toBe(3);
  bench.ack(0);
  expect(bench.sent.length).toBe(4);
  expect(bench.resumed).toBe(0);
  bench.ack(1);
  expect(bench.resumed).toBe(1);
  expect(bench.session.outstanding).toBe(3);
});

test('acknowledgements out of order move the covered revision in order', () => {
  const bench = new Bench(at(7));
  bench.session.changes([put(8), put(9)], false);
  bench.ack(1);
  expect(bench.session.coveredRevision).toBe(7);
  bench.ack(0);
  expect(bench.session.coveredRevision).toBe(9);
});

test('compacted history becomes one gap, and the watch goes on behind it', () => {
  const bench = new Bench(at(7));
  bench.session.compacted(30);
  expect(bench.watches).toEqual([8, 31]);
  expect(bench.sent[0]?.message.subject).toBe('f.%gap');
  expect([bench.header(0, 'From'), bench.header(0, 'To')]).toEqual(['8', '30']);
  bench.session.changes([put(31)], false);
  expect(bench.header(1, 'Previous')).toBe('30');
});

test('a stream that was emptied begins with a gap up to now', () => {
  const bench = new Bench({ type: 'emptied', lastSequence: 12 }, 50);
  expect(bench.watches).toEqual([51]);
  expect([bench.header(0, 'From'), bench.header(0, 'To')]).toEqual(['1', '50']);
  expect(bench.sent[0]?.expected.lastSequence).toBe(12);
});

test('the first refusal ends the session; what comes later is dropped', () => {
  const bench = new Bench(at(7));
  bench.session.changes([put(8), put(9)], false);
  bench.sent[0]?.done({ ok: false, reason: 'fenced', text: 'wrong last sequence: 21' });
  bench.sent[1]?.done({ ok: false, reason: 'failed', text: 'timeout' });
  bench.session.changes([put(10)], false);
  expect(bench.ends).toEqual(['fenced: wrong last sequence: 21']);
  expect(bench.sent.length).toBe(2);
});

test('an acknowledgement for another sequence is a fence', () => {
  const bench = new Bench(at(7));
  bench.session.changes([put(8)], false);
  bench.sent[0]?.done({ ok: true, sequence: 5 });
  expect(bench.ends).toEqual(['fenced: message 0 stands at 5, not at 21']);
});

test('marks what was passed over, once the stream was silent for long enough', () => {
  const bench = new Bench(at(7));
  bench.session.progress(40);
  bench.session.tick();
  expect(bench.sent.length).toBe(0);
  bench.nowMs = 1_000;
  bench.session.tick();
  expect(bench.sent[0]?.message.id).toBe('ab-40-mark-21');
  bench.ack(0);
  bench.nowMs = 9_000;
  bench.session.tick();
  expect(bench.sent.length).toBe(1);
});

test('a value above what NATS takes is left out by name', () => {
  const bench = new Bench(at(7));
  bench.session.changes([put(8, 'big', 'x'.repeat(5_000))], false);
  expect([bench.header(0, 'Omitted'), bench.header(0, 'Value-Bytes')]).toEqual(['value', '5000']);
  expect(bench.sent[0]?.message.payload.length).toBe(0);
});
