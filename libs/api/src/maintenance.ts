/** Maintenance: Status, Alarm, Hash, HashKV, Defragment, MoveLeader (spec 2.10). */
import { EMPTY_BYTES, Status } from '@conclave/base';
import {
  AlarmType,
  DefragmentRequest,
  HashKVRequest,
  HashKVResponse,
  HashRequest,
  HashResponse,
  MoveLeaderRequest,
  RequestField,
  StatusRequest,
  StatusResponse,
} from '@conclave/wire';
import type { Alarm } from '@conclave/statemachine';
import { type ApiContext, wireBytes } from './context.js';
import { failureOf } from './error-table.js';
import type { UnaryCall } from './unary.js';

/** Local, without quorum. */
export function status(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  StatusRequest.decode(body);
  const { replica, options } = api;
  const { total, inUse } = api.ports.sizeBytes();
  const errors = replica.machine.alarms.map(alarmText);
  if (replica.leaderId === 0n) errors.unshift(failureOf('no-leader').message);
  const response = StatusResponse.create({
    version: options.reportedVersion,
    dbSize: total,
    leader: replica.leaderId,
    raftIndex: replica.commitIndex,
    raftTerm: replica.term,
    raftAppliedIndex: replica.appliedIndex,
    errors,
    dbSizeInUse: inUse,
    isLearner: replica.isLearner,
    storageVersion: options.storageVersion,
    dbSizeQuota: wireBytes(api.quotaBytes),
    downgradeInfo: { enabled: false, targetVersion: '' },
  });
  api.reply(call, StatusResponse.encode(response));
}

/** As etcd prints an alarm, trailing blank included; a zero field is left out. */
function alarmText({ memberId, alarm }: Alarm): string {
  const member = memberId === 0n ? '' : `memberID:${memberId} `;
  const name =
    alarm === AlarmType.NOSPACE ? 'NOSPACE' : alarm === AlarmType.CORRUPT ? 'CORRUPT' : `${alarm}`;
  return `${member}alarm:${name} `;
}

/** All three actions go through the log. */
export function alarm(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  api.write(call, RequestField.ALARM, body, (answer) => api.reply(call, answer));
}

export function hashKv(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { revision } = HashKVRequest.decode(body);
  const startMs = api.replica.nowMs;
  api.replica.machine.store.hashKv(revision, (result) => {
    hashed(api, 'etcd_mvcc_hash_rev_duration_seconds', startMs);
    if (call.ended) return;
    if (!result.ok) return call.fail(result.code);
    const { hash, hashRevision, compactRevision } = result;
    const response = HashKVResponse.create({ hash, hashRevision, compactRevision });
    call.reply(api.answer(result.revision, HashKVResponse.encode(response)));
  });
}

function hashed(api: ApiContext, metric: string, startMs: number): void {
  api.ports.probe.observe(metric, (api.replica.nowMs - startMs) / 1_000);
}

/** What it covers is the server's own business; here the same as HashKV at this moment. */
export function hash(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  HashRequest.decode(body);
  const startMs = api.replica.nowMs;
  api.replica.machine.store.hashKv(0, (result) => {
    hashed(api, 'etcd_mvcc_hash_duration_seconds', startMs);
    if (call.ended) return;
    if (!result.ok) return call.fail(result.code);
    const response = HashResponse.create({ hash: result.hash });
    call.reply(api.answer(result.revision, HashResponse.encode(response)));
  });
}

/** Nothing to do: freed space is used again while serving. The answer has no header. */
export function defragment(_api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  DefragmentRequest.decode(body);
  call.reply(EMPTY_BYTES);
}

export function moveLeader(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { targetID } = MoveLeaderRequest.decode(body);
  const { replica } = api;
  if (!replica.isLeader) return call.fail('not-leader');
  const target = replica.machine.members.find((member) => member.id === targetID);
  if (target === undefined || target.isLearner) return call.fail('bad-transferee');
  const timeoutMs = Math.min(call.head.timeoutMs ?? api.requestTimeoutMs, api.requestTimeoutMs);
  replica.transferLeader(targetID, timeoutMs, (error) => {
    if (error === null) call.reply(EMPTY_BYTES);
    else call.fail(error);
  });
}

export function notYet(what: string): (api: ApiContext, call: UnaryCall) => void {
  return (_api, call) => call.end(Status.UNIMPLEMENTED, `conclave: ${what} is not supported yet`);
}
