/**
 * A short run of the faults that matter most; `npm run chaos` has all of them, for as long as one likes.
 * Each run judges every answer, every watch, the leases and the hashes of all members.
 */
import { FAULT_NAMES, reportLines, runChaos } from './testing/chaos-run.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const TEST_MS = 120_000;

test.each([
  ['kill', 2],
  ['sigstop', 1],
  ['partition-one-way', 2],
  ['disk-eio', 1],
  ['power-loss', 1],
])(
  'nothing is lost under %s',
  async (fault, rounds) => {
    const lines: string[] = [];
    const say = (line: string): number => lines.push(line);
    const options = { fault, rounds, minutes: 1, seed: SEED, restMs: 100, say };
    const report = await runChaos(options).catch((error: Error) => {
      throw new Error(`SEED=${SEED}: ${error.message}\n${lines.join('\n')}`);
    });
    // Without gcc there is no fault below the disk.
    console.log(typeof report === 'string' ? report : reportLines(options, report).join('\n'));
    if (typeof report !== 'string') expect(report.writes).toBeGreaterThan(0);
  },
  TEST_MS,
);

test('the menu has every fault once', () => {
  expect(new Set(FAULT_NAMES).size).toBe(FAULT_NAMES.length);
});
