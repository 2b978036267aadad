/**
 * Whether the cluster can bear a change of its members: etcd's strict reconfiguration check (spec 2.9),
 * made by the member that proposes. A member has *started* once it published its name.
 */
import type { MemberRecord } from '@conclave/statemachine';
import type { ApiContext } from './context.js';
import type { ApiErrorCode } from './error-table.js';

/** A connection counts once it has held for so long. */
const HEALTHY_MS = 5_000;
/** A learner is in sync from this part of the leader's log on. */
const READY_FRACTION = 0.9;

type Verdict = ApiErrorCode | null;

export function mayAdd(api: ApiContext, isLearner: boolean): Verdict {
  if (!api.options.strictReconfigCheck) return null;
  const voters = votersOf(api);
  if (!isLearner) {
    const started = voters.filter(isStarted).length;
    const alone = started === 1 && voters.length === 1;
    if (!alone && started < quorum(voters.length + 1)) return 'not-enough-started';
  }
  if (voters.length === 1) return null;
  return countHealthy(api, voters) < quorum(voters.length + 1) ? 'unhealthy-cluster' : null;
}

export function mayRemove(api: ApiContext, id: bigint): Verdict {
  const leaving = api.replica.machine.members.find((member) => member.id === id);
  if (!api.options.strictReconfigCheck || leaving?.isLearner === true) return null;
  const voters = votersOf(api);
  const staying = voters.filter((member) => member.id !== id);
  if (staying.filter(isStarted).length < quorum(staying.length)) return 'not-enough-started';
  // One that is down is no part of the quorum that is there.
  if (id !== api.replica.memberId && !api.replica.isConnected(id)) return null;
  if (countHealthy(api, voters) - 1 < quorum(voters.length - 1)) return 'unhealthy-cluster';
  return null;
}

/** On the leader only: it alone knows how far a learner has come. */
export function mayPromote(api: ApiContext, id: bigint): Verdict {
  const { replica } = api;
  const match = replica.matchIndex(id);
  if (match === null) return replica.isLeader ? 'member-not-found' : 'not-leader';
  const own = replica.matchIndex(replica.memberId) ?? replica.lastIndex;
  if (match < own * READY_FRACTION) return 'learner-not-ready';
  if (!api.options.strictReconfigCheck) return null;
  const voters = votersOf(api);
  const started = voters.filter(isStarted).length + 1;
  return started < quorum(voters.length + 1) ? 'not-enough-started' : null;
}

function votersOf(api: ApiContext): readonly MemberRecord[] {
  return api.replica.machine.members.filter((member) => !member.isLearner);
}

function isStarted(member: MemberRecord): boolean {
  return member.name !== '';
}

function countHealthy(api: ApiContext, voters: readonly MemberRecord[]): number {
  const { replica } = api;
  return voters.filter(
    ({ id }) => id === replica.memberId || replica.connectedForMs(id) >= HEALTHY_MS,
  ).length;
}

function quorum(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
