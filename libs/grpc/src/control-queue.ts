/**
 * Frames about the connection itself that wait for the end of the turn: acknowledgements, resets,
 * window updates, GOAWAY. They are written before the answers of the turn and contain no header block.
 *
 * `frames` counts what waits, so that a client that makes us answer and does not read can be told.
 */
import {
  Flag,
  Frame,
  HEAD_BYTES,
  RST_BYTES,
  writeHead,
  writeReset,
  writeUint32,
} from './frames.js';

const FIRST_BYTES = 64;
/** A larger buffer is not kept. */
const KEPT_BYTES = 1024;

export class ControlQueue {
  bytes = new Uint8Array(FIRST_BYTES);
  length = 0;
  frames = 0;

  clear(): void {
    this.length = 0;
    this.frames = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = new Uint8Array(FIRST_BYTES);
  }

  #room(bytes: number): void {
    this.frames++;
    const needed = this.length + bytes;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(needed * 2);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  settings(entries: readonly (readonly [number, number])[]): void {
    const length = entries.length * 6;
    this.#room(HEAD_BYTES + length);
    let at = writeHead(this.bytes, this.length, length, Frame.SETTINGS, 0, 0);
    for (const [id, value] of entries) {
      this.bytes[at] = id >>> 8;
      this.bytes[at + 1] = id & 255;
      at = writeUint32(this.bytes, at + 2, value);
    }
    this.length = at;
  }

  settingsAck(): void {
    this.#room(HEAD_BYTES);
    this.length = writeHead(this.bytes, this.length, 0, Frame.SETTINGS, Flag.ACK, 0);
  }

  /** `payload[at, at + 8)` is the payload. */
  ping(flags: number, payload: Uint8Array, at: number): void {
    this.#room(HEAD_BYTES + 8);
    const end = writeHead(this.bytes, this.length, 8, Frame.PING, flags, 0);
    for (let i = 0; i < 8; i++) this.bytes[end + i] = payload[at + i] as number;
    this.length = end + 8;
  }

  reset(id: number, code: number): void {
    this.#room(RST_BYTES);
    this.length = writeReset(this.bytes, this.length, id, code);
  }

  windowUpdate(id: number, increment: number): void {
    this.#room(HEAD_BYTES + 4);
    const end = writeHead(this.bytes, this.length, 4, Frame.WINDOW_UPDATE, 0, id);
    this.length = writeUint32(this.bytes, end, increment);
  }

  /** `reason` is ASCII. */
  goAway(lastId: number, code: number, reason: string): void {
    const length = 8 + reason.length;
    this.#room(HEAD_BYTES + length);
    let at = writeHead(this.bytes, this.length, length, Frame.GOAWAY, 0, 0);
    at = writeUint32(this.bytes, writeUint32(this.bytes, at, lastId), code);
    for (let i = 0; i < reason.length; i++) this.bytes[at++] = reason.charCodeAt(i);
    this.length = at;
  }
}
