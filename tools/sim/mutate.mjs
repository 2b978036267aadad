// Mutation of a room as a whole: random small changes of its product source, each judged by the
// room's own tests and, if it lives, by the simulation of level 1, or the other way round. See
// docs/TESTING.md.
//   npm run sim:mutate -- --count 300 --seed S [--first tests|worlds] [--workers 2] [--seeds 60]
//                         [--only 17,203] [--json FILE]
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleSimulator, root } from './build.mjs';
import { mutationsOf } from './mutations.mjs';
import { runSeeds } from './pool.mjs';
import { runUnitTests } from './unit-judge.mjs';

const { values } = parseArgs({
  options: {
    room: { type: 'string', default: 'raft' },
    count: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e9)) },
    workers: { type: 'string', default: '2' },
    /** Worlds of the simulation a mutant must live through, at most `duration-ms` of chaos each. */
    seeds: { type: 'string', default: '60' },
    from: { type: 'string', default: '1' },
    'duration-ms': { type: 'string', default: '4000' },
    only: { type: 'string' },
    /** Who judges first: the room's tests, which are quicker, or the worlds. */
    first: { type: 'string', default: 'tests' },
    json: { type: 'string' },
  },
});
const seed = Number(values.seed);
const folder = `libs/${values.room}/src`;
/** A world without a mutant takes 0.05 s. */
const HANG_MS = 15_000;
const NODE_ARGUMENTS = ['--max-old-space-size=700'];

const all = everyMutant();
const chosen = sample(all, Number(values.count)).map((mutant, i) => ({ ...mutant, id: i + 1 }));
const only = values.only === undefined ? null : new Set(values.only.split(',').map(Number));
const waiting = chosen.filter(({ id }) => only === null || only.has(id));
const total = waiting.length;
const results = [];
/** By world: its trace hash without a mutant. */
const plain = new Map();
const begun = performance.now();
console.log(
  `${total} of ${all.length} mutants of ${folder}, seed ${seed}; ` +
    `judged by ${values.seeds} worlds from ${values.from} and the room's tests, ${values.first} first`,
);
await withoutMutant();
await Promise.all(Array.from({ length: Number(values.workers) }, lane));
report();

function everyMutant() {
  const found = [];
  for (const name of fs.readdirSync(path.join(root, folder)).sort()) {
    if (!name.endsWith('.ts') || /\.(spec|bench)\.ts$|^index\.ts$/.test(name)) continue;
    const file = path.join(root, folder, name);
    const source = fs.readFileSync(file, 'utf8');
    for (const { operator, start, end, text } of mutationsOf(source)) {
      const line = source.slice(0, start).split('\n').length;
      const change = `${source.slice(start, end) || '(begin)'} -> ${text || '(nothing)'}`;
      const mutated = source.slice(0, start) + text + source.slice(end);
      found.push({ operator, file, place: `${folder}/${name}:${line}`, change, text: mutated });
    }
  }
  return found;
}

/** `count` of them, none twice, told by the seed alone. */
function sample(mutants, count) {
  let state = seed >>> 0;
  const below = (n) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
  const rest = [...mutants];
  for (let i = 0; i < Math.min(count, rest.length); i++) {
    const k = i + below(rest.length - i);
    [rest[i], rest[k]] = [rest[k], rest[i]];
  }
  return rest.slice(0, count);
}

/** The product itself must live through what mutants are to die of. */
async function withoutMutant() {
  const verdict = await simulate({ file: '', text: '' });
  // From now on a survivor's runs are compared with these.
  for (const [world, hash] of verdict.hashes) plain.set(world, hash);
  if (verdict.by !== 'nobody') throw new Error(`without a mutant: ${verdict.by} (${verdict.how})`);
  const { ok, how } = await runUnitTests(folder, null);
  if (!ok) throw new Error(`without a mutant the tests fail: ${how}`);
}

async function lane() {
  const judges = values.first === 'worlds' ? [simulate, test] : [test, simulate];
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    let verdict = await judges[0](mutant);
    if (verdict.by === 'nobody') verdict = { ...verdict, ...(await judges[1](mutant)) };
    results.push({ ...mutant, ...verdict });
    if (verdict.by === 'nobody') {
      console.log(`${results.length}/${total} SURVIVED ${name({ ...mutant, ...verdict })}`);
    } else if (results.length % 20 === 0) console.log(`${results.length}/${total}`);
  }
}

/** Who killed it and how. `otherRuns`: worlds that went another way than without it. */
async function simulate({ file, text }) {
  let bundle;
  try {
    bundle = await bundleSimulator(
      'libs/sim/src/index.ts',
      [],
      file === '' ? null : { file, text },
    );
  } catch {
    return { by: 'the compiler', how: '' };
  }
  let verdict = null;
  const hashes = new Map();
  const from = Number(values.from);
  try {
    await runSeeds({
      bundle: bundle.outfile,
      from,
      to: from + Number(values.seeds),
      workers: 1,
      options: { durationMsMax: Number(values['duration-ms']) },
      hangMs: HANG_MS,
      nodeArguments: NODE_ARGUMENTS,
      onSeed({ seed: world, exitCode, rule, hash }) {
        hashes.set(world, hash);
        if (exitCode !== 0) verdict ??= { by: 'simulation', how: rule, worlds: world - from + 1 };
        return verdict !== null;
      },
    });
  } catch {
    // It could not even be loaded, or ate all memory.
    verdict ??= { by: 'simulation', how: 'no end', worlds: 1 };
  } finally {
    bundle.remove();
  }
  const otherRuns = [...hashes].filter(([world, hash]) => hash !== plain.get(world)).length;
  return { ...(verdict ?? { by: 'nobody', how: '' }), otherRuns, hashes };
}

async function test({ file, text }) {
  try {
    const { ok, how } = await runUnitTests(folder, { file, text });
    return ok ? { by: 'nobody', how: '' } : { by: 'tests', how };
  } catch {
    return { by: 'the compiler', how: '' };
  }
}

function name({ id, place, operator, change, otherRuns }) {
  return `${id} ${place} ${operator}: ${one(change)} [${otherRuns} worlds differ]`;
}

function one(change) {
  const line = change.replaceAll(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 160)} ...` : line;
}

function report() {
  const judged = results.filter(({ by }) => by !== 'the compiler');
  const of = (by) => judged.filter((result) => result.by === by);
  const survivors = of('nobody').sort((a, b) => a.id - b.id);
  const rules = new Map();
  for (const { how } of of('simulation')) rules.set(how, (rules.get(how) ?? 0) + 1);
  const worlds = of('simulation')
    .map((result) => result.worlds)
    .sort((a, b) => a - b);
  for (const survivor of survivors) console.log(`survived: ${name(survivor)}`);
  const idle = survivors.filter(({ otherRuns }) => otherRuns === 0).length;
  const share = ((100 * (judged.length - survivors.length)) / judged.length).toFixed(1);
  console.log(`seen by: ${[...rules].map(([rule, times]) => `${rule} ${times}`).join(', ')}`);
  console.log(
    `seed ${seed}: ${judged.length} mutants (${results.length - judged.length} more did not compile), ` +
      `${of('simulation').length} killed by simulation (median world ${worlds[worlds.length >> 1] ?? 0}), ` +
      `${of('tests').length} by tests, ${survivors.length} survived (${idle} of them changed no world): ${share} % killed, ` +
      `in ${((performance.now() - begun) / 60_000).toFixed(1)} min`,
  );
  if (values.json !== undefined) {
    const short = results.map(({ text: _text, file: _file, hashes: _hashes, ...rest }) => rest);
    fs.writeFileSync(values.json, `${JSON.stringify(short, null, 1)}\n`);
  }
}
