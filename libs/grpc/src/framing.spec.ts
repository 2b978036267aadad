import { Random } from '@conclave/base';

import { MessageReader, writeFrameHead } from './framing.js';

function framed(messages: readonly Uint8Array[]): Uint8Array {
  const parts = messages.map((message) => {
    const frame = new Uint8Array(5 + message.length);
    writeFrameHead(frame, 0, message.length);
    frame.set(message, 5);
    return frame;
  });
  return new Uint8Array(Buffer.concat(parts));
}

function readAll(reader: MessageReader, chunk: Uint8Array): Uint8Array[] {
  reader.push(chunk);
  const all: Uint8Array[] = [];
  for (let next = reader.next(); next !== null; next = reader.next()) all.push(next);
  return all;
}

test('messages come out whole however the bytes were cut', () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);
  console.info(`SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 200; round++) {
    const messages = Array.from({ length: 1 + random.below(8) }, () => {
      const length = random.below(4) === 0 ? random.below(9000) : random.below(20);
      return Uint8Array.from({ length }, () => random.below(256));
    });
    const bytes = framed(messages);
    const reader = new MessageReader(10_000);
    const got: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const cut = Math.min(bytes.length, at + 1 + random.below(random.below(2) === 0 ? 4 : 4000));
      got.push(...readAll(reader, bytes.slice(at, cut)));
      at = cut;
    }
    expect(got.map((each) => Buffer.from(each).toString('hex'))).toEqual(
      messages.map((each) => Buffer.from(each).toString('hex')),
    );
    expect([reader.isInside, reader.failure]).toEqual([false, null]);
  }
});

test('bytes pushed before the reader was emptied are kept in order', () => {
  const bytes = framed([new Uint8Array([1]), new Uint8Array([2]), new Uint8Array([3])]);
  const reader = new MessageReader(10);
  reader.push(bytes.slice(0, 8));
  expect([...(reader.next() ?? [])]).toEqual([1]);
  expect(readAll(reader, bytes.slice(8)).map((each) => each[0])).toEqual([2, 3]);
});

test('the limit holds for the announced length, before any byte of the message', () => {
  const reader = new MessageReader(10);
  expect(readAll(reader, new Uint8Array([0, 0, 0, 0, 11]))).toEqual([]);
  expect(reader.failure).toEqual({ type: 'too-large', length: 11, max: 10 });
  expect(readAll(reader, framed([new Uint8Array([1])]))).toEqual([]);
});

test('an end inside a head or a message is noticed', () => {
  const reader = new MessageReader(10);
  readAll(reader, new Uint8Array([0, 0]));
  expect(reader.isInside).toBe(true);
  readAll(reader, new Uint8Array([0, 0, 2, 9]));
  expect(reader.isInside).toBe(true);
  readAll(reader, new Uint8Array([9]));
  expect(reader.isInside).toBe(false);
});

test('a whole message in one chunk is a view of it, not a copy', () => {
  const bytes = framed([new Uint8Array([7, 8])]);
  const [message] = readAll(new MessageReader(10), bytes);
  expect(message?.buffer).toBe(bytes.buffer);
});
