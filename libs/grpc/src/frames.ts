/**
 * HTTP/2 frames (RFC 9113 section 4 and 6): numbers, and how the frames we send are written.
 *
 * Writers put a whole frame into a given buffer and return the end offset. A frame head is nine
 * bytes: length (24 bits), type, flags, stream id (31 bits).
 */

export const HEAD_BYTES = 9;
/** The frame size of a peer that says nothing else; we announce no other and send no larger. */
export const FRAME_BYTES_MAX = 16_384;
export const WINDOW_DEFAULT = 65_535;
export const WINDOW_MAX = 0x7fffffff;
export const STREAM_ID_MAX = 0x7fffffff;
export const TABLE_BYTES_DEFAULT = 4096;

export const Frame = {
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
} as const;

export const Flag = {
  ACK: 1,
  END_STREAM: 1,
  END_HEADERS: 4,
  PADDED: 8,
  PRIORITY: 0x20,
} as const;

export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;
export const SETTING_BYTES = 6;

/** What a client says first. */
export const PREFACE = Object.freeze(
  Array.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', (c) => c.charCodeAt(0)),
);

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function writeUint32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = (value >>> 16) & 255;
  out[at + 2] = (value >>> 8) & 255;
  out[at + 3] = value & 255;
  return at + 4;
}

/** Writes a frame head at `out[at]`; the payload of `length` bytes is the caller's. */
export function writeHead(
  out: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  id: number,
): number {
  out[at] = (length >>> 16) & 255;
  out[at + 1] = (length >>> 8) & 255;
  out[at + 2] = length & 255;
  out[at + 3] = type;
  out[at + 4] = flags;
  return writeUint32(out, at + 5, id);
}

export const RST_BYTES = HEAD_BYTES + 4;

export function writeReset(out: Uint8Array, at: number, id: number, code: number): number {
  return writeUint32(out, writeHead(out, at, 4, Frame.RST_STREAM, 0, id), code);
}
