/**
 * Data directories that a member must not start on (RELIABILITY D4, and "Lessons on disks"): the start
 * ends non-zero with one line that says what is wrong; or it starts, and nothing acknowledged is lost.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c, encodeUtf8 } from '@conclave/base';
import { freePorts } from './testing/ports.js';
import { type TestProcess, httpGet, startApp, until } from './testing/process.js';
import { RawClient } from './testing/raw-client.js';
import { ReferenceEtcd } from './testing/reference-etcd.js';

jest.setTimeout(60_000);

const KEYS = 200;
const key = encodeUtf8;

let root: string;
/** A good data directory of a member that was killed; copied for each test. */
let golden: string;
let ports: number[];
let running: TestProcess[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'conclave-files-'));
  golden = join(root, 'golden');
  ports = await freePorts(4);
  const member = start(golden);
  await healthy(member);
  const client = new RawClient(clientUrl());
  for (let i = 0; i < KEYS; i++) await client.put({ key: key(`k/${i}`), value: key(`v${i}`) });
  client.close();
  await member.stop('SIGTERM');
  // Some more, which only the log has.
  const again = start(golden);
  await healthy(again);
  const more = new RawClient(clientUrl());
  for (let i = 0; i < KEYS; i++) await more.put({ key: key(`l/${i}`), value: key(`v${i}`) });
  more.close();
  await again.stop('SIGKILL');
});

afterEach(async () => {
  await Promise.all(running.map((p) => p.stop('SIGKILL')));
  running = [];
});

afterAll(async () => {
  await Promise.all(running.map((p) => p.stop('SIGKILL')));
  rmSync(root, { recursive: true, force: true });
});

const clientUrl = (which = 0): string => `http://127.0.0.1:${ports[2 * which]}`;
const peerUrl = (which = 0): string => `http://127.0.0.1:${ports[2 * which + 1]}`;

interface How {
  readonly flags?: readonly string[];
  /** The user it runs as. */
  readonly uid?: number | undefined;
}

/** `at`: which ports; they are part of who a member is. */
function start(dataDir: string, at = 0, how: How = {}): TestProcess {
  const args = [
    ...['--name', 'm', '--data-dir', dataDir],
    ...['--listen-client-urls', clientUrl(at), '--advertise-client-urls', clientUrl(at)],
    ...['--listen-peer-urls', peerUrl(at), '--initial-advertise-peer-urls', peerUrl(at)],
    ...['--initial-cluster', `m=${peerUrl(at)}`, ...(how.flags ?? [])],
  ];
  const member = startApp('node', args, {}, how.uid);
  running.push(member);
  return member;
}

async function healthy(member: TestProcess, at = 0): Promise<void> {
  await until('the member serves', async () => {
    if (member.exit !== null) throw new Error(`it ended: ${member.output.slice(-2_000)}`);
    return (await httpGet(`${clientUrl(at)}/health`)).status === 200;
  });
}

/** A copy of the good directory, spoilt. */
function copy(name: string): string {
  const target = join(root, name);
  cpSync(golden, target, { recursive: true });
  return target;
}

/** Starts and must not come up: answers the message of its last line. */
async function refusal(
  dataDir: string,
  at = 0,
  how: How = {},
): Promise<{ code: number | null; msg: string }> {
  const member = start(dataDir, at, how);
  await Promise.race([member.ended, new Promise((done) => setTimeout(done, 15_000))]);
  if (member.exit === null) throw new Error(`it started: ${member.output.slice(-1_000)}`);
  const fatal = member.output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: string; msg: string })
    .filter((line) => line.level === 'fatal');
  expect(fatal.length).toBe(1);
  return { code: member.exit.code, msg: fatal[0]?.msg ?? '' };
}

/** Starts, and has every acknowledged key. */
async function startsWhole(dataDir: string): Promise<TestProcess> {
  const member = start(dataDir);
  await healthy(member);
  const client = new RawClient(clientUrl());
  for (const prefix of ['k', 'l']) {
    const range = { key: key(`${prefix}/`), rangeEnd: key(`${prefix}0`), countOnly: true };
    expect((await client.range(range)).count).toBe(KEYS);
  }
  client.close();
  return member;
}

const inMember = (dataDir: string, ...names: string[]): string => join(dataDir, 'member', ...names);

function segments(dataDir: string): string[] {
  const directory = inMember(dataDir, 'log');
  return readdirSync(directory)
    .filter((name) => name !== 'mark')
    .sort()
    .map((name) => join(directory, name));
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  const offset = at < 0 ? bytes.length + at : at;
  bytes[offset] = (bytes[offset] as number) ^ 0x10;
  writeFileSync(file, bytes);
}

/** Where the written part of a segment ends. */
function writtenEnd(file: string): number {
  const bytes = readFileSync(file);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/** In the middle; between groups lie zeros that mean nothing. */
function somethingWritten(file: string): number {
  const bytes = readFileSync(file);
  let at = Math.floor(writtenEnd(file) / 2);
  while (bytes[at] === 0) at++;
  return at;
}

/** A side file sealed anew, as somebody of another release would write it. */
function reseal(file: string, change: (fields: Record<string, unknown>) => void): void {
  const fields = JSON.parse(readFileSync(file, 'utf8').split('\n')[0] as string) as Record<
    string,
    unknown
  >;
  change(fields);
  const line = `${JSON.stringify(fields)}\n`;
  writeFileSync(file, `${line}crc32c ${crc32c(key(line)).toString(16).padStart(8, '0')}\n`);
}

test('the directory as it was left starts, and has everything', async () => {
  await startsWhole(copy('good'));
});

describe('the directory itself', () => {
  test('0777 only warns', async () => {
    const dir = copy('open');
    chmodSync(dir, 0o777);
    const member = await startsWhole(dir);
    expect(member.output).toContain(
      `directory ${dir} can be entered by others (mode 0777); 0700 keeps the data private: ` +
        `chmod 0700 ${dir}`,
    );
  });

  test('a symbolic link is refused, and told where it leads', async () => {
    const dir = copy('real');
    const link = join(root, 'link');
    symlinkSync(dir, link);
    const { code, msg } = await refusal(link);
    expect(code).toBe(1);
    expect(msg).toBe(`cannot start: ${link} is a symbolic link: name ${dir} instead`);
  });

  test('a file in its place is refused', async () => {
    const file = join(root, 'file');
    writeFileSync(file, 'x');
    const { code, msg } = await refusal(file);
    expect(code).toBe(1);
    expect(msg).toBe(`cannot start: data directory ${file} is not a directory`);
  });

  test('one that cannot be made is refused', async () => {
    const { code, msg } = await refusal('/proc/conclave-data');
    expect(code).toBe(1);
    expect(msg).toBe('cannot start: data directory /proc/conclave-data cannot be made');
  });

  test('one that cannot be written is refused', async () => {
    const dir = copy('read-only');
    // Root may write anywhere, so the process is somebody else.
    const nobody = process.getuid?.() === 0 ? 65_534 : undefined;
    if (nobody === undefined) chmodSync(inMember(dir), 0o500);
    else {
      chmodSync(root, 0o755);
      chmodSync(dir, 0o755);
      chmodSync(inMember(dir), 0o755);
    }
    const { code, msg } = await refusal(dir, 0, { uid: nobody });
    chmodSync(inMember(dir), 0o700);
    expect(code).toBe(1);
    expect(msg).toMatch(/^cannot start: data directory .*read-only cannot be written: EACCES: /);
  });

  test('two processes on one directory: the second one is told who has it', async () => {
    const dir = copy('shared');
    const first = await startsWhole(dir);
    const { code, msg } = await refusal(dir, 1);
    expect(code).toBe(1);
    expect(msg).toBe(
      `cannot start: data directory ${dir} is in use by another process (pid ${first.pid})`,
    );
    expect(first.exit).toBeNull();
  });

  test('data of etcd are refused, and the way to move them is named', async () => {
    const dir = join(root, 'etcd');
    const etcd = await ReferenceEtcd.start();
    await etcd.client.put({ key: key('a'), value: key('b') });
    await etcd.stop();
    mkdirSync(inMember(dir, 'wal'), { recursive: true });
    const { code, msg } = await refusal(dir);
    expect(code).toBe(1);
    expect(msg).toBe(
      `cannot start: ${inMember(dir)} holds data of etcd, which is not read; start with an empty ` +
        'directory and copy the keys, for example with etcdctl make-mirror',
    );
  });

  test('the data of another member of the cluster are refused', async () => {
    const dir = copy('other');
    const initial = ['--initial-cluster', `m=${peerUrl(1)},n=${peerUrl(0)}`];
    const { code, msg } = await refusal(dir, 1, { flags: initial });
    expect(code).toBe(1);
    expect(msg).toMatch(
      /^cannot start: data directory .*other belongs to member [0-9a-f]+ of cluster [0-9a-f]+, not to member [0-9a-f]+ of cluster [0-9a-f]+$/,
    );
  });

  test('other URLs in the flags are no reason to refuse, as at etcd', async () => {
    const dir = copy('moved');
    const member = start(dir, 1);
    await healthy(member, 1);
  });
});

describe('side files', () => {
  const rows: [string, (dir: string) => void, RegExp][] = [
    [
      'identity cut short',
      (d) => truncateSync(inMember(d, 'identity'), 20),
      /identity .*\/member\/identity is corrupt: its checksum does not match$/,
    ],
    [
      'identity with a flipped bit',
      (d) => flip(inMember(d, 'identity'), 30),
      /identity .*\/member\/identity is corrupt: its checksum does not match$/,
    ],
    [
      'identity gone',
      (d) => rmSync(inMember(d, 'identity')),
      /identity .*\/member\/identity is missing, but .* is there: restore it, or remove and add this member with an empty directory$/,
    ],
    [
      'identity of an older format',
      (d) => reseal(inMember(d, 'identity'), (f) => (f['format'] = 0)),
      /identity .* has unknown format 0, this program knows 1$/,
    ],
    [
      'identity of a newer format',
      (d) => reseal(inMember(d, 'identity'), (f) => (f['format'] = 2)),
      /identity .* has unknown format 2, this program knows 1$/,
    ],
    [
      'current with a flipped bit',
      (d) => flip(inMember(d, 'current'), 5),
      /file .*\/member\/current is corrupt: its checksum does not match$/,
    ],
    [
      'current cut to nothing',
      (d) => truncateSync(inMember(d, 'current'), 0),
      /file .*\/member\/current is corrupt: its checksum does not match$/,
    ],
    ['current gone', (d) => rmSync(inMember(d, 'current')), /file .*\/member\/current is missing$/],
    [
      'current of a newer format',
      (d) => reseal(inMember(d, 'current'), (f) => (f['format'] = 7)),
      /file .*\/member\/current has unknown format 7, this program knows 1$/,
    ],
    [
      'current that names a state which is not there',
      (d) => reseal(inMember(d, 'current'), (f) => (f['stateNumber'] = 9)),
      /member\/state-9 is missing$/,
    ],
  ];
  test.each(rows)('%s: refused', async (what, spoil, text) => {
    const dir = copy(what.replaceAll(' ', '-'));
    spoil(dir);
    const { code, msg } = await refusal(dir);
    expect(code).toBe(1);
    expect(msg).toMatch(/^cannot start: /);
    expect(msg).toMatch(text);
  });
});

describe('the log', () => {
  const rows: [string, (dir: string) => void, RegExp][] = [
    ['gone', (d) => rmSync(inMember(d, 'log'), { recursive: true }), /member\/log is missing$/],
    ['empty', (d) => segments(d).forEach((s) => rmSync(s)), /the log of .* is refused: /],
    [
      'a flipped bit in the head of its segment',
      (d) => flip(segments(d)[0] as string, 20),
      /the log of .* is refused: .*/,
    ],
    [
      'a flipped bit in the middle',
      (d) => flip(segments(d)[0] as string, somethingWritten(segments(d)[0] as string)),
      /the log of .* is refused: .*/,
    ],
    [
      'cut in the middle',
      (d) =>
        truncateSync(
          segments(d)[0] as string,
          Math.floor(writtenEnd(segments(d)[0] as string) / 2),
        ),
      /the log of .* is refused: .*/,
    ],
    [
      'zeros from the middle on',
      (d) =>
        zeroFrom(segments(d)[0] as string, Math.floor(writtenEnd(segments(d)[0] as string) / 2)),
      /the log of .* is refused: .*/,
    ],
    [
      'a segment of nothing',
      (d) => truncateSync(segments(d)[0] as string, 0),
      /the log of .* is refused: .*/,
    ],
  ];
  test.each(rows)('%s: refused', async (what, spoil, text) => {
    const dir = copy(`log-${what.replaceAll(' ', '-')}`);
    spoil(dir);
    const { code, msg } = await refusal(dir);
    expect(code).toBe(1);
    expect(msg).toMatch(/^cannot start: /);
    expect(msg).toMatch(text);
  });

  test('with garbage behind its end: a torn tail, which is cut', async () => {
    const dir = copy('torn');
    const file = segments(dir)[0] as string;
    const bytes = readFileSync(file);
    const end = writtenEnd(file);
    for (let i = 0; i < 300 && end + 64 + i < bytes.length; i++) bytes[end + 64 + i] = (i * 37) | 1;
    writeFileSync(file, bytes);
    await startsWhole(dir);
  });

  test('without its mark: refused, for a mark that is gone hides a log cut short', async () => {
    const dir = copy('no-mark');
    rmSync(inMember(dir, 'log', 'mark'));
    const { code, msg } = await refusal(dir);
    expect(code).toBe(1);
    expect(msg).toMatch(/mark/);
  });

  test('with one bad slot in its mark: the other one counts', async () => {
    const dir = copy('bad-mark');
    const file = inMember(dir, 'log', 'mark');
    flip(file, 12);
    await startsWhole(dir);
  });

  function zeroFrom(file: string, at: number): void {
    const bytes = readFileSync(file);
    bytes.fill(0, at);
    writeFileSync(file, bytes);
  }
});

describe('the state', () => {
  const state = (dir: string): string => inMember(dir, 'state-1');
  const tables = (dir: string): string[] =>
    readdirSync(state(dir))
      .filter((name) => name.endsWith('.sst'))
      .map((name) => join(state(dir), name));

  test('gone: refused', async () => {
    const dir = copy('state-gone');
    rmSync(state(dir), { recursive: true });
    const { code, msg } = await refusal(dir);
    expect(code).toBe(1);
    expect(msg).toMatch(/^cannot start: .*member\/state-1 is missing$/);
  });

  test('a flipped bit in a table: refused', async () => {
    const dir = copy('state-flip');
    expect(tables(dir).length).toBeGreaterThan(0);
    for (const table of tables(dir)) flip(table, Math.floor(statSync(table).size / 4));
    const { code, msg } = await refusal(dir);
    expect(code).toBe(1);
    expect(msg).toMatch(
      /^cannot start: (cannot open the state|the state does not load): .*checksum mismatch/,
    );
  });

  test('a table cut short: refused', async () => {
    const dir = copy('state-cut');
    for (const table of tables(dir)) truncateSync(table, Math.floor(statSync(table).size / 2));
    const { code, msg } = await refusal(dir);
    expect(code).toBe(1);
    expect(msg).toMatch(/^cannot start: (cannot open the state|the state does not load): /);
  });

  test('a table gone: refused', async () => {
    const dir = copy('state-less');
    for (const table of tables(dir)) rmSync(table);
    const { code, msg } = await refusal(dir);
    expect(code).toBe(1);
    expect(msg).toMatch(/^cannot start: cannot open the state: /);
  });

  test('one of an older time with a newer log: it starts, from the log', async () => {
    // Its own write-ahead log is never trusted: without it, nothing is lost.
    const dir = copy('state-wal');
    for (const name of readdirSync(state(dir))) {
      if (name.endsWith('.log')) rmSync(join(state(dir), name));
    }
    await startsWhole(dir);
  });

  test('leftovers of another state are removed', async () => {
    const dir = copy('leftover');
    cpSync(state(dir), inMember(dir, 'state-7'), { recursive: true });
    await startsWhole(dir);
    expect(existsSync(inMember(dir, 'state-7'))).toBe(false);
  });
});

test('a birth that did not finish begins again', async () => {
  const dir = copy('birth');
  rmSync(inMember(dir, 'identity'));
  writeFileSync(inMember(dir, 'birth'), '');
  const member = start(dir);
  await healthy(member);
  const client = new RawClient(clientUrl());
  expect((await client.range({ key: key('k/'), rangeEnd: key('k0') })).count).toBe(0);
  client.close();
});
