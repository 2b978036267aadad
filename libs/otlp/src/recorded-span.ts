/**
 * One span as it is recorded: plain fields, put into words (`span-json.ts`) when it ends, and forgotten. The
 * SDK's own span class costs several times as much to make (ids through buffers, checks of each attribute,
 * a context for each parent), and a span that is kept until its batch is sent costs the garbage collector as
 * much again. With a few of them a request that is felt at one request in a hundred.
 */
import type { TraceSpan, TraceValue } from '@conclave/base';
import { type TraceContext, contextToBytes, formatTraceparent } from './trace-context.js';
import type { TraceIds } from './trace-ids.js';

const EVENTS_MAX = 16;
const NO_EVENTS: readonly SpanEvent[] = [];

/** As OTLP numbers them. */
export const SpanKind = { INTERNAL: 1, SERVER: 2 } as const;
export type SpanKind = (typeof SpanKind)[keyof typeof SpanKind];

export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
}

/** A span's place in its trace, as its children see it. */
export interface SpanParent extends TraceContext {
  /** W3C `tracestate`; empty: none. */
  readonly state: string;
  /** It is a span of another process, or of another part of this one that wrote it into the log. */
  readonly isRemote: boolean;
}

/** Where ended spans go, and what they need. */
export interface SpanSink {
  /** Wall-clock milliseconds, finer than one. */
  nowMs(): number;
  readonly ids: TraceIds;
  /** Borrowed until return. */
  ended(span: RecordedSpan): void;
}

export class RecordedSpan implements TraceSpan, SpanParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly state: string;
  readonly sampled = true;
  readonly isRemote = false;
  /** Empty: it begins a trace. */
  readonly parentSpanId: string;
  readonly hasRemoteParent: boolean;
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Record<string, TraceValue>;
  readonly startMs: number;
  /** Not before `startMs`. */
  endMs = 0;
  /** Empty: it worked, as far as is known. */
  failure = '';
  events: readonly SpanEvent[] = NO_EVENTS;
  #isOver = false;
  readonly #sink: SpanSink;

  /** `parent` null: it begins a trace. */
  constructor(
    sink: SpanSink,
    name: string,
    parent: SpanParent | null,
    attributes: Record<string, TraceValue> = {},
    kind: SpanKind = SpanKind.INTERNAL,
  ) {
    this.#sink = sink;
    this.name = name;
    this.kind = kind;
    this.attributes = attributes;
    this.startMs = sink.nowMs();
    this.spanId = sink.ids.span();
    this.traceId = parent === null ? sink.ids.trace() : parent.traceId;
    this.state = parent === null ? '' : parent.state;
    this.parentSpanId = parent === null ? '' : parent.spanId;
    this.hasRemoteParent = parent !== null && parent.isRemote;
  }

  get traceparent(): string {
    return formatTraceparent(this);
  }

  contextBytes(): Uint8Array {
    return contextToBytes(this);
  }

  child(name: string): TraceSpan {
    return new RecordedSpan(this.#sink, name, this);
  }

  mark(event: string): void {
    if (this.#isOver || this.events.length >= EVENTS_MAX) return;
    const one = { name: event, atMs: this.#sink.nowMs() };
    this.events = this.events.length === 0 ? [one] : [...this.events, one];
  }

  set(attribute: string, value: TraceValue): void {
    if (!this.#isOver) this.attributes[attribute] = value;
  }

  end(failure = ''): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.failure = failure;
    // The wall clock may have been set back meanwhile.
    this.endMs = Math.max(this.startMs, this.#sink.nowMs());
    this.#sink.ended(this);
  }
}
