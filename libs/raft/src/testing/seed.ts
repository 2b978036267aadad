/** Seeds of random tests: each test prints its seed in a failure, and `SEED=` sets it. */
import { Random } from '@conclave/base';

/** Runs `body` with `count` random generators of known seeds; a failure names the seed. */
export function withSeeds(
  seed: string | undefined,
  count: number,
  body: (random: Random) => void,
): void {
  const first = seed === undefined ? 1 : Number(seed);
  const last = seed === undefined ? count : first;
  for (let s = first; s <= last; s++) {
    try {
      body(new Random(s));
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Error(`SEED=${s}: ${reason}`);
    }
  }
}
