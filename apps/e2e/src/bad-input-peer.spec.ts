/**
 * Somebody on the peer port of a running cluster who means ill (RELIABILITY D4): no member ends, the
 * cluster goes on serving, and the log of the member says what was refused.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes, encodeUtf8 } from '@conclave/base';
import {
  type Hello,
  LINK_FORMAT,
  type LinkFrame,
  MessageType,
  encodeLinkFrames,
} from '@conclave/wire';
import { type MemberSlot, TestCluster } from './testing/cluster.js';
import { FullWatcher, Writer, hashesAt, missingWrites } from './testing/load.js';
import {
  BINARY,
  CLOSE,
  HostilePeer,
  PING,
  type PeerPath,
  TEXT,
  unmasked,
  wsFrame,
} from './testing/hostile-peer.js';
import { until } from './testing/process.js';
import { repeated, varint } from './testing/proto-bytes.js';
import { RawClient } from './testing/raw-client.js';
import { residentOf } from './testing/worlds.js';

jest.setTimeout(60_000);

const MIB = 1024 * 1024;
const MEMORY_EXTRA = 400 * MIB;
const FORMAT = 1;
const HAS_ENTRIES = 2;
const HAS_SNAPSHOT = 4;

let cluster: TestCluster;
let victim: MemberSlot;
let writer: Writer;
let watcher: FullWatcher;
let baseBytes: number;
/** The load has ended. */
let over = false;
/** What an honest member would say, posing as the third one to the first. */
let honest: Hello;

interface IdentityFile {
  clusterId: string;
  memberId: string;
  incarnation: string;
}

function identityOf(member: MemberSlot): IdentityFile {
  const text = readFileSync(join(member.dataDir, 'member', 'identity'), 'utf8');
  return JSON.parse(text.split('\n')[0] as string) as IdentityFile;
}

const id = (hex: string): bigint => BigInt(`0x${hex}`);

beforeAll(async () => {
  cluster = await TestCluster.start({ members: 3 });
  victim = cluster.members[0] as MemberSlot;
  const third = identityOf(cluster.members[2] as MemberSlot);
  honest = {
    type: 'hello',
    role: 'member',
    clusterId: id(third.clusterId),
    from: id(third.memberId),
    to: id(identityOf(victim).memberId),
    incarnation: id(third.incarnation),
    session: 0n,
    feature: 0,
    name: 'm3',
  };
  writer = new Writer('during', (cluster.members[1] as MemberSlot).clientUrl).start();
  watcher = new FullWatcher(victim.clientUrl);
  baseBytes = residentOf(victim.process.pid);
});

afterAll(async () => {
  await (writer as Writer | undefined)?.stop();
  (watcher as FullWatcher | undefined)?.close();
  await (cluster as TestCluster | undefined)?.stop();
});

/** After each: the member lives, and the cluster takes a write. */
afterEach(async () => {
  expect(victim.process.exit).toBeNull();
  if (over) return;
  const before = writer.acknowledged.size;
  await until('a write goes through', () => writer.acknowledged.size > before);
});

async function accepted(path: PeerPath, hello: Partial<Hello> = {}): Promise<HostilePeer> {
  const peer = await HostilePeer.open(victim.peerUrl, path);
  peer.hello({ ...honest, ...hello });
  await until('an answer to hello', () => peer.frames.length > 0);
  expect(peer.frames[0]?.type).toBe('hello-answer');
  return peer;
}

function logged(text: string): Promise<void> {
  return until(`the log says ${text}`, () => victim.process.output.includes(text));
}

const heard = (): number => victim.process.output.length;

describe('a hello', () => {
  const other = (): [string, PeerPath, Partial<Hello>, string, RegExp][] => [
    [
      'of another cluster',
      '/raft',
      { clusterId: 99n },
      'other-cluster',
      /^cluster id mismatch: 63 was asked for, this is [0-9a-f]+$/,
    ],
    [
      'of an unknown member',
      '/raft',
      { from: 1234n },
      'unknown-member',
      /^member 4d2 is not a member of the cluster$/,
    ],
    [
      'of nobody',
      '/raft',
      { from: 0n },
      'bad-hello',
      /^link frame: a role that does not go with the id$/,
    ],
    [
      'of the member itself',
      '/raft',
      { from: honest.to },
      'bad-hello',
      /^a member hello from [0-9a-f]+$/,
    ],
    [
      'to another member',
      '/raft',
      { to: honest.from },
      'other-member',
      /^member id mismatch: [0-9a-f]+ was asked for, this is [0-9a-f]+$/,
    ],
    [
      'of a wiped member',
      '/raft',
      { incarnation: 5n },
      'other-incarnation',
      /^member [0-9a-f]+ has a wiped data directory: remove and add this member$/,
    ],
    [
      'of a wiped member, with a snapshot',
      '/raft/snapshot',
      { incarnation: 5n },
      'other-incarnation',
      /wiped data directory/,
    ],
    [
      'of a gateway on the path of members',
      '/raft',
      { role: 'gateway', from: 0n },
      'bad-hello',
      /^a gateway has no business on \/raft$/,
    ],
    [
      'of a gateway of another cluster',
      '/link',
      { role: 'gateway', from: 0n, clusterId: 99n },
      'other-cluster',
      /^cluster id mismatch/,
    ],
  ];
  test('that is not for this member is refused by name', async () => {
    for (const [what, path, change, code, text] of other()) {
      const peer = await HostilePeer.open(victim.peerUrl, path);
      peer.hello({ ...honest, ...change });
      await until('a refusal', () => peer.frames.length > 0);
      peer.destroy();
      expect({ what, frames: peer.frames }).toEqual({
        what,
        frames: [{ type: 'refusal', code, text: expect.stringMatching(text) }],
      });
      // The same trouble from the same host is told once.
      await logged(`"path":"${path}","code":"${code}"`);
    }
  });

  test.each([
    [
      'of a future format',
      Uint8Array.of(200, 1, 2, 3),
      'unknown-format',
      'link format 200 is unknown here, ours is 1',
    ],
    ['that is empty', new Uint8Array(0), 'bad-hello', 'a hello of 0 bytes'],
    ['of 5,000 bytes', new Uint8Array(5_000), 'bad-hello', 'a hello of 5000 bytes'],
    ['that is garbage', Uint8Array.of(LINK_FORMAT, 99, 1, 2, 3), 'bad-hello', expect.any(String)],
    [
      'that is another frame',
      encodeLinkFrames([{ type: 'ping', token: 1 }]),
      'bad-hello',
      'a ping frame where a hello was expected',
    ],
  ])('%s is refused', async (_what, bytes, code, text) => {
    const peer = await HostilePeer.open(victim.peerUrl, '/raft');
    peer.send(bytes);
    await until('a refusal', () => peer.frames.length > 0);
    peer.destroy();
    expect(peer.frames).toEqual([{ type: 'refusal', code, text }]);
    await logged(`"code":"${code}"`);
  });

  test('said twice ends the connection', async () => {
    const peer = await accepted('/raft');
    peer.hello(honest);
    await peer.closed;
  });

  test('replayed on a second connection takes the place of the first, which ends', async () => {
    const first = await accepted('/raft');
    const second = await accepted('/raft');
    await first.closed;
    second.destroy();
  });

  test('that never comes costs a socket for some seconds only', async () => {
    const peers = await Promise.all(
      Array.from({ length: 50 }, () => HostilePeer.open(victim.peerUrl, '/raft')),
    );
    await Promise.all(peers.map((peer) => peer.closed));
  });
});

test('a page in a browser (Origin) is refused, and so is an unknown path', async () => {
  const page = await HostilePeer.open(victim.peerUrl, '/raft', 'Origin: http://evil.example\r\n');
  await page.closed;
  expect(page.received.toString()).toMatch(/^HTTP\/1\.1 403 /);
  const nowhere = await HostilePeer.open(victim.peerUrl, '/etc/passwd');
  await nowhere.closed;
  expect(nowhere.upgraded).toBe(false);
});

test('a sub-protocol header of 100 KiB is refused', async () => {
  const header = `Sec-WebSocket-Protocol: ${'x'.repeat(100 * 1024)}\r\n`;
  const peer = await HostilePeer.open(victim.peerUrl, '/raft', header);
  await peer.closed;
  expect(peer.upgraded).toBe(false);
});

const ONE = Uint8Array.of(1);
const FRAMES: [string, Uint8Array[]][] = [
  ['an unmasked frame', [unmasked(BINARY, ONE)]],
  ['text instead of binary', [wsFrame(TEXT, encodeUtf8('hello'))]],
  ['a compressed frame', [wsFrame(BINARY | 0x40, ONE)]],
  ['reserved bits', [wsFrame(BINARY | 0x30, ONE)]],
  ['an unknown opcode', [wsFrame(0x83, ONE)]],
  ['a continuation of nothing', [wsFrame(0x80, ONE)]],
  ['a close code nobody may send', [wsFrame(CLOSE, Uint8Array.of(0, 1))]],
  ['a ping of 126 bytes', [wsFrame(PING, new Uint8Array(126))]],
  ['a length of 2^31 without data', [wsFrame(BINARY, new Uint8Array(0), 2 ** 31)]],
  ['a length of 2^53 without data', [wsFrame(BINARY, new Uint8Array(0), 2 ** 53)]],
  [
    'fragments of one byte',
    [wsFrame(0x02, ONE), ...Array.from({ length: 40 }, () => wsFrame(0x00, ONE))],
  ],
];

describe.each(['/raft', '/raft/snapshot', '/link'] as PeerPath[])('on %s', (path) => {
  test.each(FRAMES)(
    '%s ends the connection, before the hello and after it',
    async (_what, pieces) => {
      const stranger = await HostilePeer.open(victim.peerUrl, path);
      await stranger.raw(...pieces).closed;
      const role =
        path === '/link' ? ({ role: 'gateway', from: 0n, incarnation: 0n } as const) : {};
      const known = await accepted(path, role);
      await known.raw(...pieces).closed;
    },
  );
});

test('a flood of pings is bounded: it is answered, or the connection ends', async () => {
  const peer = await accepted('/raft');
  for (let i = 0; i < 20; i++) peer.raw(repeated(wsFrame(PING, new Uint8Array(100)), 5_000));
  await new Promise((done) => setTimeout(done, 1_000));
  peer.destroy();
  await peer.closed;
});

describe('a frame of Raft', () => {
  const u64 = (value: bigint): Uint8Array => {
    const out = Buffer.alloc(8);
    out.writeBigUInt64LE(value);
    return out;
  };
  interface Fields {
    type?: number;
    flags?: number;
    /** term, logTerm, index, commit, rejectHint, context. */
    numbers?: (number | bigint)[];
    rest?: Uint8Array;
    cluster?: bigint;
    from?: bigint;
    to?: bigint;
    format?: number;
    count?: number;
  }
  function frame(f: Fields): Uint8Array {
    return concatBytes([
      Uint8Array.of(f.format ?? FORMAT),
      u64(f.cluster ?? honest.clusterId),
      u64(f.from ?? honest.from),
      u64(f.to ?? honest.to),
      varint(f.count ?? 1),
      Uint8Array.of(f.type ?? MessageType.APPEND, f.flags ?? 0),
      ...(f.numbers ?? [1, 0, 0, 0, 0, 0]).map(varint),
      f.rest ?? new Uint8Array(0),
    ]);
  }
  const entry = (
    term: number,
    index: number,
    length: number,
    data = new Uint8Array(0),
  ): Uint8Array =>
    concatBytes([Uint8Array.of(0), varint(term), varint(index), varint(length), data]);

  const rows: [string, () => Uint8Array, string][] = [
    ['of a future format', () => frame({ format: 9 }), 'unknown format 9'],
    ['of another cluster', () => frame({ cluster: 5n }), 'a frame between other members'],
    ['from another member', () => frame({ from: 5n }), 'a frame between other members'],
    ['to another member', () => frame({ to: 5n }), 'a frame between other members'],
    ['with term 2^53 + 1', () => frame({ numbers: [2n ** 53n + 1n, 0, 0, 0, 0, 0] }), 'number'],
    ['with term 2^64 - 1', () => frame({ numbers: [2n ** 64n - 1n, 0, 0, 0, 0, 0] }), 'number'],
    ['with index 2^64 - 1', () => frame({ numbers: [1, 0, 2n ** 64n - 1n, 0, 0, 0] }), 'number'],
    ['with commit 2^53', () => frame({ numbers: [1, 0, 0, 2n ** 53n, 0, 0] }), 'number'],
    ['of an unknown type', () => frame({ type: 77 }), 'message type'],
    ['of type 0', () => frame({ type: 0 }), 'unknown message type 0'],
    ['with unknown flags', () => frame({ flags: 0x80 }), 'message flags'],
    [
      'with a gap between its entries',
      () =>
        frame({
          flags: HAS_ENTRIES,
          rest: concatBytes([varint(2), entry(1, 1, 0), entry(1, 3, 0)]),
        }),
      'entries with a gap',
    ],
    [
      'with a gap before its entries',
      () => frame({ flags: HAS_ENTRIES, rest: concatBytes([varint(1), entry(1, 9, 0)]) }),
      'entries with a gap',
    ],
    [
      'with terms that fall',
      () =>
        frame({
          flags: HAS_ENTRIES,
          numbers: [3, 0, 0, 0, 0, 0],
          rest: concatBytes([varint(2), entry(2, 1, 0), entry(1, 2, 0)]),
        }),
      'entry terms out of order',
    ],
    [
      'that announces entries and has none',
      () => frame({ flags: HAS_ENTRIES, rest: varint(0) }),
      'no entries announced as some',
    ],
    [
      'that announces 10^6 entries and has none',
      () => frame({ flags: HAS_ENTRIES, rest: varint(1_000_000) }),
      'raft frame',
    ],
    [
      'with an entry that claims 64 MiB',
      () => frame({ flags: HAS_ENTRIES, rest: concatBytes([varint(1), entry(1, 1, 64 * MIB)]) }),
      'raft frame',
    ],
    [
      'with an entry that claims 64 MiB + 1',
      () =>
        frame({ flags: HAS_ENTRIES, rest: concatBytes([varint(1), entry(1, 1, 64 * MIB + 1)]) }),
      'raft frame',
    ],
    [
      'with entries on a heartbeat',
      () =>
        frame({
          type: MessageType.HEARTBEAT,
          flags: HAS_ENTRIES,
          rest: concatBytes([varint(1), entry(1, 1, 0)]),
        }),
      'entries on message type',
    ],
    [
      'with a snapshot on an append',
      () => frame({ flags: HAS_SNAPSHOT }),
      'a snapshot iff SNAPSHOT',
    ],
    ['that promises more messages than it has', () => frame({ count: 50_000 }), 'raft frame'],
    ['with bytes behind its end', () => frame({ rest: Uint8Array.of(1, 2, 3) }), 'raft frame'],
    ['cut short', () => frame({}).subarray(0, 20), 'raft frame'],
    ['that is empty', () => new Uint8Array(0), 'raft frame'],
    ['that is a link frame', () => encodeLinkFrames([{ type: 'ping', token: 1 }]), 'raft frame'],
  ];
  test.each(rows)('%s ends the link, and the log says why', async (_what, bytes, why) => {
    const from = heard();
    const said = (): boolean => victim.process.output.slice(from).includes('after a bad frame');
    // The true third member dials again, and may take the place of ours before the frame is read.
    for (let attempt = 0; attempt < 10 && !said(); attempt++) {
      const peer = await accepted('/raft');
      peer.send(bytes());
      await peer.closed;
    }
    await until('a line in the log', said);
    const line = victim.process.output
      .slice(from)
      .split('\n')
      .find((l) => l.includes('bad frame'));
    expect(line).toContain(why);
  });

  test('above 64 MiB ends the connection before it is read', async () => {
    const peer = await accepted('/raft');
    peer.raw(wsFrame(BINARY, new Uint8Array(0), 64 * MIB + 1));
    await peer.closed;
  });

  test('that is well formed and of the past changes nothing', async () => {
    const status = new RawClient(victim.clientUrl);
    const before = (await status.status()).raftTerm;
    const peer = await accepted('/raft');
    for (const type of Object.values(MessageType)) {
      if (type === MessageType.SNAPSHOT) continue;
      peer.send(frame({ type, numbers: [1, 1, 1, 1, 1, 1] }));
    }
    // An append far beyond the end of the log.
    peer.send(frame({ numbers: [1, 1, 1_000_000, 999_999, 0, 0] }));
    await new Promise((done) => setTimeout(done, 300));
    peer.destroy();
    expect((await status.status()).raftTerm - before).toBeLessThanOrEqual(1);
    status.close();
  });
});

describe('a snapshot', () => {
  const meta = (): LinkFrame & { type: 'snapshot-begin' } => ({
    type: 'snapshot-begin',
    snapshotId: 77n,
    format: 1,
    clusterId: honest.clusterId,
    feature: 0,
    meta: {
      index: 1_000_000,
      term: 2,
      confState: {
        voters: cluster.members
          .map((m) => id(identityOf(m).memberId))
          .sort((a, b) => (a < b ? -1 : 1)),
        learners: [],
        votersOutgoing: [],
        learnersNext: [],
        autoLeave: false,
      },
    },
  });
  const chunk = (number: number, data: Uint8Array): LinkFrame => ({
    type: 'snapshot-chunk',
    snapshotId: 77n,
    number,
    crc: 0,
    data,
  });
  const ROWS: [string, () => Uint8Array[]][] = [
    ['of another cluster', () => [encodeLinkFrames([{ ...meta(), clusterId: 5n }])]],
    ['of a future format', () => [encodeLinkFrames([{ ...meta(), format: 9 }])]],
    ['of a future feature', () => [encodeLinkFrames([{ ...meta(), feature: 999 }])]],
    ['of the past', () => [encodeLinkFrames([{ ...meta(), meta: { ...meta().meta, index: 1 } }])]],
    [
      'whose chunk does not have its checksum',
      () => [
        encodeLinkFrames([meta()]),
        flipLast(encodeLinkFrames([chunk(0, new Uint8Array(100))])),
      ],
    ],
    [
      'whose chunks are swapped',
      () => [encodeLinkFrames([meta()]), encodeLinkFrames([chunk(1, new Uint8Array(100))])],
    ],
    [
      'that ends before it began',
      () => [
        encodeLinkFrames([
          { type: 'snapshot-end', snapshotId: 77n, chunks: 0, rows: 0, bytes: 0, crc: 0 },
        ]),
      ],
    ],
    [
      'whose length is wrong',
      () => [
        encodeLinkFrames([meta()]),
        encodeLinkFrames([chunk(0, new Uint8Array(100))]),
        encodeLinkFrames([
          { type: 'snapshot-end', snapshotId: 77n, chunks: 2, rows: 9, bytes: 1, crc: 1 },
        ]),
      ],
    ],
    [
      'that is garbage',
      () => [
        encodeLinkFrames([meta()]),
        encodeLinkFrames([
          chunk(
            0,
            Uint8Array.from({ length: 999 }, (_, i) => i * 7),
          ),
        ]),
      ],
    ],
    ['that is a call', () => [encodeLinkFrames([{ type: 'cancel', callId: 1 }])]],
  ];
  test.each(ROWS)('%s is refused', async (_what, messages) => {
    const peer = await accepted('/raft/snapshot');
    for (const bytes of messages()) peer.send(bytes);
    const refused = (): boolean =>
      peer.frames.some((f) => f.type === 'snapshot-ack' && f.state === 'refused');
    await until('a refusal', () => refused() || peer.socket.destroyed, 10_000);
    peer.destroy();
  });

  test('that stops in the middle leaves nothing behind that hurts', async () => {
    const peer = await accepted('/raft/snapshot');
    peer.send(encodeLinkFrames([meta()]));
    await until('it is taken', () => peer.frames.some((f) => f.type === 'snapshot-ack'));
    peer.destroy();
  });

  function flipLast(bytes: Uint8Array): Uint8Array {
    const out = bytes.slice();
    out[out.length - 1] = (out[out.length - 1] as number) ^ 1;
    return out;
  }
});

test('afterwards nothing is lost, all hash alike, no watch has a gap, and memory is back', async () => {
  over = true;
  await writer.stop();
  const clients = cluster.members.map((m) => new RawClient(m.clientUrl));
  const reader = clients[0] as RawClient;
  expect(await missingWrites(reader, writer)).toEqual([]);
  const revision = (await reader.range({ key: Uint8Array.of(1) })).header?.revision ?? 0;
  expect(new Set(await hashesAt(clients, revision)).size).toBe(1);
  await until(
    'the watcher is at the head',
    () => watcher.fault !== null || watcher.revision >= revision,
  );
  expect(watcher.fault).toBeNull();
  console.log(
    `${writer.acknowledged.size} writes meanwhile, ${writer.failures.length} failed, ` +
      `slowest ${Math.max(...writer.recent.map((r) => r.endMs - r.startMs)).toFixed(0)} ms`,
  );
  await until(
    'memory is back',
    () => residentOf(victim.process.pid) < baseBytes + MEMORY_EXTRA,
    15_000,
  );
  for (const client of clients) client.close();
});
