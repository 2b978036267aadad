/**
 * The flags by which every command that talks to a cluster finds it: etcdctl's names, and its environment
 * (`ETCDCTL_ENDPOINTS` and so on) where a flag is not given.
 */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { type FlagSpec, type Flags, durationMs } from './flags.js';

/** To be joined with a command's own flags. */
export const CONNECTION_FLAGS = {
  values: [
    'endpoints',
    'command-timeout',
    'dial-timeout',
    'cacert',
    'cert',
    'key',
    'write-out',
  ] as readonly string[],
  switches: ['insecure-skip-tls-verify', 'insecure-transport', 'hex', 'debug'] as readonly string[],
  short: { w: 'write-out' } as Readonly<Record<string, string>>,
} satisfies FlagSpec;

export const CONNECTION_USAGE = `  --endpoints LIST          where to connect, comma separated (default 127.0.0.1:2379)
  --command-timeout D       for one request (default 5s)
  --dial-timeout D          for one connection (default 2s)
  --cacert --cert --key     files for https endpoints; --insecure-skip-tls-verify
  each is also read from ETCDCTL_<FLAG>, as ETCDCTL_ENDPOINTS`;

export interface Connection {
  /** URLs, one at least. */
  readonly endpoints: readonly string[];
  readonly commandTimeoutMs: number;
  readonly dialTimeoutMs: number;
  readonly tls: TlsOptions | null;
}

const ENDPOINTS_MAX = 100;

/** A text is what is wrong. */
export function readConnection(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>>,
): Connection | string {
  const of = (name: string, otherwise: string): string =>
    flags.values.get(name) ??
    environment[`ETCDCTL_${name.toUpperCase().replaceAll('-', '_')}`] ??
    otherwise;
  const isHttps = of('cacert', '') !== '' || of('cert', '') !== '';
  const endpoints = of('endpoints', '127.0.0.1:2379')
    .split(',')
    .map((text) => text.trim().replace(/\/$/, ''))
    .filter((text) => text !== '')
    .map((text) => (text.includes('://') ? text : `${isHttps ? 'https' : 'http'}://${text}`));
  if (endpoints.length === 0) return '--endpoints names none';
  if (endpoints.length > ENDPOINTS_MAX) return `--endpoints names more than ${ENDPOINTS_MAX}`;
  for (const url of endpoints) {
    if (!/^https?:\/\/[^/?#\s]+$/.test(url) || !URL.canParse(url))
      return `--endpoints: ${url} is not host:port or a URL`;
  }
  const commandTimeoutMs = durationMs(of('command-timeout', '5s'));
  if (commandTimeoutMs === null) return '--command-timeout is a time such as 5s';
  const dialTimeoutMs = durationMs(of('dial-timeout', '2s'));
  if (dialTimeoutMs === null) return '--dial-timeout is a time such as 2s';
  const skips = flags.switches.has('insecure-skip-tls-verify');
  const files = { ca: of('cacert', ''), cert: of('cert', ''), key: of('key', '') };
  const tls = readTls(files, skips);
  if (typeof tls === 'string') return tls;
  return { endpoints, commandTimeoutMs, dialTimeoutMs, tls };
}

function readTls(
  files: Readonly<Record<'ca' | 'cert' | 'key', string>>,
  skips: boolean,
): TlsOptions | string | null {
  const tls: TlsOptions = skips ? { rejectUnauthorized: false } : {};
  for (const name of ['ca', 'cert', 'key'] as const) {
    if (files[name] === '') continue;
    try {
      tls[name] = readFileSync(files[name]);
    } catch (error) {
      return (error as Error).message;
    }
  }
  return Object.keys(tls).length === 0 ? null : tls;
}
