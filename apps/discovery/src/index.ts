export { type ConfigResult, type DiscoveryConfig, loadConfig, usage } from './config.js';
export { DISCOVERY_FLAGS, type DiscoveryFlag } from './flag-table.js';
export { DiscoveryService } from './discovery-service.js';
