import { editDistance } from '@conclave/base';
import { ALIASES, FLAGS, OBSOLETE } from './flag-table.js';
import type { Flag } from './flag-table.js';
import { checkValue } from './flag-values.js';

/** What was set, by flag name; what was not is absent. */
export type Settings = ReadonlyMap<string, string>;

export type ParseResult =
  | { readonly ok: true; readonly settings: Settings; readonly warnings: readonly string[] }
  | { readonly ok: true; readonly show: 'version' | 'help' }
  | {
      readonly ok: false;
      readonly message: string;
      /** 2: bad flag, the usage is shown; 1: anything else. */
      readonly exitCode: 1 | 2;
    };

type Failure = Extract<ParseResult, { ok: false }>;

function usageError(message: string): Failure {
  return { ok: false, message, exitCode: 2 };
}

/** Go's flag syntax: `-f v`, `--f v`, `-f=v`, `--f=v`, `-b` for booleans; the last one wins. */
export function parseArguments(args: readonly string[]): ParseResult {
  const settings = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!arg.startsWith('-') || arg === '-' || arg === '--') {
      const stray = arg === '--' ? args[i + 1] : arg;
      if (stray === undefined) break;
      const message = `'${stray}' is not a valid flag. See 'conclave-node --help'.`;
      return { ok: false, message, exitCode: 1 };
    }
    const [given, inline] = splitFlag(arg);
    if (given === 'version') return { ok: true, show: 'version' };
    if (given === 'help' || given === 'h') return { ok: true, show: 'help' };
    const obsolete = OBSOLETE.get(given);
    const flag = FLAGS.get(ALIASES.get(given) ?? given);
    if (!flag && !obsolete) return usageError(unknownFlag(given));
    const isBool = flag ? flag.type === 'bool' : obsolete === 'bool';
    let value = inline;
    if (value === null && isBool) value = 'true';
    if (value === null) {
      i++;
      if (i >= args.length) return usageError(`flag needs an argument: -${given}`);
      value = args[i] as string;
    }
    if (!flag) continue;
    const checked = checkValue(flag, value);
    if (!checked.ok) return usageError(invalidValue(flag, given, value, checked.reason));
    settings.set(flag.name, checked.value);
  }
  return { ok: true, settings, warnings: [] };
}

function splitFlag(arg: string): [string, string | null] {
  const body = arg.startsWith('--') ? arg.slice(2) : arg.slice(1);
  const at = body.indexOf('=');
  return at < 0 ? [body, null] : [body.slice(0, at), body.slice(at + 1)];
}

function invalidValue(flag: Flag, given: string, value: string, reason: string): string {
  return flag.type === 'bool'
    ? `invalid boolean value ${JSON.stringify(value)} for -${given}: ${reason}`
    : `invalid value ${JSON.stringify(value)} for flag -${given}: ${reason}`;
}

function unknownFlag(given: string): string {
  const near = nearest(given, [...FLAGS.keys(), ...ALIASES.keys()]);
  const hint = near ? ` (did you mean --${near}?)` : '';
  return `flag provided but not defined: -${given}${hint}`;
}

/** The known name with the smallest edit distance, if that is at most a third of its length. */
export function nearest(given: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const distance = editDistance(given, name);
    if (distance < least) [least, best] = [distance, name];
  }
  return best !== null && least <= Math.max(1, Math.floor(best.length / 3)) ? best : null;
}

/** Variables of the container's own, not flags. */
const NOT_FLAGS = new Set([
  'ETCD_UNSUPPORTED_ARCH',
  'ETCD_VERIFY',
  'ETCD_VERSION',
  'ETCD_CONFIG_FILE',
]);

/**
 * Adds `CONCLAVE_*` and `ETCD_*` variables to what the command line set. A flag and its variable both
 * set is fatal, as in etcd; unknown variables only warn. CONCLAVE_ wins over ETCD_.
 */
export function withEnvironment(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
): ParseResult {
  const merged = new Map(settings);
  const warnings: string[] = [];
  const names = Object.keys(environment).filter((n) => /^(CONCLAVE|ETCD)_/.test(n));
  // Sorted so that ETCD_ comes after CONCLAVE_, and yields to it.
  for (const variable of names.sort()) {
    const value = environment[variable] as string;
    if (NOT_FLAGS.has(variable) || variable === 'CONCLAVE_CONFIG_FILE') continue;
    const name = variable
      .replace(/^(CONCLAVE|ETCD)_/, '')
      .toLowerCase()
      .replaceAll('_', '-');
    const flag = FLAGS.get(ALIASES.get(name) ?? name);
    if (!flag) {
      if (!OBSOLETE.has(name)) warnings.push(`unrecognized environment variable ${variable}`);
      continue;
    }
    if (settings.has(flag.name)) {
      return {
        ok: false,
        exitCode: 1,
        message:
          `conflicting environment variable "${variable}" is shadowed by corresponding ` +
          'command-line flag (either unset environment variable or disable flag)',
      };
    }
    if (value === '' || (variable.startsWith('ETCD_') && merged.has(flag.name))) continue;
    const checked = checkValue(flag, value);
    if (!checked.ok) {
      const message = `invalid value ${JSON.stringify(value)} for ${variable}: ${checked.reason}`;
      return { ok: false, exitCode: 1, message };
    }
    merged.set(flag.name, checked.value);
  }
  return { ok: true, settings: merged, warnings };
}
