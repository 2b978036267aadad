// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { checkEnd, sizeInt32, sizeString, writeInt32, writeString } from '../protobuf/writer.js';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. Unknown values are kept, hence any number. */
export const ServingStatus = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;
export type ServingStatus = number;

/** `grpc.health.v1.HealthCheckRequest` */
export interface HealthCheckRequest {
  service: string;
}

const HealthCheckRequestFields: FieldNames = new Map([
  [1, 'Service'],
]);

export function newHealthCheckRequest(): HealthCheckRequest {
  return {
    service: '',
  };
}

export function sizeHealthCheckRequest(m: HealthCheckRequest): number {
  let n = 0;
  if (m.service !== '') {
    n += 1 + sizeString(m.service);
  }
  return n;
}

export function writeHealthCheckRequest(
  m: HealthCheckRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.service !== '') {
    out[at++] = 10;
    at = writeString(m.service, out, at);
  }
  return at;
}

export function mergeHealthCheckRequest(r: Reader, m: HealthCheckRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.service = r.string();
        break;
      }
      default:
        r.other(tag, 'HealthCheckRequest', HealthCheckRequestFields);
    }
  }
}

export const HealthCheckRequest: Codec<HealthCheckRequest> = {
  typeName: 'grpc.health.v1.HealthCheckRequest',
  create(fields) {
    const m = newHealthCheckRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeHealthCheckRequest(m);
  },
  write(m, out, at) {
    return writeHealthCheckRequest(m, out, at);
  },
  encode(m) {
    const size = sizeHealthCheckRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeHealthCheckRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newHealthCheckRequest();
    mergeHealthCheckRequest(r, m);
    return m;
  },
};

/** `grpc.health.v1.HealthCheckResponse` */
export interface HealthCheckResponse {
  status: ServingStatus;
}

const HealthCheckResponseFields: FieldNames = new Map([
  [1, 'Status'],
]);

export function newHealthCheckResponse(): HealthCheckResponse {
  return {
    status: 0,
  };
}

export function sizeHealthCheckResponse(m: HealthCheckResponse): number {
  let n = 0;
  if (m.status !== 0) {
    n += 1 + sizeInt32(m.status);
  }
  return n;
}

export function writeHealthCheckResponse(
  m: HealthCheckResponse,
  out: Uint8Array,
  at: number,
): number {
  if (m.status !== 0) {
    out[at++] = 8;
    at = writeInt32(m.status, out, at);
  }
  return at;
}

export function mergeHealthCheckResponse(r: Reader, m: HealthCheckResponse): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.status = r.int32();
        break;
      }
      default:
        r.other(tag, 'HealthCheckResponse', HealthCheckResponseFields);
    }
  }
}

export const HealthCheckResponse: Codec<HealthCheckResponse> = {
  typeName: 'grpc.health.v1.HealthCheckResponse',
  create(fields) {
    const m = newHealthCheckResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeHealthCheckResponse(m);
  },
  write(m, out, at) {
    return writeHealthCheckResponse(m, out, at);
  },
  encode(m) {
    const size = sizeHealthCheckResponse(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeHealthCheckResponse(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newHealthCheckResponse();
    mergeHealthCheckResponse(r, m);
    return m;
  },
};
