// Puts what an image needs into one folder: the bundles, links to them under bin/, the health check, and
// RocksDB's binding with what it requires, for this platform only (a bundle cannot hold an addon).
//
//   node tools/image-files.mjs FOLDER
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node tools/image-files.mjs FOLDER');
  process.exit(2);
}

const dist = path.join(folder, 'dist');
const bin = path.join(folder, 'bin');
fs.mkdirSync(dist, { recursive: true });
fs.mkdirSync(bin, { recursive: true });
for (const file of fs.readdirSync(path.join(root, 'dist'))) {
  const name = /^(conclave-(?:node|gateway|discovery)|conclavectl)\.js$/.exec(file)?.[1];
  if (name === undefined) continue;
  fs.copyFileSync(path.join(root, 'dist', file), path.join(dist, file));
  fs.chmodSync(path.join(dist, file), 0o755);
  fs.symlinkSync(`../dist/${file}`, path.join(bin, name));
}
fs.copyFileSync(path.join(root, 'deploy', 'healthcheck.js'), path.join(folder, 'healthcheck.js'));
copyPackage('rocksdb-native', root, new Set());

/** Copies a package and, once each, all that it depends on; flat, as npm lays them out. */
function copyPackage(name, from, done) {
  if (done.has(name)) return;
  done.add(name);
  const source = packageFolder(name, from);
  const target = path.join(folder, 'node_modules', name);
  fs.cpSync(source, target, {
    recursive: true,
    filter: (file) => !isForeign(path.relative(source, file)),
  });
  const { dependencies = {} } = JSON.parse(
    fs.readFileSync(path.join(source, 'package.json'), 'utf8'),
  );
  for (const needed of Object.keys(dependencies)) copyPackage(needed, source, done);
}

/** Prebuilt binaries of other platforms and runtimes, C++ sources, nested packages (copied by themselves). */
function isForeign(file) {
  const parts = file.split(path.sep);
  if (parts[0] === 'node_modules') return true;
  if (parts[0] === 'prebuilds' && parts.length > 1) {
    return parts[1] !== `${process.platform}-${process.arch}`;
  }
  return /\.(cc|md|d\.ts|bare)$|CMakeLists\.txt$/.test(file);
}

function packageFolder(name, from) {
  const paths = createRequire(path.join(from, 'package.json')).resolve.paths(name) ?? [];
  for (const place of paths) {
    const found = path.join(place, name);
    if (fs.existsSync(path.join(found, 'package.json'))) return fs.realpathSync(found);
  }
  throw new Error(`package ${name} is not installed`);
}
