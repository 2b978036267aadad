/**
 * The head of a call: from HTTP/2 header fields to a `CallHead`, or to the answer that refuses it.
 *
 * The transport's own fields (pseudo headers, `te`, `content-type`, `user-agent`, `grpc-*`, ...)
 * are no metadata. Of a field given several times the first counts, as in etcd.
 */
import { type CallHead, EMPTY_METADATA, Status, type StatusCode } from '@conclave/base';

import { parseTimeout } from './timeout.js';

/** The head of a call that was refused before it had one. */
export const NO_HEAD: CallHead = Object.freeze({
  method: '',
  metadata: EMPTY_METADATA,
  timeoutMs: null,
  peer: '',
});

/** An answer given before any handler saw the call. */
export interface HeadRefusal {
  readonly ok: false;
  readonly httpStatus: number;
  readonly code: StatusCode;
  readonly message: string;
}

export type HeadResult =
  | {
      readonly ok: true;
      readonly head: CallHead;
      /** Service and method of the path `/service/method`. */
      readonly service: string;
      readonly contentType: string;
    }
  | HeadRefusal;

/** What gRPC calls its content. */
export const CONTENT_TYPE = 'application/grpc';
/** A longer one is answered with the plain one. */
const CONTENT_TYPE_BYTES_MAX = 64;

/** The answer's content type for a request's, or null if the request is no gRPC. */
export function answerContentType(requested: string): string | null {
  if (requested === CONTENT_TYPE) return CONTENT_TYPE;
  const lower = requested.toLowerCase();
  if (!lower.startsWith(CONTENT_TYPE)) return null;
  const next = lower[CONTENT_TYPE.length];
  if (next === undefined || next === ';') return CONTENT_TYPE;
  if (next !== '+') return null;
  return lower.length <= CONTENT_TYPE_BYTES_MAX ? lower : CONTENT_TYPE;
}

function refuse(httpStatus: number, code: StatusCode, message: string): HeadRefusal {
  return { ok: false, httpStatus, code, message };
}

/** The byte string of a `-bin` value (base64, padding optional); null if it is not base64. */
export function decodeBinary(value: string): string | null {
  const comma = value.indexOf(',');
  const first = comma < 0 ? value : value.slice(0, comma);
  for (let i = 0; i < first.length; i++) {
    const c = first.charCodeAt(i);
    const isDigit =
      (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || (c >= 48 && c <= 57) || c === 43 || c === 47;
    if (!isDigit && !(c === 61 && i >= first.length - 2)) return null;
  }
  return Buffer.from(first, 'base64').toString('latin1');
}

interface RawHead {
  method: string;
  path: string;
  contentType: string;
  timeout: string | null;
  encoding: string | null;
  metadata: Map<string, string> | null;
}

function collect(fields: readonly string[]): RawHead {
  const raw: RawHead = {
    method: '',
    path: '',
    contentType: '',
    timeout: null,
    encoding: null,
    metadata: null,
  };
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase();
    const value = fields[i + 1] as string;
    switch (name) {
      case ':method':
        raw.method = value;
        break;
      case ':path':
        raw.path = value;
        break;
      case 'content-type':
        raw.contentType = value;
        break;
      case 'grpc-timeout':
        raw.timeout ??= value;
        break;
      case 'grpc-encoding':
        raw.encoding ??= value;
        break;
      case 'te':
      case 'user-agent':
      case 'accept-encoding':
      case 'content-length':
      case 'host':
        break;
      default:
        if (!name.startsWith(':') && !name.startsWith('grpc-')) addMetadata(raw, name, value);
    }
  }
  return raw;
}

function addMetadata(raw: RawHead, name: string, value: string): void {
  const text = name.endsWith('-bin') ? decodeBinary(value) : value;
  if (text === null) return;
  raw.metadata ??= new Map();
  if (!raw.metadata.has(name)) raw.metadata.set(name, text);
}

/** Reads the header fields, given as name, value, name, value, ... in their order on the wire. */
export function readHead(fields: readonly string[], peer: string): HeadResult {
  const raw = collect(fields);
  if (raw.method !== 'POST') {
    const text = `received a HEADERS frame with :method "${raw.method}" which should be POST`;
    return refuse(405, Status.INTERNAL, text);
  }
  const contentType = answerContentType(raw.contentType);
  if (contentType === null) {
    const text = `invalid gRPC request content-type ${JSON.stringify(raw.contentType)}`;
    return refuse(415, Status.INVALID_ARGUMENT, text);
  }
  let timeoutMs: number | null = null;
  if (raw.timeout !== null) {
    timeoutMs = parseTimeout(raw.timeout);
    if (timeoutMs === null) {
      return refuse(400, Status.INTERNAL, `malformed grpc-timeout: ${JSON.stringify(raw.timeout)}`);
    }
  }
  const path = raw.path;
  const slash = path.lastIndexOf('/');
  if (!path.startsWith('/') || slash < 1) {
    const text = `malformed method name: ${JSON.stringify(path)}`;
    return refuse(200, Status.UNIMPLEMENTED, text);
  }
  if (raw.encoding !== null && raw.encoding !== 'identity' && raw.encoding !== '') {
    const text = `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(raw.encoding)}`;
    return refuse(200, Status.UNIMPLEMENTED, text);
  }
  const head = { method: path, metadata: raw.metadata ?? EMPTY_METADATA, timeoutMs, peer };
  return { ok: true, head, service: path.slice(1, slash), contentType };
}
