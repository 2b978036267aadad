/** Requests of the workload, encoded, with plain arguments. */
import { encodeUtf8 } from '@conclave/base';
import {
  Compare,
  CompareResult,
  CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '@conclave/wire';

export const Method = {
  RANGE: '/etcdserverpb.KV/Range',
  RANGE_STREAM: '/etcdserverpb.KV/RangeStream',
  PUT: '/etcdserverpb.KV/Put',
  DELETE: '/etcdserverpb.KV/DeleteRange',
  TXN: '/etcdserverpb.KV/Txn',
  COMPACT: '/etcdserverpb.KV/Compact',
  GRANT: '/etcdserverpb.Lease/LeaseGrant',
  REVOKE: '/etcdserverpb.Lease/LeaseRevoke',
  KEEP_ALIVE: '/etcdserverpb.Lease/LeaseKeepAlive',
  TIME_TO_LIVE: '/etcdserverpb.Lease/LeaseTimeToLive',
  WATCH: '/etcdserverpb.Watch/Watch',
  MEMBER_LIST: '/etcdserverpb.Cluster/MemberList',
  MEMBER_ADD: '/etcdserverpb.Cluster/MemberAdd',
  MEMBER_REMOVE: '/etcdserverpb.Cluster/MemberRemove',
  MEMBER_UPDATE: '/etcdserverpb.Cluster/MemberUpdate',
  MEMBER_PROMOTE: '/etcdserverpb.Cluster/MemberPromote',
  MOVE_LEADER: '/etcdserverpb.Maintenance/MoveLeader',
  STATUS: '/etcdserverpb.Maintenance/Status',
  HASH_KV: '/etcdserverpb.Maintenance/HashKV',
  LOCK: '/v3lockpb.Lock/Lock',
  UNLOCK: '/v3lockpb.Lock/Unlock',
} as const;

const NONE = new Uint8Array(0);

/** End of the keys that begin with `prefix`, whose last character is no 0xff. */
export function prefixEnd(prefix: string): Uint8Array {
  const bytes = encodeUtf8(prefix);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) + 1;
  return bytes;
}

export function getRequest(key: string, options: Partial<RangeRequest> = {}): RangeRequest {
  return RangeRequest.create({ key: encodeUtf8(key), ...options });
}

export function listRequest(prefix: string, options: Partial<RangeRequest> = {}): RangeRequest {
  return getRequest(prefix, { rangeEnd: prefixEnd(prefix), ...options });
}

export function putRequest(key: string, value: string, lease = 0n): PutRequest {
  return PutRequest.create({ key: encodeUtf8(key), value: encodeUtf8(value), lease });
}

export function deleteRequest(key: string): DeleteRangeRequest {
  return DeleteRangeRequest.create({ key: encodeUtf8(key), rangeEnd: NONE });
}

export function putOp(key: string, value: string): RequestOp {
  return RequestOp.create({ request: { $case: 'requestPut', requestPut: putRequest(key, value) } });
}

export function getOp(key: string): RequestOp {
  return RequestOp.create({
    request: { $case: 'requestRange', requestRange: getRequest(key) },
  });
}

export function deleteOp(key: string): RequestOp {
  return RequestOp.create({
    request: { $case: 'requestDeleteRange', requestDeleteRange: deleteRequest(key) },
  });
}

/** Puts `value` if `expected` is there (null: nothing is), else reads. */
export function casByValue(key: string, expected: string | null, value: string): TxnRequest {
  const compare =
    expected === null
      ? { target: CompareTarget.VERSION, targetUnion: { $case: 'version', version: 0 } as const }
      : {
          target: CompareTarget.VALUE,
          targetUnion: { $case: 'value', value: encodeUtf8(expected) } as const,
        };
  return TxnRequest.create({
    compare: [Compare.create({ result: CompareResult.EQUAL, key: encodeUtf8(key), ...compare })],
    success: [putOp(key, value)],
    failure: [getOp(key)],
  });
}

/** Puts all values if each key was last changed at its `modRevision`, else reads the keys. Reads `also`. */
export function putAllUnchanged(
  puts: readonly { readonly key: string; readonly modRevision: number; readonly value: string }[],
  also: readonly string[],
): TxnRequest {
  return TxnRequest.create({
    compare: puts.map(({ key, modRevision }) =>
      Compare.create({
        result: CompareResult.EQUAL,
        target: CompareTarget.MOD,
        key: encodeUtf8(key),
        targetUnion: { $case: 'modRevision', modRevision },
      }),
    ),
    success: [...also.map(getOp), ...puts.map(({ key, value }) => putOp(key, value))],
    failure: [...also, ...puts.map((put) => put.key)].map(getOp),
  });
}

/** Puts `value` if the key was last changed at `modRevision`, else reads. */
export function casByRevision(key: string, modRevision: number, value: string): TxnRequest {
  const compare = Compare.create({
    result: CompareResult.EQUAL,
    target: CompareTarget.MOD,
    key: encodeUtf8(key),
    targetUnion: { $case: 'modRevision', modRevision },
  });
  return TxnRequest.create({
    compare: [compare],
    success: [putOp(key, value)],
    failure: [getOp(key)],
  });
}
