/**
 * Random legal clients, and bytes of legal clients gone wrong. Clients of two other implementations
 * (node:http2 and @grpc/grpc-js) must get every message back; broken bytes may end a connection, never more.
 */
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';

import { Client, credentials, Metadata } from '@grpc/grpc-js';

import { Flag } from './frames.js';
import { HpackDecoder } from './hpack-decoder.js';
import { grpcLimits } from './limits.js';
import { type Rig, startRig } from './testing/echo.js';
import {
  block,
  call,
  data,
  field,
  frame,
  headers,
  HELLO,
  message,
  REQUEST,
  requestTo,
  setting,
  uint32,
  Wire,
  wireRoom,
} from './testing/wire.js';

const ONE_BYTE = new Uint8Array(1);

/** A generator that is the same for the same seed. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }

  /** Random bytes; of many, the first thousand again and again. */
  bytes(n: number): Buffer {
    const some = Buffer.alloc(Math.min(n, 1009));
    for (let i = 0; i < some.length; i++) some[i] = this.below(256);
    return n === some.length ? some : Buffer.alloc(n, some);
  }
}

function seeded(): Chance {
  const seed = Number(process.env['SEED'] ?? Math.floor(performance.timeOrigin % 1e9));
  console.info(`SEED=${seed}`);
  return new Chance(seed);
}

let rig: Rig;
const open: { destroy(): unknown }[] = [];

beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  for (const each of open.splice(0)) each.destroy();
  await rig.close();
});

function session(settings = {}): ClientHttp2Session {
  const made = connectHttp2(`http://127.0.0.1:${rig.port}`, { settings });
  made.on('error', () => undefined);
  open.push(made);
  return made;
}

function ask(via: ClientHttp2Session, body: Buffer, cuts: number[], extra = {}): Promise<Buffer> {
  return new Promise((resolve) => {
    const fields = { ':method': 'POST', ':path': '/test.Echo/Bidi', te: 'trailers', ...extra };
    const stream = via.request({ 'content-type': 'application/grpc', ...fields });
    const got: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => got.push(chunk));
    stream.on('error', () => undefined);
    stream.on('close', () => resolve(Buffer.concat(got)));
    let at = 0;
    for (const cut of cuts) {
      stream.write(body.subarray(at, at + cut));
      at += cut;
    }
    stream.end(body.subarray(at));
  });
}

jest.setTimeout(30_000);

test('node:http2 gets back what it sent, however it cuts, indexes and limits', async () => {
  const chance = seeded();
  for (let round = 0; round < 6; round++) {
    const via = session({
      headerTableSize: [0, 64, 4096, 65_536][chance.below(4)],
      initialWindowSize: [0, 1000, 65_535, 1 << 20][1 + chance.below(3)],
    });
    const asked = Array.from({ length: 1 + chance.below(40) }, async () => {
      const count = chance.below(6);
      const large = chance.below(10) === 0 ? 60_000 : 300;
      const body = Buffer.concat(
        Array.from({ length: count }, () => message(chance.bytes(chance.below(large)))),
      );
      const cuts = Array.from({ length: chance.below(8) }, () => chance.below(30));
      const extra = chance.below(2)
        ? { [`x-${chance.below(5)}`]: 'v'.repeat(chance.below(300)) }
        : {};
      expect((await ask(via, body, cuts, extra)).equals(body)).toBe(true);
    });
    await Promise.all(asked);
  }
});

test('grpc-js gets back what it sent, many calls at a time, some of them cancelled', async () => {
  const chance = seeded();
  const client = new Client(`127.0.0.1:${rig.port}`, credentials.createInsecure());
  const same = (value: Buffer): Buffer => value;
  const asked = Array.from({ length: 150 }, async () => {
    const body = chance.bytes(chance.below(chance.below(20) === 0 ? 100_000 : 500));
    const metadata = new Metadata();
    if (chance.below(3) === 0) metadata.add('token', `t${chance.below(1000)}`);
    const deadline = Date.now() + 20_000 + chance.below(1000);
    const path = '/test.Echo/Unary';
    const isCancelled = chance.below(8) === 0;
    await new Promise<void>((resolve) => {
      const options = { deadline };
      const pending = client.makeUnaryRequest(
        path,
        same,
        same,
        body,
        metadata,
        options,
        (error, got) => {
          if (!isCancelled) expect([error, got?.equals(body)]).toEqual([null, true]);
          resolve();
        },
      );
      if (isCancelled) setImmediate(() => pending.cancel());
    });
  });
  await Promise.all(asked);
  client.close();
});

test('chunks of one byte and chunks of many calls are the same calls', async () => {
  const calls = Array.from({ length: 40 }, (_, i) => call(2 * i + 1, `text ${i}`));
  const bytes = Buffer.concat([HELLO, ...calls]);
  const stories = [bytes.length, 1, 13, 1000].map((cut) => {
    const wire = new Wire();
    for (let at = 0; at < bytes.length; at += cut) wire.feed(bytes.subarray(at, at + cut));
    return wire.story();
  });
  for (const story of stories) expect(story).toEqual(stories[0]);
  expect(stories[0]?.length).toBe(81);
  const socket = connect(rig.port, '127.0.0.1');
  open.push(socket);
  socket.on('error', () => undefined);
  const answered = new Promise<Buffer>((resolve) => {
    let all = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      all = Buffer.concat([all, chunk]);
      if (all.includes('text 39')) resolve(all);
    });
  });
  for (let at = 0; at < bytes.length; at += 700) {
    await new Promise<void>((sent) => socket.write(bytes.subarray(at, at + 700), () => sent()));
  }
  expect((await answered).includes('text 0')).toBe(true);
});

/** Conversations of legal clients, to be broken. */
function conversations(): Buffer[] {
  const entered = Buffer.concat(REQUEST.map(([name, value]) => field(name, value, 0x40)));
  const indexed = Buffer.from([0xc3, 0xc2, 0xc1, 0xc0, 0xbf, 0xbe]);
  const huffman = Buffer.from('838641 8cf1e3c2e5f23a6ba0ab90f4ff'.replace(' ', ''), 'hex');
  return [
    Buffer.concat([HELLO, call(1, 'a'), call(3, 'bb'), frame(6, 0, 0, Buffer.alloc(8))]),
    Buffer.concat([
      HELLO,
      frame(1, 4, 1, entered),
      data(1, message('x'), 1),
      frame(1, 4, 3, indexed),
    ]),
    Buffer.concat([
      HELLO,
      headers(1, REQUEST, 0),
      frame(9, 4, 1, block([['a-bin', 'AP8']])),
      data(1, message('y'), 1),
    ]),
    Buffer.concat([
      HELLO,
      frame(4, 0, 0, setting(4, 5)),
      call(1, 'long text'),
      frame(8, 0, 1, uint32(9)),
    ]),
    Buffer.concat([
      HELLO,
      headers(1, requestTo('Bidi')),
      data(1, message('1')),
      data(1, message('2')),
      frame(3, 0, 1, uint32(8)),
    ]),
    Buffer.concat([
      HELLO,
      frame(
        1,
        0x2c,
        1,
        Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 1]), block(REQUEST), Buffer.alloc(2)]),
      ),
      data(1, Buffer.concat([Buffer.from([1]), message('p'), Buffer.alloc(1)]), Flag.PADDED | 1),
    ]),
    Buffer.concat([
      HELLO,
      frame(1, 5, 1, huffman),
      frame(2, 0, 3, Buffer.alloc(5)),
      frame(7, 0, 0, Buffer.alloc(8)),
    ]),
    Buffer.concat([
      HELLO,
      call(1, 'a', requestTo('Pour')),
      call(3, '3', requestTo('Pour')),
      call(5, 'm', requestTo('EndEarly')),
    ]),
  ];
}

function mutate(chance: Chance, bytes: Buffer): Buffer {
  let out = Buffer.from(bytes);
  for (let n = 1 + chance.below(4); n > 0; n--) {
    const at = 24 + chance.below(out.length - 24);
    switch (chance.below(6)) {
      case 0:
        out[at] = chance.below(256);
        break;
      case 1:
        out[at] = (out[at] as number) ^ (1 << chance.below(8));
        break;
      case 2:
        out = Buffer.concat([
          out.subarray(0, at),
          chance.bytes(1 + chance.below(8)),
          out.subarray(at),
        ]);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1 + chance.below(8))]);
        break;
      case 4:
        out = Buffer.concat([out, out.subarray(at)]);
        break;
      default:
        out[at] = chance.below(2) ? 0xff : 0;
    }
    if (out.length <= 30) return Buffer.from(bytes);
  }
  return out;
}

test('broken conversations end in frames, never in an exception, and hold nothing', () => {
  const chance = seeded();
  const bases = conversations();
  const room = wireRoom();
  const inputs = Number(process.env['FUZZ_INPUTS'] ?? 200_000);
  const end = performance.now() + Number(process.env['FUZZ_MS'] ?? 2000);
  let done = 0;
  let ended = 0;
  for (; done < inputs && performance.now() < end; done++) {
    const bytes = mutate(chance, bases[done % bases.length] as Buffer);
    const wire = new Wire({}, room);
    const cut = done % 3 === 0 ? 1 + chance.below(bytes.length) : bytes.length;
    for (let at = 0; at < bytes.length; at += cut) wire.feed(bytes.subarray(at, at + cut));
    if (wire.socket.writableEnded) ended++;
    wire.connection.destroy();
    const { callCount, queuedBytes } = wire.connection;
    const isOver = wire.calls.every((seen) => seen.call.send(ONE_BYTE));
    if (callCount !== 0 || queuedBytes !== 0 || !isOver) {
      throw new Error(`input ${done} leaves something: ${bytes.toString('hex')}`);
    }
  }
  console.info(`${done} inputs, ${ended} of them ended their connection`);
  expect(ended).toBeGreaterThan(done / 20);
  expect(ended).toBeLessThan(done);
}, 1_000_000);

test('broken header blocks are refused or read, never an exception, and keep to the limits', () => {
  const chance = seeded();
  const limits = grpcLimits({ headerFieldsMax: 10, headerBytesMax: 500 });
  const scratch = wireRoom().scratch;
  const blocks = [
    block(REQUEST),
    Buffer.concat(REQUEST.map(([name, value]) => field(name, value, 0x40))),
    Buffer.from('3fe12082868441 8cf1e3c2e5f23a6ba0ab90f4ff'.replace(' ', ''), 'hex'),
    Buffer.from('828684be5886a8eb10649cbf', 'hex'),
  ].map((bytes) => Buffer.concat([Buffer.alloc(24), bytes]));
  let whole = 0;
  for (let round = 0; round < 8_000; round++) {
    const decoder = new HpackDecoder(limits, scratch);
    for (let n = 0; n < 3; n++) {
      const base = blocks[chance.below(blocks.length)] as Buffer;
      const isRandom = chance.below(4) === 0;
      const bad = isRandom ? chance.bytes(chance.below(60)) : mutate(chance, base).subarray(24);
      if (!decoder.decode(bad, 0, bad.length)) break;
      whole++;
      const bytes = decoder.fields.reduce((sum, text) => sum + text.length, 0);
      if (decoder.fields.length > 28 || bytes > 500) throw new Error('over the limits');
    }
  }
  expect(whole).toBeGreaterThan(500);
});
