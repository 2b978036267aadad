/**
 * What a KV request must be before it is read or proposed: the checks of etcd, in etcd's order, each
 * with its error (spec 2.3 to 2.5). Null means: in order.
 *
 * A transaction within a transaction has what its parent's longest list left of the budget, so the
 * recursion is never deeper than the limit of operations.
 */
import {
  type Compare,
  type DeleteRangeRequest,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  SortOrder,
  SortTarget,
  type TxnRequest,
} from '@conclave/wire';
import { checkDuplicates } from './duplicate-keys.js';
import type { RequestErrorCode } from './error-table.js';

type Fault = RequestErrorCode | 'invalid-sort-option' | null;

export function checkRange(request: RangeRequest): Fault {
  if (request.key.length === 0) return 'empty-key';
  const { sortOrder, sortTarget } = request;
  const order = sortOrder >= SortOrder.NONE && sortOrder <= SortOrder.DESCEND;
  const target = sortTarget >= SortTarget.KEY && sortTarget <= SortTarget.VALUE;
  return order && target ? null : 'invalid-sort-option';
}

export function checkPut(request: PutRequest): Fault {
  if (request.key.length === 0) return 'empty-key';
  if (request.ignoreValue && request.value.length !== 0) return 'value-provided';
  if (request.ignoreLease && request.lease !== 0n) return 'lease-provided';
  return null;
}

export function checkDelete(request: DeleteRangeRequest): Fault {
  return request.key.length === 0 ? 'empty-key' : null;
}

export function checkTxn(request: TxnRequest, maxOps: number): Fault {
  return checkTxnOps(request, maxOps) ?? checkDuplicates(request);
}

function checkTxnOps(request: TxnRequest, budget: number): Fault {
  const { compare, success, failure } = request;
  const longest = Math.max(compare.length, success.length, failure.length);
  if (longest > budget) return 'too-many-operations';
  for (const one of compare) if (emptyKey(one)) return 'empty-key';
  return checkOps(success, budget - longest) ?? checkOps(failure, budget - longest);
}

function emptyKey(compare: Compare): boolean {
  return compare.key.length === 0;
}

function checkOps(ops: readonly RequestOp[], budget: number): Fault {
  for (const op of ops) {
    const fault = checkOp(op, budget);
    if (fault !== null) return fault;
  }
  return null;
}

function checkOp({ request }: RequestOp, budget: number): Fault {
  switch (request?.$case) {
    case 'requestRange':
      return checkRange(request.requestRange);
    case 'requestPut':
      return checkPut(request.requestPut);
    case 'requestDeleteRange':
      return checkDelete(request.requestDeleteRange);
    case 'requestTxn':
      return checkTxnOps(request.requestTxn, budget);
    default:
      return 'empty-operation';
  }
}

/** Only ranges in both branches: answered without the log. */
export function isReadOnly(request: TxnRequest): boolean {
  return request.success.every(isRange) && request.failure.every(isRange);
}

/** Only serializable ranges, or nothing at all: answered from local state. */
export function isSerializable(request: TxnRequest): boolean {
  return request.success.every(isSerializableRange) && request.failure.every(isSerializableRange);
}

function isRange({ request }: RequestOp): boolean {
  return request?.$case === 'requestRange';
}

function isSerializableRange({ request }: RequestOp): boolean {
  return request?.$case === 'requestRange' && request.requestRange.serializable;
}

/** Bytes that a key costs beside itself and its value, as etcd reckons. */
const KEY_OVERHEAD_BYTES = 256;
export const LEASE_COST_BYTES = 64;

export function putCost(request: PutRequest): number {
  return KEY_OVERHEAD_BYTES + request.key.length + request.value.length;
}

/** The dearer branch: puts summed, nested transactions too. */
export function txnCost(request: TxnRequest): number {
  return Math.max(opsCost(request.success), opsCost(request.failure));
}

function opsCost(ops: readonly RequestOp[]): number {
  let cost = 0;
  for (const { request } of ops) {
    if (request?.$case === 'requestPut') cost += putCost(request.requestPut);
    else if (request?.$case === 'requestTxn') cost += txnCost(request.requestTxn);
  }
  return cost;
}
