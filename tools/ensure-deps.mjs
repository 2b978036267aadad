// Installs dependencies if, and only if, node_modules does not match package-lock.json; so each npm
// script does its own set-up on a fresh clone and costs next to nothing afterwards.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const stampFile = path.join(root, 'node_modules', '.conclave-lock');

function wanted() {
  return `${process.platform}-${process.arch}\n${fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')}`;
}

function installed() {
  try {
    return fs.readFileSync(stampFile, 'utf8');
  } catch {
    return null;
  }
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Conclave needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

if (installed() !== wanted()) {
  console.error('Installing dependencies (once) ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const run = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (run.status !== 0) {
    console.error('npm ci failed; see above.');
    process.exit(1);
  }
  fs.writeFileSync(stampFile, wanted());
  checkNativeLibrary();
}

/** RocksDB's prebuilt binding needs libatomic1, which slim systems lack. */
function checkNativeLibrary() {
  try {
    execFileSync(process.execPath, ['-e', "require('rocksdb-native')"], {
      cwd: root,
      stdio: 'pipe',
    });
  } catch (error) {
    const text = String(error.stderr ?? error);
    if (text.includes('libatomic')) {
      console.error('RocksDB needs the system library libatomic1. Install it, e.g.:');
      console.error('  apt-get install -y libatomic1');
      process.exit(1);
    }
    console.error(`The RocksDB binding does not load on this machine:\n${text}`);
    process.exit(1);
  }
}
