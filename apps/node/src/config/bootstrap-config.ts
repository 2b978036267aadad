/**
 * How a new member finds the others: by `--initial-cluster`, by a discovery token (v2 or v3), or by DNS.
 * At most one of them may be asked for; the texts of the faults are etcd's.
 */
import type { Settings } from './parse.js';

export interface V3Discovery {
  readonly type: 'v3';
  readonly token: string;
  readonly endpoints: readonly string[];
  readonly dialTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly skipVerify: boolean;
  /** Files; '' for none. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly user: { readonly name: string; readonly password: string } | null;
}

export type Bootstrap =
  | { readonly type: 'static' }
  | { readonly type: 'v2'; readonly url: string; readonly proxy: string | null }
  | V3Discovery
  | { readonly type: 'srv'; readonly domain: string; readonly serviceName: string };

/** What reads settings by flag name, with their defaults. */
export interface SettingReader {
  text(name: string): string;
  bool(name: string): boolean;
  list(name: string): string[];
  durationMs(name: string): number;
}

const V3_ONLY = [
  'discovery-token',
  'discovery-endpoints',
  'discovery-cert',
  'discovery-key',
  'discovery-cacert',
  'discovery-user',
  'discovery-password',
] as const;

const CONFLICT =
  'multiple discovery or bootstrap flags are set. Choose one of "initial-cluster", ' +
  '"discovery" or "discovery-srv"';

const BOTH_KINDS =
  'both v2 discovery settings (discovery, discovery-proxy) and v3 discovery settings ' +
  '(discovery-token, discovery-endpoints, discovery-cert, discovery-key, discovery-cacert, ' +
  'discovery-user, discovery-password) are set';

function isHttp(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

export function readBootstrap(
  read: SettingReader,
  settings: Settings,
  faults: string[],
): Bootstrap {
  const isSet = (name: string): boolean => (settings.get(name) ?? '') !== '';
  const chosen = ['initial-cluster', 'discovery', 'discovery-endpoints', 'discovery-srv'];
  if (chosen.filter(isSet).length > 1) faults.push(CONFLICT);
  if (read.text('discovery-fallback') === 'proxy') {
    faults.push('v2 proxy is deprecated, and --discovery-fallback can\'t be configured as "proxy"');
  }
  if (isSet('discovery-proxy') && V3_ONLY.some(isSet)) faults.push(BOTH_KINDS);
  if (isSet('discovery-token') !== isSet('discovery-endpoints')) {
    faults.push('both --discovery-token and --discovery-endpoints must be set');
  }
  if (isSet('discovery')) return readV2(read, faults);
  if (isSet('discovery-token')) return readV3(read, faults);
  if (isSet('discovery-srv')) {
    const domain = read.text('discovery-srv').replace(/\.$/, '');
    return { type: 'srv', domain, serviceName: read.text('discovery-srv-name') };
  }
  return { type: 'static' };
}

function readV2(read: SettingReader, faults: string[]): Bootstrap {
  const url = read.text('discovery');
  const proxy = read.text('discovery-proxy');
  if (!isHttp(url)) faults.push(`--discovery: ${url} is no http or https URL`);
  else if (new URL(url).pathname === '/') faults.push(`--discovery: ${url} has no token`);
  if (proxy !== '' && !isHttp(proxy)) faults.push(`--discovery-proxy: ${proxy} is no http URL`);
  return { type: 'v2', url, proxy: proxy === '' ? null : proxy };
}

function readV3(read: SettingReader, faults: string[]): Bootstrap {
  const certFile = read.text('discovery-cert');
  const keyFile = read.text('discovery-key');
  const caFile = read.text('discovery-cacert');
  if ((certFile === '') !== (keyFile === '')) {
    faults.push('both --discovery-cert and --discovery-key must be set');
  }
  const isSecure = !read.bool('discovery-insecure-transport') || certFile !== '' || caFile !== '';
  const given = read.text('discovery-endpoints').split(',');
  if (given.some((endpoint) => endpoint.trim() === '')) {
    faults.push('--discovery-endpoints must not contain empty endpoints');
  }
  const endpoints = read.list('discovery-endpoints').map((endpoint) => {
    return endpoint.includes('://') ? endpoint : `${isSecure ? 'https' : 'http'}://${endpoint}`;
  });
  for (const endpoint of endpoints) {
    if (!isHttp(endpoint))
      faults.push(`--discovery-endpoints: ${endpoint} is no http or https URL`);
  }
  const user = read.text('discovery-user');
  const colon = user.indexOf(':');
  const name = colon < 0 ? user : user.slice(0, colon);
  const password = read.text('discovery-password') || (colon < 0 ? '' : user.slice(colon + 1));
  return {
    type: 'v3',
    token: read.text('discovery-token'),
    endpoints,
    dialTimeoutMs: read.durationMs('discovery-dial-timeout'),
    requestTimeoutMs: read.durationMs('discovery-request-timeout'),
    keepaliveMs: read.durationMs('discovery-keepalive-time'),
    skipVerify: read.bool('discovery-insecure-skip-tls-verify'),
    certFile,
    keyFile,
    caFile,
    user: name === '' ? null : { name, password },
  };
}
