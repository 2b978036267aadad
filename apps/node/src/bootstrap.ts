/**
 * The members that a new member begins with, where flags name a place to ask instead of the members: a
 * discovery token or DNS. Asked once, before there is any data; never again.
 */
import { readFileSync } from 'node:fs';
import { Resolver, lookup } from 'node:dns/promises';
import type { ConnectionOptions } from 'node:tls';
import type { Probe } from '@conclave/base';
import {
  DEFAULT_V2_CLIENT,
  DiscoveryError,
  EtcdAsker,
  type SrvPorts,
  type TokenClient,
  V2TokenClient,
  V3TokenClient,
  joinCluster,
  registrationOf,
  srvCluster,
} from '@conclave/discovery';
import type { V3Discovery } from './config/bootstrap-config.js';
import { type InitialMember, type NodeConfig, parseInitialCluster } from './config/node-config.js';
import { memberId } from './ids.js';

const DNS: SrvPorts = {
  resolveSrv: async (name) => {
    const records = await new Resolver({ timeout: 5_000, tries: 3 }).resolveSrv(name);
    return records.map((record) => ({ target: record.name, port: record.port }));
  },
  lookup: async (host) => (await lookup(host)).address,
};

/**
 * Throws with one clear line. Waits for as long as the service is away or the cluster has not all of its
 * members: like etcd, for ever.
 */
export async function foundingMembers(
  config: NodeConfig,
  probe: Probe,
  dns: SrvPorts = DNS,
): Promise<readonly InitialMember[]> {
  const { bootstrap } = config;
  // A member that joins what is there asks that; only DNS can tell it where.
  const asksToken = config.initialClusterState === 'new';
  switch (bootstrap.type) {
    case 'static':
      return config.initialCluster;
    case 'srv':
      return bySrv(config, bootstrap, probe, dns);
    case 'v2': {
      if (!asksToken) return config.initialCluster;
      const { url, proxy } = bootstrap;
      return byToken(config, new V2TokenClient({ ...DEFAULT_V2_CLIENT, url, proxy }), probe);
    }
    case 'v3':
      if (!asksToken) return config.initialCluster;
      return byToken(config, v3Client(bootstrap), probe);
  }
}

async function byToken(
  config: NodeConfig,
  client: TokenClient,
  probe: Probe,
): Promise<readonly InitialMember[]> {
  const id = memberId(config.advertisePeerURLs, config.initialClusterToken).toString(16);
  const value = registrationOf(config.name, config.advertisePeerURLs);
  probe.log('info', 'joining through discovery', {
    'discovery-token': config.initialClusterToken,
    'local-member-id': id,
  });
  const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
  try {
    const text = await joinCluster(client, { id, value }, { probe, sleep });
    const members = parsed(text);
    probe.log('info', 'discovered the cluster', { 'initial-cluster': text });
    return members;
  } catch (error) {
    if (error instanceof DiscoveryError) advise(error, config, probe);
    throw new Error(`failed to join discovery cluster (${(error as Error).message})`, {
      cause: error,
    });
  } finally {
    client.close();
  }
}

/** etcd's advice, in its words. */
function advise(error: DiscoveryError, config: NodeConfig, probe: Probe): void {
  const token = { 'discovery-token': config.initialClusterToken };
  if (error.code === 'duplicate-id') {
    probe.log('warn', 'member has been registered with discovery service', {
      name: config.name,
      ...token,
    });
    probe.log('warn', 'but could not find valid cluster configuration', {
      'data-dir': config.dataDir,
    });
    probe.log('warn', 'check data dir if previous bootstrap succeeded');
    probe.log('warn', 'or use a new discovery token if previous bootstrap failed');
    return;
  }
  if (error.code === 'size-not-found') {
    probe.log('warn', 'failed to bootstrap; the service does not know the discovery token', {
      ...token,
      advice:
        'make one with GET /new?size=N of the service and give all members its URL; in a v3 store: put ' +
        '/_etcd/registry/TOKEN/_config/size N',
    });
    return;
  }
  if (error.code === 'duplicate-name') {
    probe.log('warn', 'member with duplicated name has already been registered', token);
  } else if (error.code === 'full') {
    const fields = { ...token, error: error.message };
    probe.log('warn', 'failed to bootstrap; discovery token was already used', fields);
  } else return;
  const text = 'do not reuse discovery token; generate a new one to bootstrap a cluster';
  probe.log('warn', text);
}

function v3Client(discovery: V3Discovery): TokenClient {
  const asker = new EtcdAsker({
    endpoints: discovery.endpoints,
    dialTimeoutMs: discovery.dialTimeoutMs,
    requestTimeoutMs: discovery.requestTimeoutMs,
    pingIntervalMs: discovery.keepaliveMs,
    tls: tlsOf(discovery),
    user: discovery.user,
  });
  return new V3TokenClient(discovery.token, asker);
}

function tlsOf(discovery: V3Discovery): ConnectionOptions {
  const tls: ConnectionOptions = { rejectUnauthorized: !discovery.skipVerify };
  if (discovery.caFile !== '') tls.ca = readFileSync(discovery.caFile);
  if (discovery.certFile !== '') {
    tls.cert = readFileSync(discovery.certFile);
    tls.key = readFileSync(discovery.keyFile);
  }
  return tls;
}

async function bySrv(
  config: NodeConfig,
  { domain, serviceName }: { domain: string; serviceName: string },
  probe: Probe,
  dns: SrvPorts,
): Promise<readonly InitialMember[]> {
  const query = {
    domain,
    serviceName,
    ownName: config.name,
    ownPeerURLs: config.advertisePeerURLs,
  };
  const { cluster, faults } = await srvCluster(query, dns);
  if (faults.length > 0) {
    probe.log('warn', 'failed to resolve during SRV discovery', { error: faults.join('; ') });
  }
  if (cluster === '') {
    throw new Error(`error setting up initial cluster: ${faults.join('; ') || 'no SRV records'}`);
  }
  const members = parsed(cluster);
  if (!members.some((member) => member.name === config.name)) {
    const text = `cannot find local etcd member "${config.name}" in SRV records`;
    throw new Error(`error setting up initial cluster: ${text}`);
  }
  probe.log('info', 'got bootstrap from DNS', { 'initial-cluster': cluster });
  return members;
}

function parsed(text: string): InitialMember[] {
  const faults: string[] = [];
  const members = parseInitialCluster(text, faults);
  if (faults.length > 0) throw new Error(`discovery cluster ${text}: ${faults.join('; ')}`);
  return members;
}
