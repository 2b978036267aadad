/** etcd v3 meaning: Calls in, answers out. Start at README.md. */
export { Api } from './api.js';
export { type ApiErrorCode, ERROR_TABLE, failureOf } from './error-table.js';
export { parsePeerUrls } from './member-url.js';
export { API_DEFAULTS, type ApiOptions, type ApiPorts } from './options.js';
