import { type CallHead, TRACE_CONTEXT_BYTES } from '@conclave/base';
import { OtlpTracer } from './otlp-tracer.js';
import type { RecordedSpan } from './recorded-span.js';
import type { Sampling } from './settings.js';
import { contextFromBytes, contextToBytes, parseTraceparent } from './trace-context.js';
import { TraceIds } from './trace-ids.js';

const TRACE = 'a'.repeat(32);
const SPAN = 'b'.repeat(16);
const PARENT = `00-${TRACE}-${SPAN}-01`;

interface Opened {
  readonly of: OtlpTracer;
  /** Those that ended. */
  readonly spans: readonly RecordedSpan[];
}

function tracer(sampling: Sampling, chance = 0): Opened {
  const spans: RecordedSpan[] = [];
  let nowMs = 1_000_000;
  let draws = 0;
  const sink = {
    nowMs: () => nowMs++,
    ids: new TraceIds(() => (++draws * 0.377) % 1),
    ended: (span: RecordedSpan) => void spans.push(span),
  };
  return { of: new OtlpTracer(sink, sampling, () => chance), spans };
}

function head(metadata: Record<string, string>): CallHead {
  const method = '/etcdserverpb.KV/Put';
  return { method, metadata: new Map(Object.entries(metadata)), timeoutMs: null, peer: 'p' };
}

test('a sampled caller is continued: trace, parent, state, name, and its status', () => {
  const { of, spans } = tracer({ parentBased: true, ratio: 0 });
  const span = of.call(head({ traceparent: PARENT, tracestate: 'a=1' }), true);
  expect(span?.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  span?.child('propose').end('no leader');
  span?.mark('reply');
  span?.end();
  const [propose, put] = spans;
  expect(put?.name).toBe('etcdserverpb.KV/Put');
  expect(put).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, state: 'a=1', failure: '' });
  expect(put?.events.map((e) => e.name)).toEqual(['reply']);
  expect(propose).toMatchObject({ traceId: TRACE, parentSpanId: put?.spanId, state: 'a=1' });
  expect(propose?.failure).toBe('no leader');
  expect([put?.hasRemoteParent, propose?.hasRemoteParent]).toEqual([true, false]);
  // Begun at 0 ms, ended at 4: the child, its end and the mark came between.
  expect([put?.startMs, put?.endMs]).toEqual([1_000_000, 1_000_004]);
});

test('a call that came by HTTP is named by its route, and what is no call at all too', () => {
  const { of, spans } = tracer({ parentBased: true, ratio: 0 });
  const http = { method: 'POST', route: '/v3/kv/put' };
  of.call({ ...head({ traceparent: PARENT }), http }, false)?.end();
  of.call(
    { ...head({ traceparent: PARENT }), method: '', http: { method: 'GET', route: '/new' } },
    false,
  )?.end();
  const [put, page] = spans;
  expect([put?.name, page?.name]).toEqual(['POST /v3/kv/put', 'GET /new']);
  expect(put?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/v3/kv/put',
    'rpc.service': 'etcdserverpb.KV',
    'rpc.method': 'Put',
  });
  expect(page?.attributes).not.toHaveProperty('rpc.method');
});

test('a trace begun here has an id of its own', () => {
  const begun = tracer({ parentBased: true, ratio: 1 }).of.call(head({}), true);
  expect(parseTraceparent(begun?.traceparent ?? '')).toMatchObject({ sampled: true });
});

test.each([0, 1 - 2 ** -53])(
  'ids are as long as they must be and never all zero, drawn at %f',
  (drawn) => {
    const ids = new TraceIds(() => drawn);
    expect(ids.trace()).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
    expect(ids.span()).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
  },
);

test('after its end a span takes nothing more, and a second end does nothing', () => {
  const { of, spans } = tracer({ parentBased: true, ratio: 0 });
  const span = of.call(head({ traceparent: PARENT }), true);
  span?.end();
  span?.mark('late');
  span?.end('late');
  expect(spans).toHaveLength(1);
  expect(spans[0]).toMatchObject({ events: [], failure: '' });
});

test('the caller decides where sampling is parent based; chance decides about the rest', () => {
  const unsampled = head({ traceparent: `00-${TRACE}-${SPAN}-00` });
  const half = { parentBased: true, ratio: 0.5 };
  expect(tracer(half, 0).of.call(unsampled, true)).toBeNull();
  expect(tracer(half, 0.4).of.call(head({}), true)).not.toBeNull();
  expect(tracer(half, 0.5).of.call(head({}), true)).toBeNull();
  expect(tracer(half, 0.4).of.call(head({}), false)).toBeNull();
  expect(tracer({ parentBased: true, ratio: 0 }, 0).of.call(head({}), true)).toBeNull();
});

test('a plain ratio looks at the trace id, so that every process decides alike', () => {
  const { of } = tracer({ parentBased: false, ratio: 0.5 });
  const low = `00-${'1'.repeat(32)}-${SPAN}-00`;
  const high = `00-${'e'.repeat(32)}-${SPAN}-01`;
  expect(of.call(head({ traceparent: low }), false)).not.toBeNull();
  expect(of.call(head({ traceparent: high }), false)).toBeNull();
});

test('the context of a log entry is continued; bytes that are none are not', () => {
  const { of, spans } = tracer({ parentBased: true, ratio: 0 });
  const bytes = of.call(head({ traceparent: PARENT }), true)?.contextBytes() as Uint8Array;
  expect(bytes).toHaveLength(TRACE_CONTEXT_BYTES);
  of.resume(bytes, 'apply')?.end();
  expect(spans[0]).toMatchObject({ traceId: TRACE, name: 'apply', hasRemoteParent: true });
  expect(of.resume(new Uint8Array(TRACE_CONTEXT_BYTES), 'apply')).toBeNull();
  expect(of.resume(bytes.subarray(1), 'apply')).toBeNull();
  const unsampled = bytes.slice();
  unsampled[0] = 0;
  expect(of.resume(unsampled, 'apply')).toBeNull();
});

test.each([
  ['', null],
  [PARENT, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`00-${TRACE}-${SPAN}-ff`, true],
  [`cc-${TRACE}-${SPAN}-01-more`, true],
  [`00-${TRACE}-${SPAN}-01-more`, null],
  [`ff-${TRACE}-${SPAN}-01`, null],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, null],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, null],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, null],
  [`00-${TRACE}-${SPAN}`, null],
  ['x'.repeat(100_000), null],
])('traceparent %.60s', (text, sampled) => {
  expect(parseTraceparent(text)?.sampled ?? null).toBe(sampled);
});

test('a context is the same after its way through bytes', () => {
  const context = { traceId: '0123456789abcdef0123456789abcdef', spanId: SPAN, sampled: true };
  expect(contextFromBytes(contextToBytes(context))).toEqual(context);
});
