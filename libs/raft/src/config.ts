/** The checks on `RaftConfig`, and the bounds that have no option. */
import { assert, assertLe, assertLt } from '@conclave/base';
import type { RaftConfig } from './ready.js';

/** Read requests that may wait, at a leader and at a follower each. */
export const READS_WAITING_MAX = 10_000;

/** Entries in one proposal. */
export const PROPOSAL_ENTRIES_MAX = 10_000;

/** Committed entries given out and not yet reported applied, in units of `committedBytesMax`. */
export const APPLYING_FACTOR = 2;

/** Unapplied entries kept in memory beside the cache, in units of `committedBytesMax`. */
export const UNAPPLIED_FACTOR = 8;

/** The config is our own: a wrong one is a programmer's error. */
export function assertConfig(config: RaftConfig): void {
  assert(Number.isSafeInteger(config.slot) && config.slot > 0, 'RaftConfig: slot is positive');
  assertLe(1, config.heartbeatTicks, 'RaftConfig: heartbeatTicks');
  assertLt(config.heartbeatTicks, config.electionTicks, 'RaftConfig: heartbeat < election');
  assertLe(1, config.messageBytesMax, 'RaftConfig: messageBytesMax');
  assertLe(1, config.inflightMessagesMax, 'RaftConfig: inflightMessagesMax');
  assertLe(1, config.inflightBytesMax, 'RaftConfig: inflightBytesMax');
  assertLe(1, config.uncommittedBytesMax, 'RaftConfig: uncommittedBytesMax');
  assertLe(1, config.committedBytesMax, 'RaftConfig: committedBytesMax');
  assertLe(0, config.cacheBytesMax, 'RaftConfig: cacheBytesMax');
  assertLe(0, config.diskStallTicks, 'RaftConfig: diskStallTicks');
}
