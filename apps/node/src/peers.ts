import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type CallHandler, type Channel, type Clock, type Probe, hexId } from '@conclave/base';
import type { Random } from '@conclave/base';
import {
  DEFAULT_LINK_OPTIONS,
  type KnownMember,
  type LinkIdentity,
  LinkHost,
  LinkServer,
  MemberLinks,
  PeerLinks,
  type SnapshotAcceptor,
  SnapshotLinks,
  judgeHello,
} from '@conclave/link';
import type { PeerTransport, Replica } from '@conclave/replica';
import type { MemberRecord } from '@conclave/statemachine';
import type { MembersFrame, RaftMessage } from '@conclave/wire';
import type { Incarnations } from './incarnations.js';
import { type KnownPeer, KnownPeers } from './known-peers.js';
import { type RemoteCluster, fetchCluster } from './peer-http.js';

/** Others are asked who is in the cluster once in so long at most. */
const ASK_MS = 1_000;

export interface PeersPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly probe: Probe;
  readonly incarnations: Incarnations;
  /** Members by name as flags tell them: for one whose name the log does not say yet. */
  readonly told: readonly Omit<KnownPeer, 'id'>[];
  identity(): LinkIdentity;
  /** Null until the replica stands. */
  replica(): Replica | null;
  readonly handler: CallHandler;
  readonly acceptSnapshot: SnapshotAcceptor;
  /** The cluster has removed us. */
  removed(): void;
  /** The cluster uses a feature that this build does not support. */
  outdated(message: string): void;
  /** The cluster knows our id by another data directory. */
  wiped(text: string): void;
  /** Peer URLs by the flags: asked when a stranger of our cluster turns up. */
  readonly seeds: readonly string[];
  /** Default: over HTTP. */
  readonly fetch?: (urls: readonly string[]) => Promise<RemoteCluster>;
}

/**
 * Everything between members: raft messages, snapshot streams, calls, and what gateways are told. The
 * `PeerTransport` of the replica, over the `link` room.
 */
export class Peers implements PeerTransport {
  readonly #ports: PeersPorts;
  readonly #links: PeerLinks;
  readonly #calls: MemberLinks;
  readonly #host: LinkHost;
  readonly #server: LinkServer;
  readonly snapshots: SnapshotLinks;
  readonly #book: KnownPeers;
  /** Those with links. */
  readonly #linked = new Set<bigint>();
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking = false;
  #asks = 0;
  #closed = false;
  #wasRefused = false;
  readonly #connectedSinceMs = new Map<bigint, number>();

  constructor(ports: PeersPorts, known: readonly KnownPeer[]) {
    this.#ports = ports;
    const { clock, random, probe } = ports;
    const shared = {
      clock,
      random,
      probe,
      identity: () => ports.identity(),
      slotOf: (id: bigint) => this.#slotOf(id),
      lookup: (id: bigint) => this.#lookup(id),
    };
    this.#links = new PeerLinks(DEFAULT_LINK_OPTIONS, shared, {
      messages: (from, messages) => this.#ports.replica()?.receive(from, messages),
      unreachable: (to) => this.#ports.replica()?.peerState(to, false),
      connected: (to, isUp) => this.#connected(to, isUp),
      refused: (to, code, text) => this.#refused(to, code, text),
    });
    this.#calls = new MemberLinks(DEFAULT_LINK_OPTIONS, shared);
    this.snapshots = new SnapshotLinks(DEFAULT_LINK_OPTIONS, shared, ports.acceptSnapshot);
    this.#host = new LinkHost(DEFAULT_LINK_OPTIONS, {
      clock,
      random,
      probe,
      handler: ports.handler,
      members: () => this.#frame(),
    });
    this.#server = new LinkServer(DEFAULT_LINK_OPTIONS, {
      clock,
      probe,
      identity: () => ports.identity(),
      admit: (hello, path, done) => {
        const feature = ports.replica()?.machine.feature ?? 0;
        const reason = judgeHello(hello, ports.identity(), path, (id) => this.#lookup(id), feature);
        if (reason?.code === 'unknown-member') this.#askWhoIsThere(hello.peerURLs);
        if (reason !== null || hello.role !== 'member') {
          done(reason);
          return;
        }
        ports.incarnations.learn(hello.from, hello.incarnation, () => done(null));
      },
      accepted: (socket, hello, path, peer) => {
        if (path === '/raft') return this.#links.accepted(socket, hello);
        if (path === '/raft/snapshot') return this.snapshots.accepted(socket, hello);
        return this.#host.accepted(socket, hello, peer);
      },
    });
    this.#book = new KnownPeers(
      ports.identity().memberId,
      (id) => ports.replica()?.machine.isRemoved(id) ?? false,
    );
    this.#book.othersSay(known);
    this.#link();
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#server.handleUpgrade(request, socket, head);
  }

  send(to: bigint, messages: readonly RaftMessage[]): void {
    this.#links.send(to, messages);
  }

  connectedSinceMs(id: bigint): number | null {
    return this.#connectedSinceMs.get(id) ?? null;
  }

  membersChanged(members: readonly MemberRecord[]): void {
    this.#book.logSays(members);
    this.#link();
    this.#host.changed();
  }

  channel(id: bigint): Channel | null {
    return this.#calls.channel(id);
  }

  peerURLs(id: bigint): readonly string[] {
    return this.#book.get(id)?.peerURLs ?? [];
  }

  /** Leader or term changed: those linked are told at once. */
  changed(): void {
    this.#host.changed();
  }

  close(reason: string): void {
    this.#closed = true;
    this.snapshots.close(reason);
    this.#host.close(reason);
    this.#calls.close(reason);
    this.#links.close(reason);
    this.#server.close(reason);
  }

  /** Links to all who are known, and to nobody else. */
  #link(): void {
    for (const id of this.#linked) {
      if (this.#book.get(id)) continue;
      this.#linked.delete(id);
      this.#links.removePeer(id);
      this.#calls.removeMember(id);
      this.#connectedSinceMs.delete(id);
    }
    for (const member of this.#book.all) {
      this.#linked.add(member.id);
      this.#links.setPeer(member.id, member.name || this.#toldName(member), member.peerURLs);
      this.#calls.setMember(member.id, member.peerURLs);
    }
  }

  /**
   * Somebody of our cluster is a stranger here: a member that was added while we were away. Those we know
   * can tell, or, when all of those are gone, the stranger itself; it dials again.
   */
  #askWhoIsThere(stranger: readonly string[]): void {
    const nowMs = this.#ports.clock.monotonicMs();
    if (this.#asking || this.#closed || nowMs - this.#askedMs < ASK_MS) return;
    this.#askedMs = nowMs;
    const known = this.#book.all.flatMap((m) => m.peerURLs);
    const urls = [...known, ...this.#ports.seeds, ...stranger];
    if (urls.length === 0) return;
    this.#asking = true;
    // The first to answer may be behind as well: begin with another one each time.
    const from = this.#asks++ % urls.length;
    const fetch = this.#ports.fetch ?? fetchCluster;
    fetch([...urls.slice(from), ...urls.slice(0, from)])
      .then((remote) => this.#told(remote))
      .catch((error: unknown) => {
        const fields = { error: (error as Error).message };
        this.#ports.probe.log('warn', 'cannot ask who is in the cluster', fields);
      })
      .finally(() => (this.#asking = false));
  }

  #told({ clusterId, members }: RemoteCluster): void {
    if (this.#closed || clusterId !== this.#ports.identity().clusterId) return;
    if (!this.#book.othersSay(members)) return;
    const ids = this.#book.all.map((m) => hexId(m.id)).join();
    this.#ports.probe.log('info', 'was told of members that the log has not reached', { ids });
    this.#link();
  }

  #toldName({ peerURLs }: KnownPeer): string {
    const { told } = this.#ports;
    return told.find((m) => m.peerURLs.some((url) => peerURLs.includes(url)))?.name ?? '';
  }

  #connected(to: bigint, isUp: boolean): void {
    if (isUp) this.#connectedSinceMs.set(to, this.#ports.clock.monotonicMs());
    else this.#connectedSinceMs.delete(to);
    this.#ports.replica()?.peerState(to, isUp);
  }

  #refused(to: bigint, code: string, text: string): void {
    if (code === 'feature-too-low') {
      this.#ports.outdated(`a peer refused this member: ${text}`);
      return;
    }
    // All peers say so, and again with each attempt; the first one is enough.
    if (this.#wasRefused || (code !== 'removed' && code !== 'other-incarnation')) return;
    this.#wasRefused = true;
    const fields = { 'remote-peer-id': hexId(to), code, error: text };
    this.#ports.probe.log('warn', 'peer refused this member', fields);
    if (code === 'removed') this.#ports.removed();
    else this.#ports.wiped(text);
  }

  #slotOf(id: bigint): number {
    const replica = this.#ports.replica();
    if (!replica) return 0;
    if (id !== replica.memberId && !this.#book.get(id)) return 0;
    return replica.slots.slotOf(id);
  }

  #lookup(id: bigint): KnownMember {
    const machine = this.#ports.replica()?.machine;
    if (machine?.isRemoved(id)) return { state: 'removed', incarnation: null };
    if (!this.#book.get(id)) return { state: 'unknown', incarnation: null };
    const record =
      machine?.members.find((m) => m.id === id) ?? machine?.leaving.find((m) => m.id === id);
    const replicated = record?.incarnation ?? 0n;
    const incarnation = replicated === 0n ? this.#ports.incarnations.of(id) : replicated;
    return { state: 'member', incarnation };
  }

  #frame(): MembersFrame {
    const replica = this.#ports.replica();
    // One that replays its log passes through all that ever was: until it has published itself, it does
    // not say who there is (an empty list says nothing).
    const known = replica?.published === true ? replica.machine.members : [];
    const members = known.map((m) => ({
      id: m.id,
      name: m.name,
      linkUrls: m.peerURLs,
      learner: m.isLearner,
    }));
    return {
      type: 'members',
      term: replica?.term ?? 0,
      leaderId: replica?.leaderId ?? 0n,
      appliedTerm: replica?.machine.appliedTerm ?? 0,
      appliedIndex: replica?.machine.appliedIndex ?? 0,
      members,
    };
  }
}
