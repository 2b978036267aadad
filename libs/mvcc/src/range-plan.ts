/**
 * What a RangeRequest asks for, and which rows that selects (spec 2.3). Pure decisions over the index:
 * no record is touched here, so sync reads (in a transaction) and sliced reads share it.
 *
 * etcd's order of work decides what clients see, and is kept:
 *   1. all keys of the range alive at the revision are counted;
 *   2. the limit cuts here, at limit + 1, only if no filter is set and the order is NONE: with
 *      another sort target than KEY this picks the rows before they are sorted;
 *   3. filters; 4. sort, ascending where the order is NONE and the target not KEY;
 *   5. the limit cuts, and `more` tells whether it cut anything.
 * Rows that compare equal keep the order of their keys, also in descending order.
 */
import { type ByteString, type Revision, compareBytes, fromByteString } from '@conclave/base';
import { type RangeRequest, SortOrder, SortTarget } from '@conclave/wire';
import type { KeyHistory } from './key-history.js';
import { keyRangeOf } from './key-range.js';
import { encodeKeyOnly } from './record.js';
import type { Slab } from './slab.js';
import type { KeyRange } from './types.js';

export interface RangePlan {
  /** Null: an empty range. */
  readonly range: KeyRange | null;
  /** Exactly one key. */
  readonly point: boolean;
  /** 0: none. */
  readonly limit: number;
  /** Rows to collect before all else is only counted; Infinity: all. */
  readonly collectMax: number;
  /** The order of the walk is the order of the answer. */
  readonly natural: boolean;
  readonly target: SortTarget;
  readonly descending: boolean;
  readonly filtered: boolean;
  readonly request: RangeRequest;
}

/** Null: an unknown sort order or target. */
export function planRange(request: RangeRequest): RangePlan | null {
  const { sortOrder, sortTarget } = request;
  if (sortOrder < SortOrder.NONE || sortOrder > SortOrder.DESCEND) return null;
  if (sortTarget < SortTarget.KEY || sortTarget > SortTarget.VALUE) return null;
  const filtered =
    request.minModRevision !== 0 ||
    request.maxModRevision !== 0 ||
    request.minCreateRevision !== 0 ||
    request.maxCreateRevision !== 0;
  const descending = sortOrder === SortOrder.DESCEND;
  const natural = sortTarget === SortTarget.KEY && !descending;
  const limit = request.limit > 0 ? request.limit : 0;
  const early = natural || (sortOrder === SortOrder.NONE && !filtered);
  let collectMax = limit > 0 && early ? limit + 1 : Number.POSITIVE_INFINITY;
  if (request.countOnly) collectMax = 0;
  return {
    range: keyRangeOf(request.key, request.rangeEnd),
    point: request.rangeEnd.length === 0,
    limit,
    collectMax,
    natural,
    target: sortTarget,
    descending,
    filtered,
    request,
  };
}

/** One selected version. `record` is filled in when it is known. */
export interface Row {
  readonly key: ByteString;
  readonly main: Revision;
  readonly sub: number;
  readonly create: Revision;
  readonly version: number;
  readonly lease: bigint;
  record: Uint8Array | null;
  /** Set for sorting by value. */
  value: Uint8Array | null;
}

/** Rows of a KEY DESCEND selection that are kept beyond what its limit needs. */
const SLACK = 1024;

/** Collects what a plan selects at one revision, fed with histories in key order. */
export class Selection {
  /** Keys alive in the range. */
  count = 0;
  rows: Row[] = [];
  readonly #plan: RangePlan;
  readonly #revision: Revision;
  readonly #touched: ((key: ByteString) => boolean) | null;
  #collected = 0;

  /**
   * `touched`: keys that the same transaction may change before the range runs. They are collected
   * but do not count to the limit, so whatever it changes, the rows it needs are among these.
   */
  constructor(
    plan: RangePlan,
    revision: Revision,
    touched: ((key: ByteString) => boolean) | null = null,
  ) {
    this.#plan = plan;
    this.#revision = revision;
    this.#touched = touched;
  }

  /** Rows collected so far, rows taken out included, touched ones not. */
  get collected(): number {
    return this.#collected;
  }

  get collecting(): boolean {
    return this.#collected < this.#plan.collectMax;
  }

  visit(history: KeyHistory): void {
    const i = history.aliveAt(this.#revision);
    if (i < 0) return;
    this.count++;
    if (this.#collected >= this.#plan.collectMax) return;
    const main = history.mainAt(i);
    const create = history.createAt(i);
    if (this.#plan.filtered && !passes(this.#plan.request, main, create)) return;
    if (this.#touched === null || !this.#touched(history.key)) this.#collected++;
    this.rows.push({
      key: history.key,
      main,
      sub: history.subAt(i),
      create,
      version: history.versionAt(i),
      lease: history.leaseAt(i),
      record: null,
      value: null,
    });
    this.#trim();
  }

  /** The rows so far, which leave the selection. */
  take(): Row[] {
    const rows = this.rows;
    this.rows = [];
    return rows;
  }

  /** Of a descending read by key with a limit only the last rows matter. */
  #trim(): void {
    const plan = this.#plan;
    if (!plan.descending || plan.target !== SortTarget.KEY || plan.limit === 0) return;
    if (this.#touched !== null) return;
    const keep = plan.limit + 1;
    if (this.rows.length >= 2 * keep + SLACK) this.rows.splice(0, this.rows.length - keep);
  }
}

function passes(request: RangeRequest, main: Revision, create: Revision): boolean {
  if (request.minModRevision !== 0 && main < request.minModRevision) return false;
  if (request.maxModRevision !== 0 && main > request.maxModRevision) return false;
  if (request.minCreateRevision !== 0 && create < request.minCreateRevision) return false;
  return request.maxCreateRevision === 0 || create <= request.maxCreateRevision;
}

/** The order of the rows, ties excluded; sorts must be stable. */
export function rowOrder(plan: RangePlan): (a: Row, b: Row) => number {
  const sign = plan.descending ? -1 : 1;
  switch (plan.target) {
    case SortTarget.VERSION:
      return (a, b) => sign * (a.version - b.version);
    case SortTarget.CREATE:
      return (a, b) => sign * (a.create - b.create);
    case SortTarget.MOD:
      return (a, b) => sign * (a.main - b.main);
    case SortTarget.VALUE:
      return (a, b) => sign * compareBytes(a.value as Uint8Array, b.value as Uint8Array);
    default:
      return (a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0);
  }
}

/** The KeyValue of `keys_only`, from the index alone. */
export function keyOnly(slab: Slab, row: Row): Uint8Array {
  return encodeKeyOnly(slab, fromByteString(row.key), row.create, row.main, row.version, row.lease);
}
