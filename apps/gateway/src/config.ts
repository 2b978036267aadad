/**
 * From command line and environment to one frozen configuration, or to one clear line that says what
 * is wrong. Go's flag syntax: `--f v`, `--f=v`, `-f v`, `-f=v`; the last one wins.
 */
import {
  type FlagFault,
  type LogLevel,
  type ServiceFlags,
  type ServiceSettings,
  flagFault,
  readServiceFlags,
  serviceUsage,
} from '@conclave/base';
import { type FeedOptions, feedOptions } from '@conclave/feed';
import { parseListenUrl } from '@conclave/grpc';
import { dialTarget } from '@conclave/link';
import { type DiscoveryFlags, asksDiscovery, discoveryFaults } from './discovery.js';
import { GATEWAY_FLAGS } from './flag-table.js';

export interface GatewayConfig {
  readonly name: string;
  /** Empty: the members are found by `discovery` alone; else both are tried. */
  readonly endpoints: readonly string[];
  readonly discovery: DiscoveryFlags;
  readonly listenClientUrls: readonly string[];
  readonly listenMetricsUrls: readonly string[];
  readonly cors: readonly string[];
  readonly hostWhitelist: readonly string[];
  /** JSON over HTTP below `/v3/`. */
  readonly jsonGateway: boolean;
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
  | FlagFault;

const SERVICE: ServiceFlags = Object.freeze({
  program: 'conclave-gateway',
  envPrefix: 'CONCLAVE_GATEWAY_',
  flags: GATEWAY_FLAGS,
});
const DEFAULT_ENDPOINTS = GATEWAY_FLAGS.find((flag) => flag.name === 'endpoints')?.fallback;

export function usage(): string {
  return serviceUsage(SERVICE);
}

export function loadConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigResult {
  const read = readServiceFlags(SERVICE, args, env);
  return read.type === 'read' ? build(read.settings, read.warnings) : read;
}

function build(settings: ServiceSettings, warnings: readonly string[]): ConfigResult {
  const { text, list, urls, number } = settings;
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
  const level = text('log-level');
  const faults: string[] = [];
  const config: GatewayConfig = Object.freeze({
    name: text('name'),
    endpoints: byDiscovery && text('endpoints') === DEFAULT_ENDPOINTS ? [] : urls('endpoints'),
    discovery,
    listenClientUrls: list('listen-client-urls'),
    listenMetricsUrls: list('listen-metrics-urls'),
    cors: list('cors'),
    hostWhitelist: list('host-whitelist'),
    jsonGateway: text('enable-grpc-gateway') === 'true',
    requestBytesMax: number('max-request-bytes'),
    concurrentStreamsMax: number('max-concurrent-streams'),
    keepaliveMinTimeMs: number('grpc-keepalive-min-time'),
    keepaliveIntervalMs: number('grpc-keepalive-interval'),
    keepaliveTimeoutMs: number('grpc-keepalive-timeout'),
    electionTimeoutMs: number('election-timeout'),
    shutdownGraceMs: number('shutdown-grace'),
    extensiveMetrics: text('metrics') === 'extensive',
    logLevel: level === 'panic' ? 'fatal' : (level as LogLevel),
    logFormat: text('log-format') as 'json' | 'console',
    logOutputs: list('log-outputs'),
    feed: feedOptions({ text, list, number, durationMs: number }, faults),
  });
  faults.push(...faultsOf(config));
  if (faults.length > 0) return flagFault(faults.join('; '), 1);
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
