// Everything that is judged without running the product: boundaries, tidy, types, lint, format,
// drift of generated code. Ends non-zero if anything is amiss; prints every fault.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { boundaryFaults } from './boundaries.mjs';
import { tidyFaults } from './tidy.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
let failed = 0;

function report(name, faults) {
  if (faults.length === 0) {
    console.log(`ok    ${name}`);
    return;
  }
  failed++;
  console.log(`FAIL  ${name}`);
  for (const fault of faults) console.log(`      ${fault}`);
}

function command(name, file, args) {
  const bin = path.join(root, 'node_modules', '.bin', file);
  const run = spawnSync(fs.existsSync(bin) ? bin : file, args, { cwd: root, encoding: 'utf8' });
  const output = `${run.stdout ?? ''}${run.stderr ?? ''}`.trim();
  report(name, run.status === 0 ? [] : output.split('\n'));
}

report('boundaries', boundaryFaults(root));
report('tidy', tidyFaults(root));
command('types', 'tsc', ['-b']);
command('types of tests', 'tsc', ['-p', 'tsconfig.spec.json']);
command('lint', 'oxlint', ['--quiet', 'libs', 'apps', 'tools']);
command('format', 'prettier', ['--check', '--log-level', 'warn', '.']);
if (fs.existsSync(path.join(root, 'tools/codegen/main.mjs'))) {
  command('generated code', process.execPath, ['tools/codegen/main.mjs', '--check']);
}
process.exitCode = failed === 0 ? 0 : 1;
