/**
 * How rooms say where a request waits: spans of a trace, through a port. `otlp` implements it; where
 * traces are off there is no tracer, and a request that is not sampled has no span, so the cost is one
 * check for null or undefined. Rooms know no clock here either: the adapter takes the times.
 *
 * A span is an object, made for sampled requests only. Whoever begins one ends it, exactly once.
 */
import type { CallHead } from './call.js';

export type TraceValue = string | number | boolean;

/** One span under way. All methods are no-ops after `end`. */
export interface TraceSpan {
  /** The W3C `traceparent` that names this span as parent. */
  readonly traceparent: string;
  /** The same in `TRACE_CONTEXT_BYTES` bytes, for the header of a log entry. A new array. */
  contextBytes(): Uint8Array;
  /** A span inside this one that begins now. */
  child(name: string): TraceSpan;
  /** A moment inside this span. */
  mark(event: string): void;
  set(attribute: string, value: TraceValue): void;
  /** `failure`: why what it stands for did not work; absent or empty: it did. */
  end(failure?: string): void;
}

export interface Tracer {
  /**
   * The span of a call that came in: continues the caller's trace. `mayBegin`: a call without one may
   * begin a trace of its own, if chance says so. Null: it is not sampled.
   */
  call(head: CallHead, mayBegin: boolean): TraceSpan | null;
  /** A span whose parent came as bytes in a log entry; null: they are no context. */
  resume(context: Uint8Array, name: string): TraceSpan | null;
}

/** Length of a context in bytes: flags, trace id, parent's span id. Only sampled ones are written. */
export const TRACE_CONTEXT_BYTES = 25;

/** Metadata that carries a trace from process to process (W3C Trace Context). */
export const TraceMetadata = { PARENT: 'traceparent', STATE: 'tracestate' } as const;

/** `head` of a Call that has `span`: for whoever handles it here, and in the metadata for the next process. */
export function tracedHead(head: CallHead, span: TraceSpan): CallHead {
  const metadata = new Map(head.metadata).set(TraceMetadata.PARENT, span.traceparent);
  return { ...head, metadata, trace: span };
}
