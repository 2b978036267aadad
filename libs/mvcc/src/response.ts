/**
 * Bodies of answers, put together from stored records without decoding them.
 *
 * A body is the response message without its header, which the `api` room writes in front: fields
 * may come in any order, but etcd writes the header first. Inside a transaction the header belongs to
 * the body and carries only a revision (spec 2.1). `revision` 0 below means: no header.
 */
import { EMPTY_BYTES, assert } from '@conclave/base';
import type { Slab } from './slab.js';
import { varintSize, writeVarint } from './varint.js';

const HEADER = 0x0a;
const HEADER_REVISION = 0x18;
const RANGE_KVS = 0x12;
const RANGE_MORE = 0x18;
const RANGE_COUNT = 0x20;
const PUT_PREV_KV = 0x12;
const DELETE_DELETED = 0x10;
const DELETE_PREV_KVS = 0x1a;
const TXN_SUCCEEDED = 0x10;
const TXN_RESPONSES = 0x1a;

/** Field numbers of `ResponseOp.response`. */
export const ResponseField = { range: 1, put: 2, deleteRange: 3, txn: 4 } as const;
export type ResponseField = (typeof ResponseField)[keyof typeof ResponseField];

const headerSize = (revision: number): number => (revision === 0 ? 0 : 3 + varintSize(revision));

function writeHeader(out: Uint8Array, at: number, revision: number): number {
  if (revision === 0) return at;
  out[at] = HEADER;
  out[at + 1] = 1 + varintSize(revision);
  out[at + 2] = HEADER_REVISION;
  return writeVarint(out, at + 3, revision);
}

const bytesSize = (length: number): number => 1 + varintSize(length) + length;

function writeBytes(out: Uint8Array, at: number, tag: number, bytes: Uint8Array): number {
  out[at] = tag;
  const start = writeVarint(out, at + 1, bytes.length);
  out.set(bytes, start);
  return start + bytes.length;
}

/** RangeResponse: kvs, more, count. Cut from `slab`. */
export function rangeBody(
  slab: Slab,
  revision: number,
  kvs: readonly Uint8Array[],
  more: boolean,
  count: number,
): Uint8Array {
  let size = headerSize(revision) + (more ? 2 : 0) + (count > 0 ? 1 + varintSize(count) : 0);
  for (let i = 0; i < kvs.length; i++) size += bytesSize((kvs[i] as Uint8Array).length);
  if (size === 0) return EMPTY_BYTES;
  const out = slab.allocate(size);
  let at = writeHeader(out, 0, revision);
  for (let i = 0; i < kvs.length; i++) at = writeBytes(out, at, RANGE_KVS, kvs[i] as Uint8Array);
  if (more) {
    out[at++] = RANGE_MORE;
    out[at++] = 1;
  }
  if (count > 0) {
    out[at++] = RANGE_COUNT;
    at = writeVarint(out, at, count);
  }
  assert(at === size, 'rangeBody: as large as measured');
  return out;
}

/** PutResponse: prev_kv if there is one. */
export function putBody(revision: number, previous: Uint8Array | null): Uint8Array {
  const size = headerSize(revision) + (previous === null ? 0 : bytesSize(previous.length));
  if (size === 0) return EMPTY_BYTES;
  const out = new Uint8Array(size);
  const at = writeHeader(out, 0, revision);
  if (previous !== null) writeBytes(out, at, PUT_PREV_KV, previous);
  return out;
}

/** DeleteRangeResponse: deleted, prev_kvs. */
export function deleteBody(
  revision: number,
  deleted: number,
  previous: readonly Uint8Array[],
): Uint8Array {
  let size = headerSize(revision) + (deleted > 0 ? 1 + varintSize(deleted) : 0);
  for (let i = 0; i < previous.length; i++) size += bytesSize((previous[i] as Uint8Array).length);
  if (size === 0) return EMPTY_BYTES;
  const out = new Uint8Array(size);
  let at = writeHeader(out, 0, revision);
  if (deleted > 0) {
    out[at++] = DELETE_DELETED;
    at = writeVarint(out, at, deleted);
  }
  for (let i = 0; i < previous.length; i++) {
    at = writeBytes(out, at, DELETE_PREV_KVS, previous[i] as Uint8Array);
  }
  return out;
}

/** One ResponseOp. */
export function responseOp(field: ResponseField, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytesSize(body.length));
  writeBytes(out, 0, (field << 3) | 2, body);
  return out;
}

/** TxnResponse: succeeded, responses. A nested one has a header that is there and empty. */
export function txnBody(
  nested: boolean,
  succeeded: boolean,
  responses: readonly Uint8Array[],
): Uint8Array {
  let size = (nested ? 2 : 0) + (succeeded ? 2 : 0);
  for (let i = 0; i < responses.length; i++) size += bytesSize((responses[i] as Uint8Array).length);
  if (size === 0) return EMPTY_BYTES;
  const out = new Uint8Array(size);
  let at = 0;
  if (nested) {
    out[at++] = HEADER;
    out[at++] = 0;
  }
  if (succeeded) {
    out[at++] = TXN_SUCCEEDED;
    out[at++] = 1;
  }
  for (let i = 0; i < responses.length; i++) {
    at = writeBytes(out, at, TXN_RESPONSES, responses[i] as Uint8Array);
  }
  return out;
}
