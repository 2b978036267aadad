/**
 * Spans in OTLP's JSON form, written as text at once: the SDK's way, an object for each field and
 * JSON.stringify behind it, took ten times as long as recording them.
 *
 * Invariant: all of it is ASCII, so that a text is as many bytes as it has characters.
 */
import type { TraceValue } from '@conclave/base';
import type { RecordedSpan, SpanEvent } from './recorded-span.js';

const MS_DIGITS_NS = 1e6;
const STATUS_ERROR = 2;
/** OTLP's span flags: sampled, and whether it is known that the parent is remote, and that it is. */
const FLAGS_LOCAL = 0x101;
const FLAGS_REMOTE = 0x301;
/** Longer ones are cut, and that bounds a span. */
const TEXT_CHARS_MAX = 1_024;
/** Printable ASCII without quote and backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

type Attributes = Readonly<Record<string, unknown>>;

/** What stands before the first span of a request: who sends. */
export function requestHead(resource: Attributes, scope: string): string {
  return (
    `{"resourceSpans":[{"resource":{"attributes":[${attributesJson(resource)}]},` +
    `"scopeSpans":[{"scope":{"name":${text(scope)}},"spans":[`
  );
}

/** And behind the last one. */
export const REQUEST_TAIL = ']}]}]}';

/** One span that has ended. Costs about a microsecond. */
export function spanJson(span: RecordedSpan): string {
  const { parentSpanId, state, failure, events } = span;
  let out = `{"traceId":"${span.traceId}","spanId":"${span.spanId}"`;
  if (parentSpanId !== '') out += `,"parentSpanId":"${parentSpanId}"`;
  if (state !== '') out += `,"traceState":${text(state)}`;
  out +=
    `,"flags":${span.hasRemoteParent ? FLAGS_REMOTE : FLAGS_LOCAL},"name":${text(span.name)}` +
    `,"kind":${span.kind},"startTimeUnixNano":"${unixNano(span.startMs)}"` +
    `,"endTimeUnixNano":"${unixNano(span.endMs)}"` +
    `,"attributes":[${attributesJson(span.attributes)}]`;
  if (events.length > 0) out += `,"events":[${events.map(eventJson).join(',')}]`;
  const status = failure === '' ? '' : `"code":${STATUS_ERROR},"message":${text(failure)}`;
  return `${out},"status":{${status}}}`;
}

function eventJson({ name, atMs }: SpanEvent): string {
  return `{"timeUnixNano":"${unixNano(atMs)}","name":${text(name)},"attributes":[]}`;
}

function attributesJson(attributes: Attributes): string {
  let out = '';
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined || value === null) continue;
    if (out !== '') out += ',';
    out += `{"key":${text(key)},"value":${valueJson(value as TraceValue)}}`;
  }
  return out;
}

function valueJson(value: TraceValue): string {
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return `{"intValue":${value}}`;
    if (Number.isFinite(value)) return `{"doubleValue":${value}}`;
  }
  if (typeof value === 'boolean') return `{"boolValue":${value}}`;
  return `{"stringValue":${text(String(value))}}`;
}

/** Nanoseconds since 1970 in decimal: a double cannot hold them. */
function unixNano(ms: number): string {
  const whole = Math.floor(ms);
  // Below a million, also where the fraction is rounded up.
  const ns = Math.min(MS_DIGITS_NS - 1, Math.round((ms - whole) * MS_DIGITS_NS));
  return `${whole}${String(MS_DIGITS_NS + ns).slice(1)}`;
}

/** A JSON string in ASCII. */
function text(value: string): string {
  if (value.length <= TEXT_CHARS_MAX && PLAIN.test(value)) return `"${value}"`;
  return JSON.stringify(value.slice(0, TEXT_CHARS_MAX)).replace(/[\u007f-\uffff]/g, escaped);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
