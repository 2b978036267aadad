/**
 * Raft messages between members: one outgoing connection to each peer, one incoming from each.
 *
 * Sending never blocks and never fails loudly: what cannot leave is dropped and the peer reported
 * unreachable, once a turn, for Raft repeats what matters. Messages of one turn go in one frame.
 *
 * Epochs: a new connection from a peer takes the place of the older one, and whatever still arrives
 * on the older one is dropped, so no late frame overtakes a newer one.
 *
 * Invariants: at most one outgoing and one incoming connection per peer; frames of an incoming
 * connection are delivered in order, and only for the members it said hello for.
 */
import { assert, hexId } from '@conclave/base';
import {
  DecodeError,
  type Hello,
  type HelloAnswer,
  type RaftMessage,
  type RefusalCode,
  decodeRaftFrame,
  decodeRaftFrameHead,
  encodeRaftFrames,
} from '@conclave/wire';
import { Dialer, type LinkPorts } from './dialer.js';
import type { FrameSocket, FrameSocketEvents } from './frame-socket.js';
import type { KnownMember, LinkIdentity } from './handshake.js';
import type { LinkOptions } from './options.js';

export interface PeerLinksPorts extends LinkPorts {
  identity(): LinkIdentity;
  /** The raft slot of a member; 0 when it has none (any more): its frames are dropped. */
  slotOf(memberId: bigint): number;
  lookup(memberId: bigint): KnownMember;
}

export interface PeerEvents {
  messages(from: bigint, messages: readonly RaftMessage[]): void;
  /** Messages to this peer were dropped; at most once a turn. */
  unreachable(to: bigint): void;
  /** The outgoing connection came up or went down. */
  connected(to: bigint, isUp: boolean): void;
  refused(to: bigint, code: RefusalCode, text: string): void;
}

type PeerLabels = Readonly<Record<string, string>>;

interface Peer {
  readonly id: bigint;
  readonly dialer: Dialer;
  readonly to: PeerLabels;
  readonly pair: PeerLabels;
  socket: FrameSocket | null;
  /** For the end of the turn. */
  waiting: RaftMessage[];
}

export class PeerLinks {
  readonly #options: LinkOptions;
  readonly #ports: PeerLinksPorts;
  readonly #events: PeerEvents;
  readonly #peers = new Map<bigint, Peer>();
  readonly #incoming = new Map<bigint, FrameSocket>();
  /** Peers with messages waiting. */
  readonly #dirty = new Set<Peer>();
  #flushing = false;
  #closed = false;

  constructor(options: LinkOptions, ports: PeerLinksPorts, events: PeerEvents) {
    this.#options = options;
    this.#ports = ports;
    this.#events = events;
  }

  /** Adds a peer, or changes where it is reached. `urls`: etcd peer URLs, tried in turn. */
  setPeer(id: bigint, name: string, urls: readonly string[]): void {
    assert(id !== this.#ports.identity().memberId, 'PeerLinks: nobody is his own peer');
    const known = this.#peers.get(id);
    if (known !== undefined) return known.dialer.setUrls(urls);
    if (this.#closed) return;
    const local = hexId(this.#ports.identity().memberId);
    const dialer = new Dialer(
      this.#options,
      this.#ports,
      {
        label: name === '' ? hexId(id) : `${name} (${hexId(id)})`,
        path: '/raft',
        payloadBytesMax: this.#options.payloadBytesMax,
        hello: () => this.#hello(id),
      },
      urls,
      {
        up: (socket, answer) => this.#up(peer, socket, answer),
        refused: (code, text) => this.#events.refused(id, code, text),
        failed() {},
      },
    );
    const peer: Peer = {
      id,
      dialer,
      to: Object.freeze({ To: hexId(id) }),
      pair: Object.freeze({ Local: local, Remote: hexId(id) }),
      socket: null,
      waiting: [],
    };
    this.#peers.set(id, peer);
    this.#ports.probe.gauge('etcd_network_known_peers', 1, peer.pair);
  }

  /** The peer is no member any more: both connections end. */
  removePeer(id: bigint): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) {
      this.#peers.delete(id);
      this.#dirty.delete(peer);
      peer.waiting = [];
      peer.dialer.close('the peer was removed');
      this.#ports.probe.gauge('etcd_network_known_peers', 0, peer.pair);
    }
    this.#incoming.get(id)?.close('removed');
  }

  isConnected(id: bigint): boolean {
    return this.#peers.get(id)?.socket != null;
  }

  /** Of the last ping; -1 when unknown. */
  rttMs(id: bigint): number {
    return this.#peers.get(id)?.socket?.rttMs ?? -1;
  }

  /** Sends with the other messages of this turn. An unknown peer's are dropped. */
  send(to: bigint, messages: readonly RaftMessage[]): void {
    const peer = this.#peers.get(to);
    if (peer === undefined || messages.length === 0) return;
    for (const m of messages) peer.waiting.push(m);
    this.#dirty.add(peer);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const peer of dirty) this.#flushPeer(peer);
  }

  #flushPeer(peer: Peer): void {
    const messages = peer.waiting;
    peer.waiting = [];
    const { socket } = peer;
    const { peerBufferedBytesMax, peerMessagesMax } = this.#options;
    const full =
      socket === null ||
      socket.bufferedBytes > peerBufferedBytesMax ||
      messages.length > peerMessagesMax;
    if (full) {
      this.#ports.probe.count('etcd_network_peer_sent_failures_total', messages.length, peer.to);
      this.#events.unreachable(peer.id);
      return;
    }
    const { clusterId, memberId } = this.#ports.identity();
    for (const frame of encodeRaftFrames({ clusterId, from: memberId, to: peer.id }, messages)) {
      this.#ports.probe.count('etcd_network_peer_sent_bytes_total', frame.length, peer.to);
      socket.send(frame);
    }
  }

  #hello(to: bigint): Hello {
    const {
      clusterId,
      memberId,
      incarnation,
      feature,
      name,
      peerURLs = [],
    } = this.#ports.identity();
    return {
      type: 'hello',
      role: 'member',
      clusterId,
      from: memberId,
      to,
      incarnation,
      session: 0n,
      feature,
      name,
      peerURLs,
    };
  }

  #up(peer: Peer, socket: FrameSocket, answer: HelloAnswer): FrameSocketEvents | string {
    const fault = judgeAnswer(answer, peer.id, this.#ports);
    if (fault !== null) {
      this.#ports.probe.log('warn', 'wrong peer at this address', {
        to: hexId(peer.id),
        error: fault,
      });
      return fault;
    }
    const { probe } = this.#ports;
    peer.socket = socket;
    socket.onRoundTrip = (ms) => {
      probe.observe('etcd_network_peer_round_trip_time_seconds', ms / 1000, peer.to);
    };
    probe.gauge('etcd_network_active_peers', 1, peer.pair);
    probe.log('info', 'peer became active', { 'peer-id': hexId(peer.id) });
    // Not inside the dialer's call: the owner may answer by sending.
    queueMicrotask(() => peer.socket === socket && this.#events.connected(peer.id, true));
    return {
      message: () => socket.destroy('a peer answers on its own connection'),
      drained() {},
      closed: (reason, end) => {
        peer.socket = null;
        probe.gauge('etcd_network_active_peers', 0, peer.pair);
        probe.count('etcd_network_disconnected_peers_total', 1, peer.pair);
        // A member that says goodbye is no trouble of ours.
        const level = end === 'orderly' ? 'info' : 'warn';
        probe.log(level, 'peer became inactive', { 'peer-id': hexId(peer.id), error: reason });
        this.#events.connected(peer.id, false);
      },
    };
  }

  /** Takes over a connection on `/raft` whose hello was accepted. */
  accepted(socket: FrameSocket, hello: Hello): FrameSocketEvents {
    const from = hello.from;
    const older = this.#incoming.get(from);
    this.#incoming.set(from, socket);
    older?.destroy('a newer connection of the same peer took its place');
    // A peer that reaches us can be reached, most likely.
    this.#peers.get(from)?.dialer.hurry();
    const labels = Object.freeze({ From: hexId(from) });
    return {
      message: (bytes) => {
        if (this.#incoming.get(from) === socket) this.#receive(socket, from, bytes, labels);
      },
      drained() {},
      closed: () => {
        if (this.#incoming.get(from) === socket) this.#incoming.delete(from);
      },
    };
  }

  #receive(socket: FrameSocket, from: bigint, bytes: Uint8Array, labels: PeerLabels): void {
    const { probe } = this.#ports;
    const self = this.#ports.identity();
    probe.count('etcd_network_peer_received_bytes_total', bytes.length, labels);
    const slot = this.#ports.slotOf(from);
    if (slot === 0) return;
    let messages: readonly RaftMessage[];
    try {
      const head = decodeRaftFrameHead(bytes);
      const mine = head.clusterId === self.clusterId && head.to === self.memberId;
      if (!mine || head.from !== from) throw new DecodeError('a frame between other members');
      messages = decodeRaftFrame(bytes, slot, this.#ports.slotOf(self.memberId));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      probe.count('etcd_network_peer_received_failures_total', 1, labels);
      probe.log('warn', 'closed link after a bad frame', {
        from: hexId(from),
        error: error.message,
      });
      socket.destroy(`bad frame: ${error.message}`);
      return;
    }
    this.#events.messages(from, messages);
  }

  close(reason: string): void {
    this.#closed = true;
    for (const id of [...this.#peers.keys()]) {
      this.#peers.get(id)?.dialer.close(reason);
      this.#peers.delete(id);
    }
    for (const socket of [...this.#incoming.values()]) socket.close(reason);
  }
}

/** Is the one who answered the member we meant? A reason why not, or null. */
export function judgeAnswer(
  answer: HelloAnswer,
  memberId: bigint,
  ports: {
    identity(): LinkIdentity;
    lookup(memberId: bigint): KnownMember;
  },
): string | null {
  const { clusterId } = ports.identity();
  if (answer.clusterId !== clusterId) return `it is of cluster ${hexId(answer.clusterId)}`;
  if (answer.memberId !== memberId) return `it is member ${hexId(answer.memberId)}`;
  const known = ports.lookup(memberId);
  if (known.incarnation !== null && known.incarnation !== answer.incarnation) {
    return 'it has a wiped data directory: remove and add this member';
  }
  return null;
}
