/** Auth while it is off, which it always is for now: its state, and what cannot be asked of it. */
import { AuthStatusResponse, AuthenticateRequest } from '@conclave/wire';
import type { ApiContext } from './context.js';
import type { UnaryCall } from './unary.js';

/** etcd's auth store begins at revision 1. */
const AUTH_REVISION = 1;

export function authStatus(api: ApiContext, call: UnaryCall): void {
  const response = AuthStatusResponse.create({ enabled: false, authRevision: AUTH_REVISION });
  api.reply(call, AuthStatusResponse.encode(response));
}

export function authenticate(_api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  AuthenticateRequest.decode(body);
  call.fail('auth-not-enabled');
}
