/**
 * Which members can be reached, what they last said of themselves, and who should get a call.
 *
 * A link is `good` when its member was heard of lately and knows a leader. Members report every few
 * hundred milliseconds (the report is the heartbeat), so one that lost its quorum says so, and one
 * that is cut off falls silent. Nothing here waits: time comes in with `tick`.
 *
 * Pause-aware: when our own loop stood still, silence during that time is nobody's fault, so the
 * gap is added to every `heardMs`.
 */
import { type Channel, assert } from '@conclave/base';
import type { RouterOptions } from './options.js';
import type { Target } from './methods.js';

/** One member of the cluster, as members tell it. */
export interface MemberInfo {
  readonly id: bigint;
  readonly name: string;
  /** Where gateways reach it. */
  readonly urls: readonly string[];
  readonly learner: boolean;
}

/** What a member says of itself and the cluster. */
export interface MemberReport {
  /** 0n: it knows no leader now. */
  readonly leaderId: bigint;
  readonly term: number;
  /** Empty: unchanged since the report before. */
  readonly members: readonly MemberInfo[];
}

export interface MemberLink {
  /** Names this connection, unique over the life of the router. */
  readonly linkId: number;
  readonly memberId: bigint;
  readonly channel: Channel;
}

/** Something that uses a link and can move to another one. */
export interface LinkUser {
  /** The link in use is no longer good: move if there is a better one. */
  reconsider(): void;
}

export interface LinkEntry extends MemberLink {
  heardMs: number;
  leaderId: bigint;
  term: number;
  learner: boolean;
  /** Since when it has known no leader; -1 when it knows one. */
  leaderlessMs: number;
  readonly users: Set<LinkUser>;
}

export class MemberTable {
  readonly #options: RouterOptions;
  readonly #links = new Map<number, LinkEntry>();
  readonly #learners = new Set<bigint>();
  #round = 0;
  /** Since when no link is good; -1 when one is. */
  #noLeaderSinceMs: number;
  #noLinkSinceMs: number;

  constructor(options: RouterOptions, nowMs: number) {
    this.#options = options;
    this.#noLeaderSinceMs = nowMs;
    this.#noLinkSinceMs = nowMs;
  }

  get linkCount(): number {
    return this.#links.size;
  }

  up(link: MemberLink, nowMs: number): void {
    assert(!this.#links.has(link.linkId), 'MemberTable: a link comes up once');
    this.#links.set(link.linkId, {
      linkId: link.linkId,
      memberId: link.memberId,
      channel: link.channel,
      heardMs: nowMs,
      leaderId: 0n,
      term: 0,
      learner: this.#learners.has(link.memberId),
      leaderlessMs: nowMs,
      users: new Set(),
    });
    this.#noLinkSinceMs = -1;
  }

  /** The entry is gone at once, so that no call picks it again; its channel ends its calls. */
  down(linkId: number, nowMs: number): void {
    this.#links.delete(linkId);
    if (this.#links.size === 0) this.#noLinkSinceMs = nowMs;
    this.#watchLeader(nowMs);
  }

  /** True when something a waiting call cares about changed. */
  report(linkId: number, report: MemberReport, nowMs: number): boolean {
    const entry = this.#links.get(linkId);
    if (entry === undefined) return false;
    const before = this.#isGood(entry, nowMs);
    const changed = entry.leaderId !== report.leaderId;
    entry.heardMs = nowMs;
    entry.term = report.term;
    entry.leaderId = report.leaderId;
    if (report.leaderId !== 0n) entry.leaderlessMs = -1;
    else if (entry.leaderlessMs < 0) entry.leaderlessMs = nowMs;
    if (report.members.length > 0) this.#learn(report.members);
    this.#watchLeader(nowMs);
    return changed || before !== this.#isGood(entry, nowMs);
  }

  #learn(members: readonly MemberInfo[]): void {
    this.#learners.clear();
    for (const m of members) if (m.learner) this.#learners.add(m.id);
    for (const e of this.#links.values()) e.learner = this.#learners.has(e.memberId);
  }

  #watchLeader(nowMs: number): void {
    for (const e of this.#links.values()) {
      if (this.#isGood(e, nowMs)) {
        this.#noLeaderSinceMs = -1;
        return;
      }
    }
    if (this.#noLeaderSinceMs < 0) this.#noLeaderSinceMs = nowMs;
  }

  /** `gapMs`: how much longer than one tick our own loop stood still. */
  tick(nowMs: number, gapMs: number): void {
    if (gapMs > 0) {
      for (const e of this.#links.values()) {
        e.heardMs += gapMs;
        if (e.leaderlessMs >= 0) e.leaderlessMs += gapMs;
      }
      if (this.#noLeaderSinceMs >= 0) this.#noLeaderSinceMs += gapMs;
      if (this.#noLinkSinceMs >= 0) this.#noLinkSinceMs += gapMs;
    }
    this.#watchLeader(nowMs);
  }

  /** Users of links that should be left, if there is a better link. Copied: users move meanwhile. */
  suspectUsers(nowMs: number): LinkUser[] {
    const out: LinkUser[] = [];
    for (const e of this.#links.values()) {
      if (this.isSuspect(e, nowMs)) for (const user of e.users) out.push(user);
    }
    return out;
  }

  isSuspect(entry: LinkEntry, nowMs: number): boolean {
    if (nowMs - entry.heardMs > this.#options.silentMs) return true;
    return entry.leaderlessMs >= 0 && nowMs - entry.leaderlessMs >= this.#options.leaderlessMs;
  }

  #isGood(entry: LinkEntry, nowMs: number): boolean {
    return entry.leaderId !== 0n && nowMs - entry.heardMs <= this.#options.silentMs;
  }

  isGood(entry: LinkEntry, nowMs: number): boolean {
    return this.#isGood(entry, nowMs);
  }

  hasGood(): boolean {
    return this.#noLeaderSinceMs < 0;
  }

  /** How long no reachable member has known a leader; 0 when one does. */
  noLeaderForMs(nowMs: number): number {
    return this.#noLeaderSinceMs < 0 ? 0 : nowMs - this.#noLeaderSinceMs;
  }

  /** How long no member has been reachable at all; 0 when one is. */
  noLinkForMs(nowMs: number): number {
    return this.#noLinkSinceMs < 0 ? 0 : nowMs - this.#noLinkSinceMs;
  }

  /**
   * The link for a call, or null when it should wait. `avoid` (a link id, -1 for none) is taken only
   * if it is the last good one.
   */
  pick(target: Target, avoid: number, nowMs: number): LinkEntry | null {
    if (target === 'leader') {
      const leader = this.#leader(nowMs);
      if (leader !== null && leader.linkId !== avoid) return leader;
    }
    return this.#pickRound(avoid, nowMs, true) ?? this.#pickLast(target, avoid, nowMs);
  }

  /** The link of the leader that the highest term names; null when it is not reachable. */
  #leader(nowMs: number): LinkEntry | null {
    let term = -1;
    let leaderId = 0n;
    for (const e of this.#links.values()) {
      if (this.#isGood(e, nowMs) && e.term > term) {
        term = e.term;
        leaderId = e.leaderId;
      }
    }
    if (leaderId === 0n) return null;
    for (const e of this.#links.values()) {
      if (e.memberId === leaderId && this.#isGood(e, nowMs)) return e;
    }
    return null;
  }

  /** The next link in turn; `good`: only good ones, else any that was heard of lately. */
  #pickRound(avoid: number, nowMs: number, good: boolean): LinkEntry | null {
    const n = this.#links.size;
    if (n === 0) return null;
    const start = this.#round++ % n;
    let found: LinkEntry | null = null;
    let at = 0;
    for (const e of this.#links.values()) {
      const here = at++;
      if (e.linkId === avoid || e.learner) continue;
      if (good ? !this.#isGood(e, nowMs) : nowMs - e.heardMs > this.#options.silentMs) continue;
      if (here >= start) return e;
      found ??= e;
    }
    return found;
  }

  #pickLast(target: Target, avoid: number, nowMs: number): LinkEntry | null {
    const avoided = this.#links.get(avoid);
    if (avoided !== undefined && this.#isGood(avoided, nowMs)) return avoided;
    return target === 'any' ? this.#pickRound(-1, nowMs, false) : null;
  }
}
