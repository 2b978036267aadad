/**
 * `member replace`: a new member in the place of one that is dead for good.
 *
 * The order is: remove the dead one, add a learner, wait until it has caught up, promote it. Removing a
 * voter that is down never makes the quorum harder to reach (of 3 with 2 alive 2 are needed, before and
 * after), a learner does not count, and a promotion of one that has everything adds a vote that is
 * there. The other order, promote and then remove, has a moment in which 3 of 4 are needed with 3 alive:
 * the new one may not fail then. So `--strict-reconfig-check` refuses it as well.
 *
 * What can be judged is judged before the first step (`replace-check.ts`). Each step is found done or not in the list of members, so the same command goes on after a cut.
 */
import { hexId } from '@conclave/base';
import { GrpcCallError } from '@conclave/grpc';
import { ClusterService, type Member } from '@conclave/wire';
import type { Endpoints } from './endpoints.js';
import type { MemberVerb } from './member-command-line.js';
import { type Printer, doneText, startingText } from './member-text.js';
import { addLearner, promoteWhenReady } from './newcomer.js';
import { newcomerOf, replaceFault } from './replace-check.js';
import { surveyed } from './survey.js';

type Replace = Extract<MemberVerb, { verb: 'replace' }>;

/** Answers that pass by themselves, as the dead one may have led. */
const PASSING = [
  'etcdserver: leader changed',
  'etcdserver: no leader',
  'etcdserver: request timed out',
];
const TRIES_MAX = 10;
const PAUSE_MS = 1000;

interface Run {
  /** This command has asked for the removal: if the id is no member, it is this one's doing. */
  removalAsked: boolean;
}

/** Tries again while there is no leader: whatever was done is found done. */
export async function replaceMember(
  verb: Replace,
  endpoints: Endpoints,
  printer: Printer,
): Promise<void> {
  const run: Run = { removalAsked: false };
  for (let tries = 1; ; tries++) {
    try {
      return await replaceOnce(verb, endpoints, printer, run);
    } catch (error) {
      const isPassing = error instanceof GrpcCallError && PASSING.includes(error.message);
      if (!isPassing || tries === TRIES_MAX) throw error;
      printer.say(`${error.message}; trying again`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

async function replaceOnce(
  verb: Replace,
  endpoints: Endpoints,
  printer: Printer,
  run: Run,
): Promise<void> {
  const { id } = verb;
  const members = await listed(endpoints);
  const dead = members.find((m) => m.ID === id);
  let newcomer = newcomerOf(verb, members);
  if (dead === undefined && newcomer?.isLearner === false) {
    return printer.print(
      `${hexId(newcomer.ID)} is a voter, ${hexId(id)} is gone: nothing is left to do`,
    );
  }
  const seen = await surveyed(endpoints, members);
  // Any of them may be asked from here on: the endpoints given may be of the dead one.
  const alive = seen.filter((s) => s.status !== null && s.member.ID !== id);
  endpoints.use([...endpoints.urls, ...alive.flatMap((s) => s.member.clientURLs)]);
  const force = verb.force || run.removalAsked;
  const refusal = replaceFault({ ...verb, force }, seen);
  if (refusal !== null) throw new Error(refusal);
  if (dead !== undefined) {
    run.removalAsked = true;
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
