// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { Sizes, checkEnd, sizeBigint, sizeBytes, sizeUint32, writeBigint, writeBytes, writeUint32 } from '../protobuf/writer.js';
import {
  mergeResponseHeader,
  newResponseHeader,
  sizeResponseHeader,
  type ResponseHeader,
  writeResponseHeader,
} from './rpc.js';

/** `v3lockpb.LockRequest` */
export interface LockRequest {
  name: Uint8Array;
  lease: bigint;
}

const LockRequestFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Lease'],
]);

export function newLockRequest(): LockRequest {
  return {
    name: EMPTY_BYTES,
    lease: 0n,
  };
}

export function sizeLockRequest(m: LockRequest): number {
  let n = 0;
  if (m.name.length !== 0) {
    n += 1 + sizeBytes(m.name);
  }
  if (m.lease !== 0n) {
    n += 1 + sizeBigint(m.lease);
  }
  return n;
}

export function writeLockRequest(
  m: LockRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.name.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.name, out, at);
  }
  if (m.lease !== 0n) {
    out[at++] = 16;
    at = writeBigint(m.lease, out, at);
  }
  return at;
}

export function mergeLockRequest(r: Reader, m: LockRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.view();
        break;
      }
      case 16: {
        m.lease = r.int64();
        break;
      }
      default:
        r.other(tag, 'LockRequest', LockRequestFields);
    }
  }
}

export const LockRequest: Codec<LockRequest> = {
  typeName: 'v3lockpb.LockRequest',
  create(fields) {
    const m = newLockRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLockRequest(m);
  },
  write(m, out, at) {
    return writeLockRequest(m, out, at);
  },
  encode(m) {
    const size = sizeLockRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLockRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLockRequest();
    mergeLockRequest(r, m);
    return m;
  },
};

/** `v3lockpb.LockResponse` */
export interface LockResponse {
  header: ResponseHeader | null;
  key: Uint8Array;
}

const LockResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Key'],
]);

export function newLockResponse(): LockResponse {
  return {
    header: null,
    key: EMPTY_BYTES,
  };
}

export function sizeLockResponse(m: LockResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  return n;
}

export function writeLockResponse(
  m: LockResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.key.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.key, out, at);
  }
  return at;
}

export function mergeLockResponse(r: Reader, m: LockResponse): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = (m.header ??= newResponseHeader());
        const outer = r.enter();
        mergeResponseHeader(r, v);
        r.leave(outer);
        break;
      }
      case 18: {
        m.key = r.view();
        break;
      }
      default:
        r.other(tag, 'LockResponse', LockResponseFields);
    }
  }
}

export const LockResponse: Codec<LockResponse> = {
  typeName: 'v3lockpb.LockResponse',
  create(fields) {
    const m = newLockResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLockResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeLockResponse(m, sizes);
    return writeLockResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeLockResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLockResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLockResponse();
    mergeLockResponse(r, m);
    return m;
  },
};

/** `v3lockpb.UnlockRequest` */
export interface UnlockRequest {
  key: Uint8Array;
}

const UnlockRequestFields: FieldNames = new Map([
  [1, 'Key'],
]);

export function newUnlockRequest(): UnlockRequest {
  return {
    key: EMPTY_BYTES,
  };
}

export function sizeUnlockRequest(m: UnlockRequest): number {
  let n = 0;
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  return n;
}

export function writeUnlockRequest(
  m: UnlockRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.key.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.key, out, at);
  }
  return at;
}

export function mergeUnlockRequest(r: Reader, m: UnlockRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.key = r.view();
        break;
      }
      default:
        r.other(tag, 'UnlockRequest', UnlockRequestFields);
    }
  }
}

export const UnlockRequest: Codec<UnlockRequest> = {
  typeName: 'v3lockpb.UnlockRequest',
  create(fields) {
    const m = newUnlockRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeUnlockRequest(m);
  },
  write(m, out, at) {
    return writeUnlockRequest(m, out, at);
  },
  encode(m) {
    const size = sizeUnlockRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeUnlockRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newUnlockRequest();
    mergeUnlockRequest(r, m);
    return m;
  },
};

/** `v3lockpb.UnlockResponse` */
export interface UnlockResponse {
  header: ResponseHeader | null;
}

const UnlockResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newUnlockResponse(): UnlockResponse {
  return {
    header: null,
  };
}

export function sizeUnlockResponse(m: UnlockResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeUnlockResponse(
  m: UnlockResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  return at;
}

export function mergeUnlockResponse(r: Reader, m: UnlockResponse): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = (m.header ??= newResponseHeader());
        const outer = r.enter();
        mergeResponseHeader(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'UnlockResponse', UnlockResponseFields);
    }
  }
}

export const UnlockResponse: Codec<UnlockResponse> = {
  typeName: 'v3lockpb.UnlockResponse',
  create(fields) {
    const m = newUnlockResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeUnlockResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeUnlockResponse(m, sizes);
    return writeUnlockResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeUnlockResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeUnlockResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newUnlockResponse();
    mergeUnlockResponse(r, m);
    return m;
  },
};
