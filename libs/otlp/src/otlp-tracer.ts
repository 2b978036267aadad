/**
 * The port `Tracer`. Whether a request is traced is decided here, by `sampler.ts`, before anything is made
 * for it: an unsampled request costs a map lookup. Spans go to OpenTelemetry's SDK when they end.
 */
import type { CallHead, TraceSpan, TraceValue, Tracer } from '@conclave/base';
import { TraceMetadata } from '@conclave/base';
import {
  type Attributes,
  type SpanContext,
  SpanKind,
  TraceFlags,
  createTraceState,
} from '@opentelemetry/api';
import { RecordedSpan, type SpanSink } from './recorded-span.js';
import { isSampled, mayBegin } from './sampler.js';
import type { Sampling } from './settings.js';
import { type TraceContext, contextFromBytes, parseTraceparent } from './trace-context.js';

/** Longer ones are not read (W3C: at least 512 characters must be). */
const STATE_CHARS_MAX = 512;

export class OtlpTracer implements Tracer {
  readonly #sink: SpanSink;
  readonly #sampling: Sampling;

  constructor(sink: SpanSink, sampling: Sampling) {
    this.#sink = sink;
    this.#sampling = sampling;
  }

  call(head: CallHead, begins: boolean): TraceSpan | null {
    const text = head.metadata.get(TraceMetadata.PARENT);
    const parent = text === undefined ? null : parseTraceparent(text);
    if (parent === null) {
      if (!begins || !mayBegin(this.#sampling, this.#sink.chance())) return null;
      return this.#serve(head, null);
    }
    if (!isSampled(this.#sampling, parent)) return null;
    return this.#serve(head, remote(parent, head.metadata.get(TraceMetadata.STATE)));
  }

  resume(context: Uint8Array, name: string): TraceSpan | null {
    const parent = contextFromBytes(context);
    if (parent === null || !parent.sampled) return null;
    return new RecordedSpan(this.#sink, name, remote(parent, undefined));
  }

  #serve(head: CallHead, parent: SpanContext | null): TraceSpan {
    const { method, http, peer } = head;
    const attributes: Attributes = { 'conclave.peer': peer };
    if (method !== '') {
      const slash = method.lastIndexOf('/');
      attributes['rpc.system'] = 'grpc';
      attributes['rpc.service'] = method.slice(1, slash);
      attributes['rpc.method'] = method.slice(slash + 1);
    }
    if (http !== undefined) {
      attributes['http.request.method'] = http.method;
      attributes['http.route'] = http.route;
    }
    const name = http === undefined ? method.slice(1) : `${http.method} ${http.route}`;
    return new RecordedSpan(this.#sink, name, parent, attributes, SpanKind.SERVER);
  }
}

function remote(parent: TraceContext, state: string | undefined): SpanContext {
  const { traceId, spanId } = parent;
  const isReadable = state !== undefined && state !== '' && state.length <= STATE_CHARS_MAX;
  return {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    ...(isReadable ? { traceState: createTraceState(state) } : {}),
  };
}
