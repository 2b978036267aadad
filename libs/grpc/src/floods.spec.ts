/**
 * Clients that do too much of something legal: each ends in GOAWAY ENHANCE_YOUR_CALM with its reason, after a
 * bounded number of frames and with a bounded number of bytes kept.
 */
import { Flag, Frame, Setting } from './frames.js';
import {
  block,
  call,
  data,
  field,
  frame,
  headers,
  HELLO,
  message,
  PREFACE,
  REQUEST,
  requestTo,
  setting,
  SETTINGS,
  uint32,
  Wire,
} from './testing/wire.js';

const END = Flag.END_HEADERS | Flag.END_STREAM;
const HANG = requestTo('Hang');
const calm = (reason: string): string => `GOAWAY ENHANCE_YOUR_CALM ${reason}`;

/** Feeds what `make` makes until the client is sent away; answers after how many, and the last word. */
function flood(wire: Wire, make: (i: number) => Buffer, max = 20_000): [number, string] {
  for (let i = 0; i < max; i++) {
    const end = wire
      .feed(make(i))
      .story()
      .find((line) => line.startsWith('GOAWAY'));
    if (end !== undefined) return [i, end];
  }
  return [max, 'nothing'];
}

const ready = (limits = {}): Wire => new Wire(limits).feed(HELLO, headers(1, HANG));

test.each([
  ['SETTINGS', () => SETTINGS, 'too_many_settings', 100],
  ['SETTINGS acknowledgements', () => frame(4, Flag.ACK), 'too_many_settings', 100],
  ['pings', () => frame(6, 0, 0, Buffer.alloc(8)), 'too_many_pings', 5],
  [
    'ping answers nobody asked for',
    () => frame(6, Flag.ACK, 0, Buffer.alloc(8)),
    'too_many_unknown_frames',
    101,
  ],
  ['window updates of 1', () => frame(8, 0, 0, uint32(1)), 'too_many_window_updates', 101],
  ['window updates of a stream', () => frame(8, 0, 1, uint32(1)), 'too_many_window_updates', 101],
  ['PRIORITY', (i: number) => frame(2, 0, 2 * i + 3, Buffer.alloc(5)), 'too_many_priorities', 101],
  ['empty DATA', () => data(1, []), 'too_many_empty_frames', 101],
  [
    'DATA that is only padding',
    () => data(1, Buffer.from([3, 0, 0, 0]), Flag.PADDED),
    'too_many_empty_frames',
    101,
  ],
  ['unknown frames', () => frame(200, 1, 7, Buffer.alloc(50)), 'too_many_unknown_frames', 101],
  ['GOAWAY', () => frame(7, 0, 0, Buffer.alloc(8)), 'too_many_unknown_frames', 101],
  ['resets of streams that are over', () => frame(3, 0, 1, uint32(8)), 'too_many_resets', 1100],
])('a flood of %s', (_name, make, reason, max) => {
  const wire = ready();
  const [count, end] = flood(wire, make);
  expect(end).toBe(calm(reason));
  expect(count).toBeLessThanOrEqual(max);
  expect(wire.rejections).toEqual([reason]);
  expect(wire.calls[0]?.cancelled).toBe(true);
});

test.each([
  [
    'that resets what it opens (rapid reset)',
    (id: number) => [headers(id, HANG), frame(3, 0, id, uint32(8))],
  ],
  ['that resets with NO_ERROR', (id: number) => [headers(id, HANG), frame(3, 0, id, uint32(0))]],
  ['that makes us reset: malformed heads', (id: number) => [headers(id, [['X', 'y']])]],
  [
    'that makes us reset: DATA behind the end',
    (id: number) => [headers(id, HANG, END), data(id, [1])],
  ],
  [
    'that makes us reset: window updates of 0',
    (id: number) => [headers(id, HANG), frame(8, 0, id, uint32(0))],
  ],
  [
    'that makes us reset: too many fields',
    (id: number) => [
      headers(
        id,
        requestTo(
          'Hang',
          Array.from({ length: 120 }, () => ['a', 'b'] as const),
        ),
      ),
    ],
  ],
])('a client %s', (_name, make) => {
  const wire = new Wire().feed(HELLO);
  const [count, end] = flood(wire, (i) => Buffer.concat(make(2 * i + 1)));
  expect(['too_many_resets', 'too_many_window_updates'].map(calm)).toContain(end);
  expect(count).toBeLessThan(1200);
  expect(wire.connection.callCount).toBe(0);
  expect(wire.calls.every((seen) => seen.cancelled)).toBe(true);
});

test('streams over the limit are refused, and a client that goes on is sent away', () => {
  const wire = new Wire({ concurrentStreamsMax: 10 }).feed(HELLO);
  for (let i = 0; i < 10; i++) wire.feed(headers(2 * i + 1, HANG, END));
  expect(
    wire
      .feed(headers(21, HANG, END))
      .story()
      .at(-1),
  ).toBe('RST 21 REFUSED_STREAM');
  expect(flood(wire, (i) => headers(2 * i + 23, HANG, END))[1]).toBe(calm('too_many_resets'));
});

test('calls faster than the rate an operator set', () => {
  const wire = new Wire({ callsPerSecond: 50 }).feed(HELLO);
  const [count, end] = flood(wire, (i) => call(2 * i + 1, 'x'));
  expect(end).toBe(calm('too_many_calls'));
  expect(count).toBeLessThan(200);
});

test('a header block that never ends: CONTINUATION frames and bytes are bounded', () => {
  const wire = new Wire().feed(HELLO, headers(1, REQUEST, 0));
  expect(flood(wire, () => frame(9, 0, 1))).toEqual([8, calm('header_block_too_large')]);
  const large = new Wire().feed(HELLO, headers(1, REQUEST, 0));
  const [count, end] = flood(large, () => frame(9, 0, 1, Buffer.alloc(8000, 0x82)));
  expect([count, end]).toEqual([2, calm('header_block_too_large')]);
});

test('a header block in nine parts is taken, in ten not', () => {
  const bytes = block(REQUEST);
  for (const [parts, last] of [
    [9, 'END 1 0'],
    [10, calm('header_block_too_large')],
  ] as const) {
    const wire = new Wire().feed(HELLO);
    const cut = Math.ceil(bytes.length / parts);
    for (let i = 0; i < parts; i++) {
      const flags = i === parts - 1 ? Flag.END_HEADERS : 0;
      wire.feed(frame(i === 0 ? 1 : 9, flags, 1, bytes.subarray(i * cut, (i + 1) * cut)));
    }
    wire.feed(data(1, message('x'), Flag.END_STREAM));
    expect(wire.story().at(-1)).toBe(last);
  }
});

test('acknowledgements that nobody reads are bounded', () => {
  const wire = new Wire({ floodPer10s: 1e6, settingsPer10s: 1e6, pendingAcksMax: 50 });
  wire.feed(PREFACE, frame(4, 0, 0, setting(Setting.INITIAL_WINDOW_SIZE, 1_000_000)));
  wire.feed(frame(8, 0, 0, uint32(1_000_000)));
  wire.socket.isStuck = true;
  wire.feed(call(1, 'x'.repeat(200_000)));
  for (let i = 0; i < 200 && !wire.isClosed; i++) wire.feed(SETTINGS);
  expect(wire.isClosed).toBe(true);
  expect(wire.rejections).toEqual(['too_many_pending_acks']);
});

test('a client that reads nothing gets no more than what its socket and its queues may hold', () => {
  const wire = new Wire({ connectionQueueBytesMax: 1024 * 1024, stalledQueueBytes: 1024 * 1024 });
  wire.feed(PREFACE, frame(4, 0, 0, setting(Setting.INITIAL_WINDOW_SIZE, 0)));
  let refused = 0;
  for (let i = 0; i < 100; i++) {
    wire.feed(call(2 * i + 1, 'x'.repeat(50_000)));
    if (wire.story().some((line) => line.endsWith('REFUSED_STREAM'))) refused++;
  }
  expect(wire.connection.queuedBytes).toBeLessThan(1.2 * 1024 * 1024);
  expect(refused).toBeGreaterThan(70);
  const now = performance.now();
  wire.connection.sweep(now);
  wire.connection.sweep(now + 31_000);
  expect(wire.isClosed).toBe(true);
  expect(wire.rejections.at(-1)).toBe('stalled_connection');
});

test('calls that hold much metadata for a byte a field are refused (HPACK bomb)', () => {
  const wire = new Wire({ heldMetadataBytesMax: 1024 * 1024 }).feed(HELLO);
  const names = Array.from({ length: 94 }, (_, i) => `${i}`);
  const entered = Buffer.concat([block(HANG), ...names.map((name) => field(name, '', 0x40))]);
  wire.feed(frame(1, Flag.END_HEADERS, 1, entered));
  const indexes = Buffer.from(names.map((_, i) => (i < 65 ? 0x80 | (62 + i) : 0x80 | 62)));
  const bomb = (i: number): Buffer =>
    frame(
      1,
      Flag.END_HEADERS,
      2 * i + 3,
      Buffer.concat([block(HANG), field('n', `${i}`), indexes]),
    );
  expect(flood(wire, bomb, 900)[1]).toBe('nothing');
  expect(wire.calls.length).toBeGreaterThan(100);
  expect(wire.calls.length).toBeLessThan(200);
  // What is over makes room again.
  wire.calls[0]?.call.end(0, '');
  for (const seen of wire.calls) seen.call.end(0, '');
  expect(wire.flush().feed(call(9001, 'x')).story().at(-1)).toBe('END 9001 0');
});

test('a frame or a header block that does not go on is given up', () => {
  const dawdles: readonly Buffer[] = [
    headers(1, REQUEST, 0),
    frame(4, 0, 0, [], 6),
    Buffer.from([0, 0]),
    frame(99, 0, 0, [1], 1000),
  ];
  for (const start of dawdles) {
    const wire = new Wire().feed(HELLO, start);
    const now = performance.now();
    wire.connection.sweep(now);
    wire.connection.sweep(now + 9000);
    expect(wire.flush().story().at(-1)).not.toContain('GOAWAY');
    wire.connection.sweep(now + 11_000);
    expect(wire.flush().story()).toEqual([calm('slow_frame')]);
  }
});

test('a client that does not close after GOAWAY is cut off', () => {
  const wire = new Wire().feed(HELLO, data(0, [1]));
  expect(wire.isClosed).toBe(false);
  wire.connection.sweep(performance.now() + 1100);
  expect(wire.isClosed).toBe(true);
});

test('an idle connection is sent away only if the operator wants it', () => {
  const story = (idleMs: number): string[] => {
    const wire = new Wire({ idleMs }).feed(HELLO, call(1, 'x'));
    wire.story();
    const now = performance.now();
    wire.connection.sweep(now);
    wire.connection.sweep(now + 50_000);
    return wire.flush().story();
  };
  expect(story(0)).toEqual([]);
  expect(story(40_000)).toEqual(['GOAWAY NO_ERROR', 'PING']);
});

test('a client that measures its path with each answer is welcome', () => {
  const wire = new Wire().feed(HELLO);
  for (let i = 0; i < 1200; i++) {
    wire.feed(call(2 * i + 1, 'x'));
    wire.feed(frame(8, 0, 0, uint32(6)), frame(6, 0, 0, Buffer.alloc(8)));
  }
  expect(wire.rejections).toEqual([]);
  expect(wire.story().at(-1)).toBe('PONG');
});

test('a client that answers our early ends with resets is welcome', () => {
  const wire = new Wire().feed(HELLO);
  for (let i = 0; i < 1200; i++) {
    const id = 2 * i + 1;
    wire.feed(headers(id, requestTo('EndEarly')), data(id, message('x')));
    wire.feed(frame(Frame.RST_STREAM, 0, id, uint32(0)));
  }
  expect(wire.rejections).toEqual([]);
});

test('a paused call holds no more than its credit, however small the pieces', () => {
  const wire = new Wire().feed(HELLO, headers(1, HANG));
  wire.calls[0]?.call.pauseInput();
  const piece = data(1, [0]);
  const many = Buffer.concat(Array.from({ length: 2048 }, () => piece));
  const begin = performance.now();
  for (let i = 0; i < 128; i++) wire.feed(many);
  expect(performance.now() - begin).toBeLessThan(5000);
  expect(wire.story().some((line) => line.startsWith('RST'))).toBe(false);
  expect(wire.feed(piece).story()).toEqual(['RST 1 FLOW_CONTROL_ERROR']);
});
