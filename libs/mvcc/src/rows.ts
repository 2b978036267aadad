/**
 * The rows of this room in the engine. The first byte of a key is the namespace:
 *
 *     'v' main(8 BE) '_' sub(8 BE) ['t']   a stored version: the encoded KeyValue; 't': a tombstone
 *     'i' main(8 BE)                       index row: the versions of one batch, `main` its last one
 *     'k' revision(8 BE) seq(4 BE)         index rows as a compaction at `revision` left the keys
 *     'c' name                             meta: `format`, `scheduled` and `finished` compaction
 *
 * Behind the 'v' a version's key is byte for byte etcd's (spec 12.4), which HashKV needs. Versions
 * in 'i' and 'k' rows are packed: they hold all that the index keeps, so a start reads no values. A
 * packed row begins with a format number; then, for each version,
 *
 *     flags (1: tombstone, 2: lease)  main  sub  key length  key  [create  version]  [lease, 8 BE]
 *
 * with numbers in base 128, and create and version only if it is no tombstone.
 */
import {
  type ByteString,
  type EngineOp,
  type Revision,
  assert,
  encodeUtf8,
  toByteString,
} from '@conclave/base';
import { VarintReader, writeVarint } from './varint.js';

export const FORMAT = 1;

export type EnginePut = Extract<EngineOp, { type: 'put' }>;

const VALUES = 0x76;
const INDEX = 0x69;
const KEYS = 0x6b;
const UNDERSCORE = 0x5f;
const TOMBSTONE_MARK = 0x74;

function writeU64(out: Uint8Array, at: number, n: number): void {
  const high = Math.floor(n / 0x1_0000_0000);
  out[at] = high >>> 24;
  out[at + 1] = high >>> 16;
  out[at + 2] = high >>> 8;
  out[at + 3] = high;
  out[at + 4] = n >>> 24;
  out[at + 5] = n >>> 16;
  out[at + 6] = n >>> 8;
  out[at + 7] = n;
}

function readU64(bytes: Uint8Array, at: number): number {
  let n = 0;
  for (let i = 0; i < 8; i++) n = n * 256 + (bytes[at + i] as number);
  return n;
}

/** The row key of a version. */
export function versionRow(main: Revision, sub: number, tombstone: boolean): Uint8Array {
  const out = new Uint8Array(tombstone ? 19 : 18);
  out[0] = VALUES;
  writeU64(out, 1, main);
  out[9] = UNDERSCORE;
  writeU64(out, 10, sub);
  if (tombstone) out[18] = TOMBSTONE_MARK;
  return out;
}

/** The first possible row key of a revision's versions. */
export function versionRowsFrom(main: Revision): Uint8Array {
  const out = new Uint8Array(9);
  out[0] = VALUES;
  writeU64(out, 1, main);
  return out;
}

/** The first possible row key behind `row`. */
export function rowAfter(row: Uint8Array): Uint8Array {
  const out = new Uint8Array(row.length + 1);
  out.set(row);
  return out;
}

export function rowIsVersion(row: Uint8Array): boolean {
  return row[0] === VALUES && row.length >= 18;
}

export function rowMain(row: Uint8Array): Revision {
  assert(row[0] === VALUES && row.length >= 18, 'a version row');
  return readU64(row, 1);
}

export function rowSub(row: Uint8Array): number {
  return readU64(row, 10);
}

export function rowIsTombstone(row: Uint8Array): boolean {
  return row.length === 19;
}

export function indexRow(main: Revision): Uint8Array {
  const out = new Uint8Array(9);
  out[0] = INDEX;
  writeU64(out, 1, main);
  return out;
}

export function indexRowMain(row: Uint8Array): Revision {
  return readU64(row, 1);
}

export function keysRow(revision: Revision, seq: number): Uint8Array {
  const out = new Uint8Array(13);
  out[0] = KEYS;
  writeU64(out, 1, revision);
  out[9] = seq >>> 24;
  out[10] = seq >>> 16;
  out[11] = seq >>> 8;
  out[12] = seq;
  return out;
}

export function metaRow(name: 'format' | 'scheduled' | 'finished'): Uint8Array {
  return encodeUtf8('c' + name);
}

/** A revision as a meta row's value. */
export function encodeNumber(n: number): Uint8Array {
  const out = new Uint8Array(8);
  writeU64(out, 0, n);
  return out;
}

/** NaN if it is not a number that `encodeNumber` wrote. */
export function decodeNumber(bytes: Uint8Array): number {
  const n = bytes.length === 8 ? readU64(bytes, 0) : Number.NaN;
  return n <= Number.MAX_SAFE_INTEGER ? n : Number.NaN;
}

const HAS_TOMBSTONE = 1;
const HAS_LEASE = 2;

/** Packs versions into one row, in a buffer that grows. */
export class VersionPacker {
  #bytes = new Uint8Array(256);
  #at = 1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get byteLength(): number {
    return this.#at;
  }

  add(
    key: ByteString,
    main: Revision,
    sub: number,
    create: Revision,
    version: number,
    lease: bigint,
    tombstone: boolean,
  ): void {
    const length = key.length;
    this.#reserve(1 + 5 * 8 + 8 + length);
    const out = this.#bytes;
    let at = this.#at;
    out[at++] = (tombstone ? HAS_TOMBSTONE : 0) | (lease !== 0n ? HAS_LEASE : 0);
    at = writeVarint(out, at, main);
    at = writeVarint(out, at, sub);
    at = writeVarint(out, at, length);
    for (let i = 0; i < length; i++) out[at + i] = key.charCodeAt(i);
    at += length;
    if (!tombstone) {
      at = writeVarint(out, at, create);
      at = writeVarint(out, at, version);
    }
    if (lease !== 0n) {
      let rest = BigInt.asUintN(64, lease);
      for (let i = 7; i >= 0; i--, rest >>= 8n) out[at + i] = Number(rest & 255n);
      at += 8;
    }
    this.#at = at;
    this.#count++;
  }

  /** The row packed so far, as a new array; the packer is empty again. */
  take(): Uint8Array {
    this.#bytes[0] = FORMAT;
    const row = this.#bytes.slice(0, this.#at);
    this.#at = 1;
    this.#count = 0;
    if (this.#bytes.length > 1 << 20) this.#bytes = new Uint8Array(256);
    return row;
  }

  clear(): void {
    this.#at = 1;
    this.#count = 0;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

/** Takes a version apart, so that reading many of them makes no object for each. */
export type VersionVisitor = (
  key: ByteString,
  main: Revision,
  sub: number,
  create: Revision,
  version: number,
  lease: bigint,
  tombstone: boolean,
) => void;

/** Calls `visit` for each version of a packed row; null, or what is wrong with the row. */
export function unpackVersions(row: Uint8Array, visit: VersionVisitor): string | null {
  if (row[0] !== FORMAT) return `index row: unknown format ${row[0] ?? 'none'}`;
  const reader = new VarintReader(row, 1);
  while (!reader.done) {
    const flags = row[reader.at++] as number;
    if (flags > (HAS_TOMBSTONE | HAS_LEASE)) return 'index row: unknown flags';
    const tombstone = (flags & HAS_TOMBSTONE) !== 0;
    const main = reader.next();
    const sub = reader.next();
    const length = reader.next();
    if (!(reader.at + length <= row.length)) return 'index row: ends inside a key';
    const key = toByteString(row, reader.at, reader.at + length);
    reader.at += length;
    const create = tombstone ? 0 : reader.next();
    const version = tombstone ? 0 : reader.next();
    let lease = 0n;
    if ((flags & HAS_LEASE) !== 0) {
      if (reader.at + 8 > row.length) return 'index row: ends inside a lease';
      for (let i = 0; i < 8; i++) lease = (lease << 8n) | BigInt(row[reader.at++] as number);
      lease = BigInt.asIntN(64, lease);
    }
    if (!(main + sub + create + version >= 0)) return 'index row: a bad number';
    visit(key, main, sub, create, version, lease, tombstone);
  }
  return null;
}
