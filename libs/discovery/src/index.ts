export { ClusterStore, type ClusterStorePorts } from './cluster-store.js';
export {
  DEFAULT_HTTP_OPTIONS,
  DiscoveryHttp,
  type DiscoveryHttpOptions,
  type DiscoveryHttpPorts,
} from './discovery-http.js';
export { DEFAULT_ASKER_OPTIONS, EtcdAsker, type EtcdAskerOptions } from './etcd-asker.js';
export { LocalStore, type LocalStorePorts } from './local-store.js';
export { MemberFinder, type MemberFinderPorts } from './member-finder.js';
export { isToken, type NamedUrls, parseRegistration, registrationOf } from './names.js';
export {
  DEFAULT_STORE_LIMITS,
  type MemberRecord,
  type RegistryStore,
  StoreError,
  type StoreLimits,
  type TokenRecord,
} from './registry-store.js';
export {
  type DiscoveryCode,
  DiscoveryError,
  DiscoveryUnavailable,
  type JoinPorts,
  type TokenClient,
  joinCluster,
} from './join.js';
export { type SrvPorts, type SrvQuery, srvCluster } from './srv-records.js';
export { DEFAULT_V2_CLIENT, type V2ClientOptions, V2TokenClient } from './v2-client.js';
export { V3TokenClient } from './v3-client.js';
