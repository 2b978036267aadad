/**
 * Makes a failing scenario small while it still fails by the same rule: fewer faults, a shorter run,
 * fewer clients, gateways and members, calmer settings. Greedy, with a bound on the runs it takes.
 */
import { ExitCode } from '../failure.js';
import { type Outcome, runScenario } from './run.js';
import type { Scenario } from './scenario.js';

export interface ShrinkReport {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
  readonly runs: number;
}

type Attempt = (smaller: Scenario) => boolean;

/** In place of what was drawn, each by itself. */
const CALMER: readonly Partial<Scenario>[] = [
  { changesMembers: false },
  { movesLeader: false },
  { driftPpm: 0 },
  { readerStallChance: 0 },
  { clientCreditBytes: 256 * 1024 },
  { linkCreditBytes: 256 * 1024 },
  { access: 'both' },
];
const CALMER_NETWORK: readonly Partial<Scenario['network']>[] = [
  { lossChance: 0 },
  { duplicateChance: 0 },
  { reorderChance: 0 },
  { replayChance: 0 },
  { minMs: 0.1, meanMs: 0.2 },
];
const CALMER_MEMBER: readonly Partial<Scenario['member']>[] = [
  { disk: { minMs: 0.05, meanMs: 0.2 } },
  { snapshotCount: 10_000 },
  { catchUpEntries: 5_000 },
  { compactionBatchRows: 1_000 },
  { cacheBytesMax: 64 * 1024 * 1024 },
  { streamQueueBytesMax: 4 * 1024 * 1024 },
  { overlayBytesMax: 1 << 26 },
  { flushBytes: 1 << 20 },
];
const CALMER_WORK: readonly Partial<Scenario['work']>[] = [{ compacts: false }, { paddingMax: 0 }];

export function shrinkScenario(
  first: Scenario,
  runsMax = 250,
  run: (scenario: Scenario) => Outcome = runScenario,
): ShrinkReport {
  const wanted = run(first);
  let best = { scenario: first, outcome: wanted };
  let runs = 1;
  if (wanted.exitCode === ExitCode.OK) return { ...best, runs };
  const attempt: Attempt = (smaller) => {
    if (runs >= runsMax) return false;
    runs++;
    const outcome = run(smaller);
    if (outcome.exitCode !== wanted.exitCode || outcome.rule !== wanted.rule) return false;
    best = { scenario: smaller, outcome };
    return true;
  };
  const get = (): Scenario => best.scenario;
  attempt(shortened(first, wanted.failedMs));
  dropFaults(get, attempt);
  for (let before = 0; before !== runs && runs < runsMax;) {
    const start = get();
    before = runs;
    fewer(get, attempt);
    calmer(get, attempt);
    dropFaults(get, attempt);
    for (let part = 0.5; part > 0.05; part /= 2) {
      attempt(shortened(get(), Math.floor(get().durationMs * (1 - part))));
    }
    if (get() === start) break;
  }
  return { ...best, runs };
}

function shortened(scenario: Scenario, durationMs: number): Scenario {
  const ms = Math.max(1, Math.min(scenario.durationMs, Math.ceil(durationMs)));
  return { ...scenario, durationMs: ms, faults: scenario.faults.filter((f) => f.atMs < ms) };
}

/** Leaves out parts of the schedule, half of it first, then less and less. */
function dropFaults(get: () => Scenario, attempt: Attempt): void {
  for (let size = Math.ceil(get().faults.length / 2); size >= 1; size = size >> 1) {
    for (let at = 0; at < get().faults.length;) {
      const { faults } = get();
      const left = [...faults.slice(0, at), ...faults.slice(at + size)];
      if (!attempt({ ...get(), faults: left })) at += size;
    }
  }
}

function fewer(get: () => Scenario, attempt: Attempt): void {
  for (const field of ['lockers', 'leases', 'watchers', 'gateways', 'workers'] as const) {
    while (get()[field] > 0 && attempt({ ...get(), [field]: get()[field] - 1 }));
  }
  while (get().members > 1 && attempt({ ...get(), members: get().members - 1 }));
}

function calmer(get: () => Scenario, attempt: Attempt): void {
  for (const change of CALMER) calm(get(), attempt, { ...get(), ...change });
  for (const change of CALMER_NETWORK) {
    calm(get(), attempt, { ...get(), network: { ...get().network, ...change } });
  }
  for (const change of CALMER_MEMBER) {
    calm(get(), attempt, { ...get(), member: { ...get().member, ...change } });
  }
  for (const change of CALMER_WORK) {
    calm(get(), attempt, { ...get(), work: { ...get().work, ...change } });
  }
}

/** Tries `smaller` unless it is what there is already. */
function calm(present: Scenario, attempt: Attempt, smaller: Scenario): void {
  if (JSON.stringify(present) !== JSON.stringify(smaller)) attempt(smaller);
}
