/**
 * One write: a put, a deletion or a whole transaction, at the revision after the store's own.
 *
 * Everything was checked and prefetched before the first change, so nothing here can fail half way:
 * changes go into the index and the overlay as they are made, and ranges see them. All share
 * one main revision, with subs 0, 1, 2, ... in the order they are made.
 */
import {
  type ByteString,
  type Revision,
  assertDefined,
  assertEq,
  toByteString,
} from '@conclave/base';
import {
  type DeleteRangeRequest,
  type PutRequest,
  type RangeRequest,
  SortTarget,
} from '@conclave/wire';
import { DeletedEvent } from './deleted-event.js';
import type { KeyHistory } from './key-history.js';
import { keyRangeOf } from './key-range.js';
import { type Row, Selection, keyOnly, planRange, rowOrder } from './range-plan.js';
import { encodeRecord, encodeTombstone, recordValue } from './record.js';
import { ResponseField, deleteBody, putBody, rangeBody, responseOp, txnBody } from './response.js';
import type { State } from './state.js';
import type { Path } from './txn-path.js';
import type { KeyRange, LeaseMove, MvccEvent, Version } from './types.js';

export class WriteTxn {
  readonly events: MvccEvent[] = [];
  readonly leaseMoves: LeaseMove[] = [];
  readonly #state: State;
  readonly #begin: Revision;
  readonly #main: Revision;
  #sub = 0;

  constructor(state: State) {
    this.#state = state;
    this.#begin = state.revision;
    this.#main = state.revision + 1;
  }

  /** The revision as seen from inside: moved by the first change. */
  get revision(): Revision {
    return this.#sub === 0 ? this.#begin : this.#main;
  }

  /** Answers the record before, if the request asks for it and there was one. */
  put(request: PutRequest): Uint8Array | null {
    this.#state.counts.puts++;
    const key = toByteString(request.key);
    const history = this.#state.index.obtain(key);
    const at = history.aliveAt(this.#main);
    const before = at < 0 ? null : history.version(at);
    let previous: Uint8Array | null = null;
    if (before !== null && (request.prevKv || request.ignoreValue)) {
      previous = this.#state.records.now(before.main, before.sub);
    }
    const value = request.ignoreValue ? recordValue(known(previous)) : request.value;
    this.#state.counts.putBytes += key.length + value.length;
    const lease = request.ignoreLease ? known(before).lease : request.lease;
    const create = before === null ? this.#main : before.create;
    const version = before === null ? 1 : before.version + 1;
    const record = encodeRecord(
      this.#state.recordBytes,
      request.key,
      create,
      this.#main,
      version,
      value,
      lease,
    );
    const settled = this.#settled(history, before);
    const main = this.#main;
    const sub = this.#sub++;
    history.put(main, sub, lease);
    this.#state.records.overlay.add(key, main, sub, create, version, lease, record);
    this.events.push({
      type: 'put',
      key,
      main,
      sub,
      kv: record,
      create,
      previous: settled,
    });
    if (before === null) this.#state.keyCount++;
    this.#moveLease(key, before === null ? 0n : before.lease, lease);
    return request.prevKv ? previous : null;
  }

  /** Deletes all keys of the range; answers the records before, if asked for. */
  deleteRange(range: KeyRange | null, point: boolean, prevKv: boolean): DeletedKeys {
    this.#state.counts.deletes++;
    const { index } = this.#state;
    const previous: Uint8Array[] = [];
    const before = this.events.length;
    if (range !== null && point) {
      const history = index.get(range.key);
      if (history !== undefined) this.#deleteAlive(history, prevKv, previous);
    } else if (range !== null) {
      // A tombstone more leaves the index as it is, so the walk may go on over it.
      index.walk(range.key, range.end, Number.MAX_SAFE_INTEGER, (history) => {
        this.#deleteAlive(history, prevKv, previous);
        return true;
      });
    }
    return { count: this.events.length - before, previous };
  }

  deleteKeys(keys: readonly ByteString[]): void {
    for (const key of keys.slice().sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
      this.deleteRange({ key, end: key + '\0' }, true, false);
    }
  }

  /** Runs the ops of a checked path; answers the TxnResponse's body. */
  run(path: Path, nested: boolean): Uint8Array {
    const responses: Uint8Array[] = [];
    let paths = 0;
    for (const op of path.ops) {
      const request = known(op.request);
      switch (request.$case) {
        case 'requestRange':
          responses.push(responseOp(ResponseField.range, this.range(request.requestRange)));
          break;
        case 'requestPut': {
          const previous = this.put(request.requestPut);
          responses.push(responseOp(ResponseField.put, putBody(this.revision, previous)));
          break;
        }
        case 'requestDeleteRange':
          responses.push(
            responseOp(ResponseField.deleteRange, this.#deleteOp(request.requestDeleteRange)),
          );
          break;
        case 'requestTxn': {
          const body = this.run(known(path.nested[paths++]), true);
          responses.push(responseOp(ResponseField.txn, body));
          break;
        }
      }
    }
    return txnBody(nested, path.succeeded, responses);
  }

  /** A range inside the transaction, which sees its changes so far. */
  range(request: RangeRequest): Uint8Array {
    this.#state.counts.ranges++;
    const plan = known(planRange(request));
    const revision = request.revision > 0 ? request.revision : this.revision;
    const selection = new Selection(plan, revision);
    const { index, records, bodies } = this.#state;
    if (plan.range !== null && plan.point) {
      const history = index.get(plan.range.key);
      if (history !== undefined) selection.visit(history);
    } else if (plan.range !== null) {
      index.walk(plan.range.key, plan.range.end, Number.MAX_SAFE_INTEGER, (history) => {
        selection.visit(history);
        return true;
      });
    }
    const rows: Row[] = selection.rows;
    if (!plan.natural) {
      if (plan.target === SortTarget.VALUE) {
        for (const row of rows) row.value = recordValue(records.now(row.main, row.sub));
      }
      rows.sort(rowOrder(plan));
    }
    const more = plan.limit > 0 && rows.length > plan.limit;
    if (more) rows.length = plan.limit;
    const kvs: Uint8Array[] = [];
    for (const row of rows) {
      kvs.push(request.keysOnly ? keyOnly(bodies, row) : records.now(row.main, row.sub));
    }
    return rangeBody(bodies, this.revision, kvs, more, selection.count);
  }

  #deleteOp(request: DeleteRangeRequest): Uint8Array {
    const range = keyRangeOf(request.key, request.rangeEnd);
    const deleted = this.deleteRange(range, request.rangeEnd.length === 0, request.prevKv);
    return deleteBody(this.revision, deleted.count, deleted.previous);
  }

  #deleteAlive(history: KeyHistory, prevKv: boolean, previous: Uint8Array[]): void {
    const at = history.aliveAt(this.#main);
    if (at < 0) return;
    assertEq(at, history.length - 1, 'a write comes behind all there is');
    if (prevKv) previous.push(this.#state.records.now(history.mainAt(at), history.subAt(at)));
    this.#delete(history, at);
  }

  #delete(history: KeyHistory, at: number): void {
    const before = history.version(at);
    const { key } = history;
    const record = encodeTombstone(key);
    const settled = this.#settled(history, before);
    const main = this.#main;
    const sub = this.#sub++;
    history.tombstone(main, sub);
    this.#state.records.overlay.add(key, main, sub, 0, 0, 0n, record);
    this.events.push(new DeletedEvent(key, main, sub, record, settled));
    this.#state.keyCount--;
    this.#moveLease(key, before.lease, 0n);
  }

  /** What an event calls the version before: the one before this whole revision; none of a creation. */
  #settled(history: KeyHistory, before: Version | null): Version | null {
    if (before === null || history.mainAt(history.length - 1) < this.#main) return before;
    const at = history.aliveAt(this.#begin);
    return at < 0 ? null : history.version(at);
  }

  #moveLease(key: ByteString, from: bigint, to: bigint): void {
    if (from !== to) this.leaseMoves.push({ key, from, to });
  }
}

export interface DeletedKeys {
  readonly count: number;
  readonly previous: readonly Uint8Array[];
}

function known<T>(value: T | null | undefined): T {
  return assertDefined(value, 'write: checked before the first change');
}
