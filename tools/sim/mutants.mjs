// Plants each mutant in turn and counts the seeds until a judge sees it.
//   npm run sim:mutants [-- --only 1,8,15] [--level 1] [--from 1] [--workers 2]
import { parseArgs } from 'node:util';
import { bundleSimulator } from './build.mjs';
import { MUTANTS } from './mutant-list.mjs';
import { MUTANTS_TWO } from './mutant-list-two.mjs';
import { runSeeds } from './pool.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    level: { type: 'string' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
  },
});

const only = values.only === undefined ? null : new Set(values.only.split(','));
const from = Number(values.from);
const ENTRIES = { 1: 'libs/sim/src/index.ts', 2: 'libs/sim/src/l2/index.ts' };
const all = [
  ...MUTANTS.map((mutant) => ({ ...mutant, level: '1' })),
  ...MUTANTS_TWO.map((mutant) => ({ ...mutant, level: '2' })),
];
const chosen = all.filter(
  ({ id, level }) => (only === null || only.has(id)) && (values.level ?? level) === level,
);
const needed = [];
let survivors = 0;
console.log('mutant | level | planted bug | seeds needed | limit | seen by');
for (const mutant of chosen) {
  const result = await hunt(mutant);
  if (result.seeds === 0) survivors++;
  else needed.push(result.seeds);
  const seeds = result.seeds === 0 ? 'SURVIVED' : result.seeds;
  console.log(
    `${mutant.id} | ${mutant.level} | ${mutant.what} | ${seeds} | ${mutant.limit} | ${result.rule}`,
  );
}
needed.sort((a, b) => a - b);
console.log(
  `${needed.length} of ${chosen.length} killed, median ${needed[needed.length >> 1] ?? '-'} seeds, ` +
    `from seed ${from}`,
);
process.exitCode = survivors === 0 ? 0 : 1;

/** The first seed, in order, that fails; 0 if none does within the limit. */
async function hunt({ level, patches, limit, draw = {} }) {
  const { outfile, remove } = await bundleSimulator(ENTRIES[level], patches);
  let first = Infinity;
  let rule = '';
  try {
    await runSeeds({
      bundle: outfile,
      from,
      to: from + limit,
      workers: Number(values.workers),
      options: { durationMsMax: 10_000, ...draw },
      hangMs: 60_000,
      onSeed({ seed, exitCode, rule: seen }) {
        if (exitCode !== 0 && seed < first) {
          first = seed;
          rule = seen;
        }
        return first !== Infinity;
      },
    });
  } finally {
    remove();
  }
  return { seeds: first === Infinity ? 0 : first - from + 1, rule };
}
