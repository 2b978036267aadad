// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { Sizes, checkEnd, sizeBigint, sizeBytes, sizeNumber, sizeUint32, writeBigint, writeBytes, writeNumber, writeUint32 } from '../protobuf/writer.js';
import {
  mergeResponseHeader,
  newResponseHeader,
  sizeResponseHeader,
  type ResponseHeader,
  writeResponseHeader,
} from './rpc.js';
import {
  mergeKeyValue,
  newKeyValue,
  sizeKeyValue,
  type KeyValue,
  writeKeyValue,
} from './mvcc.js';

/** `v3electionpb.CampaignRequest` */
export interface CampaignRequest {
  name: Uint8Array;
  lease: bigint;
  value: Uint8Array;
}

const CampaignRequestFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Lease'],
  [3, 'Value'],
]);

export function newCampaignRequest(): CampaignRequest {
  return {
    name: EMPTY_BYTES,
    lease: 0n,
    value: EMPTY_BYTES,
  };
}

export function sizeCampaignRequest(m: CampaignRequest): number {
  let n = 0;
  if (m.name.length !== 0) {
    n += 1 + sizeBytes(m.name);
  }
  if (m.lease !== 0n) {
    n += 1 + sizeBigint(m.lease);
  }
  if (m.value.length !== 0) {
    n += 1 + sizeBytes(m.value);
  }
  return n;
}

export function writeCampaignRequest(
  m: CampaignRequest,
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
  if (m.value.length !== 0) {
    out[at++] = 26;
    at = writeBytes(m.value, out, at);
  }
  return at;
}

export function mergeCampaignRequest(r: Reader, m: CampaignRequest): void {
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
      case 26: {
        m.value = r.view();
        break;
      }
      default:
        r.other(tag, 'CampaignRequest', CampaignRequestFields);
    }
  }
}

export const CampaignRequest: Codec<CampaignRequest> = {
  typeName: 'v3electionpb.CampaignRequest',
  create(fields) {
    const m = newCampaignRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeCampaignRequest(m);
  },
  write(m, out, at) {
    return writeCampaignRequest(m, out, at);
  },
  encode(m) {
    const size = sizeCampaignRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeCampaignRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newCampaignRequest();
    mergeCampaignRequest(r, m);
    return m;
  },
};

/** `v3electionpb.CampaignResponse` */
export interface CampaignResponse {
  header: ResponseHeader | null;
  leader: LeaderKey | null;
}

const CampaignResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Leader'],
]);

export function newCampaignResponse(): CampaignResponse {
  return {
    header: null,
    leader: null,
  };
}

export function sizeCampaignResponse(m: CampaignResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.leader !== null) {
    const size = sizeLeaderKey(m.leader);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeCampaignResponse(
  m: CampaignResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.leader !== null) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeLeaderKey(m.leader, out, at);
  }
  return at;
}

export function mergeCampaignResponse(r: Reader, m: CampaignResponse): void {
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
        const v = (m.leader ??= newLeaderKey());
        const outer = r.enter();
        mergeLeaderKey(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'CampaignResponse', CampaignResponseFields);
    }
  }
}

export const CampaignResponse: Codec<CampaignResponse> = {
  typeName: 'v3electionpb.CampaignResponse',
  create(fields) {
    const m = newCampaignResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeCampaignResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeCampaignResponse(m, sizes);
    return writeCampaignResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeCampaignResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeCampaignResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newCampaignResponse();
    mergeCampaignResponse(r, m);
    return m;
  },
};

/** `v3electionpb.LeaderKey` */
export interface LeaderKey {
  name: Uint8Array;
  key: Uint8Array;
  rev: number;
  lease: bigint;
}

const LeaderKeyFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Key'],
  [3, 'Rev'],
  [4, 'Lease'],
]);

export function newLeaderKey(): LeaderKey {
  return {
    name: EMPTY_BYTES,
    key: EMPTY_BYTES,
    rev: 0,
    lease: 0n,
  };
}

export function sizeLeaderKey(m: LeaderKey): number {
  let n = 0;
  if (m.name.length !== 0) {
    n += 1 + sizeBytes(m.name);
  }
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  if (m.rev !== 0) {
    n += 1 + sizeNumber(m.rev);
  }
  if (m.lease !== 0n) {
    n += 1 + sizeBigint(m.lease);
  }
  return n;
}

export function writeLeaderKey(
  m: LeaderKey,
  out: Uint8Array,
  at: number,
): number {
  if (m.name.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.name, out, at);
  }
  if (m.key.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.key, out, at);
  }
  if (m.rev !== 0) {
    out[at++] = 24;
    at = writeNumber(m.rev, out, at);
  }
  if (m.lease !== 0n) {
    out[at++] = 32;
    at = writeBigint(m.lease, out, at);
  }
  return at;
}

export function mergeLeaderKey(r: Reader, m: LeaderKey): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.view();
        break;
      }
      case 18: {
        m.key = r.view();
        break;
      }
      case 24: {
        m.rev = r.int64Number();
        break;
      }
      case 32: {
        m.lease = r.int64();
        break;
      }
      default:
        r.other(tag, 'LeaderKey', LeaderKeyFields);
    }
  }
}

export const LeaderKey: Codec<LeaderKey> = {
  typeName: 'v3electionpb.LeaderKey',
  create(fields) {
    const m = newLeaderKey();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaderKey(m);
  },
  write(m, out, at) {
    return writeLeaderKey(m, out, at);
  },
  encode(m) {
    const size = sizeLeaderKey(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaderKey(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaderKey();
    mergeLeaderKey(r, m);
    return m;
  },
};

/** `v3electionpb.LeaderRequest` */
export interface LeaderRequest {
  name: Uint8Array;
}

const LeaderRequestFields: FieldNames = new Map([
  [1, 'Name'],
]);

export function newLeaderRequest(): LeaderRequest {
  return {
    name: EMPTY_BYTES,
  };
}

export function sizeLeaderRequest(m: LeaderRequest): number {
  let n = 0;
  if (m.name.length !== 0) {
    n += 1 + sizeBytes(m.name);
  }
  return n;
}

export function writeLeaderRequest(
  m: LeaderRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.name.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.name, out, at);
  }
  return at;
}

export function mergeLeaderRequest(r: Reader, m: LeaderRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.view();
        break;
      }
      default:
        r.other(tag, 'LeaderRequest', LeaderRequestFields);
    }
  }
}

export const LeaderRequest: Codec<LeaderRequest> = {
  typeName: 'v3electionpb.LeaderRequest',
  create(fields) {
    const m = newLeaderRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaderRequest(m);
  },
  write(m, out, at) {
    return writeLeaderRequest(m, out, at);
  },
  encode(m) {
    const size = sizeLeaderRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaderRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaderRequest();
    mergeLeaderRequest(r, m);
    return m;
  },
};

/** `v3electionpb.LeaderResponse` */
export interface LeaderResponse {
  header: ResponseHeader | null;
  kv: KeyValue | null;
}

const LeaderResponseFields: FieldNames = new Map([
  [1, 'Header'],
  [2, 'Kv'],
]);

export function newLeaderResponse(): LeaderResponse {
  return {
    header: null,
    kv: null,
  };
}

export function sizeLeaderResponse(m: LeaderResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.kv !== null) {
    const size = sizeKeyValue(m.kv);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeLeaderResponse(
  m: LeaderResponse,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.header !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeResponseHeader(m.header, out, at);
  }
  if (m.kv !== null) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeKeyValue(m.kv, out, at);
  }
  return at;
}

export function mergeLeaderResponse(r: Reader, m: LeaderResponse): void {
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
        const v = (m.kv ??= newKeyValue());
        const outer = r.enter();
        mergeKeyValue(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'LeaderResponse', LeaderResponseFields);
    }
  }
}

export const LeaderResponse: Codec<LeaderResponse> = {
  typeName: 'v3electionpb.LeaderResponse',
  create(fields) {
    const m = newLeaderResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaderResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeLeaderResponse(m, sizes);
    return writeLeaderResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeLeaderResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaderResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaderResponse();
    mergeLeaderResponse(r, m);
    return m;
  },
};

/** `v3electionpb.ResignRequest` */
export interface ResignRequest {
  leader: LeaderKey | null;
}

const ResignRequestFields: FieldNames = new Map([
  [1, 'Leader'],
]);

export function newResignRequest(): ResignRequest {
  return {
    leader: null,
  };
}

export function sizeResignRequest(m: ResignRequest, sizes: Sizes): number {
  let n = 0;
  if (m.leader !== null) {
    const size = sizeLeaderKey(m.leader);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeResignRequest(
  m: ResignRequest,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.leader !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeLeaderKey(m.leader, out, at);
  }
  return at;
}

export function mergeResignRequest(r: Reader, m: ResignRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = (m.leader ??= newLeaderKey());
        const outer = r.enter();
        mergeLeaderKey(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'ResignRequest', ResignRequestFields);
    }
  }
}

export const ResignRequest: Codec<ResignRequest> = {
  typeName: 'v3electionpb.ResignRequest',
  create(fields) {
    const m = newResignRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeResignRequest(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeResignRequest(m, sizes);
    return writeResignRequest(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeResignRequest(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeResignRequest(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newResignRequest();
    mergeResignRequest(r, m);
    return m;
  },
};

/** `v3electionpb.ResignResponse` */
export interface ResignResponse {
  header: ResponseHeader | null;
}

const ResignResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newResignResponse(): ResignResponse {
  return {
    header: null,
  };
}

export function sizeResignResponse(m: ResignResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeResignResponse(
  m: ResignResponse,
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

export function mergeResignResponse(r: Reader, m: ResignResponse): void {
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
        r.other(tag, 'ResignResponse', ResignResponseFields);
    }
  }
}

export const ResignResponse: Codec<ResignResponse> = {
  typeName: 'v3electionpb.ResignResponse',
  create(fields) {
    const m = newResignResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeResignResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeResignResponse(m, sizes);
    return writeResignResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeResignResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeResignResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newResignResponse();
    mergeResignResponse(r, m);
    return m;
  },
};

/** `v3electionpb.ProclaimRequest` */
export interface ProclaimRequest {
  leader: LeaderKey | null;
  value: Uint8Array;
}

const ProclaimRequestFields: FieldNames = new Map([
  [1, 'Leader'],
  [2, 'Value'],
]);

export function newProclaimRequest(): ProclaimRequest {
  return {
    leader: null,
    value: EMPTY_BYTES,
  };
}

export function sizeProclaimRequest(m: ProclaimRequest, sizes: Sizes): number {
  let n = 0;
  if (m.leader !== null) {
    const size = sizeLeaderKey(m.leader);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.value.length !== 0) {
    n += 1 + sizeBytes(m.value);
  }
  return n;
}

export function writeProclaimRequest(
  m: ProclaimRequest,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.leader !== null) {
    out[at++] = 10;
    at = writeUint32(sizes.next(), out, at);
    at = writeLeaderKey(m.leader, out, at);
  }
  if (m.value.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.value, out, at);
  }
  return at;
}

export function mergeProclaimRequest(r: Reader, m: ProclaimRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        const v = (m.leader ??= newLeaderKey());
        const outer = r.enter();
        mergeLeaderKey(r, v);
        r.leave(outer);
        break;
      }
      case 18: {
        m.value = r.view();
        break;
      }
      default:
        r.other(tag, 'ProclaimRequest', ProclaimRequestFields);
    }
  }
}

export const ProclaimRequest: Codec<ProclaimRequest> = {
  typeName: 'v3electionpb.ProclaimRequest',
  create(fields) {
    const m = newProclaimRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeProclaimRequest(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeProclaimRequest(m, sizes);
    return writeProclaimRequest(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeProclaimRequest(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeProclaimRequest(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newProclaimRequest();
    mergeProclaimRequest(r, m);
    return m;
  },
};

/** `v3electionpb.ProclaimResponse` */
export interface ProclaimResponse {
  header: ResponseHeader | null;
}

const ProclaimResponseFields: FieldNames = new Map([
  [1, 'Header'],
]);

export function newProclaimResponse(): ProclaimResponse {
  return {
    header: null,
  };
}

export function sizeProclaimResponse(m: ProclaimResponse, sizes: Sizes): number {
  let n = 0;
  if (m.header !== null) {
    const size = sizeResponseHeader(m.header);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeProclaimResponse(
  m: ProclaimResponse,
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

export function mergeProclaimResponse(r: Reader, m: ProclaimResponse): void {
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
        r.other(tag, 'ProclaimResponse', ProclaimResponseFields);
    }
  }
}

export const ProclaimResponse: Codec<ProclaimResponse> = {
  typeName: 'v3electionpb.ProclaimResponse',
  create(fields) {
    const m = newProclaimResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeProclaimResponse(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeProclaimResponse(m, sizes);
    return writeProclaimResponse(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeProclaimResponse(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeProclaimResponse(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newProclaimResponse();
    mergeProclaimResponse(r, m);
    return m;
  },
};
