/** etcd's metrics of disk, store, leases and watches, with the debugging ones dashboards use. */
import { counter, exponential, gauge, histogram, type MetricSpec } from './metric-spec.js';

const DISK_SECONDS = exponential(0.001, 2, 14);

export const STORAGE_METRICS: readonly MetricSpec[] = [
  histogram(
    'etcd_disk_wal_fsync_duration_seconds',
    'The latency distributions of fsync called by WAL.',
    DISK_SECONDS,
  ),
  histogram(
    'etcd_disk_wal_write_duration_seconds',
    'The latency distributions of write called by WAL.',
    DISK_SECONDS,
  ),
  gauge('etcd_disk_wal_write_bytes_total', 'Total number of bytes written in WAL.'),
  histogram(
    'etcd_disk_backend_commit_duration_seconds',
    'The latency distributions of commit called by backend.',
    DISK_SECONDS,
  ),
  histogram(
    'etcd_disk_backend_snapshot_duration_seconds',
    'The latency distribution of backend snapshots.',
    exponential(0.01, 2, 17),
  ),
  histogram(
    'etcd_disk_backend_defrag_duration_seconds',
    'The latency distribution of backend defragmentation.',
    exponential(0.1, 2, 13),
  ),
  gauge(
    'etcd_disk_defrag_inflight',
    'Whether or not defrag is active on the member. 1 means active, 0 means not.',
  ),
  gauge(
    'etcd_mvcc_db_total_size_in_bytes',
    'Total size of the underlying database physically allocated in bytes.',
  ),
  gauge(
    'etcd_mvcc_db_total_size_in_use_in_bytes',
    'Total size of the underlying database logically in use in bytes.',
  ),
  gauge('etcd_mvcc_db_open_read_transactions', 'The number of currently open read transactions'),
  counter('etcd_mvcc_put_total', 'Total number of puts seen by this member.'),
  counter('etcd_mvcc_delete_total', 'Total number of deletes seen by this member.'),
  counter('etcd_mvcc_range_total', 'Total number of ranges seen by this member.'),
  counter('etcd_mvcc_txn_total', 'Total number of txns seen by this member.'),
  histogram(
    'etcd_mvcc_hash_duration_seconds',
    'The latency distribution of storage hash operation.',
    exponential(0.01, 2, 15),
  ),
  histogram(
    'etcd_mvcc_hash_rev_duration_seconds',
    'The latency distribution of storage hash by revision operation.',
    exponential(0.01, 2, 15),
  ),
  histogram(
    'etcd_snap_fsync_duration_seconds',
    'The latency distributions of fsync called by snap.',
    DISK_SECONDS,
  ),
  histogram(
    'etcd_snap_db_fsync_duration_seconds',
    'The latency distributions of fsyncing .snap.db file',
    DISK_SECONDS,
  ),
  histogram(
    'etcd_snap_db_save_total_duration_seconds',
    'The total latency distributions of v3 snapshot save',
    exponential(0.1, 2, 10),
  ),
];

/** Names etcd calls unstable, and dashboards use all the same. */
export const DEBUGGING_METRICS: readonly MetricSpec[] = [
  gauge('etcd_debugging_mvcc_keys_total', 'Total number of keys.'),
  gauge('etcd_debugging_mvcc_watcher_total', 'Total number of watchers.'),
  gauge('etcd_debugging_mvcc_watch_stream_total', 'Total number of watch streams.'),
  gauge('etcd_debugging_mvcc_slow_watcher_total', 'Total number of unsynced slow watchers.'),
  gauge('etcd_debugging_mvcc_pending_events_total', 'Total number of pending events to be sent.'),
  gauge('etcd_debugging_mvcc_current_revision', 'The current revision of store.'),
  gauge('etcd_debugging_mvcc_compact_revision', 'The revision of the last compaction in store.'),
  gauge(
    'etcd_debugging_mvcc_total_put_size_in_bytes',
    'The total size of put kv pairs seen by this member.',
  ),
  gauge(
    'etcd_debugging_mvcc_db_compaction_last',
    'The unix time of the last db compaction. Resets to 0 on start.',
  ),
  gauge('etcd_debugging_auth_revision', 'The current revision of auth store.'),
  gauge(
    'etcd_debugging_server_alarms',
    'Alarms for every member in cluster. 1 for active alarms.',
    {
      server_id: null,
      alarm_type: ['NOSPACE', 'CORRUPT'],
    },
  ),
  counter('etcd_debugging_mvcc_events_total', 'Total number of events sent by this member.'),
  counter('etcd_debugging_mvcc_db_compaction_keys_total', 'Total number of db keys compacted.'),
  counter('etcd_debugging_lease_granted_total', 'The total number of granted leases.'),
  counter('etcd_debugging_lease_renewed_total', 'The number of renewed leases seen by the leader.'),
  counter('etcd_debugging_lease_revoked_total', 'The total number of revoked leases.'),
  counter('etcd_debugging_server_lease_expired_total', 'The total number of expired leases.'),
  histogram(
    'etcd_debugging_lease_ttl_total',
    'Bucketed histogram of lease TTLs.',
    exponential(1, 2, 24),
  ),
  histogram(
    'etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds',
    'Bucketed histogram of db compaction pause duration.',
    exponential(1, 2, 13),
  ),
  histogram(
    'etcd_debugging_mvcc_db_compaction_total_duration_milliseconds',
    'Bucketed histogram of db compaction total duration.',
    exponential(100, 2, 14),
  ),
  histogram(
    'etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds',
    'Bucketed histogram of index compaction pause duration.',
    exponential(0.5, 2, 14),
  ),
  histogram(
    'etcd_debugging_disk_backend_commit_rebalance_duration_seconds',
    'The latency distributions of commit.rebalance called by bboltdb backend.',
    DISK_SECONDS,
  ),
  histogram(
    'etcd_debugging_disk_backend_commit_spill_duration_seconds',
    'The latency distributions of commit.spill called by bboltdb backend.',
    DISK_SECONDS,
  ),
  histogram(
    'etcd_debugging_disk_backend_commit_write_duration_seconds',
    'The latency distributions of commit.write called by bboltdb backend.',
    DISK_SECONDS,
  ),
  histogram(
    'etcd_debugging_snap_save_marshalling_duration_seconds',
    'The marshalling cost distributions of save called by snapshot.',
    DISK_SECONDS,
  ),
  histogram(
    'etcd_debugging_snap_save_total_duration_seconds',
    'The total latency distributions of save called by snapshot.',
    DISK_SECONDS,
  ),
];
