/**
 * Random runs of the small world in testing/simulation.ts. `SEED=` runs one seed, `SEEDS=` that many
 * instead of the usual number.
 */
import { Simulation } from './testing/simulation.js';

const EVENTS = 4000;

function run(seed: number): Simulation {
  const world = new Simulation(seed);
  try {
    for (let n = 0; n < EVENTS; n++) {
      world.event();
      if (n % 500 === 499) world.checkLogs();
    }
    world.heal();
    world.checkLogs();
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`SEED=${seed}: ${reason}`);
  }
  return world;
}

describe('random worlds', () => {
  const one = process.env['SEED'];
  const count = Number(process.env['SEEDS'] ?? 100);
  const base = one === undefined ? 1000 : Number(one);
  const seeds = one === undefined ? count : 1;

  test(`safety after every event and progress at the end, seeds from ${base}`, () => {
    const seen = { leaders: 0, reads: 0, applied: 0, confChanges: 0, snapshots: 0 };
    for (let seed = base; seed < base + seeds; seed++) {
      const world = run(seed);
      seen.leaders += world.leaders;
      seen.reads += world.reads;
      seen.applied += world.applied;
      seen.confChanges += world.confChanges;
      seen.snapshots += world.snapshots;
    }
    if (seeds === 1) return;
    if (process.env['SEEDS'] !== undefined) process.stderr.write(`${JSON.stringify(seen)}\n`);
    // A world in which nothing happens proves nothing.
    for (const [what, times] of Object.entries(seen)) {
      expect({ what, enough: times * 3 >= seeds }).toEqual({ what, enough: true });
    }
  }, 600_000);
});
