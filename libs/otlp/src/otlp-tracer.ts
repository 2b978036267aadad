/**
 * The port `Tracer`. Whether a request is traced is decided here, by `sampler.ts`, before anything is made
 * for it: an unsampled request costs a map lookup. Spans go to the sink when they end.
 */
import type { CallHead, TraceSpan, TraceValue, Tracer } from '@conclave/base';
import { TraceMetadata } from '@conclave/base';
import { createTraceState } from '@opentelemetry/api';
import { RecordedSpan, SpanKind, type SpanParent, type SpanSink } from './recorded-span.js';
import { isSampled, mayBegin } from './sampler.js';
import type { Sampling } from './settings.js';
import { type TraceContext, contextFromBytes, parseTraceparent } from './trace-context.js';

/** Longer ones are not read (W3C: at least 512 characters must be). */
const STATE_CHARS_MAX = 512;

export class OtlpTracer implements Tracer {
  readonly #sink: SpanSink;
  readonly #sampling: Sampling;
  readonly #chance: () => number;

  /** `chance` is in [0, 1). */
  constructor(sink: SpanSink, sampling: Sampling, chance: () => number) {
    this.#sink = sink;
    this.#sampling = sampling;
    this.#chance = chance;
  }

  call(head: CallHead, begins: boolean): TraceSpan | null {
    const text = head.metadata.get(TraceMetadata.PARENT);
    const parent = text === undefined ? null : parseTraceparent(text);
    if (parent === null) {
      if (!begins || !mayBegin(this.#sampling, this.#chance())) return null;
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

  #serve(head: CallHead, parent: SpanParent | null): TraceSpan {
    const { method, http, peer } = head;
    const attributes: Record<string, TraceValue> = { 'conclave.peer': peer };
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

function remote({ traceId, spanId }: TraceContext, state: string | undefined): SpanParent {
  return { traceId, spanId, sampled: true, isRemote: true, state: readable(state) };
}

/** What the W3C's rules for `tracestate` leave of it. */
function readable(state: string | undefined): string {
  if (state === undefined || state === '' || state.length > STATE_CHARS_MAX) return '';
  return createTraceState(state).serialize();
}
