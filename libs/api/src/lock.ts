/**
 * The Lock service (spec 2.12). Each waiter puts `<name>/<lease>`; the owner is whoever's key has the
 * lowest create revision. A lock alone does not keep two holders apart for ever, since a lease can
 * end unnoticed: what it guards should compare the create revision of the key.
 */
import { EMPTY_BYTES } from '@conclave/base';
import {
  DeleteRangeRequest,
  LockRequest,
  LockResponse,
  RangeRequest,
  RequestField,
  TxnRequest,
  UnlockRequest,
} from '@conclave/wire';
import { type ApiContext, bare } from './context.js';
import {
  Recipe,
  createdAt,
  firstUnder,
  keyOfLease,
  prefixOf,
  putOp,
  rangeOf,
  rangeOp,
} from './recipe.js';
import type { UnaryCall } from './unary.js';

export function lock(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { name, lease } = LockRequest.decode(body);
  const recipe = new Recipe(api, call);
  const prefix = prefixOf(name);
  recipe.session(lease, (session) => {
    const key = keyOfLease(prefix, session);
    const acquire = TxnRequest.create({
      compare: [createdAt(key, 0)],
      success: [putOp(key, EMPTY_BYTES, session), rangeOp(firstUnder(prefix))],
      failure: [rangeOp(RangeRequest.create({ key })), rangeOp(firstUnder(prefix))],
    });
    call.onCancelled(() => giveUp(api, key));
    recipe.txn(acquire, (response, revision) => {
      const own = response.succeeded ? revision : rangeOf(response, 0).kvs[0]?.createRevision;
      const owner = rangeOf(response, 1).kvs[0];
      if (own === undefined) return recipe.fail('session-expired');
      if (owner === undefined || owner.createRevision === own) {
        return answer(api, call, key, revision);
      }
      recipe.waitDeletes(prefix, own - 1, () => verify(api, call, recipe, key));
    });
  });
}

/** The lock is ours if our key is still there. */
function verify(api: ApiContext, call: UnaryCall, recipe: Recipe, key: Uint8Array): void {
  recipe.range(RangeRequest.create({ key }), (response, revision) => {
    if (response.kvs.length === 0) return recipe.fail('session-expired');
    answer(api, call, key, revision);
  });
}

function answer(api: ApiContext, call: UnaryCall, key: Uint8Array, revision: number): void {
  call.reply(api.answer(revision, LockResponse.encode({ header: null, key })));
}

/** The client went away while waiting: its place in the queue goes too. */
export function giveUp(api: ApiContext, key: Uint8Array): void {
  const body = DeleteRangeRequest.encode(DeleteRangeRequest.create({ key }));
  const request = bare(RequestField.DELETE_RANGE, body);
  api.replica.propose(request, api.requestTimeoutMs, () => undefined);
}

export function unlock(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { key } = UnlockRequest.decode(body);
  const recipe = new Recipe(api, call);
  if (key.length === 0) return recipe.fail('empty-key');
  recipe.deleteKey(key, (revision) => call.reply(api.answer(revision, EMPTY_BYTES)));
}
