/**
 * The command line of `conclavectl`, read into a value: what to do, or what is wrong with it.
 */
import { CONNECTION_USAGE } from './connection.js';
import type { LogDumpOptions } from './log-dump.js';
import {
  MEMBER_HELP,
  MEMBER_USAGE,
  type MemberCommand,
  type MemberFault,
  readMemberCommand,
} from './member-command-line.js';

export type Command =
  | { readonly type: 'log-dump'; readonly options: LogDumpOptions }
  | MemberCommand
  | MemberFault
  | { readonly type: 'version' }
  | { readonly type: 'help' }
  | { readonly type: 'fault'; readonly text: string };

export const USAGE = `conclavectl: the command line of Conclave

usage:
  conclavectl log dump --data-dir DIR [--from N] [--to N] [--decode] [--all]
  conclavectl snapshot save FILE | status FILE | restore FILE --data-dir DIR
${MEMBER_USAGE}
  conclavectl version
  conclavectl help

log dump prints one line for each entry of a member's Raft log: index term kind base64, where kind
is norm (the bytes are an InternalRaftRequest) or conf. It changes nothing and needs no lock, so the
member may run.
  --data-dir DIR   the member's data directory
  --from N         first index printed (default: the first there is)
  --to N           last index printed, included (default: the last there is)
  --decode         the request's name and header id instead of its bytes
  --all            also entries that a later leader overwrote

${MEMBER_HELP}
${CONNECTION_USAGE}

exit codes: 0 done, 1 trouble, 2 wrong usage; of member and move-leader, as etcdctl: 4 unknown
output format, 128 bad arguments`;

const SWITCHES = ['decode', 'all'] as const;
const VALUES = ['data-dir', 'from', 'to'] as const;

interface Flags {
  readonly values: Map<string, string>;
  readonly switches: Set<string>;
}

/** Flags before the command, as etcdctl takes them, go behind it; those without a value are these. */
const LEADING_SWITCHES = ['insecure-skip-tls-verify', 'insecure-transport', 'debug', 'hex'];

/** The same words with the command first: `--endpoints E member list` is `member list --endpoints E`. */
export function commandFirst(args: readonly string[]): readonly string[] {
  let at = 0;
  for (;;) {
    const match = /^--?([a-z][a-z-]*)(=[\s\S]*)?$/.exec(args[at] ?? '');
    const name = match?.[1];
    if (name === undefined || ['help', 'h', 'version'].includes(name)) break;
    at += match?.[2] !== undefined || LEADING_SWITCHES.includes(name) ? 1 : 2;
  }
  return [...args.slice(at), ...args.slice(0, at)];
}

export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Command {
  const [first, second] = args;
  switch (first) {
    case undefined:
      return fault('no command');
    case 'help':
    case '--help':
    case '-h':
      return { type: 'help' };
    case 'version':
    case '--version':
      return args.length === 1 ? { type: 'version' } : fault(`unexpected ${second}`);
    case 'member':
    case 'move-leader': {
      const rest = first === 'member' ? args.slice(1) : args;
      if (rest.includes('--help') || rest.includes('-h')) return { type: 'help' };
      return readMemberCommand(rest, environment);
    }
    case 'log':
      if (second === 'dump') return readLogDump(args.slice(2));
      return fault(`unknown command: log ${second ?? ''}`.trimEnd());
    default:
      return fault(`unknown command: ${first}`);
  }
}

function readLogDump(args: readonly string[]): Command {
  if (args.includes('--help') || args.includes('-h')) return { type: 'help' };
  const flags = readFlags(args);
  if (typeof flags === 'string') return fault(flags);
  const dataDir = flags.values.get('data-dir');
  if (dataDir === undefined || dataDir === '') return fault('--data-dir is required');
  const from = readIndex(flags, 'from', 0);
  const to = readIndex(flags, 'to', Number.MAX_SAFE_INTEGER);
  if (from === null) return fault(`--from is an index, not ${flags.values.get('from')}`);
  if (to === null) return fault(`--to is an index, not ${flags.values.get('to')}`);
  if (from > to) return fault(`--from ${from} is above --to ${to}`);
  const decode = flags.switches.has('decode');
  return {
    type: 'log-dump',
    options: { dataDir, from, to, decode, all: flags.switches.has('all') },
  };
}

/** `--f v`, `--f=v`, and one dash for two; the last one wins. A text is a fault. */
function readFlags(args: readonly string[]): Flags | string {
  const flags: Flags = { values: new Map(), switches: new Set() };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const match = /^--?([a-z][a-z-]*)(?:=([\s\S]*))?$/.exec(arg);
    if (match === null) return `unexpected ${arg}`;
    const name = match[1] as string;
    const inline = match[2];
    if (SWITCHES.some((known) => known === name)) {
      if (inline === 'false') flags.switches.delete(name);
      else if (inline === undefined || inline === 'true') flags.switches.add(name);
      else return `--${name} takes no value, or true or false, not ${inline}`;
    } else if (VALUES.some((known) => known === name)) {
      const value = inline ?? args[++i];
      if (value === undefined) return `--${name} needs a value`;
      flags.values.set(name, value);
    } else return `unknown flag --${name}`;
  }
  return flags;
}

function readIndex(flags: Flags, name: string, initial: number): number | null {
  const text = flags.values.get(name);
  if (text === undefined) return initial;
  const index = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(index) ? index : null;
}

function fault(text: string): Command {
  return { type: 'fault', text };
}
