// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { Sizes, checkEnd, sizeBigint, sizeBytes, sizeInt32, sizeNumber, sizeUint32, writeBigint, writeBytes, writeInt32, writeNumber, writeUint32 } from '../protobuf/writer.js';

/** `mvccpb.Event.EventType`. Unknown values are kept, hence any number. */
export const EventType = {
  PUT: 0,
  DELETE: 1,
} as const;
export type EventType = number;

/** `mvccpb.KeyValue` */
export interface KeyValue {
  key: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Uint8Array;
  lease: bigint;
}

const KeyValueFields: FieldNames = new Map([
  [1, 'Key'],
  [2, 'CreateRevision'],
  [3, 'ModRevision'],
  [4, 'Version'],
  [5, 'Value'],
  [6, 'Lease'],
]);

export function newKeyValue(): KeyValue {
  return {
    key: EMPTY_BYTES,
    createRevision: 0,
    modRevision: 0,
    version: 0,
    value: EMPTY_BYTES,
    lease: 0n,
  };
}

export function sizeKeyValue(m: KeyValue): number {
  let n = 0;
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  if (m.createRevision !== 0) {
    n += 1 + sizeNumber(m.createRevision);
  }
  if (m.modRevision !== 0) {
    n += 1 + sizeNumber(m.modRevision);
  }
  if (m.version !== 0) {
    n += 1 + sizeNumber(m.version);
  }
  if (m.value.length !== 0) {
    n += 1 + sizeBytes(m.value);
  }
  if (m.lease !== 0n) {
    n += 1 + sizeBigint(m.lease);
  }
  return n;
}

export function writeKeyValue(
  m: KeyValue,
  out: Uint8Array,
  at: number,
): number {
  if (m.key.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.key, out, at);
  }
  if (m.createRevision !== 0) {
    out[at++] = 16;
    at = writeNumber(m.createRevision, out, at);
  }
  if (m.modRevision !== 0) {
    out[at++] = 24;
    at = writeNumber(m.modRevision, out, at);
  }
  if (m.version !== 0) {
    out[at++] = 32;
    at = writeNumber(m.version, out, at);
  }
  if (m.value.length !== 0) {
    out[at++] = 42;
    at = writeBytes(m.value, out, at);
  }
  if (m.lease !== 0n) {
    out[at++] = 48;
    at = writeBigint(m.lease, out, at);
  }
  return at;
}

export function mergeKeyValue(r: Reader, m: KeyValue): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.key = r.view();
        break;
      }
      case 16: {
        m.createRevision = r.int64Number();
        break;
      }
      case 24: {
        m.modRevision = r.int64Number();
        break;
      }
      case 32: {
        m.version = r.int64Number();
        break;
      }
      case 42: {
        m.value = r.view();
        break;
      }
      case 48: {
        m.lease = r.int64();
        break;
      }
      default:
        r.other(tag, 'KeyValue', KeyValueFields);
    }
  }
}

export const KeyValue: Codec<KeyValue> = {
  typeName: 'mvccpb.KeyValue',
  create(fields) {
    const m = newKeyValue();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeKeyValue(m);
  },
  write(m, out, at) {
    return writeKeyValue(m, out, at);
  },
  encode(m) {
    const size = sizeKeyValue(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeKeyValue(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newKeyValue();
    mergeKeyValue(r, m);
    return m;
  },
};

/** `mvccpb.Event` */
export interface Event {
  type: EventType;
  kv: KeyValue | null;
  prevKv: KeyValue | null;
}

const EventFields: FieldNames = new Map([
  [1, 'Type'],
  [2, 'Kv'],
  [3, 'PrevKv'],
]);

export function newEvent(): Event {
  return {
    type: 0,
    kv: null,
    prevKv: null,
  };
}

export function sizeEvent(m: Event, sizes: Sizes): number {
  let n = 0;
  if (m.type !== 0) {
    n += 1 + sizeInt32(m.type);
  }
  if (m.kv !== null) {
    const size = sizeKeyValue(m.kv);
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

export function writeEvent(
  m: Event,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.type !== 0) {
    out[at++] = 8;
    at = writeInt32(m.type, out, at);
  }
  if (m.kv !== null) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writeKeyValue(m.kv, out, at);
  }
  if (m.prevKv !== null) {
    out[at++] = 26;
    at = writeUint32(sizes.next(), out, at);
    at = writeKeyValue(m.prevKv, out, at);
  }
  return at;
}

export function mergeEvent(r: Reader, m: Event): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.type = r.int32();
        break;
      }
      case 18: {
        const v = (m.kv ??= newKeyValue());
        const outer = r.enter();
        mergeKeyValue(r, v);
        r.leave(outer);
        break;
      }
      case 26: {
        const v = (m.prevKv ??= newKeyValue());
        const outer = r.enter();
        mergeKeyValue(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'Event', EventFields);
    }
  }
}

export const Event: Codec<Event> = {
  typeName: 'mvccpb.Event',
  create(fields) {
    const m = newEvent();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeEvent(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeEvent(m, sizes);
    return writeEvent(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeEvent(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeEvent(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newEvent();
    mergeEvent(r, m);
    return m;
  },
};
