/**
 * KV: Range, Put, DeleteRange, Txn, Compact (spec 2.3 to 2.6, 2.10).
 *
 * A write's own bytes go into the log unchanged; they are decoded once, for the checks. The size part
 * of the quota comes before every other check, as at etcd.
 */
import {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestField,
  TxnRequest,
} from '@conclave/wire';
import type { ApiContext } from './context.js';
import {
  checkDelete,
  checkPut,
  checkRange,
  checkTxn,
  isReadOnly,
  isSerializable,
  putCost,
  txnCost,
} from './kv-check.js';
import type { UnaryCall } from './unary.js';

export function range(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const request = RangeRequest.decode(body);
  if (api.replica.isLearner && !request.serializable) return call.fail('not-for-learner');
  const fault = checkRange(request);
  if (fault !== null) return call.fail(fault);
  if (request.serializable) readRange(api, call, request);
  else api.linearizable(call, () => readRange(api, call, request));
}

function readRange(api: ApiContext, call: UnaryCall, request: RangeRequest): void {
  const startMs = api.replica.nowMs;
  const span = call.head.trace?.child('engine read');
  api.replica.machine.store.range(request, (result) => {
    span?.end(result.ok ? '' : result.code);
    api.readDone('range', startMs, result.ok ? result.body.length : 0, result.ok);
    if (call.ended) return;
    if (!result.ok) call.fail(result.code);
    else call.reply(api.answer(result.revision, result.body));
  });
}

export function put(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const request = PutRequest.decode(body);
  if (!api.hasRoomFor(call, putCost(request))) return;
  const fault = checkPut(request);
  if (fault !== null) return call.fail(fault);
  api.write(call, RequestField.PUT, body);
}

export function deleteRange(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const fault = checkDelete(DeleteRangeRequest.decode(body));
  if (fault !== null) return call.fail(fault);
  api.write(call, RequestField.DELETE_RANGE, body);
}

export function txn(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const request = TxnRequest.decode(body);
  if (!api.hasRoomFor(call, txnCost(request))) return;
  const fault = checkTxn(request, api.options.maxTxnOps);
  if (fault !== null) return call.fail(fault);
  if (!isReadOnly(request)) return api.write(call, RequestField.TXN, body);
  if (isSerializable(request)) readTxn(api, call, request);
  else api.linearizable(call, () => readTxn(api, call, request));
}

function readTxn(api: ApiContext, call: UnaryCall, request: TxnRequest): void {
  const startMs = api.replica.nowMs;
  const span = call.head.trace?.child('engine read');
  api.replica.machine.store.readTxn(request, (result) => {
    span?.end(result.ok ? '' : result.code);
    api.readDone('txn', startMs, result.ok ? (result.body?.length ?? 0) : 0);
    if (call.ended) return;
    if (!result.ok) call.fail(result.code);
    else call.reply(api.answer(result.revision, result.body));
  });
}

/** The answer of a physical compaction waits for this member's own purge. */
export function compact(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const request = CompactionRequest.decode(body);
  api.write(call, RequestField.COMPACTION, body, (answer) => {
    if (!request.physical) return api.reply(call, answer);
    const { store } = api.replica.machine;
    store.whenCompacted(request.revision, () => api.reply(call, answer));
  });
}
