/**
 * A learner that was added: waits until its process runs and has caught up, then makes it a voter. Told
 * on the way is what a human waits for; a line is said again only when it changes.
 */
import { Status, hexId } from '@conclave/base';
import { GrpcCallError } from '@conclave/grpc';
import {
  ClusterService,
  type MemberAddResponse,
  type MemberListResponse,
  type MemberPromoteResponse,
  type ResponseHeader,
} from '@conclave/wire';
import type { Endpoints } from './endpoints.js';
import { surveyed } from './survey.js';

const LOOK_MS = 500;
const UNHEALTHY_MS = 12_000;
/** Entries behind the leader that are no reason to wait: it is made up while the promotion commits. */
const BEHIND_MAX = 1_000;

export interface Newcomer {
  readonly id: bigint;
  readonly waitMs: number;
  say(line: string): void;
}

/**
 * Answers the header of the answer that shows it as a voter; rejects with what hinders it for good, or
 * that it took too long.
 */
export async function promoteWhenReady(
  endpoints: Endpoints,
  { id, waitMs, say }: Newcomer,
): Promise<ResponseHeader | null> {
  const deadlineMs = performance.now() + waitMs;
  let said = '';
  const progress = (line: string): void => {
    if (line !== said) say(line);
    said = line;
  };
  for (;;) {
    const state = await look(endpoints, id);
    if (state.type === 'voter') return state.header;
    progress(`${hexId(id)}: ${state.text}`);
    if (state.type === 'ready') {
      const promoted = await tryPromote(endpoints, id, progress);
      if (promoted !== null) return promoted.header;
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`${hexId(id)} is not ready yet (${said}); the same command goes on waiting`);
    }
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

/**
 * Adds a learner. Links count as healthy after five seconds (`--strict-reconfig-check`), so for a while
 * an unhealthy cluster is asked again.
 */
export async function addLearner(
  endpoints: Endpoints,
  peerURLs: readonly string[],
  say: (line: string) => void,
): Promise<MemberAddResponse> {
  const deadlineMs = performance.now() + UNHEALTHY_MS;
  for (let said = false; ; said = true) {
    try {
      const request = { peerURLs: [...peerURLs], isLearner: true };
      return await endpoints.ask(ClusterService.memberAdd, request);
    } catch (error) {
      const isPassing = (error as Error).message === 'etcdserver: unhealthy cluster';
      if (!isPassing || performance.now() > deadlineMs) throw error;
      if (!said) say('the cluster is unhealthy: waiting until its members are connected for 5 s');
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }
}

type State =
  | { readonly type: 'waiting' | 'ready'; readonly text: string }
  | { readonly type: 'voter'; readonly header: ResponseHeader | null };

async function look(endpoints: Endpoints, id: bigint): Promise<State> {
  let answer: MemberListResponse;
  try {
    answer = await endpoints.ask(
      ClusterService.memberList,
      { linearizable: true },
      { isSafe: true },
    );
  } catch (error) {
    return { type: 'waiting', text: `the cluster does not answer: ${(error as Error).message}` };
  }
  const { members, header } = answer;
  const own = members.find((m) => m.ID === id);
  if (own === undefined) throw new Error(`member ${hexId(id)} was removed from the cluster`);
  if (!own.isLearner) return { type: 'voter', header };
  if (own.name === '') return { type: 'waiting', text: 'waiting for its process' };
  const seen = await surveyed(endpoints, members);
  const head = Math.max(0, ...seen.map((s) => s.status?.raftIndex ?? 0));
  const status = seen.find((s) => s.member.ID === id)?.status;
  // It published itself through the log; not reachable from here, the leader's own measure decides.
  if (!status)
    return { type: 'ready', text: 'started; asking the leader whether it has caught up' };
  const { raftAppliedIndex: at } = status;
  const share = head === 0 ? 0 : Math.floor((100 * at) / head);
  const text = `has ${share} % of the log (${at} of ${head})`;
  return { type: head - at <= BEHIND_MAX ? 'ready' : 'waiting', text };
}

async function tryPromote(
  endpoints: Endpoints,
  id: bigint,
  progress: (line: string) => void,
): Promise<MemberPromoteResponse | null> {
  try {
    return await endpoints.ask(ClusterService.memberPromote, { ID: id });
  } catch (error) {
    const { code, message } = error as GrpcCallError;
    const isNotYet =
      message.includes('in sync with leader') ||
      code === Status.UNAVAILABLE ||
      code === Status.DEADLINE_EXCEEDED;
    if (!(error instanceof GrpcCallError) || !isNotYet) throw error;
    progress(`${hexId(id)}: ${message}`);
    return null;
  }
}
