// The simulator's command line. See docs/TESTING.md.
//   npm run sim -- --seeds 1000 --from 1        a range; exit 0 only if all are clean
//   npm run sim -- --seeds 500 --fresh          seeds that the commit picks, so each commit has its own
//   npm run sim -- --seed 7 --hash              the trace hash of one seed
//   npm run sim -- --seed 7 --until 900 --trace a transcript
//   npm run sim -- --seed 7 --shrink            a small script in libs/sim/testdata/regressions
//   npm run sim -- --script FILE [--trace]      replays a script (those of level 2 begin with l2-)
//   npm run sim -- ... --plant 11               with a mutant planted, see mutants.mjs
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleSimulator, root } from './build.mjs';
import { MUTANTS } from './mutant-list.mjs';
import { MUTANTS_TWO } from './mutant-list-two.mjs';
import { lineCoverage } from './line-coverage.mjs';
import { runSeeds } from './pool.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    fresh: { type: 'boolean', default: false },
    level: { type: 'string', default: '1' },
    seed: { type: 'string' },
    until: { type: 'string' },
    trace: { type: 'boolean', default: false },
    hash: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    name: { type: 'string' },
    script: { type: 'string' },
    workers: { type: 'string', default: '2' },
    coverage: { type: 'boolean', default: false },
    'real-log': { type: 'string' },
    'duration-ms': { type: 'string' },
    plant: { type: 'string' },
  },
});

/** Exit codes by what they mean; see libs/sim/src/failure.ts. */
const WHAT = ['clean', 'crash', 'safety', 'liveness', 'correctness'];

const planted = [...MUTANTS, ...MUTANTS_TWO].find(({ id }) => id === values.plant);
if (values.plant !== undefined && planted === undefined) throw new Error('--plant: no such mutant');

const drawOptions = {
  // As the hunt for it draws, so that its seeds are these.
  ...(planted === undefined ? {} : { durationMsMax: 10_000, ...planted.draw }),
  ...(values['real-log'] === undefined ? {} : { realLogShare: Number(values['real-log']) }),
  ...(values['duration-ms'] === undefined ? {} : { durationMsMax: Number(values['duration-ms']) }),
};

/** The core: what level 1 is there to run. */
const CORE = ['libs/raft/src', 'libs/log/src'];

/** Level 1: consensus alone. Level 2: all rooms, gateways and clients. */
const ENTRIES = { 1: 'libs/sim/src/index.ts', 2: 'libs/sim/src/l2/index.ts' };
const isScriptOfTwo = values.script !== undefined && path.basename(values.script).startsWith('l2-');
const level = isScriptOfTwo ? '2' : values.level;
if (!Object.hasOwn(ENTRIES, level)) throw new Error('--level: 1 or 2');
const { outfile, remove } = await bundleSimulator(ENTRIES[level], planted?.patches ?? []);
try {
  if (values.script !== undefined || values.seed !== undefined) process.exitCode = one();
  else process.exitCode = await range();
} finally {
  remove();
}

function one() {
  const simulator = createRequire(import.meta.url)(outfile);
  const scenario =
    values.script === undefined
      ? simulator.drawScenario(Number(values.seed), drawOptions)
      : JSON.parse(fs.readFileSync(values.script, 'utf8'));
  if (values.shrink) return shrink(simulator, scenario);
  const outcome = simulator.runScenario(scenario, {
    ...(values.until === undefined ? {} : { until: Number(values.until) }),
    ...(values.trace ? { trace: (line) => console.log(line) } : {}),
  });
  if (values.hash) console.log(outcome.hash);
  else console.log(verdict(scenario.name ?? `seed ${scenario.seed}`, outcome));
  return outcome.exitCode;
}

function shrink(simulator, scenario) {
  const { scenario: small, outcome, runs } = simulator.shrinkScenario(scenario);
  console.log(verdict(`after ${runs} runs, ${small.faults.length} faults`, outcome));
  if (outcome.exitCode === 0) return 0;
  const prefix = level === '2' ? 'l2-' : '';
  const name = values.name ?? `${prefix}seed-${scenario.seed}-${outcome.rule.toLowerCase()}`;
  const file = path.join(root, 'libs/sim/testdata/regressions', `${name}.json`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify({ name, ...small }, null, 2)}\n`);
  console.log(`written: ${path.relative(root, file)}`);
  return outcome.exitCode;
}

function verdict(title, { exitCode, message, events, hash }) {
  return `${title}: ${WHAT[exitCode]} after ${events} events, hash ${hash}${message && `\n  ${message}`}`;
}

async function range() {
  const from = values.fresh ? freshBase() : Number(values.from);
  const to = from + Number(values.seeds);
  const sum = { seeds: 0, events: 0, virtualUs: 0, commits: 0, reads: 0, elections: 0 };
  const coverage = new Map();
  const counts = values.coverage ? fs.mkdtempSync(path.join(os.tmpdir(), 'conclave-lines-')) : null;
  let worst = 0;
  const begun = performance.now();
  await runSeeds({
    bundle: outfile,
    from,
    to,
    workers: Number(values.workers),
    options: drawOptions,
    env: counts === null ? {} : { NODE_V8_COVERAGE: counts },
    onSeed(answer) {
      sum.seeds++;
      for (const field of ['events', 'virtualUs', 'commits', 'reads', 'elections']) {
        sum[field] += answer[field];
      }
      for (const [name, times] of answer.coverage) {
        coverage.set(name, (coverage.get(name) ?? 0) + times);
      }
      if (answer.exitCode !== 0) {
        worst = Math.max(worst, answer.exitCode);
        console.log(verdict(`seed ${answer.seed}`, answer));
      }
      return false;
    },
  });
  report(sum, (performance.now() - begun) / 1000);
  reportCoverage(coverage);
  if (counts !== null) reportLines(counts);
  return worst;
}

/** Told by the commit, so that a run can be repeated; above all seeds that people choose by hand. */
function freshBase() {
  const run = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  const commit = run.status === 0 ? run.stdout.trim() : '';
  const base = /^[0-9a-f]{40}$/.test(commit)
    ? 1_000_000 + Number.parseInt(commit.slice(0, 7), 16)
    : 1_000_000 + Math.floor(Date.now() / 1000);
  console.log(`fresh seeds: --from ${base} --seeds ${values.seeds}`);
  return base;
}

function report(sum, seconds) {
  const perSecond = (n) => Math.round(n / seconds).toLocaleString('en');
  const days = (sum.virtualUs / 86_400e6).toFixed(2);
  console.log(
    `${sum.seeds} seeds, ${sum.events.toLocaleString('en')} events, ${days} virtual days, ` +
      `${sum.commits.toLocaleString('en')} writes, ${sum.reads.toLocaleString('en')} reads, ` +
      `${sum.elections.toLocaleString('en')} elections won in ${seconds.toFixed(1)} s: ` +
      `${(sum.seeds / seconds).toFixed(1)} seeds/s, ${perSecond(sum.events)} events/s, ` +
      `${perSecond(sum.virtualUs / 1e6)} times real time`,
  );
}

function reportLines(counts) {
  const folders = CORE.map((folder) => path.join(root, folder));
  const files = lineCoverage(counts, outfile, folders);
  fs.rmSync(counts, { recursive: true, force: true });
  const sum = { lines: 0, never: 0 };
  for (const [i, folder] of folders.entries()) {
    let [lines, never] = [0, 0];
    for (const [file, found] of files) {
      if (!file.startsWith(folder)) continue;
      lines += found.lines;
      never += found.never.length;
      const name = path.relative(root, file);
      if (found.never.length > 0) console.log(`never run: ${name}: ${spans(found.never)}`);
      if (found.partly.length > 0) console.log(`run in part: ${name}: ${spans(found.partly)}`);
    }
    const share = ((100 * (lines - never)) / lines).toFixed(1);
    sum.lines += lines;
    sum.never += never;
    console.log(`${CORE[i]}: ${lines - never} of ${lines} lines run, ${share} %`);
  }
  const share = ((100 * (sum.lines - sum.never)) / sum.lines).toFixed(1);
  console.log(`the core: ${sum.lines - sum.never} of ${sum.lines} lines run, ${share} %`);
}

/** 1, 2, 3, 7 -> 1-3 7 */
function spans(lines) {
  const found = [];
  for (const line of lines) {
    const newest = found.at(-1);
    if (newest !== undefined && newest[1] === line - 1) newest[1] = line;
    else found.push([line, line]);
  }
  return found.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(' ');
}

function reportCoverage(coverage) {
  const { SOMETIMES } = createRequire(import.meta.url)(outfile);
  const seen = [...coverage.keys()];
  const never = SOMETIMES.filter((name) => !seen.some((one) => one.startsWith(name)));
  if (values.coverage) {
    for (const [name, times] of [...coverage].sort())
      console.log(`${String(times).padStart(12)} ${name}`);
  }
  if (never.length > 0) console.log(`never seen: ${never.join(', ')}`);
}
