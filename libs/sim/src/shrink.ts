/**
 * Makes a failing scenario small while it still fails in the same way: fewer faults, calmer knobs,
 * fewer clients and members, less time. What is left becomes a named script.
 */
import { ExitCode } from './failure.js';
import { type Outcome, runScenario } from './run.js';
import type { Fault, Knobs, Scenario } from './scenario.js';

export interface ShrinkReport {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
  readonly runs: number;
}

type Run = (scenario: Scenario) => Outcome;

/** Calmer values for a knob, tried in this order. */
const CALMER: readonly (readonly [keyof Knobs, readonly Knobs[keyof Knobs][]])[] = [
  ['clients', [1, 2, 4]],
  ['voters', [1, 2, 3, 5]],
  ['spares', [0, 1, 2]],
  ['healShape', ['all']],
  ['replay', [0]],
  ['duplicate', [0]],
  ['drop', [0, 0.05]],
  ['reorder', [false]],
  ['staleFrames', [false]],
  ['driftPpm', [0]],
  ['paddingMax', [0]],
  ['keys', [1]],
  ['realLog', [false]],
  ['foundersInLog', [false]],
  ['applyDelayUs', [0]],
  ['diskGroupMax', [1]],
  ['diskMeanUs', [50]],
  ['delayMeanUs', [100, 1_000]],
  ['delayMinUs', [0]],
  ['preVote', [true]],
  ['checkQuorum', [true]],
  ['stepDownOnRemoval', [true]],
  ['messageBytesMax', [100_000]],
  ['inflightMessagesMax', [256]],
  ['inflightBytesMax', [100_000]],
  ['uncommittedBytesMax', [1_000_000]],
  ['committedBytesMax', [100_000]],
  ['cacheBytesMax', [1_000_000]],
  ['diskStallTicks', [0]],
  ['heartbeatTicks', [1]],
  ['readShare', [0]],
  ['thinkMs', [200, 50]],
  ['flushEvery', [500]],
  ['keepEntries', [500]],
];

export function shrinkScenario(
  first: Scenario,
  runsMax = 2_000,
  run: Run = runScenario,
): ShrinkReport {
  let outcome = run(first);
  let scenario = first;
  let runs = 1;
  const wanted = outcome;
  const attempt = (candidate: Scenario): boolean => {
    if (runs >= runsMax) return false;
    runs++;
    const result = run(candidate);
    if (result.exitCode !== wanted.exitCode || result.rule !== wanted.rule) return false;
    scenario = candidate;
    outcome = result;
    return true;
  };
  if (wanted.exitCode === ExitCode.OK) return { scenario, outcome, runs };
  let before = -1;
  while (before !== runs && runs < runsMax) {
    const start = scenario;
    before = runs;
    dropLater(scenario, outcome, attempt);
    dropFaults(() => scenario, attempt);
    calmKnobs(() => scenario, attempt);
    if (scenario === start) break;
  }
  return { scenario, outcome, runs };
}

type Attempt = (candidate: Scenario) => boolean;

/** Nothing after the failure matters. */
function dropLater(scenario: Scenario, outcome: Outcome, attempt: Attempt): void {
  const atMs = Math.ceil(outcome.virtualUs / 1_000);
  const faults = scenario.faults.filter((fault) => fault.at <= atMs);
  if (faults.length < scenario.faults.length) attempt({ ...scenario, faults });
}

/** Takes out halves, quarters, ... and at last single faults. */
function dropFaults(get: () => Scenario, attempt: Attempt): void {
  let size = Math.ceil(get().faults.length / 2);
  while (size >= 1) {
    let at = 0;
    while (at < get().faults.length) {
      const scenario = get();
      const faults: Fault[] = scenario.faults.filter((_, i) => i < at || i >= at + size);
      if (!attempt({ ...scenario, faults })) at += size;
    }
    size = size === 1 ? 0 : Math.ceil(size / 2);
  }
}

function calmKnobs(get: () => Scenario, attempt: Attempt): void {
  for (const [name, values] of CALMER) {
    for (const value of values) {
      const scenario = get();
      const present = scenario.knobs[name];
      if (present === value) break;
      if (typeof present === 'number' && name !== 'thinkMs' && !isCalmer(name, value, present)) {
        continue;
      }
      if (attempt({ ...scenario, knobs: { ...scenario.knobs, [name]: value } })) break;
    }
  }
  const scenario = get();
  const { durationMs } = scenario.knobs;
  for (const part of [0.1, 0.3, 0.6, 0.9]) {
    const shorter = Math.floor(durationMs * part);
    const faults = scenario.faults.filter((fault) => fault.at < shorter);
    const knobs = { ...scenario.knobs, durationMs: shorter };
    if (attempt({ ...scenario, knobs, faults })) return;
  }
}

/** Counts and probabilities are calmer when smaller, bounds when larger. */
function isCalmer(name: keyof Knobs, value: Knobs[keyof Knobs], present: number): boolean {
  const isBound = name.endsWith('Max') && name !== 'paddingMax' && name !== 'diskGroupMax';
  const grows = isBound || name === 'flushEvery' || name === 'keepEntries';
  return grows ? Number(value) > present : Number(value) < present;
}
