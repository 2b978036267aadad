/** Hostile and odd clients, with raw sockets: what they get, and that everybody else goes on. */
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { request as httpRequest } from 'node:http';
import { connect, Socket } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type LogFields, NO_PROBE, type Probe } from '@conclave/base';

import { ListenError } from './listen-url.js';
import { PortListener } from './port-listener.js';
import { type Rig, type RigOptions, startRig } from './testing/echo.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** Rules about time are looked at every 10 ms. */
const IMPATIENT = { sweepMs: 10 };
const SETTINGS = 4;
const GOAWAY = 7;

let rig: Rig;
const open: { destroy(): unknown }[] = [];
let lines: { message: string; fields: LogFields }[];

async function start(options: RigOptions = {}): Promise<void> {
  lines = [];
  const probe: Probe = {
    ...NO_PROBE,
    log: (_level, message, fields = {}) => void lines.push({ message, fields }),
  };
  rig = await startRig({ probe, ...options });
}

afterEach(async () => {
  for (const each of open.splice(0)) each.destroy();
  await rig.close();
});

function socketTo(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.on('error', () => undefined);
    open.push(socket);
  });
}

function session(settings = {}): ClientHttp2Session {
  const made = connectHttp2(`http://127.0.0.1:${rig.port}`, { settings });
  made.on('error', () => undefined);
  open.push(made);
  return made;
}

/** Everything a socket says until it is closed, or until `enough`. */
function heard(socket: Socket, enough: (all: Buffer) => boolean = () => false): Promise<Buffer> {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      all = Buffer.concat([all, chunk]);
      if (enough(all)) resolve(all);
    });
    socket.on('close', () => resolve(all));
  });
}

/** Type and payload of each HTTP/2 frame. */
function frames(bytes: Buffer): { type: number; payload: Buffer }[] {
  const all: { type: number; payload: Buffer }[] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = bytes.readUIntBE(at, 3);
    all.push({ type: bytes[at + 3] as number, payload: bytes.subarray(at + 9, at + 9 + length) });
    at += 9 + length;
  }
  return all;
}

function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const HEAD = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

function message(body: Buffer, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

interface Reply {
  readonly http: number;
  readonly code: string;
  readonly text: string;
  readonly body: string;
  readonly rst: number;
}

function ask(headers: Record<string, string>, body: Buffer, via = session()): Promise<Reply> {
  return new Promise((resolve) => {
    const stream = via.request({ ...HEAD, ':path': '/test.Echo/Unary', ...headers });
    const all: Buffer[] = [];
    let seen: Record<string, unknown> = {};
    stream.on('response', (fields) => (seen = { ...seen, ...fields }));
    stream.on('trailers', (fields) => (seen = { ...seen, ...fields }));
    stream.on('data', (chunk: Buffer) => all.push(chunk));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      resolve({
        http: Number(seen[':status']),
        code: String(seen['grpc-status']),
        text: String(seen['grpc-message']),
        body: Buffer.concat(all).toString('hex'),
        rst: stream.rstCode ?? 0,
      });
    });
    stream.end(body);
  });
}

async function stillServes(): Promise<void> {
  const reply = await ask({}, message(Buffer.from('ok')));
  expect(reply.body).toBe(message(Buffer.from('ok')).toString('hex'));
}

/** Looks in every turn; gives up before jest does, so that nothing is left running. */
async function until(test: () => boolean): Promise<void> {
  const end = performance.now() + 4000;
  while (!test()) {
    if (performance.now() > end) throw new Error('it never came true');
    await new Promise((next) => setImmediate(next));
  }
}

test('the preface is understood when it comes in single bytes', async () => {
  await start();
  const socket = await socketTo(rig.port);
  const answer = heard(socket, (all) => all.length >= 9);
  for (const byte of Buffer.concat([PREFACE, EMPTY_SETTINGS])) {
    await new Promise<void>((sent) => socket.write(Buffer.from([byte]), () => sent()));
  }
  expect(frames(await answer)[0]?.type).toBe(SETTINGS);
});

test('an HTTP/1.1 request in single bytes reaches the HTTP/1.1 side', async () => {
  await start();
  const socket = await socketTo(rig.port);
  const answer = heard(socket);
  for (const byte of Buffer.from('PRI /x HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n')) {
    await new Promise<void>((sent) => socket.write(Buffer.from([byte]), () => sent()));
  }
  expect((await answer).toString()).toContain('HTTP/1.1 400 Bad Request');
  const good = await socketTo(rig.port);
  good.write('GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect((await heard(good)).toString()).toContain('GET /x');
});

test('a TLS hello is closed with one log line', async () => {
  await start();
  const socket = await socketTo(rig.port);
  socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
  expect((await heard(socket)).length).toBe(0);
  expect(lines.map((line) => line.fields['reason'])).toEqual(['TLS is not supported yet']);
});

test('a silent connection is closed after its time', async () => {
  await start({ firstByteMs: 30 });
  expect((await heard(await socketTo(rig.port))).length).toBe(0);
  const half = await socketTo(rig.port);
  half.write(PREFACE.subarray(0, 10));
  expect((await heard(half)).length).toBe(0);
});

test('an HTTP/1.1 head that never ends is cut off', async () => {
  await start();
  const socket = await socketTo(rig.port);
  socket.write('GET / HTTP/1.1\r\nX: ');
  const trickle = setInterval(() => socket.write('y'), 20);
  await heard(socket);
  clearInterval(trickle);
});

test('a huge HTTP/1.1 head is answered 431', async () => {
  await start();
  const socket = await socketTo(rig.port);
  socket.write(`GET / HTTP/1.1\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`);
  expect((await heard(socket)).toString()).toContain('431');
});

test('garbage of any kind ends its own connection and nothing else', async () => {
  await start({ limits: { ...IMPATIENT, silenceMs: 100, keepaliveTimeoutMs: 100 } });
  let seed = Number(process.env['SEED'] ?? 20261122);
  console.info(`SEED=${seed}`);
  const next = (): number => (seed = (seed * 1103515245 + 12345) % 0x80000000);
  for (let round = 0; round < 40; round++) {
    const socket = await socketTo(rig.port);
    const junk = Buffer.from(
      Array.from({ length: 200 + (next() % 800) }, () => (next() >> 8) & 255),
    );
    if (round % 2 === 0) socket.write(Buffer.concat([PREFACE, EMPTY_SETTINGS, junk]));
    else socket.write(junk);
    socket.end();
    await heard(socket, (all) => all.length > EMPTY_SETTINGS.length);
    if (round % 4 === 0) socket.destroy();
  }
  await stillServes();
  // Whoever broke the protocol and stays is found out by silence.
  for (const each of open) if (!(each instanceof Socket)) each.destroy();
  await until(() => rig.grpc.connectionCount === 0);
});

test.each([
  ['a method without a name', { ':path': '/xY' }, 200, '12', 'malformed method name: "/xY"'],
  ['a service nobody knows', { ':path': '/a/b/c' }, 200, '12', 'unknown service a/b'],
  [
    'another content type',
    { 'content-type': 'text/plain' },
    415,
    '3',
    'invalid gRPC request content-type "text/plain"',
  ],
  ['a timeout that is none', { 'grpc-timeout': '5x' }, 400, '13', 'malformed grpc-timeout: "5x"'],
  [
    'a timeout of nine digits',
    { 'grpc-timeout': '123456789S' },
    400,
    '13',
    'malformed grpc-timeout: "123456789S"',
  ],
  ['a timeout already over', { 'grpc-timeout': '0S' }, 200, '4', 'context deadline exceeded'],
  [
    'gzip',
    { 'grpc-encoding': 'gzip' },
    200,
    '12',
    'grpc: Decompressor is not installed for grpc-encoding "gzip"',
  ],
] as const)('%s gets its status and text', async (_name, headers, http, code, text) => {
  await start();
  const reply = await ask(headers, message(Buffer.from('x')));
  expect(reply).toMatchObject({ http, code, text });
  await stillServes();
});

test.each([
  [
    'the compressed flag without an encoding',
    message(Buffer.from('x'), 1),
    '13',
    'grpc: compressed flag set with identity or empty encoding',
  ],
  [
    'an unknown flag',
    message(Buffer.from('x'), 7),
    '13',
    'grpc: received unexpected payload format 7',
  ],
  [
    'a length beyond the limit',
    Buffer.from([0, 255, 255, 255, 255]),
    '8',
    'grpc: received message larger than max (4294967295 vs. 2097152)',
  ],
  ['a head cut short', Buffer.from([0, 0]), '13', 'unexpected EOF'],
  ['a message cut short', Buffer.from([0, 0, 0, 0, 9, 1]), '13', 'unexpected EOF'],
] as const)(
  '%s gets its status and text, and the handler is cancelled',
  async (_name, body, code, text) => {
    await start();
    expect(await ask({}, body)).toMatchObject({ http: 200, code, text });
    expect(rig.calls[0]?.cancelled).toBe(true);
    await stillServes();
  },
);

test('a message in single-byte DATA frames is put together', async () => {
  await start();
  const stream = session().request({ ...HEAD, ':path': '/test.Echo/Bidi' });
  const got = new Promise<Buffer>((resolve) => stream.on('data', resolve));
  const bytes = message(Buffer.from('split'));
  for (const byte of bytes) await new Promise((sent) => stream.write(Buffer.from([byte]), sent));
  expect((await got).equals(bytes)).toBe(true);
  stream.end();
});

test('more header fields than allowed cost the stream, not the server', async () => {
  await start();
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x-${i}`, 'v']));
  expect((await ask(many, message(Buffer.from('x')))).rst).not.toBe(0);
  expect((await ask({ x: 'v'.repeat(60_000) }, message(Buffer.from('x')))).rst).not.toBe(0);
  expect(rig.calls.length).toBe(0);
  await stillServes();
});

test('10,000 streams opened and reset at once end in GOAWAY, and their handlers were told', async () => {
  await start();
  const attacker = session();
  const gone = new Promise<number>((resolve) => {
    attacker.on('goaway', (code: number) => resolve(code));
    attacker.on('close', () => resolve(-1));
  });
  let sent = 0;
  const burst = (): void => {
    for (let i = 0; i < 200 && sent < 10_000 && !attacker.destroyed && !attacker.closed; i++) {
      sent++;
      const stream = attacker.request({ ...HEAD, ':path': '/test.Echo/Hang' });
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
    if (sent < 10_000 && !attacker.destroyed && !attacker.closed) setImmediate(burst);
  };
  attacker.once('connect', burst);
  expect([constants.NGHTTP2_ENHANCE_YOUR_CALM, constants.NGHTTP2_INTERNAL_ERROR, -1]).toContain(
    await gone,
  );
  await until(() => rig.grpc.connectionCount === 0);
  expect(rig.grpc.callCount).toBe(0);
  expect(rig.calls.every((seen) => seen.cancelled)).toBe(true);
  expect(rig.calls.length).toBeLessThan(3000);
  await stillServes();
});

test('pings faster than allowed end in GOAWAY too_many_pings', async () => {
  await start();
  const socket = await socketTo(rig.port);
  const answer = heard(socket);
  socket.write(Buffer.concat([PREFACE, EMPTY_SETTINGS]));
  const ping = frame(6, 0, 0, Buffer.alloc(8));
  for (let i = 0; i < 6; i++) socket.write(ping);
  const goaway = frames(await answer).find((each) => each.type === GOAWAY);
  expect(goaway?.payload.readUInt32BE(4)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect(goaway?.payload.subarray(8).toString()).toBe('too_many_pings');
});

test('SETTINGS without end are sent away', async () => {
  await start({ limits: { settingsPer10s: 20 } });
  const socket = await socketTo(rig.port);
  const answer = heard(socket);
  socket.write(Buffer.concat([PREFACE, ...Array.from({ length: 200 }, () => EMPTY_SETTINGS)]));
  const goaway = frames(await answer).find((each) => each.type === GOAWAY);
  expect(goaway?.payload.subarray(8).toString()).toBe('too_many_settings');
});

test('more streams than allowed are refused, the others are served', async () => {
  await start({ limits: { concurrentStreamsMax: 2 } });
  const via = session();
  await new Promise((known) => via.once('remoteSettings', known));
  const hanging = [1, 2].map(() => via.request({ ...HEAD, ':path': '/test.Echo/Hang' }));
  await until(() => rig.calls.length === 2);
  const third = ask({}, message(Buffer.from('x')), via);
  hanging[0]?.close(constants.NGHTTP2_CANCEL);
  expect((await third).code).toBe('0');
  hanging[1]?.on('error', () => undefined);
});

test('a reader that stops holds the handler up at its credit and nobody else', async () => {
  await start();
  const slow = session({ initialWindowSize: 0 });
  const stream = slow.request({ ...HEAD, ':path': '/test.Echo/Pour' });
  stream.on('error', () => undefined);
  stream.end(message(Buffer.from('1000')));
  await until(() => rig.calls[0]?.halfClosed === true);
  await stillServes();
  expect(rig.calls[0]?.drains).toBe(0);
  stream.close(constants.NGHTTP2_CANCEL);
  await until(() => rig.calls[0]?.cancelled === true);
});

test('a handler that ignores the credit loses the call at the bound', async () => {
  await start({ limits: { callQueueBytesMax: 4 * 1024 * 1024 } });
  const slow = session({ initialWindowSize: 0 });
  const stream = slow.request({ ...HEAD, ':path': '/test.Echo/Flood' });
  stream.on('error', () => undefined);
  stream.end(message(Buffer.alloc(0)));
  await until(() => rig.calls[0]?.cancelled === true);
  await stillServes();
});

test('a stalled reader that holds memory is cut off', async () => {
  await start({ limits: { ...IMPATIENT, stalledMs: 50 } });
  const slow = session({ initialWindowSize: 0 });
  const stream = slow.request({ ...HEAD, ':path': '/test.Echo/Pour' });
  stream.on('error', () => undefined);
  stream.end(message(Buffer.from('1000')));
  await until(() => rig.calls[0]?.cancelled === true);
  expect(lines.at(-1)?.fields['reason']).toBe('stalled_reader');
});

test('a slow reader of one large answer is no stalled one', async () => {
  await start({ limits: { ...IMPATIENT, stalledMs: 1500, callQueueBytesMax: 1 << 30 } });
  const slow = session({ initialWindowSize: 64 * 1024 });
  const stream = slow.request({ ...HEAD, ':path': '/test.Echo/Huge' });
  stream.end(message(Buffer.alloc(0)));
  let got = 0;
  stream.on('data', (chunk: Buffer) => {
    got += chunk.length;
    stream.pause();
    // 512 pieces: all of it takes longer than a reader may stand still, no piece does.
    setTimeout(() => stream.resume(), 4);
  });
  await new Promise((done) => stream.on('close', done));
  expect(got).toBe(8 * 1024 * 1024 + 5);
  expect(rig.calls[0]?.cancelled).toBe(false);
});

test('a connection that never sends SETTINGS is closed', async () => {
  await start({ limits: { ...IMPATIENT, settingsMs: 100 } });
  const socket = await socketTo(rig.port);
  socket.write(PREFACE);
  await heard(socket);
  expect(rig.grpc.connectionCount).toBe(0);
});

test('a client that goes silent is pinged and then dropped', async () => {
  await start({ limits: { ...IMPATIENT, keepaliveIntervalMs: 100, keepaliveTimeoutMs: 100 } });
  const socket = await socketTo(rig.port);
  socket.write(Buffer.concat([PREFACE, EMPTY_SETTINGS]));
  const all = await heard(socket);
  expect(frames(all).some((each) => each.type === 6)).toBe(true);
});

test('an upgrade goes to the hook, and is a plain request where that does not take it', async () => {
  await start({
    upgrade: (request, socket) => {
      if (request.url !== '/link') return false;
      socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
      return true;
    },
  });
  const upgrade = (path: string, connection: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: ${connection}\r\n` +
    'HTTP2-Settings: AAMAAABk\r\nContent-Length: 2\r\n\r\n{}';
  const link = await socketTo(rig.port);
  link.write(upgrade('/link', 'Upgrade'));
  expect((await heard(link)).toString()).toMatch(/^HTTP\/1.1 101/);

  const socket = await socketTo(rig.port);
  const ended = heard(socket);
  socket.write(upgrade('/one', 'Upgrade, HTTP2-Settings'));
  await new Promise((done) => socket.once('data', done));
  socket.write(upgrade('/two', 'HTTP2-Settings, Upgrade, close'));
  const answers = (await ended).toString();
  expect(answers.match(/HTTP\/1.1 200|POST \/one|POST \/two/g)).toEqual([
    'HTTP/1.1 200',
    'POST /one',
    'HTTP/1.1 200',
    'POST /two',
  ]);
});

test('a unix socket serves, and a stale one is taken over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'conclave-grpc-'));
  const path = join(folder, 'client.sock');
  await start({ url: `unix://${path}` });
  const first = await new Promise<string>((resolve) => {
    const request = httpRequest({ socketPath: path, path: '/over-unix' }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    });
    request.end();
  });
  expect(first).toBe('GET /over-unix');
  const second = new PortListener({ protocols: { http1: null, http2: null } });
  await second.listen(`unix://${path}`);
  second.close();
  writeFileSync(path, 'a file of somebody');
  await expect(second.listen(`unix://${path}`)).rejects.toBeInstanceOf(ListenError);
  rmSync(folder, { recursive: true });
});

test('a port in use is a named error with the system text', async () => {
  await start();
  const second = new PortListener({ protocols: { http1: null, http2: null } });
  const error = await second
    .listen(`http://localhost:${rig.port}`)
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'listen-failed' });
  expect(String(error)).toContain('EADDRINUSE');
});
