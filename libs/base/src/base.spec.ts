import {
  AssertionError,
  BoundedQueue,
  NO_PROBE,
  type Probe,
  type ProbeSeries,
  Random,
  assert,
  assertEq,
  assertLe,
  assertLt,
  compareBytes,
  concatBytes,
  crc32c,
  decodeUtf8,
  encodeUtf8,
  equalBytes,
  fromByteString,
  hexId,
  seriesOf,
  toByteString,
  toHex,
} from './index.js';

const SEED = Number(process.env['SEED'] ?? 5);

describe('assertions', () => {
  test('a broken invariant throws an AssertionError that names the values', () => {
    expect(() => assert(false, 'no')).toThrow(AssertionError);
    expect(() => assertLe(2, 1, 'applied <= commit')).toThrow('applied <= commit: 2 > 1');
    expect(() => assertLt(1, 1, 'x')).toThrow('x: 1 >= 1');
    expect(() => assertEq(1n, 2n, 'x')).toThrow('x: 1 != 2');
  });

  test('a kept invariant throws nothing, and NaN keeps none', () => {
    assert(true, 'x');
    assertLe(1, 1, 'x');
    expect(() => assertLe(Number.NaN, 1, 'x')).toThrow(AssertionError);
  });
});

describe('crc32c', () => {
  // RFC 3720, appendix B.4.
  test.each([
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 times 0xff', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['31 to 0', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ['123456789', encodeUtf8('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ])('of %s is the known value', (_name, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  test('carried on over pieces it equals that of the whole', () => {
    const random = new Random(SEED);
    for (let round = 0; round < 200; round++) {
      const bytes = Uint8Array.from({ length: random.below(100) }, () => random.below(256));
      const at = random.below(bytes.length + 1);
      const first = crc32c(bytes, 0, 0, at);
      expect(crc32c(bytes, first, at)).toBe(crc32c(bytes));
    }
  });
});

describe('bytes', () => {
  test('byte strings sort as their bytes do, and go back and forth', () => {
    const random = new Random(SEED);
    const make = (): Uint8Array =>
      Uint8Array.from({ length: random.below(5) }, () => random.pick([0, 1, 0x7f, 0x80, 0xff]));
    for (let round = 0; round < 2_000; round++) {
      const [a, b] = [make(), make()];
      const [x, y] = [toByteString(a), toByteString(b)];
      expect(Math.sign(compareBytes(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
      expect(equalBytes(a, b)).toBe(x === y);
      expect(equalBytes(fromByteString(x), a)).toBe(true);
    }
  });

  test('long byte strings are made whole', () => {
    const bytes = Uint8Array.from({ length: 100_001 }, (_, i) => i & 255);
    expect(equalBytes(fromByteString(toByteString(bytes)), bytes)).toBe(true);
    for (let n = 0; n < 80; n++)
      expect(toByteString(bytes, 3, 3 + n)).toBe(toByteString(bytes).slice(3, 3 + n));
    expect(toByteString(bytes, 5, 8)).toBe('\x05\x06\x07');
  });

  test('hex and concatenation', () => {
    expect(toHex(concatBytes([Uint8Array.of(0, 255), Uint8Array.of(16)]))).toBe('00ff10');
    expect(hexId(-1n)).toBe('ffffffffffffffff');
  });
});

describe('utf8', () => {
  test('agrees with the host on valid text', () => {
    const texts = ['', 'ascii', 'grüße', '漢字', '😀 mixed é', '\u0000\u007f\u0080\u07ff\uffff'];
    for (const text of texts) {
      expect([...encodeUtf8(text)]).toEqual([...new TextEncoder().encode(text)]);
      expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    }
  });

  test('a lone surrogate becomes U+FFFD', () => {
    expect(decodeUtf8(encodeUtf8('a\ud800b\udc00'))).toBe('a\ufffdb\ufffd');
  });

  test('invalid bytes become U+FFFD and never an error', () => {
    const random = new Random(SEED);
    for (let round = 0; round < 5_000; round++) {
      const bytes = Uint8Array.from({ length: random.below(8) }, () => random.below(256));
      decodeUtf8(bytes);
    }
    expect(decodeUtf8(Uint8Array.of(0xc0, 0x80))).toBe('\ufffd\ufffd');
    expect(decodeUtf8(Uint8Array.of(0xed, 0xa0, 0x80))).toBe('\ufffd\ufffd\ufffd');
    expect(decodeUtf8(Uint8Array.of(0x61, 0xe2, 0x82))).toBe('a\ufffd\ufffd');
  });
});

describe('Random', () => {
  test('the same seed gives the same numbers, and the known first ones', () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 4 }, () => random.uint32());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test('below stays below and reaches every value', () => {
    const random = new Random(SEED);
    const seen = new Set<number>();
    for (let i = 0; i < 1_000; i++) seen.add(random.below(7));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Random(SEED).below(1)).toBe(0);
  });
});

describe('BoundedQueue', () => {
  test('keeps order over growth and wrap, and refuses at its bound', () => {
    const random = new Random(SEED);
    const queue = new BoundedQueue<number>(50);
    const model: number[] = [];
    for (let i = 0; i < 5_000; i++) {
      if (random.chance(0.55)) {
        expect(queue.push(i)).toBe(model.length < 50);
        if (model.length < 50) model.push(i);
      } else expect(queue.shift()).toBe(model.shift());
      expect(queue.length).toBe(model.length);
      expect(queue.peek()).toBe(model[0]);
    }
    queue.clear();
    expect(queue.shift()).toBeUndefined();
  });
});

describe('seriesOf', () => {
  const told: unknown[] = [];
  const byName: Probe = {
    ...NO_PROBE,
    count: (...all) => void told.push(['count', ...all]),
    observe: (...all) => void told.push(['observe', ...all]),
  };
  const labels = { op: 'Put' };
  beforeEach(() => told.splice(0));

  test('a probe without series is told by name, labels included', () => {
    const series = seriesOf(byName, 'puts_total', labels);
    series.add(2);
    series.observe(0.5);
    const wanted = ['puts_total', 2, labels];
    expect(told).toEqual([
      ['count', ...wanted],
      ['observe', 'puts_total', 0.5, labels],
    ]);
  });

  test('a series of the probe is taken as it is, and one that it has not is told by name', () => {
    const own: ProbeSeries = { add: () => undefined, observe: () => undefined };
    const probe: Probe = { ...byName, series: (name) => (name === 'known' ? own : null) };
    expect(seriesOf(probe, 'known')).toBe(own);
    seriesOf(probe, 'unknown').add(1);
    expect(told).toEqual([['count', 'unknown', 1, undefined]]);
  });
});
