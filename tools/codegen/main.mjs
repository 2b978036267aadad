#!/usr/bin/env node
// Writes libs/wire/src/generated from libs/wire/proto. `--check` writes nothing and fails on drift.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emitAll } from './emit.mjs';
import { buildModel } from './model.mjs';
import { parseProto } from './parse.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const protoDir = join(root, 'libs/wire/proto');
const outDir = join(root, 'libs/wire/src/generated');

const protos = readdirSync(protoDir)
  .filter((name) => name.endsWith('.proto'))
  .sort();
const files = protos.map((name) => parseProto(readFileSync(join(protoDir, name), 'utf8'), name));
const wanted = emitAll(buildModel(files));

mkdirSync(outDir, { recursive: true });
const drift = readdirSync(outDir).filter((name) => !wanted.has(name));
for (const [name, text] of wanted) {
  let have = null;
  try {
    have = readFileSync(join(outDir, name), 'utf8');
  } catch {
    // Missing: counts as drift.
  }
  if (have !== text) drift.push(name);
}
if (process.argv.includes('--check')) {
  if (drift.length > 0) {
    console.error(`generated code differs from libs/wire/proto: ${drift.join(', ')}`);
    console.error('run: node tools/codegen/main.mjs');
    process.exit(1);
  }
} else {
  for (const name of drift) {
    if (wanted.has(name)) writeFileSync(join(outDir, name), wanted.get(name));
    else rmSync(join(outDir, name));
  }
  console.log(`${wanted.size} files, ${drift.length} written`);
}
