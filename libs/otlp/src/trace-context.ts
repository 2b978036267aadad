/**
 * W3C Trace Context: the text of the `traceparent` header, and its form in bytes for a log entry
 * (flags, trace id, span id). What comes from outside is checked; what is not a context is none.
 */
import { TRACE_CONTEXT_BYTES, assertEq } from '@conclave/base';

export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const SAMPLED = 1;
const PATTERN = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const TEXT_CHARS_MAX = 512;
const TRACE_ID_BYTES = 16;
const NO_TRACE_ID = '0'.repeat(32);
const NO_SPAN_ID = '0'.repeat(16);
/** Null: not a valid `traceparent`. A later version than 00 is read as far as 00 goes. */
export function parseTraceparent(text: string): TraceContext | null {
  if (text.length > TEXT_CHARS_MAX) return null;
  const match = PATTERN.exec(text);
  if (match === null) return null;
  const [, version, traceId, spanId, flags, rest] = match as unknown as string[];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  return checked(traceId as string, spanId as string, Number.parseInt(flags as string, 16));
}

/** The value of a lower-case hex digit. */
function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

function checked(traceId: string, spanId: string, flags: number): TraceContext | null {
  if (traceId === NO_TRACE_ID || spanId === NO_SPAN_ID) return null;
  return { traceId, spanId, sampled: (flags & SAMPLED) === SAMPLED };
}

export function formatTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? '01' : '00'}`;
}

/** `TRACE_CONTEXT_BYTES` bytes in a new array. */
export function contextToBytes(context: TraceContext): Uint8Array {
  const bytes = new Uint8Array(TRACE_CONTEXT_BYTES);
  bytes[0] = context.sampled ? SAMPLED : 0;
  const hex = context.traceId + context.spanId;
  assertEq(hex.length, 2 * (TRACE_CONTEXT_BYTES - 1), 'a trace id and a span id');
  for (let i = 0; i < hex.length; i += 2) {
    bytes[1 + i / 2] = digit(hex.charCodeAt(i)) * 16 + digit(hex.charCodeAt(i + 1));
  }
  return bytes;
}

/** Null: another length, or an id of zeros. */
export function contextFromBytes(bytes: Uint8Array): TraceContext | null {
  if (bytes.length !== TRACE_CONTEXT_BYTES) return null;
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  const spanAt = 2 + 2 * TRACE_ID_BYTES;
  return checked(hex.slice(2, spanAt), hex.slice(spanAt), bytes[0] as number);
}
