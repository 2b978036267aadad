/**
 * Which records a write may need: all that could be read on any path, found in the index alone.
 *
 * Both branches of a transaction count, as does every nested one, because which way it goes is only
 * known when it is applied. A range with a limit collects on past keys that the transaction may
 * itself change: whatever it does, the rows it then reads are among those collected.
 */
import { type ByteString, toByteString } from '@conclave/base';
import {
  type DeleteRangeRequest,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  SortTarget,
  type TxnRequest,
} from '@conclave/wire';
import { comparesValue, eachCompared } from './compare.js';
import { RangeSet, keyRangeOf } from './key-range.js';
import { Selection, planRange, rowOrder } from './range-plan.js';
import type { Place } from './records.js';
import type { State } from './state.js';
import type { KeyRange, WriteRequest } from './types.js';

/** Places may repeat. Allocates nothing for a write that reads nothing. */
export function placesOf(state: State, request: WriteRequest): readonly Place[] {
  switch (request.type) {
    case 'put':
      return needsRecord(request.request) ? putPlaces(state, request.request) : NONE;
    case 'delete-range':
      return request.request.prevKv ? deletePlaces(state, request.request) : NONE;
    case 'delete-keys':
      return NONE;
    case 'txn':
      return txnPlaces(state, request.request);
  }
}

const NONE: readonly Place[] = [];

const needsRecord = (put: PutRequest): boolean => put.prevKv || put.ignoreValue;

function putPlaces(state: State, put: PutRequest): Place[] {
  const history = state.index.get(toByteString(put.key));
  const at = history === undefined ? -1 : history.aliveAt(state.revision);
  if (history === undefined || at < 0) return [];
  return [{ main: history.mainAt(at), sub: history.subAt(at) }];
}

function deletePlaces(state: State, request: DeleteRangeRequest): Place[] {
  const places: Place[] = [];
  const range = keyRangeOf(request.key, request.rangeEnd);
  if (range === null) return places;
  state.index.walk(range.key, range.end, Number.MAX_SAFE_INTEGER, (history) => {
    const at = history.aliveAt(state.revision);
    if (at >= 0) places.push({ main: history.mainAt(at), sub: history.subAt(at) });
    return true;
  });
  return places;
}

/** Calls `visit` for every op of both branches, nested ones included. */
function eachOp(txn: TxnRequest, visit: (op: NonNullable<RequestOp['request']>) => void): void {
  for (const ops of [txn.success, txn.failure]) {
    for (const op of ops) {
      if (op.request === null) continue;
      visit(op.request);
      if (op.request.$case === 'requestTxn') eachOp(op.request.requestTxn, visit);
    }
  }
}

/** Records that the compares of this transaction, and of those nested in it, read. */
export function comparePlaces(state: State, txn: TxnRequest): Place[] {
  const places: Place[] = [];
  const add = (one: TxnRequest): void => {
    for (const compare of one.compare) {
      if (!comparesValue(compare)) continue;
      eachCompared(state.index, compare, state.revision, (history, at) => {
        places.push({ main: history.mainAt(at), sub: history.subAt(at) });
        return true;
      });
    }
  };
  add(txn);
  eachOp(txn, (op) => {
    if (op.$case === 'requestTxn') add(op.requestTxn);
  });
  return places;
}

function txnPlaces(state: State, txn: TxnRequest): Place[] {
  const places = comparePlaces(state, txn);
  let touched: ((key: ByteString) => boolean) | null = null;
  eachOp(txn, (op) => {
    switch (op.$case) {
      case 'requestPut':
        if (needsRecord(op.requestPut)) places.push(...putPlaces(state, op.requestPut));
        break;
      case 'requestDeleteRange':
        if (op.requestDeleteRange.prevKv) {
          for (const place of deletePlaces(state, op.requestDeleteRange)) places.push(place);
        }
        break;
      case 'requestRange':
        touched ??= touchedBy(txn);
        rangePlaces(state, op.requestRange, touched, places);
        break;
      case 'requestTxn':
        break;
    }
  });
  return places;
}

/** Tells of a key whether some op of the transaction may change it. */
function touchedBy(txn: TxnRequest): (key: ByteString) => boolean {
  const ranges: KeyRange[] = [];
  eachOp(txn, (op) => {
    if (op.$case === 'requestPut') {
      const key = toByteString(op.requestPut.key);
      ranges.push({ key, end: key + '\0' });
    } else if (op.$case === 'requestDeleteRange') {
      const range = keyRangeOf(op.requestDeleteRange.key, op.requestDeleteRange.rangeEnd);
      if (range !== null) ranges.push(range);
    }
  });
  const set = new RangeSet(ranges);
  return (key) => set.has(key);
}

function rangePlaces(
  state: State,
  request: RangeRequest,
  touched: (key: ByteString) => boolean,
  places: Place[],
): void {
  const plan = planRange(request);
  if (plan === null || plan.range === null || request.countOnly) return;
  const byValue = plan.target === SortTarget.VALUE;
  if (request.keysOnly && !byValue) return;
  const revision = request.revision > 0 ? request.revision : state.revision;
  if (revision > state.revision || revision < state.compactRevision) return;
  const selection = new Selection(plan, revision, touched);
  const { key, end } = plan.range;
  state.index.walk(key, end, Number.MAX_SAFE_INTEGER, (history) => {
    selection.visit(history);
    return selection.collecting;
  });
  const rows = selection.rows;
  if (!plan.natural && !byValue) rows.sort(rowOrder(plan));
  // Where the limit cuts before the sort, any of the collected rows may come out first.
  const cutFirst = !plan.natural && plan.collectMax !== Number.POSITIVE_INFINITY;
  let left = plan.limit === 0 || byValue || cutFirst ? Number.POSITIVE_INFINITY : plan.limit;
  for (const row of rows) {
    places.push({ main: row.main, sub: row.sub });
    if (!touched(row.key) && --left === 0) break;
  }
}
