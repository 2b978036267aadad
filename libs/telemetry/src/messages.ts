/**
 * Messages that people and programs look for in a member's log: the texts are etcd's, word for word.
 *
 * Rooms write them as literals through `Probe.log` (pure rooms import no adapter); this list is the
 * one place that says which texts are a contract, and what `caller` goes with them.
 */

/** Text to caller, `place/what`. */
export const KNOWN_MESSAGES: ReadonlyMap<string, string> = new Map([
  // Start.
  ['starting an etcd server', 'embed/start'],
  ['configuring peer listeners', 'embed/start'],
  ['configuring client listeners', 'embed/start'],
  ['server has already been initialized', 'embed/start'],
  ['starting etcd server', 'etcdserver/start'],
  ['starting local member', 'etcdserver/start'],
  ['restarting local member', 'etcdserver/start'],
  ['opened backend db', 'etcdserver/backend'],
  ['enabled backend quota with default value', 'etcdserver/quota'],
  ['enabled backend quota', 'etcdserver/quota'],
  ['disabled backend quota', 'etcdserver/quota'],
  ['started as single-node; fast-forwarding election ticks', 'etcdserver/start'],
  ['initialized peer connections; fast-forwarding election ticks', 'etcdserver/start'],
  ['now serving peer/client/metrics', 'embed/start'],
  ['serving peer traffic', 'embed/serve'],
  ['serving metrics', 'embed/serve'],
  ['serving client traffic', 'embed/serve'],
  ['serving client traffic insecurely; this is strongly discouraged!', 'embed/serve'],
  ['ready to serve client requests', 'embed/serve'],
  ['published local member to cluster through raft', 'etcdserver/publish'],
  ['failed to publish local member to cluster through raft', 'etcdserver/publish'],
  ['setting up initial cluster version', 'etcdserver/version'],
  ['set initial cluster version', 'membership/cluster'],
  ['updated cluster version', 'membership/cluster'],
  ['cluster version is updated', 'etcdserver/version'],
  ['enabled capabilities for version', 'api/capability'],
  // Members and leadership.
  ['added member', 'membership/cluster'],
  ['removed member', 'membership/cluster'],
  ['promote member', 'membership/cluster'],
  ['leader changed', 'etcdserver/raft'],
  ['lost leader', 'etcdserver/raft'],
  ['established TCP streaming connection with remote peer', 'rafthttp/stream'],
  ['lost TCP streaming connection with remote peer', 'rafthttp/stream'],
  ['peer became active', 'rafthttp/peer'],
  ['peer became inactive (message send to peer failed)', 'rafthttp/peer'],
  ['prober detected unhealthy status', 'rafthttp/probing'],
  ['rejected connection', 'embed/config'],
  // Disk, snapshots, compaction.
  ['triggering snapshot', 'etcdserver/snapshot'],
  ['saved snapshot', 'etcdserver/snapshot'],
  ['compacted Raft logs', 'etcdserver/snapshot'],
  ['applying snapshot', 'etcdserver/snapshot'],
  ['applied snapshot', 'etcdserver/snapshot'],
  ['sending merged snapshot', 'rafthttp/snapshot'],
  ['sent merged snapshot', 'rafthttp/snapshot'],
  ['receiving database snapshot', 'rafthttp/snapshot'],
  ['received and saved database snapshot', 'rafthttp/snapshot'],
  ['finished scheduled compaction', 'mvcc/compaction'],
  ['starting auto periodic compaction', 'compactor/periodic'],
  ['completed auto periodic compaction', 'compactor/periodic'],
  ['starting auto revision compaction', 'compactor/revision'],
  ['completed auto revision compaction', 'compactor/revision'],
  ['starting defragment', 'etcdserver/maintenance'],
  ['finished defragment', 'etcdserver/maintenance'],
  ['slow fdatasync', 'wal/wal'],
  ['failed to purge snap db file', 'etcdserver/snapshot'],
  // Requests.
  ['apply request took too long', 'etcdserver/apply'],
  ['request stats', 'v3rpc/interceptor'],
  ['waiting for ReadIndex response took too long, retrying', 'etcdserver/read'],
  [
    'ignored out-of-date read index response; local node read indexes queueing up and waiting to be in sync with leader',
    'etcdserver/read',
  ],
  [
    'timed out waiting for read index response (local node might have slow network)',
    'etcdserver/read',
  ],
  ['lease expired', 'lease/expiry'],
  ['alarm raised', 'etcdserver/apply'],
  ['alarm disarmed', 'etcdserver/apply'],
  ['/health OK', 'etcdhttp/health'],
  ['/health error', 'etcdhttp/health'],
  ['serving /health false due to an alarm', 'etcdhttp/health'],
  ['serving /health false; no leader', 'etcdhttp/health'],
  ['serving /health false; Range fails', 'etcdhttp/health'],
  // The end.
  ['received signal; shutting down', 'osutil/interrupt'],
  ['closing etcd server', 'embed/stop'],
  ['closed etcd server', 'embed/stop'],
  ['leadership transfer starting', 'etcdserver/stop'],
  ['leadership transfer finished', 'etcdserver/stop'],
  ['skipped leadership transfer for single voting member cluster', 'etcdserver/stop'],
  ['skipped leadership transfer; local server is not leader', 'etcdserver/stop'],
  ['stopping serving peer traffic', 'embed/stop'],
  ['stopped serving peer traffic', 'embed/stop'],
  ['server has stopped; stopping cluster version monitor', 'etcdserver/stop'],
  ['the member has been permanently removed from the cluster', 'etcdserver/stop'],
]);

/** `caller` of every other line. */
export const DEFAULT_CALLER = 'conclave';
