// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { Sizes, checkEnd, sizeBigint, sizeBytes, sizeInt32, sizeNumber, sizePackedInt32, sizeString, sizeUint32, writeBigint, writeBytes, writeInt32, writeNumber, writePackedInt32, writeString, writeUint32 } from '../protobuf/writer.js';
import {
  mergeEvent,
  mergeKeyValue,
  newEvent,
  newKeyValue,
  sizeEvent,
  sizeKeyValue,
  type Event,
  type KeyValue,
  writeEvent,
  writeKeyValue,
} from './mvcc.js';
import {
  mergePermission,
  mergeUserAddOptions,
  newPermission,
  newUserAddOptions,
  sizePermission,
  sizeUserAddOptions,
  type Permission,
  type UserAddOptions,
  writePermission,
  writeUserAddOptions,
} from './auth.js';

/** `etcdserverpb.RangeRequest.SortOrder`. Unknown values are kept, hence any number. */
export const SortOrder = {
  NONE: 0,
  ASCEND: 1,
  DESCEND: 2,
} as const;
export type SortOrder = number;

/** `etcdserverpb.RangeRequest.SortTarget`. Unknown values are kept, hence any number. */
export const SortTarget = {
  KEY: 0,
  VERSION: 1,
  CREATE: 2,
  MOD: 3,
  VALUE: 4,
} as const;
export type SortTarget = number;

/** `etcdserverpb.Compare.CompareResult`. Unknown values are kept, hence any number. */
export const CompareResult = {
  EQUAL: 0,
  GREATER: 1,
  LESS: 2,
  NOT_EQUAL: 3,
} as const;
export type CompareResult = number;

/** `etcdserverpb.Compare.CompareTarget`. Unknown values are kept, hence any number. */
export const CompareTarget = {
  VERSION: 0,
  CREATE: 1,
  MOD: 2,
  VALUE: 3,
  LEASE: 4,
} as const;
export type CompareTarget = number;

/** `etcdserverpb.WatchCreateRequest.FilterType`. Unknown values are kept, hence any number. */
export const FilterType = {
  NOPUT: 0,
  NODELETE: 1,
} as const;
export type FilterType = number;

/** `etcdserverpb.AlarmType`. Unknown values are kept, hence any number. */
export const AlarmType = {
  NONE: 0,
  NOSPACE: 1,
  CORRUPT: 2,
} as const;
export type AlarmType = number;

/** `etcdserverpb.AlarmRequest.AlarmAction`. Unknown values are kept, hence any number. */
export const AlarmAction = {
  GET: 0,
  ACTIVATE: 1,
  DEACTIVATE: 2,
} as const;
export type AlarmAction = number;

/** `etcdserverpb.DowngradeRequest.DowngradeAction`. Unknown values are kept, hence any number. */
export const DowngradeAction = {
  VALIDATE: 0,
  ENABLE: 1,
  CANCEL: 2,
} as const;
export type DowngradeAction = number;

/** `etcdserverpb.ResponseHeader` */
export interface ResponseHeader {
  clusterId: bigint;
  memberId: bigint;
  revision: number;
  raftTerm: number;
}

const ResponseHeaderFields: FieldNames = new Map([
  [1, 'ClusterId'],
  [2, 'MemberId'],
  [3, 'Revision'],
  [4, 'RaftTerm'],
]);

export function newResponseHeader(): ResponseHeader {
  return {
    clusterId: 0n,
    memberId: 0n,
    revision: 0,
    raftTerm: 0,
  };
}

export function sizeResponseHeader(m: ResponseHeader): number {
  let n = 0;
  if (m.clusterId !== 0n) {
    n += 1 + sizeBigint(m.clusterId);
  }
  if (m.memberId !== 0n) {
    n += 1 + sizeBigint(m.memberId);
  }
  if (m.revision !== 0) {
    n += 1 + sizeNumber(m.revision);
  }
  if (m.raftTerm !== 0) {
    n += 1 + sizeNumber(m.raftTerm);
  }
  return n;
}

export function writeResponseHeader(
  m: ResponseHeader,
  out: Uint8Array,
  at: number,
): number {
  if (m.clusterId !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.clusterId, out, at);
  }
  if (m.memberId !== 0n) {
    out[at++] = 16;
    at = writeBigint(m.memberId, out, at);
  }
  if (m.revision !== 0) {
    out[at++] = 24;
    at = writeNumber(m.revision, out, at);
  }
  if (m.raftTerm !== 0) {
    out[at++] = 32;
    at = writeNumber(m.raftTerm, out, at);
  }
  return at;
}

export function mergeResponseHeader(r: Reader, m: ResponseHeader): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.clusterId = r.uint64();
        break;
      }
      case 16: {
        m.memberId = r.uint64();
        break;
      }
      case 24: {
        m.revision = r.int64Number();
        break;
      }
      case 32: {
        m.raftTerm = r.uint64Number();
        break;
      }
      default:
        r.other(tag, 'ResponseHeader', ResponseHeaderFields);
    }
  }
}

export const ResponseHeader: Codec<ResponseHeader> = {
  typeName: 'etcdserverpb.ResponseHeader',
  create(fields) {
    const m = newResponseHeader();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeResponseHeader(m);
  },
  write(m, out, at) {
    return writeResponseHeader(m, out, at);
  },
  encode(m) {
    const size = sizeResponseHeader(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeResponseHeader(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newResponseHeader();
    mergeResponseHeader(r, m);
    return m;
  },
};

/** `etcdserverpb.RangeRequest` */
export interface RangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  limit: number;
  revision: number;
  sortOrder: SortOrder;
  sortTarget: SortTarget;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number;
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
}

const RangeRequestFields: FieldNames = new Map([
  [1, 'Key'],
  [2, 'RangeEnd'],
  [3, 'Limit'],
  [4, 'Revision'],
  [5, 'SortOrder'],
  [6, 'SortTarget'],
  [7, 'Serializable'],
  [8, 'KeysOnly'],
  [9, 'CountOnly'],
  [10, 'MinModRevision'],
  [11, 'MaxModRevision'],
  [12, 'MinCreateRevision'],
  [13, 'MaxCreateRevision'],
]);

export function newRangeRequest(): RangeRequest {
  return {
    key: EMPTY_BYTES,
    rangeEnd: EMPTY_BYTES,
    limit: 0,
    revision: 0,
    sortOrder: 0,
    sortTarget: 0,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

export function sizeRangeRequest(m: RangeRequest): number {
  let n = 0;
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  if (m.rangeEnd.length !== 0) {
    n += 1 + sizeBytes(m.rangeEnd);
  }
  if (m.limit !== 0) {
    n += 1 + sizeNumber(m.limit);
  }
  if (m.revision !== 0) {
    n += 1 + sizeNumber(m.revision);
  }
  if (m.sortOrder !== 0) {
    n += 1 + sizeInt32(m.sortOrder);
  }
  if (m.sortTarget !== 0) {
    n += 1 + sizeInt32(m.sortTarget);
  }
  if (m.serializable) {
    n += 2;
  }
  if (m.keysOnly) {
    n += 2;
  }
  if (m.countOnly) {
    n += 2;
  }
  if (m.minModRevision !== 0) {
    n += 1 + sizeNumber(m.minModRevision);
  }
  if (m.maxModRevision !== 0) {
    n += 1 + sizeNumber(m.maxModRevision);
  }
  if (m.minCreateRevision !== 0) {
    n += 1 + sizeNumber(m.minCreateRevision);
  }
  if (m.maxCreateRevision !== 0) {
    n += 1 + sizeNumber(m.maxCreateRevision);
  }
  return n;
}

export function writeRangeRequest(
  m: RangeRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.key.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.key, out, at);
  }
  if (m.rangeEnd.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.rangeEnd, out, at);
  }
  if (m.limit !== 0) {
    out[at++] = 24;
    at = writeNumber(m.limit, out, at);
  }
  if (m.revision !== 0) {
    out[at++] = 32;
    at = writeNumber(m.revision, out, at);
  }
  if (m.sortOrder !== 0) {
    out[at++] = 40;
    at = writeInt32(m.sortOrder, out, at);
  }
  if (m.sortTarget !== 0) {
    out[at++] = 48;
    at = writeInt32(m.sortTarget, out, at);
  }
  if (m.serializable) {
    out[at++] = 56;
    out[at++] = 1;
  }
  if (m.keysOnly) {
    out[at++] = 64;
    out[at++] = 1;
  }
  if (m.countOnly) {
    out[at++] = 72;
    out[at++] = 1;
  }
  if (m.minModRevision !== 0) {
    out[at++] = 80;
    at = writeNumber(m.minModRevision, out, at);
  }
  if (m.maxModRevision !== 0) {
    out[at++] = 88;
    at = writeNumber(m.maxModRevision, out, at);
  }
  if (m.minCreateRevision !== 0) {
    out[at++] = 96;
    at = writeNumber(m.minCreateRevision, out, at);
  }
  if (m.maxCreateRevision !== 0) {
    out[at++] = 104;
    at = writeNumber(m.maxCreateRevision, out, at);
  }
  return at;
}

export function mergeRangeRequest(r: Reader, m: RangeRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.key = r.view();
        break;
      }
      case 18: {
        m.rangeEnd = r.view();
        break;
      }
      case 24: {
        m.limit = r.int64Number();
        break;
      }
      case 32: {
        m.revision = r.int64Number();
        break;
      }
      case 40: {
        m.sortOrder = r.int32();
        break;
      }
      case 48: {
        m.sortTarget = r.int32();
        break;
      }
      case 56: {
        m.serializable = r.bool();
        break;
      }
      case 64: {
        m.keysOnly = r.bool();
        break;
      }
      case 72: {
        m.countOnly = r.bool();
        break;
      }
      case 80: {
        m.minModRevision = r.int64Number();
        break;
      }
      case 88: {
        m.maxModRevision = r.int64Number();
        break;
      }
      case 96: {
        m.minCreateRevision = r.int64Number();
        break;
      }
      case 104: {
        m.maxCreateRevision = r.int64Number();
        break;
      }
      default:
        r.other(tag, 'RangeRequest', RangeRequestFields);
    }
  }
}

export const RangeRequest: Codec<RangeRequest> = {
  typeName: 'etcdserverpb.RangeRequest',
  create(fields) {
    const m = newRangeRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeRangeRequest(m);
  },
  write(m, out, at) {
    return writeRangeRequest(m, out, at);
  },
  encode(m) {
    const size = sizeRangeRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeRangeRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newRangeRequest();
    mergeRangeRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.RangeResponse` */
export interface RangeResponse {
  header: ResponseHeader | null;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

const RangeResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Kvs'],
  [3, 'More'],
  [4, 'Count'],
]);

export function newRangeResponse(): RangeResponse {
  return {
    header: null,
    kvs: [],
    more: false,
    count: 0,
  };
}

export function sizeRangeResponse(m: RangeResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, kvs = m.kvs; i < kvs.length; i++) {
    const size = sizeKeyValue(kvs[i] as KeyValue);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.more) {
    n += 2;
  }
  if (m.count !== 0) {
    n += 1 + sizeNumber(m.count);
  }
  return n;
}

export function writeRangeResponse(
  m: RangeResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, kvs = m.kvs; i < kvs.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeKeyValue(kvs[i] as KeyValue, out, at);
  }
  if (m.more) {
    out[at++] = 24;
    out[at++] = 1;
  }
  if (m.count !== 0) {
    out[at++] = 32;
    at = writeNumber(m.count, out, at);
  }
  return at;
}

export function mergeRangeResponse(r: Reader, m: RangeResponse): void {
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
        const v = newKeyValue();
        const outer = r.enter();
        mergeKeyValue(r, v);
        r.leave(outer);
        m.kvs.push(v);
        break;
      }
      case 24: {
        m.more = r.bool();
        break;
      }
      case 32: {
        m.count = r.int64Number();
        break;
      }
      default:
        r.other(tag, 'RangeResponse', RangeResponseFields);
    }
  }
}

export const RangeResponse: Codec<RangeResponse> = {
  typeName: 'etcdserverpb.RangeResponse',
  create(fields) {
    const m = newRangeResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeRangeResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeRangeResponse(m, sizes);
    return writeRangeResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeRangeResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeRangeResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newRangeResponse();
    mergeRangeResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.PutRequest` */
export interface PutRequest {
  key: Uint8Array;
  value: Uint8Array;
  lease: bigint;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}

const PutRequestFields: FieldNames = new Map([
  [1, 'Key'],
  [2, 'Value'],
  [3, 'Lease'],
  [4, 'PrevKv'],
  [5, 'IgnoreValue'],
  [6, 'IgnoreLease'],
]);

export function newPutRequest(): PutRequest {
  return {
    key: EMPTY_BYTES,
    value: EMPTY_BYTES,
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

export function sizePutRequest(m: PutRequest): number {
  let n = 0;
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  if (m.value.length !== 0) {
    n += 1 + sizeBytes(m.value);
  }
  if (m.lease !== 0n) {
    n += 1 + sizeBigint(m.lease);
  }
  if (m.prevKv) {
    n += 2;
  }
  if (m.ignoreValue) {
    n += 2;
  }
  if (m.ignoreLease) {
    n += 2;
  }
  return n;
}

export function writePutRequest(
  m: PutRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.key.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.key, out, at);
  }
  if (m.value.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.value, out, at);
  }
  if (m.lease !== 0n) {
    out[at++] = 24;
    at = writeBigint(m.lease, out, at);
  }
  if (m.prevKv) {
    out[at++] = 32;
    out[at++] = 1;
  }
  if (m.ignoreValue) {
    out[at++] = 40;
    out[at++] = 1;
  }
  if (m.ignoreLease) {
    out[at++] = 48;
    out[at++] = 1;
  }
  return at;
}

export function mergePutRequest(r: Reader, m: PutRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.key = r.view();
        break;
      }
      case 18: {
        m.value = r.view();
        break;
      }
      case 24: {
        m.lease = r.int64();
        break;
      }
      case 32: {
        m.prevKv = r.bool();
        break;
      }
      case 40: {
        m.ignoreValue = r.bool();
        break;
      }
      case 48: {
        m.ignoreLease = r.bool();
        break;
      }
      default:
        r.other(tag, 'PutRequest', PutRequestFields);
    }
  }
}

export const PutRequest: Codec<PutRequest> = {
  typeName: 'etcdserverpb.PutRequest',
  create(fields) {
    const m = newPutRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizePutRequest(m);
  },
  write(m, out, at) {
    return writePutRequest(m, out, at);
  },
  encode(m) {
    const size = sizePutRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writePutRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newPutRequest();
    mergePutRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.PutResponse` */
export interface PutResponse {
  header: ResponseHeader | null;
  prevKv: KeyValue | null;
}

const PutResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'PrevKv'],
]);

export function newPutResponse(): PutResponse {
  return {
    header: null,
    prevKv: null,
  };
}

export function sizePutResponse(m: PutResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.prevKv !== null) {
    const size = sizeKeyValue(m.prevKv);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writePutResponse(
  m: PutResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.prevKv !== null) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeKeyValue(m.prevKv, out, at);
  }
  return at;
}

export function mergePutResponse(r: Reader, m: PutResponse): void {
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
        const v = (m.prevKv ??= newKeyValue());
        const outer = r.enter();
        mergeKeyValue(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'PutResponse', PutResponseFields);
    }
  }
}

export const PutResponse: Codec<PutResponse> = {
  typeName: 'etcdserverpb.PutResponse',
  create(fields) {
    const m = newPutResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizePutResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizePutResponse(m, sizes);
    return writePutResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizePutResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writePutResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newPutResponse();
    mergePutResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.DeleteRangeRequest` */
export interface DeleteRangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  prevKv: boolean;
}

const DeleteRangeRequestFields: FieldNames = new Map([
  [1, 'Key'],
  [2, 'RangeEnd'],
  [3, 'PrevKv'],
]);

export function newDeleteRangeRequest(): DeleteRangeRequest {
  return {
    key: EMPTY_BYTES,
    rangeEnd: EMPTY_BYTES,
    prevKv: false,
  };
}

export function sizeDeleteRangeRequest(m: DeleteRangeRequest): number {
  let n = 0;
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  if (m.rangeEnd.length !== 0) {
    n += 1 + sizeBytes(m.rangeEnd);
  }
  if (m.prevKv) {
    n += 2;
  }
  return n;
}

export function writeDeleteRangeRequest(
  m: DeleteRangeRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.key.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.key, out, at);
  }
  if (m.rangeEnd.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.rangeEnd, out, at);
  }
  if (m.prevKv) {
    out[at++] = 24;
    out[at++] = 1;
  }
  return at;
}

export function mergeDeleteRangeRequest(r: Reader, m: DeleteRangeRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.key = r.view();
        break;
      }
      case 18: {
        m.rangeEnd = r.view();
        break;
      }
      case 24: {
        m.prevKv = r.bool();
        break;
      }
      default:
        r.other(tag, 'DeleteRangeRequest', DeleteRangeRequestFields);
    }
  }
}

export const DeleteRangeRequest: Codec<DeleteRangeRequest> = {
  typeName: 'etcdserverpb.DeleteRangeRequest',
  create(fields) {
    const m = newDeleteRangeRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeDeleteRangeRequest(m);
  },
  write(m, out, at) {
    return writeDeleteRangeRequest(m, out, at);
  },
  encode(m) {
    const size = sizeDeleteRangeRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeDeleteRangeRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newDeleteRangeRequest();
    mergeDeleteRangeRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.DeleteRangeResponse` */
export interface DeleteRangeResponse {
  header: ResponseHeader | null;
  deleted: number;
  prevKvs: KeyValue[];
}

const DeleteRangeResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Deleted'],
  [3, 'PrevKvs'],
]);

export function newDeleteRangeResponse(): DeleteRangeResponse {
  return {
    header: null,
    deleted: 0,
    prevKvs: [],
  };
}

export function sizeDeleteRangeResponse(m: DeleteRangeResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.deleted !== 0) {
    n += 1 + sizeNumber(m.deleted);
  }
  for (let i = 0, prevKvs = m.prevKvs; i < prevKvs.length; i++) {
    const size = sizeKeyValue(prevKvs[i] as KeyValue);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeDeleteRangeResponse(
  m: DeleteRangeResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.deleted !== 0) {
    out[at++] = 16;
    at = writeNumber(m.deleted, out, at);
  }
  for (let i = 0, prevKvs = m.prevKvs; i < prevKvs.length; i++) {
    out[at++] = 26;
    at = writeUint32(sizes.next(), out, at);
    at = writeKeyValue(prevKvs[i] as KeyValue, out, at);
  }
  return at;
}

export function mergeDeleteRangeResponse(r: Reader, m: DeleteRangeResponse): void {
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
      case 16: {
        m.deleted = r.int64Number();
        break;
      }
      case 26: {
        const v = newKeyValue();
        const outer = r.enter();
        mergeKeyValue(r, v);
        r.leave(outer);
        m.prevKvs.push(v);
        break;
      }
      default:
        r.other(tag, 'DeleteRangeResponse', DeleteRangeResponseFields);
    }
  }
}

export const DeleteRangeResponse: Codec<DeleteRangeResponse> = {
  typeName: 'etcdserverpb.DeleteRangeResponse',
  create(fields) {
    const m = newDeleteRangeResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeDeleteRangeResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeDeleteRangeResponse(m, sizes);
    return writeDeleteRangeResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeDeleteRangeResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeDeleteRangeResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newDeleteRangeResponse();
    mergeDeleteRangeResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.RequestOp` */
export interface RequestOp {
  request:
    | { $case: 'requestRange'; requestRange: RangeRequest }
    | { $case: 'requestPut'; requestPut: PutRequest }
    | { $case: 'requestDeleteRange'; requestDeleteRange: DeleteRangeRequest }
    | { $case: 'requestTxn'; requestTxn: TxnRequest }
    | null;
}

const RequestOpFields: FieldNames = new Map([
  [1, 'RequestRange'],
  [2, 'RequestPut'],
  [3, 'RequestDeleteRange'],
  [4, 'RequestTxn'],
]);

export function newRequestOp(): RequestOp {
  return {
    request: null,
  };
}

export function sizeRequestOp(m: RequestOp, sizes: Sizes): number {
  let n = 0;
  const request = m.request;
  if (request !== null) {
    switch (request.$case) {
      case 'requestRange': {
        const size = sizeRangeRequest(request.requestRange);
        sizes.add(size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
      case 'requestPut': {
        const size = sizePutRequest(request.requestPut);
        sizes.add(size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
      case 'requestDeleteRange': {
        const size = sizeDeleteRangeRequest(request.requestDeleteRange);
        sizes.add(size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
      case 'requestTxn': {
        const place = sizes.reserve();
        const size = sizeTxnRequest(request.requestTxn, sizes);
        sizes.fill(place, size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
    }
  }
  return n;
}

export function writeRequestOp(
  m: RequestOp,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  const request = m.request;
  if (request !== null) {
    switch (request.$case) {
      case 'requestRange': {
        out[at++] = 10;
        at = writeUint32(sizes.next(), out, at);
        at = writeRangeRequest(request.requestRange, out, at);
        break;
      }
      case 'requestPut': {
        out[at++] = 18;
        at = writeUint32(sizes.next(), out, at);
        at = writePutRequest(request.requestPut, out, at);
        break;
      }
      case 'requestDeleteRange': {
        out[at++] = 26;
        at = writeUint32(sizes.next(), out, at);
        at = writeDeleteRangeRequest(request.requestDeleteRange, out, at);
        break;
      }
      case 'requestTxn': {
        out[at++] = 34;
        at = writeUint32(sizes.next(), out, at);
        at = writeTxnRequest(request.requestTxn, out, at, sizes);
        break;
      }
    }
  }
  return at;
}

export function mergeRequestOp(r: Reader, m: RequestOp): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = newRangeRequest();
        const outer = r.enter();
        mergeRangeRequest(r, v);
        r.leave(outer);
        m.request = { $case: 'requestRange', requestRange: v };
        break;
      }
      case 18: {
        const v = newPutRequest();
        const outer = r.enter();
        mergePutRequest(r, v);
        r.leave(outer);
        m.request = { $case: 'requestPut', requestPut: v };
        break;
      }
      case 26: {
        const v = newDeleteRangeRequest();
        const outer = r.enter();
        mergeDeleteRangeRequest(r, v);
        r.leave(outer);
        m.request = { $case: 'requestDeleteRange', requestDeleteRange: v };
        break;
      }
      case 34: {
        const v = newTxnRequest();
        const outer = r.enter();
        mergeTxnRequest(r, v);
        r.leave(outer);
        m.request = { $case: 'requestTxn', requestTxn: v };
        break;
      }
      default:
        r.other(tag, 'RequestOp', RequestOpFields);
    }
  }
}

export const RequestOp: Codec<RequestOp> = {
  typeName: 'etcdserverpb.RequestOp',
  create(fields) {
    const m = newRequestOp();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeRequestOp(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeRequestOp(m, sizes);
    return writeRequestOp(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeRequestOp(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeRequestOp(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newRequestOp();
    mergeRequestOp(r, m);
    return m;
  },
};

/** `etcdserverpb.ResponseOp` */
export interface ResponseOp {
  response:
    | { $case: 'responseRange'; responseRange: RangeResponse }
    | { $case: 'responsePut'; responsePut: PutResponse }
    | { $case: 'responseDeleteRange'; responseDeleteRange: DeleteRangeResponse }
    | { $case: 'responseTxn'; responseTxn: TxnResponse }
    | null;
}

const ResponseOpFields: FieldNames = new Map([
  [1, 'ResponseRange'],
  [2, 'ResponsePut'],
  [3, 'ResponseDeleteRange'],
  [4, 'ResponseTxn'],
]);

export function newResponseOp(): ResponseOp {
  return {
    response: null,
  };
}

export function sizeResponseOp(m: ResponseOp, sizes: Sizes): number {
  let n = 0;
  const response = m.response;
  if (response !== null) {
    switch (response.$case) {
      case 'responseRange': {
        const place = sizes.reserve();
        const size = sizeRangeResponse(response.responseRange, sizes);
        sizes.fill(place, size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
      case 'responsePut': {
        const place = sizes.reserve();
        const size = sizePutResponse(response.responsePut, sizes);
        sizes.fill(place, size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
      case 'responseDeleteRange': {
        const place = sizes.reserve();
        const size = sizeDeleteRangeResponse(response.responseDeleteRange, sizes);
        sizes.fill(place, size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
      case 'responseTxn': {
        const place = sizes.reserve();
        const size = sizeTxnResponse(response.responseTxn, sizes);
        sizes.fill(place, size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
    }
  }
  return n;
}

export function writeResponseOp(
  m: ResponseOp,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  const response = m.response;
  if (response !== null) {
    switch (response.$case) {
      case 'responseRange': {
        out[at++] = 10;
        at = writeUint32(sizes.next(), out, at);
        at = writeRangeResponse(response.responseRange, out, at, sizes);
        break;
      }
      case 'responsePut': {
        out[at++] = 18;
        at = writeUint32(sizes.next(), out, at);
        at = writePutResponse(response.responsePut, out, at, sizes);
        break;
      }
      case 'responseDeleteRange': {
        out[at++] = 26;
        at = writeUint32(sizes.next(), out, at);
        at = writeDeleteRangeResponse(response.responseDeleteRange, out, at, sizes);
        break;
      }
      case 'responseTxn': {
        out[at++] = 34;
        at = writeUint32(sizes.next(), out, at);
        at = writeTxnResponse(response.responseTxn, out, at, sizes);
        break;
      }
    }
  }
  return at;
}

export function mergeResponseOp(r: Reader, m: ResponseOp): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = newRangeResponse();
        const outer = r.enter();
        mergeRangeResponse(r, v);
        r.leave(outer);
        m.response = { $case: 'responseRange', responseRange: v };
        break;
      }
      case 18: {
        const v = newPutResponse();
        const outer = r.enter();
        mergePutResponse(r, v);
        r.leave(outer);
        m.response = { $case: 'responsePut', responsePut: v };
        break;
      }
      case 26: {
        const v = newDeleteRangeResponse();
        const outer = r.enter();
        mergeDeleteRangeResponse(r, v);
        r.leave(outer);
        m.response = { $case: 'responseDeleteRange', responseDeleteRange: v };
        break;
      }
      case 34: {
        const v = newTxnResponse();
        const outer = r.enter();
        mergeTxnResponse(r, v);
        r.leave(outer);
        m.response = { $case: 'responseTxn', responseTxn: v };
        break;
      }
      default:
        r.other(tag, 'ResponseOp', ResponseOpFields);
    }
  }
}

export const ResponseOp: Codec<ResponseOp> = {
  typeName: 'etcdserverpb.ResponseOp',
  create(fields) {
    const m = newResponseOp();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeResponseOp(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeResponseOp(m, sizes);
    return writeResponseOp(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeResponseOp(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeResponseOp(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newResponseOp();
    mergeResponseOp(r, m);
    return m;
  },
};

/** `etcdserverpb.Compare` */
export interface Compare {
  result: CompareResult;
  target: CompareTarget;
  key: Uint8Array;
  targetUnion:
    | { $case: 'version'; version: number }
    | { $case: 'createRevision'; createRevision: number }
    | { $case: 'modRevision'; modRevision: number }
    | { $case: 'value'; value: Uint8Array }
    | { $case: 'lease'; lease: bigint }
    | null;
  rangeEnd: Uint8Array;
}

const CompareFields: FieldNames = new Map([
  [1, 'Result'],
  [2, 'Target'],
  [3, 'Key'],
  [4, 'Version'],
  [5, 'CreateRevision'],
  [6, 'ModRevision'],
  [7, 'Value'],
  [8, 'Lease'],
  [64, 'RangeEnd'],
]);

export function newCompare(): Compare {
  return {
    result: 0,
    target: 0,
    key: EMPTY_BYTES,
    targetUnion: null,
    rangeEnd: EMPTY_BYTES,
  };
}

export function sizeCompare(m: Compare): number {
  let n = 0;
  if (m.result !== 0) {
    n += 1 + sizeInt32(m.result);
  }
  if (m.target !== 0) {
    n += 1 + sizeInt32(m.target);
  }
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  const targetUnion = m.targetUnion;
  if (targetUnion !== null) {
    switch (targetUnion.$case) {
      case 'version': {
        n += 1 + sizeNumber(targetUnion.version);
        break;
      }
      case 'createRevision': {
        n += 1 + sizeNumber(targetUnion.createRevision);
        break;
      }
      case 'modRevision': {
        n += 1 + sizeNumber(targetUnion.modRevision);
        break;
      }
      case 'value': {
        n += 1 + sizeBytes(targetUnion.value);
        break;
      }
      case 'lease': {
        n += 1 + sizeBigint(targetUnion.lease);
        break;
      }
    }
  }
  if (m.rangeEnd.length !== 0) {
    n += 2 + sizeBytes(m.rangeEnd);
  }
  return n;
}

export function writeCompare(
  m: Compare,
  out: Uint8Array,
  at: number,
): number {
  if (m.result !== 0) {
    out[at++] = 8;
    at = writeInt32(m.result, out, at);
  }
  if (m.target !== 0) {
    out[at++] = 16;
    at = writeInt32(m.target, out, at);
  }
  if (m.key.length !== 0) {
    out[at++] = 26;
    at = writeBytes(m.key, out, at);
  }
  const targetUnion = m.targetUnion;
  if (targetUnion !== null) {
    switch (targetUnion.$case) {
      case 'version': {
        out[at++] = 32;
        at = writeNumber(targetUnion.version, out, at);
        break;
      }
      case 'createRevision': {
        out[at++] = 40;
        at = writeNumber(targetUnion.createRevision, out, at);
        break;
      }
      case 'modRevision': {
        out[at++] = 48;
        at = writeNumber(targetUnion.modRevision, out, at);
        break;
      }
      case 'value': {
        out[at++] = 58;
        at = writeBytes(targetUnion.value, out, at);
        break;
      }
      case 'lease': {
        out[at++] = 64;
        at = writeBigint(targetUnion.lease, out, at);
        break;
      }
    }
  }
  if (m.rangeEnd.length !== 0) {
    out[at++] = 130;
    out[at++] = 4;
    at = writeBytes(m.rangeEnd, out, at);
  }
  return at;
}

export function mergeCompare(r: Reader, m: Compare): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.result = r.int32();
        break;
      }
      case 16: {
        m.target = r.int32();
        break;
      }
      case 26: {
        m.key = r.view();
        break;
      }
      case 32: {
        m.targetUnion = { $case: 'version', version: r.int64Number() };
        break;
      }
      case 40: {
        m.targetUnion = { $case: 'createRevision', createRevision: r.int64Number() };
        break;
      }
      case 48: {
        m.targetUnion = { $case: 'modRevision', modRevision: r.int64Number() };
        break;
      }
      case 58: {
        m.targetUnion = { $case: 'value', value: r.view() };
        break;
      }
      case 64: {
        m.targetUnion = { $case: 'lease', lease: r.int64() };
        break;
      }
      case 514: {
        m.rangeEnd = r.view();
        break;
      }
      default:
        r.other(tag, 'Compare', CompareFields);
    }
  }
}

export const Compare: Codec<Compare> = {
  typeName: 'etcdserverpb.Compare',
  create(fields) {
    const m = newCompare();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeCompare(m);
  },
  write(m, out, at) {
    return writeCompare(m, out, at);
  },
  encode(m) {
    const size = sizeCompare(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeCompare(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newCompare();
    mergeCompare(r, m);
    return m;
  },
};

/** `etcdserverpb.TxnRequest` */
export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}

const TxnRequestFields: FieldNames = new Map([
  [1, 'Compare'],
  [2, 'Success'],
  [3, 'Failure'],
]);

export function newTxnRequest(): TxnRequest {
  return {
    compare: [],
    success: [],
    failure: [],
  };
}

export function sizeTxnRequest(m: TxnRequest, sizes: Sizes): number {
  let n = 0;
  for (let i = 0, compare = m.compare; i < compare.length; i++) {
    const size = sizeCompare(compare[i] as Compare);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, success = m.success; i < success.length; i++) {
    const place = sizes.reserve();
    const size = sizeRequestOp(success[i] as RequestOp, sizes);
    sizes.fill(place, size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, failure = m.failure; i < failure.length; i++) {
    const place = sizes.reserve();
    const size = sizeRequestOp(failure[i] as RequestOp, sizes);
    sizes.fill(place, size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeTxnRequest(
  m: TxnRequest,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  for (let i = 0, compare = m.compare; i < compare.length; i++) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeCompare(compare[i] as Compare, out, at);
  }
  for (let i = 0, success = m.success; i < success.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeRequestOp(success[i] as RequestOp, out, at, sizes);
  }
  for (let i = 0, failure = m.failure; i < failure.length; i++) {
    out[at++] = 26;
    at = writeUint32(sizes.next(), out, at);
    at = writeRequestOp(failure[i] as RequestOp, out, at, sizes);
  }
  return at;
}

export function mergeTxnRequest(r: Reader, m: TxnRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = newCompare();
        const outer = r.enter();
        mergeCompare(r, v);
        r.leave(outer);
        m.compare.push(v);
        break;
      }
      case 18: {
        const v = newRequestOp();
        const outer = r.enter();
        mergeRequestOp(r, v);
        r.leave(outer);
        m.success.push(v);
        break;
      }
      case 26: {
        const v = newRequestOp();
        const outer = r.enter();
        mergeRequestOp(r, v);
        r.leave(outer);
        m.failure.push(v);
        break;
      }
      default:
        r.other(tag, 'TxnRequest', TxnRequestFields);
    }
  }
}

export const TxnRequest: Codec<TxnRequest> = {
  typeName: 'etcdserverpb.TxnRequest',
  create(fields) {
    const m = newTxnRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeTxnRequest(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeTxnRequest(m, sizes);
    return writeTxnRequest(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeTxnRequest(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeTxnRequest(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newTxnRequest();
    mergeTxnRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.TxnResponse` */
export interface TxnResponse {
  header: ResponseHeader | null;
  succeeded: boolean;
  responses: ResponseOp[];
}

const TxnResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Succeeded'],
  [3, 'Responses'],
]);

export function newTxnResponse(): TxnResponse {
  return {
    header: null,
    succeeded: false,
    responses: [],
  };
}

export function sizeTxnResponse(m: TxnResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.succeeded) {
    n += 2;
  }
  for (let i = 0, responses = m.responses; i < responses.length; i++) {
    const place = sizes.reserve();
    const size = sizeResponseOp(responses[i] as ResponseOp, sizes);
    sizes.fill(place, size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeTxnResponse(
  m: TxnResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.succeeded) {
    out[at++] = 16;
    out[at++] = 1;
  }
  for (let i = 0, responses = m.responses; i < responses.length; i++) {
    out[at++] = 26;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseOp(responses[i] as ResponseOp, out, at, sizes);
  }
  return at;
}

export function mergeTxnResponse(r: Reader, m: TxnResponse): void {
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
      case 16: {
        m.succeeded = r.bool();
        break;
      }
      case 26: {
        const v = newResponseOp();
        const outer = r.enter();
        mergeResponseOp(r, v);
        r.leave(outer);
        m.responses.push(v);
        break;
      }
      default:
        r.other(tag, 'TxnResponse', TxnResponseFields);
    }
  }
}

export const TxnResponse: Codec<TxnResponse> = {
  typeName: 'etcdserverpb.TxnResponse',
  create(fields) {
    const m = newTxnResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeTxnResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeTxnResponse(m, sizes);
    return writeTxnResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeTxnResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeTxnResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newTxnResponse();
    mergeTxnResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.CompactionRequest` */
export interface CompactionRequest {
  revision: number;
  physical: boolean;
}

const CompactionRequestFields: FieldNames = new Map([
  [1, 'Revision'],
  [2, 'Physical'],
]);

export function newCompactionRequest(): CompactionRequest {
  return {
    revision: 0,
    physical: false,
  };
}

export function sizeCompactionRequest(m: CompactionRequest): number {
  let n = 0;
  if (m.revision !== 0) {
    n += 1 + sizeNumber(m.revision);
  }
  if (m.physical) {
    n += 2;
  }
  return n;
}

export function writeCompactionRequest(
  m: CompactionRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.revision !== 0) {
    out[at++] = 8;
    at = writeNumber(m.revision, out, at);
  }
  if (m.physical) {
    out[at++] = 16;
    out[at++] = 1;
  }
  return at;
}

export function mergeCompactionRequest(r: Reader, m: CompactionRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.revision = r.int64Number();
        break;
      }
      case 16: {
        m.physical = r.bool();
        break;
      }
      default:
        r.other(tag, 'CompactionRequest', CompactionRequestFields);
    }
  }
}

export const CompactionRequest: Codec<CompactionRequest> = {
  typeName: 'etcdserverpb.CompactionRequest',
  create(fields) {
    const m = newCompactionRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeCompactionRequest(m);
  },
  write(m, out, at) {
    return writeCompactionRequest(m, out, at);
  },
  encode(m) {
    const size = sizeCompactionRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeCompactionRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newCompactionRequest();
    mergeCompactionRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.CompactionResponse` */
export interface CompactionResponse {
  header: ResponseHeader | null;
}

const CompactionResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newCompactionResponse(): CompactionResponse {
  return {
    header: null,
  };
}

export function sizeCompactionResponse(m: CompactionResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeCompactionResponse(
  m: CompactionResponse,
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

export function mergeCompactionResponse(r: Reader, m: CompactionResponse): void {
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
        r.other(tag, 'CompactionResponse', CompactionResponseFields);
    }
  }
}

export const CompactionResponse: Codec<CompactionResponse> = {
  typeName: 'etcdserverpb.CompactionResponse',
  create(fields) {
    const m = newCompactionResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeCompactionResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeCompactionResponse(m, sizes);
    return writeCompactionResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeCompactionResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeCompactionResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newCompactionResponse();
    mergeCompactionResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.HashRequest` */
export type HashRequest = object;

const HashRequestFields: FieldNames = new Map(
);

export function newHashRequest(): HashRequest {
  return {};
}

export function sizeHashRequest(_m: HashRequest): number {
  return 0;
}

export function writeHashRequest(
  _m: HashRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeHashRequest(r: Reader, _m: HashRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'HashRequest', HashRequestFields);
    }
  }
}

export const HashRequest: Codec<HashRequest> = {
  typeName: 'etcdserverpb.HashRequest',
  create(fields) {
    const m = newHashRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeHashRequest(m);
  },
  write(m, out, at) {
    return writeHashRequest(m, out, at);
  },
  encode(m) {
    const size = sizeHashRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeHashRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newHashRequest();
    mergeHashRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.HashKVRequest` */
export interface HashKVRequest {
  revision: number;
}

const HashKVRequestFields: FieldNames = new Map([
  [1, 'Revision'],
]);

export function newHashKVRequest(): HashKVRequest {
  return {
    revision: 0,
  };
}

export function sizeHashKVRequest(m: HashKVRequest): number {
  let n = 0;
  if (m.revision !== 0) {
    n += 1 + sizeNumber(m.revision);
  }
  return n;
}

export function writeHashKVRequest(
  m: HashKVRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.revision !== 0) {
    out[at++] = 8;
    at = writeNumber(m.revision, out, at);
  }
  return at;
}

export function mergeHashKVRequest(r: Reader, m: HashKVRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.revision = r.int64Number();
        break;
      }
      default:
        r.other(tag, 'HashKVRequest', HashKVRequestFields);
    }
  }
}

export const HashKVRequest: Codec<HashKVRequest> = {
  typeName: 'etcdserverpb.HashKVRequest',
  create(fields) {
    const m = newHashKVRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeHashKVRequest(m);
  },
  write(m, out, at) {
    return writeHashKVRequest(m, out, at);
  },
  encode(m) {
    const size = sizeHashKVRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeHashKVRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newHashKVRequest();
    mergeHashKVRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.HashKVResponse` */
export interface HashKVResponse {
  header: ResponseHeader | null;
  hash: number;
  compactRevision: number;
  hashRevision: number;
}

const HashKVResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Hash'],
  [3, 'CompactRevision'],
  [4, 'HashRevision'],
]);

export function newHashKVResponse(): HashKVResponse {
  return {
    header: null,
    hash: 0,
    compactRevision: 0,
    hashRevision: 0,
  };
}

export function sizeHashKVResponse(m: HashKVResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.hash !== 0) {
    n += 1 + sizeUint32(m.hash);
  }
  if (m.compactRevision !== 0) {
    n += 1 + sizeNumber(m.compactRevision);
  }
  if (m.hashRevision !== 0) {
    n += 1 + sizeNumber(m.hashRevision);
  }
  return n;
}

export function writeHashKVResponse(
  m: HashKVResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.hash !== 0) {
    out[at++] = 16;
    at = writeUint32(m.hash, out, at);
  }
  if (m.compactRevision !== 0) {
    out[at++] = 24;
    at = writeNumber(m.compactRevision, out, at);
  }
  if (m.hashRevision !== 0) {
    out[at++] = 32;
    at = writeNumber(m.hashRevision, out, at);
  }
  return at;
}

export function mergeHashKVResponse(r: Reader, m: HashKVResponse): void {
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
      case 16: {
        m.hash = r.uint32();
        break;
      }
      case 24: {
        m.compactRevision = r.int64Number();
        break;
      }
      case 32: {
        m.hashRevision = r.int64Number();
        break;
      }
      default:
        r.other(tag, 'HashKVResponse', HashKVResponseFields);
    }
  }
}

export const HashKVResponse: Codec<HashKVResponse> = {
  typeName: 'etcdserverpb.HashKVResponse',
  create(fields) {
    const m = newHashKVResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeHashKVResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeHashKVResponse(m, sizes);
    return writeHashKVResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeHashKVResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeHashKVResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newHashKVResponse();
    mergeHashKVResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.HashResponse` */
export interface HashResponse {
  header: ResponseHeader | null;
  hash: number;
}

const HashResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Hash'],
]);

export function newHashResponse(): HashResponse {
  return {
    header: null,
    hash: 0,
  };
}

export function sizeHashResponse(m: HashResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.hash !== 0) {
    n += 1 + sizeUint32(m.hash);
  }
  return n;
}

export function writeHashResponse(
  m: HashResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.hash !== 0) {
    out[at++] = 16;
    at = writeUint32(m.hash, out, at);
  }
  return at;
}

export function mergeHashResponse(r: Reader, m: HashResponse): void {
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
      case 16: {
        m.hash = r.uint32();
        break;
      }
      default:
        r.other(tag, 'HashResponse', HashResponseFields);
    }
  }
}

export const HashResponse: Codec<HashResponse> = {
  typeName: 'etcdserverpb.HashResponse',
  create(fields) {
    const m = newHashResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeHashResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeHashResponse(m, sizes);
    return writeHashResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeHashResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeHashResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newHashResponse();
    mergeHashResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.SnapshotRequest` */
export type SnapshotRequest = object;

const SnapshotRequestFields: FieldNames = new Map(
);

export function newSnapshotRequest(): SnapshotRequest {
  return {};
}

export function sizeSnapshotRequest(_m: SnapshotRequest): number {
  return 0;
}

export function writeSnapshotRequest(
  _m: SnapshotRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeSnapshotRequest(r: Reader, _m: SnapshotRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'SnapshotRequest', SnapshotRequestFields);
    }
  }
}

export const SnapshotRequest: Codec<SnapshotRequest> = {
  typeName: 'etcdserverpb.SnapshotRequest',
  create(fields) {
    const m = newSnapshotRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSnapshotRequest(m);
  },
  write(m, out, at) {
    return writeSnapshotRequest(m, out, at);
  },
  encode(m) {
    const size = sizeSnapshotRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSnapshotRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSnapshotRequest();
    mergeSnapshotRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.SnapshotResponse` */
export interface SnapshotResponse {
  header: ResponseHeader | null;
  remainingBytes: number;
  blob: Uint8Array;
  version: string;
}

const SnapshotResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'RemainingBytes'],
  [3, 'Blob'],
  [4, 'Version'],
]);

export function newSnapshotResponse(): SnapshotResponse {
  return {
    header: null,
    remainingBytes: 0,
    blob: EMPTY_BYTES,
    version: '',
  };
}

export function sizeSnapshotResponse(m: SnapshotResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.remainingBytes !== 0) {
    n += 1 + sizeNumber(m.remainingBytes);
  }
  if (m.blob.length !== 0) {
    n += 1 + sizeBytes(m.blob);
  }
  if (m.version !== '') {
    n += 1 + sizeString(m.version);
  }
  return n;
}

export function writeSnapshotResponse(
  m: SnapshotResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.remainingBytes !== 0) {
    out[at++] = 16;
    at = writeNumber(m.remainingBytes, out, at);
  }
  if (m.blob.length !== 0) {
    out[at++] = 26;
    at = writeBytes(m.blob, out, at);
  }
  if (m.version !== '') {
    out[at++] = 34;
    at = writeString(m.version, out, at);
  }
  return at;
}

export function mergeSnapshotResponse(r: Reader, m: SnapshotResponse): void {
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
      case 16: {
        m.remainingBytes = r.uint64Number();
        break;
      }
      case 26: {
        m.blob = r.view();
        break;
      }
      case 34: {
        m.version = r.string();
        break;
      }
      default:
        r.other(tag, 'SnapshotResponse', SnapshotResponseFields);
    }
  }
}

export const SnapshotResponse: Codec<SnapshotResponse> = {
  typeName: 'etcdserverpb.SnapshotResponse',
  create(fields) {
    const m = newSnapshotResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSnapshotResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeSnapshotResponse(m, sizes);
    return writeSnapshotResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeSnapshotResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSnapshotResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSnapshotResponse();
    mergeSnapshotResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.WatchRequest` */
export interface WatchRequest {
  requestUnion:
    | { $case: 'createRequest'; createRequest: WatchCreateRequest }
    | { $case: 'cancelRequest'; cancelRequest: WatchCancelRequest }
    | { $case: 'progressRequest'; progressRequest: WatchProgressRequest }
    | null;
}

const WatchRequestFields: FieldNames = new Map([
  [1, 'CreateRequest'],
  [2, 'CancelRequest'],
  [3, 'ProgressRequest'],
]);

export function newWatchRequest(): WatchRequest {
  return {
    requestUnion: null,
  };
}

export function sizeWatchRequest(m: WatchRequest, sizes: Sizes): number {
  let n = 0;
  const requestUnion = m.requestUnion;
  if (requestUnion !== null) {
    switch (requestUnion.$case) {
      case 'createRequest': {
        const size = sizeWatchCreateRequest(requestUnion.createRequest);
        sizes.add(size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
      case 'cancelRequest': {
        const size = sizeWatchCancelRequest(requestUnion.cancelRequest);
        sizes.add(size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
      case 'progressRequest': {
        const size = sizeWatchProgressRequest(requestUnion.progressRequest);
        sizes.add(size);
        n += 1 + sizeUint32(size) + size;
        break;
      }
    }
  }
  return n;
}

export function writeWatchRequest(
  m: WatchRequest,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  const requestUnion = m.requestUnion;
  if (requestUnion !== null) {
    switch (requestUnion.$case) {
      case 'createRequest': {
        out[at++] = 10;
        at = writeUint32(sizes.next(), out, at);
        at = writeWatchCreateRequest(requestUnion.createRequest, out, at);
        break;
      }
      case 'cancelRequest': {
        out[at++] = 18;
        at = writeUint32(sizes.next(), out, at);
        at = writeWatchCancelRequest(requestUnion.cancelRequest, out, at);
        break;
      }
      case 'progressRequest': {
        out[at++] = 26;
        at = writeUint32(sizes.next(), out, at);
        at = writeWatchProgressRequest(requestUnion.progressRequest, out, at);
        break;
      }
    }
  }
  return at;
}

export function mergeWatchRequest(r: Reader, m: WatchRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = newWatchCreateRequest();
        const outer = r.enter();
        mergeWatchCreateRequest(r, v);
        r.leave(outer);
        m.requestUnion = { $case: 'createRequest', createRequest: v };
        break;
      }
      case 18: {
        const v = newWatchCancelRequest();
        const outer = r.enter();
        mergeWatchCancelRequest(r, v);
        r.leave(outer);
        m.requestUnion = { $case: 'cancelRequest', cancelRequest: v };
        break;
      }
      case 26: {
        const v = newWatchProgressRequest();
        const outer = r.enter();
        mergeWatchProgressRequest(r, v);
        r.leave(outer);
        m.requestUnion = { $case: 'progressRequest', progressRequest: v };
        break;
      }
      default:
        r.other(tag, 'WatchRequest', WatchRequestFields);
    }
  }
}

export const WatchRequest: Codec<WatchRequest> = {
  typeName: 'etcdserverpb.WatchRequest',
  create(fields) {
    const m = newWatchRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeWatchRequest(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeWatchRequest(m, sizes);
    return writeWatchRequest(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeWatchRequest(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeWatchRequest(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newWatchRequest();
    mergeWatchRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.WatchCreateRequest` */
export interface WatchCreateRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  startRevision: number;
  progressNotify: boolean;
  filters: FilterType[];
  prevKv: boolean;
  watchId: number;
  fragment: boolean;
}

const WatchCreateRequestFields: FieldNames = new Map([
  [1, 'Key'],
  [2, 'RangeEnd'],
  [3, 'StartRevision'],
  [4, 'ProgressNotify'],
  [5, 'Filters'],
  [6, 'PrevKv'],
  [7, 'WatchId'],
  [8, 'Fragment'],
]);

export function newWatchCreateRequest(): WatchCreateRequest {
  return {
    key: EMPTY_BYTES,
    rangeEnd: EMPTY_BYTES,
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0,
    fragment: false,
  };
}

export function sizeWatchCreateRequest(m: WatchCreateRequest): number {
  let n = 0;
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  if (m.rangeEnd.length !== 0) {
    n += 1 + sizeBytes(m.rangeEnd);
  }
  if (m.startRevision !== 0) {
    n += 1 + sizeNumber(m.startRevision);
  }
  if (m.progressNotify) {
    n += 2;
  }
  if (m.filters.length !== 0) {
    const size = sizePackedInt32(m.filters);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.prevKv) {
    n += 2;
  }
  if (m.watchId !== 0) {
    n += 1 + sizeNumber(m.watchId);
  }
  if (m.fragment) {
    n += 2;
  }
  return n;
}

export function writeWatchCreateRequest(
  m: WatchCreateRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.key.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.key, out, at);
  }
  if (m.rangeEnd.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.rangeEnd, out, at);
  }
  if (m.startRevision !== 0) {
    out[at++] = 24;
    at = writeNumber(m.startRevision, out, at);
  }
  if (m.progressNotify) {
    out[at++] = 32;
    out[at++] = 1;
  }
  if (m.filters.length !== 0) {
    out[at++] = 42;
    at = writePackedInt32(m.filters, out, at);
  }
  if (m.prevKv) {
    out[at++] = 48;
    out[at++] = 1;
  }
  if (m.watchId !== 0) {
    out[at++] = 56;
    at = writeNumber(m.watchId, out, at);
  }
  if (m.fragment) {
    out[at++] = 64;
    out[at++] = 1;
  }
  return at;
}

export function mergeWatchCreateRequest(r: Reader, m: WatchCreateRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.key = r.view();
        break;
      }
      case 18: {
        m.rangeEnd = r.view();
        break;
      }
      case 24: {
        m.startRevision = r.int64Number();
        break;
      }
      case 32: {
        m.progressNotify = r.bool();
        break;
      }
      case 40: {
        m.filters.push(r.int32());
        break;
      }
      case 42: {
        const outer = r.enter();
        while (r.pos < r.end) m.filters.push(r.int32());
        r.leave(outer);
        break;
      }
      case 48: {
        m.prevKv = r.bool();
        break;
      }
      case 56: {
        m.watchId = r.int64Number();
        break;
      }
      case 64: {
        m.fragment = r.bool();
        break;
      }
      default:
        r.other(tag, 'WatchCreateRequest', WatchCreateRequestFields);
    }
  }
}

export const WatchCreateRequest: Codec<WatchCreateRequest> = {
  typeName: 'etcdserverpb.WatchCreateRequest',
  create(fields) {
    const m = newWatchCreateRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeWatchCreateRequest(m);
  },
  write(m, out, at) {
    return writeWatchCreateRequest(m, out, at);
  },
  encode(m) {
    const size = sizeWatchCreateRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeWatchCreateRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newWatchCreateRequest();
    mergeWatchCreateRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.WatchCancelRequest` */
export interface WatchCancelRequest {
  watchId: number;
}

const WatchCancelRequestFields: FieldNames = new Map([
  [1, 'WatchId'],
]);

export function newWatchCancelRequest(): WatchCancelRequest {
  return {
    watchId: 0,
  };
}

export function sizeWatchCancelRequest(m: WatchCancelRequest): number {
  let n = 0;
  if (m.watchId !== 0) {
    n += 1 + sizeNumber(m.watchId);
  }
  return n;
}

export function writeWatchCancelRequest(
  m: WatchCancelRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.watchId !== 0) {
    out[at++] = 8;
    at = writeNumber(m.watchId, out, at);
  }
  return at;
}

export function mergeWatchCancelRequest(r: Reader, m: WatchCancelRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.watchId = r.int64Number();
        break;
      }
      default:
        r.other(tag, 'WatchCancelRequest', WatchCancelRequestFields);
    }
  }
}

export const WatchCancelRequest: Codec<WatchCancelRequest> = {
  typeName: 'etcdserverpb.WatchCancelRequest',
  create(fields) {
    const m = newWatchCancelRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeWatchCancelRequest(m);
  },
  write(m, out, at) {
    return writeWatchCancelRequest(m, out, at);
  },
  encode(m) {
    const size = sizeWatchCancelRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeWatchCancelRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newWatchCancelRequest();
    mergeWatchCancelRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.WatchProgressRequest` */
export type WatchProgressRequest = object;

const WatchProgressRequestFields: FieldNames = new Map(
);

export function newWatchProgressRequest(): WatchProgressRequest {
  return {};
}

export function sizeWatchProgressRequest(_m: WatchProgressRequest): number {
  return 0;
}

export function writeWatchProgressRequest(
  _m: WatchProgressRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeWatchProgressRequest(r: Reader, _m: WatchProgressRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'WatchProgressRequest', WatchProgressRequestFields);
    }
  }
}

export const WatchProgressRequest: Codec<WatchProgressRequest> = {
  typeName: 'etcdserverpb.WatchProgressRequest',
  create(fields) {
    const m = newWatchProgressRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeWatchProgressRequest(m);
  },
  write(m, out, at) {
    return writeWatchProgressRequest(m, out, at);
  },
  encode(m) {
    const size = sizeWatchProgressRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeWatchProgressRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newWatchProgressRequest();
    mergeWatchProgressRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.WatchResponse` */
export interface WatchResponse {
  header: ResponseHeader | null;
  watchId: number;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  fragment: boolean;
  events: Event[];
}

const WatchResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'WatchId'],
  [3, 'Created'],
  [4, 'Canceled'],
  [5, 'CompactRevision'],
  [6, 'CancelReason'],
  [7, 'Fragment'],
  [11, 'Events'],
]);

export function newWatchResponse(): WatchResponse {
  return {
    header: null,
    watchId: 0,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    fragment: false,
    events: [],
  };
}

export function sizeWatchResponse(m: WatchResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.watchId !== 0) {
    n += 1 + sizeNumber(m.watchId);
  }
  if (m.created) {
    n += 2;
  }
  if (m.canceled) {
    n += 2;
  }
  if (m.compactRevision !== 0) {
    n += 1 + sizeNumber(m.compactRevision);
  }
  if (m.cancelReason !== '') {
    n += 1 + sizeString(m.cancelReason);
  }
  if (m.fragment) {
    n += 2;
  }
  for (let i = 0, events = m.events; i < events.length; i++) {
    const place = sizes.reserve();
    const size = sizeEvent(events[i] as Event, sizes);
    sizes.fill(place, size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeWatchResponse(
  m: WatchResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.watchId !== 0) {
    out[at++] = 16;
    at = writeNumber(m.watchId, out, at);
  }
  if (m.created) {
    out[at++] = 24;
    out[at++] = 1;
  }
  if (m.canceled) {
    out[at++] = 32;
    out[at++] = 1;
  }
  if (m.compactRevision !== 0) {
    out[at++] = 40;
    at = writeNumber(m.compactRevision, out, at);
  }
  if (m.cancelReason !== '') {
    out[at++] = 50;
    at = writeString(m.cancelReason, out, at);
  }
  if (m.fragment) {
    out[at++] = 56;
    out[at++] = 1;
  }
  for (let i = 0, events = m.events; i < events.length; i++) {
    out[at++] = 90;
    at = writeUint32(sizes.next(), out, at);
    at = writeEvent(events[i] as Event, out, at, sizes);
  }
  return at;
}

export function mergeWatchResponse(r: Reader, m: WatchResponse): void {
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
      case 16: {
        m.watchId = r.int64Number();
        break;
      }
      case 24: {
        m.created = r.bool();
        break;
      }
      case 32: {
        m.canceled = r.bool();
        break;
      }
      case 40: {
        m.compactRevision = r.int64Number();
        break;
      }
      case 50: {
        m.cancelReason = r.string();
        break;
      }
      case 56: {
        m.fragment = r.bool();
        break;
      }
      case 90: {
        const v = newEvent();
        const outer = r.enter();
        mergeEvent(r, v);
        r.leave(outer);
        m.events.push(v);
        break;
      }
      default:
        r.other(tag, 'WatchResponse', WatchResponseFields);
    }
  }
}

export const WatchResponse: Codec<WatchResponse> = {
  typeName: 'etcdserverpb.WatchResponse',
  create(fields) {
    const m = newWatchResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeWatchResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeWatchResponse(m, sizes);
    return writeWatchResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeWatchResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeWatchResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newWatchResponse();
    mergeWatchResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseGrantRequest` */
export interface LeaseGrantRequest {
  TTL: number;
  ID: bigint;
}

const LeaseGrantRequestFields: FieldNames = new Map([
  [1, 'TTL'],
  [2, 'ID'],
]);

export function newLeaseGrantRequest(): LeaseGrantRequest {
  return {
    TTL: 0,
    ID: 0n,
  };
}

export function sizeLeaseGrantRequest(m: LeaseGrantRequest): number {
  let n = 0;
  if (m.TTL !== 0) {
    n += 1 + sizeNumber(m.TTL);
  }
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  return n;
}

export function writeLeaseGrantRequest(
  m: LeaseGrantRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.TTL !== 0) {
    out[at++] = 8;
    at = writeNumber(m.TTL, out, at);
  }
  if (m.ID !== 0n) {
    out[at++] = 16;
    at = writeBigint(m.ID, out, at);
  }
  return at;
}

export function mergeLeaseGrantRequest(r: Reader, m: LeaseGrantRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.TTL = r.int64Number();
        break;
      }
      case 16: {
        m.ID = r.int64();
        break;
      }
      default:
        r.other(tag, 'LeaseGrantRequest', LeaseGrantRequestFields);
    }
  }
}

export const LeaseGrantRequest: Codec<LeaseGrantRequest> = {
  typeName: 'etcdserverpb.LeaseGrantRequest',
  create(fields) {
    const m = newLeaseGrantRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseGrantRequest(m);
  },
  write(m, out, at) {
    return writeLeaseGrantRequest(m, out, at);
  },
  encode(m) {
    const size = sizeLeaseGrantRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseGrantRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseGrantRequest();
    mergeLeaseGrantRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseGrantResponse` */
export interface LeaseGrantResponse {
  header: ResponseHeader | null;
  ID: bigint;
  TTL: number;
  error: string;
}

const LeaseGrantResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'ID'],
  [3, 'TTL'],
  [4, 'Error'],
]);

export function newLeaseGrantResponse(): LeaseGrantResponse {
  return {
    header: null,
    ID: 0n,
    TTL: 0,
    error: '',
  };
}

export function sizeLeaseGrantResponse(m: LeaseGrantResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.TTL !== 0) {
    n += 1 + sizeNumber(m.TTL);
  }
  if (m.error !== '') {
    n += 1 + sizeString(m.error);
  }
  return n;
}

export function writeLeaseGrantResponse(
  m: LeaseGrantResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.ID !== 0n) {
    out[at++] = 16;
    at = writeBigint(m.ID, out, at);
  }
  if (m.TTL !== 0) {
    out[at++] = 24;
    at = writeNumber(m.TTL, out, at);
  }
  if (m.error !== '') {
    out[at++] = 34;
    at = writeString(m.error, out, at);
  }
  return at;
}

export function mergeLeaseGrantResponse(r: Reader, m: LeaseGrantResponse): void {
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
      case 16: {
        m.ID = r.int64();
        break;
      }
      case 24: {
        m.TTL = r.int64Number();
        break;
      }
      case 34: {
        m.error = r.string();
        break;
      }
      default:
        r.other(tag, 'LeaseGrantResponse', LeaseGrantResponseFields);
    }
  }
}

export const LeaseGrantResponse: Codec<LeaseGrantResponse> = {
  typeName: 'etcdserverpb.LeaseGrantResponse',
  create(fields) {
    const m = newLeaseGrantResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseGrantResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeLeaseGrantResponse(m, sizes);
    return writeLeaseGrantResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeLeaseGrantResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseGrantResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseGrantResponse();
    mergeLeaseGrantResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseRevokeRequest` */
export interface LeaseRevokeRequest {
  ID: bigint;
}

const LeaseRevokeRequestFields: FieldNames = new Map([
  [1, 'ID'],
]);

export function newLeaseRevokeRequest(): LeaseRevokeRequest {
  return {
    ID: 0n,
  };
}

export function sizeLeaseRevokeRequest(m: LeaseRevokeRequest): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  return n;
}

export function writeLeaseRevokeRequest(
  m: LeaseRevokeRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  return at;
}

export function mergeLeaseRevokeRequest(r: Reader, m: LeaseRevokeRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.int64();
        break;
      }
      default:
        r.other(tag, 'LeaseRevokeRequest', LeaseRevokeRequestFields);
    }
  }
}

export const LeaseRevokeRequest: Codec<LeaseRevokeRequest> = {
  typeName: 'etcdserverpb.LeaseRevokeRequest',
  create(fields) {
    const m = newLeaseRevokeRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseRevokeRequest(m);
  },
  write(m, out, at) {
    return writeLeaseRevokeRequest(m, out, at);
  },
  encode(m) {
    const size = sizeLeaseRevokeRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseRevokeRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseRevokeRequest();
    mergeLeaseRevokeRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseRevokeResponse` */
export interface LeaseRevokeResponse {
  header: ResponseHeader | null;
}

const LeaseRevokeResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newLeaseRevokeResponse(): LeaseRevokeResponse {
  return {
    header: null,
  };
}

export function sizeLeaseRevokeResponse(m: LeaseRevokeResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeLeaseRevokeResponse(
  m: LeaseRevokeResponse,
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

export function mergeLeaseRevokeResponse(r: Reader, m: LeaseRevokeResponse): void {
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
        r.other(tag, 'LeaseRevokeResponse', LeaseRevokeResponseFields);
    }
  }
}

export const LeaseRevokeResponse: Codec<LeaseRevokeResponse> = {
  typeName: 'etcdserverpb.LeaseRevokeResponse',
  create(fields) {
    const m = newLeaseRevokeResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseRevokeResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeLeaseRevokeResponse(m, sizes);
    return writeLeaseRevokeResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeLeaseRevokeResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseRevokeResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseRevokeResponse();
    mergeLeaseRevokeResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseCheckpoint` */
export interface LeaseCheckpoint {
  ID: bigint;
  remainingTTL: number;
}

const LeaseCheckpointFields: FieldNames = new Map([
  [1, 'ID'],
  [2, 'Remaining_TTL'],
]);

export function newLeaseCheckpoint(): LeaseCheckpoint {
  return {
    ID: 0n,
    remainingTTL: 0,
  };
}

export function sizeLeaseCheckpoint(m: LeaseCheckpoint): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.remainingTTL !== 0) {
    n += 1 + sizeNumber(m.remainingTTL);
  }
  return n;
}

export function writeLeaseCheckpoint(
  m: LeaseCheckpoint,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  if (m.remainingTTL !== 0) {
    out[at++] = 16;
    at = writeNumber(m.remainingTTL, out, at);
  }
  return at;
}

export function mergeLeaseCheckpoint(r: Reader, m: LeaseCheckpoint): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.int64();
        break;
      }
      case 16: {
        m.remainingTTL = r.int64Number();
        break;
      }
      default:
        r.other(tag, 'LeaseCheckpoint', LeaseCheckpointFields);
    }
  }
}

export const LeaseCheckpoint: Codec<LeaseCheckpoint> = {
  typeName: 'etcdserverpb.LeaseCheckpoint',
  create(fields) {
    const m = newLeaseCheckpoint();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseCheckpoint(m);
  },
  write(m, out, at) {
    return writeLeaseCheckpoint(m, out, at);
  },
  encode(m) {
    const size = sizeLeaseCheckpoint(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseCheckpoint(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseCheckpoint();
    mergeLeaseCheckpoint(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseCheckpointRequest` */
export interface LeaseCheckpointRequest {
  checkpoints: LeaseCheckpoint[];
  term: number;
  index: number;
}

const LeaseCheckpointRequestFields: FieldNames = new Map([
  [1, 'Checkpoints'],
  [1000, 'Term'],
  [1001, 'Index'],
]);

export function newLeaseCheckpointRequest(): LeaseCheckpointRequest {
  return {
    checkpoints: [],
    term: 0,
    index: 0,
  };
}

export function sizeLeaseCheckpointRequest(m: LeaseCheckpointRequest, sizes: Sizes): number {
  let n = 0;
  for (let i = 0, checkpoints = m.checkpoints; i < checkpoints.length; i++) {
    const size = sizeLeaseCheckpoint(checkpoints[i] as LeaseCheckpoint);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.term !== 0) {
    n += 2 + sizeNumber(m.term);
  }
  if (m.index !== 0) {
    n += 2 + sizeNumber(m.index);
  }
  return n;
}

export function writeLeaseCheckpointRequest(
  m: LeaseCheckpointRequest,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  for (let i = 0, checkpoints = m.checkpoints; i < checkpoints.length; i++) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeLeaseCheckpoint(checkpoints[i] as LeaseCheckpoint, out, at);
  }
  if (m.term !== 0) {
    out[at++] = 192;
    out[at++] = 62;
    at = writeNumber(m.term, out, at);
  }
  if (m.index !== 0) {
    out[at++] = 200;
    out[at++] = 62;
    at = writeNumber(m.index, out, at);
  }
  return at;
}

export function mergeLeaseCheckpointRequest(r: Reader, m: LeaseCheckpointRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = newLeaseCheckpoint();
        const outer = r.enter();
        mergeLeaseCheckpoint(r, v);
        r.leave(outer);
        m.checkpoints.push(v);
        break;
      }
      case 8000: {
        m.term = r.uint64Number();
        break;
      }
      case 8008: {
        m.index = r.uint64Number();
        break;
      }
      default:
        r.other(tag, 'LeaseCheckpointRequest', LeaseCheckpointRequestFields);
    }
  }
}

export const LeaseCheckpointRequest: Codec<LeaseCheckpointRequest> = {
  typeName: 'etcdserverpb.LeaseCheckpointRequest',
  create(fields) {
    const m = newLeaseCheckpointRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseCheckpointRequest(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeLeaseCheckpointRequest(m, sizes);
    return writeLeaseCheckpointRequest(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeLeaseCheckpointRequest(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseCheckpointRequest(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseCheckpointRequest();
    mergeLeaseCheckpointRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseCheckpointResponse` */
export interface LeaseCheckpointResponse {
  header: ResponseHeader | null;
}

const LeaseCheckpointResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newLeaseCheckpointResponse(): LeaseCheckpointResponse {
  return {
    header: null,
  };
}

export function sizeLeaseCheckpointResponse(m: LeaseCheckpointResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeLeaseCheckpointResponse(
  m: LeaseCheckpointResponse,
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

export function mergeLeaseCheckpointResponse(r: Reader, m: LeaseCheckpointResponse): void {
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
        r.other(tag, 'LeaseCheckpointResponse', LeaseCheckpointResponseFields);
    }
  }
}

export const LeaseCheckpointResponse: Codec<LeaseCheckpointResponse> = {
  typeName: 'etcdserverpb.LeaseCheckpointResponse',
  create(fields) {
    const m = newLeaseCheckpointResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseCheckpointResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeLeaseCheckpointResponse(m, sizes);
    return writeLeaseCheckpointResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeLeaseCheckpointResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseCheckpointResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseCheckpointResponse();
    mergeLeaseCheckpointResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseKeepAliveRequest` */
export interface LeaseKeepAliveRequest {
  ID: bigint;
}

const LeaseKeepAliveRequestFields: FieldNames = new Map([
  [1, 'ID'],
]);

export function newLeaseKeepAliveRequest(): LeaseKeepAliveRequest {
  return {
    ID: 0n,
  };
}

export function sizeLeaseKeepAliveRequest(m: LeaseKeepAliveRequest): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  return n;
}

export function writeLeaseKeepAliveRequest(
  m: LeaseKeepAliveRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  return at;
}

export function mergeLeaseKeepAliveRequest(r: Reader, m: LeaseKeepAliveRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.int64();
        break;
      }
      default:
        r.other(tag, 'LeaseKeepAliveRequest', LeaseKeepAliveRequestFields);
    }
  }
}

export const LeaseKeepAliveRequest: Codec<LeaseKeepAliveRequest> = {
  typeName: 'etcdserverpb.LeaseKeepAliveRequest',
  create(fields) {
    const m = newLeaseKeepAliveRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseKeepAliveRequest(m);
  },
  write(m, out, at) {
    return writeLeaseKeepAliveRequest(m, out, at);
  },
  encode(m) {
    const size = sizeLeaseKeepAliveRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseKeepAliveRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseKeepAliveRequest();
    mergeLeaseKeepAliveRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseKeepAliveResponse` */
export interface LeaseKeepAliveResponse {
  header: ResponseHeader | null;
  ID: bigint;
  TTL: number;
}

const LeaseKeepAliveResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'ID'],
  [3, 'TTL'],
]);

export function newLeaseKeepAliveResponse(): LeaseKeepAliveResponse {
  return {
    header: null,
    ID: 0n,
    TTL: 0,
  };
}

export function sizeLeaseKeepAliveResponse(m: LeaseKeepAliveResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.TTL !== 0) {
    n += 1 + sizeNumber(m.TTL);
  }
  return n;
}

export function writeLeaseKeepAliveResponse(
  m: LeaseKeepAliveResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.ID !== 0n) {
    out[at++] = 16;
    at = writeBigint(m.ID, out, at);
  }
  if (m.TTL !== 0) {
    out[at++] = 24;
    at = writeNumber(m.TTL, out, at);
  }
  return at;
}

export function mergeLeaseKeepAliveResponse(r: Reader, m: LeaseKeepAliveResponse): void {
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
      case 16: {
        m.ID = r.int64();
        break;
      }
      case 24: {
        m.TTL = r.int64Number();
        break;
      }
      default:
        r.other(tag, 'LeaseKeepAliveResponse', LeaseKeepAliveResponseFields);
    }
  }
}

export const LeaseKeepAliveResponse: Codec<LeaseKeepAliveResponse> = {
  typeName: 'etcdserverpb.LeaseKeepAliveResponse',
  create(fields) {
    const m = newLeaseKeepAliveResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseKeepAliveResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeLeaseKeepAliveResponse(m, sizes);
    return writeLeaseKeepAliveResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeLeaseKeepAliveResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseKeepAliveResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseKeepAliveResponse();
    mergeLeaseKeepAliveResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseTimeToLiveRequest` */
export interface LeaseTimeToLiveRequest {
  ID: bigint;
  keys: boolean;
}

const LeaseTimeToLiveRequestFields: FieldNames = new Map([
  [1, 'ID'],
  [2, 'Keys'],
]);

export function newLeaseTimeToLiveRequest(): LeaseTimeToLiveRequest {
  return {
    ID: 0n,
    keys: false,
  };
}

export function sizeLeaseTimeToLiveRequest(m: LeaseTimeToLiveRequest): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.keys) {
    n += 2;
  }
  return n;
}

export function writeLeaseTimeToLiveRequest(
  m: LeaseTimeToLiveRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  if (m.keys) {
    out[at++] = 16;
    out[at++] = 1;
  }
  return at;
}

export function mergeLeaseTimeToLiveRequest(r: Reader, m: LeaseTimeToLiveRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.int64();
        break;
      }
      case 16: {
        m.keys = r.bool();
        break;
      }
      default:
        r.other(tag, 'LeaseTimeToLiveRequest', LeaseTimeToLiveRequestFields);
    }
  }
}

export const LeaseTimeToLiveRequest: Codec<LeaseTimeToLiveRequest> = {
  typeName: 'etcdserverpb.LeaseTimeToLiveRequest',
  create(fields) {
    const m = newLeaseTimeToLiveRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseTimeToLiveRequest(m);
  },
  write(m, out, at) {
    return writeLeaseTimeToLiveRequest(m, out, at);
  },
  encode(m) {
    const size = sizeLeaseTimeToLiveRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseTimeToLiveRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseTimeToLiveRequest();
    mergeLeaseTimeToLiveRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseTimeToLiveResponse` */
export interface LeaseTimeToLiveResponse {
  header: ResponseHeader | null;
  ID: bigint;
  TTL: number;
  grantedTTL: number;
  keys: Uint8Array[];
}

const LeaseTimeToLiveResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'ID'],
  [3, 'TTL'],
  [4, 'GrantedTTL'],
  [5, 'Keys'],
]);

export function newLeaseTimeToLiveResponse(): LeaseTimeToLiveResponse {
  return {
    header: null,
    ID: 0n,
    TTL: 0,
    grantedTTL: 0,
    keys: [],
  };
}

export function sizeLeaseTimeToLiveResponse(m: LeaseTimeToLiveResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.TTL !== 0) {
    n += 1 + sizeNumber(m.TTL);
  }
  if (m.grantedTTL !== 0) {
    n += 1 + sizeNumber(m.grantedTTL);
  }
  for (let i = 0, keys = m.keys; i < keys.length; i++) {
    n += 1 + sizeBytes(keys[i] as Uint8Array);
  }
  return n;
}

export function writeLeaseTimeToLiveResponse(
  m: LeaseTimeToLiveResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.ID !== 0n) {
    out[at++] = 16;
    at = writeBigint(m.ID, out, at);
  }
  if (m.TTL !== 0) {
    out[at++] = 24;
    at = writeNumber(m.TTL, out, at);
  }
  if (m.grantedTTL !== 0) {
    out[at++] = 32;
    at = writeNumber(m.grantedTTL, out, at);
  }
  for (let i = 0, keys = m.keys; i < keys.length; i++) {
    out[at++] = 42;
    at = writeBytes(keys[i] as Uint8Array, out, at);
  }
  return at;
}

export function mergeLeaseTimeToLiveResponse(r: Reader, m: LeaseTimeToLiveResponse): void {
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
      case 16: {
        m.ID = r.int64();
        break;
      }
      case 24: {
        m.TTL = r.int64Number();
        break;
      }
      case 32: {
        m.grantedTTL = r.int64Number();
        break;
      }
      case 42: {
        m.keys.push(r.view());
        break;
      }
      default:
        r.other(tag, 'LeaseTimeToLiveResponse', LeaseTimeToLiveResponseFields);
    }
  }
}

export const LeaseTimeToLiveResponse: Codec<LeaseTimeToLiveResponse> = {
  typeName: 'etcdserverpb.LeaseTimeToLiveResponse',
  create(fields) {
    const m = newLeaseTimeToLiveResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseTimeToLiveResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeLeaseTimeToLiveResponse(m, sizes);
    return writeLeaseTimeToLiveResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeLeaseTimeToLiveResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseTimeToLiveResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseTimeToLiveResponse();
    mergeLeaseTimeToLiveResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseLeasesRequest` */
export type LeaseLeasesRequest = object;

const LeaseLeasesRequestFields: FieldNames = new Map(
);

export function newLeaseLeasesRequest(): LeaseLeasesRequest {
  return {};
}

export function sizeLeaseLeasesRequest(_m: LeaseLeasesRequest): number {
  return 0;
}

export function writeLeaseLeasesRequest(
  _m: LeaseLeasesRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeLeaseLeasesRequest(r: Reader, _m: LeaseLeasesRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'LeaseLeasesRequest', LeaseLeasesRequestFields);
    }
  }
}

export const LeaseLeasesRequest: Codec<LeaseLeasesRequest> = {
  typeName: 'etcdserverpb.LeaseLeasesRequest',
  create(fields) {
    const m = newLeaseLeasesRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseLeasesRequest(m);
  },
  write(m, out, at) {
    return writeLeaseLeasesRequest(m, out, at);
  },
  encode(m) {
    const size = sizeLeaseLeasesRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseLeasesRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseLeasesRequest();
    mergeLeaseLeasesRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseStatus` */
export interface LeaseStatus {
  ID: bigint;
}

const LeaseStatusFields: FieldNames = new Map([
  [1, 'ID'],
]);

export function newLeaseStatus(): LeaseStatus {
  return {
    ID: 0n,
  };
}

export function sizeLeaseStatus(m: LeaseStatus): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  return n;
}

export function writeLeaseStatus(
  m: LeaseStatus,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  return at;
}

export function mergeLeaseStatus(r: Reader, m: LeaseStatus): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.int64();
        break;
      }
      default:
        r.other(tag, 'LeaseStatus', LeaseStatusFields);
    }
  }
}

export const LeaseStatus: Codec<LeaseStatus> = {
  typeName: 'etcdserverpb.LeaseStatus',
  create(fields) {
    const m = newLeaseStatus();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseStatus(m);
  },
  write(m, out, at) {
    return writeLeaseStatus(m, out, at);
  },
  encode(m) {
    const size = sizeLeaseStatus(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseStatus(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseStatus();
    mergeLeaseStatus(r, m);
    return m;
  },
};

/** `etcdserverpb.LeaseLeasesResponse` */
export interface LeaseLeasesResponse {
  header: ResponseHeader | null;
  leases: LeaseStatus[];
}

const LeaseLeasesResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Leases'],
]);

export function newLeaseLeasesResponse(): LeaseLeasesResponse {
  return {
    header: null,
    leases: [],
  };
}

export function sizeLeaseLeasesResponse(m: LeaseLeasesResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, leases = m.leases; i < leases.length; i++) {
    const size = sizeLeaseStatus(leases[i] as LeaseStatus);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeLeaseLeasesResponse(
  m: LeaseLeasesResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, leases = m.leases; i < leases.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeLeaseStatus(leases[i] as LeaseStatus, out, at);
  }
  return at;
}

export function mergeLeaseLeasesResponse(r: Reader, m: LeaseLeasesResponse): void {
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
        const v = newLeaseStatus();
        const outer = r.enter();
        mergeLeaseStatus(r, v);
        r.leave(outer);
        m.leases.push(v);
        break;
      }
      default:
        r.other(tag, 'LeaseLeasesResponse', LeaseLeasesResponseFields);
    }
  }
}

export const LeaseLeasesResponse: Codec<LeaseLeasesResponse> = {
  typeName: 'etcdserverpb.LeaseLeasesResponse',
  create(fields) {
    const m = newLeaseLeasesResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseLeasesResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeLeaseLeasesResponse(m, sizes);
    return writeLeaseLeasesResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeLeaseLeasesResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseLeasesResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseLeasesResponse();
    mergeLeaseLeasesResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.Member` */
export interface Member {
  ID: bigint;
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  isLearner: boolean;
}

const MemberFields: FieldNames = new Map([
  [1, 'ID'],
  [2, 'Name'],
  [3, 'PeerURLs'],
  [4, 'ClientURLs'],
  [5, 'IsLearner'],
]);

export function newMember(): Member {
  return {
    ID: 0n,
    name: '',
    peerURLs: [],
    clientURLs: [],
    isLearner: false,
  };
}

export function sizeMember(m: Member): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  for (let i = 0, peerURLs = m.peerURLs; i < peerURLs.length; i++) {
    n += 1 + sizeString(peerURLs[i] as string);
  }
  for (let i = 0, clientURLs = m.clientURLs; i < clientURLs.length; i++) {
    n += 1 + sizeString(clientURLs[i] as string);
  }
  if (m.isLearner) {
    n += 2;
  }
  return n;
}

export function writeMember(
  m: Member,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  if (m.name !== '') {
    out[at++] = 18;
    at = writeString(m.name, out, at);
  }
  for (let i = 0, peerURLs = m.peerURLs; i < peerURLs.length; i++) {
    out[at++] = 26;
    at = writeString(peerURLs[i] as string, out, at);
  }
  for (let i = 0, clientURLs = m.clientURLs; i < clientURLs.length; i++) {
    out[at++] = 34;
    at = writeString(clientURLs[i] as string, out, at);
  }
  if (m.isLearner) {
    out[at++] = 40;
    out[at++] = 1;
  }
  return at;
}

export function mergeMember(r: Reader, m: Member): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.uint64();
        break;
      }
      case 18: {
        m.name = r.string();
        break;
      }
      case 26: {
        m.peerURLs.push(r.string());
        break;
      }
      case 34: {
        m.clientURLs.push(r.string());
        break;
      }
      case 40: {
        m.isLearner = r.bool();
        break;
      }
      default:
        r.other(tag, 'Member', MemberFields);
    }
  }
}

export const Member: Codec<Member> = {
  typeName: 'etcdserverpb.Member',
  create(fields) {
    const m = newMember();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMember(m);
  },
  write(m, out, at) {
    return writeMember(m, out, at);
  },
  encode(m) {
    const size = sizeMember(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMember(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMember();
    mergeMember(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberAddRequest` */
export interface MemberAddRequest {
  peerURLs: string[];
  isLearner: boolean;
}

const MemberAddRequestFields: FieldNames = new Map([
  [1, 'PeerURLs'],
  [2, 'IsLearner'],
]);

export function newMemberAddRequest(): MemberAddRequest {
  return {
    peerURLs: [],
    isLearner: false,
  };
}

export function sizeMemberAddRequest(m: MemberAddRequest): number {
  let n = 0;
  for (let i = 0, peerURLs = m.peerURLs; i < peerURLs.length; i++) {
    n += 1 + sizeString(peerURLs[i] as string);
  }
  if (m.isLearner) {
    n += 2;
  }
  return n;
}

export function writeMemberAddRequest(
  m: MemberAddRequest,
  out: Uint8Array,
  at: number,
): number {
  for (let i = 0, peerURLs = m.peerURLs; i < peerURLs.length; i++) {
    out[at++] = 10;
    at = writeString(peerURLs[i] as string, out, at);
  }
  if (m.isLearner) {
    out[at++] = 16;
    out[at++] = 1;
  }
  return at;
}

export function mergeMemberAddRequest(r: Reader, m: MemberAddRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.peerURLs.push(r.string());
        break;
      }
      case 16: {
        m.isLearner = r.bool();
        break;
      }
      default:
        r.other(tag, 'MemberAddRequest', MemberAddRequestFields);
    }
  }
}

export const MemberAddRequest: Codec<MemberAddRequest> = {
  typeName: 'etcdserverpb.MemberAddRequest',
  create(fields) {
    const m = newMemberAddRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberAddRequest(m);
  },
  write(m, out, at) {
    return writeMemberAddRequest(m, out, at);
  },
  encode(m) {
    const size = sizeMemberAddRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberAddRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberAddRequest();
    mergeMemberAddRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberAddResponse` */
export interface MemberAddResponse {
  header: ResponseHeader | null;
  member: Member | null;
  members: Member[];
}

const MemberAddResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Member'],
  [3, 'Members'],
]);

export function newMemberAddResponse(): MemberAddResponse {
  return {
    header: null,
    member: null,
    members: [],
  };
}

export function sizeMemberAddResponse(m: MemberAddResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.member !== null) {
    const size = sizeMember(m.member);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    const size = sizeMember(members[i] as Member);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeMemberAddResponse(
  m: MemberAddResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.member !== null) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeMember(m.member, out, at);
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    out[at++] = 26;
    at = writeUint32(sizes.next(), out, at);
    at = writeMember(members[i] as Member, out, at);
  }
  return at;
}

export function mergeMemberAddResponse(r: Reader, m: MemberAddResponse): void {
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
        const v = (m.member ??= newMember());
        const outer = r.enter();
        mergeMember(r, v);
        r.leave(outer);
        break;
      }
      case 26: {
        const v = newMember();
        const outer = r.enter();
        mergeMember(r, v);
        r.leave(outer);
        m.members.push(v);
        break;
      }
      default:
        r.other(tag, 'MemberAddResponse', MemberAddResponseFields);
    }
  }
}

export const MemberAddResponse: Codec<MemberAddResponse> = {
  typeName: 'etcdserverpb.MemberAddResponse',
  create(fields) {
    const m = newMemberAddResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberAddResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeMemberAddResponse(m, sizes);
    return writeMemberAddResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeMemberAddResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberAddResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberAddResponse();
    mergeMemberAddResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberRemoveRequest` */
export interface MemberRemoveRequest {
  ID: bigint;
}

const MemberRemoveRequestFields: FieldNames = new Map([
  [1, 'ID'],
]);

export function newMemberRemoveRequest(): MemberRemoveRequest {
  return {
    ID: 0n,
  };
}

export function sizeMemberRemoveRequest(m: MemberRemoveRequest): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  return n;
}

export function writeMemberRemoveRequest(
  m: MemberRemoveRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  return at;
}

export function mergeMemberRemoveRequest(r: Reader, m: MemberRemoveRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.uint64();
        break;
      }
      default:
        r.other(tag, 'MemberRemoveRequest', MemberRemoveRequestFields);
    }
  }
}

export const MemberRemoveRequest: Codec<MemberRemoveRequest> = {
  typeName: 'etcdserverpb.MemberRemoveRequest',
  create(fields) {
    const m = newMemberRemoveRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberRemoveRequest(m);
  },
  write(m, out, at) {
    return writeMemberRemoveRequest(m, out, at);
  },
  encode(m) {
    const size = sizeMemberRemoveRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberRemoveRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberRemoveRequest();
    mergeMemberRemoveRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberRemoveResponse` */
export interface MemberRemoveResponse {
  header: ResponseHeader | null;
  members: Member[];
}

const MemberRemoveResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Members'],
]);

export function newMemberRemoveResponse(): MemberRemoveResponse {
  return {
    header: null,
    members: [],
  };
}

export function sizeMemberRemoveResponse(m: MemberRemoveResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    const size = sizeMember(members[i] as Member);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeMemberRemoveResponse(
  m: MemberRemoveResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeMember(members[i] as Member, out, at);
  }
  return at;
}

export function mergeMemberRemoveResponse(r: Reader, m: MemberRemoveResponse): void {
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
        const v = newMember();
        const outer = r.enter();
        mergeMember(r, v);
        r.leave(outer);
        m.members.push(v);
        break;
      }
      default:
        r.other(tag, 'MemberRemoveResponse', MemberRemoveResponseFields);
    }
  }
}

export const MemberRemoveResponse: Codec<MemberRemoveResponse> = {
  typeName: 'etcdserverpb.MemberRemoveResponse',
  create(fields) {
    const m = newMemberRemoveResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberRemoveResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeMemberRemoveResponse(m, sizes);
    return writeMemberRemoveResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeMemberRemoveResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberRemoveResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberRemoveResponse();
    mergeMemberRemoveResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberUpdateRequest` */
export interface MemberUpdateRequest {
  ID: bigint;
  peerURLs: string[];
}

const MemberUpdateRequestFields: FieldNames = new Map([
  [1, 'ID'],
  [2, 'PeerURLs'],
]);

export function newMemberUpdateRequest(): MemberUpdateRequest {
  return {
    ID: 0n,
    peerURLs: [],
  };
}

export function sizeMemberUpdateRequest(m: MemberUpdateRequest): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  for (let i = 0, peerURLs = m.peerURLs; i < peerURLs.length; i++) {
    n += 1 + sizeString(peerURLs[i] as string);
  }
  return n;
}

export function writeMemberUpdateRequest(
  m: MemberUpdateRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  for (let i = 0, peerURLs = m.peerURLs; i < peerURLs.length; i++) {
    out[at++] = 18;
    at = writeString(peerURLs[i] as string, out, at);
  }
  return at;
}

export function mergeMemberUpdateRequest(r: Reader, m: MemberUpdateRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.uint64();
        break;
      }
      case 18: {
        m.peerURLs.push(r.string());
        break;
      }
      default:
        r.other(tag, 'MemberUpdateRequest', MemberUpdateRequestFields);
    }
  }
}

export const MemberUpdateRequest: Codec<MemberUpdateRequest> = {
  typeName: 'etcdserverpb.MemberUpdateRequest',
  create(fields) {
    const m = newMemberUpdateRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberUpdateRequest(m);
  },
  write(m, out, at) {
    return writeMemberUpdateRequest(m, out, at);
  },
  encode(m) {
    const size = sizeMemberUpdateRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberUpdateRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberUpdateRequest();
    mergeMemberUpdateRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberUpdateResponse` */
export interface MemberUpdateResponse {
  header: ResponseHeader | null;
  members: Member[];
}

const MemberUpdateResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Members'],
]);

export function newMemberUpdateResponse(): MemberUpdateResponse {
  return {
    header: null,
    members: [],
  };
}

export function sizeMemberUpdateResponse(m: MemberUpdateResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    const size = sizeMember(members[i] as Member);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeMemberUpdateResponse(
  m: MemberUpdateResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeMember(members[i] as Member, out, at);
  }
  return at;
}

export function mergeMemberUpdateResponse(r: Reader, m: MemberUpdateResponse): void {
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
        const v = newMember();
        const outer = r.enter();
        mergeMember(r, v);
        r.leave(outer);
        m.members.push(v);
        break;
      }
      default:
        r.other(tag, 'MemberUpdateResponse', MemberUpdateResponseFields);
    }
  }
}

export const MemberUpdateResponse: Codec<MemberUpdateResponse> = {
  typeName: 'etcdserverpb.MemberUpdateResponse',
  create(fields) {
    const m = newMemberUpdateResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberUpdateResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeMemberUpdateResponse(m, sizes);
    return writeMemberUpdateResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeMemberUpdateResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberUpdateResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberUpdateResponse();
    mergeMemberUpdateResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberListRequest` */
export interface MemberListRequest {
  linearizable: boolean;
}

const MemberListRequestFields: FieldNames = new Map([
  [1, 'Linearizable'],
]);

export function newMemberListRequest(): MemberListRequest {
  return {
    linearizable: false,
  };
}

export function sizeMemberListRequest(m: MemberListRequest): number {
  let n = 0;
  if (m.linearizable) {
    n += 2;
  }
  return n;
}

export function writeMemberListRequest(
  m: MemberListRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.linearizable) {
    out[at++] = 8;
    out[at++] = 1;
  }
  return at;
}

export function mergeMemberListRequest(r: Reader, m: MemberListRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.linearizable = r.bool();
        break;
      }
      default:
        r.other(tag, 'MemberListRequest', MemberListRequestFields);
    }
  }
}

export const MemberListRequest: Codec<MemberListRequest> = {
  typeName: 'etcdserverpb.MemberListRequest',
  create(fields) {
    const m = newMemberListRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberListRequest(m);
  },
  write(m, out, at) {
    return writeMemberListRequest(m, out, at);
  },
  encode(m) {
    const size = sizeMemberListRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberListRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberListRequest();
    mergeMemberListRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberListResponse` */
export interface MemberListResponse {
  header: ResponseHeader | null;
  members: Member[];
}

const MemberListResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Members'],
]);

export function newMemberListResponse(): MemberListResponse {
  return {
    header: null,
    members: [],
  };
}

export function sizeMemberListResponse(m: MemberListResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    const size = sizeMember(members[i] as Member);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeMemberListResponse(
  m: MemberListResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeMember(members[i] as Member, out, at);
  }
  return at;
}

export function mergeMemberListResponse(r: Reader, m: MemberListResponse): void {
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
        const v = newMember();
        const outer = r.enter();
        mergeMember(r, v);
        r.leave(outer);
        m.members.push(v);
        break;
      }
      default:
        r.other(tag, 'MemberListResponse', MemberListResponseFields);
    }
  }
}

export const MemberListResponse: Codec<MemberListResponse> = {
  typeName: 'etcdserverpb.MemberListResponse',
  create(fields) {
    const m = newMemberListResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberListResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeMemberListResponse(m, sizes);
    return writeMemberListResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeMemberListResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberListResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberListResponse();
    mergeMemberListResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberPromoteRequest` */
export interface MemberPromoteRequest {
  ID: bigint;
}

const MemberPromoteRequestFields: FieldNames = new Map([
  [1, 'ID'],
]);

export function newMemberPromoteRequest(): MemberPromoteRequest {
  return {
    ID: 0n,
  };
}

export function sizeMemberPromoteRequest(m: MemberPromoteRequest): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  return n;
}

export function writeMemberPromoteRequest(
  m: MemberPromoteRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  return at;
}

export function mergeMemberPromoteRequest(r: Reader, m: MemberPromoteRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.uint64();
        break;
      }
      default:
        r.other(tag, 'MemberPromoteRequest', MemberPromoteRequestFields);
    }
  }
}

export const MemberPromoteRequest: Codec<MemberPromoteRequest> = {
  typeName: 'etcdserverpb.MemberPromoteRequest',
  create(fields) {
    const m = newMemberPromoteRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberPromoteRequest(m);
  },
  write(m, out, at) {
    return writeMemberPromoteRequest(m, out, at);
  },
  encode(m) {
    const size = sizeMemberPromoteRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberPromoteRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberPromoteRequest();
    mergeMemberPromoteRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.MemberPromoteResponse` */
export interface MemberPromoteResponse {
  header: ResponseHeader | null;
  members: Member[];
}

const MemberPromoteResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Members'],
]);

export function newMemberPromoteResponse(): MemberPromoteResponse {
  return {
    header: null,
    members: [],
  };
}

export function sizeMemberPromoteResponse(m: MemberPromoteResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    const size = sizeMember(members[i] as Member);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeMemberPromoteResponse(
  m: MemberPromoteResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, members = m.members; i < members.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeMember(members[i] as Member, out, at);
  }
  return at;
}

export function mergeMemberPromoteResponse(r: Reader, m: MemberPromoteResponse): void {
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
        const v = newMember();
        const outer = r.enter();
        mergeMember(r, v);
        r.leave(outer);
        m.members.push(v);
        break;
      }
      default:
        r.other(tag, 'MemberPromoteResponse', MemberPromoteResponseFields);
    }
  }
}

export const MemberPromoteResponse: Codec<MemberPromoteResponse> = {
  typeName: 'etcdserverpb.MemberPromoteResponse',
  create(fields) {
    const m = newMemberPromoteResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMemberPromoteResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeMemberPromoteResponse(m, sizes);
    return writeMemberPromoteResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeMemberPromoteResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMemberPromoteResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMemberPromoteResponse();
    mergeMemberPromoteResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.DefragmentRequest` */
export type DefragmentRequest = object;

const DefragmentRequestFields: FieldNames = new Map(
);

export function newDefragmentRequest(): DefragmentRequest {
  return {};
}

export function sizeDefragmentRequest(_m: DefragmentRequest): number {
  return 0;
}

export function writeDefragmentRequest(
  _m: DefragmentRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeDefragmentRequest(r: Reader, _m: DefragmentRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'DefragmentRequest', DefragmentRequestFields);
    }
  }
}

export const DefragmentRequest: Codec<DefragmentRequest> = {
  typeName: 'etcdserverpb.DefragmentRequest',
  create(fields) {
    const m = newDefragmentRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeDefragmentRequest(m);
  },
  write(m, out, at) {
    return writeDefragmentRequest(m, out, at);
  },
  encode(m) {
    const size = sizeDefragmentRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeDefragmentRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newDefragmentRequest();
    mergeDefragmentRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.DefragmentResponse` */
export interface DefragmentResponse {
  header: ResponseHeader | null;
}

const DefragmentResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newDefragmentResponse(): DefragmentResponse {
  return {
    header: null,
  };
}

export function sizeDefragmentResponse(m: DefragmentResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeDefragmentResponse(
  m: DefragmentResponse,
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

export function mergeDefragmentResponse(r: Reader, m: DefragmentResponse): void {
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
        r.other(tag, 'DefragmentResponse', DefragmentResponseFields);
    }
  }
}

export const DefragmentResponse: Codec<DefragmentResponse> = {
  typeName: 'etcdserverpb.DefragmentResponse',
  create(fields) {
    const m = newDefragmentResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeDefragmentResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeDefragmentResponse(m, sizes);
    return writeDefragmentResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeDefragmentResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeDefragmentResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newDefragmentResponse();
    mergeDefragmentResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.MoveLeaderRequest` */
export interface MoveLeaderRequest {
  targetID: bigint;
}

const MoveLeaderRequestFields: FieldNames = new Map([
  [1, 'TargetID'],
]);

export function newMoveLeaderRequest(): MoveLeaderRequest {
  return {
    targetID: 0n,
  };
}

export function sizeMoveLeaderRequest(m: MoveLeaderRequest): number {
  let n = 0;
  if (m.targetID !== 0n) {
    n += 1 + sizeBigint(m.targetID);
  }
  return n;
}

export function writeMoveLeaderRequest(
  m: MoveLeaderRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.targetID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.targetID, out, at);
  }
  return at;
}

export function mergeMoveLeaderRequest(r: Reader, m: MoveLeaderRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.targetID = r.uint64();
        break;
      }
      default:
        r.other(tag, 'MoveLeaderRequest', MoveLeaderRequestFields);
    }
  }
}

export const MoveLeaderRequest: Codec<MoveLeaderRequest> = {
  typeName: 'etcdserverpb.MoveLeaderRequest',
  create(fields) {
    const m = newMoveLeaderRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMoveLeaderRequest(m);
  },
  write(m, out, at) {
    return writeMoveLeaderRequest(m, out, at);
  },
  encode(m) {
    const size = sizeMoveLeaderRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMoveLeaderRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMoveLeaderRequest();
    mergeMoveLeaderRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.MoveLeaderResponse` */
export interface MoveLeaderResponse {
  header: ResponseHeader | null;
}

const MoveLeaderResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newMoveLeaderResponse(): MoveLeaderResponse {
  return {
    header: null,
  };
}

export function sizeMoveLeaderResponse(m: MoveLeaderResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeMoveLeaderResponse(
  m: MoveLeaderResponse,
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

export function mergeMoveLeaderResponse(r: Reader, m: MoveLeaderResponse): void {
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
        r.other(tag, 'MoveLeaderResponse', MoveLeaderResponseFields);
    }
  }
}

export const MoveLeaderResponse: Codec<MoveLeaderResponse> = {
  typeName: 'etcdserverpb.MoveLeaderResponse',
  create(fields) {
    const m = newMoveLeaderResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeMoveLeaderResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeMoveLeaderResponse(m, sizes);
    return writeMoveLeaderResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeMoveLeaderResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeMoveLeaderResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newMoveLeaderResponse();
    mergeMoveLeaderResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AlarmRequest` */
export interface AlarmRequest {
  action: AlarmAction;
  memberID: bigint;
  alarm: AlarmType;
}

const AlarmRequestFields: FieldNames = new Map([
  [1, 'Action'],
  [2, 'MemberID'],
  [3, 'Alarm'],
]);

export function newAlarmRequest(): AlarmRequest {
  return {
    action: 0,
    memberID: 0n,
    alarm: 0,
  };
}

export function sizeAlarmRequest(m: AlarmRequest): number {
  let n = 0;
  if (m.action !== 0) {
    n += 1 + sizeInt32(m.action);
  }
  if (m.memberID !== 0n) {
    n += 1 + sizeBigint(m.memberID);
  }
  if (m.alarm !== 0) {
    n += 1 + sizeInt32(m.alarm);
  }
  return n;
}

export function writeAlarmRequest(
  m: AlarmRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.action !== 0) {
    out[at++] = 8;
    at = writeInt32(m.action, out, at);
  }
  if (m.memberID !== 0n) {
    out[at++] = 16;
    at = writeBigint(m.memberID, out, at);
  }
  if (m.alarm !== 0) {
    out[at++] = 24;
    at = writeInt32(m.alarm, out, at);
  }
  return at;
}

export function mergeAlarmRequest(r: Reader, m: AlarmRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.action = r.int32();
        break;
      }
      case 16: {
        m.memberID = r.uint64();
        break;
      }
      case 24: {
        m.alarm = r.int32();
        break;
      }
      default:
        r.other(tag, 'AlarmRequest', AlarmRequestFields);
    }
  }
}

export const AlarmRequest: Codec<AlarmRequest> = {
  typeName: 'etcdserverpb.AlarmRequest',
  create(fields) {
    const m = newAlarmRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAlarmRequest(m);
  },
  write(m, out, at) {
    return writeAlarmRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAlarmRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAlarmRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAlarmRequest();
    mergeAlarmRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AlarmMember` */
export interface AlarmMember {
  memberID: bigint;
  alarm: AlarmType;
}

const AlarmMemberFields: FieldNames = new Map([
  [1, 'MemberID'],
  [2, 'Alarm'],
]);

export function newAlarmMember(): AlarmMember {
  return {
    memberID: 0n,
    alarm: 0,
  };
}

export function sizeAlarmMember(m: AlarmMember): number {
  let n = 0;
  if (m.memberID !== 0n) {
    n += 1 + sizeBigint(m.memberID);
  }
  if (m.alarm !== 0) {
    n += 1 + sizeInt32(m.alarm);
  }
  return n;
}

export function writeAlarmMember(
  m: AlarmMember,
  out: Uint8Array,
  at: number,
): number {
  if (m.memberID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.memberID, out, at);
  }
  if (m.alarm !== 0) {
    out[at++] = 16;
    at = writeInt32(m.alarm, out, at);
  }
  return at;
}

export function mergeAlarmMember(r: Reader, m: AlarmMember): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.memberID = r.uint64();
        break;
      }
      case 16: {
        m.alarm = r.int32();
        break;
      }
      default:
        r.other(tag, 'AlarmMember', AlarmMemberFields);
    }
  }
}

export const AlarmMember: Codec<AlarmMember> = {
  typeName: 'etcdserverpb.AlarmMember',
  create(fields) {
    const m = newAlarmMember();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAlarmMember(m);
  },
  write(m, out, at) {
    return writeAlarmMember(m, out, at);
  },
  encode(m) {
    const size = sizeAlarmMember(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAlarmMember(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAlarmMember();
    mergeAlarmMember(r, m);
    return m;
  },
};

/** `etcdserverpb.AlarmResponse` */
export interface AlarmResponse {
  header: ResponseHeader | null;
  alarms: AlarmMember[];
}

const AlarmResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Alarms'],
]);

export function newAlarmResponse(): AlarmResponse {
  return {
    header: null,
    alarms: [],
  };
}

export function sizeAlarmResponse(m: AlarmResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, alarms = m.alarms; i < alarms.length; i++) {
    const size = sizeAlarmMember(alarms[i] as AlarmMember);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAlarmResponse(
  m: AlarmResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, alarms = m.alarms; i < alarms.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeAlarmMember(alarms[i] as AlarmMember, out, at);
  }
  return at;
}

export function mergeAlarmResponse(r: Reader, m: AlarmResponse): void {
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
        const v = newAlarmMember();
        const outer = r.enter();
        mergeAlarmMember(r, v);
        r.leave(outer);
        m.alarms.push(v);
        break;
      }
      default:
        r.other(tag, 'AlarmResponse', AlarmResponseFields);
    }
  }
}

export const AlarmResponse: Codec<AlarmResponse> = {
  typeName: 'etcdserverpb.AlarmResponse',
  create(fields) {
    const m = newAlarmResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAlarmResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAlarmResponse(m, sizes);
    return writeAlarmResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAlarmResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAlarmResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAlarmResponse();
    mergeAlarmResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.DowngradeRequest` */
export interface DowngradeRequest {
  action: DowngradeAction;
  version: string;
}

const DowngradeRequestFields: FieldNames = new Map([
  [1, 'Action'],
  [2, 'Version'],
]);

export function newDowngradeRequest(): DowngradeRequest {
  return {
    action: 0,
    version: '',
  };
}

export function sizeDowngradeRequest(m: DowngradeRequest): number {
  let n = 0;
  if (m.action !== 0) {
    n += 1 + sizeInt32(m.action);
  }
  if (m.version !== '') {
    n += 1 + sizeString(m.version);
  }
  return n;
}

export function writeDowngradeRequest(
  m: DowngradeRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.action !== 0) {
    out[at++] = 8;
    at = writeInt32(m.action, out, at);
  }
  if (m.version !== '') {
    out[at++] = 18;
    at = writeString(m.version, out, at);
  }
  return at;
}

export function mergeDowngradeRequest(r: Reader, m: DowngradeRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.action = r.int32();
        break;
      }
      case 18: {
        m.version = r.string();
        break;
      }
      default:
        r.other(tag, 'DowngradeRequest', DowngradeRequestFields);
    }
  }
}

export const DowngradeRequest: Codec<DowngradeRequest> = {
  typeName: 'etcdserverpb.DowngradeRequest',
  create(fields) {
    const m = newDowngradeRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeDowngradeRequest(m);
  },
  write(m, out, at) {
    return writeDowngradeRequest(m, out, at);
  },
  encode(m) {
    const size = sizeDowngradeRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeDowngradeRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newDowngradeRequest();
    mergeDowngradeRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.DowngradeResponse` */
export interface DowngradeResponse {
  header: ResponseHeader | null;
  version: string;
}

const DowngradeResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Version'],
]);

export function newDowngradeResponse(): DowngradeResponse {
  return {
    header: null,
    version: '',
  };
}

export function sizeDowngradeResponse(m: DowngradeResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.version !== '') {
    n += 1 + sizeString(m.version);
  }
  return n;
}

export function writeDowngradeResponse(
  m: DowngradeResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.version !== '') {
    out[at++] = 18;
    at = writeString(m.version, out, at);
  }
  return at;
}

export function mergeDowngradeResponse(r: Reader, m: DowngradeResponse): void {
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
        m.version = r.string();
        break;
      }
      default:
        r.other(tag, 'DowngradeResponse', DowngradeResponseFields);
    }
  }
}

export const DowngradeResponse: Codec<DowngradeResponse> = {
  typeName: 'etcdserverpb.DowngradeResponse',
  create(fields) {
    const m = newDowngradeResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeDowngradeResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeDowngradeResponse(m, sizes);
    return writeDowngradeResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeDowngradeResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeDowngradeResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newDowngradeResponse();
    mergeDowngradeResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.DowngradeVersionTestRequest` */
export interface DowngradeVersionTestRequest {
  ver: string;
}

const DowngradeVersionTestRequestFields: FieldNames = new Map([
  [1, 'Ver'],
]);

export function newDowngradeVersionTestRequest(): DowngradeVersionTestRequest {
  return {
    ver: '',
  };
}

export function sizeDowngradeVersionTestRequest(m: DowngradeVersionTestRequest): number {
  let n = 0;
  if (m.ver !== '') {
    n += 1 + sizeString(m.ver);
  }
  return n;
}

export function writeDowngradeVersionTestRequest(
  m: DowngradeVersionTestRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.ver !== '') {
    out[at++] = 10;
    at = writeString(m.ver, out, at);
  }
  return at;
}

export function mergeDowngradeVersionTestRequest(r: Reader, m: DowngradeVersionTestRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.ver = r.string();
        break;
      }
      default:
        r.other(tag, 'DowngradeVersionTestRequest', DowngradeVersionTestRequestFields);
    }
  }
}

export const DowngradeVersionTestRequest: Codec<DowngradeVersionTestRequest> = {
  typeName: 'etcdserverpb.DowngradeVersionTestRequest',
  create(fields) {
    const m = newDowngradeVersionTestRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeDowngradeVersionTestRequest(m);
  },
  write(m, out, at) {
    return writeDowngradeVersionTestRequest(m, out, at);
  },
  encode(m) {
    const size = sizeDowngradeVersionTestRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeDowngradeVersionTestRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newDowngradeVersionTestRequest();
    mergeDowngradeVersionTestRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.StatusRequest` */
export type StatusRequest = object;

const StatusRequestFields: FieldNames = new Map(
);

export function newStatusRequest(): StatusRequest {
  return {};
}

export function sizeStatusRequest(_m: StatusRequest): number {
  return 0;
}

export function writeStatusRequest(
  _m: StatusRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeStatusRequest(r: Reader, _m: StatusRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'StatusRequest', StatusRequestFields);
    }
  }
}

export const StatusRequest: Codec<StatusRequest> = {
  typeName: 'etcdserverpb.StatusRequest',
  create(fields) {
    const m = newStatusRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeStatusRequest(m);
  },
  write(m, out, at) {
    return writeStatusRequest(m, out, at);
  },
  encode(m) {
    const size = sizeStatusRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeStatusRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newStatusRequest();
    mergeStatusRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.StatusResponse` */
export interface StatusResponse {
  header: ResponseHeader | null;
  version: string;
  dbSize: number;
  leader: bigint;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  dbSizeInUse: number;
  isLearner: boolean;
  storageVersion: string;
  dbSizeQuota: number;
  downgradeInfo: DowngradeInfo | null;
}

const StatusResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Version'],
  [3, 'DbSize'],
  [4, 'Leader'],
  [5, 'RaftIndex'],
  [6, 'RaftTerm'],
  [7, 'RaftAppliedIndex'],
  [8, 'Errors'],
  [9, 'DbSizeInUse'],
  [10, 'IsLearner'],
  [11, 'StorageVersion'],
  [12, 'DbSizeQuota'],
  [13, 'DowngradeInfo'],
]);

export function newStatusResponse(): StatusResponse {
  return {
    header: null,
    version: '',
    dbSize: 0,
    leader: 0n,
    raftIndex: 0,
    raftTerm: 0,
    raftAppliedIndex: 0,
    errors: [],
    dbSizeInUse: 0,
    isLearner: false,
    storageVersion: '',
    dbSizeQuota: 0,
    downgradeInfo: null,
  };
}

export function sizeStatusResponse(m: StatusResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.version !== '') {
    n += 1 + sizeString(m.version);
  }
  if (m.dbSize !== 0) {
    n += 1 + sizeNumber(m.dbSize);
  }
  if (m.leader !== 0n) {
    n += 1 + sizeBigint(m.leader);
  }
  if (m.raftIndex !== 0) {
    n += 1 + sizeNumber(m.raftIndex);
  }
  if (m.raftTerm !== 0) {
    n += 1 + sizeNumber(m.raftTerm);
  }
  if (m.raftAppliedIndex !== 0) {
    n += 1 + sizeNumber(m.raftAppliedIndex);
  }
  for (let i = 0, errors = m.errors; i < errors.length; i++) {
    n += 1 + sizeString(errors[i] as string);
  }
  if (m.dbSizeInUse !== 0) {
    n += 1 + sizeNumber(m.dbSizeInUse);
  }
  if (m.isLearner) {
    n += 2;
  }
  if (m.storageVersion !== '') {
    n += 1 + sizeString(m.storageVersion);
  }
  if (m.dbSizeQuota !== 0) {
    n += 1 + sizeNumber(m.dbSizeQuota);
  }
  if (m.downgradeInfo !== null) {
    const size = sizeDowngradeInfo(m.downgradeInfo);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeStatusResponse(
  m: StatusResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.version !== '') {
    out[at++] = 18;
    at = writeString(m.version, out, at);
  }
  if (m.dbSize !== 0) {
    out[at++] = 24;
    at = writeNumber(m.dbSize, out, at);
  }
  if (m.leader !== 0n) {
    out[at++] = 32;
    at = writeBigint(m.leader, out, at);
  }
  if (m.raftIndex !== 0) {
    out[at++] = 40;
    at = writeNumber(m.raftIndex, out, at);
  }
  if (m.raftTerm !== 0) {
    out[at++] = 48;
    at = writeNumber(m.raftTerm, out, at);
  }
  if (m.raftAppliedIndex !== 0) {
    out[at++] = 56;
    at = writeNumber(m.raftAppliedIndex, out, at);
  }
  for (let i = 0, errors = m.errors; i < errors.length; i++) {
    out[at++] = 66;
    at = writeString(errors[i] as string, out, at);
  }
  if (m.dbSizeInUse !== 0) {
    out[at++] = 72;
    at = writeNumber(m.dbSizeInUse, out, at);
  }
  if (m.isLearner) {
    out[at++] = 80;
    out[at++] = 1;
  }
  if (m.storageVersion !== '') {
    out[at++] = 90;
    at = writeString(m.storageVersion, out, at);
  }
  if (m.dbSizeQuota !== 0) {
    out[at++] = 96;
    at = writeNumber(m.dbSizeQuota, out, at);
  }
  if (m.downgradeInfo !== null) {
    out[at++] = 106;
    at = writeUint32(sizes.next(), out, at);
    at = writeDowngradeInfo(m.downgradeInfo, out, at);
  }
  return at;
}

export function mergeStatusResponse(r: Reader, m: StatusResponse): void {
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
        m.version = r.string();
        break;
      }
      case 24: {
        m.dbSize = r.int64Number();
        break;
      }
      case 32: {
        m.leader = r.uint64();
        break;
      }
      case 40: {
        m.raftIndex = r.uint64Number();
        break;
      }
      case 48: {
        m.raftTerm = r.uint64Number();
        break;
      }
      case 56: {
        m.raftAppliedIndex = r.uint64Number();
        break;
      }
      case 66: {
        m.errors.push(r.string());
        break;
      }
      case 72: {
        m.dbSizeInUse = r.int64Number();
        break;
      }
      case 80: {
        m.isLearner = r.bool();
        break;
      }
      case 90: {
        m.storageVersion = r.string();
        break;
      }
      case 96: {
        m.dbSizeQuota = r.int64Number();
        break;
      }
      case 106: {
        const v = (m.downgradeInfo ??= newDowngradeInfo());
        const outer = r.enter();
        mergeDowngradeInfo(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'StatusResponse', StatusResponseFields);
    }
  }
}

export const StatusResponse: Codec<StatusResponse> = {
  typeName: 'etcdserverpb.StatusResponse',
  create(fields) {
    const m = newStatusResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeStatusResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeStatusResponse(m, sizes);
    return writeStatusResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeStatusResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeStatusResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newStatusResponse();
    mergeStatusResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.DowngradeInfo` */
export interface DowngradeInfo {
  enabled: boolean;
  targetVersion: string;
}

const DowngradeInfoFields: FieldNames = new Map([
  [1, 'Enabled'],
  [2, 'TargetVersion'],
]);

export function newDowngradeInfo(): DowngradeInfo {
  return {
    enabled: false,
    targetVersion: '',
  };
}

export function sizeDowngradeInfo(m: DowngradeInfo): number {
  let n = 0;
  if (m.enabled) {
    n += 2;
  }
  if (m.targetVersion !== '') {
    n += 1 + sizeString(m.targetVersion);
  }
  return n;
}

export function writeDowngradeInfo(
  m: DowngradeInfo,
  out: Uint8Array,
  at: number,
): number {
  if (m.enabled) {
    out[at++] = 8;
    out[at++] = 1;
  }
  if (m.targetVersion !== '') {
    out[at++] = 18;
    at = writeString(m.targetVersion, out, at);
  }
  return at;
}

export function mergeDowngradeInfo(r: Reader, m: DowngradeInfo): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.enabled = r.bool();
        break;
      }
      case 18: {
        m.targetVersion = r.string();
        break;
      }
      default:
        r.other(tag, 'DowngradeInfo', DowngradeInfoFields);
    }
  }
}

export const DowngradeInfo: Codec<DowngradeInfo> = {
  typeName: 'etcdserverpb.DowngradeInfo',
  create(fields) {
    const m = newDowngradeInfo();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeDowngradeInfo(m);
  },
  write(m, out, at) {
    return writeDowngradeInfo(m, out, at);
  },
  encode(m) {
    const size = sizeDowngradeInfo(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeDowngradeInfo(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newDowngradeInfo();
    mergeDowngradeInfo(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthEnableRequest` */
export type AuthEnableRequest = object;

const AuthEnableRequestFields: FieldNames = new Map(
);

export function newAuthEnableRequest(): AuthEnableRequest {
  return {};
}

export function sizeAuthEnableRequest(_m: AuthEnableRequest): number {
  return 0;
}

export function writeAuthEnableRequest(
  _m: AuthEnableRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeAuthEnableRequest(r: Reader, _m: AuthEnableRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'AuthEnableRequest', AuthEnableRequestFields);
    }
  }
}

export const AuthEnableRequest: Codec<AuthEnableRequest> = {
  typeName: 'etcdserverpb.AuthEnableRequest',
  create(fields) {
    const m = newAuthEnableRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthEnableRequest(m);
  },
  write(m, out, at) {
    return writeAuthEnableRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthEnableRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthEnableRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthEnableRequest();
    mergeAuthEnableRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthDisableRequest` */
export type AuthDisableRequest = object;

const AuthDisableRequestFields: FieldNames = new Map(
);

export function newAuthDisableRequest(): AuthDisableRequest {
  return {};
}

export function sizeAuthDisableRequest(_m: AuthDisableRequest): number {
  return 0;
}

export function writeAuthDisableRequest(
  _m: AuthDisableRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeAuthDisableRequest(r: Reader, _m: AuthDisableRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'AuthDisableRequest', AuthDisableRequestFields);
    }
  }
}

export const AuthDisableRequest: Codec<AuthDisableRequest> = {
  typeName: 'etcdserverpb.AuthDisableRequest',
  create(fields) {
    const m = newAuthDisableRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthDisableRequest(m);
  },
  write(m, out, at) {
    return writeAuthDisableRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthDisableRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthDisableRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthDisableRequest();
    mergeAuthDisableRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthStatusRequest` */
export type AuthStatusRequest = object;

const AuthStatusRequestFields: FieldNames = new Map(
);

export function newAuthStatusRequest(): AuthStatusRequest {
  return {};
}

export function sizeAuthStatusRequest(_m: AuthStatusRequest): number {
  return 0;
}

export function writeAuthStatusRequest(
  _m: AuthStatusRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeAuthStatusRequest(r: Reader, _m: AuthStatusRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'AuthStatusRequest', AuthStatusRequestFields);
    }
  }
}

export const AuthStatusRequest: Codec<AuthStatusRequest> = {
  typeName: 'etcdserverpb.AuthStatusRequest',
  create(fields) {
    const m = newAuthStatusRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthStatusRequest(m);
  },
  write(m, out, at) {
    return writeAuthStatusRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthStatusRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthStatusRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthStatusRequest();
    mergeAuthStatusRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthenticateRequest` */
export interface AuthenticateRequest {
  name: string;
  password: string;
}

const AuthenticateRequestFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Password'],
]);

export function newAuthenticateRequest(): AuthenticateRequest {
  return {
    name: '',
    password: '',
  };
}

export function sizeAuthenticateRequest(m: AuthenticateRequest): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  if (m.password !== '') {
    n += 1 + sizeString(m.password);
  }
  return n;
}

export function writeAuthenticateRequest(
  m: AuthenticateRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  if (m.password !== '') {
    out[at++] = 18;
    at = writeString(m.password, out, at);
  }
  return at;
}

export function mergeAuthenticateRequest(r: Reader, m: AuthenticateRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      case 18: {
        m.password = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthenticateRequest', AuthenticateRequestFields);
    }
  }
}

export const AuthenticateRequest: Codec<AuthenticateRequest> = {
  typeName: 'etcdserverpb.AuthenticateRequest',
  create(fields) {
    const m = newAuthenticateRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthenticateRequest(m);
  },
  write(m, out, at) {
    return writeAuthenticateRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthenticateRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthenticateRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthenticateRequest();
    mergeAuthenticateRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserAddRequest` */
export interface AuthUserAddRequest {
  name: string;
  password: string;
  options: UserAddOptions | null;
  hashedPassword: string;
}

const AuthUserAddRequestFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Password'],
  [3, 'Options'],
  [4, 'HashedPassword'],
]);

export function newAuthUserAddRequest(): AuthUserAddRequest {
  return {
    name: '',
    password: '',
    options: null,
    hashedPassword: '',
  };
}

export function sizeAuthUserAddRequest(m: AuthUserAddRequest, sizes: Sizes): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  if (m.password !== '') {
    n += 1 + sizeString(m.password);
  }
  if (m.options !== null) {
    const size = sizeUserAddOptions(m.options);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.hashedPassword !== '') {
    n += 1 + sizeString(m.hashedPassword);
  }
  return n;
}

export function writeAuthUserAddRequest(
  m: AuthUserAddRequest,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  if (m.password !== '') {
    out[at++] = 18;
    at = writeString(m.password, out, at);
  }
  if (m.options !== null) {
    out[at++] = 26;
    at = writeUint32(sizes.next(), out, at);
    at = writeUserAddOptions(m.options, out, at);
  }
  if (m.hashedPassword !== '') {
    out[at++] = 34;
    at = writeString(m.hashedPassword, out, at);
  }
  return at;
}

export function mergeAuthUserAddRequest(r: Reader, m: AuthUserAddRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      case 18: {
        m.password = r.string();
        break;
      }
      case 26: {
        const v = (m.options ??= newUserAddOptions());
        const outer = r.enter();
        mergeUserAddOptions(r, v);
        r.leave(outer);
        break;
      }
      case 34: {
        m.hashedPassword = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthUserAddRequest', AuthUserAddRequestFields);
    }
  }
}

export const AuthUserAddRequest: Codec<AuthUserAddRequest> = {
  typeName: 'etcdserverpb.AuthUserAddRequest',
  create(fields) {
    const m = newAuthUserAddRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserAddRequest(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthUserAddRequest(m, sizes);
    return writeAuthUserAddRequest(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthUserAddRequest(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserAddRequest(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserAddRequest();
    mergeAuthUserAddRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserGetRequest` */
export interface AuthUserGetRequest {
  name: string;
}

const AuthUserGetRequestFields: FieldNames = new Map([
  [1, 'Name'],
]);

export function newAuthUserGetRequest(): AuthUserGetRequest {
  return {
    name: '',
  };
}

export function sizeAuthUserGetRequest(m: AuthUserGetRequest): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  return n;
}

export function writeAuthUserGetRequest(
  m: AuthUserGetRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  return at;
}

export function mergeAuthUserGetRequest(r: Reader, m: AuthUserGetRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthUserGetRequest', AuthUserGetRequestFields);
    }
  }
}

export const AuthUserGetRequest: Codec<AuthUserGetRequest> = {
  typeName: 'etcdserverpb.AuthUserGetRequest',
  create(fields) {
    const m = newAuthUserGetRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserGetRequest(m);
  },
  write(m, out, at) {
    return writeAuthUserGetRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthUserGetRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserGetRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserGetRequest();
    mergeAuthUserGetRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserDeleteRequest` */
export interface AuthUserDeleteRequest {
  name: string;
}

const AuthUserDeleteRequestFields: FieldNames = new Map([
  [1, 'Name'],
]);

export function newAuthUserDeleteRequest(): AuthUserDeleteRequest {
  return {
    name: '',
  };
}

export function sizeAuthUserDeleteRequest(m: AuthUserDeleteRequest): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  return n;
}

export function writeAuthUserDeleteRequest(
  m: AuthUserDeleteRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  return at;
}

export function mergeAuthUserDeleteRequest(r: Reader, m: AuthUserDeleteRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthUserDeleteRequest', AuthUserDeleteRequestFields);
    }
  }
}

export const AuthUserDeleteRequest: Codec<AuthUserDeleteRequest> = {
  typeName: 'etcdserverpb.AuthUserDeleteRequest',
  create(fields) {
    const m = newAuthUserDeleteRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserDeleteRequest(m);
  },
  write(m, out, at) {
    return writeAuthUserDeleteRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthUserDeleteRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserDeleteRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserDeleteRequest();
    mergeAuthUserDeleteRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserChangePasswordRequest` */
export interface AuthUserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}

const AuthUserChangePasswordRequestFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Password'],
  [3, 'HashedPassword'],
]);

export function newAuthUserChangePasswordRequest(): AuthUserChangePasswordRequest {
  return {
    name: '',
    password: '',
    hashedPassword: '',
  };
}

export function sizeAuthUserChangePasswordRequest(m: AuthUserChangePasswordRequest): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  if (m.password !== '') {
    n += 1 + sizeString(m.password);
  }
  if (m.hashedPassword !== '') {
    n += 1 + sizeString(m.hashedPassword);
  }
  return n;
}

export function writeAuthUserChangePasswordRequest(
  m: AuthUserChangePasswordRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  if (m.password !== '') {
    out[at++] = 18;
    at = writeString(m.password, out, at);
  }
  if (m.hashedPassword !== '') {
    out[at++] = 26;
    at = writeString(m.hashedPassword, out, at);
  }
  return at;
}

export function mergeAuthUserChangePasswordRequest(r: Reader, m: AuthUserChangePasswordRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      case 18: {
        m.password = r.string();
        break;
      }
      case 26: {
        m.hashedPassword = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthUserChangePasswordRequest', AuthUserChangePasswordRequestFields);
    }
  }
}

export const AuthUserChangePasswordRequest: Codec<AuthUserChangePasswordRequest> = {
  typeName: 'etcdserverpb.AuthUserChangePasswordRequest',
  create(fields) {
    const m = newAuthUserChangePasswordRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserChangePasswordRequest(m);
  },
  write(m, out, at) {
    return writeAuthUserChangePasswordRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthUserChangePasswordRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserChangePasswordRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserChangePasswordRequest();
    mergeAuthUserChangePasswordRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserGrantRoleRequest` */
export interface AuthUserGrantRoleRequest {
  user: string;
  role: string;
}

const AuthUserGrantRoleRequestFields: FieldNames = new Map([
  [1, 'User'],
  [2, 'Role'],
]);

export function newAuthUserGrantRoleRequest(): AuthUserGrantRoleRequest {
  return {
    user: '',
    role: '',
  };
}

export function sizeAuthUserGrantRoleRequest(m: AuthUserGrantRoleRequest): number {
  let n = 0;
  if (m.user !== '') {
    n += 1 + sizeString(m.user);
  }
  if (m.role !== '') {
    n += 1 + sizeString(m.role);
  }
  return n;
}

export function writeAuthUserGrantRoleRequest(
  m: AuthUserGrantRoleRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.user !== '') {
    out[at++] = 10;
    at = writeString(m.user, out, at);
  }
  if (m.role !== '') {
    out[at++] = 18;
    at = writeString(m.role, out, at);
  }
  return at;
}

export function mergeAuthUserGrantRoleRequest(r: Reader, m: AuthUserGrantRoleRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.user = r.string();
        break;
      }
      case 18: {
        m.role = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthUserGrantRoleRequest', AuthUserGrantRoleRequestFields);
    }
  }
}

export const AuthUserGrantRoleRequest: Codec<AuthUserGrantRoleRequest> = {
  typeName: 'etcdserverpb.AuthUserGrantRoleRequest',
  create(fields) {
    const m = newAuthUserGrantRoleRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserGrantRoleRequest(m);
  },
  write(m, out, at) {
    return writeAuthUserGrantRoleRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthUserGrantRoleRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserGrantRoleRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserGrantRoleRequest();
    mergeAuthUserGrantRoleRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserRevokeRoleRequest` */
export interface AuthUserRevokeRoleRequest {
  name: string;
  role: string;
}

const AuthUserRevokeRoleRequestFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Role'],
]);

export function newAuthUserRevokeRoleRequest(): AuthUserRevokeRoleRequest {
  return {
    name: '',
    role: '',
  };
}

export function sizeAuthUserRevokeRoleRequest(m: AuthUserRevokeRoleRequest): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  if (m.role !== '') {
    n += 1 + sizeString(m.role);
  }
  return n;
}

export function writeAuthUserRevokeRoleRequest(
  m: AuthUserRevokeRoleRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  if (m.role !== '') {
    out[at++] = 18;
    at = writeString(m.role, out, at);
  }
  return at;
}

export function mergeAuthUserRevokeRoleRequest(r: Reader, m: AuthUserRevokeRoleRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      case 18: {
        m.role = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthUserRevokeRoleRequest', AuthUserRevokeRoleRequestFields);
    }
  }
}

export const AuthUserRevokeRoleRequest: Codec<AuthUserRevokeRoleRequest> = {
  typeName: 'etcdserverpb.AuthUserRevokeRoleRequest',
  create(fields) {
    const m = newAuthUserRevokeRoleRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserRevokeRoleRequest(m);
  },
  write(m, out, at) {
    return writeAuthUserRevokeRoleRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthUserRevokeRoleRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserRevokeRoleRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserRevokeRoleRequest();
    mergeAuthUserRevokeRoleRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleAddRequest` */
export interface AuthRoleAddRequest {
  name: string;
}

const AuthRoleAddRequestFields: FieldNames = new Map([
  [1, 'Name'],
]);

export function newAuthRoleAddRequest(): AuthRoleAddRequest {
  return {
    name: '',
  };
}

export function sizeAuthRoleAddRequest(m: AuthRoleAddRequest): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  return n;
}

export function writeAuthRoleAddRequest(
  m: AuthRoleAddRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  return at;
}

export function mergeAuthRoleAddRequest(r: Reader, m: AuthRoleAddRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthRoleAddRequest', AuthRoleAddRequestFields);
    }
  }
}

export const AuthRoleAddRequest: Codec<AuthRoleAddRequest> = {
  typeName: 'etcdserverpb.AuthRoleAddRequest',
  create(fields) {
    const m = newAuthRoleAddRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleAddRequest(m);
  },
  write(m, out, at) {
    return writeAuthRoleAddRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthRoleAddRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleAddRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleAddRequest();
    mergeAuthRoleAddRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleGetRequest` */
export interface AuthRoleGetRequest {
  role: string;
}

const AuthRoleGetRequestFields: FieldNames = new Map([
  [1, 'Role'],
]);

export function newAuthRoleGetRequest(): AuthRoleGetRequest {
  return {
    role: '',
  };
}

export function sizeAuthRoleGetRequest(m: AuthRoleGetRequest): number {
  let n = 0;
  if (m.role !== '') {
    n += 1 + sizeString(m.role);
  }
  return n;
}

export function writeAuthRoleGetRequest(
  m: AuthRoleGetRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.role !== '') {
    out[at++] = 10;
    at = writeString(m.role, out, at);
  }
  return at;
}

export function mergeAuthRoleGetRequest(r: Reader, m: AuthRoleGetRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.role = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthRoleGetRequest', AuthRoleGetRequestFields);
    }
  }
}

export const AuthRoleGetRequest: Codec<AuthRoleGetRequest> = {
  typeName: 'etcdserverpb.AuthRoleGetRequest',
  create(fields) {
    const m = newAuthRoleGetRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleGetRequest(m);
  },
  write(m, out, at) {
    return writeAuthRoleGetRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthRoleGetRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleGetRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleGetRequest();
    mergeAuthRoleGetRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserListRequest` */
export type AuthUserListRequest = object;

const AuthUserListRequestFields: FieldNames = new Map(
);

export function newAuthUserListRequest(): AuthUserListRequest {
  return {};
}

export function sizeAuthUserListRequest(_m: AuthUserListRequest): number {
  return 0;
}

export function writeAuthUserListRequest(
  _m: AuthUserListRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeAuthUserListRequest(r: Reader, _m: AuthUserListRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'AuthUserListRequest', AuthUserListRequestFields);
    }
  }
}

export const AuthUserListRequest: Codec<AuthUserListRequest> = {
  typeName: 'etcdserverpb.AuthUserListRequest',
  create(fields) {
    const m = newAuthUserListRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserListRequest(m);
  },
  write(m, out, at) {
    return writeAuthUserListRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthUserListRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserListRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserListRequest();
    mergeAuthUserListRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleListRequest` */
export type AuthRoleListRequest = object;

const AuthRoleListRequestFields: FieldNames = new Map(
);

export function newAuthRoleListRequest(): AuthRoleListRequest {
  return {};
}

export function sizeAuthRoleListRequest(_m: AuthRoleListRequest): number {
  return 0;
}

export function writeAuthRoleListRequest(
  _m: AuthRoleListRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeAuthRoleListRequest(r: Reader, _m: AuthRoleListRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'AuthRoleListRequest', AuthRoleListRequestFields);
    }
  }
}

export const AuthRoleListRequest: Codec<AuthRoleListRequest> = {
  typeName: 'etcdserverpb.AuthRoleListRequest',
  create(fields) {
    const m = newAuthRoleListRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleListRequest(m);
  },
  write(m, out, at) {
    return writeAuthRoleListRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthRoleListRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleListRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleListRequest();
    mergeAuthRoleListRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleDeleteRequest` */
export interface AuthRoleDeleteRequest {
  role: string;
}

const AuthRoleDeleteRequestFields: FieldNames = new Map([
  [1, 'Role'],
]);

export function newAuthRoleDeleteRequest(): AuthRoleDeleteRequest {
  return {
    role: '',
  };
}

export function sizeAuthRoleDeleteRequest(m: AuthRoleDeleteRequest): number {
  let n = 0;
  if (m.role !== '') {
    n += 1 + sizeString(m.role);
  }
  return n;
}

export function writeAuthRoleDeleteRequest(
  m: AuthRoleDeleteRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.role !== '') {
    out[at++] = 10;
    at = writeString(m.role, out, at);
  }
  return at;
}

export function mergeAuthRoleDeleteRequest(r: Reader, m: AuthRoleDeleteRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.role = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthRoleDeleteRequest', AuthRoleDeleteRequestFields);
    }
  }
}

export const AuthRoleDeleteRequest: Codec<AuthRoleDeleteRequest> = {
  typeName: 'etcdserverpb.AuthRoleDeleteRequest',
  create(fields) {
    const m = newAuthRoleDeleteRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleDeleteRequest(m);
  },
  write(m, out, at) {
    return writeAuthRoleDeleteRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthRoleDeleteRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleDeleteRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleDeleteRequest();
    mergeAuthRoleDeleteRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleGrantPermissionRequest` */
export interface AuthRoleGrantPermissionRequest {
  name: string;
  perm: Permission | null;
}

const AuthRoleGrantPermissionRequestFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Perm'],
]);

export function newAuthRoleGrantPermissionRequest(): AuthRoleGrantPermissionRequest {
  return {
    name: '',
    perm: null,
  };
}

export function sizeAuthRoleGrantPermissionRequest(m: AuthRoleGrantPermissionRequest, sizes: Sizes): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  if (m.perm !== null) {
    const size = sizePermission(m.perm);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthRoleGrantPermissionRequest(
  m: AuthRoleGrantPermissionRequest,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  if (m.perm !== null) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writePermission(m.perm, out, at);
  }
  return at;
}

export function mergeAuthRoleGrantPermissionRequest(r: Reader, m: AuthRoleGrantPermissionRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      case 18: {
        const v = (m.perm ??= newPermission());
        const outer = r.enter();
        mergePermission(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'AuthRoleGrantPermissionRequest', AuthRoleGrantPermissionRequestFields);
    }
  }
}

export const AuthRoleGrantPermissionRequest: Codec<AuthRoleGrantPermissionRequest> = {
  typeName: 'etcdserverpb.AuthRoleGrantPermissionRequest',
  create(fields) {
    const m = newAuthRoleGrantPermissionRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleGrantPermissionRequest(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthRoleGrantPermissionRequest(m, sizes);
    return writeAuthRoleGrantPermissionRequest(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthRoleGrantPermissionRequest(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleGrantPermissionRequest(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleGrantPermissionRequest();
    mergeAuthRoleGrantPermissionRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleRevokePermissionRequest` */
export interface AuthRoleRevokePermissionRequest {
  role: string;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

const AuthRoleRevokePermissionRequestFields: FieldNames = new Map([
  [1, 'Role'],
  [2, 'Key'],
  [3, 'RangeEnd'],
]);

export function newAuthRoleRevokePermissionRequest(): AuthRoleRevokePermissionRequest {
  return {
    role: '',
    key: EMPTY_BYTES,
    rangeEnd: EMPTY_BYTES,
  };
}

export function sizeAuthRoleRevokePermissionRequest(m: AuthRoleRevokePermissionRequest): number {
  let n = 0;
  if (m.role !== '') {
    n += 1 + sizeString(m.role);
  }
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  if (m.rangeEnd.length !== 0) {
    n += 1 + sizeBytes(m.rangeEnd);
  }
  return n;
}

export function writeAuthRoleRevokePermissionRequest(
  m: AuthRoleRevokePermissionRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.role !== '') {
    out[at++] = 10;
    at = writeString(m.role, out, at);
  }
  if (m.key.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.key, out, at);
  }
  if (m.rangeEnd.length !== 0) {
    out[at++] = 26;
    at = writeBytes(m.rangeEnd, out, at);
  }
  return at;
}

export function mergeAuthRoleRevokePermissionRequest(r: Reader, m: AuthRoleRevokePermissionRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.role = r.string();
        break;
      }
      case 18: {
        m.key = r.view();
        break;
      }
      case 26: {
        m.rangeEnd = r.view();
        break;
      }
      default:
        r.other(tag, 'AuthRoleRevokePermissionRequest', AuthRoleRevokePermissionRequestFields);
    }
  }
}

export const AuthRoleRevokePermissionRequest: Codec<AuthRoleRevokePermissionRequest> = {
  typeName: 'etcdserverpb.AuthRoleRevokePermissionRequest',
  create(fields) {
    const m = newAuthRoleRevokePermissionRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleRevokePermissionRequest(m);
  },
  write(m, out, at) {
    return writeAuthRoleRevokePermissionRequest(m, out, at);
  },
  encode(m) {
    const size = sizeAuthRoleRevokePermissionRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleRevokePermissionRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleRevokePermissionRequest();
    mergeAuthRoleRevokePermissionRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthEnableResponse` */
export interface AuthEnableResponse {
  header: ResponseHeader | null;
}

const AuthEnableResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthEnableResponse(): AuthEnableResponse {
  return {
    header: null,
  };
}

export function sizeAuthEnableResponse(m: AuthEnableResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthEnableResponse(
  m: AuthEnableResponse,
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

export function mergeAuthEnableResponse(r: Reader, m: AuthEnableResponse): void {
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
        r.other(tag, 'AuthEnableResponse', AuthEnableResponseFields);
    }
  }
}

export const AuthEnableResponse: Codec<AuthEnableResponse> = {
  typeName: 'etcdserverpb.AuthEnableResponse',
  create(fields) {
    const m = newAuthEnableResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthEnableResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthEnableResponse(m, sizes);
    return writeAuthEnableResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthEnableResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthEnableResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthEnableResponse();
    mergeAuthEnableResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthDisableResponse` */
export interface AuthDisableResponse {
  header: ResponseHeader | null;
}

const AuthDisableResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthDisableResponse(): AuthDisableResponse {
  return {
    header: null,
  };
}

export function sizeAuthDisableResponse(m: AuthDisableResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthDisableResponse(
  m: AuthDisableResponse,
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

export function mergeAuthDisableResponse(r: Reader, m: AuthDisableResponse): void {
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
        r.other(tag, 'AuthDisableResponse', AuthDisableResponseFields);
    }
  }
}

export const AuthDisableResponse: Codec<AuthDisableResponse> = {
  typeName: 'etcdserverpb.AuthDisableResponse',
  create(fields) {
    const m = newAuthDisableResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthDisableResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthDisableResponse(m, sizes);
    return writeAuthDisableResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthDisableResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthDisableResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthDisableResponse();
    mergeAuthDisableResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthStatusResponse` */
export interface AuthStatusResponse {
  header: ResponseHeader | null;
  enabled: boolean;
  authRevision: number;
}

const AuthStatusResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Enabled'],
  [3, 'AuthRevision'],
]);

export function newAuthStatusResponse(): AuthStatusResponse {
  return {
    header: null,
    enabled: false,
    authRevision: 0,
  };
}

export function sizeAuthStatusResponse(m: AuthStatusResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.enabled) {
    n += 2;
  }
  if (m.authRevision !== 0) {
    n += 1 + sizeNumber(m.authRevision);
  }
  return n;
}

export function writeAuthStatusResponse(
  m: AuthStatusResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.enabled) {
    out[at++] = 16;
    out[at++] = 1;
  }
  if (m.authRevision !== 0) {
    out[at++] = 24;
    at = writeNumber(m.authRevision, out, at);
  }
  return at;
}

export function mergeAuthStatusResponse(r: Reader, m: AuthStatusResponse): void {
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
      case 16: {
        m.enabled = r.bool();
        break;
      }
      case 24: {
        m.authRevision = r.uint64Number();
        break;
      }
      default:
        r.other(tag, 'AuthStatusResponse', AuthStatusResponseFields);
    }
  }
}

export const AuthStatusResponse: Codec<AuthStatusResponse> = {
  typeName: 'etcdserverpb.AuthStatusResponse',
  create(fields) {
    const m = newAuthStatusResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthStatusResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthStatusResponse(m, sizes);
    return writeAuthStatusResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthStatusResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthStatusResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthStatusResponse();
    mergeAuthStatusResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthenticateResponse` */
export interface AuthenticateResponse {
  header: ResponseHeader | null;
  token: string;
}

const AuthenticateResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Token'],
]);

export function newAuthenticateResponse(): AuthenticateResponse {
  return {
    header: null,
    token: '',
  };
}

export function sizeAuthenticateResponse(m: AuthenticateResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.token !== '') {
    n += 1 + sizeString(m.token);
  }
  return n;
}

export function writeAuthenticateResponse(
  m: AuthenticateResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.token !== '') {
    out[at++] = 18;
    at = writeString(m.token, out, at);
  }
  return at;
}

export function mergeAuthenticateResponse(r: Reader, m: AuthenticateResponse): void {
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
        m.token = r.string();
        break;
      }
      default:
        r.other(tag, 'AuthenticateResponse', AuthenticateResponseFields);
    }
  }
}

export const AuthenticateResponse: Codec<AuthenticateResponse> = {
  typeName: 'etcdserverpb.AuthenticateResponse',
  create(fields) {
    const m = newAuthenticateResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthenticateResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthenticateResponse(m, sizes);
    return writeAuthenticateResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthenticateResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthenticateResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthenticateResponse();
    mergeAuthenticateResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserAddResponse` */
export interface AuthUserAddResponse {
  header: ResponseHeader | null;
}

const AuthUserAddResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthUserAddResponse(): AuthUserAddResponse {
  return {
    header: null,
  };
}

export function sizeAuthUserAddResponse(m: AuthUserAddResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthUserAddResponse(
  m: AuthUserAddResponse,
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

export function mergeAuthUserAddResponse(r: Reader, m: AuthUserAddResponse): void {
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
        r.other(tag, 'AuthUserAddResponse', AuthUserAddResponseFields);
    }
  }
}

export const AuthUserAddResponse: Codec<AuthUserAddResponse> = {
  typeName: 'etcdserverpb.AuthUserAddResponse',
  create(fields) {
    const m = newAuthUserAddResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserAddResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthUserAddResponse(m, sizes);
    return writeAuthUserAddResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthUserAddResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserAddResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserAddResponse();
    mergeAuthUserAddResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserGetResponse` */
export interface AuthUserGetResponse {
  header: ResponseHeader | null;
  roles: string[];
}

const AuthUserGetResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Roles'],
]);

export function newAuthUserGetResponse(): AuthUserGetResponse {
  return {
    header: null,
    roles: [],
  };
}

export function sizeAuthUserGetResponse(m: AuthUserGetResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, roles = m.roles; i < roles.length; i++) {
    n += 1 + sizeString(roles[i] as string);
  }
  return n;
}

export function writeAuthUserGetResponse(
  m: AuthUserGetResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, roles = m.roles; i < roles.length; i++) {
    out[at++] = 18;
    at = writeString(roles[i] as string, out, at);
  }
  return at;
}

export function mergeAuthUserGetResponse(r: Reader, m: AuthUserGetResponse): void {
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
        m.roles.push(r.string());
        break;
      }
      default:
        r.other(tag, 'AuthUserGetResponse', AuthUserGetResponseFields);
    }
  }
}

export const AuthUserGetResponse: Codec<AuthUserGetResponse> = {
  typeName: 'etcdserverpb.AuthUserGetResponse',
  create(fields) {
    const m = newAuthUserGetResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserGetResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthUserGetResponse(m, sizes);
    return writeAuthUserGetResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthUserGetResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserGetResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserGetResponse();
    mergeAuthUserGetResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserDeleteResponse` */
export interface AuthUserDeleteResponse {
  header: ResponseHeader | null;
}

const AuthUserDeleteResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthUserDeleteResponse(): AuthUserDeleteResponse {
  return {
    header: null,
  };
}

export function sizeAuthUserDeleteResponse(m: AuthUserDeleteResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthUserDeleteResponse(
  m: AuthUserDeleteResponse,
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

export function mergeAuthUserDeleteResponse(r: Reader, m: AuthUserDeleteResponse): void {
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
        r.other(tag, 'AuthUserDeleteResponse', AuthUserDeleteResponseFields);
    }
  }
}

export const AuthUserDeleteResponse: Codec<AuthUserDeleteResponse> = {
  typeName: 'etcdserverpb.AuthUserDeleteResponse',
  create(fields) {
    const m = newAuthUserDeleteResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserDeleteResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthUserDeleteResponse(m, sizes);
    return writeAuthUserDeleteResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthUserDeleteResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserDeleteResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserDeleteResponse();
    mergeAuthUserDeleteResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserChangePasswordResponse` */
export interface AuthUserChangePasswordResponse {
  header: ResponseHeader | null;
}

const AuthUserChangePasswordResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthUserChangePasswordResponse(): AuthUserChangePasswordResponse {
  return {
    header: null,
  };
}

export function sizeAuthUserChangePasswordResponse(m: AuthUserChangePasswordResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthUserChangePasswordResponse(
  m: AuthUserChangePasswordResponse,
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

export function mergeAuthUserChangePasswordResponse(r: Reader, m: AuthUserChangePasswordResponse): void {
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
        r.other(tag, 'AuthUserChangePasswordResponse', AuthUserChangePasswordResponseFields);
    }
  }
}

export const AuthUserChangePasswordResponse: Codec<AuthUserChangePasswordResponse> = {
  typeName: 'etcdserverpb.AuthUserChangePasswordResponse',
  create(fields) {
    const m = newAuthUserChangePasswordResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserChangePasswordResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthUserChangePasswordResponse(m, sizes);
    return writeAuthUserChangePasswordResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthUserChangePasswordResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserChangePasswordResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserChangePasswordResponse();
    mergeAuthUserChangePasswordResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserGrantRoleResponse` */
export interface AuthUserGrantRoleResponse {
  header: ResponseHeader | null;
}

const AuthUserGrantRoleResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthUserGrantRoleResponse(): AuthUserGrantRoleResponse {
  return {
    header: null,
  };
}

export function sizeAuthUserGrantRoleResponse(m: AuthUserGrantRoleResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthUserGrantRoleResponse(
  m: AuthUserGrantRoleResponse,
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

export function mergeAuthUserGrantRoleResponse(r: Reader, m: AuthUserGrantRoleResponse): void {
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
        r.other(tag, 'AuthUserGrantRoleResponse', AuthUserGrantRoleResponseFields);
    }
  }
}

export const AuthUserGrantRoleResponse: Codec<AuthUserGrantRoleResponse> = {
  typeName: 'etcdserverpb.AuthUserGrantRoleResponse',
  create(fields) {
    const m = newAuthUserGrantRoleResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserGrantRoleResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthUserGrantRoleResponse(m, sizes);
    return writeAuthUserGrantRoleResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthUserGrantRoleResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserGrantRoleResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserGrantRoleResponse();
    mergeAuthUserGrantRoleResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserRevokeRoleResponse` */
export interface AuthUserRevokeRoleResponse {
  header: ResponseHeader | null;
}

const AuthUserRevokeRoleResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthUserRevokeRoleResponse(): AuthUserRevokeRoleResponse {
  return {
    header: null,
  };
}

export function sizeAuthUserRevokeRoleResponse(m: AuthUserRevokeRoleResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthUserRevokeRoleResponse(
  m: AuthUserRevokeRoleResponse,
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

export function mergeAuthUserRevokeRoleResponse(r: Reader, m: AuthUserRevokeRoleResponse): void {
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
        r.other(tag, 'AuthUserRevokeRoleResponse', AuthUserRevokeRoleResponseFields);
    }
  }
}

export const AuthUserRevokeRoleResponse: Codec<AuthUserRevokeRoleResponse> = {
  typeName: 'etcdserverpb.AuthUserRevokeRoleResponse',
  create(fields) {
    const m = newAuthUserRevokeRoleResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserRevokeRoleResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthUserRevokeRoleResponse(m, sizes);
    return writeAuthUserRevokeRoleResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthUserRevokeRoleResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserRevokeRoleResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserRevokeRoleResponse();
    mergeAuthUserRevokeRoleResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleAddResponse` */
export interface AuthRoleAddResponse {
  header: ResponseHeader | null;
}

const AuthRoleAddResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthRoleAddResponse(): AuthRoleAddResponse {
  return {
    header: null,
  };
}

export function sizeAuthRoleAddResponse(m: AuthRoleAddResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthRoleAddResponse(
  m: AuthRoleAddResponse,
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

export function mergeAuthRoleAddResponse(r: Reader, m: AuthRoleAddResponse): void {
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
        r.other(tag, 'AuthRoleAddResponse', AuthRoleAddResponseFields);
    }
  }
}

export const AuthRoleAddResponse: Codec<AuthRoleAddResponse> = {
  typeName: 'etcdserverpb.AuthRoleAddResponse',
  create(fields) {
    const m = newAuthRoleAddResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleAddResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthRoleAddResponse(m, sizes);
    return writeAuthRoleAddResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthRoleAddResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleAddResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleAddResponse();
    mergeAuthRoleAddResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleGetResponse` */
export interface AuthRoleGetResponse {
  header: ResponseHeader | null;
  perm: Permission[];
}

const AuthRoleGetResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Perm'],
]);

export function newAuthRoleGetResponse(): AuthRoleGetResponse {
  return {
    header: null,
    perm: [],
  };
}

export function sizeAuthRoleGetResponse(m: AuthRoleGetResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, perm = m.perm; i < perm.length; i++) {
    const size = sizePermission(perm[i] as Permission);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthRoleGetResponse(
  m: AuthRoleGetResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, perm = m.perm; i < perm.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writePermission(perm[i] as Permission, out, at);
  }
  return at;
}

export function mergeAuthRoleGetResponse(r: Reader, m: AuthRoleGetResponse): void {
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
        const v = newPermission();
        const outer = r.enter();
        mergePermission(r, v);
        r.leave(outer);
        m.perm.push(v);
        break;
      }
      default:
        r.other(tag, 'AuthRoleGetResponse', AuthRoleGetResponseFields);
    }
  }
}

export const AuthRoleGetResponse: Codec<AuthRoleGetResponse> = {
  typeName: 'etcdserverpb.AuthRoleGetResponse',
  create(fields) {
    const m = newAuthRoleGetResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleGetResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthRoleGetResponse(m, sizes);
    return writeAuthRoleGetResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthRoleGetResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleGetResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleGetResponse();
    mergeAuthRoleGetResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleListResponse` */
export interface AuthRoleListResponse {
  header: ResponseHeader | null;
  roles: string[];
}

const AuthRoleListResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Roles'],
]);

export function newAuthRoleListResponse(): AuthRoleListResponse {
  return {
    header: null,
    roles: [],
  };
}

export function sizeAuthRoleListResponse(m: AuthRoleListResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, roles = m.roles; i < roles.length; i++) {
    n += 1 + sizeString(roles[i] as string);
  }
  return n;
}

export function writeAuthRoleListResponse(
  m: AuthRoleListResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, roles = m.roles; i < roles.length; i++) {
    out[at++] = 18;
    at = writeString(roles[i] as string, out, at);
  }
  return at;
}

export function mergeAuthRoleListResponse(r: Reader, m: AuthRoleListResponse): void {
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
        m.roles.push(r.string());
        break;
      }
      default:
        r.other(tag, 'AuthRoleListResponse', AuthRoleListResponseFields);
    }
  }
}

export const AuthRoleListResponse: Codec<AuthRoleListResponse> = {
  typeName: 'etcdserverpb.AuthRoleListResponse',
  create(fields) {
    const m = newAuthRoleListResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleListResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthRoleListResponse(m, sizes);
    return writeAuthRoleListResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthRoleListResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleListResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleListResponse();
    mergeAuthRoleListResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthUserListResponse` */
export interface AuthUserListResponse {
  header: ResponseHeader | null;
  users: string[];
}

const AuthUserListResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Users'],
]);

export function newAuthUserListResponse(): AuthUserListResponse {
  return {
    header: null,
    users: [],
  };
}

export function sizeAuthUserListResponse(m: AuthUserListResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  for (let i = 0, users = m.users; i < users.length; i++) {
    n += 1 + sizeString(users[i] as string);
  }
  return n;
}

export function writeAuthUserListResponse(
  m: AuthUserListResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  for (let i = 0, users = m.users; i < users.length; i++) {
    out[at++] = 18;
    at = writeString(users[i] as string, out, at);
  }
  return at;
}

export function mergeAuthUserListResponse(r: Reader, m: AuthUserListResponse): void {
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
        m.users.push(r.string());
        break;
      }
      default:
        r.other(tag, 'AuthUserListResponse', AuthUserListResponseFields);
    }
  }
}

export const AuthUserListResponse: Codec<AuthUserListResponse> = {
  typeName: 'etcdserverpb.AuthUserListResponse',
  create(fields) {
    const m = newAuthUserListResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthUserListResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthUserListResponse(m, sizes);
    return writeAuthUserListResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthUserListResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthUserListResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthUserListResponse();
    mergeAuthUserListResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleDeleteResponse` */
export interface AuthRoleDeleteResponse {
  header: ResponseHeader | null;
}

const AuthRoleDeleteResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthRoleDeleteResponse(): AuthRoleDeleteResponse {
  return {
    header: null,
  };
}

export function sizeAuthRoleDeleteResponse(m: AuthRoleDeleteResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthRoleDeleteResponse(
  m: AuthRoleDeleteResponse,
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

export function mergeAuthRoleDeleteResponse(r: Reader, m: AuthRoleDeleteResponse): void {
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
        r.other(tag, 'AuthRoleDeleteResponse', AuthRoleDeleteResponseFields);
    }
  }
}

export const AuthRoleDeleteResponse: Codec<AuthRoleDeleteResponse> = {
  typeName: 'etcdserverpb.AuthRoleDeleteResponse',
  create(fields) {
    const m = newAuthRoleDeleteResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleDeleteResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthRoleDeleteResponse(m, sizes);
    return writeAuthRoleDeleteResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthRoleDeleteResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleDeleteResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleDeleteResponse();
    mergeAuthRoleDeleteResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleGrantPermissionResponse` */
export interface AuthRoleGrantPermissionResponse {
  header: ResponseHeader | null;
}

const AuthRoleGrantPermissionResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthRoleGrantPermissionResponse(): AuthRoleGrantPermissionResponse {
  return {
    header: null,
  };
}

export function sizeAuthRoleGrantPermissionResponse(m: AuthRoleGrantPermissionResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthRoleGrantPermissionResponse(
  m: AuthRoleGrantPermissionResponse,
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

export function mergeAuthRoleGrantPermissionResponse(r: Reader, m: AuthRoleGrantPermissionResponse): void {
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
        r.other(tag, 'AuthRoleGrantPermissionResponse', AuthRoleGrantPermissionResponseFields);
    }
  }
}

export const AuthRoleGrantPermissionResponse: Codec<AuthRoleGrantPermissionResponse> = {
  typeName: 'etcdserverpb.AuthRoleGrantPermissionResponse',
  create(fields) {
    const m = newAuthRoleGrantPermissionResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleGrantPermissionResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthRoleGrantPermissionResponse(m, sizes);
    return writeAuthRoleGrantPermissionResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthRoleGrantPermissionResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleGrantPermissionResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleGrantPermissionResponse();
    mergeAuthRoleGrantPermissionResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.AuthRoleRevokePermissionResponse` */
export interface AuthRoleRevokePermissionResponse {
  header: ResponseHeader | null;
}

const AuthRoleRevokePermissionResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newAuthRoleRevokePermissionResponse(): AuthRoleRevokePermissionResponse {
  return {
    header: null,
  };
}

export function sizeAuthRoleRevokePermissionResponse(m: AuthRoleRevokePermissionResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeAuthRoleRevokePermissionResponse(
  m: AuthRoleRevokePermissionResponse,
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

export function mergeAuthRoleRevokePermissionResponse(r: Reader, m: AuthRoleRevokePermissionResponse): void {
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
        r.other(tag, 'AuthRoleRevokePermissionResponse', AuthRoleRevokePermissionResponseFields);
    }
  }
}

export const AuthRoleRevokePermissionResponse: Codec<AuthRoleRevokePermissionResponse> = {
  typeName: 'etcdserverpb.AuthRoleRevokePermissionResponse',
  create(fields) {
    const m = newAuthRoleRevokePermissionResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeAuthRoleRevokePermissionResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeAuthRoleRevokePermissionResponse(m, sizes);
    return writeAuthRoleRevokePermissionResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeAuthRoleRevokePermissionResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeAuthRoleRevokePermissionResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newAuthRoleRevokePermissionResponse();
    mergeAuthRoleRevokePermissionResponse(r, m);
    return m;
  },
};

/** `etcdserverpb.RangeStreamResponse` */
export interface RangeStreamResponse {
  rangeResponse: RangeResponse | null;
}

const RangeStreamResponseFields: FieldNames = new Map([
  [1, 'RangeResponse'],
]);

export function newRangeStreamResponse(): RangeStreamResponse {
  return {
    rangeResponse: null,
  };
}

export function sizeRangeStreamResponse(m: RangeStreamResponse, sizes: Sizes): number {
  let n = 0;
  if (m.rangeResponse !== null) {
    const place = sizes.reserve();
    const size = sizeRangeResponse(m.rangeResponse, sizes);
    sizes.fill(place, size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeRangeStreamResponse(
  m: RangeStreamResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.rangeResponse !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeRangeResponse(m.rangeResponse, out, at, sizes);
  }
  return at;
}

export function mergeRangeStreamResponse(r: Reader, m: RangeStreamResponse): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = (m.rangeResponse ??= newRangeResponse());
        const outer = r.enter();
        mergeRangeResponse(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'RangeStreamResponse', RangeStreamResponseFields);
    }
  }
}

export const RangeStreamResponse: Codec<RangeStreamResponse> = {
  typeName: 'etcdserverpb.RangeStreamResponse',
  create(fields) {
    const m = newRangeStreamResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeRangeStreamResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeRangeStreamResponse(m, sizes);
    return writeRangeStreamResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeRangeStreamResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeRangeStreamResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newRangeStreamResponse();
    mergeRangeStreamResponse(r, m);
    return m;
  },
};
