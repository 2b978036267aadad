import { type FeedOptions, feedOptions } from '@conclave/feed';
import { NO_TRACING_FLAGS, type TracingFlags } from '@conclave/otlp';
import type { AutoCompactionPolicy } from '@conclave/replica';
import { autoCompactionPolicy } from './auto-compaction-policy.js';
import { featureGates } from './feature-gates.js';
import { FLAGS } from './flag-table.js';
import { parseDurationMs } from './flag-values.js';
import { type Bootstrap, readBootstrap } from './bootstrap-config.js';
import type { Settings } from './parse.js';

/** One member of the initial cluster. */
export interface InitialMember {
  readonly name: string;
  /** Sorted. */
  readonly peerURLs: readonly string[];
}

/** What a node is started with: typed, defaults filled in, every fault found. Frozen. */
export interface NodeConfig {
  readonly name: string;
  readonly dataDir: string;
  readonly snapshotCount: number;
  readonly catchUpEntries: number;
  readonly logSegmentBytes: number;
  /** '': no scheduled backups. */
  readonly backupDir: string;
  readonly backupIntervalMs: number;
  readonly backupRetention: number;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly listenPeerURLs: readonly string[];
  readonly listenClientURLs: readonly string[];
  readonly listenMetricsURLs: readonly string[];
  readonly advertisePeerURLs: readonly string[];
  readonly advertiseClientURLs: readonly string[];
  readonly initialCluster: readonly InitialMember[];
  readonly initialClusterState: 'new' | 'existing';
  /** Salt of the ids: with discovery the token's URL or name, as in etcd. */
  readonly initialClusterToken: string;
  /** Where a new member asks for the others; `static`: `initialCluster` names them. */
  readonly bootstrap: Bootstrap;
  /** This start makes the member the only one of its cluster. */
  readonly forceNewCluster: boolean;
  readonly strictReconfigCheck: boolean;
  readonly maxLearners: number;
  readonly preVote: boolean;
  /** Bytes; 0: no quota. */
  readonly quotaBytes: number;
  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
  /** Null: not asked for; the server's own bound holds. */
  readonly maxConcurrentStreams: number | null;
  readonly keepaliveMinTimeMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly cors: readonly string[];
  readonly hostWhitelist: readonly string[];
  readonly extensiveMetrics: boolean;
  readonly logLevel: string;
  readonly logFormat: 'json' | 'console';
  readonly logOutputs: readonly string[];
  readonly warningApplyMs: number;
  readonly warningRequestMs: number;
  readonly compactionBatchLimit: number;
  readonly watchProgressMs: number;
  readonly tracing: TracingFlags;
  /** `/debug/top` is served. */
  readonly debugTop: boolean;
  /** JSON over HTTP below `/v3/`. */
  readonly jsonGateway: boolean;
  /** Null: off. */
  readonly autoCompaction: AutoCompactionPolicy | null;
  /** 0: no checkpoints. */
  readonly leaseCheckpointMs: number;
  /** '' for the built-in one. */
  readonly versionOverride: string;
  /** Null: no change feed. */
  readonly feed: FeedOptions | null;
}

const QUOTA_DEFAULT = 2 * 1024 ** 3;
const ELECTION_MS_MAX = 50_000;
const UINT32_MAX = 0xffff_ffff;
const PROGRESS_MS_MIN = 100;

/** Reads settings into a config and returns all faults at once. */
export function validate(
  settings: Settings,
): { readonly config: NodeConfig } | { readonly faults: readonly string[] } {
  const faults: string[] = [];
  const read = new Reader(settings);
  checkSupport(settings, faults);
  const name = read.text('name');
  const advertisePeerURLs = read.urls('initial-advertise-peer-urls');
  const bootstrap = readBootstrap(read, settings, faults);
  const isStatic = bootstrap.type === 'static';
  const initialText =
    isStatic && settings.has('initial-cluster')
      ? read.text('initial-cluster')
      : advertisePeerURLs.map((url) => `${name}=${url}`).join(',');
  const initialCluster = parseInitialCluster(initialText, faults);
  const quota = read.number('quota-backend-bytes');
  const gates = featureGates(settings, faults);
  const config: NodeConfig = Object.freeze({
    name,
    dataDir: read.text('data-dir') || `${name}.etcd`,
    snapshotCount: read.number('snapshot-count'),
    catchUpEntries: read.number('snapshot-catchup-entries'),
    logSegmentBytes: read.number('log-segment-bytes'),
    backupDir: read.text('backup-dir'),
    backupIntervalMs: read.durationMs('backup-interval'),
    backupRetention: read.number('backup-retention'),
    heartbeatMs: read.number('heartbeat-interval'),
    electionMs: read.number('election-timeout'),
    listenPeerURLs: read.urls('listen-peer-urls'),
    listenClientURLs: read.urls('listen-client-urls'),
    listenMetricsURLs: read.urls('listen-metrics-urls'),
    advertisePeerURLs,
    advertiseClientURLs: read.urls('advertise-client-urls'),
    initialCluster,
    initialClusterState: read.text('initial-cluster-state') as 'new' | 'existing',
    initialClusterToken: tokenOf(bootstrap) ?? read.text('initial-cluster-token'),
    bootstrap,
    forceNewCluster: read.bool('force-new-cluster'),
    strictReconfigCheck: read.bool('strict-reconfig-check'),
    maxLearners: read.number('max-learners'),
    preVote: read.bool('pre-vote'),
    quotaBytes: quota === 0 ? QUOTA_DEFAULT : Math.max(0, quota),
    maxTxnOps: read.number('max-txn-ops'),
    maxRequestBytes: read.number('max-request-bytes'),
    maxConcurrentStreams: settings.has('max-concurrent-streams')
      ? Math.min(read.number('max-concurrent-streams'), UINT32_MAX)
      : null,
    keepaliveMinTimeMs: read.durationMs('grpc-keepalive-min-time'),
    keepaliveIntervalMs: read.durationMs('grpc-keepalive-interval'),
    keepaliveTimeoutMs: read.durationMs('grpc-keepalive-timeout'),
    cors: read.list('cors'),
    hostWhitelist: read.list('host-whitelist'),
    extensiveMetrics: read.text('metrics') === 'extensive',
    logLevel: read.text('log-level'),
    logFormat: read.text('log-format') as 'json' | 'console',
    logOutputs: read.list('log-outputs'),
    warningApplyMs: read.durationMs('warning-apply-duration'),
    warningRequestMs: read.durationMs('warning-unary-request-duration'),
    compactionBatchLimit: read.number('compaction-batch-limit'),
    watchProgressMs: read.durationMs('watch-progress-notify-interval'),
    tracing: tracingFlags(settings, read),
    debugTop: read.bool('enable-debug-top'),
    jsonGateway: read.bool('enable-grpc-gateway'),
    autoCompaction: autoCompactionPolicy(
      read.text('auto-compaction-mode'),
      read.text('auto-compaction-retention'),
      faults,
    ),
    leaseCheckpointMs: gates.has('LeaseCheckpoint')
      ? read.durationMs('lease-checkpoint-interval')
      : 0,
    versionOverride: read.text('version-override'),
    feed: feedOptions(read, faults),
  });
  checkConfig(settings, config, faults);
  return faults.length > 0 ? { faults } : { config };
}

/** Only what was given: OpenTelemetry's own variables come before our defaults. */
function tracingFlags(settings: Settings, read: Reader): TracingFlags {
  if (!read.bool('enable-distributed-tracing')) return NO_TRACING_FLAGS;
  const given = (name: string): string | null => {
    return settings.has(`distributed-tracing-${name}`)
      ? read.text(`distributed-tracing-${name}`)
      : null;
  };
  const rate = given('sampling-rate');
  return Object.freeze({
    enabled: true,
    address: given('address'),
    serviceName: given('service-name'),
    instanceId: given('instance-id'),
    samplesPerMillion: rate === null ? null : Number(rate),
  });
}

/** Null: not by a token. */
function tokenOf(bootstrap: Bootstrap): string | null {
  if (bootstrap.type === 'v2') return bootstrap.url;
  return bootstrap.type === 'v3' ? bootstrap.token : null;
}

class Reader {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  text(name: string): string {
    return this.#settings.get(name) ?? FLAGS.get(name)?.fallback ?? '';
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  bool(name: string): boolean {
    return this.text(name) === 'true';
  }

  durationMs(name: string): number {
    return parseDurationMs(this.text(name)) ?? 0;
  }

  list(name: string): string[] {
    return this.text(name)
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  urls(name: string): string[] {
    return this.list(name).map((url) => url.replace(/\/$/, ''));
  }
}

/** A flag whose feature is not built yet is never silently ignored. */
function checkSupport(settings: Settings, faults: string[]): void {
  for (const [name, value] of settings) {
    const flag = FLAGS.get(name);
    if (flag?.support !== 'default-only' || value === flag.fallback) continue;
    if (flag.type === 'duration' && parseDurationMs(value) === parseDurationMs(flag.fallback)) {
      continue;
    }
    faults.push(`--${name} is not supported yet`);
  }
}

/** `a=http://x:1,b=http://y:2`; a name may be repeated for several URLs. */
export function parseInitialCluster(text: string, faults: string[]): InitialMember[] {
  const urls = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const part of text.split(',').filter((p) => p.trim() !== '')) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim();
    const url = part
      .slice(at + 1)
      .trim()
      .replace(/\/$/, '');
    if (at < 1 || url === '') {
      faults.push(`error setting up initial cluster: malformed entry "${part}" (name=url)`);
      continue;
    }
    if (seen.has(url)) {
      faults.push(`error setting up initial cluster: initial cluster ${text} has duplicate url`);
    }
    seen.add(url);
    const known = urls.get(name);
    if (known) known.push(url);
    else urls.set(name, [url]);
  }
  return [...urls].map(([name, list]) => ({ name, peerURLs: list.sort() }));
}

function checkConfig(settings: Settings, config: NodeConfig, faults: string[]): void {
  if (settings.has('listen-client-urls') && !settings.has('advertise-client-urls')) {
    faults.push('--advertise-client-urls is required when --listen-client-urls is set explicitly');
  }
  for (const url of [...config.listenPeerURLs, ...config.listenClientURLs]) {
    const host = /^\w+:\/\/(\[[^\]]*\]|[^:/]*)/.exec(url)?.[1] ?? '';
    const isAddress = /^[\d.]+$/.test(host) || host.startsWith('[') || host === '';
    if (!url.startsWith('unix') && !isAddress && host !== 'localhost') {
      faults.push(`expected IP in URL for binding (${url})`);
    }
    if (url.startsWith('https:') || url.startsWith('unixs:')) {
      faults.push(`TLS is not supported yet (${url})`);
    }
  }
  const { electionMs, heartbeatMs } = config;
  if (heartbeatMs < 1) faults.push(`--heartbeat-interval must be >0 (set to ${heartbeatMs}ms)`);
  if (electionMs < 1) faults.push(`--election-timeout must be >0 (set to ${electionMs}ms)`);
  if (5 * heartbeatMs > electionMs) {
    faults.push(
      `--election-timeout[${electionMs}ms] should be at least as 5 times as ` +
        `--heartbeat-interval[${heartbeatMs}ms]`,
    );
  }
  if (electionMs > ELECTION_MS_MAX) {
    faults.push(
      `--election-timeout[${electionMs}ms] is too long, and should be set less than 50000ms`,
    );
  }
  if (config.watchProgressMs < PROGRESS_MS_MIN) {
    faults.push('--watch-progress-notify-interval must be at least 100ms');
  }
  if (config.leaseCheckpointMs !== 0 && config.leaseCheckpointMs < 1_000) {
    faults.push('--lease-checkpoint-interval must be at least 1s');
  }
  if (config.logSegmentBytes < 65_536) faults.push('--log-segment-bytes must be at least 65536');
  if (config.backupIntervalMs < 1_000) faults.push('--backup-interval must be at least 1s');
  if (config.backupRetention < 1) faults.push('--backup-retention must be at least 1');
  checkInitialCluster(config, faults);
}

function checkInitialCluster(config: NodeConfig, faults: string[]): void {
  const self = config.initialCluster.find((member) => member.name === config.name);
  if (!self) {
    faults.push(`couldn't find local name "${config.name}" in the initial cluster configuration`);
    return;
  }
  const advertised = [...config.advertisePeerURLs].sort();
  if (self.peerURLs.join() !== advertised.join()) {
    const missing = self.peerURLs.filter((url) => !advertised.includes(url));
    faults.push(
      missing.length > 0
        ? `--initial-cluster has ${config.name}=${missing.join(',')} but missing from ` +
            `--initial-advertise-peer-urls=${advertised.join(',')}`
        : `--initial-advertise-peer-urls has ${advertised.join(',')} but missing from ` +
            `--initial-cluster=${config.name}=${self.peerURLs.join(',')}`,
    );
  }
}
