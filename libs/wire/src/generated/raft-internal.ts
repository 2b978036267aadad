// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { Sizes, checkEnd, sizeBigint, sizeBytes, sizeNumber, sizeString, sizeUint32, writeBigint, writeBytes, writeNumber, writeString, writeUint32 } from '../protobuf/writer.js';
import {
  mergeAlarmRequest,
  mergeAuthDisableRequest,
  mergeAuthEnableRequest,
  mergeAuthRoleAddRequest,
  mergeAuthRoleDeleteRequest,
  mergeAuthRoleGetRequest,
  mergeAuthRoleGrantPermissionRequest,
  mergeAuthRoleListRequest,
  mergeAuthRoleRevokePermissionRequest,
  mergeAuthStatusRequest,
  mergeAuthUserAddRequest,
  mergeAuthUserChangePasswordRequest,
  mergeAuthUserDeleteRequest,
  mergeAuthUserGetRequest,
  mergeAuthUserGrantRoleRequest,
  mergeAuthUserListRequest,
  mergeAuthUserRevokeRoleRequest,
  mergeCompactionRequest,
  mergeDeleteRangeRequest,
  mergeDowngradeVersionTestRequest,
  mergeLeaseCheckpointRequest,
  mergeLeaseGrantRequest,
  mergeLeaseRevokeRequest,
  mergePutRequest,
  mergeRangeRequest,
  mergeTxnRequest,
  newAlarmRequest,
  newAuthDisableRequest,
  newAuthEnableRequest,
  newAuthRoleAddRequest,
  newAuthRoleDeleteRequest,
  newAuthRoleGetRequest,
  newAuthRoleGrantPermissionRequest,
  newAuthRoleListRequest,
  newAuthRoleRevokePermissionRequest,
  newAuthStatusRequest,
  newAuthUserAddRequest,
  newAuthUserChangePasswordRequest,
  newAuthUserDeleteRequest,
  newAuthUserGetRequest,
  newAuthUserGrantRoleRequest,
  newAuthUserListRequest,
  newAuthUserRevokeRoleRequest,
  newCompactionRequest,
  newDeleteRangeRequest,
  newDowngradeVersionTestRequest,
  newLeaseCheckpointRequest,
  newLeaseGrantRequest,
  newLeaseRevokeRequest,
  newPutRequest,
  newRangeRequest,
  newTxnRequest,
  sizeAlarmRequest,
  sizeAuthDisableRequest,
  sizeAuthEnableRequest,
  sizeAuthRoleAddRequest,
  sizeAuthRoleDeleteRequest,
  sizeAuthRoleGetRequest,
  sizeAuthRoleGrantPermissionRequest,
  sizeAuthRoleListRequest,
  sizeAuthRoleRevokePermissionRequest,
  sizeAuthStatusRequest,
  sizeAuthUserAddRequest,
  sizeAuthUserChangePasswordRequest,
  sizeAuthUserDeleteRequest,
  sizeAuthUserGetRequest,
  sizeAuthUserGrantRoleRequest,
  sizeAuthUserListRequest,
  sizeAuthUserRevokeRoleRequest,
  sizeCompactionRequest,
  sizeDeleteRangeRequest,
  sizeDowngradeVersionTestRequest,
  sizeLeaseCheckpointRequest,
  sizeLeaseGrantRequest,
  sizeLeaseRevokeRequest,
  sizePutRequest,
  sizeRangeRequest,
  sizeTxnRequest,
  type AlarmRequest,
  type AuthDisableRequest,
  type AuthEnableRequest,
  type AuthRoleAddRequest,
  type AuthRoleDeleteRequest,
  type AuthRoleGetRequest,
  type AuthRoleGrantPermissionRequest,
  type AuthRoleListRequest,
  type AuthRoleRevokePermissionRequest,
  type AuthStatusRequest,
  type AuthUserAddRequest,
  type AuthUserChangePasswordRequest,
  type AuthUserDeleteRequest,
  type AuthUserGetRequest,
  type AuthUserGrantRoleRequest,
  type AuthUserListRequest,
  type AuthUserRevokeRoleRequest,
  type CompactionRequest,
  type DeleteRangeRequest,
  type DowngradeVersionTestRequest,
  type LeaseCheckpointRequest,
  type LeaseGrantRequest,
  type LeaseRevokeRequest,
  type PutRequest,
  type RangeRequest,
  type TxnRequest,
  writeAlarmRequest,
  writeAuthDisableRequest,
  writeAuthEnableRequest,
  writeAuthRoleAddRequest,
  writeAuthRoleDeleteRequest,
  writeAuthRoleGetRequest,
  writeAuthRoleGrantPermissionRequest,
  writeAuthRoleListRequest,
  writeAuthRoleRevokePermissionRequest,
  writeAuthStatusRequest,
  writeAuthUserAddRequest,
  writeAuthUserChangePasswordRequest,
  writeAuthUserDeleteRequest,
  writeAuthUserGetRequest,
  writeAuthUserGrantRoleRequest,
  writeAuthUserListRequest,
  writeAuthUserRevokeRoleRequest,
  writeCompactionRequest,
  writeDeleteRangeRequest,
  writeDowngradeVersionTestRequest,
  writeLeaseCheckpointRequest,
  writeLeaseGrantRequest,
  writeLeaseRevokeRequest,
  writePutRequest,
  writeRangeRequest,
  writeTxnRequest,
} from './rpc.js';
import {
  mergeClusterMemberAttrSetRequest,
  mergeClusterVersionSetRequest,
  mergeDowngradeInfoSetRequest,
  newClusterMemberAttrSetRequest,
  newClusterVersionSetRequest,
  newDowngradeInfoSetRequest,
  sizeClusterMemberAttrSetRequest,
  sizeClusterVersionSetRequest,
  sizeDowngradeInfoSetRequest,
  type ClusterMemberAttrSetRequest,
  type ClusterVersionSetRequest,
  type DowngradeInfoSetRequest,
  writeClusterMemberAttrSetRequest,
  writeClusterVersionSetRequest,
  writeDowngradeInfoSetRequest,
} from './membership.js';
import {
  mergeFeatureSet,
  mergeLeaseExpire,
  mergeSessionClose,
  mergeSessionOpen,
  newFeatureSet,
  newLeaseExpire,
  newSessionClose,
  newSessionOpen,
  sizeFeatureSet,
  sizeLeaseExpire,
  sizeSessionClose,
  sizeSessionOpen,
  type FeatureSet,
  type LeaseExpire,
  type SessionClose,
  type SessionOpen,
  writeFeatureSet,
  writeLeaseExpire,
  writeSessionClose,
  writeSessionOpen,
} from './conclave.js';
import {
  mergeMemberUpdate,
  newMemberUpdate,
  sizeMemberUpdate,
  type MemberUpdate,
  writeMemberUpdate,
} from './state.js';

/** `etcdserverpb.RequestHeader` */
export interface RequestHeader {
  ID: bigint;
  username: string;
  authRevision: number;
  session: bigint;
  sequence: number;
  lowestUnanswered: number;
  trace: Uint8Array;
}

const RequestHeaderFields: FieldNames = new Map([
  [1, 'ID'],
  [2, 'Username'],
  [3, 'AuthRevision'],
  [1000, 'Session'],
  [1001, 'Sequence'],
  [1002, 'LowestUnanswered'],
  [1003, 'Trace'],
]);

export function newRequestHeader(): RequestHeader {
  return {
    ID: 0n,
    username: '',
    authRevision: 0,
    session: 0n,
    sequence: 0,
    lowestUnanswered: 0,
    trace: EMPTY_BYTES,
  };
}

export function sizeRequestHeader(m: RequestHeader): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.username !== '') {
    n += 1 + sizeString(m.username);
  }
  if (m.authRevision !== 0) {
    n += 1 + sizeNumber(m.authRevision);
  }
  if (m.session !== 0n) {
    n += 2 + sizeBigint(m.session);
  }
  if (m.sequence !== 0) {
    n += 2 + sizeNumber(m.sequence);
  }
  if (m.lowestUnanswered !== 0) {
    n += 2 + sizeNumber(m.lowestUnanswered);
  }
  if (m.trace.length !== 0) {
    n += 2 + sizeBytes(m.trace);
  }
  return n;
}

export function writeRequestHeader(
  m: RequestHeader,
  out: Uint8Array,
  at: number,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  if (m.username !== '') {
    out[at++] = 18;
    at = writeString(m.username, out, at);
  }
  if (m.authRevision !== 0) {
    out[at++] = 24;
    at = writeNumber(m.authRevision, out, at);
  }
  if (m.session !== 0n) {
    out[at++] = 192;
    out[at++] = 62;
    at = writeBigint(m.session, out, at);
  }
  if (m.sequence !== 0) {
    out[at++] = 200;
    out[at++] = 62;
    at = writeNumber(m.sequence, out, at);
  }
  if (m.lowestUnanswered !== 0) {
    out[at++] = 208;
    out[at++] = 62;
    at = writeNumber(m.lowestUnanswered, out, at);
  }
  if (m.trace.length !== 0) {
    out[at++] = 218;
    out[at++] = 62;
    at = writeBytes(m.trace, out, at);
  }
  return at;
}

export function mergeRequestHeader(r: Reader, m: RequestHeader): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.uint64();
        break;
      }
      case 18: {
        m.username = r.string();
        break;
      }
      case 24: {
        m.authRevision = r.uint64Number();
        break;
      }
      case 8000: {
        m.session = r.uint64();
        break;
      }
      case 8008: {
        m.sequence = r.uint64Number();
        break;
      }
      case 8016: {
        m.lowestUnanswered = r.uint64Number();
        break;
      }
      case 8026: {
        m.trace = r.view();
        break;
      }
      default:
        r.other(tag, 'RequestHeader', RequestHeaderFields);
    }
  }
}

export const RequestHeader: Codec<RequestHeader> = {
  typeName: 'etcdserverpb.RequestHeader',
  create(fields) {
    const m = newRequestHeader();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeRequestHeader(m);
  },
  write(m, out, at) {
    return writeRequestHeader(m, out, at);
  },
  encode(m) {
    const size = sizeRequestHeader(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeRequestHeader(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newRequestHeader();
    mergeRequestHeader(r, m);
    return m;
  },
};

/** `etcdserverpb.InternalAuthenticateRequest` */
export interface InternalAuthenticateRequest {
  name: string;
  password: string;
  simpleToken: string;
}

const InternalAuthenticateRequestFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Password'],
  [3, 'SimpleToken'],
]);

export function newInternalAuthenticateRequest(): InternalAuthenticateRequest {
  return {
    name: '',
    password: '',
    simpleToken: '',
  };
}

export function sizeInternalAuthenticateRequest(m: InternalAuthenticateRequest): number {
  let n = 0;
  if (m.name !== '') {
    n += 1 + sizeString(m.name);
  }
  if (m.password !== '') {
    n += 1 + sizeString(m.password);
  }
  if (m.simpleToken !== '') {
    n += 1 + sizeString(m.simpleToken);
  }
  return n;
}

export function writeInternalAuthenticateRequest(
  m: InternalAuthenticateRequest,
  out: Uint8Array,
  at: number,
): number {
  if (m.name !== '') {
    out[at++] = 10;
    at = writeString(m.name, out, at);
  }
  if (m.password !== '') {
    out[at++] = 18;
    at = writeString(m.password, out, at);
  }
  if (m.simpleToken !== '') {
    out[at++] = 26;
    at = writeString(m.simpleToken, out, at);
  }
  return at;
}

export function mergeInternalAuthenticateRequest(r: Reader, m: InternalAuthenticateRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.string();
        break;
      }
      case 18: {
        m.password = r.string();
        break;
      }
      case 26: {
        m.simpleToken = r.string();
        break;
      }
      default:
        r.other(tag, 'InternalAuthenticateRequest', InternalAuthenticateRequestFields);
    }
  }
}

export const InternalAuthenticateRequest: Codec<InternalAuthenticateRequest> = {
  typeName: 'etcdserverpb.InternalAuthenticateRequest',
  create(fields) {
    const m = newInternalAuthenticateRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeInternalAuthenticateRequest(m);
  },
  write(m, out, at) {
    return writeInternalAuthenticateRequest(m, out, at);
  },
  encode(m) {
    const size = sizeInternalAuthenticateRequest(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeInternalAuthenticateRequest(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newInternalAuthenticateRequest();
    mergeInternalAuthenticateRequest(r, m);
    return m;
  },
};

/** `etcdserverpb.InternalRaftRequest` */
export interface InternalRaftRequest {
  ID: bigint;
  range: RangeRequest | null;
  put: PutRequest | null;
  deleteRange: DeleteRangeRequest | null;
  txn: TxnRequest | null;
  compaction: CompactionRequest | null;
  leaseGrant: LeaseGrantRequest | null;
  leaseRevoke: LeaseRevokeRequest | null;
  alarm: AlarmRequest | null;
  leaseCheckpoint: LeaseCheckpointRequest | null;
  header: RequestHeader | null;
  authEnable: AuthEnableRequest | null;
  authDisable: AuthDisableRequest | null;
  authenticate: InternalAuthenticateRequest | null;
  authStatus: AuthStatusRequest | null;
  authUserAdd: AuthUserAddRequest | null;
  authUserDelete: AuthUserDeleteRequest | null;
  authUserGet: AuthUserGetRequest | null;
  authUserChangePassword: AuthUserChangePasswordRequest | null;
  authUserGrantRole: AuthUserGrantRoleRequest | null;
  authUserRevokeRole: AuthUserRevokeRoleRequest | null;
  authUserList: AuthUserListRequest | null;
  authRoleList: AuthRoleListRequest | null;
  authRoleAdd: AuthRoleAddRequest | null;
  authRoleDelete: AuthRoleDeleteRequest | null;
  authRoleGet: AuthRoleGetRequest | null;
  authRoleGrantPermission: AuthRoleGrantPermissionRequest | null;
  authRoleRevokePermission: AuthRoleRevokePermissionRequest | null;
  clusterVersionSet: ClusterVersionSetRequest | null;
  clusterMemberAttrSet: ClusterMemberAttrSetRequest | null;
  downgradeInfoSet: DowngradeInfoSetRequest | null;
  downgradeVersionTest: DowngradeVersionTestRequest | null;
  sessionOpen: SessionOpen | null;
  sessionClose: SessionClose | null;
  featureSet: FeatureSet | null;
  leaseExpire: LeaseExpire | null;
  memberUpdate: MemberUpdate | null;
}

const InternalRaftRequestFields: FieldNames = new Map([
  [1, 'ID'],
  [3, 'Range'],
  [4, 'Put'],
  [5, 'DeleteRange'],
  [6, 'Txn'],
  [7, 'Compaction'],
  [8, 'LeaseGrant'],
  [9, 'LeaseRevoke'],
  [10, 'Alarm'],
  [11, 'LeaseCheckpoint'],
  [100, 'Header'],
  [1000, 'AuthEnable'],
  [1011, 'AuthDisable'],
  [1012, 'Authenticate'],
  [1013, 'AuthStatus'],
  [1100, 'AuthUserAdd'],
  [1101, 'AuthUserDelete'],
  [1102, 'AuthUserGet'],
  [1103, 'AuthUserChangePassword'],
  [1104, 'AuthUserGrantRole'],
  [1105, 'AuthUserRevokeRole'],
  [1106, 'AuthUserList'],
  [1107, 'AuthRoleList'],
  [1200, 'AuthRoleAdd'],
  [1201, 'AuthRoleDelete'],
  [1202, 'AuthRoleGet'],
  [1203, 'AuthRoleGrantPermission'],
  [1204, 'AuthRoleRevokePermission'],
  [1300, 'ClusterVersionSet'],
  [1301, 'ClusterMemberAttrSet'],
  [1302, 'DowngradeInfoSet'],
  [9900, 'DowngradeVersionTest'],
  [20000, 'SessionOpen'],
  [20001, 'SessionClose'],
  [20002, 'FeatureSet'],
  [20003, 'LeaseExpire'],
  [20004, 'MemberUpdate'],
]);

export function newInternalRaftRequest(): InternalRaftRequest {
  return {
    ID: 0n,
    range: null,
    put: null,
    deleteRange: null,
    txn: null,
    compaction: null,
    leaseGrant: null,
    leaseRevoke: null,
    alarm: null,
    leaseCheckpoint: null,
    header: null,
    authEnable: null,
    authDisable: null,
    authenticate: null,
    authStatus: null,
    authUserAdd: null,
    authUserDelete: null,
    authUserGet: null,
    authUserChangePassword: null,
    authUserGrantRole: null,
    authUserRevokeRole: null,
    authUserList: null,
    authRoleList: null,
    authRoleAdd: null,
    authRoleDelete: null,
    authRoleGet: null,
    authRoleGrantPermission: null,
    authRoleRevokePermission: null,
    clusterVersionSet: null,
    clusterMemberAttrSet: null,
    downgradeInfoSet: null,
    downgradeVersionTest: null,
    sessionOpen: null,
    sessionClose: null,
    featureSet: null,
    leaseExpire: null,
    memberUpdate: null,
  };
}

export function sizeInternalRaftRequest(m: InternalRaftRequest, sizes: Sizes): number {
  let n = 0;
  if (m.ID !== 0n) {
    n += 1 + sizeBigint(m.ID);
  }
  if (m.range !== null) {
    const size = sizeRangeRequest(m.range);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.put !== null) {
    const size = sizePutRequest(m.put);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.deleteRange !== null) {
    const size = sizeDeleteRangeRequest(m.deleteRange);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.txn !== null) {
    const place = sizes.reserve();
    const size = sizeTxnRequest(m.txn, sizes);
    sizes.fill(place, size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.compaction !== null) {
    const size = sizeCompactionRequest(m.compaction);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.leaseGrant !== null) {
    const size = sizeLeaseGrantRequest(m.leaseGrant);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.leaseRevoke !== null) {
    const size = sizeLeaseRevokeRequest(m.leaseRevoke);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.alarm !== null) {
    const size = sizeAlarmRequest(m.alarm);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.leaseCheckpoint !== null) {
    const place = sizes.reserve();
    const size = sizeLeaseCheckpointRequest(m.leaseCheckpoint, sizes);
    sizes.fill(place, size);
    n += 1 + sizeUint32(size) + size;
  }
  if (m.header !== null) {
    const size = sizeRequestHeader(m.header);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authEnable !== null) {
    const size = sizeAuthEnableRequest(m.authEnable);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authDisable !== null) {
    const size = sizeAuthDisableRequest(m.authDisable);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authenticate !== null) {
    const size = sizeInternalAuthenticateRequest(m.authenticate);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authStatus !== null) {
    const size = sizeAuthStatusRequest(m.authStatus);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authUserAdd !== null) {
    const place = sizes.reserve();
    const size = sizeAuthUserAddRequest(m.authUserAdd, sizes);
    sizes.fill(place, size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authUserDelete !== null) {
    const size = sizeAuthUserDeleteRequest(m.authUserDelete);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authUserGet !== null) {
    const size = sizeAuthUserGetRequest(m.authUserGet);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authUserChangePassword !== null) {
    const size = sizeAuthUserChangePasswordRequest(m.authUserChangePassword);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authUserGrantRole !== null) {
    const size = sizeAuthUserGrantRoleRequest(m.authUserGrantRole);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authUserRevokeRole !== null) {
    const size = sizeAuthUserRevokeRoleRequest(m.authUserRevokeRole);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authUserList !== null) {
    const size = sizeAuthUserListRequest(m.authUserList);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authRoleList !== null) {
    const size = sizeAuthRoleListRequest(m.authRoleList);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authRoleAdd !== null) {
    const size = sizeAuthRoleAddRequest(m.authRoleAdd);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authRoleDelete !== null) {
    const size = sizeAuthRoleDeleteRequest(m.authRoleDelete);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authRoleGet !== null) {
    const size = sizeAuthRoleGetRequest(m.authRoleGet);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authRoleGrantPermission !== null) {
    const place = sizes.reserve();
    const size = sizeAuthRoleGrantPermissionRequest(m.authRoleGrantPermission, sizes);
    sizes.fill(place, size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.authRoleRevokePermission !== null) {
    const size = sizeAuthRoleRevokePermissionRequest(m.authRoleRevokePermission);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.clusterVersionSet !== null) {
    const size = sizeClusterVersionSetRequest(m.clusterVersionSet);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.clusterMemberAttrSet !== null) {
    const place = sizes.reserve();
    const size = sizeClusterMemberAttrSetRequest(m.clusterMemberAttrSet, sizes);
    sizes.fill(place, size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.downgradeInfoSet !== null) {
    const size = sizeDowngradeInfoSetRequest(m.downgradeInfoSet);
    sizes.add(size);
    n += 2 + sizeUint32(size) + size;
  }
  if (m.downgradeVersionTest !== null) {
    const size = sizeDowngradeVersionTestRequest(m.downgradeVersionTest);
    sizes.add(size);
    n += 3 + sizeUint32(size) + size;
  }
  if (m.sessionOpen !== null) {
    const size = sizeSessionOpen(m.sessionOpen);
    sizes.add(size);
    n += 3 + sizeUint32(size) + size;
  }
  if (m.sessionClose !== null) {
    const size = sizeSessionClose(m.sessionClose);
    sizes.add(size);
    n += 3 + sizeUint32(size) + size;
  }
  if (m.featureSet !== null) {
    const size = sizeFeatureSet(m.featureSet);
    sizes.add(size);
    n += 3 + sizeUint32(size) + size;
  }
  if (m.leaseExpire !== null) {
    const size = sizeLeaseExpire(m.leaseExpire);
    sizes.add(size);
    n += 3 + sizeUint32(size) + size;
  }
  if (m.memberUpdate !== null) {
    const size = sizeMemberUpdate(m.memberUpdate);
    sizes.add(size);
    n += 3 + sizeUint32(size) + size;
  }
  return n;
}

export function writeInternalRaftRequest(
  m: InternalRaftRequest,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.ID !== 0n) {
    out[at++] = 8;
    at = writeBigint(m.ID, out, at);
  }
  if (m.range !== null) {
    out[at++] = 26;
    at = writeUint32(sizes.next(), out, at);
    at = writeRangeRequest(m.range, out, at);
  }
  if (m.put !== null) {
    out[at++] = 34;
    at = writeUint32(sizes.next(), out, at);
    at = writePutRequest(m.put, out, at);
  }
  if (m.deleteRange !== null) {
    out[at++] = 42;
    at = writeUint32(sizes.next(), out, at);
    at = writeDeleteRangeRequest(m.deleteRange, out, at);
  }
  if (m.txn !== null) {
    out[at++] = 50;
    at = writeUint32(sizes.next(), out, at);
    at = writeTxnRequest(m.txn, out, at, sizes);
  }
  if (m.compaction !== null) {
    out[at++] = 58;
    at = writeUint32(sizes.next(), out, at);
    at = writeCompactionRequest(m.compaction, out, at);
  }
  if (m.leaseGrant !== null) {
    out[at++] = 66;
    at = writeUint32(sizes.next(), out, at);
    at = writeLeaseGrantRequest(m.leaseGrant, out, at);
  }
  if (m.leaseRevoke !== null) {
    out[at++] = 74;
    at = writeUint32(sizes.next(), out, at);
    at = writeLeaseRevokeRequest(m.leaseRevoke, out, at);
  }
  if (m.alarm !== null) {
    out[at++] = 82;
    at = writeUint32(sizes.next(), out, at);
    at = writeAlarmRequest(m.alarm, out, at);
  }
  if (m.leaseCheckpoint !== null) {
    out[at++] = 90;
    at = writeUint32(sizes.next(), out, at);
    at = writeLeaseCheckpointRequest(m.leaseCheckpoint, out, at, sizes);
  }
  if (m.header !== null) {
    out[at++] = 162;
    out[at++] = 6;
    at = writeUint32(sizes.next(), out, at);
    at = writeRequestHeader(m.header, out, at);
  }
  if (m.authEnable !== null) {
    out[at++] = 194;
    out[at++] = 62;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthEnableRequest(m.authEnable, out, at);
  }
  if (m.authDisable !== null) {
    out[at++] = 154;
    out[at++] = 63;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthDisableRequest(m.authDisable, out, at);
  }
  if (m.authenticate !== null) {
    out[at++] = 162;
    out[at++] = 63;
    at = writeUint32(sizes.next(), out, at);
    at = writeInternalAuthenticateRequest(m.authenticate, out, at);
  }
  if (m.authStatus !== null) {
    out[at++] = 170;
    out[at++] = 63;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthStatusRequest(m.authStatus, out, at);
  }
  if (m.authUserAdd !== null) {
    out[at++] = 226;
    out[at++] = 68;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthUserAddRequest(m.authUserAdd, out, at, sizes);
  }
  if (m.authUserDelete !== null) {
    out[at++] = 234;
    out[at++] = 68;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthUserDeleteRequest(m.authUserDelete, out, at);
  }
  if (m.authUserGet !== null) {
    out[at++] = 242;
    out[at++] = 68;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthUserGetRequest(m.authUserGet, out, at);
  }
  if (m.authUserChangePassword !== null) {
    out[at++] = 250;
    out[at++] = 68;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthUserChangePasswordRequest(m.authUserChangePassword, out, at);
  }
  if (m.authUserGrantRole !== null) {
    out[at++] = 130;
    out[at++] = 69;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthUserGrantRoleRequest(m.authUserGrantRole, out, at);
  }
  if (m.authUserRevokeRole !== null) {
    out[at++] = 138;
    out[at++] = 69;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthUserRevokeRoleRequest(m.authUserRevokeRole, out, at);
  }
  if (m.authUserList !== null) {
    out[at++] = 146;
    out[at++] = 69;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthUserListRequest(m.authUserList, out, at);
  }
  if (m.authRoleList !== null) {
    out[at++] = 154;
    out[at++] = 69;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthRoleListRequest(m.authRoleList, out, at);
  }
  if (m.authRoleAdd !== null) {
    out[at++] = 130;
    out[at++] = 75;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthRoleAddRequest(m.authRoleAdd, out, at);
  }
  if (m.authRoleDelete !== null) {
    out[at++] = 138;
    out[at++] = 75;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthRoleDeleteRequest(m.authRoleDelete, out, at);
  }
  if (m.authRoleGet !== null) {
    out[at++] = 146;
    out[at++] = 75;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthRoleGetRequest(m.authRoleGet, out, at);
  }
  if (m.authRoleGrantPermission !== null) {
    out[at++] = 154;
    out[at++] = 75;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthRoleGrantPermissionRequest(m.authRoleGrantPermission, out, at, sizes);
  }
  if (m.authRoleRevokePermission !== null) {
    out[at++] = 162;
    out[at++] = 75;
    at = writeUint32(sizes.next(), out, at);
    at = writeAuthRoleRevokePermissionRequest(m.authRoleRevokePermission, out, at);
  }
  if (m.clusterVersionSet !== null) {
    out[at++] = 162;
    out[at++] = 81;
    at = writeUint32(sizes.next(), out, at);
    at = writeClusterVersionSetRequest(m.clusterVersionSet, out, at);
  }
  if (m.clusterMemberAttrSet !== null) {
    out[at++] = 170;
    out[at++] = 81;
    at = writeUint32(sizes.next(), out, at);
    at = writeClusterMemberAttrSetRequest(m.clusterMemberAttrSet, out, at, sizes);
  }
  if (m.downgradeInfoSet !== null) {
    out[at++] = 178;
    out[at++] = 81;
    at = writeUint32(sizes.next(), out, at);
    at = writeDowngradeInfoSetRequest(m.downgradeInfoSet, out, at);
  }
  if (m.downgradeVersionTest !== null) {
    out[at++] = 226;
    out[at++] = 234;
    out[at++] = 4;
    at = writeUint32(sizes.next(), out, at);
    at = writeDowngradeVersionTestRequest(m.downgradeVersionTest, out, at);
  }
  if (m.sessionOpen !== null) {
    out[at++] = 130;
    out[at++] = 226;
    out[at++] = 9;
    at = writeUint32(sizes.next(), out, at);
    at = writeSessionOpen(m.sessionOpen, out, at);
  }
  if (m.sessionClose !== null) {
    out[at++] = 138;
    out[at++] = 226;
    out[at++] = 9;
    at = writeUint32(sizes.next(), out, at);
    at = writeSessionClose(m.sessionClose, out, at);
  }
  if (m.featureSet !== null) {
    out[at++] = 146;
    out[at++] = 226;
    out[at++] = 9;
    at = writeUint32(sizes.next(), out, at);
    at = writeFeatureSet(m.featureSet, out, at);
  }
  if (m.leaseExpire !== null) {
    out[at++] = 154;
    out[at++] = 226;
    out[at++] = 9;
    at = writeUint32(sizes.next(), out, at);
    at = writeLeaseExpire(m.leaseExpire, out, at);
  }
  if (m.memberUpdate !== null) {
    out[at++] = 162;
    out[at++] = 226;
    out[at++] = 9;
    at = writeUint32(sizes.next(), out, at);
    at = writeMemberUpdate(m.memberUpdate, out, at);
  }
  return at;
}

export function mergeInternalRaftRequest(r: Reader, m: InternalRaftRequest): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.ID = r.uint64();
        break;
      }
      case 26: {
        const v = (m.range ??= newRangeRequest());
        const outer = r.enter();
        mergeRangeRequest(r, v);
        r.leave(outer);
        break;
      }
      case 34: {
        const v = (m.put ??= newPutRequest());
        const outer = r.enter();
        mergePutRequest(r, v);
        r.leave(outer);
        break;
      }
      case 42: {
        const v = (m.deleteRange ??= newDeleteRangeRequest());
        const outer = r.enter();
        mergeDeleteRangeRequest(r, v);
        r.leave(outer);
        break;
      }
      case 50: {
        const v = (m.txn ??= newTxnRequest());
        const outer = r.enter();
        mergeTxnRequest(r, v);
        r.leave(outer);
        break;
      }
      case 58: {
        const v = (m.compaction ??= newCompactionRequest());
        const outer = r.enter();
        mergeCompactionRequest(r, v);
        r.leave(outer);
        break;
      }
      case 66: {
        const v = (m.leaseGrant ??= newLeaseGrantRequest());
        const outer = r.enter();
        mergeLeaseGrantRequest(r, v);
        r.leave(outer);
        break;
      }
      case 74: {
        const v = (m.leaseRevoke ??= newLeaseRevokeRequest());
        const outer = r.enter();
        mergeLeaseRevokeRequest(r, v);
        r.leave(outer);
        break;
      }
      case 82: {
        const v = (m.alarm ??= newAlarmRequest());
        const outer = r.enter();
        mergeAlarmRequest(r, v);
        r.leave(outer);
        break;
      }
      case 90: {
        const v = (m.leaseCheckpoint ??= newLeaseCheckpointRequest());
        const outer = r.enter();
        mergeLeaseCheckpointRequest(r, v);
        r.leave(outer);
        break;
      }
      case 802: {
        const v = (m.header ??= newRequestHeader());
        const outer = r.enter();
        mergeRequestHeader(r, v);
        r.leave(outer);
        break;
      }
      case 8002: {
        const v = (m.authEnable ??= newAuthEnableRequest());
        const outer = r.enter();
        mergeAuthEnableRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8090: {
        const v = (m.authDisable ??= newAuthDisableRequest());
        const outer = r.enter();
        mergeAuthDisableRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8098: {
        const v = (m.authenticate ??= newInternalAuthenticateRequest());
        const outer = r.enter();
        mergeInternalAuthenticateRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8106: {
        const v = (m.authStatus ??= newAuthStatusRequest());
        const outer = r.enter();
        mergeAuthStatusRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8802: {
        const v = (m.authUserAdd ??= newAuthUserAddRequest());
        const outer = r.enter();
        mergeAuthUserAddRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8810: {
        const v = (m.authUserDelete ??= newAuthUserDeleteRequest());
        const outer = r.enter();
        mergeAuthUserDeleteRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8818: {
        const v = (m.authUserGet ??= newAuthUserGetRequest());
        const outer = r.enter();
        mergeAuthUserGetRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8826: {
        const v = (m.authUserChangePassword ??= newAuthUserChangePasswordRequest());
        const outer = r.enter();
        mergeAuthUserChangePasswordRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8834: {
        const v = (m.authUserGrantRole ??= newAuthUserGrantRoleRequest());
        const outer = r.enter();
        mergeAuthUserGrantRoleRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8842: {
        const v = (m.authUserRevokeRole ??= newAuthUserRevokeRoleRequest());
        const outer = r.enter();
        mergeAuthUserRevokeRoleRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8850: {
        const v = (m.authUserList ??= newAuthUserListRequest());
        const outer = r.enter();
        mergeAuthUserListRequest(r, v);
        r.leave(outer);
        break;
      }
      case 8858: {
        const v = (m.authRoleList ??= newAuthRoleListRequest());
        const outer = r.enter();
        mergeAuthRoleListRequest(r, v);
        r.leave(outer);
        break;
      }
      case 9602: {
        const v = (m.authRoleAdd ??= newAuthRoleAddRequest());
        const outer = r.enter();
        mergeAuthRoleAddRequest(r, v);
        r.leave(outer);
        break;
      }
      case 9610: {
        const v = (m.authRoleDelete ??= newAuthRoleDeleteRequest());
        const outer = r.enter();
        mergeAuthRoleDeleteRequest(r, v);
        r.leave(outer);
        break;
      }
      case 9618: {
        const v = (m.authRoleGet ??= newAuthRoleGetRequest());
        const outer = r.enter();
        mergeAuthRoleGetRequest(r, v);
        r.leave(outer);
        break;
      }
      case 9626: {
        const v = (m.authRoleGrantPermission ??= newAuthRoleGrantPermissionRequest());
        const outer = r.enter();
        mergeAuthRoleGrantPermissionRequest(r, v);
        r.leave(outer);
        break;
      }
      case 9634: {
        const v = (m.authRoleRevokePermission ??= newAuthRoleRevokePermissionRequest());
        const outer = r.enter();
        mergeAuthRoleRevokePermissionRequest(r, v);
        r.leave(outer);
        break;
      }
      case 10402: {
        const v = (m.clusterVersionSet ??= newClusterVersionSetRequest());
        const outer = r.enter();
        mergeClusterVersionSetRequest(r, v);
        r.leave(outer);
        break;
      }
      case 10410: {
        const v = (m.clusterMemberAttrSet ??= newClusterMemberAttrSetRequest());
        const outer = r.enter();
        mergeClusterMemberAttrSetRequest(r, v);
        r.leave(outer);
        break;
      }
      case 10418: {
        const v = (m.downgradeInfoSet ??= newDowngradeInfoSetRequest());
        const outer = r.enter();
        mergeDowngradeInfoSetRequest(r, v);
        r.leave(outer);
        break;
      }
      case 79202: {
        const v = (m.downgradeVersionTest ??= newDowngradeVersionTestRequest());
        const outer = r.enter();
        mergeDowngradeVersionTestRequest(r, v);
        r.leave(outer);
        break;
      }
      case 160002: {
        const v = (m.sessionOpen ??= newSessionOpen());
        const outer = r.enter();
        mergeSessionOpen(r, v);
        r.leave(outer);
        break;
      }
      case 160010: {
        const v = (m.sessionClose ??= newSessionClose());
        const outer = r.enter();
        mergeSessionClose(r, v);
        r.leave(outer);
        break;
      }
      case 160018: {
        const v = (m.featureSet ??= newFeatureSet());
        const outer = r.enter();
        mergeFeatureSet(r, v);
        r.leave(outer);
        break;
      }
      case 160026: {
        const v = (m.leaseExpire ??= newLeaseExpire());
        const outer = r.enter();
        mergeLeaseExpire(r, v);
        r.leave(outer);
        break;
      }
      case 160034: {
        const v = (m.memberUpdate ??= newMemberUpdate());
        const outer = r.enter();
        mergeMemberUpdate(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'InternalRaftRequest', InternalRaftRequestFields);
    }
  }
}

export const InternalRaftRequest: Codec<InternalRaftRequest> = {
  typeName: 'etcdserverpb.InternalRaftRequest',
  create(fields) {
    const m = newInternalRaftRequest();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeInternalRaftRequest(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeInternalRaftRequest(m, sizes);
    return writeInternalRaftRequest(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeInternalRaftRequest(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeInternalRaftRequest(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newInternalRaftRequest();
    mergeInternalRaftRequest(r, m);
    return m;
  },
};
