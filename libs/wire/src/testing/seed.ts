/** The seed of a random test: `SEED=` from the environment, or a new one; printed by the test. */
export function testSeed(): number {
  const given = process.env['SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
}
