import { EMPTY_BYTES } from '@conclave/base';
import {
  type RequestHeader,
  mergeRequestHeader,
  newRequestHeader,
  sizeRequestHeader,
  writeRequestHeader,
} from './generated/raft-internal.js';
import { allocate } from './protobuf/allocate.js';
import { failDecode } from './protobuf/decode-error.js';
import { Reader } from './protobuf/reader.js';
import { sizeUint32, writeUint32 } from './protobuf/writer.js';

/**
 * `InternalRaftRequest` on the hot path: a log entry's payload is the client's own request bytes
 * behind a header, so nothing is encoded twice and decoding stops at the field that is asked for.
 *
 *     field 100 (header) | field n (request, unchanged bytes)
 *
 * Any protobuf decoder of the whole `InternalRaftRequest` reads the same message.
 */

/** Field numbers of the requests within `InternalRaftRequest`. From 20000 on: our own. */
export const RequestField = {
  RANGE: 3,
  PUT: 4,
  DELETE_RANGE: 5,
  TXN: 6,
  COMPACTION: 7,
  LEASE_GRANT: 8,
  LEASE_REVOKE: 9,
  ALARM: 10,
  LEASE_CHECKPOINT: 11,
  AUTH_ENABLE: 1000,
  AUTH_DISABLE: 1011,
  AUTHENTICATE: 1012,
  AUTH_STATUS: 1013,
  AUTH_USER_ADD: 1100,
  AUTH_USER_DELETE: 1101,
  AUTH_USER_GET: 1102,
  AUTH_USER_CHANGE_PASSWORD: 1103,
  AUTH_USER_GRANT_ROLE: 1104,
  AUTH_USER_REVOKE_ROLE: 1105,
  AUTH_USER_LIST: 1106,
  AUTH_ROLE_LIST: 1107,
  AUTH_ROLE_ADD: 1200,
  AUTH_ROLE_DELETE: 1201,
  AUTH_ROLE_GET: 1202,
  AUTH_ROLE_GRANT_PERMISSION: 1203,
  AUTH_ROLE_REVOKE_PERMISSION: 1204,
  CLUSTER_VERSION_SET: 1300,
  CLUSTER_MEMBER_ATTR_SET: 1301,
  DOWNGRADE_INFO_SET: 1302,
  DOWNGRADE_VERSION_TEST: 9900,
  SESSION_OPEN: 20000,
  SESSION_CLOSE: 20001,
  FEATURE_SET: 20002,
  LEASE_EXPIRE: 20003,
  MEMBER_UPDATE: 20004,
} as const;

const HEADER_FIELD = 100;
const HEADER_TAG = HEADER_FIELD * 8 + 2;
const ID_FIELD = 1;
/** Field 2 held requests of the v2 API, which never ride in our log. */
const RESERVED_FIELD = 2;
/** protobuf's largest field number. */
const FIELD_MAX = 0x1fff_ffff;

/** `field` is 0 when the entry holds no request. */
export interface InternalRequestView {
  /** Never null: proto3's defaults when the entry has none. */
  readonly header: RequestHeader;
  readonly field: number;
  /** The request's own bytes: a view of the input. */
  readonly body: Uint8Array;
}

/** The entry's data: header and request bytes in one new array. */
export function encodeInternalRaftRequest(
  header: RequestHeader,
  field: number,
  body: Uint8Array,
): Uint8Array {
  const head = sizeRequestHeader(header);
  const tag = field * 8 + 2;
  const n = body.length;
  const out = allocate(2 + sizeUint32(head) + head + sizeUint32(tag) + sizeUint32(n) + n);
  let at = writeUint32(HEADER_TAG, out, 0);
  at = writeUint32(head, out, at);
  at = writeRequestHeader(header, out, at);
  at = writeUint32(tag, out, at);
  at = writeUint32(n, out, at);
  out.set(body, at);
  return out;
}

/**
 * The header, and the one request as bytes. A request given in two pieces (which protobuf would
 * merge) is refused, and so are two requests: nobody writes such an entry. Throws `DecodeError`.
 */
export function decodeInternalRaftRequest(bytes: Uint8Array): InternalRequestView {
  const r = new Reader(bytes, 0, bytes.length);
  const header = newRequestHeader();
  let field = 0;
  let body: Uint8Array = EMPTY_BYTES;
  while (r.pos < r.end) {
    const tag = r.tag();
    const type = tag & 7;
    const number = (tag - type) / 8;
    if (tag === HEADER_TAG) {
      const outer = r.enter();
      mergeRequestHeader(r, header);
      r.leave(outer);
    } else if (type === 2 && number > RESERVED_FIELD && number <= FIELD_MAX) {
      if (field !== 0) failDecode('internal raft request: more than one request');
      field = number;
      body = r.view();
    } else if (number === ID_FIELD && type === 0) r.skip(0);
    else failDecode(`internal raft request: unexpected field ${number} of wire type ${type}`);
  }
  return { header, field, body };
}
