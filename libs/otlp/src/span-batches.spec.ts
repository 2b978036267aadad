import { type BatchLimits, type SpanBatch, SpanBatches } from './span-batches.js';
import { requestHead } from './span-json.js';

const LIMITS: BatchLimits = { spansMax: 6, batchSpansMax: 2, delayMs: 5_000, timeoutMs: 30_000 };

interface Timer {
  readonly ms: number;
  readonly task: () => void;
}

/** Batches, what they sent, and timers that run when they are told. */
class World {
  readonly sent: { readonly names: readonly string[]; readonly done: () => void }[] = [];
  readonly timers = new Set<Timer>();
  /** Where each body is. */
  readonly rooms: unknown[] = [];
  dropped = 0;
  readonly batches: SpanBatches;

  constructor(limits: Partial<BatchLimits> = {}) {
    this.batches = new SpanBatches(
      { ...LIMITS, ...limits },
      {
        head: () => requestHead({}, 'test'),
        send: (batch, done) => {
          this.rooms.push(batch.body.buffer);
          this.sent.push({ names: namesOf(batch), done: () => done(OK) });
        },
        after: (ms, task) => {
          const timer = { ms, task };
          this.timers.add(timer);
          return () => void this.timers.delete(timer);
        },
        dropped: (spans) => (this.dropped += spans),
      },
    );
  }

  add(...names: string[]): void {
    for (const name of names) {
      if (this.batches.takes()) this.batches.add(JSON.stringify({ name }));
    }
  }

  /** Runs the timer of `ms`; there is one. */
  elapse(ms: number): void {
    const timer = [...this.timers].find((one) => one.ms === ms) as Timer;
    this.timers.delete(timer);
    timer.task();
  }

  get names(): (readonly string[])[] {
    return this.sent.map(({ names }) => names);
  }
}

const OK = { code: 0 };

function namesOf({ body, spans }: SpanBatch): string[] {
  const request = JSON.parse(Buffer.from(body).toString()) as {
    resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[];
  };
  const names = request.resourceSpans[0]?.scopeSpans[0]?.spans.map(({ name }) => name) ?? [];
  expect(names).toHaveLength(spans);
  return names;
}

test('a full batch is sent at once, one that is not when its first span has waited long enough', () => {
  const world = new World();
  world.add('a', 'b');
  expect(world.names).toEqual([['a', 'b']]);
  world.sent[0]?.done();
  world.add('c');
  expect(world.names).toHaveLength(1);
  world.elapse(LIMITS.delayMs);
  expect(world.names[1]).toEqual(['c']);
  world.sent[1]?.done();
  expect(world.timers.size).toBe(0);
});

test('one request is under way; what comes meanwhile follows in order', () => {
  const world = new World();
  world.add('a', 'b', 'c', 'd', 'e');
  world.elapse(LIMITS.delayMs);
  expect(world.names).toEqual([['a', 'b']]);
  world.sent[0]?.done();
  world.sent[1]?.done();
  expect(world.names).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
});

test('spans that find no room are dropped and counted, and there is room again afterwards', () => {
  const world = new World();
  world.add(...'abcdefghij');
  // Two under way, six waiting.
  expect(world.dropped).toBe(2);
  world.sent[0]?.done();
  world.add('k', 'l', 'm');
  expect(world.dropped).toBe(3);
  for (const i of [1, 2, 3, 4]) world.sent[i]?.done();
  expect(world.names.flat().join('')).toBe('abcdefghkl');
});

test('a request without an answer is given up, and its late answer says nothing', () => {
  const world = new World();
  world.add('a', 'b', 'c', 'd', 'e', 'f');
  world.elapse(LIMITS.timeoutMs);
  expect(world.names).toHaveLength(2);
  world.sent[0]?.done();
  expect(world.names).toHaveLength(2);
  world.sent[1]?.done();
  world.sent[1]?.done();
  expect(world.names).toHaveLength(3);
});

test('room of a body that was answered is used again, that of one given up is not', () => {
  const world = new World();
  world.add('a', 'b', 'c', 'd');
  world.elapse(LIMITS.timeoutMs);
  world.add('e', 'f');
  world.sent[1]?.done();
  world.add('g', 'h');
  world.sent[2]?.done();
  const rooms = world.rooms.slice(0, 4);
  expect(new Set(rooms).size).toBe(3);
  expect(rooms[3]).toBe(rooms[1]);
  expect(world.names).toEqual([
    ['a', 'b'],
    ['c', 'd'],
    ['e', 'f'],
    ['g', 'h'],
  ]);
});

test('a close sends what waits, is done behind it, and takes nothing more', () => {
  const world = new World();
  let closed = false;
  world.add('a', 'b', 'c');
  world.batches.close(() => (closed = true));
  world.add('late');
  world.sent[0]?.done();
  expect([closed, world.dropped]).toEqual([false, 1]);
  world.sent[1]?.done();
  expect([closed, world.names]).toEqual([true, [['a', 'b'], ['c']]]);
  expect(world.timers.size).toBe(0);
});

test('a close with nothing to send is done at once', () => {
  let closed = false;
  new World().batches.close(() => (closed = true));
  expect(closed).toBe(true);
});

test('spans larger than the room for a body find theirs', () => {
  const world = new World({ batchSpansMax: 3 });
  const long = ['x', 'y', 'z'].map((name) => name.repeat(50_000));
  world.add(...long);
  expect(world.names).toEqual([long]);
});
