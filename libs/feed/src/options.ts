/** Settings of a feed, and how an operator's flags become them. All faults are told at once. */
import { type ByteString, encodeUtf8, toByteString } from '@conclave/base';
import { prefixFault, streamNameFault } from './subject.js';

export interface FeedOptions {
  /** NATS servers, `nats://host:port` or `tls://host:port`. */
  readonly servers: readonly string[];
  /** First tokens of every subject. */
  readonly prefix: string;
  readonly stream: string;
  /** Only keys that begin so; '' for all. */
  readonly keyPrefix: ByteString;
  /** Of the stream, if the feed makes it. 0: no limit. */
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly replicas: number;
  /** Seconds until another member takes over from a dead one. */
  readonly leaseTtlS: number;
  /** Files, '' for none. Read at every connection, so a changed secret is found. */
  readonly credsFile: string;
  readonly tokenFile: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Keys that begin so are the feed's own, and are not published. */
export const RESERVED_PREFIX: ByteString = '_conclave/';

/** Bounds and times that no flag sets. */
export const FEED_LIMITS = Object.freeze({
  windowMessages: 256,
  windowBytes: 4 * 1024 * 1024,
  queueItemsMax: 4_096,
  queueBytesMax: 8 * 1024 * 1024,
  revisionChangesMax: 1_024,
  revisionBytesMax: 4 * 1024 * 1024,
  markIntervalMs: 30_000,
  tickMs: 100,
  pollMs: 500,
  progressMs: 1_000,
  publishTimeoutMs: 5_000,
  retryFirstMs: 100,
  retryMaxMs: 5_000,
  /** After a refusal that only an operator can change. */
  refusedRetryMs: 5_000,
});

/** What `--help` says of each flag; the same for member and gateway. */
export const FEED_FLAGS: readonly (readonly [
  name: string,
  type: 'string' | 'list' | 'uint' | 'duration',
  fallback: string,
  help: string,
])[] = Object.freeze([
  ['feed-nats', 'list', '', 'NATS servers to publish changes to; none: no feed.'],
  ['feed-prefix', 'string', 'conclave', 'First tokens of the subjects of the feed.'],
  ['feed-stream', 'string', 'CONCLAVE', 'JetStream stream of the feed; made if missing.'],
  ['feed-key-prefix', 'string', '', 'Publish only keys that begin so.'],
  ['feed-stream-max-age', 'duration', '0s', 'Age at which a stream made here forgets; 0: never.'],
  ['feed-stream-max-bytes', 'uint', '0', 'Bytes that a stream made here keeps; 0: no limit.'],
  ['feed-stream-replicas', 'uint', '1', 'Replicas of a stream made here.'],
  ['feed-lease-ttl', 'duration', '5s', 'Time until another publisher takes over from a dead one.'],
  ['feed-nats-creds-file', 'string', '', 'NATS credentials file (JWT and seed).'],
  ['feed-nats-token-file', 'string', '', 'File with the NATS token, or user:password.'],
  ['feed-nats-ca-file', 'string', '', 'CA that signs the certificates of the NATS servers.'],
  ['feed-nats-cert-file', 'string', '', 'Client certificate for NATS.'],
  ['feed-nats-key-file', 'string', '', 'Key of the client certificate for NATS.'],
]);

/** How an app reads its flags. */
export interface FlagReader {
  text(name: string): string;
  list(name: string): readonly string[];
  number(name: string): number;
  durationMs(name: string): number;
}

/** Null: no feed was asked for. Faults are appended. */
export function feedOptions(read: FlagReader, faults: string[]): FeedOptions | null {
  const servers = read.list('feed-nats');
  if (servers.length === 0) return null;
  const options: FeedOptions = Object.freeze({
    servers,
    prefix: read.text('feed-prefix'),
    stream: read.text('feed-stream'),
    keyPrefix: toByteString(encodeUtf8(read.text('feed-key-prefix'))),
    maxAgeMs: read.durationMs('feed-stream-max-age'),
    maxBytes: read.number('feed-stream-max-bytes'),
    replicas: read.number('feed-stream-replicas'),
    leaseTtlS: Math.ceil(read.durationMs('feed-lease-ttl') / 1_000),
    credsFile: read.text('feed-nats-creds-file'),
    tokenFile: read.text('feed-nats-token-file'),
    caFile: read.text('feed-nats-ca-file'),
    certFile: read.text('feed-nats-cert-file'),
    keyFile: read.text('feed-nats-key-file'),
  });
  for (const server of servers) {
    if (!/^((nats|tls):\/\/)?[^\s/@]+$/.test(server)) {
      faults.push(`--feed-nats: ${server} is not nats://host:port or tls://host:port`);
    }
  }
  const prefix = prefixFault(options.prefix);
  if (prefix !== null) faults.push(`--feed-prefix: ${prefix}`);
  const stream = streamNameFault(options.stream);
  if (stream !== null) faults.push(`--feed-stream: ${stream}`);
  const { replicas, leaseTtlS } = options;
  if (replicas < 1 || replicas > 5) faults.push('--feed-stream-replicas must be 1 to 5');
  if (leaseTtlS < 2 || leaseTtlS > 3_600) faults.push('--feed-lease-ttl must be 2s to 1h');
  if (options.credsFile !== '' && options.tokenFile !== '') {
    faults.push('--feed-nats-creds-file and --feed-nats-token-file exclude each other');
  }
  if ((options.certFile === '') !== (options.keyFile === '')) {
    faults.push('--feed-nats-cert-file and --feed-nats-key-file go together');
  }
  if (options.keyPrefix.startsWith(RESERVED_PREFIX)) {
    faults.push(`--feed-key-prefix: keys under ${RESERVED_PREFIX} are never published`);
  }
  return options;
}
