import { type Outcome, runScenario } from './run.js';
import { drawScenario } from './scenario.js';

const FIRST = Number(process.env['SEED'] ?? 1);
const SEEDS = Number(process.env['SEEDS'] ?? 16);
const SHORT_MS = 2_000;

function run(seed: number, durationMsMax: number, trace?: (line: string) => void): Outcome {
  const scenario = drawScenario(seed, { durationMsMax });
  return runScenario(scenario, trace === undefined ? {} : { trace });
}

test(`seeds ${FIRST} to ${FIRST + SEEDS - 1}, shortened, keep every promise`, () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { exitCode, message, failedEvent } = run(seed, SHORT_MS);
    expect(exitCode === 0 ? '' : `seed ${seed}, event ${failedEvent}, ${message}`).toBe('');
  }
}, 180_000);

test('the same seed is the same run', () => {
  for (const seed of [FIRST + 1, FIRST + 3]) {
    const first = run(seed, 1_500);
    const lines: string[] = [];
    const again = run(seed, 1_500, (line) => lines.push(line));
    expect(again.hash).toBe(first.hash);
    expect(again.events).toBe(first.events);
    expect(lines.length).toBeGreaterThan(100);
  }
}, 180_000);
