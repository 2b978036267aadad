'use strict';
// A server that reads nothing and answers every call with the same empty message: what is left is the
// client's own cost. Only for measuring this tool.

const net = require('node:net');
const {
  Flag,
  Frame,
  HEAD_BYTES,
  PREFACE,
  Setting,
  WINDOW_MAX,
  frame,
  pingAck,
  settings,
  settingsAck,
  windowUpdate,
} = require('./frames.cjs');
const { FrameReader } = require('./frame-reader.cjs');

const EMPTY_MESSAGE = Buffer.alloc(5);
const TOP_UP_BYTES = 2 ** 28;
const STREAM_AT = 5;

/** Header blocks as a Go server sends them: the first enters its fields, the others index them. */
function headerBlocks() {
  const field = (name, value) =>
    Buffer.concat([
      Buffer.from([0x40, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]);
  return {
    first: [
      Buffer.concat([Buffer.from([0x88]), field('content-type', 'application/grpc')]),
      Buffer.concat([field('grpc-status', '0'), field('grpc-message', '')]),
    ],
    later: [Buffer.from([0x88, 0xc0]), Buffer.from([0xbf, 0xbe])],
  };
}

function answer([head, trailers]) {
  return Buffer.concat([
    frame(Frame.HEADERS, Flag.END_HEADERS, 0, head),
    frame(Frame.DATA, 0, 0, EMPTY_MESSAGE),
    frame(Frame.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 0, trailers),
  ]);
}

/** Offsets of the stream ids in an answer. */
function idsIn(bytes) {
  const places = [];
  for (let at = 0; at < bytes.length; at += HEAD_BYTES + bytes.readUIntBE(at, 3)) {
    places.push(at + STREAM_AT);
  }
  return places;
}

function serve(socket) {
  const blocks = headerBlocks();
  const first = answer(blocks.first);
  const later = answer(blocks.later);
  const laterIds = idsIn(later);
  let out = [];
  let answered = 0;
  let read = 0;
  const reader = new FrameReader((type, flags, id, bytes, lo, hi) => {
    if (type === Frame.DATA) {
      read += hi - lo;
      if ((flags & Flag.END_STREAM) === 0) return;
      const ids = answered === 0 ? idsIn(first) : laterIds;
      const copy = Buffer.from(answered === 0 ? first : later);
      for (const at of ids) copy.writeUInt32BE(id, at);
      out.push(copy);
      answered++;
    } else if (type === Frame.SETTINGS && (flags & Flag.ACK) === 0) out.push(settingsAck());
    else if (type === Frame.PING && (flags & Flag.ACK) === 0) {
      out.push(pingAck(bytes.subarray(lo, hi)));
    }
  });
  socket.setNoDelay(true);
  socket.write(settings([[Setting.INITIAL_WINDOW_SIZE, 2 ** 20]]));
  socket.write(windowUpdate(0, WINDOW_MAX - 65_535));
  let preface = PREFACE.length;
  socket.on('data', (chunk) => {
    const skipped = Math.min(preface, chunk.length);
    preface -= skipped;
    const rest = chunk.subarray(skipped);
    reader.read(rest, rest.length);
    if (read >= TOP_UP_BYTES) {
      out.push(windowUpdate(0, read));
      read = 0;
    }
    if (out.length > 0) socket.write(Buffer.concat(out));
    out = [];
  });
  socket.on('error', () => socket.destroy());
}

/** Listens on a free port of 127.0.0.1; `listening(port)`. */
function startAnswerer(listening) {
  const server = net.createServer(serve);
  server.listen(0, '127.0.0.1', () => listening(server.address().port));
  return server;
}

if (require.main === module) startAnswerer((port) => process.send?.({ port }));

module.exports = { startAnswerer };
