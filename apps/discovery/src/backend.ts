/** The registry in a Conclave or etcd cluster (`--backend`). */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { Probe } from '@conclave/base';
import {
  ClusterStore,
  DEFAULT_ASKER_OPTIONS,
  EtcdAsker,
  type StoreLimits,
} from '@conclave/discovery';
import type { DiscoveryConfig } from './config.js';

/** Throws when a file of the TLS flags cannot be used. A cluster that is not there yet is waited for. */
export function openBackend(
  config: DiscoveryConfig,
  limits: StoreLimits,
  probe: Probe,
): ClusterStore {
  const at = config.backendUser.indexOf(':');
  const user =
    at < 0
      ? null
      : { name: config.backendUser.slice(0, at), password: config.backendUser.slice(at + 1) };
  const asker = new EtcdAsker({
    ...DEFAULT_ASKER_OPTIONS,
    endpoints: config.backend,
    tls: tlsOf(config),
    user,
  });
  const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
  return new ClusterStore(config.backendPrefix, limits, { asker, clock, probe });
}

function readable(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`--${flag}: cannot read ${file}: ${(error as Error).message}`);
  }
}

/** Null without a flag of TLS: an https backend is then judged by the authorities of the system. */
function tlsOf(config: DiscoveryConfig): ConnectionOptions | null {
  const files = [
    ['ca', 'backend-cacert', config.backendCaFile],
    ['cert', 'backend-cert', config.backendCertFile],
    ['key', 'backend-key', config.backendKeyFile],
  ] as const;
  const tls: ConnectionOptions = {};
  for (const [name, flag, file] of files) {
    if (file === '') continue;
    const bytes = readable(flag, file);
    try {
      // A secure context takes a bundle that holds nothing, and then believes nobody.
      if (name !== 'key') new X509Certificate(bytes);
    } catch {
      throw new Error(`--${flag}: ${file} is no certificate`);
    }
    tls[name] = bytes;
  }
  if (Object.keys(tls).length === 0) return null;
  try {
    createSecureContext(tls);
  } catch (error) {
    const flags = files.filter(([, , file]) => file !== '').map(([, flag]) => `--${flag}`);
    throw new Error(`${flags.join(', ')}: ${(error as Error).message}`);
  }
  return tls;
}
