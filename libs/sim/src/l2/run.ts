/**
 * One run: chaos for as long as the scenario says, then the world heals and the cluster must get well
 * (C5), then the judges read what was recorded.
 */
import { ExitCode } from '../failure.js';
import { Cluster } from './cluster.js';
import type { Coverage } from './coverage.js';
import { FaultDriver } from './faults.js';
import { judge } from './judge.js';
import { Recovery } from './recovery.js';
import { Method } from './requests.js';
import type { Scenario } from './scenario.js';

export interface RunOptions {
  /** Stop before this event, unjudged. */
  readonly until?: number;
  /** Gets a line for each thing that happens. */
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  readonly exitCode: ExitCode;
  /** The invariant or check that failed; empty when all is well. */
  readonly rule: string;
  readonly message: string;
  /** Number of the event at which it failed, and its time; 0 when all is well. */
  readonly failedEvent: number;
  readonly failedMs: number;
  readonly events: number;
  /** Virtual time, in microseconds. */
  readonly virtualUs: number;
  readonly hash: string;
  readonly coverage: Coverage;
  readonly commits: number;
  readonly reads: number;
  readonly elections: number;
}

export function runScenario(scenario: Scenario, options: RunOptions = {}): Outcome {
  const cluster = new Cluster(scenario, options.trace ?? null);
  const { until } = options;
  if (until !== undefined) cluster.untilEvent = until;
  const faults = new FaultDriver(cluster);
  let isWell = false;
  if (cluster.runUntil(scenario.durationMs)) {
    faults.stop();
    isWell = new Recovery(cluster).run();
  }
  const stuck = cluster.failure;
  if (until === undefined && (stuck === null || stuck.exitCode === ExitCode.LIVENESS)) {
    // What was wrong before it got stuck tells more.
    cluster.failure = null;
    judge(cluster, isWell);
    cluster.failure ??= stuck;
  }
  return outcomeOf(cluster);
}

function outcomeOf(cluster: Cluster): Outcome {
  const { failure, timeline, trace, coverage, oracle, operations, elections } = cluster;
  return {
    exitCode: failure?.exitCode ?? ExitCode.OK,
    rule: failure?.rule ?? '',
    message: failure === null ? '' : `${failure.rule}: ${failure.text}`,
    failedEvent: failure?.event ?? 0,
    failedMs: failure?.atMs ?? 0,
    events: timeline.executed,
    virtualUs: timeline.now,
    hash: trace.hash,
    coverage,
    commits: oracle.commits.length,
    reads: operations.filter((op) => op.method === Method.RANGE).length,
    elections,
  };
}
