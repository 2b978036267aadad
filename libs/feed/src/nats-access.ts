/** How the feed proves who it is to NATS, and how it knows that it speaks with NATS. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type PeerCertificate, checkServerIdentity } from 'node:tls';
import {
  type Authenticator,
  type NodeConnectionOptions,
  credsAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import type { FeedOptions } from './options.js';

/** Servers, secrets and certificates. Throws when a file cannot be read. */
export function accessOptions(options: FeedOptions): NodeConnectionOptions {
  const auth = authenticator(options);
  const isSecure =
    options.caFile !== '' ||
    options.certFile !== '' ||
    options.servers.some((server) => server.startsWith('tls://'));
  return {
    servers: [...options.servers],
    ...(auth === null ? {} : { authenticator: auth }),
    ...(isSecure ? { tls: tlsOptions(options) } : {}),
  };
}

/** Files are read at every connection, so a secret that was changed is found. */
function authenticator(options: FeedOptions): Authenticator | null {
  if (options.credsFile !== '') {
    return credsAuthenticator(() => readFileSync(options.credsFile));
  }
  if (options.tokenFile === '') return null;
  const read = (): string => readFileSync(options.tokenFile, 'utf8').trim();
  if (!read().includes(':')) return tokenAuthenticator(read);
  const part = (at: number): string => /^([^:]*):?(.*)$/s.exec(read())?.[at] ?? '';
  return usernamePasswordAuthenticator(
    () => part(1),
    () => part(2),
  );
}

function tlsOptions({ caFile, certFile, keyFile, servers }: FeedOptions) {
  return {
    ...(caFile === '' ? {} : { caFile }),
    ...(certFile === '' ? {} : { certFile, keyFile }),
    checkServerIdentity: (name: string, certificate: PeerCertificate) =>
      identityFault(name, certificate, addressesOf(servers)),
  };
}

/** The servers that were given as addresses, not by name. */
export function addressesOf(servers: readonly string[]): string[] {
  const hosts = servers.map((server) => {
    const authority = server.replace(/^\w+:\/\//, '');
    return authority.startsWith('[')
      ? authority.slice(1, authority.indexOf(']'))
      : authority.replace(/:\d+$/, '');
  });
  return hosts.filter((host) => isIP(host) !== 0);
}

/**
 * For a server given as an address Node asks for `localhost`, since the client tells it no name: then
 * the certificate must be for one of the addresses given.
 */
export function identityFault(
  name: string,
  certificate: PeerCertificate,
  addresses: readonly string[],
): Error | undefined {
  const fault = checkServerIdentity(name, certificate);
  if (fault === undefined || name !== 'localhost') return fault;
  const fits = addresses.some((ip) => checkServerIdentity(ip, certificate) === undefined);
  return fits ? undefined : fault;
}
