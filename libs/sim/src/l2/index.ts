/** Level 2: all rooms, gateways and clients. The same surface as level 1, for the runner. */
export { Coverage } from './coverage.js';
export { type Outcome, type RunOptions, runScenario } from './run.js';
export { type DrawOptions, type Fault, type Scenario, drawScenario } from './scenario.js';
export { type ShrinkReport, shrinkScenario } from './shrink.js';
export { SOMETIMES } from './sometimes.js';
