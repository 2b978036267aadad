// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { checkEnd, sizeBigint, sizeNumber, sizePackedBigint, sizeUint32, writeBigint, writeNumber, writePackedBigint } from '../protobuf/writer.js';

/** `conclave.SessionOpenRequest` */
export type SessionOpenRequest = object;

const SessionOpenRequestFields: FieldNames = new Map(
);

export function newSessionOpenRequest(): SessionOpenRequest {
  return {};
}

export function sizeSessionOpenRequest(_m: SessionOpenRequest): number {
  return 0;
}

export function writeSessionOpenRequest(
  _m: SessionOpenRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeSessionOpenRequest(r: Reader, _m: SessionOpenRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'SessionOpenRequest', SessionOpenRequestFields);
    }
  }
}

export const SessionOpenRequest: Codec<SessionOpenRequest> = {
  typeName: 'conclave.SessionOpenRequest',
  create(fields) {
    const m = newSessionOpenRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSessionOpenRequest(m);
  },
  write(m, out, at) {
    return writeSessionOpenRequest(m, out, at);
  },
  encode(m) {
    const size = sizeSessionOpenRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSessionOpenRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSessionOpenRequest();
    mergeSessionOpenRequest(r, m);
    return m;
  },
};

/** `conclave.SessionOpenResponse` */
export type SessionOpenResponse = object;

const SessionOpenResponseFields: FieldNames = new Map(
);

export function newSessionOpenResponse(): SessionOpenResponse {
  return {};
}

export function sizeSessionOpenResponse(_m: SessionOpenResponse): number {
  return 0;
}

export function writeSessionOpenResponse(
  _m: SessionOpenResponse,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeSessionOpenResponse(r: Reader, _m: SessionOpenResponse): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'SessionOpenResponse', SessionOpenResponseFields);
    }
  }
}

export const SessionOpenResponse: Codec<SessionOpenResponse> = {
  typeName: 'conclave.SessionOpenResponse',
  create(fields) {
    const m = newSessionOpenResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSessionOpenResponse(m);
  },
  write(m, out, at) {
    return writeSessionOpenResponse(m, out, at);
  },
  encode(m) {
    const size = sizeSessionOpenResponse(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSessionOpenResponse(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSessionOpenResponse();
    mergeSessionOpenResponse(r, m);
    return m;
  },
};

/** `conclave.SessionCloseRequest` */
export type SessionCloseRequest = object;

const SessionCloseRequestFields: FieldNames = new Map(
);

export function newSessionCloseRequest(): SessionCloseRequest {
  return {};
}

export function sizeSessionCloseRequest(_m: SessionCloseRequest): number {
  return 0;
}

export function writeSessionCloseRequest(
  _m: SessionCloseRequest,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeSessionCloseRequest(r: Reader, _m: SessionCloseRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'SessionCloseRequest', SessionCloseRequestFields);
    }
  }
}

export const SessionCloseRequest: Codec<SessionCloseRequest> = {
  typeName: 'conclave.SessionCloseRequest',
  create(fields) {
    const m = newSessionCloseRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSessionCloseRequest(m);
  },
  write(m, out, at) {
    return writeSessionCloseRequest(m, out, at);
  },
  encode(m) {
    const size = sizeSessionCloseRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSessionCloseRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSessionCloseRequest();
    mergeSessionCloseRequest(r, m);
    return m;
  },
};

/** `conclave.SessionCloseResponse` */
export type SessionCloseResponse = object;

const SessionCloseResponseFields: FieldNames = new Map(
);

export function newSessionCloseResponse(): SessionCloseResponse {
  return {};
}

export function sizeSessionCloseResponse(_m: SessionCloseResponse): number {
  return 0;
}

export function writeSessionCloseResponse(
  _m: SessionCloseResponse,
  _out: Uint8Array,
  at: number,
): number {
  return at;
}

export function mergeSessionCloseResponse(r: Reader, _m: SessionCloseResponse): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      default:
        r.other(tag, 'SessionCloseResponse', SessionCloseResponseFields);
    }
  }
}

export const SessionCloseResponse: Codec<SessionCloseResponse> = {
  typeName: 'conclave.SessionCloseResponse',
  create(fields) {
    const m = newSessionCloseResponse();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSessionCloseResponse(m);
  },
  write(m, out, at) {
    return writeSessionCloseResponse(m, out, at);
  },
  encode(m) {
    const size = sizeSessionCloseResponse(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSessionCloseResponse(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSessionCloseResponse();
    mergeSessionCloseResponse(r, m);
    return m;
  },
};

/** `conclave.SessionOpen` */
export interface SessionOpen {
  session: bigint;
}

const SessionOpenFields: FieldNames = new Map([
  [1, 'Session'],
]);

export function newSessionOpen(): SessionOpen {
  return {
    session: 0n,
  };
}

export function sizeSessionOpen(m: SessionOpen): number {
  let n = 0;
  if (m.session !== 0n) {
    n += 1 + sizeBigint(m.session);
  }
  return n;
}

export function writeSessionOpen(
  m: SessionOpen,
  out: Uint8Array,
  at: number,
): number {
  if (m.session !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.session, out, at);
  }
  return at;
}

export function mergeSessionOpen(r: Reader, m: SessionOpen): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.session = r.uint64();
        break;
      }
      default:
        r.other(tag, 'SessionOpen', SessionOpenFields);
    }
  }
}

export const SessionOpen: Codec<SessionOpen> = {
  typeName: 'conclave.SessionOpen',
  create(fields) {
    const m = newSessionOpen();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSessionOpen(m);
  },
  write(m, out, at) {
    return writeSessionOpen(m, out, at);
  },
  encode(m) {
    const size = sizeSessionOpen(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSessionOpen(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSessionOpen();
    mergeSessionOpen(r, m);
    return m;
  },
};

/** `conclave.SessionClose` */
export interface SessionClose {
  session: bigint;
}

const SessionCloseFields: FieldNames = new Map([
  [1, 'Session'],
]);

export function newSessionClose(): SessionClose {
  return {
    session: 0n,
  };
}

export function sizeSessionClose(m: SessionClose): number {
  let n = 0;
  if (m.session !== 0n) {
    n += 1 + sizeBigint(m.session);
  }
  return n;
}

export function writeSessionClose(
  m: SessionClose,
  out: Uint8Array,
  at: number,
): number {
  if (m.session !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.session, out, at);
  }
  return at;
}

export function mergeSessionClose(r: Reader, m: SessionClose): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.session = r.uint64();
        break;
      }
      default:
        r.other(tag, 'SessionClose', SessionCloseFields);
    }
  }
}

export const SessionClose: Codec<SessionClose> = {
  typeName: 'conclave.SessionClose',
  create(fields) {
    const m = newSessionClose();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeSessionClose(m);
  },
  write(m, out, at) {
    return writeSessionClose(m, out, at);
  },
  encode(m) {
    const size = sizeSessionClose(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeSessionClose(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newSessionClose();
    mergeSessionClose(r, m);
    return m;
  },
};

/** `conclave.FeatureSet` */
export interface FeatureSet {
  feature: number;
}

const FeatureSetFields: FieldNames = new Map([
  [1, 'Feature'],
]);

export function newFeatureSet(): FeatureSet {
  return {
    feature: 0,
  };
}

export function sizeFeatureSet(m: FeatureSet): number {
  let n = 0;
  if (m.feature !== 0) {
    n += 1 + sizeNumber(m.feature);
  }
  return n;
}

export function writeFeatureSet(
  m: FeatureSet,
  out: Uint8Array,
  at: number,
): number {
  if (m.feature !== 0) {
    out[at++] = 8;
    at = writeNumber(m.feature, out, at);
  }
  return at;
}

export function mergeFeatureSet(r: Reader, m: FeatureSet): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.feature = r.uint64Number();
        break;
      }
      default:
        r.other(tag, 'FeatureSet', FeatureSetFields);
    }
  }
}

export const FeatureSet: Codec<FeatureSet> = {
  typeName: 'conclave.FeatureSet',
  create(fields) {
    const m = newFeatureSet();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeFeatureSet(m);
  },
  write(m, out, at) {
    return writeFeatureSet(m, out, at);
  },
  encode(m) {
    const size = sizeFeatureSet(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeFeatureSet(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newFeatureSet();
    mergeFeatureSet(r, m);
    return m;
  },
};

/** `conclave.LeaseExpire` */
export interface LeaseExpire {
  leaseID: bigint[];
  term: number;
}

const LeaseExpireFields: FieldNames = new Map([
  [1, 'Lease_ID'],
  [2, 'Term'],
]);

export function newLeaseExpire(): LeaseExpire {
  return {
    leaseID: [],
    term: 0,
  };
}

export function sizeLeaseExpire(m: LeaseExpire): number {
  let n = 0;
  if (m.leaseID.length !== 0) {
    const size = sizePackedBigint(m.leaseID);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.term !== 0) {
    n += 1 + sizeNumber(m.term);
  }
  return n;
}

export function writeLeaseExpire(
  m: LeaseExpire,
  out: Uint8Array,
  at: number,
): number {
  if (m.leaseID.length !== 0) {
    out[at++] = 10;
    at = writePackedBigint(m.leaseID, out, at);
  }
  if (m.term !== 0) {
    out[at++] = 16;
    at = writeNumber(m.term, out, at);
  }
  return at;
}

export function mergeLeaseExpire(r: Reader, m: LeaseExpire): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.leaseID.push(r.int64());
        break;
      }
      case 10: {
        const outer = r.enter();
        while (r.pos < r.end) m.leaseID.push(r.int64());
        r.leave(outer);
        break;
      }
      case 16: {
        m.term = r.uint64Number();
        break;
      }
      default:
        r.other(tag, 'LeaseExpire', LeaseExpireFields);
    }
  }
}

export const LeaseExpire: Codec<LeaseExpire> = {
  typeName: 'conclave.LeaseExpire',
  create(fields) {
    const m = newLeaseExpire();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLeaseExpire(m);
  },
  write(m, out, at) {
    return writeLeaseExpire(m, out, at);
  },
  encode(m) {
    const size = sizeLeaseExpire(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLeaseExpire(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLeaseExpire();
    mergeLeaseExpire(r, m);
    return m;
  },
};
