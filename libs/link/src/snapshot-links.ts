/**
 * Snapshot streams: a connection of their own for each, so that heartbeats never wait behind them.
 *
 * This room carries frames and knows nothing of their order or content beyond the wire's checks;
 * resuming, credit in chunks, and hashes are the business of those who send and receive. A stream is
 * one connection: when it ends, the sender opens another and the receiver says where to go on.
 */
import { hexId } from '@conclave/base';
import {
  DecodeError,
  type Hello,
  type LinkFrame,
  type SnapshotAckFrame,
  type SnapshotBeginFrame,
  type SnapshotChunkFrame,
  type SnapshotEndFrame,
  decodeLinkFrames,
  encodeLinkFrames,
} from '@conclave/wire';
import { Dialer } from './dialer.js';
import type { FrameSocket, FrameSocketEvents } from './frame-socket.js';
import type { LinkOptions } from './options.js';
import { type PeerLinksPorts, judgeAnswer } from './peer-links.js';

/** The sending end. Frames sent before `opened` or after `closed` are dropped. */
export interface SnapshotStreamSender {
  /** False: the socket is behind, wait for `drained`. */
  send(frame: SnapshotBeginFrame | SnapshotChunkFrame | SnapshotEndFrame): boolean;
  close(reason: string): void;
}

export interface SnapshotSenderEvents {
  opened(): void;
  ack(frame: SnapshotAckFrame): void;
  drained(): void;
  /** Once, and last; also when no connection came to be. */
  closed(reason: string): void;
}

/** The receiving end. */
export interface SnapshotStreamReceiver {
  ack(frame: SnapshotAckFrame): void;
  close(reason: string): void;
}

export interface SnapshotReceiverEvents {
  begin(frame: SnapshotBeginFrame): void;
  /** `data` is a view that pins its message; its checksum has been checked. */
  chunk(frame: SnapshotChunkFrame): void;
  end(frame: SnapshotEndFrame): void;
  closed(reason: string): void;
}

/** Who receives: asked for each accepted stream. */
export type SnapshotAcceptor = (
  from: bigint,
  stream: SnapshotStreamReceiver,
) => SnapshotReceiverEvents;

/** Bytes not yet taken by the socket above which a sender should wait: two chunks. */
const BUFFERED_BYTES_MAX = 2 * 1024 * 1024;

export class SnapshotLinks {
  readonly #options: LinkOptions;
  readonly #ports: PeerLinksPorts;
  readonly #accept: SnapshotAcceptor;
  readonly #incoming = new Map<bigint, FrameSocket>();
  readonly #outgoing = new Set<OutgoingStream>();

  constructor(options: LinkOptions, ports: PeerLinksPorts, accept: SnapshotAcceptor) {
    this.#options = options;
    this.#ports = ports;
    this.#accept = accept;
  }

  /** Opens a stream to a peer; one attempt at each URL's turn, no repetition. */
  open(to: bigint, urls: readonly string[], events: SnapshotSenderEvents): SnapshotStreamSender {
    const stream: OutgoingStream = new OutgoingStream(
      this.#options,
      this.#ports,
      { to, urls },
      {
        opened: () => events.opened(),
        ack: (frame) => events.ack(frame),
        drained: () => events.drained(),
        closed: (reason) => {
          this.#outgoing.delete(stream);
          events.closed(reason);
        },
      },
    );
    this.#outgoing.add(stream);
    return stream;
  }

  /** Takes over a connection on `/raft/snapshot`; a newer one of the same peer replaces it. */
  accepted(socket: FrameSocket, hello: Hello): FrameSocketEvents {
    const from = hello.from;
    const older = this.#incoming.get(from);
    this.#incoming.set(from, socket);
    older?.destroy('a newer snapshot stream of the same peer took its place');
    const events = this.#accept(from, {
      ack: (frame) => socket.send(encodeLinkFrames([frame])),
      close: (reason) => socket.close(reason),
    });
    return {
      message: (bytes) => {
        const frames = readFrames(socket, bytes);
        for (const frame of frames) if (!socket.isClosed) deliver(socket, events, frame);
      },
      drained() {},
      closed: (reason) => {
        if (this.#incoming.get(from) === socket) this.#incoming.delete(from);
        events.closed(reason);
      },
    };
  }

  close(reason: string): void {
    for (const stream of [...this.#outgoing]) stream.close(reason);
    for (const socket of [...this.#incoming.values()]) socket.close(reason);
  }
}

function readFrames(socket: FrameSocket, bytes: Uint8Array): LinkFrame[] {
  try {
    return decodeLinkFrames(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    socket.destroy(`bad frame: ${error.message}`);
    return [];
  }
}

function deliver(socket: FrameSocket, events: SnapshotReceiverEvents, frame: LinkFrame): void {
  if (frame.type === 'snapshot-begin') events.begin(frame);
  else if (frame.type === 'snapshot-chunk') events.chunk(frame);
  else if (frame.type === 'snapshot-end') events.end(frame);
  else socket.destroy(`a ${frame.type} frame has no place in a snapshot stream`);
}

class OutgoingStream implements SnapshotStreamSender {
  readonly #dialer: Dialer;
  readonly #events: SnapshotSenderEvents;
  #socket: FrameSocket | null = null;
  #closed = false;

  constructor(
    options: LinkOptions,
    ports: PeerLinksPorts,
    target: { readonly to: bigint; readonly urls: readonly string[] },
    events: SnapshotSenderEvents,
  ) {
    const { to, urls } = target;
    this.#events = events;
    this.#dialer = new Dialer(
      options,
      ports,
      {
        label: hexId(to),
        path: '/raft/snapshot',
        plain: true,
        payloadBytesMax: options.payloadBytesMax,
        hello: () => {
          const {
            clusterId,
            memberId,
            incarnation,
            feature,
            name,
            peerURLs = [],
          } = ports.identity();
          const ids = { clusterId, from: memberId, to, incarnation };
          return { type: 'hello', role: 'member', ...ids, session: 0n, feature, name, peerURLs };
        },
      },
      urls,
      {
        up: (socket, answer) => {
          const fault = judgeAnswer(answer, to, ports);
          if (fault === null) return this.#up(socket);
          this.#ended(fault);
          return fault;
        },
        refused: (code, text) => this.#ended(`${code}: ${text}`),
        failed: (text) => this.#ended(text),
      },
    );
  }

  #up(socket: FrameSocket): FrameSocketEvents {
    this.#socket = socket;
    queueMicrotask(() => !this.#closed && this.#events.opened());
    return {
      message: (bytes) => {
        for (const frame of readFrames(socket, bytes)) {
          if (this.#closed) return;
          if (frame.type === 'snapshot-ack') this.#events.ack(frame);
          else socket.destroy(`a ${frame.type} frame where an ack was expected`);
        }
      },
      drained: () => !this.#closed && this.#events.drained(),
      closed: (reason) => this.#ended(reason),
    };
  }

  send(frame: SnapshotBeginFrame | SnapshotChunkFrame | SnapshotEndFrame): boolean {
    if (this.#socket === null || this.#closed) return true;
    const bytes = encodeLinkFrames([frame]);
    if (this.#socket.bufferedBytes + bytes.length <= BUFFERED_BYTES_MAX) {
      this.#socket.send(bytes);
      return true;
    }
    this.#socket.sendAndTell(bytes);
    return false;
  }

  close(reason: string): void {
    this.#ended(reason);
  }

  #ended(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    // Later: this may be inside the dialer's own call.
    queueMicrotask(() => this.#dialer.close(reason));
    this.#events.closed(reason);
  }
}
