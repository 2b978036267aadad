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
import { isToken } from '@conclave/discovery';
import { parseListenUrl } from '@conclave/grpc';
import { DISCOVERY_FLAGS } from './flag-table.js';

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
  | FlagFault;

const SERVICE: ServiceFlags = Object.freeze({
  program: 'conclave-discovery',
  envPrefix: 'CONCLAVE_DISCOVERY_',
  flags: DISCOVERY_FLAGS,
});

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
  const level = text('log-level');
  const config: DiscoveryConfig = Object.freeze({
    listenClientUrls: list('listen-client-urls'),
    listenMetricsUrls: list('listen-metrics-urls'),
    advertiseUrl: text('advertise-url') === '' ? null : text('advertise-url').replace(/\/+$/, ''),
    dataDir: text('data-dir'),
    backend: urls('backend'),
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
  if (faults.length > 0) return flagFault(faults.join('; '), 1);
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
  const isPlain = backend.length === 0 || backend.some((url) => isUrl(url, ['http:']));
  if (isPlain && (config.backendCaFile !== '' || config.backendCertFile !== '')) {
    faults.push(
      '--backend-cacert, --backend-cert and --backend-key want --backend with https URLs',
    );
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
