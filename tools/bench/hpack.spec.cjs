'use strict';
const { HpackDecoder, HpackError, RequestEncoder } = require('./hpack.cjs');

const hex = (text) => Buffer.from(text.replace(/\s/g, ''), 'hex');
const decode = (decoder, text) => {
  const bytes = hex(text);
  return decoder.decode(bytes, 0, bytes.length).map(({ name, value }) => `${name}: ${value}`);
};

describe('hpack decoder', () => {
  it('reads the responses of RFC 7541 C.6, with Huffman strings and evictions', () => {
    const decoder = new HpackDecoder();
    // The examples' table has 256 bytes.
    decode(decoder, '3fe101');
    expect(
      decode(
        decoder,
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e ' +
          '919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      ),
    ).toEqual([
      ':status: 302',
      'cache-control: private',
      'date: Mon, 21 Oct 2013 20:13:21 GMT',
      'location: https://www.example.com',
    ]);
    expect(decode(decoder, '4883 640e ffc1 c0bf')).toEqual([
      ':status: 307',
      'cache-control: private',
      'date: Mon, 21 Oct 2013 20:13:21 GMT',
      'location: https://www.example.com',
    ]);
    const third = decode(
      decoder,
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 ' +
        '821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed ' +
        '4ee5 b106 3d50 07',
    );
    expect(third[4]).toBe('content-encoding: gzip');
    expect(third[5]).toBe('set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1');
  });

  it.each([
    ['an index of nothing', 'ff8000'],
    ['index 0', '80'],
    ['an integer without end', 'ffffffffffffff'],
    ['a string beyond the block', '400a61'],
    ['padding longer than seven bits', '4001618200ffff'],
    ['padding of zeros', '400161 8100'],
    ['a table larger than allowed', '3fe21f'],
    ['a table size behind a field', '8820'],
    ['a block cut in a field', '40'],
  ])('refuses %s', (_, text) => {
    expect(() => decode(new HpackDecoder(), text)).toThrow(HpackError);
  });
});

describe('request encoder', () => {
  const paths = ['/a.A/One', '/a.A/One', '/a.A/Two', '/a.A/One', '/a.A/Two', '/a.A/Two'];
  const encodeAll = (encoder, decoder) =>
    paths.map((path) => {
      const block = encoder.block(path);
      const fields = decoder.decode(block, 0, block.length);
      expect(fields.map(({ name, value }) => [name, value])).toEqual([
        [':method', 'POST'],
        [':scheme', 'http'],
        [':path', path],
        [':authority', 'h:1'],
        ['content-type', 'application/grpc'],
        ['te', 'trailers'],
      ]);
      return block.length;
    });

  it('needs six bytes for a path that was sent before', () => {
    const lengths = encodeAll(new RequestEncoder('h:1'), new HpackDecoder());
    expect(lengths.filter((n) => n === 6)).toHaveLength(4);
  });

  it('indexes nothing for a server with a small table', () => {
    const encoder = new RequestEncoder('h:1');
    encoder.setTableSize(100);
    const lengths = encodeAll(encoder, new HpackDecoder());
    expect(Math.min(...lengths)).toBeGreaterThan(40);
  });

  it('goes on when the server shrinks its table later', () => {
    const encoder = new RequestEncoder('h:1');
    const decoder = new HpackDecoder();
    encodeAll(encoder, decoder);
    encoder.setTableSize(2048);
    encodeAll(encoder, decoder);
    encoder.setTableSize(0);
    encodeAll(encoder, decoder);
  });
});
