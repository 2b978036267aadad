/**
 * The port `Tracer` on OpenTelemetry's SDK. Whether a request is traced is decided here, by `sampler.ts`:
 * the SDK only sees spans that are to be exported, and an unsampled request costs a map lookup.
 */
import type { CallHead, TraceSpan, TraceValue, Tracer } from '@conclave/base';
import { TraceMetadata } from '@conclave/base';
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer as SdkTracer,
  createTraceState,
  trace,
} from '@opentelemetry/api';
import { isSampled, mayBegin } from './sampler.js';
import type { Sampling } from './settings.js';
import {
  type TraceContext,
  contextFromBytes,
  contextToBytes,
  formatTraceparent,
  parseTraceparent,
} from './trace-context.js';

/** Longer ones are not read (W3C: at least 512 characters must be). */
const STATE_CHARS_MAX = 512;

export class OtlpTracer implements Tracer {
  readonly #sdk: SdkTracer;
  readonly #sampling: Sampling;
  readonly #chance: () => number;

  /** `chance` answers a number in [0, 1). */
  constructor(sdk: SdkTracer, sampling: Sampling, chance: () => number = Math.random) {
    this.#sdk = sdk;
    this.#sampling = sampling;
    this.#chance = chance;
  }

  call(head: CallHead, begins: boolean): TraceSpan | null {
    const text = head.metadata.get(TraceMetadata.PARENT);
    const parent = text === undefined ? null : parseTraceparent(text);
    if (parent === null) {
      if (!begins || !mayBegin(this.#sampling, this.#chance())) return null;
      return this.#serve(head, ROOT_CONTEXT);
    }
    if (!isSampled(this.#sampling, parent)) return null;
    return this.#serve(head, remote(parent, head.metadata.get(TraceMetadata.STATE)));
  }

  resume(context: Uint8Array, name: string): TraceSpan | null {
    const parent = contextFromBytes(context);
    if (parent === null || !parent.sampled) return null;
    return new OtlpSpan(this.#sdk, this.#sdk.startSpan(name, {}, remote(parent, undefined)));
  }

  #serve(head: CallHead, parent: Context): TraceSpan {
    const name = head.method.slice(1);
    const slash = name.lastIndexOf('/');
    const attributes = {
      'rpc.system': 'grpc',
      'rpc.service': name.slice(0, slash),
      'rpc.method': name.slice(slash + 1),
      'conclave.peer': head.peer,
    };
    const span = this.#sdk.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    return new OtlpSpan(this.#sdk, span);
  }
}

function remote(parent: TraceContext, state: string | undefined): Context {
  const { traceId, spanId } = parent;
  const isReadable = state !== undefined && state !== '' && state.length <= STATE_CHARS_MAX;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    ...(isReadable ? { traceState: createTraceState(state) } : {}),
  });
}

class OtlpSpan implements TraceSpan {
  readonly #sdk: SdkTracer;
  readonly #span: Span;

  constructor(sdk: SdkTracer, span: Span) {
    this.#sdk = sdk;
    this.#span = span;
  }

  get traceparent(): string {
    return formatTraceparent(this.#context());
  }

  contextBytes(): Uint8Array {
    return contextToBytes(this.#context());
  }

  child(name: string): TraceSpan {
    const parent = trace.setSpan(ROOT_CONTEXT, this.#span);
    return new OtlpSpan(this.#sdk, this.#sdk.startSpan(name, {}, parent));
  }

  mark(event: string): void {
    if (this.#span.isRecording()) this.#span.addEvent(event);
  }

  set(attribute: string, value: TraceValue): void {
    if (this.#span.isRecording()) this.#span.setAttribute(attribute, value);
  }

  end(failure = ''): void {
    if (!this.#span.isRecording()) return;
    if (failure !== '') this.#span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    this.#span.end();
  }

  #context(): TraceContext {
    const { traceId, spanId } = this.#span.spanContext();
    return { traceId, spanId, sampled: true };
  }
}
