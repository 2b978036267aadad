import { DeadlineWheel, type Expiring } from './deadlines.js';
import { grpcLimits } from './limits.js';
import { parseListenUrl } from './listen-url.js';
import { answerContentType, decodeBinary, readHead } from './metadata.js';
import { sniff } from './port-listener.js';
import { PingPolicy, TokenBucket } from './rate.js';
import { encodeStatusText } from './status-text.js';
import { parseTimeout } from './timeout.js';

describe('grpc-timeout', () => {
  test.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['5S', 5000],
    ['99999999m', 99_999_999],
    ['1u', 0.001],
    ['1n', 0.000001],
    ['0S', 0],
  ])('%s is %d ms', (text, ms) => expect(parseTimeout(text)).toBeCloseTo(ms, 9));

  test.each(['', 'S', '1', '123456789S', '-1S', '1.5S', ' 1S', '1s', '1__proto__', '1 S', '0x1S'])(
    '%p is none',
    (text) => expect(parseTimeout(text)).toBeNull(),
  );
});

test.each([
  ['plain text', 'plain text'],
  ['100%', '100%25'],
  ['é\n', '%C3%A9%0A'],
  [' a b ', '%20a b%20'],
  ['', ''],
])('grpc-message %p travels as %p', (text, encoded) => {
  expect(encodeStatusText(text)).toBe(encoded);
  expect(decodeURIComponent(encoded)).toBe(text);
});

test.each([
  ['application/grpc', 'application/grpc'],
  ['application/grpc+proto', 'application/grpc+proto'],
  ['Application/GRPC;charset=x', 'application/grpc'],
  ['application/grpcx', null],
  ['application/json', null],
  ['', null],
])('content type %p is answered with %p', (asked, answered) => {
  expect(answerContentType(asked)).toBe(answered);
});

test('binary metadata is base64 with or without padding, and dropped if it is not', () => {
  expect(decodeBinary('AP+A')).toBe('\u0000\u00ff\u0080');
  expect(decodeBinary('AP8')).toBe('\u0000\u00ff');
  expect(decodeBinary('AP8=')).toBe('\u0000\u00ff');
  expect(decodeBinary('AA==,AP8=')).toBe('\u0000');
  expect(decodeBinary('!!')).toBeNull();
  expect(decodeBinary('=AAA')).toBeNull();
});

test('the first of several values counts, and a name like a prototype is a name', () => {
  const fields = [':method', 'POST', ':path', '/a.B/C', 'content-type', 'application/grpc'];
  const result = readHead([...fields, 'token', 'first', 'Token', 'second', '__proto__', 'x'], 'p');
  expect(result.ok && [...result.head.metadata]).toEqual([
    ['token', 'first'],
    ['__proto__', 'x'],
  ]);
  expect(result.ok && result.service).toBe('a.B');
});

describe('deadlines', () => {
  class Call implements Expiring {
    deadlineBucket = -1;
    toldAt = -1;
    constructor(private readonly now: () => number) {}
    deadlineExceeded(): void {
      this.toldAt = this.now();
    }
  }

  test('are told at or just after their time, never before, and not if removed', () => {
    let now = 1000;
    const wheel = new DeadlineWheel(() => now);
    const [a, b, c] = [new Call(() => now), new Call(() => now), new Call(() => now)];
    wheel.add(a, 5);
    wheel.add(b, 25);
    wheel.add(c, 25);
    wheel.remove(c);
    for (now = 1001; now <= 1040; now++) wheel.expire();
    expect(a.toldAt).toBeGreaterThanOrEqual(1005);
    expect(a.toldAt).toBeLessThanOrEqual(1015);
    expect(b.toldAt).toBeGreaterThanOrEqual(1025);
    expect(b.toldAt).toBeLessThanOrEqual(1035);
    expect(c.toldAt).toBe(-1);
  });

  test('survive a pause of an hour, and a timeout of a thousand years', () => {
    let now = 0;
    const wheel = new DeadlineWheel(() => now);
    const [soon, late] = [new Call(() => now), new Call(() => now)];
    wheel.add(soon, 50);
    wheel.add(late, 99_999_999 * 3_600_000);
    now = 3_600_000;
    wheel.expire();
    expect([soon.toldAt, late.toldAt]).toEqual([3_600_000, -1]);
    wheel.remove(late);
  });
});

describe('rates', () => {
  test('a token bucket gives its burst and then its rate', () => {
    const bucket = new TokenBucket(3, 1, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect(bucket.take(999)).toBe(false);
    expect(bucket.take(2100)).toBe(true);
    expect(bucket.take(1e9)).toBe(true);
  });

  test('three pings too soon are too many, answers of ours wipe the strikes out', () => {
    const policy = new PingPolicy(5000);
    expect([0, 1000, 2000, 3000].map((now) => policy.allows(now, 1))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    const served = new PingPolicy(5000);
    for (let now = 0; now < 10_000; now += 10) {
      served.sentSomething();
      expect(served.allows(now, 1)).toBe(true);
    }
  });

  test('without an open call even slow pings are strikes', () => {
    const policy = new PingPolicy(5000);
    expect([0, 6000, 12_000, 18_000].map((now) => policy.allows(now, 0)).at(-1)).toBe(false);
    const busy = new PingPolicy(5000);
    expect([0, 6000, 12_000, 18_000].map((now) => busy.allows(now, 1)).at(-1)).toBe(true);
  });
});

test.each([
  ['http://127.0.0.1:2379', { type: 'tcp', host: '127.0.0.1', port: 2379 }],
  ['http://localhost:0/', { type: 'tcp', host: '127.0.0.1', port: 0 }],
  ['http://[::1]:1', { type: 'tcp', host: '::1', port: 1 }],
  ['http://:2379', { type: 'tcp', host: '0.0.0.0', port: 2379 }],
  ['unix:///run/c.sock', { type: 'unix', path: '/run/c.sock' }],
  ['unix://localhost:23', { type: 'unix', path: 'localhost:23' }],
])('%s is listened on as it says', (url, address) => {
  expect(parseListenUrl(url)).toEqual(address);
});

test.each([
  ['127.0.0.1:2379', 'bad-url'],
  ['http://127.0.0.1', 'bad-url'],
  ['http://127.0.0.1:65536', 'bad-url'],
  ['http://127.0.0.1:12a', 'bad-url'],
  ['ftp://127.0.0.1:1', 'bad-url'],
  ['unix://', 'bad-url'],
  ['https://127.0.0.1:1', 'tls-unsupported'],
])('%s is refused as %s', (url, code) => {
  expect(() => parseListenUrl(url)).toThrow(expect.objectContaining({ code }));
});

test('the protocol is known as soon as the bytes tell it, and not before', () => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
  for (let n = 0; n < preface.length; n++) expect(sniff(preface.subarray(0, n))).toBe('more');
  expect(sniff(Buffer.concat([preface, Buffer.from('x')]))).toBe('http2');
  expect(sniff(Buffer.from('PRX'))).toBe('http1');
  expect(sniff(Buffer.from('G'))).toBe('http1');
  expect(sniff(Buffer.from([0x16]))).toBe('tls');
});

test('limits that contradict each other are a broken invariant', () => {
  expect(() => grpcLimits({ messageBytesMax: 0 })).toThrow();
  expect(() => grpcLimits({ callCreditBytes: 1024 })).toThrow();
  expect(() => grpcLimits({ connectionWindowBytes: 100_000 })).toThrow();
});
