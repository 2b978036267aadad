// Continuous integration: `npm test`, simulation at fresh seeds, then the process tests in apps/e2e
// against Debian's etcd, etcdctl and nats-server. Prints the sum of all as its last line.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const totals = { passed: 0, failed: 0 };

await stage('npm test', 'npm', ['test'], {});
// Level 1 at seeds that no earlier commit has run, and the same seeds, the same runs (both levels).
await stage('fresh seeds', 'npm', ['run', '-s', 'sim', '--', '--seeds', '1000', '--fresh'], {});
await stage(
  'fresh seeds, level 2',
  'npm',
  ['run', '-s', 'sim', '--', '--level', '2', '--seeds', '20', '--fresh'],
  {},
);
await stage('determinism', 'npm', ['run', '-s', 'sim:determinism'], {});
installPackages();
await stage(
  'process tests',
  path.join(root, 'node_modules/.bin/jest'),
  ['--colors=false', '--runInBand', 'apps/e2e/'],
  { CONCLAVE_E2E: '1' },
);
console.log('');
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

function installPackages() {
  const wanted = {
    etcd: 'etcd-server',
    etcdctl: 'etcd-client',
    'nats-server': 'nats-server',
    gcc: 'gcc',
    openssl: 'openssl',
    promtool: 'prometheus',
    chromium: 'chromium',
  };
  const missing = Object.entries(wanted)
    .filter(([binary]) => spawnSync('which', [binary]).status !== 0)
    .map(([, name]) => name);
  if (missing.length === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...missing]]) {
    spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  }
}

/** Runs one stage, passing its output on, and counts its tests. */
function stage(name, file, args, env) {
  console.log(`== ${name}`);
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CI: 'true', ...env },
    });
    let text = '';
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.on('data', (chunk) => {
        to.write(chunk);
        text = (text + String(chunk)).slice(-20_000);
      });
    }
    child.on('close', (code) => {
      count(name, text, code);
      resolve();
    });
  });
}

function count(name, text, code) {
  const own = /(\d+) passed, (\d+) failed\s*$/.exec(text);
  const jest = /Tests:\s+(?:(\d+) failed, )?(?:\d+ skipped, )?(?:(\d+) passed, )?\d+ total/.exec(
    text,
  );
  const passed = Number(own?.[1] ?? jest?.[2] ?? 0);
  const failed = Number(own?.[2] ?? jest?.[1] ?? 0);
  totals.passed += passed;
  totals.failed += failed;
  // A stage that counts nothing is one test.
  if (code === 0 && passed + failed === 0) totals.passed++;
  if (code !== 0 && failed === 0) {
    console.log(`${name}: ended with ${code}`);
    totals.failed++;
  }
}
