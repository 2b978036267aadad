export { type ConfigResult, type GatewayConfig, loadConfig, usage } from './config.js';
export { GATEWAY_FLAGS } from './flag-table.js';
export { Gateway } from './gateway.js';
