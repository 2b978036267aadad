/**
 * The one crossing: a Call. Whatever a client asks, over whatever protocol, becomes a Call; the `api`
 * room answers Calls and knows no transport. Gateways carry the same Calls over a link.
 *
 * A Call has a method, metadata, request messages in, response messages out, and ends with a status.
 * Either side may cancel. Each direction has byte credit: a `send` that answers false asks the
 * sender to wait for `drained`.
 */

import type { TraceSpan } from './trace.js';

/** gRPC status codes (google.rpc.Code). */
export const Status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type StatusCode = (typeof Status)[keyof typeof Status];

/** Lower-case names; a `-bin` value holds its raw bytes as a byte string. */
export type Metadata = ReadonlyMap<string, string>;

export const EMPTY_METADATA: Metadata = new Map();

/**
 * Metadata of Maintenance.Snapshot: `<id>:<offset>`, a backup that was half received, and how far. A client
 * may send it, so it is not one of the names between gateway and member (`conclave-*`).
 */
export const BACKUP_PLACE = 'backup-place';

/** The HTTP request that a Call came by, for its span. */
export interface HttpOrigin {
  readonly method: string;
  /** Of all requests of that kind, e.g. `/v3/kv/put`; never a path that a client made up. */
  readonly route: string;
}

export interface CallHead {
  /** Full gRPC path, e.g. `/etcdserverpb.KV/Put`; '' for a request that is no Call, in a trace. */
  readonly method: string;
  readonly metadata: Metadata;
  /** Milliseconds left when the head was received; null when the client set no deadline. */
  readonly timeoutMs: number | null;
  /** Who asks, for logs: an address or a gateway's name. */
  readonly peer: string;
  /** The span of this Call on this process; absent: the request is not traced. */
  readonly trace?: TraceSpan;
  /** Absent: it came by gRPC, or over a link. */
  readonly http?: HttpOrigin;
}

/** The answering side's view of a Call: what a handler may do. All methods are no-ops after `end`. */
export interface ServerCall {
  readonly head: CallHead;
  /**
   * Sends one response message. Ownership of `message` passes to the call: never changed afterwards.
   * False: over credit; the message is queued all the same, wait for `drained` before the next one.
   */
  send(message: Uint8Array): boolean;
  end(code: StatusCode, message: string): void;
  /** Stops and restarts request messages, for handlers that must bound what they hold. */
  pauseInput(): void;
  resumeInput(): void;
}

/** What a handler is told. Nothing arrives after `cancelled`, nor after the handler called `end`. */
export interface ServerCallEvents {
  /** One request message; borrowed until return only if the handler copies what it keeps: the
   *  bytes are never reused by the transport, so keeping a view is safe but pins its buffer. */
  message(bytes: Uint8Array): void;
  /** The client will send no more messages. */
  halfClosed(): void;
  /** The client went away, cancelled, or its deadline passed: stop work, send nothing. */
  cancelled(): void;
  drained(): void;
}

export interface CallHandler {
  /** Takes a call. Unknown methods are answered by the handler with UNIMPLEMENTED. */
  open(call: ServerCall): ServerCallEvents;
}

/** The asking side's view of a Call. */
export interface ClientCall {
  send(message: Uint8Array): boolean;
  halfClose(): void;
  cancel(): void;
  pauseInput(): void;
  resumeInput(): void;
}

/**
 * Why a call ended. `handler`: the answering side said so. `unsent`: the channel was lost before a
 * byte of the call left, so it was certainly not received. `lost`: nobody knows.
 */
export type EndOrigin = 'handler' | 'unsent' | 'lost';

export interface ClientCallEvents {
  message(bytes: Uint8Array): void;
  /** Exactly once, and last. `origin` left out means `handler`. */
  ended(code: StatusCode, message: string, origin?: EndOrigin): void;
  drained(): void;
}

/** Something Calls can be sent over: a link to a member, or the embedded `api`. */
export interface Channel {
  open(
    method: string,
    metadata: Metadata,
    timeoutMs: number | null,
    events: ClientCallEvents,
  ): ClientCall;
}
