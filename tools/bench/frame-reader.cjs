'use strict';
// Cuts a byte stream into frames. A frame that lies whole in one chunk is never copied.

const { FRAME_SIZE_DEFAULT, HEAD_BYTES } = require('./frames.cjs');

class FrameReader {
  #visit;
  #rest = Buffer.alloc(HEAD_BYTES + FRAME_SIZE_DEFAULT);
  #have = 0;

  /** `visit(type, flags, streamId, bytes, lo, hi)`: payload is `bytes[lo, hi)`, valid during the call. */
  constructor(visit) {
    this.#visit = visit;
  }

  /** Reads `bytes[0, length)`; throws when a frame is larger than we allow. */
  read(bytes, length) {
    let at = 0;
    while (this.#have > 0) {
      const need = this.#have < HEAD_BYTES ? HEAD_BYTES : frameBytes(this.#rest, 0);
      const taken = Math.min(need - this.#have, length - at);
      bytes.copy(this.#rest, this.#have, at, at + taken);
      this.#have += taken;
      at += taken;
      if (this.#have < need) return;
      if (need > HEAD_BYTES || frameBytes(this.#rest, 0) === HEAD_BYTES) {
        this.#have = 0;
        this.#visitAt(this.#rest, 0, need);
      }
    }
    while (length - at >= HEAD_BYTES) {
      const end = at + frameBytes(bytes, at);
      if (end > length) break;
      this.#visitAt(bytes, at, end);
      at = end;
    }
    if (at < length) {
      if (length - at >= HEAD_BYTES) frameBytes(bytes, at);
      this.#have = bytes.copy(this.#rest, 0, at, length);
    }
  }

  #visitAt(bytes, at, end) {
    const id =
      (bytes[at + 5] & 0x7f) * 2 ** 24 +
      ((bytes[at + 6] << 16) | (bytes[at + 7] << 8) | bytes[at + 8]);
    this.#visit(bytes[at + 3], bytes[at + 4], id, bytes, at + HEAD_BYTES, end);
  }
}

function frameBytes(bytes, at) {
  const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
  if (length > FRAME_SIZE_DEFAULT) throw new Error(`a frame of ${length} bytes`);
  return HEAD_BYTES + length;
}

module.exports = { FrameReader };
