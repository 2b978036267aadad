/** Whole clusters from one seed, judged after every event. Start at README.md. */
export { SOMETIMES, Coverage } from './coverage.js';
export { type DrawOptions, drawScenario } from './draw-scenario.js';
export { ExitCode } from './failure.js';
export { type Outcome, type RunOptions, runScenario } from './run.js';
export { type Fault, type HealShape, type Knobs, type Scenario } from './scenario.js';
export { type ShrinkReport, shrinkScenario } from './shrink.js';
