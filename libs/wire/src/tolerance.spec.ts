import { Random } from '@conclave/base';
import {
  DecodeError,
  Event,
  InternalRaftRequest,
  KeyValue,
  PutRequest,
  RangeRequest,
  RangeResponse,
  RequestHeader,
  RequestOp,
  ResponseHeader,
  TxnRequest,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from './index.js';
import { testSeed } from './testing/seed.js';

function bytes(...parts: (number | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flat());
}

function problem(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    expect((error as DecodeError).code).toBe('decode');
    return (error as DecodeError).message;
  }
  return 'none';
}

const MINUS_ONE = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];

describe('tolerated as etcd tolerates it', () => {
  test('unknown fields of every wire type are skipped', () => {
    const input = bytes(
      [0x98, 0x06, 0x05],
      [0x99, 0x06, 1, 2, 3, 4, 5, 6, 7, 8],
      [0x9a, 0x06, 2, 9, 9],
      [0x9d, 0x06, 1, 2, 3, 4],
      [0x0a, 1, 0x6b],
    );
    expect(PutRequest.decode(input)).toEqual(PutRequest.create({ key: bytes(0x6b) }));
  });

  test('unknown groups are skipped with all they hold, nested ones too', () => {
    const inner = [0x9b, 0x06, 0x0a, 1, 7, 0x1b, 0x08, 5, 0x1c, 0x9c, 0x06];
    expect(PutRequest.decode(bytes(inner, 0x0a, 1, 0x6b)).key).toEqual(bytes(0x6b));
    const deep = [...Array(50_000).fill(0x7b), ...Array(50_000).fill(0x7c)];
    expect(PutRequest.decode(bytes(deep, 0x0a, 1, 0x6b)).key).toEqual(bytes(0x6b));
  });

  test('the last of a singular field wins, sub-messages are merged, oneofs replaced', () => {
    expect(PutRequest.decode(bytes(0x0a, 1, 1, 0x0a, 1, 2)).key).toEqual(bytes(2));
    const event = Event.decode(bytes([0x12, 3, 0x0a, 1, 9], [0x12, 2, 0x18, 7]));
    expect(event.kv).toEqual(KeyValue.create({ key: bytes(9), modRevision: 7 }));
    const op = RequestOp.decode(bytes([0x12, 3, 0x0a, 1, 9], [0x12, 2, 0x20, 1]));
    const put = PutRequest.create({ prevKv: true });
    expect(op.request).toEqual({ $case: 'requestPut', requestPut: put });
    const other = RequestOp.decode(bytes([0x12, 3, 0x0a, 1, 9], [0x0a, 0]));
    expect(other.request).toEqual({ $case: 'requestRange', requestRange: RangeRequest.create() });
  });

  test('repeated scalars are read packed, apart, and mixed', () => {
    expect(WatchCreateRequest.decode(bytes(0x28, 1, 0x2a, 2, 0, 1, 0x28, 9)).filters).toEqual([
      1, 0, 1, 9,
    ]);
  });

  test('unknown enum values are kept and written back, negative ones too', () => {
    const range = RangeRequest.decode(bytes(0x28, 77, [0x30, ...MINUS_ONE]));
    expect([range.sortOrder, range.sortTarget]).toEqual([77, -1]);
    expect(RangeRequest.decode(RangeRequest.encode(range))).toEqual(range);
  });

  test('overlong varints and tags and the upper bits of a tenth byte are accepted', () => {
    expect(RangeRequest.decode(bytes(0x18, 0x85, 0x80, 0x00)).limit).toBe(5);
    expect(RangeRequest.decode(bytes(0x98, 0x80, 0x00, 5)).limit).toBe(5);
    const tenth = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    expect(RangeRequest.decode(bytes(0x18, tenth)).limit).toBe(-1);
  });

  test('int64 counters are clamped to the safe integers, ids keep 64 bits', () => {
    const max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    const min = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
    expect(RangeRequest.decode(bytes(0x20, max)).revision).toBe(Number.MAX_SAFE_INTEGER);
    expect(RangeRequest.decode(bytes(0x20, min)).revision).toBe(Number.MIN_SAFE_INTEGER);
    expect(PutRequest.decode(bytes(0x18, max)).lease).toBe(2n ** 63n - 1n);
    expect(PutRequest.decode(bytes(0x18, min)).lease).toBe(-(2n ** 63n));
    expect(PutRequest.decode(bytes(0x18, MINUS_ONE)).lease).toBe(-1n);
    const header = ResponseHeader.decode(bytes([0x08, ...MINUS_ONE], [0x20, ...MINUS_ONE]));
    expect(header.clusterId).toBe(2n ** 64n - 1n);
    expect(header.raftTerm).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('numbers around every bound survive the round trip', () => {
    for (let bit = 0; bit <= 53; bit++) {
      for (const by of [-1, 0, 1]) {
        for (const sign of [1, -1]) {
          const revision = Math.min(2 ** bit + by, Number.MAX_SAFE_INTEGER) * sign || 0;
          const message = RangeRequest.create({ revision });
          expect(RangeRequest.decode(RangeRequest.encode(message)).revision).toBe(revision);
        }
      }
    }
  });

  test('ids around every bound survive the round trip, signed and unsigned', () => {
    for (let bit = 0n; bit <= 64n; bit++) {
      for (const by of [-1n, 0n, 1n]) {
        const memberId = BigInt.asUintN(64, (1n << bit) + by);
        const header = ResponseHeader.encode(ResponseHeader.create({ memberId }));
        expect(ResponseHeader.decode(header).memberId).toBe(memberId);
        for (const sign of [1n, -1n]) {
          const lease = BigInt.asIntN(64, ((1n << bit) + by) * sign);
          const put = PutRequest.encode(PutRequest.create({ lease }));
          expect(PutRequest.decode(put).lease).toBe(lease);
        }
      }
    }
  });

  test('an answer of etcd 3.4.23 is written back byte for byte', () => {
    const hex =
      '0a1a08b298eaf1948386fccd0110cdd2918bd2b881cf8e011806200212090a016110031803200112090a016210' +
      '041804200112090a016310051805200112090a016410061806200112090a016b1002180220012005';
    const answer = RangeResponse.decode(Buffer.from(hex, 'hex'));
    expect(answer.header?.revision).toBe(6);
    expect(answer.kvs.map((kv) => kv.modRevision)).toEqual([3, 4, 5, 6, 2]);
    expect(Buffer.from(RangeResponse.encode(answer)).toString('hex')).toBe(hex);
  });

  test('invalid UTF-8 becomes U+FFFD', () => {
    const header = RequestHeader.decode(bytes(0x12, 3, 0x61, 0xff, 0x62));
    expect(header.username).toBe('a\ufffdb');
  });

  test('decoded bytes are plain views of the input, also of a Buffer', () => {
    const input = Buffer.from([0xee, 0x0a, 2, 1, 2, 0x12, 0]);
    const put = PutRequest.decode(input, 1);
    expect(put.key.constructor).toBe(Uint8Array);
    input[3] = 9;
    expect(put.key).toEqual(bytes(9, 2));
    expect(put.value).toHaveLength(0);
  });
});

describe('refused with a DecodeError and the text of etcd', () => {
  const eof = 'unexpected EOF';
  const cases: [string, Uint8Array, string][] = [
    ['a truncated tag', bytes(0x80), eof],
    ['a truncated varint', bytes(0x18, 0x80), eof],
    ['a length without data', bytes(0x0a), eof],
    ['a length beyond the input', bytes(0x0a, 5, 1, 2), eof],
    ['a length of 2^31', bytes(0x0a, 0x80, 0x80, 0x80, 0x80, 8), eof],
    ['a length of 2^40', bytes(0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20), eof],
    [
      'a negative length',
      bytes(0x0a, MINUS_ONE),
      'proto: negative length found during unmarshaling',
    ],
    ['a varint of 11 bytes', bytes(0x18, Array(10).fill(0xff), 1), 'proto: integer overflow'],
    ['field number 0', bytes(0x02, 0), 'proto: PutRequest: illegal tag 0 (wire type 2)'],
    ['a stray end of group', bytes(0x0c), 'proto: PutRequest: wiretype end group for non-group'],
    ['wire type 6', bytes(0x9e, 0x06), 'proto: illegal wireType 6'],
    [
      'another wire type on a known field',
      bytes(0x08, 1),
      'proto: wrong wireType = 0 for field Key',
    ],
    ['the same on a number', bytes(0x1a, 0), 'proto: wrong wireType = 2 for field Lease'],
    ['an open group', bytes(0x9b, 0x06, 0x08, 1), eof],
    ['a truncated fixed32', bytes(0x9d, 0x06, 1, 2), eof],
    ['a truncated fixed64', bytes(0x99, 0x06, 1, 2), eof],
  ];
  test.each(cases)('%s', (_, input, text) => {
    expect(problem(() => PutRequest.decode(input))).toBe(text);
  });

  test('a field that reaches over the end of its own sub-message', () => {
    const input = bytes(0x12, 2, 0x0a, 1, 0x0a, 0);
    expect(problem(() => Event.decode(input))).toBe(eof);
  });

  test('a range outside the input', () => {
    expect(problem(() => Event.decode(bytes(0), 0, 2))).toBe(eof);
    expect(problem(() => Event.decode(bytes(0), -1))).toBe(eof);
  });
});

/** TxnRequest.success[0].request_txn, `depth` times, around an empty one. */
function nestedTxn(depth: number): Uint8Array {
  const heads: number[][] = [];
  let size = 0;
  for (let i = 0; i < depth; i++) {
    for (const tag of [0x22, 0x12]) {
      const head = [tag];
      for (let n = size; ; n >>>= 7) {
        head.push(n < 0x80 ? n : (n & 0x7f) | 0x80);
        if (n < 0x80) break;
      }
      heads.push(head);
      size += head.length;
    }
  }
  return bytes(...heads.reverse());
}

describe('transactions within transactions', () => {
  test('1,000 deep are read, measured and written again', () => {
    const input = nestedTxn(1_000);
    const txn = TxnRequest.decode(input);
    expect(TxnRequest.encode(txn)).toEqual(input);
    const entry = InternalRaftRequest.encode(InternalRaftRequest.create({ txn }));
    expect(InternalRaftRequest.decode(entry).txn).not.toBeNull();
  });

  test('1,051 deep are refused, and so is any depth beyond', () => {
    expect(problem(() => TxnRequest.decode(nestedTxn(1_051)))).toBe(
      'proto: messages nested too deeply',
    );
    expect(problem(() => TxnRequest.decode(nestedTxn(3_000)))).toBe(
      'proto: messages nested too deeply',
    );
  });
});

test('mutated input of any kind is read or refused with a DecodeError, nothing else', () => {
  const seed = testSeed();
  const random = new Random(seed);
  const header = ResponseHeader.create({ clusterId: 2n ** 63n, memberId: 5n, revision: 12 });
  const kv = KeyValue.create({ key: bytes(1, 2, 3), value: new Uint8Array(40), modRevision: 300 });
  const put = PutRequest.create({ key: bytes(1), value: bytes(2), lease: -4n });
  const op = { request: { $case: 'requestPut' as const, requestPut: put } };
  const txn = TxnRequest.create({ success: [op, { request: null }], failure: [op] });
  const create = WatchCreateRequest.create({ key: bytes(7), filters: [0, 1], startRevision: 9 });
  const samples = [
    [TxnRequest, TxnRequest.encode(txn)],
    [
      WatchResponse,
      WatchResponse.encode(
        WatchResponse.create({
          header,
          cancelReason: 'schlüssel',
          events: [{ type: 1, kv, prevKv: kv }],
        }),
      ),
    ],
    [
      WatchRequest,
      WatchRequest.encode({ requestUnion: { $case: 'createRequest', createRequest: create } }),
    ],
    [
      InternalRaftRequest,
      InternalRaftRequest.encode(
        InternalRaftRequest.create({ header: RequestHeader.create({ session: 9n }), txn, put }),
      ),
    ],
  ] as const;
  let refused = 0;
  for (let round = 0; round < 24_000; round++) {
    const [codec, sample] = random.pick(samples);
    const input = mutate(sample, random);
    try {
      const message = codec.decode(input) as never;
      codec.decode(codec.encode(message));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw new Error(`SEED=${seed}`, { cause: error });
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(5_000);
});

function mutate(sample: Uint8Array, random: Random): Uint8Array {
  let out: Uint8Array = sample.slice();
  const times = 1 + random.below(4);
  for (let i = 0; i < times; i++) {
    const at = random.below(out.length + 1);
    switch (random.below(5)) {
      case 0:
        if (at < out.length) out[at] = random.below(256);
        break;
      case 1:
        if (at < out.length) out[at] = (out[at] as number) ^ (1 << random.below(8));
        break;
      case 2:
        out = out.slice(0, at);
        break;
      case 3:
        out = bytes([...out.subarray(0, at)], random.below(256), [...out.subarray(at)]);
        break;
      default:
        out = bytes([...out.subarray(0, at)], [...sample.subarray(random.below(sample.length))]);
    }
  }
  return out;
}
