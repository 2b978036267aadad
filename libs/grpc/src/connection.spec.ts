/** HTTP/2 as a server must speak it: every wrong input gets its error, every right one its answer. */
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
const OPEN = headers(1);
const HANG = headers(1, requestTo('Hang'));
const HALF_CLOSED = Buffer.concat([headers(1, requestTo('Hang')), data(1, [], Flag.END_STREAM)]);
const GONE = Buffer.concat([HANG, frame(Frame.RST_STREAM, 0, 1, uint32(8))]);
const DONE = call(1, 'x');
const PING = frame(Frame.PING, 0, 0, Buffer.alloc(8));

const without = (name: string): typeof REQUEST => REQUEST.filter(([n]) => n !== name);
const raw = (bytes: number[] | Buffer): Buffer =>
  frame(Frame.HEADERS, END, 1, Buffer.concat([block(REQUEST), Buffer.from(bytes)]));

/** Bytes behind preface and SETTINGS, and the last thing the client hears. */
const WRONG: readonly (readonly [string, Buffer, string])[] = [
  // Frame size, RFC 9113 section 4.2.
  ['a frame longer than 16 KiB', frame(0, 0, 1, [], 16_385), 'GOAWAY FRAME_SIZE_ERROR'],
  ['an unknown frame longer than 16 KiB', frame(99, 0, 0, [], 0xffffff), 'GOAWAY FRAME_SIZE_ERROR'],
  ['SETTINGS of 5 bytes', frame(4, 0, 0, Buffer.alloc(5)), 'GOAWAY FRAME_SIZE_ERROR'],
  [
    'a SETTINGS acknowledgement with entries',
    frame(4, 1, 0, setting(1, 0)),
    'GOAWAY FRAME_SIZE_ERROR',
  ],
  ['a PING of 7 bytes', frame(6, 0, 0, Buffer.alloc(7)), 'GOAWAY FRAME_SIZE_ERROR'],
  ['a PING of 9 bytes', frame(6, 0, 0, Buffer.alloc(9)), 'GOAWAY FRAME_SIZE_ERROR'],
  [
    'a reset of 3 bytes',
    Buffer.concat([OPEN, frame(3, 0, 1, [0, 0, 0])]),
    'GOAWAY FRAME_SIZE_ERROR',
  ],
  [
    'a reset of 5 bytes',
    Buffer.concat([OPEN, frame(3, 0, 1, Buffer.alloc(5))]),
    'GOAWAY FRAME_SIZE_ERROR',
  ],
  ['a window update of 3 bytes', frame(8, 0, 0, [0, 0, 1]), 'GOAWAY FRAME_SIZE_ERROR'],
  ['a window update of 5 bytes', frame(8, 0, 0, [0, 0, 0, 0, 1]), 'GOAWAY FRAME_SIZE_ERROR'],
  ['PRIORITY of 4 bytes', frame(2, 0, 1, Buffer.alloc(4)), 'GOAWAY FRAME_SIZE_ERROR'],
  ['GOAWAY of 7 bytes', frame(7, 0, 0, Buffer.alloc(7)), 'GOAWAY FRAME_SIZE_ERROR'],
  [
    'padded DATA without a pad length',
    Buffer.concat([OPEN, data(1, [], 8)]),
    'GOAWAY FRAME_SIZE_ERROR',
  ],
  ['padded HEADERS without a pad length', frame(1, 4 | 8, 1), 'GOAWAY FRAME_SIZE_ERROR'],
  [
    'HEADERS too short for their priority',
    frame(1, 4 | 32, 1, [0, 0, 0, 0]),
    'GOAWAY FRAME_SIZE_ERROR',
  ],
  // Padding.
  [
    'DATA that is all padding and more',
    Buffer.concat([OPEN, data(1, [5, 0, 0, 0, 0], 8)]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  [
    'DATA with a pad length of its own size',
    Buffer.concat([OPEN, data(1, [1], 8)]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  [
    'HEADERS with more padding than payload',
    frame(1, 4 | 8, 1, [9, 0x83]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  [
    'HEADERS whose padding runs into the priority',
    frame(1, 4 | 8 | 32, 1, [3, 0, 0, 0, 0, 0, 0, 0]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  // Stream ids.
  ['DATA on stream 0', data(0, [1]), 'GOAWAY PROTOCOL_ERROR'],
  ['HEADERS on stream 0', headers(0), 'GOAWAY PROTOCOL_ERROR'],
  ['HEADERS on an even stream', headers(2), 'GOAWAY PROTOCOL_ERROR'],
  ['PRIORITY on stream 0', frame(2, 0, 0, Buffer.alloc(5)), 'GOAWAY PROTOCOL_ERROR'],
  ['a reset of stream 0', frame(3, 0, 0, uint32(8)), 'GOAWAY PROTOCOL_ERROR'],
  ['SETTINGS on a stream', frame(4, 0, 1), 'GOAWAY PROTOCOL_ERROR'],
  ['PING on a stream', frame(6, 0, 1, Buffer.alloc(8)), 'GOAWAY PROTOCOL_ERROR'],
  ['GOAWAY on a stream', frame(7, 0, 1, Buffer.alloc(8)), 'GOAWAY PROTOCOL_ERROR'],
  ['CONTINUATION on stream 0', frame(9, 4, 0), 'GOAWAY PROTOCOL_ERROR'],
  [
    'a smaller stream id',
    Buffer.concat([headers(5, REQUEST, END), headers(3, REQUEST, END)]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  ['a push promise', frame(5, 4, 1, Buffer.alloc(4)), 'GOAWAY PROTOCOL_ERROR'],
  // Idle streams.
  ['DATA on an idle stream', data(1, [1]), 'GOAWAY PROTOCOL_ERROR'],
  ['DATA on an idle even stream', data(2, [1]), 'GOAWAY PROTOCOL_ERROR'],
  ['a reset of an idle stream', frame(3, 0, 1, uint32(8)), 'GOAWAY PROTOCOL_ERROR'],
  ['a window update of an idle stream', frame(8, 0, 1, uint32(1)), 'GOAWAY PROTOCOL_ERROR'],
  [
    'a reset of an even stream',
    Buffer.concat([OPEN, frame(3, 0, 2, uint32(8))]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  // Half-closed and closed streams.
  ['DATA behind END_STREAM', Buffer.concat([HALF_CLOSED, data(1, [1])]), 'RST 1 STREAM_CLOSED'],
  [
    'HEADERS behind END_STREAM',
    Buffer.concat([HALF_CLOSED, headers(1, [['x', 'y']], END)]),
    'RST 1 STREAM_CLOSED',
  ],
  ['DATA behind a reset', Buffer.concat([GONE, data(1, [1])]), 'RST 1 STREAM_CLOSED'],
  ['HEADERS behind a reset', Buffer.concat([GONE, headers(1)]), 'GOAWAY PROTOCOL_ERROR'],
  [
    'a second head without END_STREAM',
    Buffer.concat([HANG, headers(1, [['x', 'y']])]),
    'RST 1 PROTOCOL_ERROR',
  ],
  // Header blocks in parts.
  ['CONTINUATION of nothing', frame(9, 4, 1), 'GOAWAY PROTOCOL_ERROR'],
  [
    'CONTINUATION behind a whole block',
    Buffer.concat([OPEN, frame(9, 4, 1)]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  [
    'DATA inside a block',
    Buffer.concat([headers(1, REQUEST, 0), data(1, [1])]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  ['PING inside a block', Buffer.concat([headers(1, REQUEST, 0), PING]), 'GOAWAY PROTOCOL_ERROR'],
  [
    'an unknown frame inside a block',
    Buffer.concat([headers(1, REQUEST, 0), frame(99)]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  [
    'HEADERS of another stream inside a block',
    Buffer.concat([headers(1, REQUEST, 0), headers(3)]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  [
    'CONTINUATION of another stream',
    Buffer.concat([headers(1, REQUEST, 0), frame(9, 4, 3)]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  // Settings.
  ['ENABLE_PUSH 2', frame(4, 0, 0, setting(2, 2)), 'GOAWAY PROTOCOL_ERROR'],
  [
    'an initial window of 2^31',
    frame(4, 0, 0, setting(4, 0x80000000)),
    'GOAWAY FLOW_CONTROL_ERROR',
  ],
  ['a frame size of 16,383', frame(4, 0, 0, setting(5, 16_383)), 'GOAWAY PROTOCOL_ERROR'],
  ['a frame size of 2^24', frame(4, 0, 0, setting(5, 0x1000000)), 'GOAWAY PROTOCOL_ERROR'],
  ['65 settings in a frame', frame(4, 0, 0, Buffer.alloc(65 * 6)), 'GOAWAY ENHANCE_YOUR_CALM'],
  [
    'an initial window that overflows a stream',
    Buffer.concat([
      HANG,
      frame(8, 0, 1, uint32(0x7fffffff - 65_535)),
      frame(4, 0, 0, setting(4, 65_536)),
    ]),
    'GOAWAY FLOW_CONTROL_ERROR',
  ],
  // Flow control.
  ['a window update of 0 for the connection', frame(8, 0, 0, uint32(0)), 'GOAWAY PROTOCOL_ERROR'],
  [
    'a window update of 0 for a stream',
    Buffer.concat([HANG, frame(8, 0, 1, uint32(0))]),
    'RST 1 PROTOCOL_ERROR',
  ],
  [
    'a connection window over 2^31-1',
    frame(8, 0, 0, uint32(0x7fffffff)),
    'GOAWAY FLOW_CONTROL_ERROR',
  ],
  [
    'a stream window over 2^31-1',
    Buffer.concat([HANG, frame(8, 0, 1, uint32(0x7fffffff))]),
    'RST 1 FLOW_CONTROL_ERROR',
  ],
  // Priority.
  ['PRIORITY on itself', frame(2, 0, 3, [0, 0, 0, 3, 0]), 'GOAWAY PROTOCOL_ERROR'],
  [
    'HEADERS that depend on themselves',
    frame(1, 4 | 32, 1, [0x80, 0, 0, 1, 0, 0x83]),
    'GOAWAY PROTOCOL_ERROR',
  ],
  // HPACK.
  ['index 0', raw([0x80]), 'GOAWAY COMPRESSION_ERROR'],
  ['an index nobody entered', raw([0x80 | 62]), 'GOAWAY COMPRESSION_ERROR'],
  [
    'an index without end',
    raw([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    'GOAWAY COMPRESSION_ERROR',
  ],
  ['an index cut short', raw([0xff]), 'GOAWAY COMPRESSION_ERROR'],
  ['a literal with a name nobody entered', raw([0x7f, 0x20, 0]), 'GOAWAY COMPRESSION_ERROR'],
  ['a literal without a name', raw([0x40]), 'GOAWAY COMPRESSION_ERROR'],
  ['a literal without a value', raw([0x40, 1, 0x61]), 'GOAWAY COMPRESSION_ERROR'],
  ['a string longer than the block', raw([0, 1, 0x61, 50, 0x61]), 'GOAWAY COMPRESSION_ERROR'],
  [
    'a string of 2^35 bytes',
    raw([0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    'GOAWAY COMPRESSION_ERROR',
  ],
  ['Huffman padding of 8 bits', raw([0, 1, 0x61, 0x82, 0x1f, 0xff]), 'GOAWAY COMPRESSION_ERROR'],
  ['Huffman padding of zeros', raw([0, 1, 0x61, 0x81, 0x18]), 'GOAWAY COMPRESSION_ERROR'],
  [
    'a Huffman end-of-string',
    raw([0, 1, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff]),
    'GOAWAY COMPRESSION_ERROR',
  ],
  [
    'a table size above 4096',
    frame(1, END, 1, Buffer.concat([Buffer.from([0x3f, 0xe2, 0x1f]), block(REQUEST)])),
    'GOAWAY COMPRESSION_ERROR',
  ],
  ['a table size behind a field', raw([0x20]), 'GOAWAY COMPRESSION_ERROR'],
  [
    'three table sizes',
    frame(1, END, 1, Buffer.concat([Buffer.from([0x20, 0x20, 0x20]), block(REQUEST)])),
    'GOAWAY COMPRESSION_ERROR',
  ],
  ['broken trailers', Buffer.concat([HANG, frame(1, END, 1, [0x80])]), 'GOAWAY COMPRESSION_ERROR'],
  // Fields.
  ['a name with capitals', headers(1, requestTo('Hang', [['X-Big', 'y']])), 'RST 1 PROTOCOL_ERROR'],
  ['an empty name', headers(1, requestTo('Hang', [['', 'y']])), 'RST 1 PROTOCOL_ERROR'],
  ['a name with a blank', headers(1, requestTo('Hang', [['a b', 'y']])), 'RST 1 PROTOCOL_ERROR'],
  [
    'a value with a line feed',
    headers(1, requestTo('Hang', [['a', 'b\nc']])),
    'RST 1 PROTOCOL_ERROR',
  ],
  ['a value with a NUL', headers(1, requestTo('Hang', [['a', '\0']])), 'RST 1 PROTOCOL_ERROR'],
  ['an unknown pseudo field', headers(1, [[':x', 'y'], ...REQUEST]), 'RST 1 PROTOCOL_ERROR'],
  [
    'a pseudo field of answers',
    headers(1, [[':status', '200'], ...REQUEST]),
    'RST 1 PROTOCOL_ERROR',
  ],
  [
    'a pseudo field called like a prototype',
    headers(1, [[':__proto__', 'y'], ...REQUEST]),
    'RST 1 PROTOCOL_ERROR',
  ],
  [
    'a pseudo field behind others',
    headers(1, [...without(':path'), [':path', '/test.Echo/Hang']]),
    'RST 1 PROTOCOL_ERROR',
  ],
  ['two :path', headers(1, [[':path', '/a/b'], ...REQUEST]), 'RST 1 PROTOCOL_ERROR'],
  ['two :method', headers(1, [[':method', 'POST'], ...REQUEST]), 'RST 1 PROTOCOL_ERROR'],
  ['two :scheme', headers(1, [[':scheme', 'http'], ...REQUEST]), 'RST 1 PROTOCOL_ERROR'],
  ['two :authority', headers(1, [[':authority', 'y'], ...REQUEST]), 'RST 1 PROTOCOL_ERROR'],
  ['connection', headers(1, requestTo('Hang', [['connection', 'close']])), 'RST 1 PROTOCOL_ERROR'],
  [
    'transfer-encoding',
    headers(1, requestTo('Hang', [['transfer-encoding', 'chunked']])),
    'RST 1 PROTOCOL_ERROR',
  ],
  ['upgrade', headers(1, requestTo('Hang', [['upgrade', 'h2c']])), 'RST 1 PROTOCOL_ERROR'],
  ['keep-alive', headers(1, requestTo('Hang', [['keep-alive', '1']])), 'RST 1 PROTOCOL_ERROR'],
  [
    'proxy-connection',
    headers(1, requestTo('Hang', [['proxy-connection', 'x']])),
    'RST 1 PROTOCOL_ERROR',
  ],
  ['te: gzip', headers(1, requestTo('Hang', [['te', 'gzip']])), 'RST 1 PROTOCOL_ERROR'],
  ['a list of 40 KB in 8 KB', headers(1, requestTo('Hang', bomb())), 'RST 1 ENHANCE_YOUR_CALM'],
  // Requests that are no gRPC.
  ['a GET', headers(1, [[':method', 'GET'], ...without(':method')], END), 'END 1 13'],
  ['no :method', headers(1, without(':method'), END), 'END 1 13'],
  ['no :path', headers(1, without(':path'), END), 'END 1 12'],
  ['no content-type', headers(1, without('content-type'), END), 'END 1 3'],
  ['no message', headers(1, requestTo('Fail'), END), ''],
];

/** More fields than a call may have. */
function bomb(): [string, string][] {
  return Array.from({ length: 200 }, (_, i): [string, string] => [`x-${i}`, 'y'.repeat(30)]);
}

test.each(WRONG)('%s gets its error', (_name, bytes, expected) => {
  for (const cut of [bytes.length, 1, 7]) {
    const wire = new Wire().feed(HELLO);
    wire.story();
    for (let at = 0; at < bytes.length; at += cut) wire.feed(bytes.subarray(at, at + cut));
    const last =
      wire
        .story()
        .filter((line) => line !== 'ACK')
        .at(-1) ?? '';
    expect([cut, last.split(' ').slice(0, expected.split(' ').length).join(' ')]).toEqual([
      cut,
      expected,
    ]);
    if (expected.startsWith('GOAWAY')) {
      // Nothing is read behind it, and the handler knows.
      expect(wire.feed(headers(99, REQUEST, END)).story()).toEqual([]);
      expect(
        wire.calls.every((seen) => seen.cancelled || !seen.call.head.method.endsWith('Hang')),
      ).toBe(true);
      expect(wire.connection.callCount).toBe(0);
      expect(wire.socket.writableEnded).toBe(true);
    } else expect(wire.feed(call(99, 'ok')).story().at(-1)).toBe('END 99 0');
    wire.connection.destroy();
  }
});

test.each([
  [
    'a preface that is none',
    Buffer.from('PRI * HTTP/2.0\r\n\r\nXM\r\n\r\n'),
    'GOAWAY PROTOCOL_ERROR bad_preface',
  ],
  [
    'HEADERS before SETTINGS',
    Buffer.concat([PREFACE, OPEN]),
    'GOAWAY PROTOCOL_ERROR no_settings_first',
  ],
  [
    'DATA before SETTINGS',
    Buffer.concat([PREFACE, data(1, [1])]),
    'GOAWAY PROTOCOL_ERROR no_settings_first',
  ],
  [
    'an acknowledgement before SETTINGS',
    Buffer.concat([PREFACE, frame(4, 1)]),
    'GOAWAY PROTOCOL_ERROR no_settings_first',
  ],
])('%s ends the connection', (_name, bytes, expected) => {
  expect(new Wire().feed(bytes).story()).toEqual([expected]);
});

test.each([
  ['an unknown frame', frame(77, 0xff, 5, Buffer.alloc(100))],
  ['an unknown setting', frame(4, 0, 0, setting(0xf0f0, 7))],
  ['PRIORITY on an idle stream', frame(2, 0, 9, Buffer.alloc(5))],
  ['a window update of a closed stream', Buffer.concat([DONE, frame(8, 0, 1, uint32(1))])],
  ['a reset of a closed stream', Buffer.concat([DONE, frame(3, 0, 1, uint32(0))])],
  ['GOAWAY of the client', frame(7, 0, 0, Buffer.alloc(8))],
  [
    'reserved bits of stream ids and increments',
    Buffer.concat([frame(6, 0, 0x80000000, Buffer.alloc(8)), frame(8, 0, 0, uint32(0x80000001))]),
  ],
  ['undefined flags', frame(6, 0xfe, 0, Buffer.alloc(8))],
  [
    'trailers of a request',
    Buffer.concat([headers(1), data(1, message('x')), headers(1, [['a', 'b']], END)]),
  ],
  ['an empty CONTINUATION', Buffer.concat([headers(1, REQUEST, Flag.END_STREAM), frame(9, 4, 1)])],
  [
    'DATA still on its way when we reset',
    Buffer.concat([headers(1, requestTo('X', [['te', 'no']])), data(1, message('x'), 1)]),
  ],
  [
    'trailers still on their way when we reset',
    Buffer.concat([headers(1, requestTo('X', [['te', 'no']])), headers(1, [['a', 'b']], END)]),
  ],
])('%s is borne', (_name, bytes) => {
  const wire = new Wire().feed(HELLO, bytes);
  expect(wire.feed(call(99, 'ok')).story().slice(-2)).toEqual(['DATA 99 7', 'END 99 0']);
  wire.connection.destroy();
});

test.each([
  ['spelled out', 0],
  ['never to be entered', 0x10],
])('a call is answered however its :authority looks (%s)', (_name, first) => {
  for (const authority of [
    'http://10.0.0.1:2379',
    '',
    '#initially=[http://a;b]',
    '127.0.0.1:1',
    'a b',
  ]) {
    const fields = REQUEST.filter(([name]) => name !== ':authority');
    const odd = Buffer.concat([field(':authority', authority, first), block(fields)]);
    const wire = new Wire().feed(HELLO, frame(1, 4, 1, odd), data(1, message('x'), 1));
    expect(wire.story().at(-1)).toBe('END 1 0');
  }
});

test('an answer is head, message and trailers in one write, two bytes of header block each', () => {
  const wire = new Wire().feed(HELLO, call(1, 'first'));
  wire.bytes();
  wire.feed(call(3, 'again'));
  expect(wire.socket.sent.length).toBe(1);
  const sent = wire.frames();
  expect(sent.map(({ type, payload }) => [type, payload.length])).toEqual([
    [Frame.HEADERS, 2],
    [Frame.DATA, 10],
    [Frame.HEADERS, 2],
  ]);
});

test('all calls of a turn leave in one write', () => {
  const wire = new Wire().feed(HELLO);
  wire.bytes();
  wire.feed(...Array.from({ length: 50 }, (_, i) => call(2 * i + 1, 'x')));
  expect(wire.socket.sent.length).toBe(1);
  expect(wire.story().filter((line) => line.startsWith('END')).length).toBe(50);
});

test('the same header block is understood again, and not once the table has changed', () => {
  const wire = new Wire().feed(HELLO);
  const entered = Buffer.concat(REQUEST.map(([n, v]) => field(n, v, 0x40)));
  wire.feed(frame(1, 4, 1, entered), data(1, message('a'), 1));
  const indexed = Buffer.from([0xc3, 0xc2, 0xc1, 0xc0, 0xbf, 0xbe]);
  for (let id = 3; id < 20; id += 2) wire.feed(frame(1, 4, id, indexed), data(id, message('b'), 1));
  expect(wire.story().filter((line) => line.startsWith('END')).length).toBe(9 + 1);
  // Another entry moves every index by one: the old block now begins with :scheme, and lacks te.
  const moved = Buffer.concat([block(REQUEST), field('x', 'y', 0x40)]);
  wire.feed(frame(1, 4, 21, moved), data(21, message('c'), 1));
  wire.feed(frame(1, 4, 23, indexed), data(23, message('d'), 1));
  expect(wire.story()).toEqual(['DATA 21 6', 'END 21 0', 'END 23 13']);
});

test('a client with a table of its own size gets fields it can read', () => {
  for (const size of [0, 60, 4095]) {
    const wire = new Wire().feed(PREFACE, frame(4, 0, 0, setting(Setting.HEADER_TABLE_SIZE, size)));
    wire.feed(call(1, 'a'), call(3, 'b'));
    expect(wire.story().filter((line) => line.startsWith('END'))).toEqual(['END 1 0', 'END 3 0']);
  }
});

test('DATA waits for both windows and goes on with either update', () => {
  const wire = new Wire();
  wire.feed(PREFACE, frame(4, 0, 0, setting(Setting.INITIAL_WINDOW_SIZE, 10)));
  wire.feed(call(1, 'x'.repeat(100_000)));
  expect(wire.story()).toEqual(['ACK', 'DATA 1 10']);
  expect(wire.feed(frame(8, 0, 1, uint32(20))).story()).toEqual(['DATA 1 20']);
  wire.feed(frame(4, 0, 0, setting(Setting.INITIAL_WINDOW_SIZE, 0)));
  expect(wire.feed(frame(8, 0, 1, uint32(10))).story()).toEqual(['ACK']);
  wire.feed(frame(4, 0, 0, setting(Setting.INITIAL_WINDOW_SIZE, 1_000_000)));
  const sent = wire.frames().filter(({ type }) => type === Frame.DATA);
  expect(sent.reduce((n, { payload }) => n + payload.length, 30)).toBe(65_535);
  expect(
    wire
      .feed(frame(8, 0, 0, uint32(100_000)))
      .story()
      .at(-1),
  ).toBe('END 1 0');
});

test('a call that waits for the window holds up no other that needs none', () => {
  const wire = new Wire();
  wire.feed(PREFACE, frame(4, 0, 0, setting(Setting.INITIAL_WINDOW_SIZE, 0)));
  wire.feed(call(1, 'held'), call(3, 'no', requestTo('Fail')));
  expect(wire.story().filter((line) => line.startsWith('END'))).toEqual(['END 3 9']);
});

test('a client that overruns its credit loses the stream, and the connection at that of all', () => {
  const wire = new Wire().feed(HELLO, HANG);
  wire.calls[0]?.call.pauseInput();
  wire.story();
  const chunk = data(1, Buffer.alloc(16_384));
  for (let i = 0; i < 16; i++) wire.feed(chunk);
  expect(wire.story()).toEqual([]);
  expect(wire.feed(chunk).story()).toEqual(['RST 1 FLOW_CONTROL_ERROR']);
  expect(wire.calls[0]?.cancelled).toBe(true);
});

test('credit comes back as a handler reads, and not while it is paused', () => {
  const updates = (wire: Wire): number =>
    wire.frames().filter(({ type, id }) => type === Frame.WINDOW_UPDATE && id === 1).length;
  const reading = new Wire().feed(HELLO, HANG);
  const whole = message(Buffer.alloc(16_384 - 5));
  for (let i = 0; i < 64; i++) reading.feed(data(1, whole));
  expect(updates(reading)).toBe(8);
  reading.calls[0]?.call.pauseInput();
  for (let i = 0; i < 12; i++) reading.feed(data(1, whole));
  expect(updates(reading)).toBe(0);
  reading.calls[0]?.call.resumeInput();
  expect(updates(reading.flush())).toBe(1);
  expect(reading.calls[0]?.messages.length).toBe(76);
});

test('draining takes what was on its way, then tells the last stream and closes', () => {
  const wire = new Wire().feed(HELLO, HANG);
  wire.story();
  wire.connection.goAway();
  expect(wire.flush().story()).toEqual(['GOAWAY NO_ERROR', 'PING']);
  expect(wire.feed(call(3, 'late')).story().at(-1)).toBe('END 3 0');
  wire.feed(frame(6, Flag.ACK, 0, [2, 0, 0, 0, 0, 0, 0, 0]));
  const last = wire.frames();
  expect(last.map(({ type }) => type)).toEqual([Frame.GOAWAY]);
  expect(last[0]?.payload.readUInt32BE(0)).toBe(3);
  expect(wire.feed(call(5, 'too late')).story()).toEqual([]);
  wire.calls[0]?.call.end(0, '');
  expect(wire.flush().story()).toEqual(['END 1 0', 'RST 1 NO_ERROR']);
  expect(wire.socket.writableEnded).toBe(true);
});

test('a ping is answered with its payload', () => {
  const wire = new Wire().feed(HELLO, frame(Frame.PING, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]));
  const pong = wire.frames().find(({ type }) => type === Frame.PING);
  expect([pong?.flags, [...(pong?.payload ?? [])]]).toEqual([Flag.ACK, [1, 2, 3, 4, 5, 6, 7, 8]]);
});

test('padding is no part of a message, and counts for credit', () => {
  const text = message('padded');
  const padded = Buffer.concat([Buffer.from([200]), text, Buffer.alloc(200)]);
  const wire = new Wire().feed(HELLO, headers(1), data(1, padded, Flag.PADDED | Flag.END_STREAM));
  expect(wire.story().slice(-2)).toEqual([`DATA 1 ${text.length}`, 'END 1 0']);
  const head = block(REQUEST);
  const paddedHead = Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 16]), head, Buffer.alloc(3)]);
  const flags = Flag.PADDED | Flag.PRIORITY | Flag.END_HEADERS;
  expect(
    wire
      .feed(frame(1, flags, 3, paddedHead), data(3, text, 1))
      .story()
      .at(-1),
  ).toBe('END 3 0');
});

test('SETTINGS are acknowledged before frames that keep to them', () => {
  const wire = new Wire().feed(HELLO, call(1, 'x'), SETTINGS);
  expect(wire.story()).toEqual(['ACK', 'ACK', 'DATA 1 6', 'END 1 0']);
});
