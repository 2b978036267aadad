import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUtf8 } from '@conclave/base';
import { Backup, BackupReading, NO_PACE } from '@conclave/snapshot';
import { MemoryEngine, TaskQueue } from '@conclave/testkit';
import { createHash } from 'node:crypto';
import { readBackupFile, readBackupHead } from './backup-file.js';

let directory: string;
const at = (name: string): string => join(directory, name);

beforeAll(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'backup-file-'));
  fs.writeFileSync(at('whole'), backupOf(500));
});

afterAll(() => fs.rmSync(directory, { recursive: true }));

/** The bytes of a backup of so many rows, its SHA-256 at the end. */
function backupOf(rows: number): Buffer {
  const turns = new TaskQueue();
  const engine = new MemoryEngine(turns);
  const ops = Array.from({ length: rows }, (_, i) => ({
    type: 'put' as const,
    key: encodeUtf8(`v${String(i).padStart(6, '0')}`),
    value: new Uint8Array(i % 400).fill(i),
  }));
  engine.write(ops, () => {});
  turns.run();
  const sha = createHash('sha256');
  const head = {
    ...{ id: 'abc', clusterId: '7', memberId: '8', index: 5, term: 2, revision: 501 },
    ...{ compactRevision: -1, stateFormat: 1, feature: 0, version: '3.6.9', createdMs: 1 },
    members: [],
  };
  const snapshot = engine.snapshot();
  const point = { snapshot, head, hash: null, bytesExpected: 0, isVersion: () => true };
  const backup = new Backup(point, {
    update: (bytes) => void sha.update(bytes),
    digest: () => new Uint8Array(sha.digest()),
  });
  backup.prepare(() => {});
  turns.run();
  const reading = new BackupReading(backup, 0, 1_000, NO_PACE);
  const pieces: Uint8Array[] = [];
  for (let over = false; !over; turns.run()) {
    reading.read((_, bytes) => {
      if (bytes === null) over = true;
      else pieces.push(bytes);
    });
    turns.run();
  }
  return Buffer.concat([...pieces, backup.sha256]);
}

test('a whole file is read row by row, in order, and told about', async () => {
  const keys: string[] = [];
  let told = 0;
  const info = await readBackupFile(at('whole'), {
    onRows: (rows) => {
      for (const { key } of rows) keys.push(Buffer.from(key).toString());
      return Promise.resolve();
    },
    onProgress: (bytes) => (told = bytes),
  });
  expect([keys.length, keys[0], keys.at(-1)]).toEqual([500, 'v000000', 'v000499']);
  expect(keys).toEqual([...keys].sort());
  expect(info.head).toMatchObject({ id: 'abc', revision: 501 });
  expect(info.end).toMatchObject({ rows: 500, versions: 500 });
  expect(told).toBe(info.bytes - 32);
  const bytes = fs.readFileSync(at('whole'));
  expect(info.sha256).toBe(bytes.subarray(bytes.length - 32).toString('hex'));
});

test('a file cut anywhere, or with any bit turned, is refused', async () => {
  const bytes = fs.readFileSync(at('whole'));
  const refused = async (content: Uint8Array): Promise<string> => {
    fs.writeFileSync(at('bad'), content);
    return readBackupFile(at('bad')).then(
      () => 'taken',
      (error: Error & { code: string }) => error.code,
    );
  };
  for (let i = 0; i < 40; i++) {
    const place = Math.floor((bytes.length * (i + 0.5)) / 40);
    expect([place, await refused(bytes.subarray(0, place))]).toEqual([place, 'backup-damaged']);
    const copy = Buffer.from(bytes);
    copy[place] = (copy[place] as number) ^ 4;
    expect([place, await refused(copy)]).toEqual([place, 'backup-damaged']);
  }
});

test("a snapshot of etcd's is named as what it is", async () => {
  const bolt = Buffer.alloc(32_768);
  bolt.writeUInt32LE(0xed0cdaed, 16);
  fs.writeFileSync(at('bolt'), bolt);
  await expect(readBackupFile(at('bolt'))).rejects.toMatchObject({
    code: 'backup-foreign',
    message: expect.stringContaining('a snapshot that etcd made') as string,
  });
});

test('the head of a file that is still growing is there once it is whole', async () => {
  const bytes = fs.readFileSync(at('whole'));
  fs.writeFileSync(at('part'), bytes.subarray(0, 2_000));
  expect((await readBackupHead(at('part')))?.id).toBe('abc');
  fs.writeFileSync(at('part'), bytes.subarray(0, 50));
  expect(await readBackupHead(at('part'))).toBeNull();
});
