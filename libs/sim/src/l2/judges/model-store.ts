/**
 * etcd's store, written down as plainly as possible: every version of every key from the committed
 * events, and what a range, a comparison or a transaction means at a revision. A second opinion on
 * `mvcc`, not a store.
 */
import { type ByteString, assert, toByteString } from '@conclave/base';
import {
  type Compare,
  CompareResult,
  CompareTarget,
  type DeleteRangeRequest,
  type KeyValue,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  SortOrder,
  SortTarget,
  type TxnRequest,
} from '@conclave/wire';
import type { Commit, CommittedEvent } from './history.js';

/** What one operation of a transaction answers; `null` kv: there was none. */
export type ModelAnswer =
  | {
      readonly type: 'range';
      readonly kvs: readonly KeyValue[];
      readonly count: number;
      readonly more: boolean;
    }
  | { readonly type: 'put'; readonly prevKv: KeyValue | null }
  | { readonly type: 'delete'; readonly deleted: number; readonly prevKvs: readonly KeyValue[] }
  | { readonly type: 'txn'; readonly succeeded: boolean; readonly answers: readonly ModelAnswer[] };

export interface Effect {
  readonly answer: ModelAnswer;
  readonly events: readonly CommittedEvent[];
}

interface Version {
  readonly revision: number;
  /** Null: deleted. */
  readonly kv: KeyValue | null;
}

export class ModelStore {
  readonly #versions = new Map<ByteString, Version[]>();
  #keys: ByteString[] | null = null;
  readonly #commits: readonly Commit[];

  constructor(commits: readonly Commit[]) {
    this.#commits = commits;
    for (const { revision, events } of commits) {
      for (const { key, type, kv } of events) {
        let versions = this.#versions.get(key);
        if (versions === undefined) this.#versions.set(key, (versions = []));
        versions.push({ revision, kv: type === 'put' ? kv : null });
      }
    }
  }

  get revision(): number {
    return this.#commits.length + 1;
  }

  commit(revision: number): Commit | undefined {
    return this.#commits[revision - 2];
  }

  /** The key as of `revision`, its changes of that revision included; null: not there. */
  get(key: ByteString, revision: number): KeyValue | null {
    const versions = this.#versions.get(key);
    if (versions === undefined) return null;
    let lo = 0;
    let hi = versions.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if ((versions[mid] as Version).revision <= revision) lo = mid + 1;
      else hi = mid;
    }
    return lo === 0 ? null : (versions[lo - 1] as Version).kv;
  }

  /** Keys of `[key, rangeEnd)` there at `revision`, in key order. */
  list(key: Uint8Array, rangeEnd: Uint8Array, revision: number): KeyValue[] {
    const lo = toByteString(key);
    if (rangeEnd.length === 0) {
      const kv = this.get(lo, revision);
      return kv === null ? [] : [kv];
    }
    const out: KeyValue[] = [];
    this.#keys ??= [...this.#versions.keys()].sort();
    for (const name of this.#keys) {
      if (!isInRange(name, key, rangeEnd)) continue;
      const kv = this.get(name, revision);
      if (kv !== null) out.push(kv);
    }
    return out;
  }

  range(request: RangeRequest, revision: number): ModelAnswer {
    const all = this.list(request.key, request.rangeEnd, revision);
    const { countOnly, limit, sortOrder, sortTarget, keysOnly } = request;
    if (countOnly) return { type: 'range', kvs: [], count: all.length, more: false };
    const wanted = all.filter((kv) => isWanted(kv, request));
    if (sortOrder !== SortOrder.NONE || sortTarget !== SortTarget.KEY) {
      const sign = sortOrder === SortOrder.DESCEND ? -1 : 1;
      wanted.sort((a, b) => sign * compareBy(sortTarget, a, b));
    }
    const kvs = limit > 0 ? wanted.slice(0, limit) : wanted;
    return {
      type: 'range',
      kvs: keysOnly ? kvs.map((kv) => ({ ...kv, value: new Uint8Array(0) })) : kvs,
      count: all.length,
      more: kvs.length < wanted.length,
    };
  }

  /** What a transaction does to the store as of `base`, at revision `base + 1`. */
  txn(request: TxnRequest, base: number): Effect {
    const run = new TxnRun(this, base);
    const answer = run.txn(request);
    return { answer, events: run.events };
  }

  put(request: PutRequest, base: number): Effect {
    const run = new TxnRun(this, base);
    const answer = run.put(request);
    return { answer, events: run.events };
  }

  deleteRange(request: DeleteRangeRequest, base: number): Effect {
    const run = new TxnRun(this, base);
    const answer = run.deleteRange(request);
    return { answer, events: run.events };
  }
}

/** A transaction under way: reads see its own writes. */
class TxnRun {
  readonly #store: ModelStore;
  readonly #base: number;
  readonly events: CommittedEvent[] = [];
  readonly #written = new Map<ByteString, KeyValue | null>();

  constructor(store: ModelStore, base: number) {
    this.#store = store;
    this.#base = base;
  }

  txn({ compare, success, failure }: TxnRequest): ModelAnswer {
    const succeeded = compare.every((c) => this.#holds(c));
    const answers = (succeeded ? success : failure).map((op) => this.#op(op));
    return { type: 'txn', succeeded, answers };
  }

  put({ key, value, lease }: PutRequest): ModelAnswer {
    const name = toByteString(key);
    const before = this.#get(name);
    const revision = this.#base + 1;
    const kv: KeyValue = {
      key,
      value,
      lease,
      modRevision: revision,
      createRevision: before?.createRevision ?? revision,
      version: (before?.version ?? 0) + 1,
    };
    this.#written.set(name, kv);
    this.events.push({ type: 'put', key: name, kv });
    return { type: 'put', prevKv: before };
  }

  deleteRange({ key, rangeEnd }: DeleteRangeRequest): ModelAnswer {
    const gone = this.#list(key, rangeEnd);
    for (const kv of gone) {
      const name = toByteString(kv.key);
      this.#written.set(name, null);
      const tombstone: KeyValue = {
        key: kv.key,
        value: new Uint8Array(0),
        lease: 0n,
        modRevision: this.#base + 1,
        createRevision: 0,
        version: 0,
      };
      this.events.push({ type: 'delete', key: name, kv: tombstone });
    }
    return { type: 'delete', deleted: gone.length, prevKvs: gone };
  }

  #op({ request }: RequestOp): ModelAnswer {
    assert(request !== null, 'an operation of a history is one');
    switch (request.$case) {
      case 'requestRange': {
        assert(this.events.length === 0 || request.requestRange.rangeEnd.length === 0, 'known');
        const kvs = this.#list(request.requestRange.key, request.requestRange.rangeEnd);
        return { type: 'range', kvs, count: kvs.length, more: false };
      }
      case 'requestPut':
        return this.put(request.requestPut);
      case 'requestDeleteRange':
        return this.deleteRange(request.requestDeleteRange);
      case 'requestTxn':
        return this.txn(request.requestTxn);
    }
  }

  #get(key: ByteString): KeyValue | null {
    const own = this.#written.get(key);
    return own === undefined ? this.#store.get(key, this.#base) : own;
  }

  #list(key: Uint8Array, rangeEnd: Uint8Array): KeyValue[] {
    const kept = this.#store
      .list(key, rangeEnd, this.#base)
      .filter((kv) => !this.#written.has(toByteString(kv.key)));
    for (const [name, kv] of this.#written) {
      if (kv !== null && isInRange(name, key, rangeEnd)) kept.push(kv);
    }
    return kept.sort((a, b) => compareText(toByteString(a.key), toByteString(b.key)));
  }

  #holds({ key, target, result, targetUnion }: Compare): boolean {
    const kv = this.#get(toByteString(key));
    if (target === CompareTarget.VALUE) {
      if (kv === null || targetUnion?.$case !== 'value') return false;
      return judge(result, compareText(toByteString(kv.value), toByteString(targetUnion.value)));
    }
    const [actual, wanted] = ((): [number, number] => {
      switch (target) {
        case CompareTarget.VERSION:
          return [kv?.version ?? 0, targetUnion?.$case === 'version' ? targetUnion.version : 0];
        case CompareTarget.CREATE:
          return [
            kv?.createRevision ?? 0,
            targetUnion?.$case === 'createRevision' ? targetUnion.createRevision : 0,
          ];
        case CompareTarget.MOD:
          return [
            kv?.modRevision ?? 0,
            targetUnion?.$case === 'modRevision' ? targetUnion.modRevision : 0,
          ];
        default:
          return [0, 1];
      }
    })();
    return judge(result, actual - wanted);
  }
}

export function isInRange(name: ByteString, key: Uint8Array, rangeEnd: Uint8Array): boolean {
  const lo = toByteString(key);
  if (rangeEnd.length === 0) return name === lo;
  if (name < lo) return false;
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return true;
  return name < toByteString(rangeEnd);
}

function isWanted(kv: KeyValue, request: RangeRequest): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  if (minModRevision > 0 && kv.modRevision < minModRevision) return false;
  if (maxModRevision > 0 && kv.modRevision > maxModRevision) return false;
  if (minCreateRevision > 0 && kv.createRevision < minCreateRevision) return false;
  return maxCreateRevision === 0 || kv.createRevision <= maxCreateRevision;
}

function compareBy(target: SortTarget, a: KeyValue, b: KeyValue): number {
  switch (target) {
    case SortTarget.VERSION:
      return a.version - b.version;
    case SortTarget.CREATE:
      return a.createRevision - b.createRevision;
    case SortTarget.MOD:
      return a.modRevision - b.modRevision;
    case SortTarget.VALUE:
      return compareText(toByteString(a.value), toByteString(b.value));
    default:
      return compareText(toByteString(a.key), toByteString(b.key));
  }
}

function judge(result: CompareResult, difference: number): boolean {
  switch (result) {
    case CompareResult.EQUAL:
      return difference === 0;
    case CompareResult.GREATER:
      return difference > 0;
    case CompareResult.LESS:
      return difference < 0;
    default:
      return difference !== 0;
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
