/**
 * The dump against logs written by the room that writes them, on real files.
 */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { encodeUtf8 } from '@conclave/base';
import { type DurableLog, FIRST_SEGMENT, createLogSync, openLog } from '@conclave/log';
import { MemberDirectory } from '@conclave/storage';
import {
  ConfChangeTransition,
  ConfChangeType,
  type Entry,
  EntryType,
  PutRequest,
  RequestField,
  RequestHeader,
  encodeConfChange,
  encodeInternalRaftRequest,
} from '@conclave/wire';
import { logDump } from './log-dump.js';
import { Output } from './output.js';

const IDENTITY = { clusterId: 1n, memberId: 0xabcn, incarnation: 3n };
const LOG_OPTIONS = { ...IDENTITY, segmentBytes: 64 * 1024, entryBytesMax: 1024 * 1024 };
const CONF = {
  voters: [0xabcn],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
});

/** Lines instead of a file. */
class Lines extends Output {
  readonly lines: string[] = [];

  constructor() {
    super(-1);
  }

  override line(text: string): void {
    this.lines.push(text);
  }
}

class Member {
  readonly dataDir: string;
  readonly #directory: MemberDirectory;
  readonly log: DurableLog;

  private constructor(dataDir: string, directory: MemberDirectory, log: DurableLog) {
    this.dataDir = dataDir;
    this.#directory = directory;
    this.log = log;
  }

  static async born(): Promise<Member> {
    const parent = fs.mkdtempSync(path.join(tmpdir(), 'conclave-cli-'));
    directories.push(parent);
    const dataDir = path.join(parent, 'data');
    const directory = await MemberDirectory.open(dataDir);
    directory.beginBirthSync();
    const cut = { index: 0, term: 0, confState: CONF };
    createLogSync(directory.logDisk, LOG_OPTIONS, { term: 0, vote: 0n, commit: 0 }, cut);
    directory.finishBirthSync(IDENTITY, { stateNumber: 1, firstSegment: FIRST_SEGMENT });
    const opened = openLog(directory.logDisk, LOG_OPTIONS, FIRST_SEGMENT);
    if (!opened.ok) throw new Error(opened.message);
    return new Member(dataDir, directory, opened.log);
  }

  append(...entries: Entry[]): Promise<void> {
    const term = entries[entries.length - 1]?.term ?? 0;
    const hardState = { term, vote: 0n, commit: this.log.hardState.commit };
    return new Promise((resolve, reject) => {
      this.log.append({ hardState, entries }, (failure) => {
        if (failure === null) resolve();
        else reject(new Error(failure.message));
      });
    });
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.log.close(resolve));
    await this.#directory.close();
  }
}

function entry(index: number, term: number, text: string): Entry {
  return { index, term, type: EntryType.NORMAL, data: encodeUtf8(text) };
}

const dump = (dataDir: string, options: object = {}): { fault: string | null; lines: string[] } => {
  const out = new Lines();
  const all = { dataDir, from: 0, to: Number.MAX_SAFE_INTEGER, decode: false, all: false };
  return { fault: logDump({ ...all, ...options }, out), lines: out.lines };
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('conclavectl log dump', () => {
  let member: Member;
  beforeEach(async () => (member = await Member.born()));

  it('prints index, term, kind and bytes of the entries asked for', async () => {
    await member.append(entry(1, 1, 'one'), entry(2, 1, 'two'), entry(3, 2, 'three'));
    await member.close();
    expect(dump(member.dataDir)).toEqual({
      fault: null,
      lines: [
        `1 1 norm ${base64('one')}`,
        `2 1 norm ${base64('two')}`,
        `3 2 norm ${base64('three')}`,
      ],
    });
    expect(dump(member.dataDir, { from: 2, to: 2 }).lines).toEqual([`2 1 norm ${base64('two')}`]);
  });

  it('leaves out what a later leader overwrote, unless all is asked for', async () => {
    await member.append(entry(1, 1, 'a'), entry(2, 1, 'lost'), entry(3, 1, 'lost too'));
    await member.append(entry(2, 2, 'b'));
    await member.append(entry(3, 2, 'c'));
    await member.close();
    const short = (lines: string[]): string[] => lines.map((line) => line.slice(0, 3));
    expect(short(dump(member.dataDir).lines)).toEqual(['1 1', '2 2', '3 2']);
    const all = dump(member.dataDir, { all: true });
    expect(short(all.lines)).toEqual(['1 1', '2 1', '3 1', '2 2', '3 2']);
  });

  it('names requests and changes of membership', async () => {
    const put = PutRequest.encode(PutRequest.create({ key: encodeUtf8('k') }));
    const header = RequestHeader.create({ ID: 0x1234n });
    const requests = [
      new Uint8Array(0),
      encodeInternalRaftRequest(header, RequestField.PUT, put),
      encodeInternalRaftRequest(header, 12_345, put),
      Uint8Array.of(0xff),
    ].map((data, i) => ({ index: i + 1, term: 1, type: EntryType.NORMAL, data }));
    const changes = [
      { type: ConfChangeType.ADD_LEARNER, id: 0xabcdn },
      { type: ConfChangeType.REMOVE, id: 7n },
    ];
    const transition = ConfChangeTransition.AUTO;
    const conf = encodeConfChange({ transition, changes, context: new Uint8Array(0) });
    const more = [conf, new Uint8Array(0)].map((data, i) => ({
      ...{ index: i + 5, term: 1, type: EntryType.CONF_CHANGE, data },
    }));
    await member.append(...requests, ...more);
    await member.close();
    expect(dump(member.dataDir, { decode: true }).lines).toEqual([
      '1 1 norm empty',
      '2 1 norm put 1234',
      '3 1 norm field_12345 1234',
      expect.stringMatching(/^4 1 norm unreadable ./),
      '5 1 conf add_learner:abcd,remove:7',
      '6 1 conf leave_joint',
    ]);
  });

  it('shows a gapless log that holds all that was durable, while the member writes it', async () => {
    let next = 1;
    let durable = 0;
    const appends: Promise<void>[] = [];
    for (let look = 0; look < 40; look++) {
      for (let i = 0; i < 5; i++, next++) {
        const index = next;
        const done = member.append(entry(index, 1, 'x'.repeat(300 + 37 * i)));
        appends.push(done.then(() => void (durable = Math.max(durable, index))));
      }
      await new Promise((resolve) => setImmediate(resolve));
      const least = durable;
      const { fault, lines } = dump(member.dataDir);
      expect(fault).toBeNull();
      expect(lines.length).toBeGreaterThanOrEqual(least);
      lines.forEach((line, i) => expect(line.startsWith(`${i + 1} 1 norm `)).toBe(true));
    }
    await Promise.all(appends);
    expect(dump(member.dataDir).lines).toHaveLength(next - 1);
    await member.close();
  });

  it('changes nothing on the disk and needs no right to write', async () => {
    await member.append(entry(1, 1, 'one'));
    await member.close();
    const log = path.join(member.dataDir, 'member', 'log');
    const state = (): unknown =>
      fs.readdirSync(log).map((name) => {
        const { mtimeMs, size } = fs.statSync(path.join(log, name));
        return { name, mtimeMs, size };
      });
    for (const name of fs.readdirSync(log)) fs.chmodSync(path.join(log, name), 0o400);
    const before = state();
    expect(dump(member.dataDir).fault).toBeNull();
    expect(state()).toEqual(before);
  });

  it('prints what stands before corruption, and tells of it', async () => {
    for (let i = 1; i <= 4; i++) await member.append(entry(i, 1, `entry ${i}`));
    await member.close();
    const file = path.join(member.dataDir, 'member', 'log', '0000000000000001.log');
    const bytes = fs.readFileSync(file);
    const at = bytes.indexOf('entry 3');
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    fs.writeFileSync(file, bytes);
    const { fault, lines } = dump(member.dataDir);
    expect(fault).toMatch(/^log segment 0000000000000001\.log is corrupt/);
    expect(lines).toHaveLength(2);
  });

  it('tells what is missing where there is no member', async () => {
    await member.close();
    expect(dump('/nowhere').fault).toContain('/nowhere/member/identity');
    fs.rmSync(path.join(member.dataDir, 'member', 'log'), { recursive: true });
    expect(dump(member.dataDir).fault).toMatch(/ENOENT.*member\/log/);
  });
});
