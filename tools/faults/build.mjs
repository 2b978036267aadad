// Builds a fault shim: node tools/faults/build.mjs [output.so] [disk|clock]. Needs gcc and Linux; says so and
// exits with status 3 where they are missing. Prints the path of the library.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const kind = process.argv[3] ?? 'disk';
if (kind !== 'disk' && kind !== 'clock') fail(`there is no shim ${kind}`);
const source = path.join(path.dirname(fileURLToPath(import.meta.url)), `${kind}-faults.c`);
const output = path.resolve(
  process.argv[2] ?? path.join(os.tmpdir(), `conclave-${kind}-faults.so`),
);

if (process.platform !== 'linux') fail('the fault shim is for Linux');
if (spawnSync('gcc', ['--version']).status !== 0) fail('the fault shim needs gcc');
fs.mkdirSync(path.dirname(output), { recursive: true });
const flags = ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Wno-format-truncation'];
const built = spawnSync('gcc', [...flags, '-o', output, source, '-ldl', '-lpthread'], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (built.status !== 0) process.exit(1);
process.stdout.write(`${output}\n`);

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(3);
}
