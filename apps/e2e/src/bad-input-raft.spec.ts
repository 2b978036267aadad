/**
 * Frames of Raft and snapshots from somebody who knows the protocol and means ill (RELIABILITY D4).
 */
import { concatBytes } from '@conclave/base';
import { type LinkFrame, MessageType, encodeLinkFrames } from '@conclave/wire';
import { BesiegedCluster } from './testing/besieged-cluster.js';
import { BINARY, wsFrame } from './testing/hostile-peer.js';
import { until } from './testing/process.js';
import { varint } from './testing/proto-bytes.js';
import { RawClient } from './testing/raw-client.js';

jest.setTimeout(60_000);

const MIB = 1024 * 1024;
const FORMAT = 1;
const HAS_ENTRIES = 2;
const HAS_SNAPSHOT = 4;
const heard = (): number => siege.victim.process.output.length;

let siege: BesiegedCluster;

beforeAll(async () => {
  siege = await BesiegedCluster.start();
});

afterEach(() => siege.stillWell());

afterAll(async () => {
  await (siege as BesiegedCluster | undefined)?.stop();
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
      u64(f.cluster ?? siege.honest.clusterId),
      u64(f.from ?? siege.honest.from),
      u64(f.to ?? siege.honest.to),
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
    const said = (): boolean =>
      siege.victim.process.output.slice(from).includes('after a bad frame');
    // The true third member dials again, and may take the place of ours before the frame is read.
    for (let attempt = 0; attempt < 10 && !said(); attempt++) {
      const peer = await siege.accepted('/raft');
      peer.send(bytes());
      await peer.closed;
    }
    await until('a line in the log', said);
    const line = siege.victim.process.output
      .slice(from)
      .split('\n')
      .find((l) => l.includes('bad frame'));
    expect(line).toContain(why);
  });

  test('above 64 MiB ends the connection before it is read', async () => {
    const peer = await siege.accepted('/raft');
    peer.raw(wsFrame(BINARY, new Uint8Array(0), 64 * MIB + 1));
    await peer.closed;
  });

  test('that is well formed and of the past changes nothing', async () => {
    const status = new RawClient(siege.victim.clientUrl);
    const before = (await status.status()).raftTerm;
    const peer = await siege.accepted('/raft');
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
    clusterId: siege.honest.clusterId,
    feature: 0,
    meta: {
      index: 1_000_000,
      term: 2,
      confState: {
        voters: [...siege.memberIds].sort((a, b) => (a < b ? -1 : 1)),
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
    const peer = await siege.accepted('/raft/snapshot');
    for (const bytes of messages()) peer.send(bytes);
    const refused = (): boolean =>
      peer.frames.some((f) => f.type === 'snapshot-ack' && f.state === 'refused');
    await until('a refusal', () => refused() || peer.socket.destroyed, 10_000);
    peer.destroy();
  });

  test('that stops in the middle leaves nothing behind that hurts', async () => {
    const peer = await siege.accepted('/raft/snapshot');
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
  await siege.judge();
});
