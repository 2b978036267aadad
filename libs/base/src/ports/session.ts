/**
 * How a write says which session it belongs to, so that it is applied once or not at all however
 * often it is sent. Written by whoever repeats writes (`client`), read by the room that proposes.
 *
 * A session is 64 random bits, opened through the log before its first write. A write carries the
 * session, its sequence (from 1) and the lowest sequence its sender still waits for. The state keeps
 * the answers from that mark on; a repeated (session, sequence) gets the kept answer.
 */
export const SessionMetadata = {
  /** 16 lower-case hex digits. */
  SESSION: 'conclave-session',
  /** Decimal, from 1. */
  SEQUENCE: 'conclave-sequence',
  /** Decimal; never above the sequence beside it. */
  LOWEST: 'conclave-lowest',
} as const;

/** Unary, empty request and answer; the session is in the metadata. Opening an open session is OK. */
export const SESSION_OPEN_METHOD = '/conclave.Session/Open';
/** Unary, empty request and answer. Closing an unknown session is OK. */
export const SESSION_CLOSE_METHOD = '/conclave.Session/Close';

/** FAILED_PRECONDITION: the write was not applied by this attempt, since nobody knows its session. */
export const SESSION_UNKNOWN = 'conclave: session unknown';
/** FAILED_PRECONDITION: not applied by this attempt; its answer was given up before. */
export const SEQUENCE_BELOW_MARK = 'conclave: sequence below the lowest unanswered';

/** Sequences a session may have from its lowest unanswered one on. */
export const SESSION_WINDOW = 4096;
