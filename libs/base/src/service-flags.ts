/**
 * The command line and environment of a small service (gateway, discovery), read by a table of its flags.
 * Go's flag syntax: `--f v`, `--f=v`, `-f v`, `-f=v`; the last one wins, and wins over the environment.
 * What the values mean together is the service's affair.
 */
import { editDistance } from './edit-distance.js';

export type ServiceFlagType = 'string' | 'urls' | 'list' | 'uint' | 'duration' | 'enum';

export interface ServiceFlag {
  readonly name: string;
  readonly type: ServiceFlagType;
  /** As written on the command line. */
  readonly fallback: string;
  readonly help: string;
  /** For `enum`. */
  readonly values?: readonly string[];
}

/** A program and its flags; the environment has each as `<envPrefix><NAME>`. */
export interface ServiceFlags {
  readonly program: string;
  readonly envPrefix: string;
  readonly flags: readonly ServiceFlag[];
}

/** Exit code 2: a flag nobody knows or understands; 1: values that do not go together. */
export interface FlagFault {
  readonly type: 'fault';
  readonly text: string;
  readonly exitCode: 1 | 2;
}

/** What was set, by flag; what was not has its default. Asking for an unknown flag is a mistake. */
export interface ServiceSettings {
  text(name: string): string;
  /** Parts between commas, without blanks around them; empty parts are left out. */
  list(name: string): string[];
  /** As `list`; `http` where no scheme is given. */
  urls(name: string): string[];
  /** Of a `uint`, or of a `duration` in milliseconds. */
  number(name: string): number;
}

export type ServiceFlagsRead =
  | {
      readonly type: 'read';
      readonly settings: ServiceSettings;
      readonly warnings: readonly string[];
    }
  | { readonly type: 'show'; readonly what: 'version' | 'help' }
  | FlagFault;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export function flagFault(text: string, exitCode: 1 | 2 = 2): FlagFault {
  return { type: 'fault', text, exitCode };
}

/** The answer to `--help`. */
export function serviceUsage({ program, flags }: ServiceFlags): string {
  const rows = flags.map((f) => `  --${f.name} '${f.fallback}'\n    ${f.help}`);
  return ['Usage:', '', `  ${program} [flags]`, '', ...rows].join('\n');
}

export function readServiceFlags(
  service: ServiceFlags,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ServiceFlagsRead {
  const { program, envPrefix, flags } = service;
  const warnings: string[] = [];
  const values = new Map(flags.map((f) => [f.name, f.fallback]));
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(envPrefix) || value === undefined) continue;
    const name = variable.slice(envPrefix.length).toLowerCase().replaceAll('_', '-');
    if (values.has(name)) values.set(name, value);
    else warnings.push(`unrecognized environment variable ${variable}`);
  }
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!/^--?[^-=]/.test(arg)) {
      return flagFault(`'${arg}' is not a valid flag. See '${program} --help'.`, 1);
    }
    const body = arg.replace(/^--?/, '');
    const equals = body.indexOf('=');
    const name = equals < 0 ? body : body.slice(0, equals);
    if (name === 'version') return { type: 'show', what: 'version' };
    if (name === 'help' || name === 'h') return { type: 'show', what: 'help' };
    if (!values.has(name)) return flagFault(unknownFlag(name, values.keys()));
    let value = body.slice(equals + 1);
    if (equals < 0) {
      if (++i >= args.length) return flagFault(`flag needs an argument: -${name}`);
      value = args[i] as string;
    }
    values.set(name, value);
  }
  const numbers = numbersOf(flags, values);
  if ('type' in numbers) return numbers;
  return { type: 'read', settings: settingsOf(values, numbers), warnings };
}

/** Names the known flag that shares most with it. */
function unknownFlag(name: string, known: Iterable<string>): string {
  let nearest = '';
  let best = Infinity;
  for (const candidate of known) {
    const d = editDistance(name.slice(0, 64), candidate);
    if (d < best) [best, nearest] = [d, candidate];
  }
  const hint = best <= Math.max(2, name.length / 2) ? ` (did you mean -${nearest}?)` : '';
  return `flag provided but not defined: -${name}${hint}`;
}

/** A Go duration in milliseconds, or null. */
function durationMs(text: string): number | null {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h)){1,8}$/.test(text)) return null;
  let total = 0;
  for (const [, digits, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(digits) * (UNIT_MS[unit as string] as number);
  }
  return Math.round(total);
}

/** The numbers among the values, by name, or the first value that is not what its flag takes. */
function numbersOf(
  flags: readonly ServiceFlag[],
  values: ReadonlyMap<string, string>,
): ReadonlyMap<string, number> | FlagFault {
  const numbers = new Map<string, number>();
  for (const flag of flags) {
    const value = values.get(flag.name) as string;
    const bad = (why: string): FlagFault => {
      return flagFault(`invalid value ${JSON.stringify(value)} for flag -${flag.name}: ${why}`);
    };
    if (flag.type === 'uint') {
      if (!/^\d{1,15}$/.test(value)) return bad('parse error');
      numbers.set(flag.name, Number(value));
    } else if (flag.type === 'duration') {
      const ms = durationMs(value);
      if (ms === null) return bad('parse error');
      numbers.set(flag.name, ms);
    } else if (flag.type === 'enum' && !flag.values?.includes(value)) {
      return bad(`it is none of ${flag.values?.join(', ')}`);
    }
  }
  return numbers;
}

function settingsOf(
  values: ReadonlyMap<string, string>,
  numbers: ReadonlyMap<string, number>,
): ServiceSettings {
  const text = (name: string): string => values.get(name) as string;
  const list = (name: string): string[] => {
    const parts = text(name).split(',');
    return parts.map((part) => part.trim()).filter((part) => part !== '');
  };
  return {
    text,
    list,
    urls: (name) => list(name).map((url) => (url.includes('://') ? url : `http://${url}`)),
    number: (name) => numbers.get(name) as number,
  };
}
