/** What the member commands print: etcdctl's forms, byte for byte where it has one. */
import { hexId } from '@conclave/base';
import type { Member, MemberListResponse, ResponseHeader } from '@conclave/wire';
import { goJson, headerJson, memberJson } from './go-json.js';

/** Where a command's words go. */
export interface Printer {
  /** To standard output. */
  print(text: string): void;
  /** To standard error: what a human waits for. */
  say(text: string): void;
}

export type MemberFormat = 'simple' | 'json' | 'table';

const HEAD = ['ID', 'STATUS', 'NAME', 'PEER ADDRS', 'CLIENT ADDRS', 'IS LEARNER'];

function cellsOf(member: Member): string[] {
  return [
    hexId(member.ID),
    member.name === '' ? 'unstarted' : 'started',
    member.name,
    member.peerURLs.join(','),
    member.clientURLs.join(','),
    String(member.isLearner),
  ];
}

export function memberListText(answer: MemberListResponse, format: MemberFormat): string {
  if (format === 'json') return answerJson(answer);
  const rows = answer.members.map(cellsOf);
  return format === 'table' ? tableText(HEAD, rows) : rows.map((row) => row.join(', ')).join('\n');
}

/** An answer of the Cluster service. */
export function answerJson(answer: {
  readonly header: ResponseHeader | null;
  readonly member?: Member | null;
  readonly members: readonly Member[];
}): string {
  return goJson({
    header: headerJson(answer.header),
    member: answer.member ? memberJson(answer.member) : null,
    members: answer.members.map(memberJson),
  });
}

/** Heads are centred, cells end at the right, as etcdctl draws them. */
function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((text, i) =>
    Math.max(text.length, ...rows.map((row) => (row[i] as string).length)),
  );
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const line = (cells: readonly string[]): string => `|${cells.map((c) => ` ${c} `).join('|')}|`;
  const centred = head.map((text, i) => {
    const room = (widths[i] as number) - text.length;
    const left = Math.floor(room / 2);
    return `${' '.repeat(left)}${text}${' '.repeat(room - left)}`;
  });
  const cells = rows.map((row) => line(row.map((cell, i) => cell.padStart(widths[i] as number))));
  return [rule, line(centred), rule, ...cells, rule].join('\n');
}

/** `Member ID added to cluster CID`, padded as etcdctl pads. */
export function doneText(id: bigint, what: string, header: ResponseHeader | null): string {
  return `Member ${hexId(id).padStart(16)} ${what} cluster ${hexId(header?.clusterId ?? 0n).padStart(16)}`;
}

/** `name=url` of every member, the new one first. */
function initialCluster(name: string, added: Member, members: readonly Member[]): string {
  const others = members.filter((m) => m.ID !== added.ID);
  return [{ ...added, name }, ...others]
    .flatMap((m) => m.peerURLs.map((url) => `${m.name}=${url}`))
    .join(',');
}

/** The environment that a new member is started with. */
export function joiningText(name: string, added: Member, members: readonly Member[]): string {
  return [
    `ETCD_NAME="${name}"`,
    `ETCD_INITIAL_CLUSTER="${initialCluster(name, added, members)}"`,
    `ETCD_INITIAL_ADVERTISE_PEER_URLS="${added.peerURLs.join(',')}"`,
    'ETCD_INITIAL_CLUSTER_STATE="existing"',
  ].join('\n');
}

/** The command line that a new member is started with; its client URLs are its own business. */
export function startingText(name: string, added: Member, members: readonly Member[]): string {
  const peers = added.peerURLs.join(',');
  return [
    'start the new member, with an empty data directory and client URLs of its own:',
    `  conclave-node --name ${name} --data-dir DIR \\`,
    `    --listen-peer-urls ${peers} --initial-advertise-peer-urls ${peers} \\`,
    '    --listen-client-urls CLIENT_URL --advertise-client-urls CLIENT_URL \\',
    `    --initial-cluster ${initialCluster(name, added, members)} \\`,
    '    --initial-cluster-state existing',
  ].join('\n');
}
