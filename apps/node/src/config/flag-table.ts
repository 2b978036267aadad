/**
 * Every flag etcd knows (spec 6.2), with its default and what we do with it.
 *
 * `built`: it works. `default-only`: what it asks for is not built yet; it is accepted at its default
 * and otherwise ends the start with `--x is not supported yet`. `ignored`: it tunes a part of etcd
 * that Conclave does not have (bbolt's free list, say), and changes no promise.
 */
import { FEED_FLAGS } from '@conclave/feed';

export type FlagType =
  'string' | 'bool' | 'int' | 'uint' | 'duration' | 'urls' | 'list' | 'enum' | 'float';

export interface Flag {
  readonly name: string;
  readonly type: FlagType;
  /** As written on the command line. */
  readonly fallback: string;
  readonly support: 'built' | 'default-only' | 'ignored';
  readonly help: string;
  /** For `enum`. */
  readonly values?: readonly string[];
}

type Row = readonly [string, FlagType, string, Flag['support'], string, (readonly string[])?];

const MEMBER: readonly Row[] = [
  ['name', 'string', 'default', 'built', 'Name of this member.'],
  ['data-dir', 'string', '', 'built', 'Data directory; ${name}.etcd by default.'],
  ['wal-dir', 'string', '', 'default-only', 'A directory of its own for the log.'],
  ['snapshot-count', 'uint', '10000', 'built', 'Applied entries between two cuts of the log.'],
  ['snapshot-catchup-entries', 'uint', '5000', 'built', 'Entries kept for slow followers.'],
  ['max-snapshots', 'uint', '5', 'ignored', 'Snapshot files kept.'],
  ['max-wals', 'uint', '5', 'ignored', 'WAL files kept.'],
  ['backup-dir', 'string', '', 'built', 'Where scheduled backups go; none without it.'],
  ['backup-interval', 'duration', '1h', 'built', 'Time between two scheduled backups.'],
  ['backup-retention', 'uint', '24', 'built', 'Scheduled backups kept.'],
  ['log-segment-bytes', 'uint', '67108864', 'built', 'Size of a segment of the log.'],
  ['heartbeat-interval', 'uint', '100', 'built', 'Milliseconds between heartbeats.'],
  [
    'election-timeout',
    'uint',
    '1000',
    'built',
    'Milliseconds without a leader before an election.',
  ],
  ['initial-election-tick-advance', 'bool', 'true', 'ignored', 'Shorten the first election wait.'],
  ['listen-peer-urls', 'urls', 'http://localhost:2380', 'built', 'Where members connect.'],
  ['listen-client-urls', 'urls', 'http://localhost:2379', 'built', 'Where clients connect.'],
  ['listen-client-http-urls', 'urls', '', 'default-only', 'Separate listeners for HTTP/1.'],
  [
    'quota-backend-bytes',
    'int',
    '0',
    'built',
    'Bytes of state before writes are refused; 0: 2 GiB.',
  ],
  ['backend-bbolt-freelist-type', 'string', 'map', 'ignored', 'Detail of bbolt.'],
  ['backend-batch-interval', 'duration', '0s', 'ignored', 'Detail of bbolt.'],
  ['backend-batch-limit', 'int', '0', 'ignored', 'Detail of bbolt.'],
  ['max-txn-ops', 'uint', '128', 'built', 'Operations in one branch of a transaction.'],
  ['max-request-bytes', 'uint', '1572864', 'built', 'Largest request.'],
  ['max-concurrent-streams', 'uint', '16384', 'built', 'HTTP/2 streams per connection.'],
  ['grpc-keepalive-min-time', 'duration', '5s', 'built', 'Shortest time between client pings.'],
  ['grpc-keepalive-interval', 'duration', '2h', 'built', 'Server ping on an idle connection.'],
  ['grpc-keepalive-timeout', 'duration', '20s', 'built', 'Wait for the answer to a server ping.'],
  ['socket-reuse-port', 'bool', 'false', 'default-only', 'SO_REUSEPORT on listeners.'],
  ['socket-reuse-address', 'bool', 'false', 'ignored', 'SO_REUSEADDR; the runtime sets it.'],
  ['raft-read-timeout', 'duration', '5s', 'ignored', 'Detail of peer connections.'],
  ['raft-write-timeout', 'duration', '5s', 'ignored', 'Detail of peer connections.'],
  ['memory-mlock', 'bool', 'false', 'default-only', 'Lock memory.'],
  ['enable-grpc-gateway', 'bool', 'true', 'built', 'JSON over HTTP below /v3/.'],
  ['enable-v2', 'bool', 'false', 'default-only', 'v2 keys API.'],
  ['v2-deprecation', 'string', 'write-only', 'ignored', 'No effect, as in etcd 3.6.'],
  [
    'feature-gates',
    'string',
    '',
    'built',
    'LeaseCheckpoint=true|false, and others at their default.',
  ],
];

const CLUSTERING: readonly Row[] = [
  [
    'initial-advertise-peer-urls',
    'urls',
    'http://localhost:2380',
    'built',
    'Peer URLs told to the other members.',
  ],
  ['initial-cluster', 'string', '', 'built', 'name=url,... of every member at the beginning.'],
  [
    'initial-cluster-state',
    'enum',
    'new',
    'built',
    'Found a new cluster, or join one.',
    ['new', 'existing'],
  ],
  ['initial-cluster-token', 'string', 'etcd-cluster', 'built', 'Salt for the ids.'],
  ['advertise-client-urls', 'urls', 'http://localhost:2379', 'built', 'Client URLs told to all.'],
  [
    'discovery',
    'string',
    '',
    'built',
    'URL of a discovery token, of which the members learn of each other.',
  ],
  ['discovery-proxy', 'string', '', 'built', 'HTTP proxy for discovery.'],
  [
    'discovery-fallback',
    'enum',
    'exit',
    'built',
    'Only exit, when the token cannot be used.',
    ['exit', 'proxy'],
  ],
  ['discovery-token', 'string', '', 'built', 'v3 discovery: the token.'],
  [
    'discovery-endpoints',
    'string',
    '',
    'built',
    'v3 discovery: client URLs of the etcd or Conclave cluster that keeps the token.',
  ],
  ['discovery-dial-timeout', 'duration', '2s', 'built', 'v3 discovery: wait for a connection.'],
  ['discovery-request-timeout', 'duration', '5s', 'built', 'v3 discovery: wait for an answer.'],
  [
    'discovery-keepalive-time',
    'duration',
    '2s',
    'built',
    'v3 discovery: time between signs of life.',
  ],
  [
    'discovery-keepalive-timeout',
    'duration',
    '6s',
    'ignored',
    'v3 discovery: the time between signs of life is also the wait for one.',
  ],
  [
    'discovery-insecure-transport',
    'bool',
    'true',
    'built',
    'v3 discovery: false for https where an endpoint has no scheme.',
  ],
  [
    'discovery-insecure-skip-tls-verify',
    'bool',
    'false',
    'built',
    'v3 discovery: trust any certificate.',
  ],
  ['discovery-cert', 'string', '', 'built', 'v3 discovery: client certificate file.'],
  ['discovery-key', 'string', '', 'built', 'v3 discovery: its key file.'],
  ['discovery-cacert', 'string', '', 'built', 'v3 discovery: CA file.'],
  ['discovery-user', 'string', '', 'built', 'v3 discovery: name or name:password.'],
  ['discovery-password', 'string', '', 'built', 'v3 discovery: password.'],
  ['discovery-srv', 'string', '', 'built', 'Domain whose SRV records name the members.'],
  ['discovery-srv-name', 'string', '', 'built', 'Suffix of the service in these records.'],
  ['strict-reconfig-check', 'bool', 'true', 'built', 'Refuse changes that endanger the quorum.'],
  ['pre-vote', 'bool', 'true', 'built', 'Ask before raising the term.'],
  ['auto-compaction-mode', 'string', 'periodic', 'built', 'periodic or revision.'],
  [
    'auto-compaction-retention',
    'string',
    '0',
    'built',
    'What auto-compaction keeps: hours or a duration, or a number of revisions; 0: off.',
  ],
  ['max-learners', 'int', '1', 'built', 'Learners at a time.'],
];

const SECURITY: readonly Row[] = [
  ...(
    [
      'cert-file',
      'key-file',
      'client-cert-file',
      'client-key-file',
      'trusted-ca-file',
      'client-crl-file',
      'client-cert-allowed-hostname',
      'peer-cert-file',
      'peer-key-file',
      'peer-client-cert-file',
      'peer-client-key-file',
      'peer-trusted-ca-file',
      'peer-crl-file',
      'peer-cert-allowed-cn',
      'peer-cert-allowed-hostname',
      'cipher-suites',
    ] as const
  ).map((name): Row => [name, 'string', '', 'default-only', 'TLS.']),
  ...(
    [
      'client-cert-auth',
      'auto-tls',
      'peer-client-cert-auth',
      'peer-auto-tls',
      'peer-skip-client-san-verification',
    ] as const
  ).map((name): Row => [name, 'bool', 'false', 'default-only', 'TLS.']),
  ['self-signed-cert-validity', 'uint', '1', 'ignored', 'Years, with auto-tls.'],
  ['tls-min-version', 'string', 'TLS1.2', 'ignored', 'TLS.'],
  ['tls-max-version', 'string', '', 'ignored', 'TLS.'],
  ['cors', 'list', '*', 'built', 'Origins allowed.'],
  ['host-whitelist', 'list', '*', 'built', 'Host names accepted over plain HTTP.'],
  ['auth-token', 'string', 'simple', 'default-only', 'simple or jwt,...'],
  ['auth-token-ttl', 'uint', '300', 'ignored', 'Seconds.'],
  ['bcrypt-cost', 'uint', '10', 'ignored', 'Cost of password hashes.'],
];

const MONITORING: readonly Row[] = [
  ['enable-debug-top', 'bool', 'false', 'built', 'Serve /debug/top: large prefixes, watches.'],
  ['enable-pprof', 'bool', 'false', 'default-only', 'Profiles over HTTP.'],
  ['metrics', 'enum', 'basic', 'built', 'extensive adds histograms.', ['basic', 'extensive']],
  ['listen-metrics-urls', 'urls', '', 'built', 'Extra listeners for metrics and health.'],
  ['logger', 'enum', 'zap', 'built', 'Only zap.', ['zap']],
  [
    'log-level',
    'enum',
    'info',
    'built',
    'Least level logged.',
    ['debug', 'info', 'warn', 'error', 'dpanic', 'panic', 'fatal'],
  ],
  ['log-format', 'enum', 'json', 'built', 'Format of log lines.', ['json', 'console']],
  ['log-outputs', 'list', 'default', 'built', 'stdout, stderr, or file paths.'],
  ['enable-log-rotation', 'bool', 'false', 'default-only', 'Rotate log files.'],
  ['log-rotation-config-json', 'string', '', 'ignored', 'How to rotate.'],
  ['warning-apply-duration', 'duration', '100ms', 'built', 'Slow apply is logged.'],
  ['warning-unary-request-duration', 'duration', '300ms', 'built', 'Slow requests are logged.'],
  ['enable-distributed-tracing', 'bool', 'false', 'built', 'OpenTelemetry traces.'],
  ['distributed-tracing-address', 'string', 'localhost:4317', 'built', 'OTLP receiver.'],
  ['distributed-tracing-service-name', 'string', 'etcd', 'built', 'Service name.'],
  ['distributed-tracing-instance-id', 'string', '', 'built', 'Instance id.'],
  ['distributed-tracing-sampling-rate', 'int', '0', 'built', 'Requests traced, per million.'],
];

const FEED: readonly Row[] = FEED_FLAGS.map(([name, type, fallback, help]) => {
  return [name, type, fallback, 'built', help];
});

const OTHER: readonly Row[] = [
  ['corrupt-check-time', 'duration', '0s', 'default-only', 'Period of the corruption check.'],
  ['compact-hash-check-time', 'duration', '1m', 'ignored', 'Period of the compaction hash check.'],
  ['compaction-batch-limit', 'int', '1000', 'built', 'Revisions per compaction slice.'],
  ['compaction-sleep-interval', 'duration', '10ms', 'ignored', 'Slices yield by themselves.'],
  ['watch-progress-notify-interval', 'duration', '10m', 'built', 'Periodic progress of watches.'],
  ['downgrade-check-time', 'duration', '5s', 'ignored', 'No effect: downgrades are refused.'],
  [
    'bootstrap-defrag-threshold-megabytes',
    'uint',
    '0',
    'ignored',
    'Defragmentation is not needed.',
  ],
  ['force-new-cluster', 'bool', 'false', 'built', 'Keep the data, remove all other members.'],
  ['unsafe-no-fsync', 'bool', 'false', 'default-only', 'Never: Conclave always syncs.'],
  ['experimental-initial-corrupt-check', 'bool', 'false', 'ignored', 'The log is always checked.'],
  [
    'experimental-enable-lease-checkpoint',
    'bool',
    'false',
    'built',
    'Record what is left of long leases, so that a change of leader does not extend them.',
  ],
  [
    'experimental-enable-lease-checkpoint-persist',
    'bool',
    'false',
    'built',
    'No effect of its own: checkpoints are always persisted.',
  ],
  [
    'lease-checkpoint-interval',
    'duration',
    '5m',
    'built',
    'Time between two checkpoints of a lease; shorter ones get none.',
  ],
  ['experimental-stop-grpc-service-on-defrag', 'bool', 'false', 'ignored', 'No defragmentation.'],
  ['experimental-txn-mode-write-with-shared-buffer', 'bool', 'true', 'ignored', 'Detail of etcd.'],
  ['experimental-compact-hash-check-enabled', 'bool', 'false', 'ignored', 'Hash check.'],
  ['experimental-enable-v2v3', 'string', '', 'default-only', 'v2 over v3.'],
  ['version-override', 'string', '', 'built', 'Version reported instead of the built-in one.'],
  ['listen-link-urls', 'urls', '', 'default-only', 'Listeners of their own for gateway links.'],
];

function flagOf(row: Row): Flag {
  const [name, type, fallback, support, help, values] = row;
  return { name, type, fallback, support, help, ...(values ? { values } : {}) };
}

/** All flags, in the order of the help text. */
export const FLAG_GROUPS: readonly (readonly [string, readonly Flag[]])[] = [
  ['Member', MEMBER.map(flagOf)],
  ['Clustering', CLUSTERING.map(flagOf)],
  ['Security', SECURITY.map(flagOf)],
  ['Monitoring and logging', MONITORING.map(flagOf)],
  ['Change feed', FEED.map(flagOf)],
  ['Other', OTHER.map(flagOf)],
];

export const FLAGS: ReadonlyMap<string, Flag> = new Map(
  FLAG_GROUPS.flatMap(([, flags]) => flags).map((flag) => [flag.name, flag]),
);

/** Older names still seen in manifests (spec 6.2), and what they are called now. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['experimental-corrupt-check-time', 'corrupt-check-time'],
  ['experimental-compact-hash-check-time', 'compact-hash-check-time'],
  ['experimental-compaction-batch-limit', 'compaction-batch-limit'],
  ['experimental-compaction-sleep-interval', 'compaction-sleep-interval'],
  ['experimental-watch-progress-notify-interval', 'watch-progress-notify-interval'],
  ['experimental-warning-apply-duration', 'warning-apply-duration'],
  ['experimental-warning-unary-request-duration', 'warning-unary-request-duration'],
  ['experimental-memory-mlock', 'memory-mlock'],
  ['experimental-peer-skip-client-san-verification', 'peer-skip-client-san-verification'],
  ['experimental-bootstrap-defrag-threshold-megabytes', 'bootstrap-defrag-threshold-megabytes'],
  ['experimental-snapshot-catchup-entries', 'snapshot-catchup-entries'],
  ['experimental-snapshot-catch-up-entries', 'snapshot-catchup-entries'],
  ['experimental-downgrade-check-time', 'downgrade-check-time'],
  ['experimental-enable-distributed-tracing', 'enable-distributed-tracing'],
  ['experimental-distributed-tracing-address', 'distributed-tracing-address'],
  ['experimental-distributed-tracing-service-name', 'distributed-tracing-service-name'],
  ['experimental-distributed-tracing-instance-id', 'distributed-tracing-instance-id'],
  ['experimental-distributed-tracing-sampling-rate', 'distributed-tracing-sampling-rate'],
  ['experimental-backend-bbolt-freelist-type', 'backend-bbolt-freelist-type'],
  ['experimental-max-learners', 'max-learners'],
  ['log-output', 'log-outputs'],
]);

/** Very old flags, accepted and ignored as etcd does (spec 6.1); all take a value but the bools. */
export const OBSOLETE: ReadonlyMap<string, 'bool' | 'value'> = new Map<string, 'bool' | 'value'>([
  ...(
    [
      'cluster-active-size',
      'config',
      'max-result-buffer',
      'max-retry-attempts',
      'retry-interval',
      'peer-heartbeat-interval',
      'peer-election-timeout',
      'cluster-remove-delay',
      'cluster-sync-interval',
      'log-package-levels',
    ] as const
  ).map((name) => [name, 'value'] as const),
  ...(['snapshot', 'v', 'vv', 'force', 'debug'] as const).map((name) => [name, 'bool'] as const),
]);
