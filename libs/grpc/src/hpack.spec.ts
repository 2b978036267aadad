/** HPACK against the examples of RFC 7541 appendix C, and against node:http2's own idea of it. */
import { decodeHuffman, decodedBytesMax } from './huffman.js';
import { HpackDecoder, huffmanScratch } from './hpack-decoder.js';
import { messageField, ResponseEncoder } from './hpack-encoder.js';
import { FieldTable } from './hpack-table.js';
import { DEFAULT_GRPC_LIMITS } from './limits.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

function decoder(changes = {}): HpackDecoder {
  return new HpackDecoder({ ...DEFAULT_GRPC_LIMITS, ...changes }, huffmanScratch(16_384));
}

function decode(from: HpackDecoder, block: Buffer): string[] | null {
  if (!from.decode(block, 0, block.length)) return null;
  const lines: string[] = [];
  for (let i = 0; i < from.fields.length; i += 2) {
    lines.push(`${from.fields[i]}: ${from.fields[i + 1]}`);
  }
  return lines;
}

const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [
    ':method: GET',
    ':scheme: http',
    ':path: /',
    ':authority: www.example.com',
    'cache-control: no-cache',
  ],
  [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ],
];

test.each([
  [
    'C.3, plain',
    [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
  ],
  [
    'C.4, Huffman',
    [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  ],
])('the requests of %s', (_name, blocks) => {
  const one = decoder();
  expect(blocks.map((block) => decode(one, hex(block)))).toEqual(REQUESTS);
});

test.each([
  [
    'C.2.1',
    '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
    'custom-key: custom-header',
    1,
  ],
  ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path', 0],
  ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret', 0],
  ['C.2.4', '82', ':method: GET', 0],
])('the field of %s', (_name, block, line, generations) => {
  const one = decoder();
  expect(decode(one, hex(block))).toEqual([line]);
  expect(one.generation).toBe(generations);
});

test('the answers of C.6: a table of 256 bytes evicts, Huffman throughout', () => {
  const one = decoder();
  expect(decode(one, hex('3fe101'))).toEqual([]);
  const blocks = [
    '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
    '4883 640e ffc1 c0bf',
    '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
  ];
  const date = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
  const location = 'location: https://www.example.com';
  const cookie = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
  expect(blocks.map((block) => decode(one, hex(block)))).toEqual([
    [':status: 302', 'cache-control: private', date, location],
    [':status: 307', 'cache-control: private', date, location],
    [
      ':status: 200',
      'cache-control: private',
      date.replace(':21 G', ':22 G'),
      location,
      'content-encoding: gzip',
      cookie,
    ],
  ]);
});

test('integers of any number of bytes up to 28 bits are read (C.1)', () => {
  const one = decoder();
  // 1337 with a prefix of five bits is 31, 154, 10.
  expect(decode(one, hex('3f 9a 0a'))).toEqual([]);
  expect(decode(one, hex('3f e2 1f'))).toBeNull();
  expect(decode(one, hex('3f ff ff ff ff 0f'))).toBeNull();
});

test('too many fields or bytes are told, and the table stays in step', () => {
  const one = decoder({ headerFieldsMax: 6 });
  const entered = hex('4001 6101 62');
  expect(decode(one, Buffer.concat([entered, Buffer.alloc(20, 0xbe)]))?.length).toBe(10);
  expect(one.isTooLarge).toBe(true);
  expect(decode(one, hex('be'))).toEqual(['a: b']);
  expect(one.isTooLarge).toBe(false);
  const small = decoder({ headerBytesMax: 100 });
  expect(decode(small, hex('be'))).toBeNull();
  expect(decode(small, Buffer.concat([entered, hex('bebebe')]))?.length).toBe(2);
  expect(small.isTooLarge).toBe(true);
});

test('a bomb of references to one large entry takes no memory', () => {
  const one = decoder();
  const value = Buffer.alloc(3000, 0x78);
  const enter = Buffer.concat([hex('4001 61 7f b9 16'), value]);
  expect(decode(one, enter)?.[0]?.length).toBe(3003);
  expect(decode(one, Buffer.alloc(16_000, 0xbe))?.length).toBe(10);
  expect(one.isTooLarge).toBe(true);
});

test('a field larger than the table empties it', () => {
  const table = new FieldTable();
  table.enter('a', 'b', true);
  table.enter('c', 'd', true);
  expect([table.name(0), table.name(1), table.count]).toEqual(['c', 'a', 2]);
  table.resize(40);
  expect([table.name(0), table.count]).toEqual(['c', 1]);
  table.enter('x', 'y'.repeat(10), true);
  expect(table.count).toBe(0);
  table.resize(4096);
  for (let i = 0; i < 1000; i++) table.enter('', '', true);
  expect(table.count).toBe(128);
});

test('Huffman: every byte there and back, and no ending but ones', () => {
  // "a" is 00011, "~" 13 bits, 0xff 26 bits: taken from the table of appendix B.
  const out = Buffer.alloc(64);
  expect(decodeHuffman(hex('1f'), 0, 1, out)).toBe(1);
  expect(out.toString('latin1', 0, 1)).toBe('a');
  expect(decodeHuffman(hex('18'), 0, 1, out)).toBe(-1);
  expect(decodeHuffman(hex('1fff'), 0, 2, out)).toBe(-1);
  expect(decodeHuffman(hex('fffffffc'), 0, 4, out)).toBe(-1);
  expect(decodeHuffman(hex('fffffbbf'), 0, 4, out)).toBe(1);
  expect(out[0]).toBe(0xff);
  expect(decodeHuffman(Buffer.alloc(0), 0, 0, out)).toBe(0);
  expect(decodedBytesMax(5)).toBe(8);
});

describe('the encoder', () => {
  const out = Buffer.alloc(32 * 1024);

  function written(end: number): Buffer {
    return Buffer.from(out.subarray(0, end));
  }

  test('is understood by a decoder from the first answer on, in any order', () => {
    const encoder = new ResponseEncoder();
    const one = decoder();
    const ok = ['grpc-status: 0', 'grpc-message: '];
    const head = [':status: 200', 'content-type: application/grpc'];
    for (let round = 0; round < 3; round++) {
      expect(decode(one, written(encoder.writeTrailers(out, 0, 5, 'gone')))).toEqual([
        'grpc-status: 5',
        'grpc-message: gone',
      ]);
      expect(decode(one, written(encoder.writeHead(out, 0, 'application/grpc')))).toEqual(head);
      expect(decode(one, written(encoder.writeHead(out, 0, 'application/grpc+x')))).toEqual([
        ':status: 200',
        'content-type: application/grpc+x',
      ]);
      expect(decode(one, written(encoder.writeTrailers(out, 0, 0, '')))).toEqual(ok);
      expect(
        decode(one, written(encoder.writeTrailersOnly(out, 0, 415, 'application/grpc', 3, 'x'))),
      ).toEqual([
        ':status: 415',
        'content-type: application/grpc',
        'grpc-status: 3',
        'grpc-message: x',
      ]);
    }
    expect(encoder.writeHead(out, 0, 'application/grpc')).toBe(2);
    expect(encoder.writeTrailers(out, 0, 0, '')).toBe(2);
  });

  test('follows a smaller table at once and spells everything out', () => {
    const encoder = new ResponseEncoder();
    encoder.writeHead(out, 0, 'application/grpc');
    encoder.limitTable(10);
    encoder.limitTable(4096);
    const block = written(encoder.writeHead(out, 0, 'application/grpc'));
    expect(block[0]).toBe(0x20 | 10);
    expect(decode(decoder(), block)?.length).toBe(2);
    expect(encoder.writeHead(out, 0, 'application/grpc')).toBe(block.length - 1);
  });

  test('cuts a text that fits no frame, between characters', () => {
    const cut = messageField('é'.repeat(9000));
    expect(cut.length).toBeLessThanOrEqual(8192);
    expect(cut.endsWith('%A9') || cut.endsWith('%C3')).toBe(true);
    expect(messageField('x'.repeat(9000)).length).toBe(8192);
    expect(new ResponseEncoder().blockBytesMax('application/grpc', cut)).toBeLessThan(16_384);
  });
});
