// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import type { EnumShape, MessageShape } from '../protobuf/shape.js';
import {
  CampaignRequest,
  CampaignResponse,
  LeaderKey,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  ProclaimResponse,
  ResignRequest,
  ResignResponse,
} from './election.js';
import {
  AlarmAction,
  AlarmMember,
  AlarmRequest,
  AlarmResponse,
  AlarmType,
  AuthDisableRequest,
  AuthDisableResponse,
  AuthEnableRequest,
  AuthEnableResponse,
  AuthRoleAddRequest,
  AuthRoleAddResponse,
  AuthRoleDeleteRequest,
  AuthRoleDeleteResponse,
  AuthRoleGetRequest,
  AuthRoleGetResponse,
  AuthRoleGrantPermissionRequest,
  AuthRoleGrantPermissionResponse,
  AuthRoleListRequest,
  AuthRoleListResponse,
  AuthRoleRevokePermissionRequest,
  AuthRoleRevokePermissionResponse,
  AuthStatusRequest,
  AuthStatusResponse,
  AuthUserAddRequest,
  AuthUserAddResponse,
  AuthUserChangePasswordRequest,
  AuthUserChangePasswordResponse,
  AuthUserDeleteRequest,
  AuthUserDeleteResponse,
  AuthUserGetRequest,
  AuthUserGetResponse,
  AuthUserGrantRoleRequest,
  AuthUserGrantRoleResponse,
  AuthUserListRequest,
  AuthUserListResponse,
  AuthUserRevokeRoleRequest,
  AuthUserRevokeRoleResponse,
  AuthenticateRequest,
  AuthenticateResponse,
  CompactionRequest,
  CompactionResponse,
  Compare,
  CompareResult,
  CompareTarget,
  DefragmentRequest,
  DefragmentResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  DowngradeAction,
  DowngradeInfo,
  DowngradeRequest,
  DowngradeResponse,
  FilterType,
  HashKVRequest,
  HashKVResponse,
  HashRequest,
  HashResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseStatus,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  Member,
  MemberAddRequest,
  MemberAddResponse,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberPromoteResponse,
  MemberRemoveRequest,
  MemberRemoveResponse,
  MemberUpdateRequest,
  MemberUpdateResponse,
  MoveLeaderRequest,
  MoveLeaderResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  ResponseHeader,
  ResponseOp,
  SnapshotRequest,
  SnapshotResponse,
  SortOrder,
  SortTarget,
  StatusRequest,
  StatusResponse,
  TxnRequest,
  TxnResponse,
  WatchCancelRequest,
  WatchCreateRequest,
  WatchProgressRequest,
  WatchRequest,
  WatchResponse,
} from './rpc.js';
import {
  Event,
  EventType,
  KeyValue,
} from './mvcc.js';
import {
  LockRequest,
  LockResponse,
  UnlockRequest,
  UnlockResponse,
} from './lock.js';
import {
  Permission,
  PermissionType,
  UserAddOptions,
} from './auth.js';

/** Messages of the JSON gateway. */
export const MESSAGE_SHAPES: readonly MessageShape[] = [
  {
    typeName: 'v3electionpb.CampaignRequest',
    create: () => CampaignRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'lease', jsonName: 'lease', property: 'lease', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'value', jsonName: 'value', property: 'value', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3electionpb.CampaignResponse',
    create: () => CampaignResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'leader', jsonName: 'leader', property: 'leader', kind: 'message', type: 'v3electionpb.LeaderKey', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.ResponseHeader',
    create: () => ResponseHeader.create(),
    fields: [
      { name: 'cluster_id', jsonName: 'clusterId', property: 'clusterId', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'member_id', jsonName: 'memberId', property: 'memberId', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'revision', jsonName: 'revision', property: 'revision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'raft_term', jsonName: 'raftTerm', property: 'raftTerm', kind: 'uint64', type: '', isRepeated: false, isNumber: true, oneof: null },
    ],
  },
  {
    typeName: 'v3electionpb.LeaderKey',
    create: () => LeaderKey.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'rev', jsonName: 'rev', property: 'rev', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'lease', jsonName: 'lease', property: 'lease', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3electionpb.ProclaimRequest',
    create: () => ProclaimRequest.create(),
    fields: [
      { name: 'leader', jsonName: 'leader', property: 'leader', kind: 'message', type: 'v3electionpb.LeaderKey', isRepeated: false, isNumber: false, oneof: null },
      { name: 'value', jsonName: 'value', property: 'value', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3electionpb.ProclaimResponse',
    create: () => ProclaimResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3electionpb.LeaderRequest',
    create: () => LeaderRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3electionpb.LeaderResponse',
    create: () => LeaderResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'kv', jsonName: 'kv', property: 'kv', kind: 'message', type: 'mvccpb.KeyValue', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'mvccpb.KeyValue',
    create: () => KeyValue.create(),
    fields: [
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'create_revision', jsonName: 'createRevision', property: 'createRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'mod_revision', jsonName: 'modRevision', property: 'modRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'version', jsonName: 'version', property: 'version', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'value', jsonName: 'value', property: 'value', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'lease', jsonName: 'lease', property: 'lease', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3electionpb.ResignRequest',
    create: () => ResignRequest.create(),
    fields: [
      { name: 'leader', jsonName: 'leader', property: 'leader', kind: 'message', type: 'v3electionpb.LeaderKey', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3electionpb.ResignResponse',
    create: () => ResignResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3lockpb.LockRequest',
    create: () => LockRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'lease', jsonName: 'lease', property: 'lease', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3lockpb.LockResponse',
    create: () => LockResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3lockpb.UnlockRequest',
    create: () => UnlockRequest.create(),
    fields: [
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'v3lockpb.UnlockResponse',
    create: () => UnlockResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.RangeRequest',
    create: () => RangeRequest.create(),
    fields: [
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'range_end', jsonName: 'rangeEnd', property: 'rangeEnd', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'limit', jsonName: 'limit', property: 'limit', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'revision', jsonName: 'revision', property: 'revision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'sort_order', jsonName: 'sortOrder', property: 'sortOrder', kind: 'enum', type: 'etcdserverpb.RangeRequest.SortOrder', isRepeated: false, isNumber: false, oneof: null },
      { name: 'sort_target', jsonName: 'sortTarget', property: 'sortTarget', kind: 'enum', type: 'etcdserverpb.RangeRequest.SortTarget', isRepeated: false, isNumber: false, oneof: null },
      { name: 'serializable', jsonName: 'serializable', property: 'serializable', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'keys_only', jsonName: 'keysOnly', property: 'keysOnly', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'count_only', jsonName: 'countOnly', property: 'countOnly', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'min_mod_revision', jsonName: 'minModRevision', property: 'minModRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'max_mod_revision', jsonName: 'maxModRevision', property: 'maxModRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'min_create_revision', jsonName: 'minCreateRevision', property: 'minCreateRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'max_create_revision', jsonName: 'maxCreateRevision', property: 'maxCreateRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.RangeResponse',
    create: () => RangeResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'kvs', jsonName: 'kvs', property: 'kvs', kind: 'message', type: 'mvccpb.KeyValue', isRepeated: true, isNumber: false, oneof: null },
      { name: 'more', jsonName: 'more', property: 'more', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'count', jsonName: 'count', property: 'count', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.PutRequest',
    create: () => PutRequest.create(),
    fields: [
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'value', jsonName: 'value', property: 'value', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'lease', jsonName: 'lease', property: 'lease', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'prev_kv', jsonName: 'prevKv', property: 'prevKv', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'ignore_value', jsonName: 'ignoreValue', property: 'ignoreValue', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'ignore_lease', jsonName: 'ignoreLease', property: 'ignoreLease', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.PutResponse',
    create: () => PutResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'prev_kv', jsonName: 'prevKv', property: 'prevKv', kind: 'message', type: 'mvccpb.KeyValue', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.DeleteRangeRequest',
    create: () => DeleteRangeRequest.create(),
    fields: [
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'range_end', jsonName: 'rangeEnd', property: 'rangeEnd', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'prev_kv', jsonName: 'prevKv', property: 'prevKv', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.DeleteRangeResponse',
    create: () => DeleteRangeResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'deleted', jsonName: 'deleted', property: 'deleted', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'prev_kvs', jsonName: 'prevKvs', property: 'prevKvs', kind: 'message', type: 'mvccpb.KeyValue', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.TxnRequest',
    create: () => TxnRequest.create(),
    fields: [
      { name: 'compare', jsonName: 'compare', property: 'compare', kind: 'message', type: 'etcdserverpb.Compare', isRepeated: true, isNumber: false, oneof: null },
      { name: 'success', jsonName: 'success', property: 'success', kind: 'message', type: 'etcdserverpb.RequestOp', isRepeated: true, isNumber: false, oneof: null },
      { name: 'failure', jsonName: 'failure', property: 'failure', kind: 'message', type: 'etcdserverpb.RequestOp', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.Compare',
    create: () => Compare.create(),
    fields: [
      { name: 'result', jsonName: 'result', property: 'result', kind: 'enum', type: 'etcdserverpb.Compare.CompareResult', isRepeated: false, isNumber: false, oneof: null },
      { name: 'target', jsonName: 'target', property: 'target', kind: 'enum', type: 'etcdserverpb.Compare.CompareTarget', isRepeated: false, isNumber: false, oneof: null },
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'version', jsonName: 'version', property: 'version', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: 'targetUnion' },
      { name: 'create_revision', jsonName: 'createRevision', property: 'createRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: 'targetUnion' },
      { name: 'mod_revision', jsonName: 'modRevision', property: 'modRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: 'targetUnion' },
      { name: 'value', jsonName: 'value', property: 'value', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: 'targetUnion' },
      { name: 'lease', jsonName: 'lease', property: 'lease', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: 'targetUnion' },
      { name: 'range_end', jsonName: 'rangeEnd', property: 'rangeEnd', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.RequestOp',
    create: () => RequestOp.create(),
    fields: [
      { name: 'request_range', jsonName: 'requestRange', property: 'requestRange', kind: 'message', type: 'etcdserverpb.RangeRequest', isRepeated: false, isNumber: false, oneof: 'request' },
      { name: 'request_put', jsonName: 'requestPut', property: 'requestPut', kind: 'message', type: 'etcdserverpb.PutRequest', isRepeated: false, isNumber: false, oneof: 'request' },
      { name: 'request_delete_range', jsonName: 'requestDeleteRange', property: 'requestDeleteRange', kind: 'message', type: 'etcdserverpb.DeleteRangeRequest', isRepeated: false, isNumber: false, oneof: 'request' },
      { name: 'request_txn', jsonName: 'requestTxn', property: 'requestTxn', kind: 'message', type: 'etcdserverpb.TxnRequest', isRepeated: false, isNumber: false, oneof: 'request' },
    ],
  },
  {
    typeName: 'etcdserverpb.TxnResponse',
    create: () => TxnResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'succeeded', jsonName: 'succeeded', property: 'succeeded', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'responses', jsonName: 'responses', property: 'responses', kind: 'message', type: 'etcdserverpb.ResponseOp', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.ResponseOp',
    create: () => ResponseOp.create(),
    fields: [
      { name: 'response_range', jsonName: 'responseRange', property: 'responseRange', kind: 'message', type: 'etcdserverpb.RangeResponse', isRepeated: false, isNumber: false, oneof: 'response' },
      { name: 'response_put', jsonName: 'responsePut', property: 'responsePut', kind: 'message', type: 'etcdserverpb.PutResponse', isRepeated: false, isNumber: false, oneof: 'response' },
      { name: 'response_delete_range', jsonName: 'responseDeleteRange', property: 'responseDeleteRange', kind: 'message', type: 'etcdserverpb.DeleteRangeResponse', isRepeated: false, isNumber: false, oneof: 'response' },
      { name: 'response_txn', jsonName: 'responseTxn', property: 'responseTxn', kind: 'message', type: 'etcdserverpb.TxnResponse', isRepeated: false, isNumber: false, oneof: 'response' },
    ],
  },
  {
    typeName: 'etcdserverpb.CompactionRequest',
    create: () => CompactionRequest.create(),
    fields: [
      { name: 'revision', jsonName: 'revision', property: 'revision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'physical', jsonName: 'physical', property: 'physical', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.CompactionResponse',
    create: () => CompactionResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.WatchRequest',
    create: () => WatchRequest.create(),
    fields: [
      { name: 'create_request', jsonName: 'createRequest', property: 'createRequest', kind: 'message', type: 'etcdserverpb.WatchCreateRequest', isRepeated: false, isNumber: false, oneof: 'requestUnion' },
      { name: 'cancel_request', jsonName: 'cancelRequest', property: 'cancelRequest', kind: 'message', type: 'etcdserverpb.WatchCancelRequest', isRepeated: false, isNumber: false, oneof: 'requestUnion' },
      { name: 'progress_request', jsonName: 'progressRequest', property: 'progressRequest', kind: 'message', type: 'etcdserverpb.WatchProgressRequest', isRepeated: false, isNumber: false, oneof: 'requestUnion' },
    ],
  },
  {
    typeName: 'etcdserverpb.WatchCreateRequest',
    create: () => WatchCreateRequest.create(),
    fields: [
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'range_end', jsonName: 'rangeEnd', property: 'rangeEnd', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'start_revision', jsonName: 'startRevision', property: 'startRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'progress_notify', jsonName: 'progressNotify', property: 'progressNotify', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'filters', jsonName: 'filters', property: 'filters', kind: 'enum', type: 'etcdserverpb.WatchCreateRequest.FilterType', isRepeated: true, isNumber: false, oneof: null },
      { name: 'prev_kv', jsonName: 'prevKv', property: 'prevKv', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'watch_id', jsonName: 'watchId', property: 'watchId', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'fragment', jsonName: 'fragment', property: 'fragment', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.WatchCancelRequest',
    create: () => WatchCancelRequest.create(),
    fields: [
      { name: 'watch_id', jsonName: 'watchId', property: 'watchId', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.WatchProgressRequest',
    create: () => WatchProgressRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.WatchResponse',
    create: () => WatchResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'watch_id', jsonName: 'watchId', property: 'watchId', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'created', jsonName: 'created', property: 'created', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'canceled', jsonName: 'canceled', property: 'canceled', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'compact_revision', jsonName: 'compactRevision', property: 'compactRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'cancel_reason', jsonName: 'cancelReason', property: 'cancelReason', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'fragment', jsonName: 'fragment', property: 'fragment', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'events', jsonName: 'events', property: 'events', kind: 'message', type: 'mvccpb.Event', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'mvccpb.Event',
    create: () => Event.create(),
    fields: [
      { name: 'type', jsonName: 'type', property: 'type', kind: 'enum', type: 'mvccpb.Event.EventType', isRepeated: false, isNumber: false, oneof: null },
      { name: 'kv', jsonName: 'kv', property: 'kv', kind: 'message', type: 'mvccpb.KeyValue', isRepeated: false, isNumber: false, oneof: null },
      { name: 'prev_kv', jsonName: 'prevKv', property: 'prevKv', kind: 'message', type: 'mvccpb.KeyValue', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseGrantRequest',
    create: () => LeaseGrantRequest.create(),
    fields: [
      { name: 'TTL', jsonName: 'TTL', property: 'TTL', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseGrantResponse',
    create: () => LeaseGrantResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'TTL', jsonName: 'TTL', property: 'TTL', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'error', jsonName: 'error', property: 'error', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseRevokeRequest',
    create: () => LeaseRevokeRequest.create(),
    fields: [
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseRevokeResponse',
    create: () => LeaseRevokeResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseKeepAliveRequest',
    create: () => LeaseKeepAliveRequest.create(),
    fields: [
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseKeepAliveResponse',
    create: () => LeaseKeepAliveResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'TTL', jsonName: 'TTL', property: 'TTL', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseTimeToLiveRequest',
    create: () => LeaseTimeToLiveRequest.create(),
    fields: [
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'keys', jsonName: 'keys', property: 'keys', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseTimeToLiveResponse',
    create: () => LeaseTimeToLiveResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'TTL', jsonName: 'TTL', property: 'TTL', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'grantedTTL', jsonName: 'grantedTTL', property: 'grantedTTL', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'keys', jsonName: 'keys', property: 'keys', kind: 'bytes', type: '', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseLeasesRequest',
    create: () => LeaseLeasesRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.LeaseLeasesResponse',
    create: () => LeaseLeasesResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'leases', jsonName: 'leases', property: 'leases', kind: 'message', type: 'etcdserverpb.LeaseStatus', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.LeaseStatus',
    create: () => LeaseStatus.create(),
    fields: [
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'int64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberAddRequest',
    create: () => MemberAddRequest.create(),
    fields: [
      { name: 'peerURLs', jsonName: 'peerURLs', property: 'peerURLs', kind: 'string', type: '', isRepeated: true, isNumber: false, oneof: null },
      { name: 'isLearner', jsonName: 'isLearner', property: 'isLearner', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberAddResponse',
    create: () => MemberAddResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'member', jsonName: 'member', property: 'member', kind: 'message', type: 'etcdserverpb.Member', isRepeated: false, isNumber: false, oneof: null },
      { name: 'members', jsonName: 'members', property: 'members', kind: 'message', type: 'etcdserverpb.Member', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.Member',
    create: () => Member.create(),
    fields: [
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'name', jsonName: 'name', property: 'name', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'peerURLs', jsonName: 'peerURLs', property: 'peerURLs', kind: 'string', type: '', isRepeated: true, isNumber: false, oneof: null },
      { name: 'clientURLs', jsonName: 'clientURLs', property: 'clientURLs', kind: 'string', type: '', isRepeated: true, isNumber: false, oneof: null },
      { name: 'isLearner', jsonName: 'isLearner', property: 'isLearner', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberRemoveRequest',
    create: () => MemberRemoveRequest.create(),
    fields: [
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberRemoveResponse',
    create: () => MemberRemoveResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'members', jsonName: 'members', property: 'members', kind: 'message', type: 'etcdserverpb.Member', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberUpdateRequest',
    create: () => MemberUpdateRequest.create(),
    fields: [
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'peerURLs', jsonName: 'peerURLs', property: 'peerURLs', kind: 'string', type: '', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberUpdateResponse',
    create: () => MemberUpdateResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'members', jsonName: 'members', property: 'members', kind: 'message', type: 'etcdserverpb.Member', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberListRequest',
    create: () => MemberListRequest.create(),
    fields: [
      { name: 'linearizable', jsonName: 'linearizable', property: 'linearizable', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberListResponse',
    create: () => MemberListResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'members', jsonName: 'members', property: 'members', kind: 'message', type: 'etcdserverpb.Member', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberPromoteRequest',
    create: () => MemberPromoteRequest.create(),
    fields: [
      { name: 'ID', jsonName: 'ID', property: 'ID', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MemberPromoteResponse',
    create: () => MemberPromoteResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'members', jsonName: 'members', property: 'members', kind: 'message', type: 'etcdserverpb.Member', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AlarmRequest',
    create: () => AlarmRequest.create(),
    fields: [
      { name: 'action', jsonName: 'action', property: 'action', kind: 'enum', type: 'etcdserverpb.AlarmRequest.AlarmAction', isRepeated: false, isNumber: false, oneof: null },
      { name: 'memberID', jsonName: 'memberID', property: 'memberID', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'alarm', jsonName: 'alarm', property: 'alarm', kind: 'enum', type: 'etcdserverpb.AlarmType', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AlarmResponse',
    create: () => AlarmResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'alarms', jsonName: 'alarms', property: 'alarms', kind: 'message', type: 'etcdserverpb.AlarmMember', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AlarmMember',
    create: () => AlarmMember.create(),
    fields: [
      { name: 'memberID', jsonName: 'memberID', property: 'memberID', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'alarm', jsonName: 'alarm', property: 'alarm', kind: 'enum', type: 'etcdserverpb.AlarmType', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.StatusRequest',
    create: () => StatusRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.StatusResponse',
    create: () => StatusResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'version', jsonName: 'version', property: 'version', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'dbSize', jsonName: 'dbSize', property: 'dbSize', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'leader', jsonName: 'leader', property: 'leader', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'raftIndex', jsonName: 'raftIndex', property: 'raftIndex', kind: 'uint64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'raftTerm', jsonName: 'raftTerm', property: 'raftTerm', kind: 'uint64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'raftAppliedIndex', jsonName: 'raftAppliedIndex', property: 'raftAppliedIndex', kind: 'uint64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'errors', jsonName: 'errors', property: 'errors', kind: 'string', type: '', isRepeated: true, isNumber: false, oneof: null },
      { name: 'dbSizeInUse', jsonName: 'dbSizeInUse', property: 'dbSizeInUse', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'isLearner', jsonName: 'isLearner', property: 'isLearner', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'storageVersion', jsonName: 'storageVersion', property: 'storageVersion', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'dbSizeQuota', jsonName: 'dbSizeQuota', property: 'dbSizeQuota', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'downgradeInfo', jsonName: 'downgradeInfo', property: 'downgradeInfo', kind: 'message', type: 'etcdserverpb.DowngradeInfo', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.DowngradeInfo',
    create: () => DowngradeInfo.create(),
    fields: [
      { name: 'enabled', jsonName: 'enabled', property: 'enabled', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'targetVersion', jsonName: 'targetVersion', property: 'targetVersion', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.DefragmentRequest',
    create: () => DefragmentRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.DefragmentResponse',
    create: () => DefragmentResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.HashRequest',
    create: () => HashRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.HashResponse',
    create: () => HashResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'hash', jsonName: 'hash', property: 'hash', kind: 'uint32', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.HashKVRequest',
    create: () => HashKVRequest.create(),
    fields: [
      { name: 'revision', jsonName: 'revision', property: 'revision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.HashKVResponse',
    create: () => HashKVResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'hash', jsonName: 'hash', property: 'hash', kind: 'uint32', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'compact_revision', jsonName: 'compactRevision', property: 'compactRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'hash_revision', jsonName: 'hashRevision', property: 'hashRevision', kind: 'int64', type: '', isRepeated: false, isNumber: true, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.SnapshotRequest',
    create: () => SnapshotRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.SnapshotResponse',
    create: () => SnapshotResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'remaining_bytes', jsonName: 'remainingBytes', property: 'remainingBytes', kind: 'uint64', type: '', isRepeated: false, isNumber: true, oneof: null },
      { name: 'blob', jsonName: 'blob', property: 'blob', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'version', jsonName: 'version', property: 'version', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MoveLeaderRequest',
    create: () => MoveLeaderRequest.create(),
    fields: [
      { name: 'targetID', jsonName: 'targetID', property: 'targetID', kind: 'uint64', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.MoveLeaderResponse',
    create: () => MoveLeaderResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.DowngradeRequest',
    create: () => DowngradeRequest.create(),
    fields: [
      { name: 'action', jsonName: 'action', property: 'action', kind: 'enum', type: 'etcdserverpb.DowngradeRequest.DowngradeAction', isRepeated: false, isNumber: false, oneof: null },
      { name: 'version', jsonName: 'version', property: 'version', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.DowngradeResponse',
    create: () => DowngradeResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'version', jsonName: 'version', property: 'version', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthEnableRequest',
    create: () => AuthEnableRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.AuthEnableResponse',
    create: () => AuthEnableResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthDisableRequest',
    create: () => AuthDisableRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.AuthDisableResponse',
    create: () => AuthDisableResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthStatusRequest',
    create: () => AuthStatusRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.AuthStatusResponse',
    create: () => AuthStatusResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'enabled', jsonName: 'enabled', property: 'enabled', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'authRevision', jsonName: 'authRevision', property: 'authRevision', kind: 'uint64', type: '', isRepeated: false, isNumber: true, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthenticateRequest',
    create: () => AuthenticateRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'password', jsonName: 'password', property: 'password', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthenticateResponse',
    create: () => AuthenticateResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'token', jsonName: 'token', property: 'token', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserAddRequest',
    create: () => AuthUserAddRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'password', jsonName: 'password', property: 'password', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'options', jsonName: 'options', property: 'options', kind: 'message', type: 'authpb.UserAddOptions', isRepeated: false, isNumber: false, oneof: null },
      { name: 'hashedPassword', jsonName: 'hashedPassword', property: 'hashedPassword', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'authpb.UserAddOptions',
    create: () => UserAddOptions.create(),
    fields: [
      { name: 'no_password', jsonName: 'noPassword', property: 'noPassword', kind: 'bool', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserAddResponse',
    create: () => AuthUserAddResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserGetRequest',
    create: () => AuthUserGetRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserGetResponse',
    create: () => AuthUserGetResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'roles', jsonName: 'roles', property: 'roles', kind: 'string', type: '', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserListRequest',
    create: () => AuthUserListRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.AuthUserListResponse',
    create: () => AuthUserListResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'users', jsonName: 'users', property: 'users', kind: 'string', type: '', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserDeleteRequest',
    create: () => AuthUserDeleteRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserDeleteResponse',
    create: () => AuthUserDeleteResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserChangePasswordRequest',
    create: () => AuthUserChangePasswordRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'password', jsonName: 'password', property: 'password', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'hashedPassword', jsonName: 'hashedPassword', property: 'hashedPassword', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserChangePasswordResponse',
    create: () => AuthUserChangePasswordResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserGrantRoleRequest',
    create: () => AuthUserGrantRoleRequest.create(),
    fields: [
      { name: 'user', jsonName: 'user', property: 'user', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'role', jsonName: 'role', property: 'role', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserGrantRoleResponse',
    create: () => AuthUserGrantRoleResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserRevokeRoleRequest',
    create: () => AuthUserRevokeRoleRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'role', jsonName: 'role', property: 'role', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthUserRevokeRoleResponse',
    create: () => AuthUserRevokeRoleResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleAddRequest',
    create: () => AuthRoleAddRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleAddResponse',
    create: () => AuthRoleAddResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleGetRequest',
    create: () => AuthRoleGetRequest.create(),
    fields: [
      { name: 'role', jsonName: 'role', property: 'role', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleGetResponse',
    create: () => AuthRoleGetResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'perm', jsonName: 'perm', property: 'perm', kind: 'message', type: 'authpb.Permission', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'authpb.Permission',
    create: () => Permission.create(),
    fields: [
      { name: 'permType', jsonName: 'permType', property: 'permType', kind: 'enum', type: 'authpb.Permission.Type', isRepeated: false, isNumber: false, oneof: null },
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'range_end', jsonName: 'rangeEnd', property: 'rangeEnd', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleListRequest',
    create: () => AuthRoleListRequest.create(),
    fields: [],
  },
  {
    typeName: 'etcdserverpb.AuthRoleListResponse',
    create: () => AuthRoleListResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
      { name: 'roles', jsonName: 'roles', property: 'roles', kind: 'string', type: '', isRepeated: true, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleDeleteRequest',
    create: () => AuthRoleDeleteRequest.create(),
    fields: [
      { name: 'role', jsonName: 'role', property: 'role', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleDeleteResponse',
    create: () => AuthRoleDeleteResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleGrantPermissionRequest',
    create: () => AuthRoleGrantPermissionRequest.create(),
    fields: [
      { name: 'name', jsonName: 'name', property: 'name', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'perm', jsonName: 'perm', property: 'perm', kind: 'message', type: 'authpb.Permission', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleGrantPermissionResponse',
    create: () => AuthRoleGrantPermissionResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleRevokePermissionRequest',
    create: () => AuthRoleRevokePermissionRequest.create(),
    fields: [
      { name: 'role', jsonName: 'role', property: 'role', kind: 'string', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'key', jsonName: 'key', property: 'key', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
      { name: 'range_end', jsonName: 'rangeEnd', property: 'rangeEnd', kind: 'bytes', type: '', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
  {
    typeName: 'etcdserverpb.AuthRoleRevokePermissionResponse',
    create: () => AuthRoleRevokePermissionResponse.create(),
    fields: [
      { name: 'header', jsonName: 'header', property: 'header', kind: 'message', type: 'etcdserverpb.ResponseHeader', isRepeated: false, isNumber: false, oneof: null },
    ],
  },
];

/** Enums of their fields. */
export const ENUM_SHAPES: readonly EnumShape[] = [
  { typeName: 'etcdserverpb.RangeRequest.SortOrder', values: SortOrder },
  { typeName: 'etcdserverpb.RangeRequest.SortTarget', values: SortTarget },
  { typeName: 'etcdserverpb.Compare.CompareResult', values: CompareResult },
  { typeName: 'etcdserverpb.Compare.CompareTarget', values: CompareTarget },
  { typeName: 'etcdserverpb.WatchCreateRequest.FilterType', values: FilterType },
  { typeName: 'mvccpb.Event.EventType', values: EventType },
  { typeName: 'etcdserverpb.AlarmRequest.AlarmAction', values: AlarmAction },
  { typeName: 'etcdserverpb.AlarmType', values: AlarmType },
  { typeName: 'etcdserverpb.DowngradeRequest.DowngradeAction', values: DowngradeAction },
  { typeName: 'authpb.Permission.Type', values: PermissionType },
];
