/**
 * From HTTP header fields to the head of a Call, as etcd's gateway does it: `Authorization` and
 * `Grpc-Metadata-<name>` become metadata, `Grpc-Timeout` the deadline. Ours besides: the W3C trace context
 * (`traceparent`, `tracestate`), which wins over the same under `Grpc-Metadata-`, since every hop renews it.
 */
import { EMPTY_METADATA, type Metadata, TraceMetadata, encodeUtf8 } from '@conclave/base';
import { parseTimeout } from '@conclave/grpc';
import { JsonFault } from './json-fault.js';
import { readBase64 } from './text.js';

export type JsonHead =
  | { readonly ok: true; readonly metadata: Metadata; readonly timeoutMs: number | null }
  | { readonly ok: false; readonly message: string };

const PREFIX = 'grpc-metadata-';
const OWN_NAMES: ReadonlySet<string> = new Set([
  'authorization',
  TraceMetadata.PARENT,
  TraceMetadata.STATE,
]);

/** `fields`: name, value, name, value, ... in their order on the wire. */
export function readJsonHead(fields: readonly string[]): JsonHead {
  const metadata = new Map<string, string>();
  const given = new Map<string, string>();
  let timeoutMs: number | null = null;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase();
    const value = fields[i + 1] as string;
    if (OWN_NAMES.has(name)) addField(metadata, name, value);
    else if (name === 'grpc-timeout' && timeoutMs === null) {
      timeoutMs = parseTimeout(value);
      if (timeoutMs === null) return { ok: false, message: `invalid grpc-timeout: ${value}` };
    } else if (name.startsWith(PREFIX) && name.length > PREFIX.length) {
      const fault = addGiven(given, name, value);
      if (fault !== null) return { ok: false, message: fault };
    }
  }
  for (const [name, value] of given) if (!metadata.has(name)) metadata.set(name, value);
  return { ok: true, metadata: metadata.size === 0 ? EMPTY_METADATA : metadata, timeoutMs };
}

/** The first counts; `tracestate` may come in pieces. */
function addField(metadata: Map<string, string>, name: string, value: string): void {
  const before = metadata.get(name);
  if (before === undefined) metadata.set(name, value);
  else if (name === TraceMetadata.STATE) metadata.set(name, `${before},${value}`);
}

/** Answers what is wrong with it, or null. */
function addGiven(given: Map<string, string>, header: string, value: string): string | null {
  const name = header.slice(PREFIX.length);
  // The transport's own names are no metadata, as in gRPC.
  if (name.startsWith('grpc-') || given.has(name)) return null;
  if (!name.endsWith('-bin')) {
    given.set(name, value);
    return null;
  }
  try {
    const padded =
      value.length % 4 === 0 ? value : value.padEnd(Math.ceil(value.length / 4) * 4, '=');
    const bytes = encodeUtf8(padded);
    given.set(name, Buffer.from(readBase64(bytes, 0, bytes.length)).toString('latin1'));
    return null;
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return `invalid binary header ${canonical(header)}: ${error.message}`;
  }
}

/** `grpc-metadata-foo` -> `Grpc-Metadata-Foo`. */
function canonical(header: string): string {
  return header.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => {
    return dash + letter.toUpperCase();
  });
}
