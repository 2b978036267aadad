/**
 * Judges what clients were told against what the watches showed, by revisions: every etcd answer
 * carries the revision it was given at. With honest revisions this is strict serializability, at any
 * length of history:
 *
 * - the watches agree on every revision, and each one makes sense on top of the one before;
 * - an answer is what the store held at the answer's revision;
 * - real time: a read is not older than anything shown before it was asked; a write comes after it;
 * - a write happens once at most, and exactly once, where the answer said, if it was acknowledged;
 * - a lease's key goes no earlier than the last acknowledged keepalive plus its TTL.
 *
 * Writes say who they are: a value ends with `#tag`, and a tag is used once.
 */
export interface SeenEvent {
  readonly key: string;
  /** Null: deleted. */
  readonly value: string | null;
  readonly version: number;
  readonly createRevision: number;
}

export interface SeenKey {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly createRevision: number;
  readonly modRevision: number;
}

/** What was known when something was asked. */
export interface Asked {
  /** The highest revision that anybody had been shown. */
  readonly seen: number;
  readonly what: string;
}

interface History {
  readonly revisions: number[];
  readonly values: (string | null)[];
  readonly versions: number[];
  readonly creates: number[];
}

type Pending =
  | { readonly type: 'write'; readonly asked: Asked; readonly tag: number; readonly at: number }
  | {
      readonly type: 'delete';
      readonly asked: Asked;
      readonly key: string;
      readonly at: number;
      readonly before: SeenKey;
    }
  | {
      readonly type: 'read';
      readonly asked: Asked;
      readonly keys: readonly string[];
      readonly at: number;
      readonly found: readonly SeenKey[];
    };

const FAULTS_MAX = 50;
export const COUNTER_PREFIX = 'counter/';
export const LEASE_PREFIX = 'lease/';
/** Two keys that are always written together. */
export const PAIR: readonly string[] = ['pair/x', 'pair/y'];

export class HistoryJudge {
  readonly faults: string[] = [];
  /** Of the watches: all revisions up to here are known. */
  head: number;
  /** The highest revision anybody was shown. */
  seen: number;
  writes = 0;
  reads = 0;
  unknown = 0;
  leasesKept = 0;
  /** Of its TTL, what a lease must live: less than 1 where a fault lets clocks run fast. */
  leaseShare = 1;
  readonly #histories = new Map<string, History>();
  readonly #digests: number[] = [];
  readonly #firstRevision: number;
  /** By tag: where it was applied (0: nowhere), and what had been seen when it was asked. */
  readonly #appliedAt: number[] = [];
  readonly #askedSeen: number[] = [];
  readonly #deletedAt = new Set<number>();
  readonly #leases = new Map<string, { untilMs: number; revoked: boolean }>();
  #pending: Pending[] = [];

  /** Judges what comes behind `revision`, when the store was empty of the load's keys. */
  constructor(revision: number) {
    this.head = revision;
    this.seen = revision;
    this.#firstRevision = revision + 1;
  }

  ask(what: string): Asked {
    return { seen: this.seen, what };
  }

  /** A new tag for a write that is asked now. */
  tag(asked: Asked): number {
    this.#askedSeen.push(asked.seen);
    return this.#appliedAt.push(0) - 1;
  }

  wrote(asked: Asked, tag: number, revision: number): void {
    this.writes++;
    this.#show(revision);
    this.#pending.push({ type: 'write', asked, tag, at: revision });
  }

  deleted(asked: Asked, key: string, revision: number, before: SeenKey): void {
    this.writes++;
    this.#show(revision);
    if (revision <= asked.seen) this.#fault(`${asked.what}: at ${revision}, seen ${asked.seen}`);
    this.#pending.push({ type: 'delete', asked, key, at: revision, before });
  }

  /**
   * `keys` were read at revision `at`, and `found` was there. `header`: the store's revision by the answer.
   * `stale`: a serializable read, which may be old but not wrong.
   */
  read(
    asked: Asked,
    keys: readonly string[],
    answer: { readonly header: number; readonly at: number; readonly found: readonly SeenKey[] },
    stale: boolean,
  ): void {
    this.reads++;
    const { header, at, found } = answer;
    if (!stale && header < asked.seen) {
      this.#fault(`stale: ${asked.what} answers revision ${header}, seen before ${asked.seen}`);
    }
    this.#show(header);
    this.#pending.push({ type: 'read', asked, keys, at, found });
  }

  /** A linearizable read at `at`, which had been seen before, was told that it is yet to come. */
  future(asked: Asked, at: number): void {
    this.#fault(`stale: ${asked.what} at ${at} is told that is to come; ${asked.seen} was seen`);
  }

  /** The lease of this key lives `ttl` seconds from `sentMs` on at least. */
  kept(key: string, sentMs: number, ttl: number): void {
    this.leasesKept++;
    const untilMs = sentMs + ttl * 1_000 * this.leaseShare;
    const lease = this.#leases.get(key);
    if (lease === undefined) this.#leases.set(key, { untilMs, revoked: false });
    else lease.untilMs = Math.max(lease.untilMs, untilMs);
  }

  revoked(key: string): void {
    this.#leases.set(key, { untilMs: 0, revoked: true });
  }

  /** All events of one revision, by one watch; `name` is the watch's. */
  events(name: string, revision: number, events: readonly SeenEvent[], nowMs: number): void {
    this.#show(revision);
    const digest = digestOf(events);
    if (revision <= this.head) {
      if (this.#digests[revision - this.#firstRevision] !== digest) {
        this.#fault(`the watch ${name} shows other events at ${revision} than another watch`);
      }
      return;
    }
    if (revision !== this.head + 1) {
      this.#fault(`the watch ${name} shows ${revision} after ${this.head}`);
    }
    this.head = revision;
    this.#digests[revision - this.#firstRevision] = digest;
    const tags = new Set<number>();
    for (const event of events) this.#ingest(revision, event, tags, nowMs);
    this.#judgePair(revision, events);
  }

  #ingest(revision: number, event: SeenEvent, tags: Set<number>, nowMs: number): void {
    const { key, value } = event;
    const at = `${key} at ${revision}`;
    let history = this.#histories.get(key);
    if (history === undefined) {
      history = { revisions: [], values: [], versions: [], creates: [] };
      this.#histories.set(key, history);
    }
    const last = history.values.length - 1;
    const before = history.values[last] ?? null;
    if (history.revisions[last] === revision) this.#fault(`${at} is written twice`);
    const version = value === null ? 0 : before === null ? 1 : (history.versions[last] ?? 0) + 1;
    const create = value === null ? 0 : before === null ? revision : (history.creates[last] ?? 0);
    if (value === null && before === null) this.#fault(`${at} is deleted, but was not there`);
    if (value !== null && (event.version !== version || event.createRevision !== create)) {
      this.#fault(`${at}: version ${event.version} of ${event.createRevision}, not ${version}`);
    }
    history.revisions.push(revision);
    history.values.push(value);
    history.versions.push(version);
    history.creates.push(create);
    if (value !== null) this.#applied(revision, key, value, tags);
    if (value !== null && key.startsWith(COUNTER_PREFIX)) {
      const counted = before === null ? 0 : Number.parseInt(before, 10);
      if (Number.parseInt(value, 10) !== counted + 1) this.#fault(`${at}: ${before} -> ${value}`);
    }
    if (value === null && key.startsWith(LEASE_PREFIX)) this.#expired(key, nowMs);
  }

  #applied(revision: number, key: string, value: string, tags: Set<number>): void {
    const tag = Number(value.slice(value.indexOf('#') + 1));
    if (!(tag < this.#appliedAt.length)) {
      this.#fault(`${key} at ${revision} has a value that nobody wrote: ${value}`);
      return;
    }
    const earlier = this.#appliedAt[tag] as number;
    if (earlier !== 0 && !tags.has(tag)) {
      this.#fault(`write #${tag} of ${key} was applied at ${earlier} and again at ${revision}`);
    }
    tags.add(tag);
    this.#appliedAt[tag] = revision;
    const seen = this.#askedSeen[tag] as number;
    if (revision <= seen) {
      this.#fault(
        `write #${tag} of ${key} is at ${revision}; ${seen} was seen before it was asked`,
      );
    }
  }

  #expired(key: string, nowMs: number): void {
    const lease = this.#leases.get(key);
    if (lease === undefined || lease.revoked || nowMs >= lease.untilMs) return;
    const early = Math.round(lease.untilMs - nowMs);
    this.#fault(`${key} expired ${early} ms before its last acknowledged keepalive allows`);
  }

  #judgePair(revision: number, events: readonly SeenEvent[]): void {
    const written = PAIR.map((key) => events.find((event) => event.key === key)?.value);
    if (written[0] !== written[1]) {
      this.#fault(`a transaction is torn at ${revision}: ${written.join(' and ')}`);
    }
  }

  /** Judges all answers up to `head`; `complete`: there must be no other. */
  settle(complete: boolean): void {
    const later: Pending[] = [];
    for (const one of this.#pending) {
      if (one.at > this.head) later.push(one);
      else this.#judge(one);
    }
    this.#pending = later;
    const [ahead] = later;
    if (complete && ahead !== undefined) {
      this.#fault(
        `${ahead.asked.what} answers revision ${ahead.at}; the watches end at ${this.head}`,
      );
    }
  }

  #judge(one: Pending): void {
    const { asked } = one;
    switch (one.type) {
      case 'write': {
        const applied = this.#appliedAt[one.tag];
        if (applied !== one.at) {
          const found = applied === 0 ? 'is lost' : `is at ${applied}`;
          this.#fault(`${asked.what} (#${one.tag}) was acknowledged at ${one.at}, but ${found}`);
        }
        return;
      }
      case 'delete': {
        if (this.#deletedAt.has(one.at)) this.#fault(`two deletions are acknowledged at ${one.at}`);
        this.#deletedAt.add(one.at);
        const history = this.#histories.get(one.key);
        const i = history === undefined ? -1 : indexAt(history.revisions, one.at);
        if (history?.revisions[i] !== one.at || history.values[i] !== null) {
          this.#fault(`${asked.what} was acknowledged at ${one.at}, but is lost`);
        }
        this.#judgeKey(asked.what, one.key, one.at - 1, one.before);
        return;
      }
      case 'read':
        for (const key of one.keys) {
          const found = one.found.find((kv) => kv.key === key);
          this.#judgeKey(asked.what, key, one.at, found);
        }
        if (one.found.some((kv) => !one.keys.includes(kv.key))) {
          this.#fault(`${asked.what} found a key that was not asked for`);
        }
    }
  }

  #judgeKey(what: string, key: string, at: number, found: SeenKey | undefined): void {
    const history = this.#histories.get(key);
    const i = history === undefined ? -1 : indexAt(history.revisions, at);
    const value = history?.values[i] ?? null;
    if (value === null || history === undefined) {
      if (found !== undefined) this.#fault(`${what} found ${key} at ${at}, where it is not`);
      return;
    }
    const right =
      found?.value === value &&
      found.modRevision === history.revisions[i] &&
      found.version === history.versions[i] &&
      found.createRevision === history.creates[i];
    if (!right) {
      const shown = found === undefined ? 'nothing' : `${found.value} of ${found.modRevision}`;
      this.#fault(`${what} found ${shown} for ${key} at ${at}; it was ${value}`);
    }
  }

  /** Keys alive at the head, by prefix. */
  alive(prefix: string): string[] {
    return [...this.#histories]
      .filter(([key, history]) => key.startsWith(prefix) && history.values.at(-1) != null)
      .map(([key]) => key);
  }

  /** The number a counter shows at the head. */
  counter(key: string): number {
    return Number.parseInt(this.#histories.get(key)?.values.at(-1) ?? '0', 10);
  }

  #show(revision: number): void {
    if (revision > this.seen) this.seen = revision;
  }

  #fault(text: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push(text);
  }
}

/** Index of the last of the rising `revisions` that is not above `at`; -1: none. */
function indexAt(revisions: readonly number[], at: number): number {
  let lo = 0;
  let hi = revisions.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if ((revisions[mid] as number) <= at) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}

/** FNV-1a over all there is to an event. */
function digestOf(events: readonly SeenEvent[]): number {
  let hash = 0x811c9dc5;
  for (const { key, value, version, createRevision } of events) {
    const text = `${key}=${value ?? '\u0000'};${version};${createRevision}|`;
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
    }
  }
  return hash;
}
