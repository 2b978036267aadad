// Bundles each app that has a src/main.ts into one executable file, dist/conclave-<app>.js (the CLI
// is dist/conclavectl.js). RocksDB's binding finds its addon by its own path, so it stays outside.
// `--failpoints` makes dist/conclave-node-failpoints.js instead: a member for tests, with failpoints.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const NAMES = { cli: 'conclavectl' };

const outDir = path.join(root, 'dist');
const jobs = [];
const failpoints = process.argv.includes('--failpoints');
for (const app of failpoints ? ['node'] : fs.readdirSync(path.join(root, 'apps'))) {
  const entry = path.join(root, 'apps', app, 'src', 'main.ts');
  if (!fs.existsSync(entry)) continue;
  jobs.push(bundle(entry, path.join(outDir, `${nameOf(app)}.js`)));
}
await Promise.all(jobs);

function nameOf(app) {
  return (NAMES[app] ?? `conclave-${app}`) + (failpoints ? '-failpoints' : '');
}

/** Written beside and renamed, so a process that starts meanwhile never reads half a file. */
async function bundle(entry, outFile) {
  const partFile = `${outFile}.${process.pid}.part.js`;
  await build({
    entryPoints: [entry],
    outfile: partFile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    conditions: ['@conclave/source'],
    define: { CONCLAVE_FAILPOINTS: String(failpoints) },
    external: ['rocksdb-native', 'bufferutil', 'utf-8-validate'],
    banner: { js: '#!/usr/bin/env node\nprocess.env.UV_THREADPOOL_SIZE ??= "16";' },
    logLevel: 'warning',
    sourcemap: 'inline',
    sourcesContent: false,
    keepNames: true,
    legalComments: 'none',
  });
  fs.chmodSync(partFile, 0o755);
  fs.renameSync(partFile, outFile);
}
