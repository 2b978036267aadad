import { Random } from '@conclave/base';
import { Lessor, MAX_TTL_SECONDS } from './index.js';

/**
 * Random members take turns as primary over one log of grants, checkpoints and resets, as a leader
 * writes them; entries come late, get lost, and stay behind when the leader changes. Whatever happens:
 * no lease ends before its last answered renewal + TTL, and none lives longer without one than its TTL and, for
 * each change of leader, one checkpoint interval, the time entries were on their way, and the extension.
 */

const OPTIONS = { minTtlSeconds: 1, maxTtlSeconds: MAX_TTL_SECONDS };
const INTERVAL_MS = 60_000;
const EXTEND_MS = 1_000;
const STEP_MS = 5_000;

interface LogEntry {
  readonly term: number;
  readonly measuredIndex: number;
  readonly measuredTerm: number;
  readonly items: readonly { readonly id: bigint; readonly remaining: number }[];
}

class World {
  readonly random: Random;
  readonly log: LogEntry[] = [];
  readonly members = [0, 1, 2].map(() => ({ lessor: new Lessor(OPTIONS), applied: 0 }));
  /** Proposals that have not reached the log. */
  pending: { entry: Omit<LogEntry, 'term'>; renews: bigint | null }[] = [];
  readonly promisedMs = new Map<bigint, number>();
  readonly changes = new Map<bigint, number>();
  leader = 0;
  term = 1;
  nowMs = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    for (const { lessor } of this.members) {
      for (let id = 1n; id <= 6n; id++) lessor.grant(id, 120 + 60 * Number(id), 0, 0);
    }
    for (let id = 1n; id <= 6n; id++) this.promisedMs.set(id, (120 + 60 * Number(id)) * 1_000);
    this.lead(0);
  }

  get lessor(): Lessor {
    return (this.members[this.leader] as { lessor: Lessor }).lessor;
  }

  apply(member: number, upTo: number): void {
    const self = this.members[member] as { lessor: Lessor; applied: number };
    for (; self.applied < upTo; self.applied++) {
      const entry = this.log[self.applied] as LogEntry;
      if (entry.measuredTerm !== entry.term) continue;
      for (const { id, remaining } of entry.items) {
        self.lessor.checkpoint(id, remaining, entry.measuredIndex, self.applied + 1);
      }
    }
  }

  /** The new leader has some of the log to apply still, and does so before its own first entry. */
  lead(member: number): void {
    this.lessor.demote();
    this.leader = member;
    this.term++;
    this.lessor.promote(this.nowMs, EXTEND_MS, INTERVAL_MS);
    this.log.push({ term: this.term, measuredIndex: 0, measuredTerm: this.term, items: [] });
    this.apply(member, this.log.length);
    this.lessor.promote(this.nowMs, EXTEND_MS, INTERVAL_MS);
    for (const id of this.promisedMs.keys()) this.changes.set(id, (this.changes.get(id) ?? 0) + 1);
  }

  propose(items: LogEntry['items'], renews: bigint | null): void {
    const { applied } = this.members[this.leader] as { applied: number };
    const entry = { measuredIndex: applied, measuredTerm: this.term, items };
    this.pending.push({ entry, renews });
  }

  /** Proposals reach the log in any order, late, in whatever term it is then; some resets never do. */
  deliver(): void {
    const rest: typeof this.pending = [];
    for (const proposal of this.pending) {
      if (proposal.renews !== null && this.random.chance(0.2)) continue;
      if (this.random.chance(0.5)) {
        rest.push(proposal);
        continue;
      }
      this.log.push({ ...proposal.entry, term: this.term });
      this.apply(this.leader, this.log.length);
      if (proposal.renews !== null) this.renew(proposal.renews);
    }
    if (this.random.chance(0.5)) rest.reverse();
    this.pending = rest;
  }

  renew(id: bigint): void {
    const renewed = this.lessor.renew(id, this.nowMs);
    if (renewed === 'checkpointed') this.propose([{ id, remaining: 0 }], id);
    if (typeof renewed !== 'number') return;
    this.promisedMs.set(id, this.nowMs + renewed * 1_000);
    this.changes.set(id, 0);
  }

  step(): void {
    this.nowMs += STEP_MS;
    const due = this.lessor.dueCheckpoints(this.nowMs, 10);
    if (due.length > 0) this.propose(due, null);
    if (this.random.chance(0.15)) this.renew(BigInt(1 + this.random.below(6)));
    this.deliver();
    for (const member of [0, 1, 2]) {
      const { applied } = this.members[member] as { applied: number };
      this.apply(member, applied + this.random.below(this.log.length - applied + 1));
    }
    if (this.random.chance(0.05)) this.lead(this.random.below(3));
  }
}

test('no lease ends early, and none lives on by changes of leader alone', () => {
  const seed = Number(process.env['SEED'] ?? 20_261_123);
  let ended = 0;
  for (let run = 0; run < 60; run++) {
    const world = new World(seed + run);
    for (let step = 0; step < 400; step++) {
      world.step();
      for (const id of world.lessor.expired(world.nowMs, 10, 1_000)) {
        const promised = world.promisedMs.get(id) as number;
        const changes = world.changes.get(id) as number;
        const late = world.nowMs - promised;
        const slack = STEP_MS + changes * (2 * INTERVAL_MS + EXTEND_MS);
        if (late < 0 || late > slack) {
          throw new Error(`seed ${seed + run}, step ${step}: lease ${id} ended ${late} ms late`);
        }
        ended++;
        for (const { lessor } of world.members) lessor.revoke(id);
      }
    }
  }
  expect(ended).toBeGreaterThan(100);
});
