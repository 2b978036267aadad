import { type EngineRow, Random, crc32c } from '@conclave/base';
import { RowParser, STREAM_START, sizeOfRow, writeRow } from './row-stream.js';

function encode(rows: readonly EngineRow[]): Uint8Array {
  const out = new Uint8Array(rows.reduce((n, row) => n + sizeOfRow(row), 0));
  let at = 0;
  for (const row of rows) at = writeRow(row, out, at);
  return out;
}

function row(key: string, length: number): EngineRow {
  return { key: Uint8Array.from(Buffer.from(key)), value: new Uint8Array(length).fill(7) };
}

test('rows come out as they went in, wherever the stream is cut', () => {
  const random = new Random(Number(process.env['SEED'] ?? 20_260_831));
  for (let round = 0; round < 200; round++) {
    const rows = Array.from({ length: random.below(8) }, (_, i) =>
      row(`k${i}${'x'.repeat(random.below(200))}`, random.below(400)),
    );
    const bytes = encode(rows);
    const parser = new RowParser(STREAM_START, 1_000);
    const got: EngineRow[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + 1 + random.below(random.chance(0.3) ? 3 : 300));
      const parsed = parser.push(bytes.subarray(at, end));
      if (!parsed.ok) throw new Error(parsed.text);
      got.push(...parsed.rows.map((r) => ({ key: r.key.slice(), value: r.value.slice() })));
      at = end;
    }
    expect(parser.whole).toBe(true);
    expect(got.length).toBe(rows.length);
    expect(encode(got)).toEqual(bytes);
    expect(parser.position).toMatchObject({
      rows: rows.length,
      bytes: bytes.length,
      crc: crc32c(bytes),
    });
  }
});

test.each([
  ['keys out of order', encode([row('b', 1), row('a', 1)])],
  ['keys out of order', encode([row('a', 1), row('a', 1)])],
  ['an empty key', Uint8Array.of(0, 1, 7)],
  ['an impossible length', Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 1)],
  ['an impossible length', Uint8Array.of(0x81, 0x00)],
  ['larger than allowed', encode([row('a', 2_000)])],
  ['larger than allowed', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)],
])('%s is refused', (text, bytes) => {
  const parsed = new RowParser(STREAM_START, 1_000).push(bytes);
  expect(parsed).toEqual({ ok: false, text: `snapshot row: ${text}` });
});

test('any bytes are rows or are refused, and never throw', () => {
  const random = new Random(Number(process.env['SEED'] ?? 20_260_832));
  const good = encode([row('a', 30), row('b', 300), row('c', 0)]);
  for (let round = 0; round < 5_000; round++) {
    const bytes = random.chance(0.5) ? good.slice() : new Uint8Array(random.below(40));
    if (bytes !== good)
      for (let i = 0; i < 3; i++) bytes[random.below(bytes.length || 1)] = random.below(256);
    const parser = new RowParser(STREAM_START, 1_000);
    for (let at = 0; at < bytes.length; at += 10) {
      if (!parser.push(bytes.subarray(at, at + 10)).ok) break;
    }
  }
});
