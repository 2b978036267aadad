import { EMPTY_BYTES, TRACE_CONTEXT_BYTES, type TraceSpan, type Tracer } from '@conclave/base';
import { type Entry, EntryType, RequestHeader, encodeInternalRaftRequest } from '@conclave/wire';
import { EntryTraces } from './entry-traces.js';

/** Writes down what happens to each span. */
class FakeTracer implements Tracer {
  readonly lines: string[] = [];
  #count = 0;

  call(): null {
    return null;
  }

  resume(context: Uint8Array, name: string): TraceSpan | null {
    if (context[0] === 0) return null;
    const id = `${name} ${++this.#count}`;
    this.lines.push(`begin ${id}`);
    let over = false;
    return {
      traceparent: '',
      contextBytes: () => context,
      child: () => {
        throw new Error('entries have no children');
      },
      mark: () => undefined,
      set: () => undefined,
      end: (failure = '') => {
        if (over) throw new Error(`${id} ends twice`);
        over = true;
        this.lines.push(`end ${id}${failure === '' ? '' : `: ${failure}`}`);
      },
    };
  }

  take(): string[] {
    return this.lines.splice(0);
  }
}

const CONTEXT = new Uint8Array(TRACE_CONTEXT_BYTES).fill(7);

function entry(index: number, trace: Uint8Array = EMPTY_BYTES, term = 1): Entry {
  const header = RequestHeader.create({ ID: BigInt(index), trace });
  const data = encodeInternalRaftRequest(header, 4, Uint8Array.of(10, 1, 65));
  return { index, term, type: EntryType.NORMAL, data };
}

test('on the leader: log write until durable, replicate until committed, apply until applied', () => {
  const tracer = new FakeTracer();
  const traces = new EntryTraces(tracer);
  const traced = entry(2, CONTEXT);
  const written = traces.appending([entry(1), traced], true);
  expect(tracer.take()).toEqual(['begin log write 1', 'begin replicate 2']);
  traces.written(written ?? []);
  expect(tracer.take()).toEqual(['end log write 1']);
  traces.committed([entry(1), traced]);
  traces.applied(entry(1));
  expect(tracer.take()).toEqual(['end replicate 2', 'begin apply 3']);
  traces.applied(traced);
  expect(tracer.take()).toEqual(['end apply 3']);
  expect(traces.size).toBe(0);
});

test('a quorum of others may commit before our own write is durable; its span ends with the write', () => {
  const tracer = new FakeTracer();
  const traces = new EntryTraces(tracer);
  const written = traces.appending([entry(1, CONTEXT)], true);
  traces.committed([entry(1, CONTEXT)]);
  traces.applied(entry(1, CONTEXT));
  tracer.take();
  traces.written(written ?? []);
  expect(tracer.take()).toEqual(['end log write 1']);
});

test('entries without a context, or with one that is not sampled, have no spans', () => {
  const tracer = new FakeTracer();
  const traces = new EntryTraces(tracer);
  const unsampled = new Uint8Array(TRACE_CONTEXT_BYTES);
  expect(traces.appending([entry(1), entry(2, unsampled)], true)).toBeNull();
  expect(tracer.take()).toEqual([]);
  expect(traces.size).toBe(0);
});

test('an entry overwritten in a later term, and what a snapshot overtakes, end their spans', () => {
  const tracer = new FakeTracer();
  const traces = new EntryTraces(tracer);
  const first = traces.appending([entry(5, CONTEXT, 1)], false);
  traces.appending([entry(5, CONTEXT, 2)], false);
  expect(tracer.take()).toEqual([
    'begin log write 1',
    'end log write 1: overwritten',
    'begin log write 2',
  ]);
  traces.clear();
  expect(tracer.take()).toEqual(['end log write 2: ended by a snapshot or a stop']);
  traces.written(first ?? []);
  expect(tracer.take()).toEqual([]);
});

test('a shorter log of a later term ends the spans of all that was behind, and of nothing before', () => {
  const tracer = new FakeTracer();
  const traces = new EntryTraces(tracer);
  traces.appending([entry(4, CONTEXT), entry(5), entry(6, CONTEXT), entry(8, CONTEXT)], false);
  tracer.take();
  traces.appending([entry(6, CONTEXT, 2)], false);
  expect(tracer.take()).toEqual([
    'end log write 2: overwritten',
    'end log write 3: overwritten',
    'begin log write 4',
  ]);
  traces.appending([entry(7, CONTEXT, 2)], false);
  traces.committed([entry(3), entry(4, CONTEXT), entry(5), entry(6, CONTEXT, 2)]);
  expect(tracer.take()).toEqual(['begin log write 5', 'begin apply 6', 'begin apply 7']);
  for (const index of [3, 4, 5, 6]) traces.applied(entry(index));
  expect(tracer.take()).toEqual(['end apply 6', 'end apply 7']);
  expect(traces.size).toBe(1);
});

test('no more than 1,024 entries are held, and none of the rest is traced', () => {
  const tracer = new FakeTracer();
  const traces = new EntryTraces(tracer);
  for (let i = 1; i <= 1_100; i++) traces.appending([entry(i, CONTEXT)], false);
  expect(traces.size).toBe(1_024);
  for (let i = 1; i <= 1_100; i++) traces.applied(entry(i, CONTEXT));
  expect(traces.size).toBe(0);
});
