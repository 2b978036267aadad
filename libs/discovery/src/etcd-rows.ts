/** Pieces of etcd v3 requests, for code that reads and writes rows under text keys. */
import {
  type Compare,
  CompareResult,
  CompareTarget,
  type DeleteRangeRequest,
  type PutRequest,
  type RequestOp,
} from '@conclave/wire';

const EMPTY = new Uint8Array(0);

export const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** `[prefix, next)` of all keys that begin with `prefix`, which ends with a `/`. */
export function prefixRange(prefix: string): { key: Uint8Array; rangeEnd: Uint8Array } {
  const key = utf8(prefix);
  const rangeEnd = Uint8Array.from(key);
  const last = rangeEnd.length - 1;
  // A slash: adding one needs no carry.
  rangeEnd[last] = (rangeEnd[last] ?? 0) + 1;
  return { key, rangeEnd };
}

/** The row is unchanged since `revision`; 0: it is not there. */
export function isAt(key: string, modRevision: number): Compare {
  return {
    result: CompareResult.EQUAL,
    target: CompareTarget.MOD,
    key: utf8(key),
    targetUnion: { $case: 'modRevision', modRevision },
    rangeEnd: EMPTY,
  };
}

export function put(key: string, value: string, lease: bigint): RequestOp {
  const row = { key: utf8(key), value: utf8(value), lease };
  const requestPut: PutRequest = { ...row, prevKv: false, ignoreValue: false, ignoreLease: false };
  return { request: { $case: 'requestPut', requestPut } };
}

export function remove(key: string): RequestOp {
  return removal({ key: utf8(key), rangeEnd: EMPTY });
}

export function removePrefix(prefix: string): RequestOp {
  return removal(prefixRange(prefix));
}

function removal(range: { key: Uint8Array; rangeEnd: Uint8Array }): RequestOp {
  const requestDeleteRange: DeleteRangeRequest = { ...range, prevKv: false };
  return { request: { $case: 'requestDeleteRange', requestDeleteRange } };
}
