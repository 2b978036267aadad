/**
 * A gateway: the real router, links to the members it knows, and clients in front. It keeps nothing over
 * the death of its process.
 */
import {
  type CallHandler,
  NO_PROBE,
  type Random,
  type ServerCall,
  type ServerCallEvents,
  Status,
} from '@conclave/base';
import { DEFAULT_ROUTER_OPTIONS, type MemberReport, Router } from '@conclave/client';
import { CallConnection } from './call-connection.js';
import type { ConnectionPorts } from './connection.js';
import { Host, type HostPorts } from './host.js';
import type { SimMember } from './member.js';

export interface GatewayWorld {
  readonly hostPorts: HostPorts;
  readonly links: ConnectionPorts;
  readonly electionMs: number;
  /** Credit of one call on a link. */
  readonly linkCreditBytes: number;
  member(id: bigint): SimMember | undefined;
  /** Members that a gateway started now is told of on its command line. */
  endpoints(): readonly bigint[];
}

/** Something clients connect to: a gateway, or a member's own edge. */
export interface Endpoint {
  readonly host: Host;
  readonly handler: CallHandler;
  readonly isServing: boolean;
}

interface Link {
  readonly linkId: number;
  readonly member: SimMember;
  readonly calls: CallConnection;
}

const DIAL_MS = 200;
const REPORT_MS = 250;

export class SimGateway implements Endpoint {
  readonly host: Host;
  readonly handler: CallHandler;
  readonly #world: GatewayWorld;
  readonly #random: Random;
  #endpoints: readonly bigint[] = [];
  readonly #links = new Map<bigint, Link>();
  #known = new Set<bigint>();
  #router: Router | null = null;
  #nextLinkId = 1;

  constructor(world: GatewayWorld, number: number, driftPpm: number, random: Random) {
    this.#world = world;
    this.#random = random;
    this.host = new Host(`g${number}`, driftPpm, world.hostPorts);
    this.handler = {
      open: (call) => {
        if (this.#router === null) return refuse(call);
        return this.#router.open(call);
      },
    };
  }

  get isServing(): boolean {
    return this.#router !== null;
  }

  get openCalls(): number {
    return this.#router?.openCalls ?? 0;
  }

  start(): void {
    if (this.host.isUp) return;
    this.host.start();
    const { electionMs } = this.#world;
    const options = {
      ...DEFAULT_ROUTER_OPTIONS,
      electionTimeoutMs: electionMs,
      requestTimeoutMs: 5_000 + 2 * electionMs,
      idleProgressMs: 3_000,
    };
    const random = this.#random.fork();
    const { clock } = this.host;
    const router = new Router(options, { clock, random, probe: NO_PROBE });
    this.#router = router;
    this.#endpoints = this.#world.endpoints();
    this.#known = new Set(this.#endpoints);
    this.host.every(options.tickMs, () => router.tick());
    this.host.every(DIAL_MS, () => this.#dial());
    this.#dial();
  }

  crash(): void {
    this.host.kill();
    this.#router = null;
    this.#links.clear();
  }

  /** True if it knows one of these, so that it can hear of the others. */
  knowsOneOf(ids: readonly bigint[]): boolean {
    return ids.some((id) => this.#known.has(id) || this.#endpoints.includes(id));
  }

  /** A member has something new to say of itself; runs in the member's process. */
  report(member: SimMember): void {
    const link = this.#links.get(member.id);
    if (link !== undefined) this.#sendReport(link);
  }

  #dial(): void {
    const { network, timeline } = this.#world.links;
    for (const id of [...this.#known, ...this.#endpoints]) {
      const member = this.#world.member(id);
      if (member === undefined || this.#links.has(id) || !member.host.isUp) continue;
      if (member.host.isPaused || member.replica === null) continue;
      const isBlocked =
        network.isBlocked(this.host, member.host) || network.isBlocked(member.host, this.host);
      if (isBlocked) continue;
      const linkId = this.#nextLinkId++;
      const calls = new CallConnection(
        this.#world.links,
        this.host,
        member.host,
        member.handler,
        {
          creditBytes: this.#world.linkCreditBytes,
          peer: this.host.name,
          keepsDeadlines: false,
        },
        () => this.#down(linkId, id),
      );
      const link = { linkId, member, calls };
      this.#links.set(id, link);
      this.#router?.linkUp({ linkId, memberId: id, channel: calls });
      const memberLife = member.host.life;
      const beat = (): void => {
        if (!calls.connection.isOpen || member.host.life !== memberLife) return;
        timeline.after(REPORT_MS, beat);
        // A member that stands still says nothing, and has said nothing when it goes on.
        if (!member.host.isPaused) member.host.deliver(memberLife, () => this.#sendReport(link));
      };
      beat();
    }
  }

  #down(linkId: number, id: bigint): void {
    if (this.#links.get(id)?.linkId === linkId) this.#links.delete(id);
    this.#router?.linkDown(linkId);
  }

  #sendReport({ member, calls, linkId }: Link): void {
    const { replica } = member;
    if (replica === null) return;
    const members = replica.machine.members.map((m) => ({
      id: m.id,
      name: m.name,
      urls: m.peerURLs,
      learner: m.isLearner,
    }));
    const report: MemberReport = { leaderId: replica.leaderId, term: replica.term, members };
    calls.connection.back.send(() => {
      if (members.length > 0) this.#known = new Set(members.map((m) => m.id));
      this.#router?.memberReport(linkId, report);
    });
  }
}

const NO_EVENTS: ServerCallEvents = Object.freeze({
  message: () => undefined,
  halfClosed: () => undefined,
  cancelled: () => undefined,
  drained: () => undefined,
});

function refuse(call: ServerCall): ServerCallEvents {
  call.end(Status.UNAVAILABLE, 'connection refused');
  return NO_EVENTS;
}
