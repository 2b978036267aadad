/**
 * The one catalogue: every metric a process may report. A name that is not here is a bug.
 */
import { DEBUGGING_METRICS, STORAGE_METRICS } from './catalogue-storage.js';
import { FEED_METRICS } from './catalogue-feed.js';
import { CONCLAVE_METRICS, GATEWAY_METRICS, PROCESS_METRICS } from './catalogue-process.js';
import { GRPC_METRICS, NETWORK_METRICS, SERVER_METRICS } from './catalogue-server.js';
import type { MetricSpec } from './metric-spec.js';

export const METRIC_CATALOGUE: readonly MetricSpec[] = Object.freeze([
  ...SERVER_METRICS,
  ...GRPC_METRICS,
  ...NETWORK_METRICS,
  ...STORAGE_METRICS,
  ...DEBUGGING_METRICS,
  ...PROCESS_METRICS,
  ...GATEWAY_METRICS,
  ...CONCLAVE_METRICS,
  ...FEED_METRICS,
]);

/**
 * What only a member can know. A gateway that showed these would say 0 for all of them, and
 * `etcd_server_has_leader 0` is an alert.
 */
const OF_MEMBERS = new RegExp(
  '^etcd_(?:debugging|disk|mvcc|snap|lease|cluster)_' +
    '|^etcd_server_(?!health|client_requests|version|go_version)' +
    '|^etcd_network_(?!client_grpc_)' +
    '|^conclave_(?:backups?|cluster|supported)_',
);
const OF_GATEWAYS = /^conclave_router_/;
const OF_ALL = new Set([
  ...PROCESS_METRICS.map(({ name }) => name),
  'conclave_event_loop_delay_seconds',
  'conclave_otlp_exports_total',
  'conclave_log_lines_dropped_total',
  'conclave_metric_series_dropped_total',
]);

/** Of a member: etcd's names too that stay at 0 here, because dashboards and tests ask for them. */
export const NODE_CATALOGUE: readonly MetricSpec[] = Object.freeze(
  METRIC_CATALOGUE.filter(({ name }) => !OF_GATEWAYS.test(name)),
);

/** Of a gateway. */
export const GATEWAY_CATALOGUE: readonly MetricSpec[] = Object.freeze(
  METRIC_CATALOGUE.filter(({ name }) => !OF_MEMBERS.test(name)),
);

/** Of a process that serves neither keys nor members. */
export const PROCESS_CATALOGUE: readonly MetricSpec[] = Object.freeze(
  METRIC_CATALOGUE.filter(({ name }) => OF_ALL.has(name)),
);
