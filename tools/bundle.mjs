// Bundles each app that has a src/main.ts into one executable file, dist/conclave-<app>.js (the CLI
// is dist/conclavectl.js). RocksDB's binding finds its addon by its own path, so it stays outside.
// For tests, instead: `--failpoints` makes dist/conclave-node-failpoints.js, a member with failpoints;
// `--feature-max N` makes dist/conclave-node-feature-N.js, an older build that knows features up to N;
// `--no-telemetry` makes dist/conclave-node-no-telemetry.js, a member without metrics and traces.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const NAMES = { cli: 'conclavectl' };

const outDir = path.join(root, 'dist');
const jobs = [];
const failpoints = process.argv.includes('--failpoints');
const featureMax = numberAfter('--feature-max');
const noTelemetry = process.argv.includes('--no-telemetry');
const forTests = failpoints || featureMax !== null || noTelemetry;
for (const app of forTests ? ['node'] : fs.readdirSync(path.join(root, 'apps'))) {
  const entry = path.join(root, 'apps', app, 'src', 'main.ts');
  if (!fs.existsSync(entry)) continue;
  jobs.push(bundle(entry, path.join(outDir, `${nameOf(app)}.js`)));
}
await Promise.all(jobs);

function nameOf(app) {
  const feature = featureMax === null ? '' : `-feature-${featureMax}`;
  const parts = (failpoints ? '-failpoints' : '') + feature + (noTelemetry ? '-no-telemetry' : '');
  return (NAMES[app] ?? `conclave-${app}`) + parts;
}

/** The number that follows an option; null without the option. */
function numberAfter(option) {
  const at = process.argv.indexOf(option);
  if (at < 0) return null;
  const value = process.argv[at + 1] ?? '';
  if (/^\d+$/.test(value)) return Number(value);
  console.error(`${option} takes a number, not "${value}"`);
  process.exit(2);
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
    // No keepNames: it defines a name on every closure made, some 250 ns each, on the way of every request.
    format: 'cjs',
    conditions: ['@conclave/source'],
    define: {
      CONCLAVE_FAILPOINTS: String(failpoints),
      CONCLAVE_FEATURE_MAX: String(featureMax),
      CONCLAVE_TELEMETRY: String(!noTelemetry),
    },
    external: ['rocksdb-native', 'bufferutil', 'utf-8-validate'],
    banner: { js: '#!/usr/bin/env node\nprocess.env.UV_THREADPOOL_SIZE ??= "16";' },
    logLevel: 'warning',
    // Beside the bundle: inline it was half of what each start had to read.
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'none',
  });
  fs.appendFileSync(partFile, `//# sourceMappingURL=${path.basename(outFile)}.map\n`);
  fs.chmodSync(partFile, 0o755);
  fs.renameSync(`${partFile}.map`, `${outFile}.map`);
  fs.renameSync(partFile, outFile);
}
