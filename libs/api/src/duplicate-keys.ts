/**
 * A transaction must not put one key twice, nor put a key that the same branch deletes (spec 2.5).
 *
 * The rule is etcd's with its two holes, which clients may rely on: a delete to the end of the key space
 * or with an end at or below its key conflicts with nothing; and of two nested transactions side by
 * side, a put in the first and a delete of it in the second pass, the other way round they do not. The
 * branches of one nested transaction exclude each other, so both may put a key.
 *
 * Deletes are kept as sorted, disjoint ranges and merged like sorted lists, so that a large request
 * costs about n log n comparisons, never n².
 */
import { type ByteString, toByteString } from '@conclave/base';
import type { DeleteRangeRequest, RequestOp, TxnRequest } from '@conclave/wire';

interface Range {
  readonly key: ByteString;
  readonly end: ByteString;
}

interface Changes {
  readonly puts: Set<ByteString>;
  deletes: readonly Range[];
}

export function checkDuplicates(request: TxnRequest): 'duplicate-key' | null {
  const fine = changesOf(request.success) !== null && changesOf(request.failure) !== null;
  return fine ? null : 'duplicate-key';
}

/** What a branch puts and deletes; null: a key is given twice. */
function changesOf(ops: readonly RequestOp[]): Changes | null {
  const changes: Changes = { puts: new Set(), deletes: ownDeletes(ops) };
  for (const { request } of ops) {
    if (request?.$case !== 'requestTxn') continue;
    if (!addNested(changes, request.requestTxn)) return null;
  }
  for (const { request } of ops) {
    if (request?.$case !== 'requestPut') continue;
    const key = toByteString(request.requestPut.key);
    if (changes.puts.has(key) || covers(changes.deletes, key)) return null;
    changes.puts.add(key);
  }
  return changes;
}

function addNested(changes: Changes, txn: TxnRequest): boolean {
  const success = changesOf(txn.success);
  const failure = success === null ? null : changesOf(txn.failure);
  if (success === null || failure === null) return false;
  for (const key of success.puts) {
    if (changes.puts.has(key) || covers(changes.deletes, key)) return false;
    changes.puts.add(key);
  }
  for (const key of failure.puts) {
    if (changes.puts.has(key) && !success.puts.has(key)) return false;
    if (covers(changes.deletes, key)) return false;
    changes.puts.add(key);
  }
  changes.deletes = merge(changes.deletes, merge(success.deletes, failure.deletes));
  return true;
}

function ownDeletes(ops: readonly RequestOp[]): readonly Range[] {
  const ranges: Range[] = [];
  for (const { request } of ops) {
    if (request?.$case !== 'requestDeleteRange') continue;
    const range = deletedRange(request.requestDeleteRange);
    if (range.key < range.end) ranges.push(range);
  }
  if (ranges.length < 2) return ranges;
  ranges.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return joined(ranges);
}

/** An end of one zero byte is taken as it stands, so the range is empty: the first hole. */
function deletedRange({ key, rangeEnd }: DeleteRangeRequest): Range {
  const lo = toByteString(key);
  return { key: lo, end: rangeEnd.length === 0 ? `${lo}\0` : toByteString(rangeEnd) };
}

function merge(a: readonly Range[], b: readonly Range[]): readonly Range[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const out: Range[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (right === undefined || (left !== undefined && left.key <= right.key)) {
      out.push(left as Range);
      i++;
    } else {
      out.push(right);
      j++;
    }
  }
  return joined(out);
}

/** Sorted ranges made disjoint. */
function joined(sorted: readonly Range[]): readonly Range[] {
  const out: Range[] = [];
  for (const range of sorted) {
    const last = out[out.length - 1];
    if (last === undefined || range.key > last.end) out.push(range);
    else if (range.end > last.end) out[out.length - 1] = { key: last.key, end: range.end };
  }
  return out;
}

function covers(ranges: readonly Range[], key: ByteString): boolean {
  let lo = 0;
  let hi = ranges.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((ranges[mid] as Range).key <= key) lo = mid + 1;
    else hi = mid;
  }
  return lo > 0 && key < (ranges[lo - 1] as Range).end;
}
