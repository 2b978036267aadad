/** `member ...` and `move-leader`, read into a value; words and texts of faults are etcdctl's. */
import { CONNECTION_FLAGS, type Connection, readConnection } from './connection.js';
import { type Flags, durationMs, readFlags } from './flags.js';
import type { MemberFormat } from './member-text.js';

export type MemberVerb =
  | { readonly verb: 'list'; readonly linearizable: boolean }
  | {
      readonly verb: 'add';
      readonly name: string;
      readonly peerURLs: readonly string[];
      /** Leave it a learner. */
      readonly learner: boolean;
      readonly waitMs: number;
    }
  | {
      readonly verb: 'replace';
      readonly id: bigint;
      /** Empty: the name of the one replaced. */
      readonly name: string;
      readonly peerURLs: readonly string[];
      /** Also one that answers, or that is no member any more. */
      readonly force: boolean;
      readonly waitMs: number;
    }
  | { readonly verb: 'remove'; readonly id: bigint }
  | { readonly verb: 'promote'; readonly id: bigint }
  | { readonly verb: 'update'; readonly id: bigint; readonly peerURLs: readonly string[] }
  | { readonly verb: 'move-leader'; readonly id: bigint };

export interface MemberCommand {
  readonly type: 'member';
  readonly verb: MemberVerb;
  readonly connection: Connection;
  readonly format: MemberFormat;
}

export interface MemberFault {
  readonly type: 'etcdctl-fault';
  readonly text: string;
  readonly exitCode: number;
}

const EXIT_FORMAT = 4;
const EXIT_ARGUMENTS = 128;

export const MEMBER_USAGE = `  conclavectl member list [--consistency l|s]
  conclavectl member add NAME --peer-urls URLS [--learner] [--wait-timeout D]
  conclavectl member replace ID --peer-urls URLS [--name NAME] [--force] [--wait-timeout D]
  conclavectl member remove ID
  conclavectl member update ID --peer-urls URLS
  conclavectl member promote ID
  conclavectl move-leader ID`;

export const MEMBER_HELP = `member add adds a learner, tells how to start it, waits until it has caught up and promotes it;
--learner leaves it a learner. member replace puts a new member in the place of a dead one, in the
order that never endangers the quorum; cut in the middle, the same command goes on. It refuses a
member that answers, and an id that is no member's (after a cut right behind the removal, too);
--force goes on all the same.
  --wait-timeout D          how long to wait for the new member (default 10m)
  -w, --write-out F         simple, json, or table (member list)`;

/** `args` behind `member`, or `move-leader` itself and what follows. */
export function readMemberCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): MemberCommand | MemberFault {
  const flags = readFlags(args, {
    values: [...CONNECTION_FLAGS.values, 'peer-urls', 'name', 'wait-timeout', 'consistency'],
    switches: [...CONNECTION_FLAGS.switches, 'learner', 'force'],
    short: CONNECTION_FLAGS.short,
  });
  if (typeof flags === 'string') return fault(flags);
  const connection = readConnection(flags, environment);
  if (typeof connection === 'string') return fault(connection);
  const verb = readVerb(flags);
  if (typeof verb === 'string') return fault(verb);
  const format = flags.values.get('write-out') ?? environment['ETCDCTL_WRITE_OUT'] ?? 'simple';
  if (format !== 'simple' && format !== 'json' && format !== 'table') {
    return { ...fault('unsupported output format'), exitCode: EXIT_FORMAT };
  }
  if (format === 'table' && verb.verb !== 'list') {
    return { ...fault('table not supported as output format'), exitCode: EXIT_FORMAT };
  }
  return { type: 'member', verb, connection, format };
}

function readVerb(flags: Flags): MemberVerb | string {
  const [verb, word, ...rest] = flags.words;
  if (rest.length > 0) return `unexpected ${rest[0]}`;
  const waitMs = durationMs(flags.values.get('wait-timeout') ?? '10m');
  if (waitMs === null) return '--wait-timeout is a time such as 10m';
  const peerURLs = (flags.values.get('peer-urls') ?? '').split(',').filter((url) => url !== '');
  const name = flags.values.get('name') ?? '';
  switch (verb) {
    case 'list':
      if (word !== undefined) return `unexpected ${word}`;
      return readList(flags.values.get('consistency') ?? 'l');
    case 'add':
      if (word === undefined) return 'member name not provided';
      if (peerURLs.length === 0) return 'member peer urls not provided';
      return { verb, name: word, peerURLs, learner: flags.switches.has('learner'), waitMs };
    case 'replace':
    case 'remove':
    case 'promote':
    case 'update':
    case 'move-leader': {
      const id = readId(word);
      if (typeof id === 'string') return id;
      if (verb !== 'replace' && verb !== 'update') return { verb, id };
      if (peerURLs.length === 0) return 'member peer urls not provided';
      if (verb === 'update') return { verb, id, peerURLs };
      return { verb, id, name, peerURLs, force: flags.switches.has('force'), waitMs };
    }
    default:
      return `unknown command: member ${verb ?? ''}`.trimEnd();
  }
}

function readList(consistency: string): MemberVerb | string {
  if (consistency !== 'l' && consistency !== 's') return 'unknown consistency flag';
  return { verb: 'list', linearizable: consistency === 'l' };
}

function readId(word: string | undefined): bigint | string {
  if (word === undefined) return 'member ID is not provided';
  if (/^[\da-fA-F]{1,16}$/.test(word)) return BigInt(`0x${word}`);
  return `bad member ID arg (${JSON.stringify(word)}), expecting ID in Hex`;
}

function fault(text: string): MemberFault {
  return { type: 'etcdctl-fault', text, exitCode: EXIT_ARGUMENTS };
}
