/**
 * Stored records: one version of a key as an encoded `mvccpb.KeyValue` (spec 1.2), byte for byte what
 * etcd stores, sends and hashes. Fields in order, zero fields left out; a tombstone holds the key only.
 *
 * A record is put into an answer as it is, so a read never encodes anything.
 */
import { type ByteString, EMPTY_BYTES, assert } from '@conclave/base';
import type { Slab } from './slab.js';
import { idSize, varintSize, writeId, writeVarint } from './varint.js';

const KEY = 0x0a;
const CREATE = 0x10;
const MOD = 0x18;
const VERSION = 0x20;
const VALUE = 0x2a;
const LEASE = 0x30;

function copy(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const n = bytes.length;
  if (n > 48) out.set(bytes, at);
  else for (let i = 0; i < n; i++) out[at + i] = bytes[i] as number;
  return at + n;
}

/** The record of a put, cut from `slab`. Create, mod and version are all >= 1. */
export function encodeRecord(
  slab: Slab,
  key: Uint8Array,
  create: number,
  mod: number,
  version: number,
  value: Uint8Array,
  lease: bigint,
): Uint8Array {
  const keyLength = key.length;
  const valueLength = value.length;
  let size = 4 + varintSize(keyLength) + keyLength;
  size += varintSize(create) + varintSize(mod) + varintSize(version);
  if (valueLength > 0) size += 1 + varintSize(valueLength) + valueLength;
  if (lease !== 0n) size += 1 + idSize(lease);
  const out = slab.allocate(size);
  out[0] = KEY;
  let at = copy(out, writeVarint(out, 1, keyLength), key);
  out[at] = CREATE;
  at = writeVarint(out, at + 1, create);
  out[at] = MOD;
  at = writeVarint(out, at + 1, mod);
  out[at] = VERSION;
  at = writeVarint(out, at + 1, version);
  if (valueLength > 0) {
    out[at] = VALUE;
    at = copy(out, writeVarint(out, at + 1, valueLength), value);
  }
  if (lease !== 0n) {
    out[at] = LEASE;
    at = writeId(out, at + 1, lease);
  }
  assert(at === size, 'encodeRecord: as large as measured');
  return out;
}

/** The record of a tombstone: only the key. */
export function encodeTombstone(key: ByteString): Uint8Array {
  const { length } = key;
  const out = new Uint8Array(1 + varintSize(length) + length);
  out[0] = KEY;
  const at = writeVarint(out, 1, length);
  for (let i = 0; i < length; i++) out[at + i] = key.charCodeAt(i);
  return out;
}

/** The KeyValue of a delete event: the tombstone's record and the revision of the deletion. */
export function encodeDeleted(tombstone: Uint8Array, mod: number): Uint8Array {
  const out = new Uint8Array(tombstone.length + 1 + varintSize(mod));
  out.set(tombstone, 0);
  out[tombstone.length] = MOD;
  writeVarint(out, tombstone.length + 1, mod);
  return out;
}

/** What `keys_only` answers for a put: the record without its value, from the index alone. */
export function encodeKeyOnly(
  slab: Slab,
  key: Uint8Array,
  create: number,
  mod: number,
  version: number,
  lease: bigint,
): Uint8Array {
  return encodeRecord(slab, key, create, mod, version, EMPTY_BYTES, lease);
}

/** The length and the place behind a length prefix at `at`. */
function lengthAt(record: Uint8Array, at: number): { length: number; at: number } {
  let length = 0;
  let unit = 1;
  for (;;) {
    const b = record[at++] as number;
    length += (b & 127) * unit;
    if (b < 128) return { length, at };
    unit *= 128;
  }
}

/** The key inside a record, as a view. */
export function recordKey(record: Uint8Array): Uint8Array {
  assert(record[0] === KEY, 'a record begins with its key');
  const head = lengthAt(record, 1);
  return record.subarray(head.at, head.at + head.length);
}

/** The value inside a record, as a view; empty if there is none. */
export function recordValue(record: Uint8Array): Uint8Array {
  assert(record[0] === KEY, 'a record begins with its key');
  const head = lengthAt(record, 1);
  let at = head.at + head.length;
  while (at < record.length) {
    const tag = record[at++] as number;
    if (tag === VALUE) {
      const value = lengthAt(record, at);
      return record.subarray(value.at, value.at + value.length);
    }
    while ((record[at++] as number) >= 128);
  }
  return EMPTY_BYTES;
}
