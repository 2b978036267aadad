/**
 * The Election service: Campaign, Proclaim, Leader, Resign (spec 2.12); Observe has a file of its own.
 * The same queue of keys as a lock, with a value that the leader may change.
 */
import { EMPTY_BYTES, equalBytes } from '@conclave/base';
import {
  CampaignRequest,
  CampaignResponse,
  type LeaderKey,
  LeaderRequest,
  LeaderResponse,
  ProclaimRequest,
  RangeRequest,
  ResignRequest,
  TxnRequest,
} from '@conclave/wire';
import type { ApiContext } from './context.js';
import { giveUp } from './lock.js';
import {
  Recipe,
  createdAt,
  deleteOp,
  firstUnder,
  keyOfLease,
  prefixOf,
  putOp,
  rangeOf,
  rangeOp,
} from './recipe.js';
import type { UnaryCall } from './unary.js';

export function campaign(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { name, lease, value } = CampaignRequest.decode(body);
  const recipe = new Recipe(api, call);
  const prefix = prefixOf(name);
  recipe.session(lease, (session) => {
    const key = keyOfLease(prefix, session);
    const enter = TxnRequest.create({
      compare: [createdAt(key, 0)],
      success: [putOp(key, value, session)],
      failure: [rangeOp(RangeRequest.create({ key }))],
    });
    call.onCancelled(() => giveUp(api, key));
    recipe.txn(enter, (response, revision) => {
      const present = rangeOf(response, 0).kvs[0];
      const rev = response.succeeded ? revision : present?.createRevision;
      if (rev === undefined) return recipe.fail('election-not-leader');
      const leader: LeaderKey = { name, key, rev, lease: session };
      const wait = (): void => {
        recipe.waitDeletes(prefix, rev - 1, () => {
          const won = CampaignResponse.encode({ header: null, leader });
          call.reply(api.answer(revision, won));
        });
      };
      // The key is there already: its value becomes this one.
      if (present === undefined || equalBytes(present.value, value)) wait();
      else replace(recipe, leader, session, value, wait);
    });
  });
}

export function proclaim(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { leader, value } = ProclaimRequest.decode(body);
  const recipe = new Recipe(api, call);
  if (leader === null) return recipe.fail('leader-missing');
  recipe.session(leader.lease, (session) => {
    replace(recipe, leader, session, value, (revision) => {
      call.reply(api.answer(revision, EMPTY_BYTES));
    });
  });
}

/** Puts the leader's value if it still leads. */
function replace(
  recipe: Recipe,
  leader: LeaderKey,
  session: bigint,
  value: Uint8Array,
  next: (revision: number) => void,
): void {
  const { key, rev } = leader;
  if (key.length === 0) return recipe.fail('empty-key');
  const request = TxnRequest.create({
    compare: [createdAt(key, rev)],
    success: [putOp(key, value, session)],
  });
  recipe.txn(request, (response, revision) => {
    if (response.succeeded) next(revision);
    else recipe.fail('election-not-leader');
  });
}

/** Fine also when somebody else leads by now. */
export function resign(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { leader } = ResignRequest.decode(body);
  const recipe = new Recipe(api, call);
  if (leader === null) return recipe.fail('leader-missing');
  const { key, rev, lease } = leader;
  if (key.length === 0) return recipe.fail('empty-key');
  recipe.session(lease, () => {
    const request = TxnRequest.create({
      compare: [createdAt(key, rev)],
      success: [deleteOp(key)],
    });
    recipe.txn(request, (_response, revision) => call.reply(api.answer(revision, EMPTY_BYTES)));
  });
}

export function electionLeader(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { name } = LeaderRequest.decode(body);
  const recipe = new Recipe(api, call);
  recipe.range(firstUnder(prefixOf(name)), (response, revision) => {
    const kv = response.kvs[0];
    if (kv === undefined) return recipe.fail('election-no-leader');
    call.reply(api.answer(revision, LeaderResponse.encode({ header: null, kv })));
  });
}
