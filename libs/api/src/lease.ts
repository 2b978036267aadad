/**
 * Lease calls that have one answer: Grant, Revoke, TimeToLive, Leases (spec 2.8). KeepAlive has a file
 * of its own.
 *
 * The proposing member fixes a grant's id and raises its TTL before it is proposed: apply must give
 * the same TTL on every member, whatever their election timeouts.
 */
import { fromByteString } from '@conclave/base';
import { MAX_TTL_SECONDS } from '@conclave/lease';
import {
  LeaseGrantRequest,
  LeaseLeasesResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  RequestField,
} from '@conclave/wire';
import type { ApiContext } from './context.js';
import { forwardUnary } from './forward.js';
import { LEASE_COST_BYTES } from './kv-check.js';
import type { UnaryCall } from './unary.js';

/** The leader's own applied index may lag behind what it committed for so long. */
const APPLIED_WAIT_MS = 1_000;

/** Shorter TTLs are raised to it: 1.5 election timeouts, in whole seconds. */
export function minTtlSeconds(electionMs: number): number {
  return Math.max(1, Math.ceil((1.5 * electionMs) / 1_000));
}

export function leaseGrant(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const request = LeaseGrantRequest.decode(body);
  if (!api.hasRoomFor(call, LEASE_COST_BYTES)) return;
  const ID = request.ID === 0n ? newLeaseId(api) : request.ID;
  const TTL = Math.max(request.TTL, minTtlSeconds(api.replica.electionMs));
  // A longer TTL than allowed is refused at apply, behind an id in use as at etcd.
  const bounded = Math.min(TTL, MAX_TTL_SECONDS + 1);
  const asked = LeaseGrantRequest.encode({ ID, TTL: bounded });
  api.write(call, RequestField.LEASE_GRANT, asked, (answer) => api.reply(call, answer));
}

/** A positive int63 that no lease of this member's state has. */
export function newLeaseId(api: ApiContext): bigint {
  for (;;) {
    const id = BigInt.asUintN(63, api.ports.random.uint64());
    if (id !== 0n && !api.replica.machine.leases.exists(id)) return id;
  }
}

export function leaseRevoke(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  api.write(call, RequestField.LEASE_REVOKE, body, (answer) => api.reply(call, answer));
}

/** Answered by the leader, which alone knows when a lease ends. */
export function leaseTimeToLive(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const request = LeaseTimeToLiveRequest.decode(body);
  if (!api.replica.isLeader) {
    return forwardUnary(api, call, body, LeaseTimeToLiveResponse, (response) => {
      api.reply(call, LeaseTimeToLiveResponse.encode({ ...response, header: null }));
    });
  }
  const { commitIndex } = api.replica;
  call.hold(() =>
    api.replica.whenApplied(commitIndex, APPLIED_WAIT_MS, (applied) => {
      if (call.ended) return;
      if (!applied) return call.fail('applied-index-slow');
      if (!api.replica.machine.leases.primary) return call.fail('no-leader');
      api.reply(call, remaining(api, request));
    }),
  );
}

/** An unknown lease, or one that has ended, is told by TTL -1 (spec 2.8). */
function remaining(api: ApiContext, request: LeaseTimeToLiveRequest): Uint8Array {
  const { ID, keys } = request;
  const view = api.replica.machine.leases.view(ID, api.replica.nowMs);
  const response = LeaseTimeToLiveResponse.create({ ID, TTL: -1 });
  if (view !== null && view.remaining >= 0) {
    response.TTL = view.remaining;
    response.grantedTTL = view.ttl;
    if (keys) response.keys = view.keys.map(fromByteString);
  }
  return LeaseTimeToLiveResponse.encode(response);
}

/** Of local state, as in etcd; while a snapshot takes its place (nothing is applied), that is waited for. */
export function leaseLeases(api: ApiContext, call: UnaryCall): void {
  call.hold(() =>
    api.replica.whenApplied(1, APPLIED_WAIT_MS, (applied) => {
      if (call.ended) return;
      if (!applied) return call.fail('applied-index-slow');
      const leases = api.replica.machine.leases.ids().map((ID) => ({ ID }));
      api.reply(call, LeaseLeasesResponse.encode(LeaseLeasesResponse.create({ leases })));
    }),
  );
}
