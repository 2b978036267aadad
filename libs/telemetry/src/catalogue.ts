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
