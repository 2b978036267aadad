/**
 * Compares of a transaction (spec 2.5), evaluated at one revision.
 *
 * A compare over a range must hold for every key in it. A key that is not there, and so an empty
 * range, compares as 0 for version, revisions and lease; VALUE is then false whatever the operator.
 */
import { EMPTY_BYTES, type Revision, compareBytes } from '@conclave/base';
import { type Compare, CompareResult, CompareTarget } from '@conclave/wire';
import type { KeyHistory } from './key-history.js';
import type { KeyIndex } from './key-index.js';
import { keyRangeOf } from './key-range.js';
import { recordValue } from './record.js';

/** Answers the record of a version, which must be in memory. */
export type RecordOf = (main: Revision, sub: number) => Uint8Array;

/** Calls `visit` for each history alive at `revision` that the compare names, until it says false. */
export function eachCompared(
  index: KeyIndex,
  compare: Compare,
  revision: Revision,
  visit: (history: KeyHistory, at: number) => boolean,
): void {
  const range = keyRangeOf(compare.key, compare.rangeEnd);
  if (range === null) return;
  const one = (history: KeyHistory): boolean => {
    const at = history.aliveAt(revision);
    return at < 0 || visit(history, at);
  };
  if (compare.rangeEnd.length > 0) index.walk(range.key, range.end, Number.MAX_SAFE_INTEGER, one);
  else {
    const history = index.get(range.key);
    if (history !== undefined) one(history);
  }
}

/** Whether the compare needs records. */
export function comparesValue(compare: Compare): boolean {
  return compare.target === CompareTarget.VALUE;
}

export function holds(
  index: KeyIndex,
  compare: Compare,
  revision: Revision,
  recordOf: RecordOf,
): boolean {
  let found = false;
  let ok = true;
  eachCompared(index, compare, revision, (history, at) => {
    found = true;
    ok = satisfies(compare.result, orderOf(compare, history, at, recordOf));
    return ok;
  });
  if (found) return ok;
  return !comparesValue(compare) && satisfies(compare.result, orderOfMissing(compare));
}

/** Negative, 0 or positive as the key's own value is below, equal to or above the one asked. */
function orderOf(compare: Compare, history: KeyHistory, at: number, recordOf: RecordOf): number {
  const union = compare.targetUnion;
  switch (compare.target) {
    case CompareTarget.VERSION:
      return order(history.versionAt(at), union?.$case === 'version' ? union.version : 0);
    case CompareTarget.CREATE:
      return order(
        history.createAt(at),
        union?.$case === 'createRevision' ? union.createRevision : 0,
      );
    case CompareTarget.MOD:
      return order(history.mainAt(at), union?.$case === 'modRevision' ? union.modRevision : 0);
    case CompareTarget.VALUE: {
      const value = recordValue(recordOf(history.mainAt(at), history.subAt(at)));
      return compareBytes(value, union?.$case === 'value' ? union.value : EMPTY_BYTES);
    }
    case CompareTarget.LEASE:
      return order(history.leaseAt(at), union?.$case === 'lease' ? union.lease : 0n);
    default:
      return 0;
  }
}

function orderOfMissing(compare: Compare): number {
  const union = compare.targetUnion;
  switch (compare.target) {
    case CompareTarget.VERSION:
      return order(0, union?.$case === 'version' ? union.version : 0);
    case CompareTarget.CREATE:
      return order(0, union?.$case === 'createRevision' ? union.createRevision : 0);
    case CompareTarget.MOD:
      return order(0, union?.$case === 'modRevision' ? union.modRevision : 0);
    case CompareTarget.LEASE:
      return order(0n, union?.$case === 'lease' ? union.lease : 0n);
    default:
      return 0;
  }
}

function order<T extends number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function satisfies(result: CompareResult, ordering: number): boolean {
  switch (result) {
    case CompareResult.EQUAL:
      return ordering === 0;
    case CompareResult.NOT_EQUAL:
      return ordering !== 0;
    case CompareResult.GREATER:
      return ordering > 0;
    case CompareResult.LESS:
      return ordering < 0;
    default:
      return true;
  }
}
