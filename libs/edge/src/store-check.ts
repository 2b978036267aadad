/**
 * The question behind every health endpoint: can the store be read? One Range of one key, limit 1,
 * keys only, linearizable or from this member alone.
 *
 * A store that answers "who are you" is in order: with auth on, the check has no user (etcd reads
 * as root inside the server, a Call cannot).
 */
import { type CallHandler, encodeUtf8, Status } from '@conclave/base';
import { KvService, RangeRequest } from '@conclave/wire';

import { callOnce } from './local-call.js';

const KEY = encodeUtf8('health');
const AUTH_TEXTS: ReadonlySet<string> = new Set([
  'etcdserver: user name is empty',
  'etcdserver: permission denied',
]);

function request(serializable: boolean): Uint8Array {
  const range = RangeRequest.create({ key: KEY, limit: 1, keysOnly: true, serializable });
  return RangeRequest.encode(range);
}

/** `done(null)` if the store can be read, else why not. */
export type StoreCheck = (serializable: boolean, done: (why: string | null) => void) => void;

export function storeCheck(handler: CallHandler, timeoutMs: number): StoreCheck {
  const linearizable = request(false);
  const local = request(true);
  return (serializable, done) => {
    const bytes = serializable ? local : linearizable;
    callOnce(handler, KvService.range.path, bytes, timeoutMs, (code, message) => {
      done(code === Status.OK || AUTH_TEXTS.has(message) ? null : message);
    });
  };
}
