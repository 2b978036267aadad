// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { checkEnd, sizeBigint, sizeNumber, writeBigint, writeNumber } from '../protobuf/writer.js';

/** `leasepb.Lease` */
export interface Lease {
  ID: bigint;
  TTL: number;
  remainingTTL: number;
  freshIndex: number;
}

const LeaseFields: FieldNames = new Map([
  [1, 'ID'],
  [2, 'TTL'],
  [3, 'RemainingTTL'],
  [1000, 'FreshIndex'],
]);

export function newLease(): Lease {
  return {
    ID: 0n,
    TTL: 0,
    remainingTTL: 0,
    freshIndex: 0,
  };
}

export function sizeLease(m: Lease): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.TTL !== 0) {
    n += 1 + sizeNumber(m.TTL);
  }
  if (m.remainingTTL !== 0) {
    n += 1 + sizeNumber(m.remainingTTL);
  }
  if (m.freshIndex !== 0) {
    n += 2 + sizeNumber(m.freshIndex);
  }
  return n;
}

export function writeLease(
  m: Lease,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  if (m.TTL !== 0) {
    out[at++] = 16;
    at = writeNumber(m.TTL, out, at);
  }
  if (m.remainingTTL !== 0) {
    out[at++] = 24;
    at = writeNumber(m.remainingTTL, out, at);
  }
  if (m.freshIndex !== 0) {
    out[at++] = 192;
    out[at++] = 62;
    at = writeNumber(m.freshIndex, out, at);
  }
  return at;
}

export function mergeLease(r: Reader, m: Lease): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.int64();
        break;
      }
      case 16: {
        m.TTL = r.int64Number();
        break;
      }
      case 24: {
        m.remainingTTL = r.int64Number();
        break;
      }
      case 8000: {
        m.freshIndex = r.uint64Number();
        break;
      }
      default:
        r.other(tag, 'Lease', LeaseFields);
    }
  }
}

export const Lease: Codec<Lease> = {
  typeName: 'leasepb.Lease',
  create(fields) {
    const m = newLease();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeLease(m);
  },
  write(m, out, at) {
    return writeLease(m, out, at);
  },
  encode(m) {
    const size = sizeLease(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeLease(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newLease();
    mergeLease(r, m);
    return m;
  },
};
