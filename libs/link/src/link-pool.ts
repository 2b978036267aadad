/**
 * A gateway's links: one to every member, found from a few URLs given at the start and from what the
 * members themselves tell. Two URLs that lead to the same member make one link; the other URL is
 * parked until that link is lost.
 *
 * Each member tells who there is as far as it has applied the log. A list older than the one before, of
 * whatever member, changes nothing: a member that lags would send us to members of the past.
 *
 * Invariants: `up` and `down` of a link alternate, link ids are never reused, at most one link per
 * member; all links are of one cluster, the first one met.
 */
import { hexId } from '@conclave/base';
import type { Hello, HelloAnswer, MembersFrame } from '@conclave/wire';
import { CallOpener } from './call-opener.js';
import { Dialer, type LinkPorts } from './dialer.js';
import type { FrameSocket, FrameSocketEvents } from './frame-socket.js';
import { LogOnce } from './log-once.js';
import type { LinkOptions } from './options.js';

export interface LinkPoolEvents {
  up(linkId: number, memberId: bigint, channel: CallOpener): void;
  /** Told before the link's calls end. */
  down(linkId: number): void;
  members(linkId: number, frame: MembersFrame): void;
}

export interface LinkPoolPorts extends LinkPorts {
  /** For logs, and for the members' logs. */
  readonly name: string;
  readonly feature: number;
}

interface Target {
  readonly url: string;
  readonly isSeed: boolean;
  dialer: Dialer | null;
  /** The member its link leads to, while it stands; or that it is parked for. */
  memberId: bigint;
}

const TARGETS_MAX = 256;

export class LinkPool {
  readonly #options: LinkOptions;
  readonly #ports: LinkPoolPorts;
  readonly #events: LinkPoolEvents;
  readonly #targets = new Map<string, Target>();
  readonly #linked = new Set<bigint>();
  readonly #logOnce: LogOnce;
  /** Links over which was told of when a list is: all but those of older builds. */
  readonly #dated = new Set<number>();
  /** Of when the newest list is. Invariant: never falls. */
  #toldTerm = 0;
  #toldIndex = 0;
  #clusterId = 0n;
  #nextLinkId = 1;
  #closed = false;

  /** `seeds`: peer URLs of some members; they are kept for ever. */
  constructor(
    options: LinkOptions,
    ports: LinkPoolPorts,
    seeds: readonly string[],
    events: LinkPoolEvents,
  ) {
    this.#options = options;
    this.#ports = ports;
    this.#events = events;
    this.#logOnce = new LogOnce(ports.probe);
    for (const url of seeds) this.#add(url, true);
  }

  /** 0n before the first link. */
  get clusterId(): bigint {
    return this.#clusterId;
  }

  get links(): number {
    return this.#linked.size;
  }

  /** Further URLs that may lead to members; forgotten once members tell that they do not. */
  suggest(urls: readonly string[]): void {
    for (const url of urls) this.#add(url, false);
  }

  #add(url: string, isSeed: boolean): void {
    if (this.#closed || this.#targets.has(url) || this.#targets.size >= TARGETS_MAX) return;
    const target: Target = { url, isSeed, dialer: null, memberId: 0n };
    this.#targets.set(url, target);
    this.#dial(target);
  }

  #dial(target: Target): void {
    target.memberId = 0n;
    target.dialer = new Dialer(
      this.#options,
      this.#ports,
      {
        label: target.url,
        path: '/link',
        payloadBytesMax: this.#options.payloadBytesMax,
        hello: () => this.#hello(),
      },
      [target.url],
      {
        up: (socket, answer) => this.#up(target, socket, answer),
        refused() {},
        failed() {},
      },
    );
  }

  #hello(): Hello {
    const { name, feature } = this.#ports;
    const ids = { clusterId: this.#clusterId, from: 0n, to: 0n, incarnation: 0n, session: 0n };
    return { type: 'hello', role: 'gateway', ...ids, feature, name, peerURLs: [] };
  }

  #up(target: Target, socket: FrameSocket, answer: HelloAnswer): FrameSocketEvents | string {
    const { memberId, clusterId } = answer;
    if (this.#clusterId === 0n) this.#clusterId = clusterId;
    if (clusterId !== this.#clusterId) {
      const error = `${target.url} is of cluster ${hexId(clusterId)}`;
      this.#logOnce.log(error, 'warn', 'link to another cluster', { error });
      return error;
    }
    if (this.#linked.has(memberId)) {
      this.#park(target, memberId);
      return 'this member is linked already';
    }
    this.#linked.add(memberId);
    target.memberId = memberId;
    const linkId = this.#nextLinkId++;
    this.#ports.probe.log('info', 'linked to member', {
      'member-id': hexId(memberId),
      name: answer.name,
      url: target.url,
    });
    const opener = new CallOpener(socket, this.#options, {
      members: (frame) => {
        const isNews = this.#isNews(linkId, frame);
        if (isNews) this.#learn(frame);
        this.#events.members(linkId, isNews ? frame : { ...frame, members: [] });
      },
      closed: (reason) => {
        this.#linked.delete(memberId);
        this.#dated.delete(linkId);
        target.memberId = 0n;
        this.#ports.probe.log(this.#closed ? 'info' : 'warn', 'link to member lost', {
          'member-id': hexId(memberId),
          url: target.url,
          error: reason,
        });
        this.#events.down(linkId);
        this.#unpark(memberId);
      },
    });
    this.#events.up(linkId, memberId, opener);
    return opener;
  }

  #park(target: Target, memberId: bigint): void {
    const dialer = target.dialer;
    target.dialer = null;
    target.memberId = memberId;
    // Later: we are inside the dialer's call.
    queueMicrotask(() => dialer?.close('parked'));
  }

  #unpark(memberId: bigint): void {
    for (const target of this.#targets.values()) {
      if (target.dialer === null && target.memberId === memberId) this.#dial(target);
    }
  }

  /**
   * There is a list, not older than the newest one: an empty one says that nothing changed. One of an older
   * build, which does not say of when it is, counts while nobody linked says: in a rolling upgrade those
   * that do are believed.
   */
  #isNews(linkId: number, { appliedTerm, appliedIndex, members }: MembersFrame): boolean {
    if (appliedIndex > 0) this.#dated.add(linkId);
    if (members.length === 0) return false;
    if (appliedIndex === 0) return this.#dated.size === 0;
    if (appliedTerm < this.#toldTerm) return false;
    if (appliedTerm === this.#toldTerm && appliedIndex < this.#toldIndex) return false;
    this.#toldTerm = appliedTerm;
    this.#toldIndex = appliedIndex;
    return true;
  }

  #learn(frame: MembersFrame): void {
    const told = new Set<string>();
    for (const member of frame.members) for (const url of member.linkUrls) told.add(url);
    for (const [url, target] of this.#targets) {
      if (target.isSeed || told.has(url)) continue;
      this.#targets.delete(url);
      const { dialer } = target;
      queueMicrotask(() => dialer?.close('no member is reached there any more'));
    }
    for (const url of told) this.#add(url, false);
  }

  close(reason: string): void {
    this.#closed = true;
    for (const target of this.#targets.values()) target.dialer?.close(reason);
    this.#targets.clear();
  }
}
