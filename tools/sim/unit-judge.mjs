// A room's own tests as one plain program: all specs in one bundle, run in order by a runner of a few
// lines with Jest's `expect`, ended by the first failure. It says the same as Jest in a fifth of the
// time, for Jest's start and its transforms are most of what a mutant costs.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from './build.mjs';

/** Random tests come last: they are slow, and see what is also seen quicker. */
const LATE = /simulation|\.prop\.spec/;
/** Of CPU time, so a busy machine kills no mutant; the tests of raft take 4. */
const CPU_SECONDS_MAX = 15;
const WALL_MS_MAX = 300_000;

const RUNNER = `
const { expect } = require('expect');
const waiting = [];
let names = [];
const group = (name, body) => {
  names.push(name);
  body();
  names.pop();
};
const one = (name, body) => waiting.push({ name: [...names, name].join(' / '), body });
const each = (run) => (table) => (name, body) => {
  for (const row of table) {
    const list = Array.isArray(row) ? row : [row];
    run(name + ' ' + String(list[0]), () => body(...list));
  }
};
Object.assign(globalThis, { expect, describe: group, test: one, it: one });
group.each = each(group);
one.each = each(one);
module.exports = async () => {
  for (const { name, body } of waiting) {
    try {
      await body();
    } catch (error) {
      console.log(name);
      console.log(error);
      process.exit(1);
    }
  }
};
`;

/**
 * Judges the tests in `folder` (libs/raft/src) with `mutant` ({file, text}, or null) in place. Answers
 * {ok, how}: how is 'no end', or the name of the test that failed.
 */
export async function runUnitTests(folder, mutant) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'conclave-unit-'));
  try {
    const outfile = path.join(directory, 'specs.cjs');
    await bundleSpecs(folder, mutant, outfile);
    return await run(outfile);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

async function bundleSpecs(folder, mutant, outfile) {
  const source = path.join(root, folder);
  const specs = fs
    .readdirSync(source)
    .filter((name) => name.endsWith('.spec.ts'))
    .sort((a, b) => Number(LATE.test(a)) - Number(LATE.test(b)) || (a < b ? -1 : 1));
  const lines = [`const run = require('unit-runner');`];
  for (const name of specs) lines.push(`require(${JSON.stringify(`./${name}`)});`);
  lines.push('run();');
  await build({
    stdin: { contents: lines.join('\n'), resolveDir: source, loader: 'js' },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    conditions: ['@conclave/source'],
    define: { __dirname: JSON.stringify(source) },
    external: ['expect'],
    logLevel: mutant === null ? 'warning' : 'silent',
    plugins: [{ name: 'unit', setup: (context) => plant(context, mutant) }],
  });
}

function plant(context, mutant) {
  context.onResolve({ filter: /^unit-runner$/ }, () => ({ path: 'runner', namespace: 'unit' }));
  context.onLoad({ filter: /.*/, namespace: 'unit' }, () => ({
    contents: RUNNER,
    resolveDir: root,
    loader: 'js',
  }));
  if (mutant === null) return;
  context.onLoad({ filter: /\.ts$/ }, ({ path: loaded }) =>
    loaded === mutant.file ? { contents: mutant.text, loader: 'ts' } : undefined,
  );
}

function run(outfile) {
  const command = `ulimit -t ${CPU_SECONDS_MAX}; exec "$0" --max-old-space-size=700 "$1"`;
  const child = spawn('/bin/sh', ['-c', command, process.execPath, outfile], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_PATH: path.join(root, 'node_modules') },
  });
  let said = '';
  child.stdout.on('data', (bytes) => {
    if (said.length < 4096) said += bytes;
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), WALL_MS_MAX);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ok: code === 0, how: code === null ? 'no end' : (said.split('\n')[0] ?? '') });
    });
  });
}
