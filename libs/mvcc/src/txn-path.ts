/**
 * Which way a transaction goes, and whether it may (spec 2.5).
 *
 * All compares, those of nested transactions too, see the state before the transaction. Then every
 * put on the taken path is checked, then every range; if one fails nothing is applied.
 */
import { type ByteString, type Revision, toByteString } from '@conclave/base';
import type { PutRequest, RangeRequest, RequestOp, TxnRequest } from '@conclave/wire';
import { type RecordOf, holds } from './compare.js';
import type { KeyIndex } from './key-index.js';
import { inRange, keyRangeOf } from './key-range.js';
import { planRange } from './range-plan.js';

import type { KeyRange, MvccErrorCode } from './types.js';

/** The branch taken, with the paths of its nested transactions in order. */
export interface Path {
  readonly succeeded: boolean;
  readonly ops: readonly RequestOp[];
  readonly nested: readonly Path[];
}

const NO_PATHS: readonly Path[] = [];

export function takePath(
  index: KeyIndex,
  txn: TxnRequest,
  revision: Revision,
  recordOf: RecordOf,
): Path {
  let succeeded = true;
  for (let i = 0; succeeded && i < txn.compare.length; i++) {
    const compare = txn.compare[i];
    if (compare !== undefined) succeeded = holds(index, compare, revision, recordOf);
  }
  const ops = succeeded ? txn.success : txn.failure;
  let nested: Path[] | null = null;
  for (const op of ops) {
    if (op.request?.$case !== 'requestTxn') continue;
    if (nested === null) nested = [];
    nested.push(takePath(index, op.request.requestTxn, revision, recordOf));
  }
  return { succeeded, ops, nested: nested ?? NO_PATHS };
}

export type LeaseExists = (id: bigint) => boolean;

/** The store as the transaction begins. */
export interface Begin {
  readonly index: KeyIndex;
  readonly revision: Revision;
  readonly compactRevision: Revision;
}

/** Null: the path may be applied. */
export function checkPath(
  begin: Begin,
  path: Path,
  leaseExists: LeaseExists,
): MvccErrorCode | null {
  const fault = checkPuts(begin, path, leaseExists) ?? checkRanges(begin, path);
  return fault ?? (foresee(path, new Foreseen()) ? null : 'key-not-found');
}

/**
 * What the path has deleted so far. A put that wants the key's old value or lease must find the key
 * when its turn comes, too: etcd stops in the middle of applying such a transaction (a put with
 * ignore_value behind a deletion of its key) and crashes; here it is refused before it begins, behind
 * all that etcd finds before it crashes.
 */
class Foreseen {
  readonly #deleted: KeyRange[] = [];
  readonly #revived = new Set<ByteString>();

  delete(range: KeyRange | null): void {
    if (range === null) return;
    this.#deleted.push(range);
    for (const key of this.#revived) if (inRange(range, key)) this.#revived.delete(key);
  }

  put(key: Uint8Array): void {
    if (this.#deleted.length > 0) this.#revived.add(toByteString(key));
  }

  gone(key: Uint8Array): boolean {
    if (this.#deleted.length === 0) return false;
    const text = toByteString(key);
    return !this.#revived.has(text) && this.#deleted.some((range) => inRange(range, text));
  }
}

/** False: a put finds nothing any more of what it takes from its key. */
function foresee(path: Path, foreseen: Foreseen): boolean {
  let nested = 0;
  for (const { request } of path.ops) {
    if (request?.$case === 'requestPut') {
      const { key, ignoreValue, ignoreLease } = request.requestPut;
      if ((ignoreValue || ignoreLease) && foreseen.gone(key)) return false;
      foreseen.put(key);
    } else if (request?.$case === 'requestDeleteRange') {
      const { key, rangeEnd } = request.requestDeleteRange;
      foreseen.delete(keyRangeOf(key, rangeEnd));
    } else if (request?.$case === 'requestTxn') {
      if (!foresee(path.nested[nested++] as Path, foreseen)) return false;
    }
  }
  return true;
}

function checkPuts(begin: Begin, path: Path, leaseExists: LeaseExists): MvccErrorCode | null {
  let nested = 0;
  for (const op of path.ops) {
    let code: MvccErrorCode | null = null;
    switch (op.request?.$case) {
      case undefined:
        code = 'key-not-found';
        break;
      case 'requestPut': {
        const put = op.request.requestPut;
        code = needsMissingKey(begin, put) ?? needsMissingLease(put, leaseExists);
        break;
      }
      case 'requestTxn':
        code = checkPuts(begin, path.nested[nested++] as Path, leaseExists);
        break;
      case 'requestDeleteRange':
      case 'requestRange':
        break;
    }
    if (code !== null) return code;
  }
  return null;
}

function checkRanges(begin: Begin, path: Path): MvccErrorCode | null {
  let nested = 0;
  for (const op of path.ops) {
    let code: MvccErrorCode | null = null;
    if (op.request?.$case === 'requestRange') code = checkRange(begin, op.request.requestRange);
    else if (op.request?.$case === 'requestTxn') {
      code = checkRanges(begin, path.nested[nested++] as Path);
    }
    if (code !== null) return code;
  }
  return null;
}

function checkRange(begin: Begin, request: RangeRequest): MvccErrorCode | null {
  if (planRange(request) === null) return 'invalid-sort-option';
  if (request.revision === 0) return null;
  if (request.revision > begin.revision) return 'future-revision';
  return request.revision < begin.compactRevision ? 'compacted' : null;
}

/** `ignore_value` and `ignore_lease` take from the key what they do not bring. */
export function needsMissingKey(begin: Begin, put: PutRequest): MvccErrorCode | null {
  if (!put.ignoreValue && !put.ignoreLease) return null;
  const history = begin.index.get(toByteString(put.key));
  return history !== undefined && history.aliveAt(begin.revision) >= 0 ? null : 'key-not-found';
}

export function needsMissingLease(put: PutRequest, leaseExists: LeaseExists): MvccErrorCode | null {
  return put.lease !== 0n && !leaseExists(put.lease) ? 'lease-not-found' : null;
}
