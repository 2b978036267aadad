import fs from 'node:fs';
import path from 'node:path';

import type { EngineOp } from '@conclave/base';
import { RocksEngine } from './rocks-engine.js';
import { removeTemporary, temporaryDirectory } from './testing/temporary.js';
import { endOfEdits, mendTornManifest } from './torn-manifest.js';

afterAll(removeTemporary);

const key = (n: number): Uint8Array => Uint8Array.of(n);

/** A state of three flushes, closed, with one row each. */
async function flushed(): Promise<{ directory: string; manifest: string }> {
  const directory = path.join(temporaryDirectory(), 'state');
  const engine = await RocksEngine.open(directory);
  for (let n = 1; n <= 3; n++) {
    const ops: EngineOp[] = [{ type: 'put', key: key(n), value: key(n) }];
    await new Promise<void>((done) => engine.write(ops, () => done()));
    await new Promise<void>((done) => engine.flush(() => done()));
  }
  await new Promise<void>((done) => engine.close(() => done()));
  const current = fs.readFileSync(path.join(directory, 'CURRENT'), 'utf8').trim();
  return { directory, manifest: path.join(directory, current) };
}

async function rows(directory: string, told: string[]): Promise<number> {
  const engine = await RocksEngine.open(directory, (what) => told.push(what));
  const found = await new Promise<number>((resolve) => {
    engine.scan(key(0), null, 10, (failure, all) => resolve(failure === null ? all.length : -1));
  });
  await new Promise<void>((done) => engine.close(() => done()));
  return found;
}

test('a write to the list of tables that tore is cut off, and all that was flushed before is there', async () => {
  const { directory, manifest } = await flushed();
  const whole = fs.readFileSync(manifest);
  expect(endOfEdits(whole)).toBe(whole.length);
  // An edit of 100 bytes of which a page arrived in part: header and beginning, then zeros.
  const torn = Buffer.concat([whole.subarray(0, 40), Buffer.alloc(67)]);
  torn.writeUInt16LE(100, 4);
  fs.appendFileSync(manifest, torn);
  const told: string[] = [];
  expect(await rows(directory, told)).toBe(3);
  expect(told).toEqual([`${manifest}: cut 107 bytes of a write that the power interrupted`]);
});

test('damage with readable edits behind it is no torn write, and nothing is touched', async () => {
  const { directory, manifest } = await flushed();
  const bytes = fs.readFileSync(manifest);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] as number) ^ 1;
  fs.writeFileSync(manifest, bytes);
  expect(endOfEdits(bytes)).toBeNull();
  expect(mendTornManifest(directory)).toBeNull();
  expect(fs.readFileSync(manifest)).toEqual(bytes);
});

test('a list of which nothing can be read is not cut to nothing', () => {
  expect(endOfEdits(Buffer.alloc(0))).toBeNull();
  expect(endOfEdits(Buffer.alloc(4096))).toBeNull();
  expect(endOfEdits(Buffer.alloc(200_000, 1))).toBeNull();
});
