/** etcd's metrics of a member: server, Raft, gRPC, network. Names and buckets are etcd's. */
import { counter, exponential, gauge, histogram, type MetricSpec } from './metric-spec.js';

const PEER = { Local: null, Remote: null };
const TO = { To: null };
const FROM = { From: null };
const RPC = { grpc_method: null, grpc_service: null, grpc_type: null };
const RPC_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CHECKS = { name: null, type: ['livez', 'readyz'] };

export const SERVER_METRICS: readonly MetricSpec[] = [
  gauge('etcd_server_has_leader', 'Whether or not a leader exists. 1 is existence, 0 is not.'),
  gauge('etcd_server_is_leader', 'Whether or not this member is a leader. 1 if is, 0 otherwise.'),
  gauge('etcd_server_is_learner', 'Whether or not this member is a learner. 1 if is, 0 otherwise.'),
  counter('etcd_server_leader_changes_seen_total', 'The number of leader changes seen.'),
  gauge(
    'etcd_server_proposals_committed_total',
    'The total number of consensus proposals committed.',
  ),
  gauge('etcd_server_proposals_applied_total', 'The total number of consensus proposals applied.'),
  gauge('etcd_server_proposals_pending', 'The current number of pending proposals to commit.'),
  counter('etcd_server_proposals_failed_total', 'The total number of failed proposals seen.'),
  counter(
    'etcd_server_heartbeat_send_failures_total',
    'The total number of leader heartbeat send failures (likely overloaded from slow disk).',
  ),
  counter(
    'etcd_server_learner_promote_successes',
    'The total number of successful learner promotions while this member is leader.',
  ),
  counter(
    'etcd_server_learner_promote_failures',
    'The total number of failed learner promotions (likely learner not ready) while this member is leader.',
    { Reason: null },
  ),
  gauge(
    'etcd_server_snapshot_apply_in_progress_total',
    '1 if the server is applying the incoming snapshot. 0 if none.',
  ),
  counter('etcd_server_read_indexes_failed_total', 'The total number of failed read indexes seen.'),
  counter(
    'etcd_server_slow_read_indexes_total',
    "The total number of pending read indexes not in sync with leader's or timed out read index requests.",
  ),
  counter(
    'etcd_server_slow_apply_total',
    'The total number of slow apply requests (likely overloaded from slow disk).',
  ),
  histogram(
    'etcd_server_apply_duration_seconds',
    'The latency distributions of v2 apply called by backend.',
    exponential(0.0001, 2, 20),
    { version: ['v2', 'v3'], op: null, success: ['true', 'false'] },
  ),
  histogram(
    'etcd_server_range_duration_seconds',
    'The latency distributions of txn.Range',
    exponential(0.0001, 2, 20),
    { success: ['true', 'false'] },
  ),
  histogram(
    'etcd_server_request_duration_seconds',
    'Response latency distribution in seconds for each type.',
    exponential(0.001, 2, 14),
    { type: null, success: ['true', 'false'] },
  ),
  gauge('etcd_server_quota_backend_bytes', 'Current backend storage quota size in bytes.'),
  gauge(
    'etcd_server_version',
    "Which version is running. 1 for 'server_version' label with current version.",
    { server_version: null },
  ),
  gauge(
    'etcd_cluster_version',
    "Which version is running. 1 for 'cluster_version' label with current cluster version",
    { cluster_version: null },
  ),
  gauge(
    'etcd_server_go_version',
    "Which Go version server is running with. 1 for 'server_go_version' label with current version.",
    { server_go_version: null },
  ),
  gauge(
    'etcd_server_id',
    "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
    { server_id: null },
  ),
  gauge(
    'etcd_server_feature_enabled',
    'Whether or not a feature is enabled. 1 is enabled, 0 is not.',
    {
      name: null,
      stage: null,
    },
  ),
  gauge(
    'conclave_cluster_feature_number',
    'The feature number of the cluster: what entries are applied by. It never falls.',
  ),
  gauge(
    'conclave_supported_feature_number',
    'The highest feature number that the build of this member supports.',
  ),
  counter(
    'etcd_server_client_requests_total',
    'The total number of client requests per client version.',
    {
      client_api_version: null,
      type: ['unary', 'stream'],
    },
  ),
  counter('etcd_server_health_success', 'The total number of successful health checks'),
  counter('etcd_server_health_failures', 'The total number of failed health checks'),
  gauge('etcd_server_healthcheck', 'The result of each kind of healthcheck.', CHECKS),
  counter('etcd_server_healthchecks_total', 'The total number of each kind of healthcheck.', {
    ...CHECKS,
    status: ['success', 'error'],
  }),
];

export const GRPC_METRICS: readonly MetricSpec[] = [
  counter('grpc_server_started_total', 'Total number of RPCs started on the server.', RPC),
  counter(
    'grpc_server_handled_total',
    'Total number of RPCs completed on the server, regardless of success or failure.',
    { ...RPC, grpc_code: null },
  ),
  counter(
    'grpc_server_msg_received_total',
    'Total number of RPC stream messages received on the server.',
    RPC,
  ),
  counter(
    'grpc_server_msg_sent_total',
    'Total number of gRPC stream messages sent by the server.',
    RPC,
  ),
  histogram(
    'grpc_server_handling_seconds',
    'Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.',
    RPC_BUCKETS,
    RPC,
  ),
];

export const NETWORK_METRICS: readonly MetricSpec[] = [
  counter(
    'etcd_network_client_grpc_received_bytes_total',
    'The total number of bytes received from grpc clients.',
  ),
  counter(
    'etcd_network_client_grpc_sent_bytes_total',
    'The total number of bytes sent to grpc clients.',
  ),
  counter(
    'etcd_network_peer_received_bytes_total',
    'The total number of bytes received from peers.',
    FROM,
  ),
  counter('etcd_network_peer_sent_bytes_total', 'The total number of bytes sent to peers.', TO),
  counter(
    'etcd_network_peer_sent_failures_total',
    'The total number of send failures from peers.',
    TO,
  ),
  counter(
    'etcd_network_peer_received_failures_total',
    'The total number of receive failures from peers.',
    FROM,
  ),
  histogram(
    'etcd_network_peer_round_trip_time_seconds',
    'Round-Trip-Time histogram between peers',
    exponential(0.0001, 2, 16),
    TO,
  ),
  gauge('etcd_network_active_peers', 'The current number of active peer connections.', PEER),
  gauge('etcd_network_known_peers', 'The current number of known peers.', PEER),
  counter('etcd_network_disconnected_peers_total', 'The total number of disconnected peers.', PEER),
  counter(
    'etcd_network_server_stream_failures_total',
    'The total number of stream failures from the local server.',
    { Type: ['send', 'receive'], API: ['watch', 'lease-keepalive'] },
  ),
  gauge(
    'etcd_network_snapshot_send_inflights_total',
    'Total number of inflight snapshot sends',
    TO,
  ),
  counter('etcd_network_snapshot_send_success', 'Total number of successful snapshot sends', TO),
  counter('etcd_network_snapshot_send_failures', 'Total number of snapshot send failures', TO),
  histogram(
    'etcd_network_snapshot_send_total_duration_seconds',
    'Total latency distributions of v3 snapshot sends',
    exponential(0.1, 2, 10),
    TO,
  ),
  gauge(
    'etcd_network_snapshot_receive_inflights_total',
    'Total number of inflight snapshot receives',
    FROM,
  ),
  counter(
    'etcd_network_snapshot_receive_success',
    'Total number of successful snapshot receives',
    FROM,
  ),
  counter(
    'etcd_network_snapshot_receive_failures',
    'Total number of snapshot receive failures',
    FROM,
  ),
  histogram(
    'etcd_network_snapshot_receive_total_duration_seconds',
    'Total latency distributions of v3 snapshot receives',
    exponential(0.1, 2, 10),
    FROM,
  ),
];
