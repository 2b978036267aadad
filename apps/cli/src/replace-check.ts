/**
 * Whether `member replace` may begin: all that can be known before the first step is judged before it, so
 * that a refused command has changed nothing. Pure; what the members say is handed in.
 */
import { hexId } from '@conclave/base';
import { parsePeerUrls } from '@conclave/api';
import type { Member } from '@conclave/wire';
import { type Seen, quorumOf } from './survey.js';

export interface Replacement {
  readonly id: bigint;
  readonly peerURLs: readonly string[];
  /** Also one that answers, or that is no member any more. */
  readonly force: boolean;
}

/** The member at exactly these peer URLs, besides the one to be replaced. */
export function newcomerOf(
  { id, peerURLs }: Replacement,
  members: readonly Member[],
): Member | undefined {
  const urls = sorted(peerURLs);
  return members.find((m) => m.ID !== id && sorted(m.peerURLs) === urls);
}

/** Why not, for the operator; null: it may. */
export function replaceFault(wanted: Replacement, seen: readonly Seen[]): string | null {
  const members = seen.map((s) => s.member);
  const dead = members.find((m) => m.ID === wanted.id);
  const newcomer = newcomerOf(wanted, members);
  if (newcomer === undefined) {
    const fault = urlFault(wanted, members);
    if (fault !== null) return fault;
  }
  if (dead === undefined) return newcomer === undefined ? unknownFault(wanted, seen) : null;
  if (newcomer?.isLearner === false) {
    return (
      `${wanted.peerURLs.join(',')} is of ${hexId(newcomer.ID)}, a voter already: name the peer URLs ` +
      'of the new member'
    );
  }
  return aliveFault(wanted, dead, seen) ?? quorumFault(seen);
}

function urlFault({ id, peerURLs }: Replacement, members: readonly Member[]): string | null {
  if (parsePeerUrls(peerURLs) === null) {
    return `${peerURLs.join(',')} is no list of peer URLs such as http://10.0.0.4:2380`;
  }
  for (const { ID, peerURLs: taken } of members) {
    if (ID === id) continue;
    const url = peerURLs.find((one) => taken.includes(one));
    if (url !== undefined) return `${url} is a peer URL of ${hexId(ID)}, which stays`;
  }
  return null;
}

/** It may have been removed by an earlier run; as likely it was mistyped, and nobody is to be added. */
function unknownFault({ id, force }: Replacement, seen: readonly Seen[]): string | null {
  if (force) return null;
  const lines = seen.map(({ member, status }) => {
    const name = member.name === '' ? 'unstarted' : member.name;
    return `  ${hexId(member.ID)} ${name}: ${status === null ? 'does not answer' : 'answers'}`;
  });
  return (
    `there is no member ${hexId(id)}. The members are\n${lines.join('\n')}\n` +
    `If ${hexId(id)} was removed before, --force adds the new member in its place`
  );
}

function aliveFault(
  { id, force }: Replacement,
  dead: Member,
  seen: readonly Seen[],
): string | null {
  if (force || !seen.find((s) => s.member.ID === id)?.status) return null;
  return (
    `member ${hexId(id)} answers at ${dead.clientURLs.join(',')}: it is not dead. Stop it for ` +
    'good first, or use member add and member remove; --force replaces it all the same'
  );
}

function quorumFault(seen: readonly Seen[]): string | null {
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

function sorted(urls: readonly string[]): string {
  return [...urls].sort().join();
}
