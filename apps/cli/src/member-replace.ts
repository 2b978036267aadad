/**
 * `member replace`: a new member in the place of one that is dead for good.
 *
 * The order is: remove the dead one, add a learner, wait until it has caught up, promote it. Removing a
 * voter that is down never makes the quorum harder to reach (of 3 with 2 alive 2 are needed, before and
 * after), a learner does not count, and a promotion of one that has everything adds a vote that is
 * there. The other order, promote and then remove, has a moment in which 3 of 4 are needed with 3 alive:
 * the new one may not fail then. So `--strict-reconfig-check` refuses it as well.
 *
 * Each step is found done or not in the list of members, so the same command goes on after a cut.
 */
import { hexId } from '@conclave/base';
import { GrpcCallError } from '@conclave/grpc';
import { ClusterService, type Member } from '@conclave/wire';
import type { Endpoints } from './endpoints.js';
import type { MemberVerb } from './member-command-line.js';
import { type Printer, doneText, startingText } from './member-text.js';
import { addLearner, promoteWhenReady } from './newcomer.js';
import { type Seen, quorumOf, surveyed } from './survey.js';

type Replace = Extract<MemberVerb, { verb: 'replace' }>;

/** Answers that pass by themselves, as the dead one may have led. */
const PASSING = [
  'etcdserver: leader changed',
  'etcdserver: no leader',
  'etcdserver: request timed out',
];
const TRIES_MAX = 10;
const PAUSE_MS = 1000;

/** Tries again while there is no leader: whatever was done is found done. */
export async function replaceMember(
  verb: Replace,
  endpoints: Endpoints,
  printer: Printer,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await replaceOnce(verb, endpoints, printer);
    } catch (error) {
      const isPassing = error instanceof GrpcCallError && PASSING.includes(error.message);
      if (!isPassing || tries === TRIES_MAX) throw error;
      printer.say(`${error.message}; trying again`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function replaceOnce(verb: Replace, endpoints: Endpoints, printer: Printer): Promise<void> {
  const { id } = verb;
  const members = await listed(endpoints);
  const dead = members.find((m) => m.ID === id);
  const urls = [...verb.peerURLs].sort().join();
  let newcomer = members.find((m) => m.ID !== id && [...m.peerURLs].sort().join() === urls);
  if (dead === undefined && newcomer?.isLearner === false) {
    return printer.print(
      `${hexId(newcomer.ID)} is a voter, ${hexId(id)} is gone: nothing is left to do`,
    );
  }
  const seen = await surveyed(endpoints, members);
  // Any of them may be asked from here on: the endpoints given may be of the dead one.
  const alive = seen.filter((s) => s.status !== null && s.member.ID !== id);
  endpoints.use([...endpoints.urls, ...alive.flatMap((s) => s.member.clientURLs)]);
  const refusal = dead === undefined ? gone(id, newcomer, seen) : mayRemove(dead, seen);
  if (refusal !== null) throw new Error(refusal);
  if (dead !== undefined) {
    const answer = await endpoints.ask(ClusterService.memberRemove, { ID: id });
    printer.print(doneText(id, 'removed from', answer.header));
  } else printer.say(`${hexId(id)} is no member, so it was removed before; going on`);
  const say = (line: string): void => printer.say(line);
  if (newcomer === undefined) {
    const { member, header } = await addLearner(endpoints, verb.peerURLs, say);
    if (member === null) throw new Error('the answer names no member');
    printer.print(doneText(member.ID, 'added as learner to', header));
    newcomer = member;
  }
  const name = verb.name || newcomer.name || dead?.name || 'NAME';
  if (newcomer.name === '') {
    printer.print(startingText(name, newcomer, await listed(endpoints)));
  }
  const promoted = await promoteWhenReady(endpoints, { id: newcomer.ID, waitMs: verb.waitMs, say });
  printer.print(doneText(newcomer.ID, 'promoted in', promoted));
}

async function listed(endpoints: Endpoints): Promise<readonly Member[]> {
  const request = { linearizable: true };
  return (await endpoints.ask(ClusterService.memberList, request, { isSafe: true })).members;
}

/** Why the one to be replaced must stay; null: it may go. */
function mayRemove(dead: Member, seen: readonly Seen[]): string | null {
  const own = seen.find((s) => s.member.ID === dead.ID);
  if (own?.status) {
    return (
      `member ${hexId(dead.ID)} answers at ${dead.clientURLs.join(',')}: it is not dead. Stop it for ` +
      'good first, or use member add and member remove'
    );
  }
  const voters = seen.filter((s) => !s.member.isLearner);
  const alive = voters.filter((s) => s.status !== null).length;
  const needed = quorumOf(voters.length);
  if (alive >= needed) return null;
  const silent = voters.filter((s) => s.status === null).map((s) => hexId(s.member.ID));
  return (
    `${alive} of ${voters.length} voters answer, ${needed} are needed: bring back one of ` +
    `${silent.join(', ')} first`
  );
}

/** The one to be replaced is no member: an earlier run has removed it, or there never was one. */
function gone(id: bigint, newcomer: Member | undefined, seen: readonly Seen[]): string | null {
  if (newcomer !== undefined) return null;
  const silent = seen.filter((s) => !s.member.isLearner && s.status === null);
  if (silent.length === 0) return null;
  const ids = silent.map((s) => hexId(s.member.ID)).join(', ');
  return `there is no member ${hexId(id)}; those that do not answer are ${ids}`;
}
