/** Metrics of the change feed into NATS. */
import { counter, gauge, type MetricSpec } from './metric-spec.js';

export const FEED_METRICS: readonly MetricSpec[] = [
  gauge('conclave_feed_active', '1 while this process is the one that publishes.'),
  gauge('conclave_feed_connected', '1 while this process is connected to NATS.'),
  gauge(
    'conclave_feed_lag_revisions',
    'Revisions of the store that this process should have published and has not yet.',
  ),
  gauge('conclave_feed_revision', 'Revision up to which this process knows the stream complete.'),
  counter('conclave_feed_published_total', 'Messages that the stream acknowledged.', {
    type: ['put', 'delete', 'gap', 'mark'],
  }),
  counter('conclave_feed_omitted_total', 'Messages without the key or value, too large for NATS.'),
  counter('conclave_feed_connections_total', 'Connections made to NATS, first and later ones.'),
  counter('conclave_feed_restarts_total', 'Times the end of the stream had to be read again.', {
    reason: ['fenced', 'failed', 'watch'],
  }),
];
