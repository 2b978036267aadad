/**
 * Settings and outer ports of the router. All times are milliseconds of the handed-in clock; every
 * bound is named here, so that an operator and a test see the same list.
 */
import type { Clock, Probe, Random } from '@conclave/base';

export interface RouterOptions {
  /** How often the owner calls `tick`. A gap far above it is our own pause, not the members'. */
  readonly tickMs: number;
  /** How long a call without a deadline is kept alive: etcd's ReqTimeout (5 s + 2 elections). */
  readonly requestTimeoutMs: number;
  /** A deadline above this is treated as this. */
  readonly requestTimeoutMaxMs: number;
  /** Election timeout of the members; streams with `hasleader` end after three without a leader. */
  readonly electionTimeoutMs: number;
  /** A member not heard of for this long is avoided. */
  readonly silentMs: number;
  /** A member that knows no leader for this long, while another does, loses its calls. */
  readonly leaderlessMs: number;
  /** A stream ends when no member could be reached for this long. */
  readonly orphanMs: number;
  /** Waiting before a repeated try: doubles from the first to the second, with jitter. */
  readonly retryDelayMs: number;
  readonly retryDelayMaxMs: number;
  /** How often a progress request that a resumed watch stream owes is asked again. */
  readonly progressRetryMs: number;
  /** How often a watch stream learns how far it is, whether the client asks or not. */
  readonly idleProgressMs: number;
  readonly callsMax: number;
  /** Sessions of this router; each has a window of `SESSION_WINDOW` sequences. */
  readonly sessionsMax: number;
  /** Writes that wait for a session with room. */
  readonly writesWaitingMax: number;
  readonly watchersPerStreamMax: number;
  /** Bytes of create requests that one watch stream keeps for a resume. */
  readonly watchBytesMax: number;
  /** Keepalives of one stream not yet answered; above, the client is paused. */
  readonly keepAlivesMax: number;
}

export const DEFAULT_ROUTER_OPTIONS: RouterOptions = Object.freeze({
  tickMs: 50,
  requestTimeoutMs: 7_000,
  requestTimeoutMaxMs: 60_000,
  electionTimeoutMs: 1_000,
  silentMs: 1_000,
  leaderlessMs: 300,
  orphanMs: 10_000,
  retryDelayMs: 20,
  retryDelayMaxMs: 400,
  progressRetryMs: 500,
  idleProgressMs: 30_000,
  callsMax: 100_000,
  sessionsMax: 16,
  writesWaitingMax: 16_384,
  watchersPerStreamMax: 131_072,
  watchBytesMax: 64 * 1024 * 1024,
  keepAlivesMax: 4_096,
});

/**
 * Chance for session and lease ids and for jitter. In production `uint64` must have the machine's own
 * entropy in all its bits: two routers with one session id would get each other's answers.
 */
export type Chance = Pick<Random, 'uint64' | 'fraction'>;

export interface RouterPorts {
  readonly clock: Clock;
  readonly random: Chance;
  readonly probe: Probe;
}
