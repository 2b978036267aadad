/** Metrics of a discovery service, beyond those of every process. */
import { type MetricSpec, counter, exponential, gauge, histogram } from '@conclave/telemetry';

const KINDS = ['new', 'v2', 'api', 'page', 'health', 'metrics', 'other'] as const;

export const DISCOVERY_METRICS: readonly MetricSpec[] = Object.freeze([
  counter('conclave_discovery_requests_total', 'Requests answered, by kind and HTTP status.', {
    kind: KINDS,
    code: null,
  }),
  histogram(
    'conclave_discovery_request_seconds',
    'How long requests took; a long poll counts from its beginning to its end.',
    exponential(0.001, 4, 9),
    { kind: KINDS },
  ),
  counter('conclave_discovery_store_failures_total', 'Requests that the registry did not answer.'),
  gauge('conclave_discovery_waiting', 'Long polls and event streams open now.'),
  gauge('conclave_discovery_tokens', 'Tokens kept; -1 with a backend, which is not asked for it.'),
  counter('conclave_discovery_tokens_expired_total', 'Tokens removed because their time was over.'),
]);
