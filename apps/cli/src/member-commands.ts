/** `member ...` and `move-leader`: asks the cluster, prints what came of it. */
import { hexId } from '@conclave/base';
import { ClusterService, MaintenanceService, type MemberAddResponse } from '@conclave/wire';
import { Endpoints } from './endpoints.js';
import type { MemberCommand, MemberVerb } from './member-command-line.js';
import { replaceMember } from './member-replace.js';
import { type Printer, answerJson, doneText, joiningText, memberListText } from './member-text.js';
import { addLearner, promoteWhenReady } from './newcomer.js';

/** Rejects with what a user is to be told. */
export async function runMemberCommand(command: MemberCommand, printer: Printer): Promise<void> {
  const endpoints = new Endpoints(command.connection);
  try {
    await run(command, endpoints, printer);
  } finally {
    endpoints.close();
  }
}

async function run(command: MemberCommand, endpoints: Endpoints, printer: Printer): Promise<void> {
  const { verb, format } = command;
  const show = (json: () => string, simple: () => string): void =>
    printer.print(format === 'json' ? json() : simple());
  switch (verb.verb) {
    case 'list': {
      const { linearizable } = verb;
      const answer = await endpoints.ask(
        ClusterService.memberList,
        { linearizable },
        { isSafe: true },
      );
      return printer.print(memberListText(answer, format));
    }
    case 'add':
      return add(verb, endpoints, printer, show);
    case 'replace':
      return replaceMember(verb, endpoints, printer);
    case 'remove': {
      const answer = await endpoints.ask(ClusterService.memberRemove, { ID: verb.id });
      return show(
        () => answerJson(answer),
        () => doneText(verb.id, 'removed from', answer.header),
      );
    }
    case 'update': {
      const request = { ID: verb.id, peerURLs: [...verb.peerURLs] };
      const answer = await endpoints.ask(ClusterService.memberUpdate, request);
      return show(
        () => answerJson(answer),
        () => doneText(verb.id, 'updated in', answer.header),
      );
    }
    case 'promote': {
      const answer = await endpoints.ask(ClusterService.memberPromote, { ID: verb.id });
      return show(
        () => answerJson(answer),
        () => doneText(verb.id, 'promoted in', answer.header),
      );
    }
    case 'move-leader':
      return moveLeader(verb.id, endpoints, printer);
  }
}

type Show = (json: () => string, simple: () => string) => void;
type Add = Extract<MemberVerb, { verb: 'add' }>;

async function add(verb: Add, endpoints: Endpoints, printer: Printer, show: Show): Promise<void> {
  const say = (line: string): void => printer.say(line);
  const answer = await addLearner(endpoints, verb.peerURLs, say);
  const { member } = answer;
  if (member === null) throw new Error('the answer names no member');
  show(
    () => answerJson(answer),
    () => addedText(verb.name, answer),
  );
  if (verb.learner) return;
  printer.say('start it with these and its own listen URLs; it is promoted once it has caught up');
  const { waitMs } = verb;
  const promoted = await promoteWhenReady(endpoints, { id: member.ID, waitMs, say });
  printer.say(doneText(member.ID, 'promoted in', promoted));
}

function addedText(name: string, answer: MemberAddResponse): string {
  const { member, members, header } = answer;
  if (member === null) return '';
  return `${doneText(member.ID, 'added as learner to', header)}\n\n${joiningText(name, member, members)}`;
}

/** Only the leader can hand over, so it is looked for among the endpoints given. */
async function moveLeader(to: bigint, endpoints: Endpoints, printer: Printer): Promise<void> {
  for (const url of endpoints.urls) {
    const status = await endpoints.askAt(url, MaintenanceService.status, {}).catch(() => null);
    const own = status?.header?.memberId;
    if (own === undefined || status?.leader !== own) continue;
    await endpoints.askAt(url, MaintenanceService.moveLeader, { targetID: to });
    return printer.print(`Leadership transferred from ${hexId(own)} to ${hexId(to)}`);
  }
  throw new Error(`no leader endpoint given at [${endpoints.urls.join(' ')}]`);
}
