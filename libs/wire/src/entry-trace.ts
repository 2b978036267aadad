/**
 * The trace context in a log entry, found without decoding the entry. It is the last field of the
 * request header and of one length (`TRACE_CONTEXT_BYTES`), so it can only end where the header ends:
 *
 *     field 100, length | ID ... lowestUnanswered | field 1003, 25, context | request
 *
 * What apply does never depends on it.
 */
import { TRACE_CONTEXT_BYTES } from '@conclave/base';

/** The two bytes of the tag of field 100 (header), wire type 2. */
const HEADER_TAG_LOW = 0xa2;
const HEADER_TAG_HIGH = 0x06;
/** The two bytes of the tag of field 1003 (trace), wire type 2. */
const TRACE_TAG_LOW = 0xda;
const TRACE_TAG_HIGH = 0x3e;
/** Tag and length of the field. */
const TRACE_HEAD_BYTES = 3;

/** A view of the context in an entry's data, or null. Costs a few byte compares, whatever the size. */
export function traceOfEntry(data: Uint8Array): Uint8Array | null {
  if (data[0] !== HEADER_TAG_LOW || data[1] !== HEADER_TAG_HIGH) return null;
  let at = 2;
  let length = 0;
  // A header of more than two length bytes (16 KiB) is none of ours.
  const low = data[at++] ?? 0;
  length = low & 0x7f;
  if (low >= 0x80) {
    const high = data[at++] ?? 0x80;
    if (high >= 0x80) return null;
    length |= high << 7;
  }
  const end = at + length;
  const field = end - TRACE_CONTEXT_BYTES - TRACE_HEAD_BYTES;
  if (field < at || end > data.length) return null;
  if (data[field] !== TRACE_TAG_LOW || data[field + 1] !== TRACE_TAG_HIGH) return null;
  if (data[field + 2] !== TRACE_CONTEXT_BYTES) return null;
  return data.subarray(field + TRACE_HEAD_BYTES, end);
}
