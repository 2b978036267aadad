/**
 * One span as it is recorded: plain fields, in the form the SDK's exporters read. The SDK's own span class
 * costs several times as much to make (ids through buffers, checks of each attribute, a context for each
 * parent), and with a few of them a request that is felt at one request in a hundred.
 */
import type { TraceSpan, TraceValue } from '@conclave/base';
import {
  type Attributes,
  type HrTime,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import { contextToBytes, formatTraceparent } from './trace-context.js';

const MS_PER_S = 1_000;
const NS_PER_MS = 1e6;
const EVENTS_MAX = 16;
const NO_LINKS: ReadableSpan['links'] = [];
const UNSET: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });
const OK_EVENTS: TimedEvent[] = [];

/** Where ended spans go, and what they have in common. */
export interface SpanSink {
  readonly resource: Resource;
  readonly scope: ReadableSpan['instrumentationScope'];
  /** Wall-clock milliseconds, finer than one. */
  nowMs(): number;
  /** In [0, 1). */
  chance(): number;
  ended(span: ReadableSpan): void;
}

export class RecordedSpan implements TraceSpan, ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly attributes: Attributes;
  readonly startTime: HrTime;
  endTime: HrTime = [0, 0];
  status: SpanStatus = UNSET;
  events: TimedEvent[] = OK_EVENTS;
  ended = false;
  readonly links = NO_LINKS;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly #sink: SpanSink;
  readonly #context: SpanContext;
  readonly #startMs: number;
  #endMs = 0;

  /** `parent` null: it begins a trace. */
  constructor(
    sink: SpanSink,
    name: string,
    parent: SpanContext | null,
    attributes: Attributes = {},
    kind: SpanKind = SpanKind.INTERNAL,
  ) {
    this.#sink = sink;
    this.name = name;
    this.kind = kind;
    this.attributes = attributes;
    this.#startMs = sink.nowMs();
    this.startTime = hrTime(this.#startMs);
    const spanId = hex64(sink);
    const traceFlags = TraceFlags.SAMPLED;
    if (parent === null) {
      this.#context = { traceId: hex64(sink) + hex64(sink), spanId, traceFlags };
      return;
    }
    this.parentSpanContext = parent;
    const { traceId, traceState } = parent;
    this.#context =
      traceState === undefined
        ? { traceId, spanId, traceFlags }
        : { traceId, spanId, traceFlags, traceState };
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  get duration(): HrTime {
    return hrTime(this.#endMs - this.#startMs);
  }

  get resource(): Resource {
    return this.#sink.resource;
  }

  get instrumentationScope(): ReadableSpan['instrumentationScope'] {
    return this.#sink.scope;
  }

  get traceparent(): string {
    const { traceId, spanId } = this.#context;
    return formatTraceparent({ traceId, spanId, sampled: true });
  }

  contextBytes(): Uint8Array {
    const { traceId, spanId } = this.#context;
    return contextToBytes({ traceId, spanId, sampled: true });
  }

  child(name: string): TraceSpan {
    return new RecordedSpan(this.#sink, name, this.#context);
  }

  mark(event: string): void {
    if (this.ended || this.events.length >= EVENTS_MAX) return;
    if (this.events === OK_EVENTS) this.events = [];
    this.events.push({ name: event, time: hrTime(this.#sink.nowMs()) });
  }

  set(attribute: string, value: TraceValue): void {
    if (!this.ended) this.attributes[attribute] = value;
  }

  end(failure = ''): void {
    if (this.ended) return;
    this.ended = true;
    if (failure !== '') this.status = { code: SpanStatusCode.ERROR, message: failure };
    // The wall clock may have been set back meanwhile.
    this.#endMs = Math.max(this.#startMs, this.#sink.nowMs());
    this.endTime = hrTime(this.#endMs);
    this.#sink.ended(this);
  }
}

export function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / MS_PER_S);
  return [seconds, Math.round((ms - seconds * MS_PER_S) * NS_PER_MS)];
}

/** 16 hex digits, not all zero. */
function hex64(sink: SpanSink): string {
  const high = Math.floor(sink.chance() * 2 ** 32);
  // One at least, or the id could be no id.
  const low = 1 + Math.floor(sink.chance() * (2 ** 32 - 1));
  return hex32(high) + hex32(low);
}

function hex32(n: number): string {
  return n.toString(16).padStart(8, '0');
}
