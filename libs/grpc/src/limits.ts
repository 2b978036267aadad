/**
 * What one client may cost. Every limit has a default that suits an open port; the app sets those
 * an operator has a flag for.
 */
import { assertLe, assertLt } from '@conclave/base';

export interface GrpcLimits {
  /** Largest request message, in bytes; a larger one is RESOURCE_EXHAUSTED. */
  readonly messageBytesMax: number;
  /**
   * Calls open at once on one connection. etcd's flag `--max-concurrent-streams` has no limit as its
   * default; here it has one, far above what clients use, because a call costs memory.
   */
  readonly concurrentStreamsMax: number;
  readonly connectionsMax: number;
  /** Header fields of one call: number, and bytes as HTTP/2 counts them (32 more for each field). */
  readonly headerFieldsMax: number;
  readonly headerBytesMax: number;
  /** The block that carries them: compressed bytes, and CONTINUATION frames. */
  readonly headerBlockBytesMax: number;
  readonly continuationsMax: number;
  /**
   * Metadata that open calls of one connection hold, with 96 bytes more for each field: references
   * to the table let a client fill memory with a byte a field. Above it new calls are refused.
   */
  readonly heldMetadataBytesMax: number;
  /** Credit of one call in each direction: above it `send` answers false, or the client waits. */
  readonly callCreditBytes: number;
  /** A call whose handler ignores the credit ends once this much is queued. */
  readonly callQueueBytesMax: number;
  /** With so much queued on one connection, its new calls are refused (REFUSED_STREAM). */
  readonly connectionQueueBytesMax: number;
  /** A connection that takes nothing for `stalledMs` while more than this waits is cut off. */
  readonly stalledQueueBytes: number;
  /** Bytes a client may have on the way to us on one connection. */
  readonly connectionWindowBytes: number;
  /** Streams reset (by either side) on one connection: burst, and how many a second in the long run. */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** SETTINGS frames on one connection in 10 s. */
  readonly settingsPer10s: number;
  /**
   * PRIORITY, empty DATA, unknown frames, and window updates for which we sent no DATA: of each kind so
   * many on one connection in 10 s. Pings have the rule of `keepaliveMinTimeMs`.
   */
  readonly floodPer10s: number;
  /** Calls opened on one connection in a second; 0 any number, as etcd. */
  readonly callsPerSecond: number;
  /** Acknowledgements and resets that wait because the client does not read. */
  readonly pendingAcksMax: number;
  /** First SETTINGS of a client must be there by then. */
  readonly settingsMs: number;
  /** A header block, or any frame but DATA, must be complete so long after its first byte. */
  readonly frameMs: number;
  /** Keepalive pings of a client no more often than this (`--grpc-keepalive-min-time`). */
  readonly keepaliveMinTimeMs: number;
  /** After this long without a byte we ping (`--grpc-keepalive-interval`); 0 never. */
  readonly keepaliveIntervalMs: number;
  /** ... and give up this much later (`--grpc-keepalive-timeout`). */
  readonly keepaliveTimeoutMs: number;
  /** At the latest after this long without a byte we ping as well, whatever the interval above. */
  readonly silenceMs: number;
  /** How often the rules about time are checked. */
  readonly sweepMs: number;
  /** A connection without a call is closed after this long; 0 never, as etcd. */
  readonly idleMs: number;
  /** A client that takes nothing for this long while more than its credit waits is cut off. */
  readonly stalledMs: number;
}

export const DEFAULT_GRPC_LIMITS: GrpcLimits = Object.freeze({
  messageBytesMax: 2 * 1024 * 1024,
  concurrentStreamsMax: 16_384,
  connectionsMax: 20_000,
  headerFieldsMax: 100,
  headerBytesMax: 32 * 1024,
  headerBlockBytesMax: 16 * 1024,
  continuationsMax: 8,
  heldMetadataBytesMax: 16 * 1024 * 1024,
  callCreditBytes: 256 * 1024,
  callQueueBytesMax: 64 * 1024 * 1024,
  connectionQueueBytesMax: 64 * 1024 * 1024,
  stalledQueueBytes: 4 * 1024 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
  resetBurst: 1000,
  resetsPerSecond: 33,
  settingsPer10s: 100,
  floodPer10s: 100,
  callsPerSecond: 0,
  pendingAcksMax: 1000,
  settingsMs: 5000,
  frameMs: 10_000,
  keepaliveMinTimeMs: 5000,
  keepaliveIntervalMs: 2 * 3600 * 1000,
  keepaliveTimeoutMs: 20_000,
  silenceMs: 60_000,
  sweepMs: 1000,
  idleMs: 0,
  stalledMs: 30_000,
});

/** The limits with `changes` put in; broken relations are a programmer's error. */
export function grpcLimits(changes: Partial<GrpcLimits>): GrpcLimits {
  const limits = Object.freeze({ ...DEFAULT_GRPC_LIMITS, ...changes });
  assertLt(0, limits.messageBytesMax, 'messageBytesMax is positive');
  assertLe(limits.messageBytesMax, 0x7fffffff, 'messageBytesMax fits a buffer');
  assertLe(1, limits.concurrentStreamsMax, 'one stream at least');
  assertLe(limits.concurrentStreamsMax, 0xffffffff, 'concurrentStreamsMax is 32 bits');
  assertLe(65_535, limits.callCreditBytes, 'credit is not below the protocol default');
  assertLe(limits.callCreditBytes, limits.connectionWindowBytes, 'a connection holds one call');
  assertLe(limits.connectionWindowBytes, 0x7fffffff, 'a window is 31 bits');
  assertLt(limits.callCreditBytes, limits.callQueueBytesMax, 'credit < queue');
  assertLt(0, limits.headerBlockBytesMax, 'a request has a header block');
  return limits;
}
