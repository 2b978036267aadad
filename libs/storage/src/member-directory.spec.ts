import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { MemberDirectory } from './member-directory.js';
import { readMemberFilesSync } from './member-files.js';
import { RocksEngine } from './rocks-engine.js';
import { sealText } from './sealed-text.js';
import { flipBit, outcome, removeTemporary, temporaryDirectory } from './testing/temporary.js';

afterAll(removeTemporary);

const IDENTITY = { clusterId: 0xcdf818194e3a8c32n, memberId: 0x8e9e05c52164694dn, incarnation: 7n };
const CURRENT = { stateNumber: 1, firstSegment: 1 };

/** A member that was born and closed. */
async function born(): Promise<string> {
  const dataDirectory = path.join(temporaryDirectory(), 'data');
  const directory = await MemberDirectory.open(dataDirectory);
  directory.beginBirthSync();
  const engine = await RocksEngine.open(path.join(dataDirectory, 'member', 'state-1'));
  await outcome((done) => engine.close(done));
  directory.finishBirthSync(IDENTITY, CURRENT);
  await directory.close();
  return dataDirectory;
}

const open = (directory: string): Promise<MemberDirectory> => MemberDirectory.open(directory);

test('a directory is born once and knows itself afterwards', async () => {
  const dataDirectory = await born();
  expect(fs.statSync(dataDirectory).mode & 0o777).toBe(0o700);
  const directory = await open(dataDirectory);
  expect(directory.identity).toEqual(IDENTITY);
  expect(directory.current).toEqual(CURRENT);
  expect(directory.warnings).toEqual([]);
  expect(() => directory.beginBirthSync()).toThrow('born once');
  await directory.close();
});

test('a running member can be looked at without its lock', async () => {
  const dataDirectory = await born();
  const directory = await open(dataDirectory);
  expect(readMemberFilesSync(dataDirectory)).toEqual({
    identity: IDENTITY,
    current: CURRENT,
    logDirectory: path.join(dataDirectory, 'member', 'log'),
  });
  await directory.close();
  expect(() => readMemberFilesSync(temporaryDirectory())).toThrow('identity cannot be read');
});

test('a birth that did not finish begins again', async () => {
  const dataDirectory = path.join(temporaryDirectory(), 'data');
  let directory = await open(dataDirectory);
  directory.beginBirthSync();
  directory.logDisk.createSync('half', 10);
  await directory.close();
  directory = await open(dataDirectory);
  expect(directory.identity).toBeNull();
  directory.beginBirthSync();
  expect(directory.logDisk.list()).toEqual([]);
  await directory.close();
});

test('switching the state is durable, and what is not current is removed at the next start', async () => {
  const dataDirectory = await born();
  let directory = await open(dataDirectory);
  const engine = await new Promise<{ close: (done: () => void) => void }>((resolve, reject) =>
    directory.openState(2, (failure, found) => (found ? resolve(found) : reject(failure))),
  );
  await new Promise<void>((resolve) => engine.close(resolve));
  const next = { stateNumber: 2, firstSegment: 9 };
  expect(await outcome((done) => directory.switchTo(next, done))).toBe('ok');
  await directory.close();
  directory = await open(dataDirectory);
  expect(directory.current).toEqual(next);
  const states = fs
    .readdirSync(path.join(dataDirectory, 'member'))
    .filter((n) => n.startsWith('state'));
  expect(states).toEqual(['state-2']);
  await directory.close();
});

test('of the states above the current one only the highest is kept, and named', async () => {
  const dataDirectory = await born();
  const member = path.join(dataDirectory, 'member');
  const names = ['state-2', 'state-4', 'state-10', 'state-3', 'state-x', 'state-010'];
  for (const name of names) fs.mkdirSync(path.join(member, name));
  fs.writeFileSync(path.join(member, 'state-10', 'CURRENT'), 'MANIFEST');
  let directory = await open(dataDirectory);
  const states = (): string[] => fs.readdirSync(member).filter((n) => /^state-\d+$/.test(n));
  expect(states()).toEqual(['state-010', 'state-1', 'state-10']);
  expect(directory.halfReceived).toBe(10);
  expect(await outcome((done) => directory.removeState(10, done))).toBe('ok');
  await directory.close();
  directory = await open(dataDirectory);
  expect(directory.halfReceived).toBeNull();
  await directory.close();
});

test('states below the current one are never half received', async () => {
  const dataDirectory = await born();
  const member = path.join(dataDirectory, 'member');
  let directory = await open(dataDirectory);
  fs.mkdirSync(path.join(member, 'state-5'));
  await outcome((done) => directory.switchTo({ stateNumber: 5, firstSegment: 2 }, done));
  await directory.close();
  directory = await open(dataDirectory);
  expect(directory.halfReceived).toBeNull();
  expect(fs.existsSync(path.join(member, 'state-1'))).toBe(false);
  await directory.close();
});

test('a second process is refused and told who has the directory', async () => {
  const dataDirectory = await born();
  const directory = await open(dataDirectory);
  const rocks = JSON.stringify(require.resolve('rocksdb-native'));
  const lock = JSON.stringify(path.join(dataDirectory, 'member', 'lock'));
  const child = spawnSync(
    process.execPath,
    [
      '-e',
      `const R = require(${rocks}); new R(${lock}).ready().then(() => console.log('taken'), (e) => console.log(e.message))`,
    ],
    { encoding: 'utf8' },
  );
  expect(child.stdout).toContain('Resource temporarily unavailable');
  await expect(open(dataDirectory)).rejects.toMatchObject({
    code: 'locked',
    message: `data directory ${dataDirectory} is in use by another process (pid ${process.pid})`,
  });
  await directory.close();
  await (await open(dataDirectory)).close();
});

test('another member is refused by both names', async () => {
  const directory = await open(await born());
  expect(() => directory.expect(1n, 2n)).toThrow(
    'belongs to member 8e9e05c52164694d of cluster cdf818194e3a8c32, not to member 2 of cluster 1',
  );
  directory.expect(IDENTITY.clusterId, IDENTITY.memberId);
  await directory.close();
});

test.each([
  ['identity', 'identity', 'missing'],
  ['current', 'current', 'missing'],
  ['log', 'log', 'missing'],
  ['state', 'state-1', 'missing'],
])('a deleted %s is refused', async (_name, file, code) => {
  const dataDirectory = await born();
  fs.rmSync(path.join(dataDirectory, 'member', file), { recursive: true });
  await expect(open(dataDirectory)).rejects.toMatchObject({ code });
});

test.each(['identity', 'current'])('every flipped bit of %s is refused', async (file) => {
  const dataDirectory = await born();
  const target = path.join(dataDirectory, 'member', file);
  const size = fs.statSync(target).size;
  for (let offset = 0; offset < size; offset += 3) {
    flipBit(target, offset, 1 << (offset % 8));
    await expect(open(dataDirectory)).rejects.toMatchObject({ code: 'corrupt' });
    flipBit(target, offset, 1 << (offset % 8));
  }
  fs.truncateSync(target, 20);
  await expect(open(dataDirectory)).rejects.toMatchObject({ code: 'corrupt' });
});

test('an unknown format is refused by its number', async () => {
  const dataDirectory = await born();
  fs.writeFileSync(path.join(dataDirectory, 'member', 'identity'), sealText(2, { clusterId: '1' }));
  await expect(open(dataDirectory)).rejects.toMatchObject({
    code: 'unknown-format',
    message: expect.stringContaining('unknown format 2, this program knows 1') as string,
  });
});

test('a symbolic link, a file, and data of etcd are refused with what to do', async () => {
  const dataDirectory = await born();
  const link = path.join(temporaryDirectory(), 'link');
  fs.symlinkSync(dataDirectory, link);
  await expect(open(link)).rejects.toMatchObject({
    code: 'symlink',
    message: `${link} is a symbolic link: name ${dataDirectory} instead`,
  });
  const file = path.join(temporaryDirectory(), 'file');
  fs.writeFileSync(file, '');
  await expect(open(file)).rejects.toMatchObject({ code: 'no-directory' });
  const etcd = temporaryDirectory();
  fs.mkdirSync(path.join(etcd, 'member', 'wal'), { recursive: true });
  await expect(open(etcd)).rejects.toMatchObject({ code: 'foreign' });
});

test('beside a restore that did not finish nobody starts, unless only its last step is missing', async () => {
  const dataDirectory = await born();
  const restoring = path.join(dataDirectory, 'restoring');
  fs.mkdirSync(path.join(restoring, 'member'), { recursive: true });
  await expect(open(dataDirectory)).rejects.toMatchObject({
    message: `a restore into ${dataDirectory} did not finish: run it again, or remove ${restoring}`,
  });
  fs.rmdirSync(path.join(restoring, 'member'));
  const directory = await open(dataDirectory);
  expect(directory.identity).toEqual(IDENTITY);
  expect(fs.existsSync(restoring)).toBe(false);
  await directory.close();
  const empty = temporaryDirectory();
  fs.mkdirSync(path.join(empty, 'restoring'));
  await expect(open(empty)).rejects.toThrow('did not finish');
});

test('a directory open to others is used with a warning', async () => {
  const dataDirectory = await born();
  fs.chmodSync(dataDirectory, 0o777);
  const directory = await open(dataDirectory);
  expect(directory.warnings).toEqual([
    `directory ${dataDirectory} can be entered by others (mode 0777); ` +
      `0700 keeps the data private: chmod 0700 ${dataDirectory}`,
  ]);
  await directory.close();
});

const unprivileged = process.getuid?.() !== 0;
(unprivileged ? test : test.skip)('a read-only directory is refused (not as root)', async () => {
  const dataDirectory = await born();
  fs.chmodSync(path.join(dataDirectory, 'member'), 0o500);
  await expect(open(dataDirectory)).rejects.toMatchObject({ code: 'read-only' });
});
