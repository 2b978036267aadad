/** The flags by which a gateway finds its members through a discovery token, besides `--endpoints`. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import {
  DEFAULT_ASKER_OPTIONS,
  DEFAULT_V2_CLIENT,
  EtcdAsker,
  type TokenClient,
  V2TokenClient,
  V3TokenClient,
} from '@conclave/discovery';

export interface DiscoveryFlags {
  /** URL of a v2 token; '' for none. */
  readonly url: string;
  readonly proxy: string;
  /** Name of a v3 token; '' for none. */
  readonly token: string;
  readonly endpoints: readonly string[];
  /** `name:password`; '' for none. */
  readonly user: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export function asksDiscovery(flags: DiscoveryFlags): boolean {
  return flags.url !== '' || flags.token !== '' || flags.endpoints.length > 0;
}

/** All that is wrong with them. */
export function discoveryFaults(flags: DiscoveryFlags): string[] {
  const faults: string[] = [];
  if ((flags.token === '') !== (flags.endpoints.length === 0)) {
    faults.push('both --discovery-token and --discovery-endpoints must be set');
  }
  if (flags.url !== '' && flags.token !== '') {
    faults.push('--discovery and --discovery-token exclude each other');
  }
  if ((flags.certFile === '') !== (flags.keyFile === '')) {
    faults.push('both --discovery-cert and --discovery-key must be set');
  }
  if (flags.user !== '' && !/^[^:]+:./.test(flags.user)) {
    faults.push('--discovery-user must be name:password');
  }
  const urls = { discovery: [flags.url], 'discovery-proxy': [flags.proxy] };
  const all = { ...urls, 'discovery-endpoints': flags.endpoints };
  for (const [name, values] of Object.entries(all)) {
    for (const url of values) {
      if (url !== '' && !isHttp(url)) faults.push(`--${name}: ${url} is no http or https URL`);
    }
  }
  if (isHttp(flags.url) && new URL(flags.url).pathname === '/') {
    faults.push(`--discovery: ${flags.url} has no token`);
  }
  return faults;
}

function isHttp(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** Null without a token. Throws when a file cannot be read. */
export function tokenClient(flags: DiscoveryFlags): TokenClient | null {
  if (flags.url !== '') {
    const proxy = flags.proxy === '' ? null : flags.proxy;
    return new V2TokenClient({ ...DEFAULT_V2_CLIENT, url: flags.url, proxy });
  }
  if (flags.token === '') return null;
  const colon = flags.user.indexOf(':');
  const user =
    colon < 0 ? null : { name: flags.user.slice(0, colon), password: flags.user.slice(colon + 1) };
  const tls: ConnectionOptions = {};
  if (flags.caFile !== '') tls.ca = readFileSync(flags.caFile);
  if (flags.certFile !== '') {
    tls.cert = readFileSync(flags.certFile);
    tls.key = readFileSync(flags.keyFile);
  }
  const { endpoints } = flags;
  const asker = new EtcdAsker({ ...DEFAULT_ASKER_OPTIONS, endpoints, tls, user });
  return new V3TokenClient(flags.token, asker);
}
