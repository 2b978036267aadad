/** I25: each bound is shown one history that goes beyond it, and one that just keeps it. */
import type { RaftConfig } from '@conclave/raft';
import { type Entry, EntryType, MessageType, type RaftMessage } from '@conclave/wire';
import { BoundsJudge } from './bounds-judge.js';

const CONFIG = {
  messageBytesMax: 100,
  inflightMessagesMax: 3,
  inflightBytesMax: 250,
} as RaftConfig;

function message(fields: Partial<RaftMessage>): RaftMessage {
  const base = { type: MessageType.APPEND, from: 1, to: 2, term: 5, index: 0, reject: false };
  return { ...base, entries: [], ...fields } as unknown as RaftMessage;
}

/** An append behind `index` of entries of so many bytes each. */
function append(index: number, sizes: readonly number[]): RaftMessage {
  const entries = sizes.map((bytes, i): Entry => {
    const data = new Uint8Array(bytes);
    return { index: index + 1 + i, term: 5, type: EntryType.NORMAL, data };
  });
  return message({ index, entries });
}

function acknowledgement(index: number): RaftMessage {
  return message({ type: MessageType.APPEND_RESPONSE, from: 2, to: 1, index });
}

describe('the judge of bounds (I25)', () => {
  test('bytes that wait to be applied', () => {
    const judge = new BoundsJudge(3);
    expect(() => judge.toApply(1, 600, 100, 100)).not.toThrow();
    expect(() => judge.toApply(1, 601, 100, 100)).toThrow(/^I25: member 1: 601 bytes wait/);
  });

  test('bytes that a leader holds uncommitted', () => {
    const judge = new BoundsJudge(3);
    expect(() => judge.uncommitted(1, 600, 100, 100)).not.toThrow();
    expect(() => judge.uncommitted(1, 601, 100, 100)).toThrow(/^I25: leader 1 holds 601/);
  });

  test('an append of several entries beyond its bound; one large entry may go', () => {
    const judge = new BoundsJudge(3);
    expect(() => judge.sent(CONFIG, append(0, [50, 50]))).not.toThrow();
    expect(() => judge.sent(CONFIG, append(2, [500]))).not.toThrow();
    expect(() => judge.sent(CONFIG, append(0, [50, 51]))).toThrow(/^I25: leader 1 sends 101/);
  });

  test('more appends under way than the window takes', () => {
    const judge = new BoundsJudge(3);
    for (const index of [0, 1, 2]) judge.sent(CONFIG, append(index, [1]));
    expect(() => judge.sent(CONFIG, append(3, [1]))).toThrow(/^I25: leader 1 has 3 appends/);
  });

  test('more bytes under way than the window takes', () => {
    const judge = new BoundsJudge(3);
    for (const index of [0, 1]) judge.sent(CONFIG, append(index, [125]));
    expect(() => judge.sent(CONFIG, append(2, [1]))).toThrow(/^I25: leader 1 has 2 appends, 250/);
  });

  test('an acknowledgement that arrived frees the window, one of another term does not', () => {
    const judge = new BoundsJudge(3);
    for (const index of [0, 1, 2]) judge.sent(CONFIG, append(index, [1]));
    judge.delivered({ ...acknowledgement(1), term: 4 });
    judge.delivered({ ...acknowledgement(1), reject: true });
    expect(() => judge.sent(CONFIG, append(3, [1]))).toThrow(/^I25/);
    judge.delivered(acknowledgement(1));
    expect(() => judge.sent(CONFIG, append(3, [1]))).not.toThrow();
    expect(() => judge.sent(CONFIG, append(4, [1]))).toThrow(/^I25/);
  });

  test('a stream that begins elsewhere, or behind a snapshot, is a new one', () => {
    const judge = new BoundsJudge(3);
    for (let n = 0; n < 9; n++) judge.sent(CONFIG, append(7, [1]));
    for (const index of [8, 9]) judge.sent(CONFIG, append(index, [1]));
    judge.sent(CONFIG, message({ type: MessageType.SNAPSHOT }));
    expect(() => judge.sent(CONFIG, append(10, [1]))).not.toThrow();
  });
});
