import { Random, crc32c, encodeUtf8, joinCrc32c } from './index.js';

test('the check value of CRC-32C is that of RFC 3720', () => {
  expect(crc32c(encodeUtf8('123456789'))).toBe(0xe306_9283);
});

test('the checksum of two pieces comes out of theirs', () => {
  const seed = Number(process.env['SEED'] ?? 20_261_123);
  const random = new Random(seed);
  for (let round = 0; round < 300; round++) {
    const bytes = Uint8Array.from({ length: random.below(2_000) }, () => random.below(256));
    const cut = random.below(bytes.length + 1);
    const [first, second] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    const joined = joinCrc32c(crc32c(first), crc32c(second), second.length);
    expect([seed, joined]).toEqual([seed, crc32c(bytes)]);
  }
});

test('pieces longer than 4 GiB are joined as well', () => {
  // Joining n zero bytes twice is joining 2n of them.
  const half = 3 * 2 ** 31;
  const zeros = (length: number, crc: number): number => joinCrc32c(crc, 0, length);
  expect(zeros(half, zeros(half, 0x1234_5678))).toBe(zeros(2 * half, 0x1234_5678));
});
