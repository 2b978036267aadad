import { Random, crc32c } from '@conclave/base';
import {
  DecodeError,
  LINK_FRAGMENT_BYTES_MAX,
  LINK_FRAME_BYTES_MAX,
  type LinkFrame,
  type OpenFrame,
  decodeLinkFrames,
  encodeLinkFrames,
  fitsOpenFrame,
  sizeOfLinkFrame,
} from '../index.js';
import { testSeed } from '../testing/seed.js';

const MAX_ID = 2n ** 64n - 1n;
const CHUNK = new Uint8Array(1000).fill(3);
const OPEN: OpenFrame = {
  type: 'open',
  callId: 2 ** 32 - 1,
  method: '/etcdserverpb.KV/Put',
  metadata: new Map([
    ['token', 'a.1'],
    ['trace-bin', '\u00ff\u0000\u0080'],
  ]),
  timeoutMs: 0,
};

const FRAMES: LinkFrame[] = [
  {
    type: 'hello',
    role: 'member',
    clusterId: MAX_ID,
    from: 1n,
    to: 2n,
    incarnation: MAX_ID,
    session: 2n ** 63n,
    feature: 3,
    name: 'größe',
    peerURLs: ['http://127.0.0.1:2380', 'unix://localhost:m1'],
  },
  {
    type: 'hello-answer',
    clusterId: MAX_ID,
    memberId: 2n,
    incarnation: 9n,
    feature: 0,
    name: '',
  },
  { type: 'refusal', code: 'stopping', text: 'the member stops' },
  OPEN,
  { ...OPEN, callId: 1, timeoutMs: null, metadata: new Map() },
  { type: 'data', callId: 1, fragment: new Uint8Array(0), last: true },
  { type: 'data', callId: 1, fragment: new Uint8Array(LINK_FRAGMENT_BYTES_MAX), last: false },
  { type: 'half-close', callId: 300 },
  { type: 'cancel', callId: 1 },
  { type: 'end', callId: 1, status: 14, message: 'etcdserver: no leader' },
  { type: 'credit', callId: 1, bytes: 2 ** 31 - 1 },
  { type: 'ping', token: Number.MAX_SAFE_INTEGER },
  { type: 'pong', token: 0 },
  {
    type: 'members',
    term: 5,
    leaderId: 2n,
    appliedTerm: 0,
    appliedIndex: 0,
    members: [{ id: 1n, name: 'of an older build', linkUrls: [], learner: false }],
  },
  {
    type: 'members',
    term: 5,
    leaderId: 0n,
    appliedTerm: 4,
    appliedIndex: Number.MAX_SAFE_INTEGER,
    members: [
      { id: 1n, name: 'a', linkUrls: ['http://127.0.0.1:2380', 'unix:///x'], learner: false },
      { id: MAX_ID, name: '', linkUrls: [], learner: true },
    ],
  },
  {
    type: 'snapshot-begin',
    snapshotId: MAX_ID,
    meta: {
      index: 7,
      term: 2,
      confState: {
        voters: [1n],
        learners: [],
        votersOutgoing: [],
        learnersNext: [],
        autoLeave: false,
      },
    },
    format: 1,
    clusterId: MAX_ID,
    feature: 3,
  },
  { type: 'snapshot-chunk', snapshotId: 1n, number: 2, crc: crc32c(CHUNK), data: CHUNK },
  { type: 'snapshot-end', snapshotId: 1n, chunks: 3, rows: 9, bytes: 2001, crc: 2 ** 32 - 1 },
  { type: 'snapshot-ack', snapshotId: 1n, state: 'refused', next: 2, credit: 4, text: 'busy' },
];

function refusal(bytes: Uint8Array | readonly number[]): string {
  try {
    decodeLinkFrames(Uint8Array.from(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return (error as Error).message;
  }
  return 'none';
}

describe('link frames', () => {
  test.each(FRAMES.map((frame) => [frame.type, frame] as const))('%s is read back', (_, frame) => {
    expect(decodeLinkFrames(encodeLinkFrames([frame]))).toEqual([frame]);
  });

  test('of one turn travel in one batch, in order', () => {
    expect(decodeLinkFrames(encodeLinkFrames(FRAMES))).toEqual(FRAMES);
    expect(decodeLinkFrames(encodeLinkFrames([]))).toEqual([]);
  });

  test('of data stay within 64 KiB and are sized before they are written', () => {
    const frame = FRAMES.find((f) => f.type === 'data' && f.fragment.length > 0) as LinkFrame;
    const bytes = encodeLinkFrames([{ ...frame, callId: 2 ** 32 - 1 } as LinkFrame]);
    expect(bytes.length).toBeLessThanOrEqual(LINK_FRAME_BYTES_MAX);
    for (const f of FRAMES) {
      expect(encodeLinkFrames([f]).length - 1).toBeLessThanOrEqual(sizeOfLinkFrame(f) + 64);
    }
  });

  test('cut anywhere are refused, or are whole frames', () => {
    const bytes = encodeLinkFrames(FRAMES.filter((f) => f.type !== 'data'));
    for (let n = 0; n < bytes.length; n++) {
      try {
        expect(decodeLinkFrames(bytes.subarray(0, n)).length).toBeLessThan(FRAMES.length);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });

  test('of an unknown format or type are refused by name', () => {
    expect(refusal([2])).toBe('link frame: unknown format 2, known is 1');
    expect(refusal([1, 0])).toBe('link frame: unknown frame type 0');
    expect(refusal([1, 19])).toBe('link frame: unknown frame type 19');
    expect(refusal([])).toBe('link frame: ends early');
  });

  test('with values out of their range are refused', () => {
    expect(refusal([1, 7, 0])).toBe('link frame: call id 0');
    expect(refusal([1, 7, 0x80, 0x80, 0x80, 0x80, 0x10])).toBe(
      'link frame: number above 4294967295',
    );
    expect(refusal([1, 7, 0x81, 0x00])).toBe('link frame: overlong number');
    expect(refusal([1, 9, 1, 17, 0])).toBe('link frame: unknown status 17');
    expect(refusal([1, 10, 1, 0])).toBe('link frame: credit of nothing');
    expect(refusal([1, 3, 10, 0])).toBe('link frame: unknown refusal 10');
    expect(refusal([1, 5, 1, 0x80, 0x80, 0x04])).toMatch(/^link frame: length 65536 above/);
    expect(refusal([1, 5, 1, 5, 1])).toBe('link frame: ends early');
    expect(refusal([1, 13, 1, ...Array(8).fill(0), 0x7f])).toMatch(/more announced than follows/);
  });

  test('with a role that does not go with the id are refused', () => {
    const hello = FRAMES[0] as LinkFrame & { type: 'hello' };
    expect(refusal(encodeLinkFrames([{ ...hello, from: 0n }]))).toMatch(/role/);
    expect(refusal(encodeLinkFrames([{ ...hello, role: 'gateway' }]))).toMatch(/role/);
  });

  test('of a snapshot are checked: the checksum of a chunk', () => {
    const chunk = FRAMES.find((f) => f.type === 'snapshot-chunk') as LinkFrame;
    const bytes = encodeLinkFrames([chunk]);
    bytes[bytes.length - 1] = 0;
    expect(refusal(bytes)).toBe('link frame: snapshot chunk 2 has a wrong checksum');
  });

  test('that open a call are bounded in metadata', () => {
    const many = new Map(Array.from({ length: 101 }, (_, i) => [`k${i}`, 'v']));
    expect(fitsOpenFrame(OPEN.method, OPEN.metadata)).toBe(true);
    expect(fitsOpenFrame(OPEN.method, many)).toBe(false);
    expect(fitsOpenFrame('m'.repeat(1025), OPEN.metadata)).toBe(false);
    const large = new Map([['k', 'x'.repeat(32 * 1024)]]);
    expect(fitsOpenFrame(OPEN.method, large)).toBe(false);
    expect(refusal(encodeLinkFrames([{ ...OPEN, metadata: many }]))).toMatch(/number above 100/);
    expect(refusal(encodeLinkFrames([{ ...OPEN, metadata: large }]))).not.toBe('none');
    const sum = new Map([...'abc'].map((k) => [k, k.repeat(16_000)]));
    expect(refusal(encodeLinkFrames([{ ...OPEN, metadata: sum }]))).toMatch(/metadata too large/);
    expect(refusal([1, 4, 1, 1, 0x6d, 0, 2, 1, 0x61, 0, 1, 0x61, 0])).toMatch(/a name twice/);
  });

  test('keep a fractional or passed deadline: rounded up, never below 0', () => {
    const timeouts = [0.2, -5, 1e9].map((timeoutMs) => ({ ...OPEN, timeoutMs }));
    const got = decodeLinkFrames(encodeLinkFrames(timeouts)) as OpenFrame[];
    expect(got.map((frame) => frame.timeoutMs)).toEqual([1, 0, 1e9]);
  });

  test('cut texts that are too long rather than break the link', () => {
    const message = 'é'.repeat(40_000);
    const [end] = decodeLinkFrames(
      encodeLinkFrames([{ type: 'end', callId: 1, status: 2, message }]),
    );
    expect(message.startsWith((end as { message: string }).message)).toBe(true);
  });

  test('of members with more or longer URLs than they take carry the first that fit', () => {
    const long = `unix://${'x'.repeat(1_024)}`;
    const linkUrls = [long, ...Array.from({ length: 128 }, (_, i) => `http://h:${i}`)];
    const member = { id: 1n, name: 'm', linkUrls, learner: false };
    const frame: LinkFrame = {
      type: 'members',
      term: 1,
      leaderId: 1n,
      appliedTerm: 1,
      appliedIndex: 9,
      members: [member],
    };
    expect(decodeLinkFrames(encodeLinkFrames([frame]))).toEqual([
      { ...frame, members: [{ ...member, linkUrls: linkUrls.slice(1, 65) }] },
    ]);
  });

  test('with any bytes changed are read or refused, nothing else', () => {
    const seed = testSeed();
    const random = new Random(seed);
    const good = FRAMES.filter((f) => f.type !== 'data').map((f) => encodeLinkFrames([f]));
    for (let round = 0; round < 20_000; round++) {
      const bytes = random.pick(good).slice();
      for (let i = random.below(3); i >= 0; i--)
        bytes[random.below(bytes.length)] = random.below(256);
      try {
        decodeLinkFrames(bytes.subarray(0, 1 + random.below(bytes.length)));
        decodeLinkFrames(bytes);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw new Error(`SEED=${seed}`, { cause: error });
      }
    }
  });
});
