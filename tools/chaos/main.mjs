// Real processes under faults, judged: `npm run chaos -- --fault F --minutes M [--seed S]`. Builds the
// runner (apps/e2e/src/testing/chaos-main.ts) into a file beside its sources' output and runs it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const source = path.join(root, 'apps/e2e/src/testing/chaos-main.ts');
// Four levels below the root, as its source is: paths are found from there.
const output = path.join(root, 'apps/e2e/dist/chaos', `main-${process.pid}.cjs`);

await build({
  entryPoints: [source],
  outfile: output,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  conditions: ['@conclave/source'],
  sourcemap: 'inline',
  logLevel: 'warning',
});
const args = ['--enable-source-maps', output, ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { stdio: 'inherit' });
child.on('exit', (code) => {
  fs.rmSync(output, { force: true });
  process.exit(code ?? 1);
});
