/**
 * Who this member may talk to, from two sources. *The log* says who is a member as of what was applied
 * here. *Others* may say more: a member that joins or was away replays a log that is older than the
 * cluster, and the one that leads now may come up in it late, or in a snapshot from that very leader.
 * Whoever took only the log's word would refuse the leader, and never learn (thesis 4.1: a server
 * accepts entries from a leader that is not in its configuration).
 *
 * Invariants: the log's word about a member stands above the others'; an id that the log says is removed is
 * never known again; we are not among our peers.
 */

/** A member as first told, by flags or by another member, before the log knows it. */
export interface KnownPeer {
  readonly id: bigint;
  readonly name: string;
  readonly peerURLs: readonly string[];
}

/** Far more than a cluster has: a bound for what others may say. */
const TOLD_MAX = 100;

export class KnownPeers {
  readonly #self: bigint;
  readonly #isRemoved: (id: bigint) => boolean;
  #logged = new Map<bigint, KnownPeer>();
  #told = new Map<bigint, KnownPeer>();

  constructor(self: bigint, isRemoved: (id: bigint) => boolean) {
    this.#self = self;
    this.#isRemoved = isRemoved;
  }

  /** A new array. */
  get all(): readonly KnownPeer[] {
    return [...this.#logged.values(), ...this.#told.values()];
  }

  get(id: bigint): KnownPeer | undefined {
    return this.#logged.get(id) ?? this.#told.get(id);
  }

  /** The members by the log, after each change of them; empty while it does not know any. */
  logSays(members: readonly KnownPeer[]): void {
    this.#logged = new Map();
    for (const member of members) {
      if (member.id !== this.#self) this.#logged.set(member.id, member);
    }
    for (const id of this.#told.keys()) {
      if (this.#logged.has(id) || this.#isRemoved(id)) this.#told.delete(id);
    }
  }

  /** The members by another one's word. True: that was news. */
  othersSay(members: readonly KnownPeer[]): boolean {
    let news = false;
    for (const member of members) {
      const { id } = member;
      if (id === 0n || id === this.#self || this.get(id) || this.#isRemoved(id)) continue;
      if (this.#told.size >= TOLD_MAX) break;
      this.#told.set(id, member);
      news = true;
    }
    return news;
  }
}
