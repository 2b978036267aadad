import type { Index, Metadata, StatusCode, Term } from '@conclave/base';
import type { SnapshotMeta } from '../raft/message.js';

/**
 * What runs over a link: the handshake of every connection, Calls of a gateway or member, and
 * snapshot streams. Types only; the bytes are in `codec.ts`.
 *
 * Every connection opens with `hello` from the one who dialled and `hello-answer` or `refusal` from
 * the other. On `/raft` Raft frames follow, on `/link` Calls, on `/raft/snapshot` one snapshot.
 */

/** A frame as the link schedules it: at most this many bytes, so that no Call holds up another. */
export const LINK_FRAME_BYTES_MAX = 64 * 1024;
/** Message bytes in one `data` frame; the rest of the 64 KiB is left for its head. */
export const LINK_FRAGMENT_BYTES_MAX = LINK_FRAME_BYTES_MAX - 16;
/** One WebSocket message: many frames. */
export const LINK_BATCH_BYTES_MAX = 4 * 1024 * 1024;
export const LINK_BATCH_FRAMES_MAX = 65_536;
/** Data in one `snapshot-chunk`. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 1024 * 1024;

export type LinkRole = 'member' | 'gateway';

export interface Hello {
  readonly type: 'hello';
  readonly role: LinkRole;
  /** 0n: a gateway that does not know the cluster yet. */
  readonly clusterId: bigint;
  /** The member that dials; 0n for a gateway. */
  readonly from: bigint;
  /** The member it means to reach; 0n: whoever answers. */
  readonly to: bigint;
  /** 64 random bits made with the data directory; 0n for a gateway. */
  readonly incarnation: bigint;
  /** The session of this process (DESIGN 6.3); 0n: none. */
  readonly session: bigint;
  /** The highest feature number this process knows. */
  readonly feature: number;
  /** For logs. */
  readonly name: string;
  /** Where a member that does not know the dialer can ask it who is in the cluster; a gateway has none. */
  readonly peerURLs: readonly string[];
}

export interface HelloAnswer {
  readonly type: 'hello-answer';
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly incarnation: bigint;
  readonly feature: number;
  readonly name: string;
}

export type RefusalCode =
  | 'unknown-format'
  | 'other-cluster'
  | 'other-member'
  | 'other-incarnation'
  | 'removed'
  | 'unknown-member'
  | 'too-many-links'
  | 'bad-hello'
  | 'stopping'
  /** The build supports less than the cluster's feature number needs. */
  | 'feature-too-low';

/** Answers a hello that is not accepted; the connection is closed behind it. */
export interface Refusal {
  readonly type: 'refusal';
  readonly code: RefusalCode;
  readonly text: string;
}

/** In [1, 2^32 - 1], chosen by the side that opens, unique among its open Calls. */
export type CallId = number;

export interface OpenFrame {
  readonly type: 'open';
  readonly callId: CallId;
  readonly method: string;
  readonly metadata: Metadata;
  /** Time left in whole milliseconds; null: no deadline. */
  readonly timeoutMs: number | null;
}

/** A piece of a message of either direction; `last` ends the message. A message may be empty. */
export interface DataFrame {
  readonly type: 'data';
  readonly callId: CallId;
  /** At most LINK_FRAGMENT_BYTES_MAX. Decoded: a view of the input. */
  readonly fragment: Uint8Array;
  readonly last: boolean;
}

/** The asking side will send no more messages. */
export interface HalfCloseFrame {
  readonly type: 'half-close';
  readonly callId: CallId;
}

export interface CancelFrame {
  readonly type: 'cancel';
  readonly callId: CallId;
}

/** The answering side's last frame of a Call. */
export interface EndFrame {
  readonly type: 'end';
  readonly callId: CallId;
  readonly status: StatusCode;
  readonly message: string;
}

/** The receiver of data took `bytes` of it: the sender may send as many more. */
export interface CreditFrame {
  readonly type: 'credit';
  readonly callId: CallId;
  /** In [1, 2^31 - 1]. */
  readonly bytes: number;
}

/** Answered by a pong with the same token. */
export interface PingFrame {
  readonly type: 'ping';
  readonly token: number;
}

export interface PongFrame {
  readonly type: 'pong';
  readonly token: number;
}

export interface LinkMember {
  readonly id: bigint;
  readonly name: string;
  readonly linkUrls: readonly string[];
  readonly learner: boolean;
}

/**
 * The feature number from which on a process understands a `members` frame that says of when it is. One
 * of an older build, by its hello, is sent the frame without.
 */
export const DATED_MEMBERS_FEATURE = 2;

/** What a member tells those linked to it, at the start and at every change. */
export interface MembersFrame {
  readonly type: 'members';
  readonly term: Term;
  /** As the sending member knows it; 0n: it knows no leader. */
  readonly leaderId: bigint;
  /**
   * Of when the list is: term and index of the last entry that the member had applied. Of two lists of one
   * cluster the one of the later entry is the newer one. 0 and 0: an older build, which does not say.
   */
  readonly appliedTerm: Term;
  readonly appliedIndex: Index;
  readonly members: readonly LinkMember[];
}

/** Offers a snapshot; answered by a `snapshot-ack` that says from which chunk on. */
export interface SnapshotBeginFrame {
  readonly type: 'snapshot-begin';
  /** Names this snapshot to the receiver, so that a later connection can resume it. */
  readonly snapshotId: bigint;
  /** Of the rows in the chunks; judged by the receiver, which names an unknown one. */
  readonly format: number;
  readonly clusterId: bigint;
  /** The replicated feature number of the state: the receiver must know it. */
  readonly feature: number;
  readonly meta: SnapshotMeta;
}

export interface SnapshotChunkFrame {
  readonly type: 'snapshot-chunk';
  readonly snapshotId: bigint;
  /** From 0, in order. */
  readonly number: number;
  /** CRC-32C of `data`; checked by the decoder. */
  readonly crc: number;
  /** At most SNAPSHOT_CHUNK_BYTES_MAX. Decoded: a view of the input. */
  readonly data: Uint8Array;
}

export interface SnapshotEndFrame {
  readonly type: 'snapshot-end';
  readonly snapshotId: bigint;
  readonly chunks: number;
  readonly rows: number;
  /** Of all chunks together. */
  readonly bytes: number;
  /** CRC-32C carried on over all chunks. */
  readonly crc: number;
}

export type SnapshotAckState = 'receiving' | 'received' | 'refused';

export interface SnapshotAckFrame {
  readonly type: 'snapshot-ack';
  readonly snapshotId: bigint;
  readonly state: SnapshotAckState;
  /** The chunk wanted next: everything before it is kept by the receiver. */
  readonly next: number;
  /** Chunks that may be sent before the next ack. */
  readonly credit: number;
  /** Why, when refused. */
  readonly text: string;
}

export type LinkFrame =
  | Hello
  | HelloAnswer
  | Refusal
  | OpenFrame
  | DataFrame
  | HalfCloseFrame
  | CancelFrame
  | EndFrame
  | CreditFrame
  | PingFrame
  | PongFrame
  | MembersFrame
  | SnapshotBeginFrame
  | SnapshotChunkFrame
  | SnapshotEndFrame
  | SnapshotAckFrame;
