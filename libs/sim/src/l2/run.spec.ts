import { runSeed } from './run.js';

const FIRST = Number(process.env['SEED'] ?? 1);
const SEEDS = Number(process.env['SEEDS'] ?? 20);
const SHORT_MS = 2_500;

test(`seeds ${FIRST} to ${FIRST + SEEDS - 1}, shortened, keep every promise`, () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { failure } = runSeed(seed, { durationMs: SHORT_MS });
    const text =
      failure === null
        ? ''
        : `seed ${seed}, event ${failure.event}, ${failure.rule}: ${failure.text}`;
    expect(text).toBe('');
  }
}, 60_000);

test('the same seed is the same run', () => {
  for (const seed of [FIRST + 1, FIRST + 3]) {
    const first = runSeed(seed, { durationMs: 1_500 });
    const lines: string[] = [];
    const again = runSeed(seed, { durationMs: 1_500, print: (line) => lines.push(line) });
    expect(again.hash).toBe(first.hash);
    expect(again.events).toBe(first.events);
    expect(lines.length).toBeGreaterThan(100);
  }
}, 30_000);
