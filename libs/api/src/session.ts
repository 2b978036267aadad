/** Sessions for safe retry: opened and closed through the log (DESIGN 6.3). */
import { EMPTY_BYTES } from '@conclave/base';
import { RequestField, SessionClose, SessionOpen } from '@conclave/wire';
import { type ApiContext, bare } from './context.js';
import { sessionIdOf } from './session-metadata.js';
import type { UnaryCall } from './unary.js';

export function sessionOpen(api: ApiContext, call: UnaryCall): void {
  const session = sessionIdOf(call.head.metadata);
  if (session === null || session === 0n) return call.fail('bad-session');
  propose(api, call, RequestField.SESSION_OPEN, SessionOpen.encode({ session }));
}

export function sessionClose(api: ApiContext, call: UnaryCall): void {
  const session = sessionIdOf(call.head.metadata);
  if (session === null || session === 0n) return call.fail('bad-session');
  propose(api, call, RequestField.SESSION_CLOSE, SessionClose.encode({ session }));
}

function propose(api: ApiContext, call: UnaryCall, field: number, body: Uint8Array): void {
  call.hold(() =>
    api.replica.propose(bare(field, body), api.requestTimeoutMs, (result) => {
      api.settle(call, result, () => call.reply(EMPTY_BYTES));
    }),
  );
}
