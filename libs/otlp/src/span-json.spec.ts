import type { TraceValue } from '@conclave/base';
import { RecordedSpan, SpanKind, type SpanParent } from './recorded-span.js';
import { REQUEST_TAIL, requestHead, spanJson } from './span-json.js';
import { TraceIds } from './trace-ids.js';

const TRACE = 'a'.repeat(32);
const PARENT: SpanParent = {
  traceId: TRACE,
  spanId: 'b'.repeat(16),
  sampled: true,
  isRemote: true,
  state: 'v=1',
};

interface Shown {
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** A span that begins at `beginMs` and ends 2 ms later, with one mark between. */
function shown(
  name: string,
  parent: SpanParent | null,
  attributes: Record<string, TraceValue> = {},
  failure = '',
  beginMs = 1_700_000_000_000.25,
): Shown {
  let nowMs = beginMs - 1;
  let text = '';
  const sink = {
    nowMs: () => ++nowMs,
    ids: new TraceIds(() => 0.5),
    ended: (span: RecordedSpan) => void (text = spanJson(span)),
  };
  const span = new RecordedSpan(sink, name, parent, attributes, SpanKind.SERVER);
  span.mark('reply');
  span.end(failure);
  return { text, json: JSON.parse(text) as Record<string, unknown> };
}

test('a span has all that it recorded, as OTLP names it', () => {
  const attributes = { 'rpc.method': 'Put', bytes: 300, share: 0.5, traced: true };
  const { json } = shown('etcdserverpb.KV/Put', PARENT, attributes);
  expect(json).toEqual({
    traceId: TRACE,
    spanId: '8000000080000000',
    parentSpanId: PARENT.spanId,
    traceState: 'v=1',
    flags: 0x301,
    name: 'etcdserverpb.KV/Put',
    kind: 2,
    startTimeUnixNano: '1700000000000250000',
    endTimeUnixNano: '1700000000002250000',
    attributes: [
      { key: 'rpc.method', value: { stringValue: 'Put' } },
      { key: 'bytes', value: { intValue: 300 } },
      { key: 'share', value: { doubleValue: 0.5 } },
      { key: 'traced', value: { boolValue: true } },
    ],
    events: [{ timeUnixNano: '1700000000001250000', name: 'reply', attributes: [] }],
    status: {},
  });
});

test('a span that begins a trace names no parent, and a failed one says why', () => {
  const { json } = shown('apply', null, {}, 'no leader');
  expect(json).not.toHaveProperty('parentSpanId');
  expect(json).not.toHaveProperty('traceState');
  expect(json).toMatchObject({ flags: 0x101, status: { code: 2, message: 'no leader' } });
});

test('a fraction that is nearly the next millisecond does not spoil the digits', () => {
  const { json } = shown('x', null, {}, '', 1_000.9999999);
  expect(json['startTimeUnixNano']).toBe('1000999999');
  expect(shown('x', null, {}, '', 5).json['startTimeUnixNano']).toBe('5000000');
});

test('text of any kind comes out as it went in, in ASCII, and is cut where it is too long', () => {
  const strange = 'quote " backslash \\ newline \n nul \u0000 ü 漢 😀 lone \ud800 del \u007f';
  const { text, json } = shown(strange, null, { peer: strange }, 'x'.repeat(5_000));
  expect(text).toMatch(/^[ -~]*$/);
  expect(json['name']).toBe(strange);
  expect(json['attributes']).toEqual([{ key: 'peer', value: { stringValue: strange } }]);
  expect((json['status'] as { message: string }).message).toBe('x'.repeat(1_024));
});

test('a number that JSON has no word for is told as text', () => {
  const { json } = shown('x', null, { a: Number.NaN, b: Number.POSITIVE_INFINITY });
  expect(json['attributes']).toEqual([
    { key: 'a', value: { stringValue: 'NaN' } },
    { key: 'b', value: { stringValue: 'Infinity' } },
  ]);
});

test('head, spans and tail make one request', () => {
  const head = requestHead({ 'service.name': 'n"1', none: undefined }, 'conclave');
  const spans = ['a', 'b'].map((name) => shown(name, null).text);
  const request = JSON.parse(head + spans.join(',') + REQUEST_TAIL) as object;
  expect(request).toMatchObject({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'n"1' } }] },
        scopeSpans: [{ scope: { name: 'conclave' }, spans: [{ name: 'a' }, { name: 'b' }] }],
      },
    ],
  });
});
