// Bundles the simulator in one file, with patches planted in the sources on the way if asked for.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/**
 * The path of a bundle that runs the simulator. `patches`: exact replacements, each in one file of
 * the repository; one that does not match exactly once is an error, so no mutant dies unnoticed.
 * `instead`: {file, text}, a whole file that is read as another text.
 */
export async function bundleSimulator(
  entry = 'libs/sim/src/index.ts',
  patches = [],
  instead = null,
) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'conclave-sim-'));
  const outfile = path.join(directory, 'sim.cjs');
  await build({
    entryPoints: [path.join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    conditions: ['@conclave/source'],
    external: ['rocksdb-native', 'bufferutil', 'utf-8-validate'],
    sourcemap: 'inline',
    sourcesContent: false,
    keepNames: true,
    logLevel: instead === null ? 'warning' : 'silent',
    plugins: [
      ...(patches.length > 0 ? [plant(patches)] : []),
      ...(instead === null ? [] : [replaceFile(instead)]),
    ],
  });
  return { outfile, remove: () => fs.rmSync(directory, { recursive: true, force: true }) };
}

function plant(patches) {
  const byFile = new Map();
  for (const patch of patches) {
    const file = path.join(root, patch.file);
    byFile.set(file, [...(byFile.get(file) ?? []), patch]);
  }
  return {
    name: 'plant',
    setup(context) {
      const planted = new Set();
      context.onLoad({ filter: /\.ts$/ }, (args) => {
        const own = byFile.get(args.path);
        if (own === undefined) return undefined;
        let text = fs.readFileSync(args.path, 'utf8');
        for (const { find, replace, file } of own) {
          const parts = text.split(find);
          if (parts.length !== 2) {
            throw new Error(`${file}: the pattern matches ${parts.length - 1} times: ${find}`);
          }
          text = parts.join(replace);
        }
        planted.add(args.path);
        return { contents: text, loader: 'ts' };
      });
      context.onEnd(() => {
        for (const file of byFile.keys()) {
          if (!planted.has(file)) throw new Error(`${file}: not part of the bundle`);
        }
      });
    },
  };
}

function replaceFile({ file, text }) {
  return {
    name: 'replace-file',
    setup(context) {
      context.onLoad({ filter: /\.ts$/ }, ({ path: loaded }) =>
        loaded === file ? { contents: text, loader: 'ts' } : undefined,
      );
    },
  };
}
