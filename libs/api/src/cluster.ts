/**
 * Cluster: who is a member, and changes of it (spec 2.9). Headers of these answers have no revision.
 *
 * What this member can judge alone (URL syntax, health) it judges before it proposes; the rest is
 * judged at apply, alike on every member. There is no time limit but the client's own.
 */
import type { Cancel } from '@conclave/replica';
import { Feature } from '@conclave/statemachine';
import type { ConfChange } from '@conclave/wire';
import {
  ConfChangeTransition,
  ConfChangeType,
  type Member,
  MemberAddRequest,
  MemberAddResponse,
  MemberChange,
  MemberListRequest,
  MemberListResponse,
  MemberPromoteRequest,
  MemberPromoteResponse,
  MemberRemoveRequest,
  MemberRemoveResponse,
  MemberUpdate,
  MemberUpdateRequest,
  MemberUpdateResponse,
  type MembershipMember,
  RequestField,
} from '@conclave/wire';
import { type ApiContext, bare } from './context.js';
import { failureOf } from './error-table.js';
import { forwardUnary } from './forward.js';
import { parsePeerUrls } from './member-url.js';
import { mayAdd, mayPromote, mayRemove } from './reconfiguration.js';
import type { UnaryCall } from './unary.js';

/** "No time limit": longer than any client waits, and still a bound. */
const PATIENCE_MS = 3_600_000;
/** How often it is looked whether a demoted voter is gone. */
const GONE_LOOK_MS = 10;

export function memberList(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const answer = (): void => {
    const response = MemberListResponse.create({ members: membersOf(api) });
    api.replyWithoutRevision(call, MemberListResponse.encode(response));
  };
  if (MemberListRequest.decode(body).linearizable) api.linearizable(call, answer);
  else answer();
}

export function memberAdd(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { peerURLs, isLearner } = MemberAddRequest.decode(body);
  const urls = parsePeerUrls(peerURLs);
  if (urls === null) return call.fail('bad-member-urls');
  const fault = mayAdd(api, isLearner);
  if (fault !== null) return call.fail(fault);
  const ID = api.ports.newMemberId(urls);
  const type = isLearner ? ConfChangeType.ADD_LEARNER : ConfChangeType.ADD_VOTER;
  const joining: MembershipMember = {
    ID,
    raftAttributes: { peerUrls: [...urls], isLearner },
    memberAttributes: null,
  };
  change(api, call, type, ID, [joining], () => {
    const member: Member = { ID, name: '', peerURLs: [...urls], clientURLs: [], isLearner };
    const response = MemberAddResponse.create({ member, members: membersOf(api) });
    api.replyWithoutRevision(call, MemberAddResponse.encode(response));
  });
}

export function memberRemove(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { ID } = MemberRemoveRequest.decode(body);
  const fault = mayRemove(api, ID);
  if (fault !== null) return call.fail(fault);
  const remove = (): void => {
    const answer = (): void => {
      const response = MemberRemoveResponse.create({ members: membersOf(api) });
      api.replyWithoutRevision(call, MemberRemoveResponse.encode(response));
    };
    const voter = api.replica.machine.members.some((m) => m.id === ID && !m.isLearner);
    // Members of an older build would take the demotion for a role that the member keeps.
    const joint = api.replica.machine.feature >= Feature.JOINT_REMOVAL;
    if (!voter || !joint) return change(api, call, ConfChangeType.REMOVE, ID, [], answer);
    const demoted = (): void => whenGone(api, call, ID, answer);
    change(api, call, ConfChangeType.ADD_LEARNER, ID, [], demoted, true);
  };
  const heir = heirOf(api, ID);
  if (heir === null) return remove();
  if (!api.replica.isLeader) {
    return forwardUnary(api, call, body, MemberRemoveResponse, (response) => {
      const own = MemberRemoveResponse.encode({ ...response, header: null });
      api.replyWithoutRevision(call, own);
    });
  }
  api.replica.transferLeader(heir, Math.min(patience(call), api.requestTimeoutMs), (error) => {
    if (error !== null) call.fail(error);
    else if (!call.ended) remove();
  });
}

/**
 * A voter was demoted; the leader removes it as soon as nobody counts its vote. Whoever is told that it is
 * removed may switch it off at once, so the answer waits for that.
 */
function whenGone(api: ApiContext, call: UnaryCall, id: bigint, answer: () => void): void {
  const { replica } = api;
  if (replica.machine.isRemoved(id)) return answer();
  const deadlineMs = replica.nowMs + patience(call);
  call.hold(() => {
    let cancel: Cancel = () => undefined;
    const look = (): void => {
      if (replica.machine.isRemoved(id)) answer();
      else if (replica.nowMs >= deadlineMs) call.fail('timeout');
      else cancel = replica.after(GONE_LOOK_MS, look);
    };
    cancel = replica.after(GONE_LOOK_MS, look);
    return () => cancel();
  });
}

/**
 * Who must lead before `id` leaves; null: it may go as it is. When the leader of two voters removes
 * itself, it alone knows that the removal is committed: were it cut off before it told, the other one
 * would wait for its vote for ever. So the one that stays leads, and tells itself.
 */
function heirOf(api: ApiContext, id: bigint): bigint | null {
  const { leaderId, machine } = api.replica;
  const voters = machine.members.filter((member) => !member.isLearner);
  if (id !== leaderId || voters.length !== 2) return null;
  return voters.find((member) => member.id !== id)?.id ?? null;
}

export function memberPromote(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { ID } = MemberPromoteRequest.decode(body);
  if (!api.replica.isLeader) {
    return forwardUnary(api, call, body, MemberPromoteResponse, (response) => {
      const own = MemberPromoteResponse.encode({ ...response, header: null });
      api.replyWithoutRevision(call, own);
    });
  }
  const fault = mayPromote(api, ID);
  if (fault !== null) {
    const labels = { Reason: failureOf(fault).message };
    api.ports.probe.count('etcd_server_learner_promote_failures', 1, labels);
    return call.fail(fault);
  }
  change(api, call, ConfChangeType.ADD_VOTER, ID, [], () => {
    api.ports.probe.count('etcd_server_learner_promote_successes');
    const response = MemberPromoteResponse.create({ members: membersOf(api) });
    api.replyWithoutRevision(call, MemberPromoteResponse.encode(response));
  });
}

/** Changes no configuration of Raft, hence a request like any other in the log. */
export function memberUpdate(api: ApiContext, call: UnaryCall, body: Uint8Array): void {
  const { ID, peerURLs } = MemberUpdateRequest.decode(body);
  const urls = parsePeerUrls(peerURLs);
  if (urls === null) return call.fail('bad-member-urls');
  const update = MemberUpdate.encode({ memberID: ID, peerUrls: [...urls] });
  call.hold(() =>
    api.replica.propose(bare(RequestField.MEMBER_UPDATE, update), patience(call), (result) => {
      api.settle(call, result, () => {
        const response = MemberUpdateResponse.create({ members: membersOf(api) });
        api.replyWithoutRevision(call, MemberUpdateResponse.encode(response));
      });
    }),
  );
}

function change(
  api: ApiContext,
  call: UnaryCall,
  type: ConfChangeType,
  id: bigint,
  members: MembershipMember[],
  done: () => void,
  leaving = false,
): void {
  // Zero is no member's id, so nothing needs to be asked of the log.
  if (id === 0n) return call.fail('member-not-found');
  const requestID = api.replica.nextRequestId();
  const context = MemberChange.encode({
    requestID,
    members,
    learnersMax: api.options.maxLearners,
    leaving,
  });
  const confChange: ConfChange = {
    transition: leaving ? ConfChangeTransition.JOINT_AUTO_LEAVE : ConfChangeTransition.AUTO,
    changes: [{ type, id }],
    context,
  };
  call.hold(() =>
    api.replica.proposeConfChange(confChange, requestID, patience(call), (result) => {
      api.settle(call, result, done);
    }),
  );
}

function patience(call: UnaryCall): number {
  return Math.min(call.head.timeoutMs ?? PATIENCE_MS, PATIENCE_MS);
}

/** As clients see them, sorted by id. */
export function membersOf(api: ApiContext): Member[] {
  return api.replica.machine.members.map((member) => ({
    ID: member.id,
    name: member.name,
    peerURLs: [...member.peerURLs],
    clientURLs: [...member.clientURLs],
    isLearner: member.isLearner,
  }));
}
