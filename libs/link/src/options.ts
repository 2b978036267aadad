/**
 * Bounds and times of all links, in one frozen object. Bytes are bytes, times milliseconds.
 */
export interface LinkOptions {
  /** From the accepted connection to a hello, and from dialling to its answer. */
  readonly handshakeMs: number;
  /** Dialling again: from the first to the second, doubling, with jitter. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** Attempts that fail for so long are worth a line in the log. */
  readonly failingMs: number;
  /** A ping this often; a connection silent for `livenessMs` is given up. */
  readonly pingMs: number;
  readonly livenessMs: number;
  /** How long the other side may take to agree to the end of a connection. */
  readonly closeMs: number;
  /** How often a member repeats what it knows of the leader to those linked to it. */
  readonly reportMs: number;
  /** Bytes not yet taken by the socket above which a peer frame is dropped. */
  readonly peerBufferedBytesMax: number;
  /** Messages to one peer waiting for the end of the turn. */
  readonly peerMessagesMax: number;
  /** Largest WebSocket message on `/raft`: a frame, or one entry that alone is larger. */
  readonly raftPayloadBytesMax: number;
  /** Largest WebSocket message on `/link` and `/raft/snapshot`. */
  readonly payloadBytesMax: number;
  /** Calls stop being written to a socket that has this much unsent. */
  readonly callBufferedBytesMax: number;
  /** Bytes of Calls in one WebSocket message. */
  readonly callBatchBytes: number;
  /** Credit of each direction of each Call. */
  readonly callCreditBytes: number;
  /** Largest request message a link accepts; the edge has its own, smaller bound. */
  readonly requestBytesMax: number;
  readonly responseBytesMax: number;
  /** Calls open on one link. */
  readonly callsMax: number;
  /** Bytes held for all Calls of one link, in each direction. */
  readonly linkBytesMax: number;
  /** Accepted connections, of all paths together. */
  readonly connectionsMax: number;
}

export const DEFAULT_LINK_OPTIONS: LinkOptions = Object.freeze({
  handshakeMs: 5_000,
  backoffMs: 100,
  backoffMaxMs: 2_000,
  failingMs: 3_000,
  pingMs: 1_000,
  livenessMs: 5_000,
  closeMs: 1_000,
  reportMs: 250,
  peerBufferedBytesMax: 8 * 1024 * 1024,
  peerMessagesMax: 65_536,
  raftPayloadBytesMax: 64 * 1024 * 1024,
  payloadBytesMax: 5 * 1024 * 1024,
  callBufferedBytesMax: 1024 * 1024,
  callBatchBytes: 256 * 1024,
  callCreditBytes: 256 * 1024,
  requestBytesMax: 64 * 1024 * 1024,
  responseBytesMax: 1024 * 1024 * 1024,
  callsMax: 100_000,
  linkBytesMax: 1024 * 1024 * 1024,
  connectionsMax: 4_096,
});
