/**
 * Each operation of a client happens at most once, and exactly once if it was acknowledged (I24), by
 * its value alone: a judge that needs no revisions in answers.
 *
 * Every value is put by one operation only, so a value that was committed twice was applied twice. A key
 * that is put once for ever has version 1. A counter that is raised by comparison ends as high as
 * operations raised it.
 */
import { toByteString } from '@conclave/base';
import { PutRequest, TxnRequest, TxnResponse } from '@conclave/wire';
import type { Commit, Finding, Operation } from './history.js';

export function judgeExactlyOnce(
  operations: readonly Operation[],
  commits: readonly Commit[],
  isPutOnce: (key: string) => boolean,
): Finding[] {
  const findings: Finding[] = [];
  const committed = new Map<string, number>();
  for (const { revision, events, isInternal } of commits) {
    if (isInternal) continue;
    const inThis = new Set<string>();
    for (const { type, key, kv } of events) {
      if (type !== 'put') continue;
      const value = toByteString(kv.value);
      if (isPutOnce(key) && kv.version !== 1) {
        findings.push({ rule: 'I24', text: `${key} was put once and has version ${kv.version}` });
      }
      const before = committed.get(value);
      if (before !== undefined && !inThis.has(value)) {
        const text = `${value} was committed at revision ${before} and at ${revision}`;
        findings.push({ rule: 'I24', text });
      }
      inThis.add(value);
      committed.set(value, revision);
    }
  }
  for (const op of operations) {
    if (op.outcome.type === 'unknown') continue;
    for (const value of valuesOf(op)) {
      const has = committed.has(value);
      const isDone = op.outcome.type === 'ok';
      if (has === isDone) continue;
      const what = isDone ? 'was acknowledged and is nowhere' : 'was refused and has happened';
      findings.push({ rule: 'I24', text: `${value} of operation ${op.id} ${what}` });
    }
  }
  return findings.slice(0, 20);
}

/** Values that this operation, if it was carried out as answered, has committed. */
function valuesOf(op: Operation): string[] {
  if (op.method === '/etcdserverpb.KV/Put') {
    return [toByteString(PutRequest.decode(op.request).value)];
  }
  if (op.method !== '/etcdserverpb.KV/Txn') return [];
  const { success, failure } = TxnRequest.decode(op.request);
  const answer = op.outcome.type === 'ok' ? TxnResponse.decode(op.outcome.response) : null;
  const branches =
    answer === null ? [...success, ...failure] : answer.succeeded ? success : failure;
  const values: string[] = [];
  for (const { request } of branches) {
    if (request?.$case === 'requestPut') values.push(toByteString(request.requestPut.value));
  }
  return values;
}
