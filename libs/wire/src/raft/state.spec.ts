import {
  type ConfChange,
  type ConfState,
  DecodeError,
  decodeConfChange,
  decodeConfState,
  decodeEntry,
  decodeHardState,
  decodeSnapshotMeta,
  encodeConfChange,
  encodeConfState,
  encodeEntry,
  encodeHardState,
  encodeSnapshotMeta,
  sizeOfEntry,
  sizeOfEntryHead,
  writeEntryHead,
} from '../index.js';

const MAX = Number.MAX_SAFE_INTEGER;
const CONF: ConfState = {
  voters: [1n, 2n ** 64n - 1n],
  learners: [5n, 6n],
  votersOutgoing: [2n],
  learnersNext: [2n],
  autoLeave: true,
};

test('an entry is read back, whole and with its head written apart', () => {
  for (const term of [0, 127, 128, 2 ** 31, 2 ** 32 + 5, MAX]) {
    const entry = { term, index: MAX - term, type: 1 as const, data: Uint8Array.of(1, 2, 3) };
    const bytes = encodeEntry(entry);
    expect(bytes).toHaveLength(sizeOfEntry(entry));
    expect(decodeEntry(bytes)).toEqual(entry);
    const head = new Uint8Array(sizeOfEntryHead(entry));
    expect(writeEntryHead(entry, head, 0)).toBe(head.length);
    expect([...head, ...entry.data]).toEqual([...bytes]);
  }
});

test('an entry with an unknown type, bytes left over or missing is refused', () => {
  const bytes = encodeEntry({ term: 1, index: 2, type: 0, data: Uint8Array.of(9) });
  expect(() => decodeEntry(bytes.subarray(0, 4))).toThrow('entry: ends early');
  expect(() => decodeEntry(Uint8Array.of(...bytes, 0))).toThrow('entry: 1 bytes left over');
  bytes[0] = 2;
  expect(() => decodeEntry(bytes)).toThrow('entry: unknown entry type 2');
});

test('a hard state, a configuration and a snapshot meta are read back', () => {
  const hard = { term: MAX, vote: 2n ** 64n - 1n, commit: MAX };
  expect(decodeHardState(encodeHardState(hard))).toEqual(hard);
  expect(decodeConfState(encodeConfState(CONF))).toEqual(CONF);
  const meta = { index: 17, term: 3, confState: CONF };
  expect(decodeSnapshotMeta(encodeSnapshotMeta(meta))).toEqual(meta);
});

test('a configuration that elections could not work with is refused', () => {
  const wrong = (fields: Partial<ConfState>) => () =>
    decodeConfState(encodeConfState({ ...CONF, ...fields }));
  expect(wrong({ voters: [2n, 1n] })).toThrow('member ids not in order');
  expect(wrong({ voters: [1n, 1n] })).toThrow('member ids not in order');
  expect(wrong({ voters: [0n] })).toThrow('member id 0');
  expect(wrong({ voters: [5n] })).toThrow('a learner that votes');
  expect(wrong({ votersOutgoing: [6n] })).toThrow('a learner that votes');
});

test('a configuration change is read back, and no bytes mean: leave the joint one', () => {
  const change: ConfChange = {
    transition: 2,
    changes: [
      { type: 0, id: 2n ** 64n - 1n },
      { type: 2, id: 1n },
      { type: 1, id: 1n },
    ],
    context: Uint8Array.of(1, 2, 3),
  };
  expect(decodeConfChange(encodeConfChange(change))).toEqual(change);
  const leave: ConfChange = { transition: 0, changes: [], context: new Uint8Array(0) };
  expect(encodeConfChange(leave)).toHaveLength(0);
  expect(decodeConfChange(new Uint8Array(0))).toEqual(leave);
});

test('a configuration change of unknown format, kind or transition, or of 65, is refused', () => {
  const bytes = encodeConfChange({
    transition: 0,
    changes: [{ type: 0, id: 3n }],
    context: new Uint8Array(0),
  });
  const change = (at: number, to: number) => () => {
    const wrong = bytes.slice();
    wrong[at] = to;
    decodeConfChange(wrong);
  };
  expect(change(0, 2)).toThrow('conf change: unknown format 2, known is 1');
  expect(change(1, 4)).toThrow('conf change: unknown transition 4');
  expect(change(2, 65)).toThrow('conf change: number above 64');
  expect(change(3, 3)).toThrow('conf change: unknown change 3');
  expect(change(3, 3)).toThrow(DecodeError);
});
