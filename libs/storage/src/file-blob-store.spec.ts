import * as fs from 'node:fs';
import * as path from 'node:path';
import { FileBlobStore } from './file-blob-store.js';
import { faultyFs } from './testing/faulty-fs.js';
import { outcome, removeTemporary, temporaryDirectory } from './testing/temporary.js';

afterAll(removeTemporary);

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

function read(blobs: FileBlobStore, name: string): string | null {
  const found = blobs.readSync(name);
  return found === null ? null : Buffer.from(found).toString();
}

test('a blob is replaced, read, listed and removed, also one directory below', async () => {
  const blobs = new FileBlobStore(path.join(temporaryDirectory(), 'snap'));
  expect(read(blobs, 'a')).toBeNull();
  blobs.replaceSync('a', bytes('one'));
  expect(await outcome((done) => blobs.replace('a', bytes('two'), done))).toBe('ok');
  expect(await outcome((done) => blobs.replace('d/b', bytes('three'), done))).toBe('ok');
  expect([read(blobs, 'a'), read(blobs, 'd/b')]).toEqual(['two', 'three']);
  expect(blobs.listSync()).toEqual(['a', 'd']);
  const later = await new Promise((resolve) => blobs.read('x', (...answer) => resolve(answer)));
  expect(later).toEqual([null, null]);
  expect(await outcome((done) => blobs.remove('d', done))).toBe('ok');
  expect(blobs.listSync()).toEqual(['a']);
});

test.each(['open', 'write', 'fsync', 'close', 'rename'])(
  'a replace whose %s fails says so and leaves the old bytes',
  async (call) => {
    const directory = temporaryDirectory();
    new FileBlobStore(directory).replaceSync('a', bytes('old'));
    const blobs = new FileBlobStore(directory, faultyFs({ calls: [call], code: 'ENOSPC' }).system);
    expect(await outcome((done) => blobs.replace('a', bytes('new'), done))).toBe('ENOSPC');
    const again = new FileBlobStore(directory);
    expect(read(again, 'a')).toBe('old');
    expect(fs.readdirSync(directory)).toEqual(['a']);
  },
);

test('names that lead out of the directory are refused', () => {
  const blobs = new FileBlobStore(temporaryDirectory());
  for (const name of ['../a', '/etc/passwd', 'a/../b', '.hidden', 'a/b/c', '', 'a.0.tmp']) {
    expect(() => blobs.readSync(name)).toThrow('a plain name');
  }
});
