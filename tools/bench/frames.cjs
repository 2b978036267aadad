'use strict';
// HTTP/2 frames (RFC 9113): numbers, and writing the small ones.

const Frame = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
};
const Flag = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 };
const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
};
const HEAD_BYTES = 9;
const WINDOW_DEFAULT = 65_535;
const WINDOW_MAX = 2 ** 31 - 1;
const FRAME_SIZE_DEFAULT = 16_384;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const CANCEL = 8;

/** Writes a frame's head at `at`; answers the offset behind it. */
function writeHead(out, at, length, type, flags, streamId) {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  out[at + 5] = streamId >>> 24;
  out[at + 6] = streamId >>> 16;
  out[at + 7] = streamId >>> 8;
  out[at + 8] = streamId;
  return at + HEAD_BYTES;
}

function frame(type, flags, streamId, payload) {
  const out = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  writeHead(out, 0, payload.length, type, flags, streamId);
  payload.copy(out, HEAD_BYTES);
  return out;
}

/** `pairs`: [setting, value]. */
function settings(pairs) {
  const payload = Buffer.alloc(6 * pairs.length);
  pairs.forEach(([setting, value], i) => {
    payload.writeUInt16BE(setting, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  });
  return frame(Frame.SETTINGS, 0, 0, payload);
}

function number(type, streamId, value) {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame(type, 0, streamId, payload);
}

const windowUpdate = (streamId, bytes) => number(Frame.WINDOW_UPDATE, streamId, bytes);
const resetStream = (streamId, code) => number(Frame.RST_STREAM, streamId, code);
const settingsAck = () => frame(Frame.SETTINGS, Flag.ACK, 0, Buffer.alloc(0));
const pingAck = (payload) => frame(Frame.PING, Flag.ACK, 0, payload);

module.exports = {
  CANCEL,
  FRAME_SIZE_DEFAULT,
  Flag,
  Frame,
  HEAD_BYTES,
  PREFACE,
  Setting,
  WINDOW_DEFAULT,
  WINDOW_MAX,
  frame,
  pingAck,
  resetStream,
  settings,
  settingsAck,
  windowUpdate,
  writeHead,
};
