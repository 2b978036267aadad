// `npm test`: sets up, checks, runs every room's tests through Nx, and sums them up. The last line is
// `N passed, N failed`; a failed check counts as one failed test.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const node = process.execPath;

const setUp = spawnSync(node, ['tools/ensure-deps.mjs'], { cwd: root, stdio: 'inherit' });
if (setUp.status !== 0) process.exit(1);

const totals = { passed: 0, failed: 0, skipped: 0 };
const check = spawnSync(node, ['tools/check.mjs'], { cwd: root, stdio: 'inherit' });
if (check.status === 0) totals.passed++;
else totals.failed++;

const bundle = spawnSync(node, ['tools/bundle.mjs'], { cwd: root, stdio: 'inherit' });
if (bundle.status === 0) totals.passed++;
else totals.failed++;

const fresh = process.env.CI ? ['--skip-nx-cache'] : [];
const status = await run('nx', ['run-many', '-t', 'test', '--output-style=static', ...fresh]);
if (status !== 0 && totals.failed === 0) totals.failed++;
console.log('');
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

function run(file, args) {
  return new Promise((resolve) => {
    const child = spawn(path.join(root, 'node_modules/.bin', file), args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0', NX_TUI: 'false' },
    });
    let tail = '';
    const read = (stream) => (chunk) => {
      stream.write(chunk);
      tail += String(chunk);
      const lines = tail.split('\n');
      tail = lines.pop();
      lines.forEach(tally);
    };
    child.stdout.on('data', read(process.stdout));
    child.stderr.on('data', read(process.stderr));
    child.on('close', (code) => {
      tally(tail);
      resolve(code);
    });
  });
}

/** Jest's summary: `Tests: 1 failed, 2 skipped, 3 passed, 6 total`. */
function tally(line) {
  if (!/^\s*Tests:\s/.test(line)) return;
  for (const word of Object.keys(totals)) {
    const match = new RegExp(`(\\d+) ${word}`).exec(line);
    if (match) totals[word] += Number(match[1]);
  }
}
