/**
 * A connection between two processes: a pipe each way, and an end that both sides learn of in their own
 * time. It ends when a side closes it, when a process dies, when a direction is blocked for too
 * long (neither side hears the other's beats), or when a fault resets it.
 */
import type { Host } from './host.js';
import { type Network, Pipe } from './network.js';
import type { Timeline } from './timeline.js';

export interface ConnectionPorts {
  readonly network: Network;
  readonly timeline: Timeline;
  readonly connections: Set<Connection>;
}

export interface ConnectionEnds {
  /** The opener's process is told that the connection is gone. */
  openerClosed(): void;
  serverClosed(): void;
}

/** Without a sign of the other side for so long, a connection is given up. */
const SILENCE_MS = 3_000;

export class Connection {
  readonly opener: Host;
  readonly server: Host;
  readonly there: Pipe;
  readonly back: Pipe;
  readonly #ports: ConnectionPorts;
  readonly #ends: ConnectionEnds;
  readonly #openerLife: number;
  readonly #serverLife: number;
  readonly #stopListening: () => void;
  #isOpen = true;
  #blockedSinceMs = -1;

  constructor(ports: ConnectionPorts, opener: Host, server: Host, ends: ConnectionEnds) {
    this.#ports = ports;
    this.opener = opener;
    this.server = server;
    this.#openerLife = opener.life;
    this.#serverLife = server.life;
    this.#ends = ends;
    this.there = new Pipe(ports.network, ports.timeline, opener, server);
    this.back = new Pipe(ports.network, ports.timeline, server, opener);
    this.#stopListening = ports.network.onOpen(() => {
      this.there.pump();
      this.back.pump();
    });
    ports.connections.add(this);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Looks after the connection; the world calls it every few hundred milliseconds. */
  sweep(): void {
    if (!this.#isOpen) return;
    const { network, timeline } = this.#ports;
    const isDead = this.opener.life !== this.#openerLife || this.server.life !== this.#serverLife;
    const there = network.isBlocked(this.opener, this.server);
    const isBlocked = there || network.isBlocked(this.server, this.opener);
    if (isDead && !isBlocked) return this.break();
    if (!isBlocked) {
      this.#blockedSinceMs = -1;
      return;
    }
    if (this.#blockedSinceMs < 0) this.#blockedSinceMs = timeline.nowMs;
    if (timeline.nowMs - this.#blockedSinceMs >= SILENCE_MS) this.break();
  }

  /** The connection is gone; what is under way in either direction is lost. */
  break(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stopListening();
    this.there.close();
    this.back.close();
    const { timeline, network, connections } = this.#ports;
    connections.delete(this);
    timeline.after(network.latencyMs(), () => {
      this.opener.deliver(this.#openerLife, () => this.#ends.openerClosed());
    });
    timeline.after(network.latencyMs(), () => {
      this.server.deliver(this.#serverLife, () => this.#ends.serverClosed());
    });
  }
}
