export { type ConfigResult, type DiscoveryConfig, loadConfig, usage } from './config.js';
export { DISCOVERY_FLAGS } from './flag-table.js';
export { DiscoveryService } from './discovery-service.js';
