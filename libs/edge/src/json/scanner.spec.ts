import { Random, encodeUtf8 } from '@conclave/base';
import { JsonScanner } from './scanner.js';

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

/** What comes of a text cut into pieces of `size` bytes: the value, or what is wrong. */
function scan(text: string | Uint8Array, size = 1 << 20): string {
  const bytes = typeof text === 'string' ? encodeUtf8(text) : text;
  const scanner = new JsonScanner();
  for (let at = 0; at < bytes.length; at += size) {
    const result = scanner.scan(bytes, at, Math.min(bytes.length, at + size), at);
    if (result === 'bad') return scanner.fault;
    if (result === 'value') return Buffer.from(bytes.subarray(scanner.lo, scanner.hi)).toString();
  }
  const result = scanner.end(bytes.length);
  if (result === 'more') return 'nothing';
  return result === 'bad' ? scanner.fault : Buffer.from(bytes.subarray(scanner.lo)).toString();
}

test.each([
  // As etcd 3.4.23 answers them, but for the last.
  ['{', 'unexpected EOF'],
  ['{"key"', 'unexpected EOF'],
  ['{"key":"YQ==" "x"', `invalid character '"' after object key:value pair`],
  ['{"key":tru3}', "invalid character '3' in literal true (expecting 'e')"],
  ['{"key":"\\x"}', "invalid character 'x' in string escape code"],
  ['{"key":"\\u12x"}', "invalid character 'x' in \\u hexadecimal character escape"],
  ['{"key":"\x01"}', "invalid character '\\x01' in string literal"],
  ['{"key":-}', "invalid character '}' in numeric literal"],
  ['{"key":1.}', "invalid character '}' after decimal point in numeric literal"],
  ['{"key":1e}', "invalid character '}' in exponent of numeric literal"],
  ['{"key":01}', "invalid character '1' after object key:value pair"],
  ['{key:1}', "invalid character 'k' looking for beginning of object key string"],
  ['{"key";1}', "invalid character ';' after object key"],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["{'", "invalid character '\\'' looking for beginning of object key string"],
  ['\u00e9', "invalid character '\u00c3' looking for beginning of value"],
  ['[', 'unexpected EOF'],
  ['  \n', 'nothing'],
  ['', 'nothing'],
])('%j is answered %j', (text, answer) => {
  expect(scan(text)).toBe(answer);
  expect(scan(text, 1)).toBe(answer);
});

test('a value ends where it ends, whatever follows', () => {
  expect(scan(' {"a":[1,{}]}garbage')).toBe('{"a":[1,{}]}');
  expect(scan('"x"garbage')).toBe('"x"');
  expect(scan('-12.5e+3,')).toBe('-12.5e+3');
  expect(scan('null]')).toBe('null');
  expect(scan('0')).toBe('0');
});

test('10,000 levels are taken and one more is not, without recursion', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  expect(scan(deep(10_000))).toHaveLength(20_000);
  expect(scan(deep(10_001))).toBe("invalid character '[' exceeded max depth");
});

test('a quarter of a million containers are the end', () => {
  const many = `[${'[],'.repeat(1 << 18)}[]]`;
  expect(scan(many)).toBe('more than 262144 objects and arrays in one message');
});

test('the table tells for every container where it ends and which comes next', () => {
  const scanner = new JsonScanner();
  const text = encodeUtf8('{"a":[{},[]],"b":{"c":[1]}}');
  scanner.scan(text, 0, text.length, 0);
  const shown = [0, 1, 2, 3, 4, 5].map((n) => [scanner.ends[2 * n], scanner.ends[2 * n + 1]]);
  expect(shown).toEqual([
    [27, 6],
    [12, 4],
    [8, 3],
    [11, 4],
    [26, 6],
    [25, 6],
  ]);
});

function randomValue(random: Random, depth: number): unknown {
  const kind = random.below(depth > 4 ? 4 : 6);
  if (kind === 0) return random.below(2) === 0 ? null : random.below(2) === 0;
  if (kind === 1) return (random.below(2 ** 30) - 2 ** 29) / 10 ** random.below(4);
  if (kind === 2) return random.fraction() * 10 ** (random.below(600) - 300);
  if (kind === 3) {
    const unit = (): string => String.fromCharCode(random.below(0x3000));
    return Array.from({ length: random.below(8) }, unit).join('');
  }
  const values = Array.from({ length: random.below(5) }, () => randomValue(random, depth + 1));
  return kind === 4 ? values : Object.fromEntries(values.map((v, i) => [`k${i}\n"`, v]));
}

/** Space of JSON, which is less than what `trim` takes away. */
function withoutSpace(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}

test(`it agrees with JSON.parse about what is JSON (SEED=${SEED})`, () => {
  const random = new Random(SEED);
  for (let round = 0; round < 3_000; round++) {
    const whole = JSON.stringify(randomValue(random, 0), null, random.below(3));
    const bytes = Buffer.from(whole);
    if (random.below(2) === 0) {
      const at = random.below(bytes.length);
      bytes[at] =
        random.below(2) === 0
          ? random.below(0x80)
          : '{}[],:"\\019-e.tn '.charCodeAt(random.below(17));
    }
    const text = bytes.toString();
    const size = 1 + random.below(5);
    let isJson = true;
    try {
      JSON.parse(text);
    } catch {
      isJson = false;
    }
    const scanned = scan(bytes, size);
    // What is behind a value is not the scanner's business.
    const bare = withoutSpace(text);
    const isTaken = bare !== '' && bare === scanned;
    expect({ text, isTaken }).toEqual({ text, isTaken: isJson });
  }
});
