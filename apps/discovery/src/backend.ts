/** The registry in a Conclave or etcd cluster (`--backend`). */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { Probe } from '@conclave/base';
import {
  ClusterStore,
  DEFAULT_ASKER_OPTIONS,
  EtcdAsker,
  type StoreLimits,
} from '@conclave/discovery';
import type { DiscoveryConfig } from './config.js';

/** Throws when a file of the TLS flags cannot be read. A cluster that is not there yet is waited for. */
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

function tlsOf(config: DiscoveryConfig): ConnectionOptions | null {
  const files = {
    ca: config.backendCaFile,
    cert: config.backendCertFile,
    key: config.backendKeyFile,
  };
  const tls: ConnectionOptions = {};
  for (const name of ['ca', 'cert', 'key'] as const) {
    if (files[name] !== '') tls[name] = readFileSync(files[name]);
  }
  return Object.keys(tls).length === 0 ? null : tls;
}
