/**
 * From command line and environment to one frozen configuration, or to one clear line that says what
 * is wrong. Go's flag syntax: `--f v`, `--f=v`, `-f v`, `-f=v`; the last one wins.
 */
import type { LogLevel } from '@conclave/base';
import { isToken } from '@conclave/discovery';
import { parseListenUrl } from '@conclave/grpc';
import { DISCOVERY_FLAGS, type DiscoveryFlag } from './flag-table.js';

export interface DiscoveryConfig {
  readonly listenClientUrls: readonly string[];
  readonly listenMetricsUrls: readonly string[];
  /** Null: what the client calls us. */
  readonly advertiseUrl: string | null;
  readonly dataDir: string;
  /** Empty: the registry is our own. */
  readonly backend: readonly string[];
  readonly backendPrefix: string;
  /** `name:password`; '' for none. */
  readonly backendUser: string;
  readonly backendCaFile: string;
  readonly backendCertFile: string;
  readonly backendKeyFile: string;
  readonly tokenTtlMs: number;
  /** Tokens to create at the start, with the size of each. */
  readonly initialTokens: ReadonlyMap<string, number>;
  readonly tokensMax: number;
  readonly membersMax: number;
  readonly valueBytesMax: number;
  readonly bodyBytesMax: number;
  readonly registryBytesMax: number;
  readonly waitingMax: number;
  readonly waitMs: number;
  readonly requestsPerSecond: number;
  readonly tokensPerMinute: number;
  readonly shutdownGraceMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'console';
  readonly logOutputs: readonly string[];
}

export type ConfigResult =
  | { readonly type: 'run'; readonly config: DiscoveryConfig; readonly warnings: readonly string[] }
  | { readonly type: 'show'; readonly what: 'version' | 'help' }
  /** Exit code 2: a flag nobody knows or understands; 1: values that do not go together. */
  | { readonly type: 'fault'; readonly text: string; readonly exitCode: 1 | 2 };

type Environment = Readonly<Record<string, string | undefined>>;
type Fault = Extract<ConfigResult, { type: 'fault' }>;

const FLAGS: ReadonlyMap<string, DiscoveryFlag> = new Map(DISCOVERY_FLAGS.map((f) => [f.name, f]));
const PREFIX = 'CONCLAVE_DISCOVERY_';
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function fault(text: string, exitCode: 1 | 2 = 2): Fault {
  return { type: 'fault', text, exitCode };
}

export function usage(): string {
  const rows = DISCOVERY_FLAGS.map((f) => `  --${f.name} '${f.fallback}'\n    ${f.help}`);
  return ['Usage:', '', '  conclave-discovery [flags]', '', ...rows].join('\n');
}

export function loadConfig(args: readonly string[], env: Environment): ConfigResult {
  const warnings: string[] = [];
  const settings = new Map(DISCOVERY_FLAGS.map((f) => [f.name, f.fallback]));
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === undefined) continue;
    const name = variable.slice(PREFIX.length).toLowerCase().replaceAll('_', '-');
    if (FLAGS.has(name)) settings.set(name, value);
    else warnings.push(`unrecognized environment variable ${variable}`);
  }
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!/^--?[^-=]/.test(arg)) {
      return fault(`'${arg}' is not a valid flag. See 'conclave-discovery --help'.`, 1);
    }
    const body = arg.replace(/^--?/, '');
    const equals = body.indexOf('=');
    const name = equals < 0 ? body : body.slice(0, equals);
    if (name === 'version') return { type: 'show', what: 'version' };
    if (name === 'help' || name === 'h') return { type: 'show', what: 'help' };
    if (!FLAGS.has(name)) return fault(unknownFlag(name));
    let value = body.slice(equals + 1);
    if (equals < 0) {
      if (++i >= args.length) return fault(`flag needs an argument: -${name}`);
      value = args[i] as string;
    }
    settings.set(name, value);
  }
  return build(settings, warnings);
}

/** Names the known flag that shares most with it. */
function unknownFlag(name: string): string {
  let nearest = '';
  let best = Infinity;
  for (const known of FLAGS.keys()) {
    const d = distance(name.slice(0, 64), known);
    if (d < best) [best, nearest] = [d, known];
  }
  const hint = best <= Math.max(2, name.length / 2) ? ` (did you mean -${nearest}?)` : '';
  return `flag provided but not defined: -${name}${hint}`;
}

/** Edit distance of two short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
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

/** The numbers among the settings, by name, or the first that is none. */
function numbersOf(settings: ReadonlyMap<string, string>): ReadonlyMap<string, number> | Fault {
  const numbers = new Map<string, number>();
  for (const flag of DISCOVERY_FLAGS) {
    const value = settings.get(flag.name) as string;
    const bad = (why: string): Fault => {
      return fault(`invalid value ${JSON.stringify(value)} for flag -${flag.name}: ${why}`);
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

function build(settings: ReadonlyMap<string, string>, warnings: readonly string[]): ConfigResult {
  const numbers = numbersOf(settings);
  if ('type' in numbers) return numbers;
  const text = (name: string): string => settings.get(name) as string;
  const number = (name: string): number => numbers.get(name) as number;
  const list = (name: string): string[] => {
    const parts = text(name).split(',');
    return parts.map((part) => part.trim()).filter((part) => part !== '');
  };
  const level = text('log-level');
  const config: DiscoveryConfig = Object.freeze({
    listenClientUrls: list('listen-client-urls'),
    listenMetricsUrls: list('listen-metrics-urls'),
    advertiseUrl: text('advertise-url') === '' ? null : text('advertise-url').replace(/\/+$/, ''),
    dataDir: text('data-dir'),
    backend: list('backend').map((url) => (url.includes('://') ? url : `http://${url}`)),
    backendPrefix: text('backend-prefix').replace(/\/+$/, ''),
    backendUser: text('backend-user'),
    backendCaFile: text('backend-cacert'),
    backendCertFile: text('backend-cert'),
    backendKeyFile: text('backend-key'),
    tokenTtlMs: number('token-ttl'),
    initialTokens: new Map(
      list('initial-tokens').map((pair) => {
        const [token = '', size = ''] = pair.split('=');
        return [token, /^\d{1,4}$/.test(size) ? Number(size) : 0];
      }),
    ),
    tokensMax: number('max-tokens'),
    membersMax: number('max-members'),
    valueBytesMax: number('max-value-bytes'),
    bodyBytesMax: number('max-body-bytes'),
    registryBytesMax: number('max-registry-bytes'),
    waitingMax: number('max-waiting'),
    waitMs: number('wait-timeout'),
    requestsPerSecond: number('request-rate'),
    tokensPerMinute: number('token-rate'),
    shutdownGraceMs: number('shutdown-grace'),
    logLevel: level === 'panic' ? 'fatal' : (level as LogLevel),
    logFormat: text('log-format') as 'json' | 'console',
    logOutputs: list('log-outputs'),
  });
  const faults = faultsOf(config);
  if (faults.length > 0) return fault(faults.join('; '), 1);
  return { type: 'run', config, warnings };
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  try {
    return schemes.includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** All that is wrong with values that are well formed each. */
function faultsOf(config: DiscoveryConfig): string[] {
  const faults: string[] = [];
  const { listenClientUrls, listenMetricsUrls, advertiseUrl, backend } = config;
  if (listenClientUrls.length === 0) faults.push('--listen-client-urls names no URL');
  for (const url of [...listenClientUrls, ...listenMetricsUrls]) {
    try {
      parseListenUrl(url);
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  if (advertiseUrl !== null && !isUrl(advertiseUrl, ['http:', 'https:'])) {
    faults.push(`--advertise-url: ${advertiseUrl} is no http or https URL`);
  }
  for (const url of backend) {
    if (!isUrl(url, ['http:', 'https:'])) faults.push(`--backend: ${url} is no http or https URL`);
    if (listenClientUrls.includes(url)) faults.push(`--backend: ${url} is this service itself`);
  }
  for (const [token, size] of config.initialTokens) {
    if (!isToken(token) || size < 1 || size > config.membersMax) {
      faults.push(
        `--initial-tokens: ${token}=${size} is no token of 8 to 64 letters, digits, - and _ with a ` +
          `size from 1 to ${config.membersMax}`,
      );
    }
  }
  if (backend.length === 0 && config.dataDir === '') faults.push('--data-dir names no directory');
  if (!/^\/[\x21-\x7e]{0,255}$/.test(config.backendPrefix)) {
    faults.push('--backend-prefix must begin with / and be plain text');
  }
  if (config.backendUser !== '' && !/^[^:]+:./.test(config.backendUser)) {
    faults.push('--backend-user must be name:password');
  }
  if ((config.backendCertFile === '') !== (config.backendKeyFile === '')) {
    faults.push('--backend-cert and --backend-key belong together');
  }
  const { tokenTtlMs, waitMs } = config;
  if (tokenTtlMs !== 0 && tokenTtlMs < 1_000) faults.push('--token-ttl must be 0 or at least 1s');
  if (waitMs < 1_000) faults.push('--wait-timeout must be at least 1s');
  const positive = {
    'max-tokens': config.tokensMax,
    'max-members': config.membersMax,
    'max-value-bytes': config.valueBytesMax,
    'max-body-bytes': config.bodyBytesMax,
    'max-registry-bytes': config.registryBytesMax,
    'max-waiting': config.waitingMax,
  };
  for (const [name, value] of Object.entries(positive)) {
    if (value === 0) faults.push(`--${name} must be positive`);
  }
  return faults;
}
