/** Runs one scenario from beginning to end, and says how it went. */
import { AssertionError } from '@conclave/base';
import { MS } from './clock.js';
import { Coverage } from './coverage.js';
import { ExitCode, Verdict } from './failure.js';
import { FaultPlan } from './faults.js';
import { Healing } from './healing.js';
import type { Scenario } from './scenario.js';
import { World } from './world.js';

export interface RunOptions {
  /** Stop after so many events. */
  readonly until?: number;
  /** Gets a line for each thing that happens. */
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  readonly exitCode: ExitCode;
  /** The invariant that failed; `crash` for an exception; empty when all is well. */
  readonly rule: string;
  readonly message: string;
  readonly events: number;
  /** Virtual time, in microseconds. */
  readonly virtualUs: number;
  readonly hash: string;
  readonly coverage: Coverage;
  readonly commits: number;
  readonly reads: number;
  readonly elections: number;
}

/** Healing ends by a verdict long before; this only keeps a broken world from running for ever. */
const EVENTS_MAX = 20_000_000;

export function runScenario(scenario: Scenario, options: RunOptions = {}): Outcome {
  let world: World | null = null;
  try {
    world = new World(scenario);
    world.trace = options.trace ?? null;
    play(world, options.until ?? EVENTS_MAX);
    return outcome(world, ExitCode.OK, '', '');
  } catch (error) {
    if (error instanceof Verdict) return outcome(world, error.exitCode, error.rule, error.message);
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const rule = error instanceof AssertionError ? 'assert' : 'crash';
    return outcome(world, ExitCode.CRASH, rule, message);
  }
}

function play(world: World, until: number): void {
  const plan = new FaultPlan(world);
  let healing: Healing | null = null;
  world.at(world.scenario.knobs.durationMs * MS, () => {
    healing = new Healing(world, plan);
  });
  const isDone = (): boolean => healing !== null && (healing as Healing).done;
  while (world.events < until && !isDone() && world.step());
}

function outcome(world: World | null, exitCode: ExitCode, rule: string, message: string): Outcome {
  return {
    exitCode,
    rule,
    message,
    events: world?.events ?? 0,
    virtualUs: world?.now ?? 0,
    hash: world?.hash.toString() ?? '',
    coverage: world?.coverage ?? new Coverage(),
    commits: world?.oracle.applied ?? 0,
    reads: world?.historyJudge.reads ?? 0,
    elections: world?.raftJudge.electedCount ?? 0,
  };
}
