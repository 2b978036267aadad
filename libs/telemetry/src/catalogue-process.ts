/** Metrics of the process, of the scrapes themselves, of a gateway, and our own beyond etcd's. */
import { counter, exponential, gauge, histogram, type MetricSpec } from './metric-spec.js';

export const PROCESS_METRICS: readonly MetricSpec[] = [
  counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.'),
  gauge('process_resident_memory_bytes', 'Resident memory size in bytes.'),
  gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.'),
  gauge('process_virtual_memory_max_bytes', 'Maximum amount of virtual memory available in bytes.'),
  gauge('process_open_fds', 'Number of open file descriptors.'),
  gauge('process_max_fds', 'Maximum number of open file descriptors.'),
  gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.'),
  gauge('os_fd_used', 'The number of used file descriptors.'),
  gauge('os_fd_limit', 'The file descriptor limit.'),
  gauge('go_info', 'Information about the run time (Node, not Go).', { version: null }),
  gauge('go_threads', 'Number of OS threads created.'),
  gauge('go_memstats_alloc_bytes', 'Number of bytes allocated and still in use.'),
  gauge('go_memstats_heap_alloc_bytes', 'Number of heap bytes allocated and still in use.'),
  gauge('go_memstats_heap_sys_bytes', 'Number of heap bytes obtained from system.'),
  gauge('go_memstats_sys_bytes', 'Number of bytes obtained from system.'),
  counter(
    'promhttp_metric_handler_requests_total',
    'Total number of scrapes by HTTP status code.',
    {
      code: ['200', '500', '503'],
    },
  ),
  gauge('promhttp_metric_handler_requests_in_flight', 'Current number of scrapes being served.'),
];

/** The names of etcd's own proxy, for dashboards that watch one. */
export const GATEWAY_METRICS: readonly MetricSpec[] = [
  gauge('etcd_grpc_proxy_cache_hits_total', 'Total number of cache hits'),
  gauge('etcd_grpc_proxy_cache_misses_total', 'Total number of cache misses'),
  gauge('etcd_grpc_proxy_cache_keys_total', 'Total number of keys/ranges cached'),
  gauge('etcd_grpc_proxy_watchers_coalescing_total', 'Total number of current watchers coalescing'),
  counter('etcd_grpc_proxy_events_coalescing_total', 'Total number of events coalescing'),
];

/** Ours alone. */
export const CONCLAVE_METRICS: readonly MetricSpec[] = [
  gauge('conclave_router_links', 'Links to members that a gateway can send calls over.'),
  gauge('conclave_router_open_calls', 'Calls of clients a gateway has in work.'),
  counter('conclave_router_retries_total', 'Calls a gateway sent to another member again.'),
  counter('conclave_router_sessions_opened_total', 'Sessions a gateway opened for its writes.'),
  counter('conclave_router_watch_resumes_total', 'Watchers made again on another member.'),
  histogram(
    'conclave_event_loop_delay_seconds',
    'How late turns of the event loop began, sampled.',
    exponential(0.001, 2, 14),
  ),
  counter('conclave_otlp_exports_total', 'Batches of telemetry sent by OTLP, or not.', {
    signal: ['traces', 'metrics'],
    result: ['success', 'failure'],
  }),
  counter(
    'conclave_otlp_spans_dropped_total',
    'Spans that found no room to wait for their export.',
  ),
  counter('conclave_backups_total', 'Scheduled backups this member took, or could not.', {
    result: ['success', 'failure'],
  }),
  gauge('conclave_backup_last_success_seconds', 'Unix time of the last scheduled backup here.'),
  gauge('conclave_backup_last_size_bytes', 'Size of the last scheduled backup here.'),
  histogram(
    'conclave_backup_duration_seconds',
    'How long a scheduled backup took, from the first row to the last check.',
    exponential(0.1, 2, 14),
  ),
  counter('conclave_log_lines_dropped_total', 'Log lines lost because the reader was too slow.'),
  counter('conclave_metric_series_dropped_total', 'Observations refused: too many label values.'),
];
