export { ClusterStore, type ClusterStorePorts } from './cluster-store.js';
export {
  DEFAULT_HTTP_OPTIONS,
  DiscoveryHttp,
  type DiscoveryHttpOptions,
  type DiscoveryHttpPorts,
} from './discovery-http.js';
export { DEFAULT_ASKER_OPTIONS, EtcdAsker, type EtcdAskerOptions } from './etcd-asker.js';
export { LocalStore, type LocalStorePorts } from './local-store.js';
export { type NamedUrls, parseRegistration, registrationOf } from './names.js';
export {
  DEFAULT_STORE_LIMITS,
  type MemberRecord,
  type RegistryStore,
  StoreError,
  type StoreLimits,
  type TokenRecord,
} from './registry-store.js';
