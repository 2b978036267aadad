/**
 * Makes a failing scenario small while it still fails by the same rule: fewer faults, a shorter run,
 * fewer clients, gateways and members. Greedy, with a bound on the runs it takes.
 */
import { type Outcome, runScenario } from './run.js';
import type { Scenario } from './scenario.js';

export interface ShrinkReport {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
  readonly runs: number;
}

const RUNS_MAX = 120;

export function shrinkScenario(scenario: Scenario): ShrinkReport {
  const first = runScenario(scenario);
  let best = { scenario, outcome: first };
  let runs = 1;
  if (first.exitCode === 0) return { ...best, runs };
  const attempt = (smaller: Scenario): boolean => {
    if (runs >= RUNS_MAX) return false;
    runs++;
    const outcome = runScenario(smaller);
    if (outcome.exitCode === 0 || outcome.rule !== first.rule) return false;
    best = { scenario: smaller, outcome };
    return true;
  };
  attempt(shortened(best.scenario, first.failedMs));
  dropFaults(() => best.scenario, attempt);
  for (const field of ['lockers', 'leases', 'watchers', 'gateways', 'workers'] as const) {
    while (best.scenario[field] > 0) {
      if (!attempt({ ...best.scenario, [field]: best.scenario[field] - 1 })) break;
    }
  }
  for (const field of ['changesMembers', 'movesLeader'] as const) {
    if (best.scenario[field]) attempt({ ...best.scenario, [field]: false });
  }
  if (best.scenario.driftPpm > 0) attempt({ ...best.scenario, driftPpm: 0 });
  for (let part = 0.5; part > 0.05; part /= 2) {
    const { durationMs } = best.scenario;
    attempt(shortened(best.scenario, Math.floor(durationMs * (1 - part))));
  }
  return { ...best, runs };
}

function shortened(scenario: Scenario, durationMs: number): Scenario {
  const ms = Math.max(1, Math.min(scenario.durationMs, Math.ceil(durationMs)));
  return { ...scenario, durationMs: ms, faults: scenario.faults.filter((f) => f.atMs < ms) };
}

/** Leaves out parts of the schedule, half of it first, then less and less. */
function dropFaults(scenario: () => Scenario, attempt: (smaller: Scenario) => boolean): void {
  for (let size = Math.ceil(scenario().faults.length / 2); size >= 1; size = size >> 1) {
    for (let at = 0; at < scenario().faults.length;) {
      const { faults } = scenario();
      const fewer = [...faults.slice(0, at), ...faults.slice(at + size)];
      if (!attempt({ ...scenario(), faults: fewer })) at += size;
    }
  }
}
