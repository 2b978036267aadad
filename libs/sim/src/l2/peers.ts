/**
 * What stands between members in place of the `link` room: raft frames as datagrams through the real
 * codec, snapshot streams and calls over connections, and who is taken for whom. A frame of a member
 * that is unknown or removed is not acted on (I26), and a removed one is told so.
 */
import { type Channel, assert } from '@conclave/base';
import type { PeerTransport, Replica } from '@conclave/replica';
import type {
  IncomingEvents,
  IncomingStream,
  OutgoingEvents,
  OutgoingStream,
} from '@conclave/snapshot';
import type { MemberRecord } from '@conclave/statemachine';
import {
  MessageType,
  type RaftMessage,
  type SnapshotAckFrame,
  decodeRaftFrame,
  encodeRaftFrames,
} from '@conclave/wire';
import { CallConnection } from './call-connection.js';
import { Connection, type ConnectionPorts } from './connection.js';
import type { Host } from './host.js';
import type { SimMember } from './member.js';
import type { Trace } from './trace.js';

export interface PeersWorld {
  readonly clusterId: bigint;
  readonly links: ConnectionPorts;
  readonly trace: Trace;
  member(id: bigint): SimMember | undefined;
}

/** Chunks a snapshot stream takes before it asks its sender to wait. */
const CHUNKS_QUEUED_MAX = 4;
/** Others are asked who is in the cluster once in so long at most. */
const ASK_MS = 1_000;

export class Peers implements PeerTransport {
  readonly #world: PeersWorld;
  readonly #self: SimMember;
  /** By member id: since when it has been connected, on this member's clock. */
  readonly #connectedMs = new Map<bigint, number>();
  readonly #channels = new Map<bigint, CallConnection>();
  /** Who is a member by our log, and who is one by the word of others: known are both. */
  #logged = new Set<bigint>();
  #told = new Set<bigint>();
  #asks = 0;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** By member id: when the last frame arrives; without reordering the next comes behind it. */
  readonly #lastArrivalMs = new Map<bigint, number>();

  constructor(world: PeersWorld, self: SimMember, known: readonly bigint[]) {
    this.#world = world;
    this.#self = self;
    this.#told = new Set(known);
  }

  knows(id: bigint): boolean {
    return this.#logged.has(id) || this.#told.has(id);
  }

  get #known(): readonly bigint[] {
    return [...this.#logged, ...this.#told];
  }

  /**
   * Somebody of the cluster is a stranger here: a member that was added while we were away, or whom our
   * log, still empty, does not name yet. Others are asked who is there, the stranger among them, as
   * the node app does.
   */
  askWhoIsThere(stranger: bigint): void {
    const { links } = this.#world;
    const { timeline } = links;
    if (timeline.nowMs - this.#askedMs < ASK_MS) return;
    this.#askedMs = timeline.nowMs;
    const known = [...this.#known, ...this.#self.seeds, stranger];
    // The first to answer may be behind as well: begin with another one each time.
    const from = this.#asks++ % Math.max(1, known.length);
    const { network } = links;
    for (const id of [...known.slice(from), ...known.slice(0, from)]) {
      const other = this.#world.member(id);
      const members = other?.replica?.machine.members ?? [];
      if (other === undefined || members.length === 0 || other.host.isPaused) continue;
      if (other === this.#self || network.isBlocked(this.#self.host, other.host)) continue;
      if (network.isBlocked(other.host, this.#self.host)) continue;
      this.#self.host.after(2, () => this.#othersSay(members.map((m) => m.id)));
      return;
    }
  }

  #othersSay(ids: readonly bigint[]): void {
    for (const id of ids) {
      if (id === this.#self.id || this.knows(id)) continue;
      if (this.#self.machine?.isRemoved(id) === false) this.#told.add(id);
    }
  }

  send(to: bigint, all: readonly RaftMessage[]): void {
    const { trace, clusterId, links } = this.#world;
    const { mutedType } = links.network;
    const messages = mutedType < 0 ? all : all.filter((m) => m.type !== mutedType);
    if (messages.length === 0) return;
    const target = this.#world.member(to);
    if (target === undefined || !this.knows(to) || !target.host.isUp) return;
    if (!this.#self.trusts(target)) return;
    const from = this.#self.id;
    for (const frame of encodeRaftFrames({ clusterId, from, to }, messages)) {
      trace.mix(frame.length);
      const { network, timeline } = links;
      let atMs = timeline.nowMs + network.latencyMs();
      if (!network.reorders) {
        atMs = Math.max(atMs, this.#lastArrivalMs.get(to) ?? 0);
        this.#lastArrivalMs.set(to, atMs);
      }
      if (trace.isOn) {
        for (const m of messages) trace.line(this.#self.host.name, `${describe(m)} to m${to}`);
      }
      // A connection never repeats a frame. Raft bears it but for proposals, which would count twice.
      const mayRepeat = messages.every((m) => m.type !== MessageType.PROPOSE);
      network.send(this.#self.host, target.host, atMs - timeline.nowMs, mayRepeat, () =>
        target.receiveFrame(this.#self, frame),
      );
    }
  }

  /** The messages of a frame that was let in. */
  decode(from: bigint, frame: Uint8Array, replica: Replica): RaftMessage[] {
    const { slots } = replica;
    return decodeRaftFrame(frame, slots.slotOf(from), slots.slotOf(this.#self.id));
  }

  connectedSinceMs(id: bigint): number | null {
    return this.#connectedMs.get(id) ?? null;
  }

  membersChanged(members: readonly MemberRecord[]): void {
    this.#logged = new Set(members.map((m) => m.id).filter((id) => id !== this.#self.id));
    for (const id of [...this.#told]) {
      const isRemoved = this.#self.machine?.isRemoved(id) === true;
      if (this.#logged.has(id) || isRemoved) this.#told.delete(id);
    }
    for (const id of [...this.#connectedMs.keys()]) {
      if (!this.knows(id)) this.#connectedMs.delete(id);
    }
    for (const [id, channel] of [...this.#channels]) {
      if (!this.knows(id)) channel.connection.break();
    }
  }

  channel(id: bigint): Channel | null {
    const target = this.#world.member(id);
    if (target === undefined || !this.#connectedMs.has(id)) return null;
    const present = this.#channels.get(id);
    if (present !== undefined) return present;
    const { links } = this.#world;
    const options = { creditBytes: 256 * 1024, peer: this.#self.host.name, keepsDeadlines: false };
    const channel = new CallConnection(
      links,
      this.#self.host,
      target.host,
      target.handler,
      options,
      () => this.#channels.delete(id),
    );
    this.#channels.set(id, channel);
    return channel;
  }

  /** Time passes: who can be reached now. Runs in the member's process. */
  sweep(): void {
    for (const id of this.#known) {
      const isUp = this.#reaches(id);
      // A removed member that asks for a connection is told, also one that never sends a frame.
      if (this.#isTold(id)) return;
      if (isUp === this.#connectedMs.has(id)) continue;
      if (isUp) this.#connectedMs.set(id, this.#self.host.clock.monotonicMs());
      else this.#connectedMs.delete(id);
      this.#self.replica?.peerState(id, isUp);
    }
  }

  /** A stream on which our state is offered to a member. */
  openSnapshot(to: bigint, events: OutgoingEvents): OutgoingStream {
    const { links } = this.#world;
    const target = this.#world.member(to);
    const { host } = this.#self;
    if (target === undefined || !this.#connectedMs.has(to)) {
      host.scheduler.yieldTo(() => events.closed('not connected'));
      return { send: () => true, close: () => undefined };
    }
    return new SnapshotStream(links, host, target, this.#self.id, events);
  }

  /** Removal is told before anything else is asked, also to one whose directory was wiped. */
  #isTold(id: bigint): boolean {
    const target = this.#world.member(id);
    if (target === undefined || !target.host.isUp || target.host.isPaused) return false;
    return this.#isOpen(target) && target.tellsRemoved(this.#self);
  }

  #reaches(id: bigint): boolean {
    const target = this.#world.member(id);
    if (target === undefined || !target.host.isUp) return false;
    if (!this.#self.trusts(target) || !target.trusts(this.#self)) return false;
    return this.#isOpen(target);
  }

  #isOpen(target: SimMember): boolean {
    const { network } = this.#world.links;
    const { host } = this.#self;
    return !network.isBlocked(host, target.host) && !network.isBlocked(target.host, host);
  }
}

/** Both ends of a snapshot stream. */
class SnapshotStream implements OutgoingStream {
  readonly #connection: Connection;
  readonly #events: OutgoingEvents;
  readonly #sender: Host;
  #receiver: IncomingEvents | null = null;
  #queued = 0;
  #isBehind = false;
  #isClosedHere = false;
  #isClosedThere = false;

  constructor(
    links: ConnectionPorts,
    sender: Host,
    target: SimMember,
    from: bigint,
    events: OutgoingEvents,
  ) {
    this.#events = events;
    this.#sender = sender;
    this.#connection = new Connection(links, sender, target.host, {
      openerClosed: () => this.#closedHere('connection lost'),
      serverClosed: () => this.#closedThere('connection lost'),
    });
    this.#connection.there.send(() => {
      this.#receiver = target.acceptSnapshot(from, this.#incoming());
      if (this.#receiver === null) this.#connection.break();
    });
    this.#connection.back.send(() => undefined);
    sender.after(1, () => {
      if (!this.#isClosedHere) events.opened();
    });
  }

  send(frame: Parameters<OutgoingStream['send']>[0]): boolean {
    if (this.#isClosedHere) return true;
    this.#queued++;
    // Borrowed until return: encoded or copied at once.
    const copy = frame.type === 'snapshot-chunk' ? { ...frame, data: frame.data.slice() } : frame;
    this.#connection.there.send(() => {
      if (!this.#isClosedThere && this.#receiver !== null) {
        if (copy.type === 'snapshot-begin') this.#receiver.begin(copy);
        else if (copy.type === 'snapshot-chunk') this.#receiver.chunk(copy);
        else this.#receiver.end(copy);
      }
      this.#connection.back.send(() => this.#taken());
    });
    this.#isBehind ||= this.#queued >= CHUNKS_QUEUED_MAX;
    return !this.#isBehind;
  }

  close(reason: string): void {
    this.#connection.break();
    this.#closedHere(reason);
  }

  #taken(): void {
    this.#queued--;
    if (!this.#isBehind || this.#queued > 0 || this.#isClosedHere) return;
    this.#isBehind = false;
    this.#events.drained();
  }

  #incoming(): IncomingStream {
    return {
      ack: (frame: SnapshotAckFrame) => {
        assert(frame.type === 'snapshot-ack', 'an answer');
        this.#connection.back.send(() => {
          if (!this.#isClosedHere) this.#events.ack(frame);
        });
      },
      close: (reason) => {
        this.#connection.break();
        this.#closedThere(reason);
      },
    };
  }

  #closedHere(reason: string): void {
    if (this.#isClosedHere) return;
    this.#isClosedHere = true;
    this.#sender.scheduler.yieldTo(() => this.#events.closed(reason));
  }

  #closedThere(reason: string): void {
    if (this.#isClosedThere) return;
    this.#isClosedThere = true;
    this.#receiver?.closed(reason);
  }
}

/** A raft message as a transcript shows it. */
function describe(m: RaftMessage): string {
  const entries = m.entries.length > 0 ? ` ${m.entries.length} entries` : '';
  const snapshot = m.snapshot === null ? '' : ` snapshot ${m.snapshot.index}`;
  const reject = m.reject ? ` reject hint ${m.rejectHint}` : '';
  return `type ${m.type} term ${m.term} log ${m.logTerm}/${m.index} commit ${m.commit}${entries}${snapshot}${reject}`;
}
