import { Random } from '@conclave/base';
import {
  type ConfState,
  DecodeError,
  type Entry,
  MessageType,
  RAFT_FRAME_BYTES_MAX,
  type RaftMessage,
  decodeRaftFrame,
  decodeRaftFrameHead,
  encodeRaftFrames,
} from '../index.js';
import { testSeed } from '../testing/seed.js';

const HEAD = { clusterId: 2n ** 64n - 1n, from: 2n ** 63n, to: 1n };
/** Bytes of head before the count. */
const HEAD_BYTES = 25;
const FROM = 7;
const TO = 9;
const MAX = Number.MAX_SAFE_INTEGER;

const CONF: ConfState = {
  voters: [1n, 2n, 2n ** 64n - 1n],
  learners: [3n],
  votersOutgoing: [4n],
  learnersNext: [4n],
  autoLeave: true,
};

function message(fields: Partial<RaftMessage>): RaftMessage {
  return {
    type: MessageType.HEARTBEAT,
    from: FROM,
    to: TO,
    term: 0,
    logTerm: 0,
    index: 0,
    commit: 0,
    reject: false,
    rejectHint: 0,
    context: 0,
    entries: [],
    snapshot: null,
    ...fields,
  };
}

function entry(term: number, index: number, length = 3): Entry {
  return { term, index, type: 0, data: new Uint8Array(length).fill(index) };
}

function append(index: number, term: number, ...entries: Entry[]): RaftMessage {
  return message({ type: MessageType.APPEND, term, index, entries });
}

function encodeOne(...messages: RaftMessage[]): Uint8Array {
  const frames = encodeRaftFrames(HEAD, messages);
  expect(frames).toHaveLength(1);
  return frames[0] as Uint8Array;
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeRaftFrame(bytes, FROM, TO);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return (error as Error).message;
  }
  return 'none';
}

const EVERY_TYPE = Object.values(MessageType).map((type) =>
  message({
    type,
    term: MAX,
    logTerm: 1,
    index: 2 ** 32,
    commit: MAX,
    reject: type % 2 === 0,
    rejectHint: 128,
    context: MAX,
    entries: type === MessageType.PROPOSE ? [{ ...entry(0, 0), type: 1 }] : [],
    snapshot: type === MessageType.SNAPSHOT ? { index: 5, term: 2, confState: CONF } : null,
  }),
);

describe('a Raft frame', () => {
  test('carries every type of message and fills in the slots it is given', () => {
    const bytes = encodeOne(...EVERY_TYPE);
    expect(decodeRaftFrameHead(bytes)).toEqual(HEAD);
    expect(decodeRaftFrame(bytes, FROM, TO)).toEqual(EVERY_TYPE);
    expect(decodeRaftFrame(bytes, 1, 2)[0]).toMatchObject({ from: 1, to: 2 });
  });

  test('carries entries of any size, by copy', () => {
    const data = new Uint8Array(70_000).fill(1);
    const sent = append(4, 9, entry(3, 5, 0), { ...entry(9, 6), data, type: 1 });
    const bytes = encodeOne(sent);
    data.fill(2);
    const [got] = decodeRaftFrame(bytes, FROM, TO);
    expect(got?.entries[1]?.data).toEqual(new Uint8Array(70_000).fill(1));
    expect(got?.entries[0]).toEqual(entry(3, 5, 0));
  });

  test('is closed before it exceeds 4 MiB, unless one message alone does', () => {
    const mib = 1024 * 1024;
    const messages = [5 * mib, 1, 2 * mib, 2 * mib, mib].map((size, i) =>
      append(i, 1, entry(1, i + 1, size)),
    );
    const frames = encodeRaftFrames(HEAD, messages);
    expect(frames.map((f) => decodeRaftFrame(f, FROM, TO).length)).toEqual([1, 2, 2]);
    const sizes = frames
      .flatMap((f) => decodeRaftFrame(f, FROM, TO))
      .map((m) => [m.index, m.entries[0]?.data.length]);
    expect(sizes).toEqual(messages.map((m) => [m.index, m.entries[0]?.data.length]));
    for (const f of frames.slice(1)) expect(f.length).toBeLessThanOrEqual(RAFT_FRAME_BYTES_MAX);
    expect(encodeRaftFrames(HEAD, [])).toEqual([]);
  });

  test('of an unknown format is refused by name', () => {
    const bytes = encodeOne(message({}));
    bytes[0] = 2;
    expect(refusal(bytes)).toBe('raft frame: unknown format 2, known is 1');
    expect(() => decodeRaftFrameHead(bytes)).toThrow(DecodeError);
  });

  test('with a number above 2^53 - 1 is refused', () => {
    const bytes = [...encodeOne(message({ term: 5 }))];
    const at = HEAD_BYTES + 3;
    expect(bytes[at]).toBe(5);
    for (const term of [2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      const varint: number[] = [];
      let left = term;
      for (; left >= 128n; left >>= 7n) varint.push(Number(left & 127n) | 128);
      varint.push(Number(left));
      const wrong = Uint8Array.from([...bytes.slice(0, at), ...varint, ...bytes.slice(at + 1)]);
      expect(refusal(wrong)).toBe(`raft frame: number above ${MAX}`);
    }
  });

  test('with bytes left over, cut anywhere, or with a wrong count is refused', () => {
    const bytes = encodeOne(message({}), append(1, 2, entry(2, 2)));
    expect(refusal(Uint8Array.from([...bytes, 0]))).toBe('raft frame: 1 bytes left over');
    for (let n = 0; n < bytes.length; n++) expect(refusal(bytes.subarray(0, n))).not.toBe('none');
    const more = bytes.slice();
    more[HEAD_BYTES] = 3;
    expect(refusal(more)).toBe('raft frame: ends early');
    more[HEAD_BYTES] = 1;
    expect(refusal(more)).toMatch(/bytes left over/);
    more[HEAD_BYTES] = 127;
    expect(refusal(more)).toBe('raft frame: more announced than follows');
  });

  test('with a gap between entries, or terms that fall or exceed the message, is refused', () => {
    expect(refusal(encodeOne(append(4, 9, entry(3, 6))))).toMatch(/gap/);
    expect(refusal(encodeOne(append(4, 9, entry(3, 5), entry(3, 7))))).toMatch(/gap/);
    expect(refusal(encodeOne(append(4, 9, entry(3, 5), entry(2, 6))))).toMatch(/order/);
    expect(refusal(encodeOne(append(4, 9, entry(10, 5))))).toMatch(/order/);
    const vote = message({ type: MessageType.VOTE, entries: [entry(1, 1)] });
    expect(refusal(encodeOne(vote))).toMatch(/entries on message type 5/);
    const propose = message({ type: MessageType.PROPOSE, entries: [entry(1, 0)] });
    expect(refusal(encodeOne(propose))).toMatch(/proposal with index or term/);
  });

  test('with an unknown message type, flag or entry type is refused', () => {
    const bytes = encodeOne(append(1, 2, entry(2, 2)));
    const change = (at: number, to: number): string => {
      const wrong = bytes.slice();
      wrong[at] = to;
      return refusal(wrong);
    };
    expect(change(HEAD_BYTES + 1, 0)).toMatch(/unknown message type 0/);
    expect(change(HEAD_BYTES + 1, 15)).toMatch(/unknown message type 15/);
    expect(change(HEAD_BYTES + 2, 8)).toMatch(/unknown message flags 8/);
    expect(change(HEAD_BYTES + 2, 6)).toMatch(/a snapshot iff SNAPSHOT/);
    expect(change(HEAD_BYTES + 10, 2)).toMatch(/unknown entry type 2/);
  });

  test('with any bytes changed is read or refused, nothing else', () => {
    const seed = testSeed();
    const random = new Random(seed);
    const good = encodeOne(...EVERY_TYPE, append(4, 9, entry(3, 5), entry(9, 6, 200)));
    for (let round = 0; round < 20_000; round++) {
      const bytes = good.slice(0, random.chance(0.2) ? random.below(good.length) : good.length);
      for (let i = random.below(4); i >= 0; i--) {
        if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
      }
      try {
        for (const m of decodeRaftFrame(bytes, FROM, TO)) {
          if (!(m.term <= MAX && m.commit <= MAX)) throw new Error(`out of range, SEED=${seed}`);
        }
      } catch (error) {
        if (!(error instanceof DecodeError)) throw new Error(`SEED=${seed}`, { cause: error });
      }
    }
  });
});
