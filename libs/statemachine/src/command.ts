/**
 * What an entry asks for: the InternalRaftRequest fields this room applies, decoded.
 *
 * A field that is not listed is `unknown` and answered so; bytes of a listed field that do not decode
 * throw `DecodeError`, which stops the process: whoever proposed them had decoded them before.
 */
import type { WriteRequest } from '@conclave/mvcc';
import {
  AlarmRequest,
  ClusterMemberAttrSetRequest,
  ClusterVersionSetRequest,
  CompactionRequest,
  DeleteRangeRequest,
  FeatureSet,
  LeaseCheckpointRequest,
  LeaseExpire,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  MemberUpdate,
  PutRequest,
  RequestField,
  type RequestOp,
  SessionClose,
  SessionOpen,
  TxnRequest,
} from '@conclave/wire';

export type Command =
  | { readonly type: 'write'; readonly write: WriteRequest; readonly puts: boolean }
  | { readonly type: 'compaction'; readonly request: CompactionRequest }
  | { readonly type: 'lease-grant'; readonly request: LeaseGrantRequest }
  | { readonly type: 'lease-revoke'; readonly request: LeaseRevokeRequest }
  | { readonly type: 'lease-expire'; readonly request: LeaseExpire }
  | { readonly type: 'lease-checkpoint'; readonly request: LeaseCheckpointRequest }
  | { readonly type: 'alarm'; readonly request: AlarmRequest }
  | { readonly type: 'cluster-version'; readonly request: ClusterVersionSetRequest }
  | { readonly type: 'publish'; readonly request: ClusterMemberAttrSetRequest }
  | { readonly type: 'member-update'; readonly request: MemberUpdate }
  | { readonly type: 'session-open'; readonly request: SessionOpen }
  | { readonly type: 'session-close'; readonly request: SessionClose }
  | { readonly type: 'feature'; readonly request: FeatureSet }
  | { readonly type: 'unknown' };

/** What a request is called in `etcd_server_apply_duration_seconds`: etcd's names, and ours in their way. */
const OPERATIONS: ReadonlyMap<number, string> = new Map([
  [RequestField.PUT, 'Put'],
  [RequestField.DELETE_RANGE, 'DeleteRange'],
  [RequestField.TXN, 'Txn'],
  [RequestField.COMPACTION, 'Compaction'],
  [RequestField.LEASE_GRANT, 'LeaseGrant'],
  [RequestField.LEASE_REVOKE, 'LeaseRevoke'],
  [RequestField.LEASE_EXPIRE, 'LeaseExpire'],
  [RequestField.LEASE_CHECKPOINT, 'LeaseCheckpoint'],
  [RequestField.ALARM, 'Alarm'],
  [RequestField.CLUSTER_VERSION_SET, 'ClusterVersionSet'],
  [RequestField.CLUSTER_MEMBER_ATTR_SET, 'ClusterMemberAttrSet'],
  [RequestField.SESSION_OPEN, 'SessionOpen'],
  [RequestField.SESSION_CLOSE, 'SessionClose'],
  [RequestField.FEATURE_SET, 'FeatureSet'],
  [RequestField.MEMBER_UPDATE, 'MemberUpdate'],
]);

export function operationOf(field: number): string {
  return OPERATIONS.get(field) ?? 'Unknown';
}

const UNKNOWN: Command = Object.freeze({ type: 'unknown' });

/** Throws DecodeError. */
export function decodeCommand(field: number, body: Uint8Array): Command {
  switch (field) {
    case RequestField.PUT:
      return write({ type: 'put', request: PutRequest.decode(body) }, true);
    case RequestField.DELETE_RANGE:
      return write({ type: 'delete-range', request: DeleteRangeRequest.decode(body) }, false);
    case RequestField.TXN: {
      const request = TxnRequest.decode(body);
      return write({ type: 'txn', request }, putsSomething(request));
    }
    case RequestField.COMPACTION:
      return { type: 'compaction', request: CompactionRequest.decode(body) };
    case RequestField.LEASE_GRANT:
      return { type: 'lease-grant', request: LeaseGrantRequest.decode(body) };
    case RequestField.LEASE_REVOKE:
      return { type: 'lease-revoke', request: LeaseRevokeRequest.decode(body) };
    case RequestField.LEASE_CHECKPOINT:
      return { type: 'lease-checkpoint', request: LeaseCheckpointRequest.decode(body) };
    case RequestField.ALARM:
      return { type: 'alarm', request: AlarmRequest.decode(body) };
    case RequestField.CLUSTER_VERSION_SET:
      return { type: 'cluster-version', request: ClusterVersionSetRequest.decode(body) };
    case RequestField.CLUSTER_MEMBER_ATTR_SET:
      return { type: 'publish', request: ClusterMemberAttrSetRequest.decode(body) };
    default:
      return decodeOwnCommand(field, body);
  }
}

function decodeOwnCommand(field: number, body: Uint8Array): Command {
  switch (field) {
    case RequestField.SESSION_OPEN:
      return { type: 'session-open', request: SessionOpen.decode(body) };
    case RequestField.SESSION_CLOSE:
      return { type: 'session-close', request: SessionClose.decode(body) };
    case RequestField.FEATURE_SET:
      return { type: 'feature', request: FeatureSet.decode(body) };
    case RequestField.LEASE_EXPIRE:
      return { type: 'lease-expire', request: LeaseExpire.decode(body) };
    case RequestField.MEMBER_UPDATE:
      return { type: 'member-update', request: MemberUpdate.decode(body) };
    default:
      return UNKNOWN;
  }
}

function write(request: WriteRequest, puts: boolean): Command {
  return { type: 'write', write: request, puts };
}

/** Whether a transaction could put anything, in either branch, nested ones included. */
function putsSomething(txn: TxnRequest): boolean {
  return txn.success.some(putsIn) || txn.failure.some(putsIn);
}

function putsIn(op: RequestOp): boolean {
  const request = op.request;
  if (request === null) return false;
  if (request.$case === 'requestPut') return true;
  return request.$case === 'requestTxn' && putsSomething(request.requestTxn);
}
