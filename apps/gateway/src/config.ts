/**
 * From command line and environment to one frozen configuration, or to one clear line that says what
 * is wrong. Go's flag syntax: `--f v`, `--f=v`, `-f v`, `-f=v`; the last one wins.
 */
import type { LogLevel } from '@conclave/base';
import { type FeedOptions, feedOptions } from '@conclave/feed';
import { parseListenUrl } from '@conclave/grpc';
import { dialTarget } from '@conclave/link';
import { type DiscoveryFlags, asksDiscovery, discoveryFaults } from './discovery.js';
import { GATEWAY_FLAGS, type GatewayFlag } from './flag-table.js';

export interface GatewayConfig {
  readonly name: string;
  /** Empty: the members are found by `discovery` alone; else both are tried. */
  readonly endpoints: readonly string[];
  readonly discovery: DiscoveryFlags;
  readonly listenClientUrls: readonly string[];
  readonly listenMetricsUrls: readonly string[];
  readonly cors: readonly string[];
  readonly hostWhitelist: readonly string[];
  readonly requestBytesMax: number;
  readonly concurrentStreamsMax: number;
  readonly keepaliveMinTimeMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly electionTimeoutMs: number;
  readonly shutdownGraceMs: number;
  readonly extensiveMetrics: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'console';
  readonly logOutputs: readonly string[];
  /** Null: no change feed. */
  readonly feed: FeedOptions | null;
}

export type ConfigResult =
  | { readonly type: 'run'; readonly config: GatewayConfig; readonly warnings: readonly string[] }
  | { readonly type: 'show'; readonly what: 'version' | 'help' }
  /** Exit code 2: a flag nobody knows or understands; 1: values that do not go together. */
  | { readonly type: 'fault'; readonly text: string; readonly exitCode: 1 | 2 };

type Environment = Readonly<Record<string, string | undefined>>;
type Fault = Extract<ConfigResult, { type: 'fault' }>;

const FLAGS: ReadonlyMap<string, GatewayFlag> = new Map(GATEWAY_FLAGS.map((f) => [f.name, f]));
const PREFIX = 'CONCLAVE_GATEWAY_';
const DEFAULT_ENDPOINTS = FLAGS.get('endpoints')?.fallback;

function fault(text: string, exitCode: 1 | 2 = 2): Fault {
  return { type: 'fault', text, exitCode };
}

export function usage(): string {
  const rows = GATEWAY_FLAGS.map((f) => {
    const shown = f.fallback === '' ? "''" : `'${f.fallback}'`;
    return `  --${f.name} ${shown}\n    ${f.help}`;
  });
  return ['Usage:', '', '  conclave-gateway [flags]', '', ...rows].join('\n');
}

export function loadConfig(args: readonly string[], env: Environment): ConfigResult {
  const warnings: string[] = [];
  const settings = new Map(GATEWAY_FLAGS.map((f) => [f.name, f.fallback]));
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === undefined) continue;
    const name = variable.slice(PREFIX.length).toLowerCase().replaceAll('_', '-');
    if (FLAGS.has(name)) settings.set(name, value);
    else warnings.push(`unrecognized environment variable ${variable}`);
  }
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!/^--?[^-=]/.test(arg)) {
      return fault(`'${arg}' is not a valid flag. See 'conclave-gateway --help'.`, 1);
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

function unknownFlag(name: string): string {
  let nearest = '';
  let best = Infinity;
  for (const known of FLAGS.keys()) {
    const d = distance(name.slice(0, 64), known);
    if (d < best) {
      best = d;
      nearest = known;
    }
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

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

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

function build(settings: ReadonlyMap<string, string>, warnings: readonly string[]): ConfigResult {
  const numbers = new Map<string, number>();
  for (const flag of GATEWAY_FLAGS) {
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
  const list = (name: string): string[] => {
    const parts = (settings.get(name) as string).split(',').map((part) => part.trim());
    return parts.filter((part) => part !== '');
  };
  const number = (name: string): number => numbers.get(name) as number;
  const text = (name: string): string => settings.get(name) as string;
  const urls = (name: string): string[] => {
    return list(name).map((url) => (url.includes('://') ? url : `http://${url}`));
  };
  const discovery: DiscoveryFlags = Object.freeze({
    url: text('discovery'),
    proxy: text('discovery-proxy'),
    token: text('discovery-token'),
    endpoints: urls('discovery-endpoints'),
    user: text('discovery-user'),
    caFile: text('discovery-cacert'),
    certFile: text('discovery-cert'),
    keyFile: text('discovery-key'),
  });
  const byDiscovery = asksDiscovery(discovery);
  const level = settings.get('log-level') as string;
  const faults: string[] = [];
  const config: GatewayConfig = Object.freeze({
    name: settings.get('name') as string,
    endpoints: byDiscovery && text('endpoints') === DEFAULT_ENDPOINTS ? [] : urls('endpoints'),
    discovery,
    listenClientUrls: list('listen-client-urls'),
    listenMetricsUrls: list('listen-metrics-urls'),
    cors: list('cors'),
    hostWhitelist: list('host-whitelist'),
    requestBytesMax: number('max-request-bytes'),
    concurrentStreamsMax: number('max-concurrent-streams'),
    keepaliveMinTimeMs: number('grpc-keepalive-min-time'),
    keepaliveIntervalMs: number('grpc-keepalive-interval'),
    keepaliveTimeoutMs: number('grpc-keepalive-timeout'),
    electionTimeoutMs: number('election-timeout'),
    shutdownGraceMs: number('shutdown-grace'),
    extensiveMetrics: settings.get('metrics') === 'extensive',
    logLevel: level === 'panic' ? 'fatal' : (level as LogLevel),
    logFormat: settings.get('log-format') as 'json' | 'console',
    logOutputs: list('log-outputs'),
    feed: feedOptions({ text, list, number, durationMs: number }, faults),
  });
  faults.push(...faultsOf(config));
  if (faults.length > 0) return fault(faults.join('; '), 1);
  return { type: 'run', config, warnings };
}

/** All that is wrong with values that are well formed each. */
function faultsOf(config: GatewayConfig): string[] {
  const faults: string[] = [];
  const { endpoints, listenClientUrls, listenMetricsUrls } = config;
  if (endpoints.length === 0 && !asksDiscovery(config.discovery)) {
    faults.push('--endpoints names no member');
  }
  faults.push(...discoveryFaults(config.discovery));
  if (listenClientUrls.length === 0) faults.push('--listen-client-urls names no URL');
  for (const url of endpoints) {
    const target = dialTarget(url, '/link');
    if (!target.ok) faults.push(`--endpoints: ${target.text}`);
  }
  for (const url of [...listenClientUrls, ...listenMetricsUrls]) {
    try {
      parseListenUrl(url);
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  for (const url of endpoints) {
    if (listenClientUrls.includes(url)) faults.push(`--endpoints: ${url} is this gateway itself`);
  }
  if (config.requestBytesMax === 0) faults.push('--max-request-bytes must be positive');
  if (config.electionTimeoutMs === 0) faults.push('--election-timeout must be positive');
  if (config.concurrentStreamsMax === 0) faults.push('--max-concurrent-streams must be positive');
  return faults;
}
