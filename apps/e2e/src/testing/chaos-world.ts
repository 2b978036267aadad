/**
 * A cluster under judged load. Faults are injected from outside; `settle` asks, once they are healed,
 * that everybody is back, that writes go through, and that nothing anybody was told is wrong.
 */
import type { Random } from '@conclave/base';
import { ChaosCluster, type ChaosClusterOptions, type ChaosMember } from './chaos-cluster.js';
import { LeaseKeeper, RecordedClient } from './chaos-load.js';
import { JudgedWatch } from './chaos-watch.js';
import { COUNTER_PREFIX, HistoryJudge, LEASE_PREFIX } from './judges-history.js';
import { until } from './process.js';
import { RawClient } from './raw-client.js';

const WRITES_BACK_MS = 20_000;
const HEAD_MS = 30_000;
const LEASES_GONE_MS = 40_000;
const HASHES_MS = 20_000;
const COMPACT_MS = 3_000;
/** Revisions kept behind the slowest watch. */
const COMPACT_BEHIND = 500;
const ACKS_MAX = 100_000;

export interface ChaosTotals {
  readonly writes: number;
  readonly reads: number;
  readonly keepalives: number;
  readonly revision: number;
  readonly errors: ReadonlyMap<string, number>;
}

export class ChaosWorld {
  readonly cluster: ChaosCluster;
  readonly judge: HistoryJudge;
  readonly random: Random;
  readonly watches: JudgedWatch[];
  /** From the fault to the first acknowledged write that was asked after it, by kind of victim. */
  readonly gapsMs = new Map<string, number[]>();
  /** What a fault wants to be told of at the end. */
  readonly notes: string[] = [];
  /** Also of those that left: their counts are judged at the end. */
  readonly #clients: RecordedClient[];
  readonly #keepers: readonly LeaseKeeper[];
  readonly #readers: RawClient[];
  readonly #onAck: (startMs: number, endMs: number) => void;
  readonly #compactor: NodeJS.Timeout;
  #acks: { readonly startMs: number; readonly endMs: number }[] = [];
  #stopped = false;

  private constructor(cluster: ChaosCluster, random: Random, revision: number) {
    this.cluster = cluster;
    this.random = random;
    this.judge = new HistoryJudge(revision);
    const { members, gateways } = cluster;
    const doors = [...gateways, ...gateways, ...members].map((p) => p.clientUrl);
    const onAck = (startMs: number, endMs: number): void => {
      if (this.#acks.length < ACKS_MAX) this.#acks.push({ startMs, endMs });
    };
    this.#onAck = onAck;
    this.watches = [...gateways, ...members].map(
      (p) => new JudgedWatch(p.name, p.clientUrl, this.judge, revision),
    );
    this.#clients = doors.map((d) => new RecordedClient(d, this.judge, random.fork(), onAck));
    this.#keepers = [...gateways, ...members.slice(0, 1)].map(
      (p) => new LeaseKeeper(p.clientUrl, this.judge, random.fork()),
    );
    this.#readers = members.map((m) => new RawClient(m.clientUrl, { deadlineMs: 10_000 }));
    this.#compactor = setInterval(() => void this.compact(), COMPACT_MS);
  }

  static async start(options: ChaosClusterOptions, random: Random): Promise<ChaosWorld> {
    const cluster = await ChaosCluster.start(options, random);
    const client = new RawClient(cluster.members[0]?.clientUrl as string);
    const revision = (await client.range({ key: Uint8Array.of(1) })).header?.revision ?? 1;
    client.close();
    return new ChaosWorld(cluster, random, revision);
  }

  /** A member came: it is watched, read and written through as the others are. */
  join(member: ChaosMember): void {
    const { judge, random } = this;
    const url = member.clientUrl;
    this.watches.push(new JudgedWatch(member.name, url, judge, judge.head));
    this.#clients.push(new RecordedClient(url, judge, random.fork(), this.#onAck));
    this.#readers.push(new RawClient(url, { deadlineMs: 10_000 }));
  }

  /** It is none any more, and its process has ended. */
  async leave(member: ChaosMember): Promise<void> {
    const url = member.clientUrl;
    const watch = this.watches.findIndex((w) => w.name === member.name);
    this.watches.splice(watch, 1)[0]?.close();
    const reader = this.#readers.findIndex((r) => url.endsWith(r.endpoint));
    this.#readers.splice(reader, 1)[0]?.close();
    await Promise.all(this.#clients.filter((c) => c.endpoint === url).map((c) => c.stop()));
  }

  /** Compacts what all watches have behind them, but for the last `behind` revisions. */
  async compact(behind = COMPACT_BEHIND): Promise<void> {
    const revision = Math.min(...this.watches.map((w) => w.revision)) - behind;
    if (revision < 10) return;
    const door = new RawClient(this.random.pick(this.cluster.gateways).clientUrl);
    await door.compact({ revision }).catch(() => undefined);
    door.close();
  }

  /** Forgets earlier acknowledgements; answers the present. */
  mark(): number {
    this.#acks = [];
    return performance.now();
  }

  /** Waits until a write that was asked after `sinceMs` is acknowledged; answers how long it took. */
  async writesBack(sinceMs: number, kind: string): Promise<number> {
    const first = (): number =>
      Math.min(...this.#acks.filter((a) => a.startMs > sinceMs).map((a) => a.endMs));
    await until('writes are back', () => Number.isFinite(first()), WRITES_BACK_MS);
    const gapMs = first() - sinceMs;
    const list = this.gapsMs.get(kind) ?? [];
    list.push(gapMs);
    this.gapsMs.set(kind, list);
    return gapMs;
  }

  /** Acknowledged writes since `mark`, as times taken. */
  get ackTimesMs(): number[] {
    return this.#acks.map((a) => a.endMs - a.startMs);
  }

  /** After a fault is healed. Throws what is wrong. */
  async settle(): Promise<void> {
    await this.cluster.ready();
    await this.writesBack(this.mark(), 'settle');
    await this.#judgeUpTo(false);
  }

  async #judgeUpTo(complete: boolean): Promise<void> {
    const reader = this.random.pick(this.#readers);
    const answer = await retried(() => reader.range({ key: Uint8Array.of(1) }));
    const revision = answer.header?.revision ?? 0;
    await until(
      'the watches are at the head',
      () => this.watches.every((w) => w.fault !== null || w.revision >= revision),
      HEAD_MS,
    ).catch((error: Error) => {
      const at = this.watches.map((w) => `${w.name} ${w.revision}`).join(', ');
      throw new Error(`${error.message} ${revision}: ${at}`);
    });
    this.judge.settle(complete);
    const faults = this.watches.flatMap((w) => (w.fault === null ? [] : [`${w.name}: ${w.fault}`]));
    faults.push(...this.judge.faults);
    if (faults.length > 0) throw new Error(`the judge found:\n${faults.join('\n')}`);
    await this.#judgeHashes(revision);
  }

  /**
   * A hash covers what is left of the history: it is compared where all have compacted up to the same
   * revision, as etcd does.
   */
  async #judgeHashes(revision: number): Promise<void> {
    const endMs = performance.now() + HASHES_MS;
    for (;;) {
      const answers = await Promise.all(
        this.#readers.map((reader) => retried(() => reader.hashKv(revision))),
      );
      const compacted = new Set(answers.map((a) => a.compactRevision));
      const hashes = answers.map((a) => a.hash >>> 0);
      if (compacted.size === 1) {
        if (new Set(hashes).size === 1) return;
        throw new Error(
          `members hash ${hashes.join(', ')} at ${revision}, compacted ${[...compacted].join()}`,
        );
      }
      if (performance.now() > endMs) {
        throw new Error(`members stay compacted at ${[...compacted].join(', ')}`);
      }
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  /** Ends the load and judges it whole. */
  async finish(): Promise<ChaosTotals> {
    await this.cluster.ready();
    clearInterval(this.#compactor);
    await Promise.all([...this.#clients, ...this.#keepers].map((load) => load.stop()));
    this.#stopped = true;
    await until(
      'the leases of those that went are gone',
      () => this.judge.alive(LEASE_PREFIX).length === 0,
      LEASES_GONE_MS,
    ).catch((error: Error) => {
      throw new Error(`${error.message}: ${this.judge.alive(LEASE_PREFIX).join(', ')}`);
    });
    await this.#judgeUpTo(true);
    this.#judgeCounters();
    const errors = new Map<string, number>();
    for (const client of this.#clients) {
      for (const [text, n] of client.errors) errors.set(text, (errors.get(text) ?? 0) + n);
    }
    const { writes, reads, leasesKept, head } = this.judge;
    return { writes, reads, keepalives: leasesKept, revision: head, errors };
  }

  #judgeCounters(): void {
    const value = this.judge
      .alive(COUNTER_PREFIX)
      .reduce((sum, key) => sum + this.judge.counter(key), 0);
    const acknowledged = this.#clients.reduce((sum, c) => sum + c.incremented, 0);
    const unknown = this.#clients.reduce((sum, c) => sum + c.unknownIncrements, 0);
    if (value < acknowledged || value > acknowledged + unknown) {
      throw new Error(`counters show ${value}: ${acknowledged} acknowledged, ${unknown} unknown`);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#compactor);
    if (!this.#stopped) {
      await Promise.all([...this.#clients, ...this.#keepers].map((load) => load.stop()));
    }
    for (const watch of this.watches) watch.close();
    for (const reader of this.#readers) reader.close();
    await this.cluster.stop();
  }
}

/** A read may meet an election. */
async function retried<T>(ask: () => Promise<T>, times = 80): Promise<T> {
  for (let i = 1; ; i++) {
    try {
      return await ask();
    } catch (error) {
      if (i === times) throw error;
      await new Promise((done) => setTimeout(done, 250));
    }
  }
}
