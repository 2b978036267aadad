/**
 * The messages of one answer on their way out: from what a handler sent to the payload of DATA frames.
 *
 * Invariant: `bytes` counts the messages not yet put in a frame, each with its five bytes of head.
 */
import { assertLe } from '@conclave/base';

import { FRAME_HEAD_BYTES, writeFrameHead } from './framing.js';

/** A line of messages; the usual answer has one, which costs no array. */
export class CallOutput {
  bytes = 0;
  #first: Uint8Array | null = null;
  /** Bytes of the first that left already, its head included. */
  #left = 0;
  #more: Uint8Array[] | null = null;
  #nextMore = 0;

  push(message: Uint8Array): void {
    this.bytes += FRAME_HEAD_BYTES + message.length;
    if (this.#first === null) this.#first = message;
    else if (this.#more === null) this.#more = [message];
    else this.#more.push(message);
  }

  clear(): void {
    this.bytes = 0;
    this.#first = null;
    this.#left = 0;
    this.#more = null;
    this.#nextMore = 0;
  }

  /** Moves the next `length` bytes to `out[from]`. */
  take(out: Uint8Array, from: number, length: number): void {
    assertLe(length, this.bytes, 'no more is taken than there is');
    this.bytes -= length;
    let at = from;
    const end = from + length;
    while (at < end) {
      const message = this.#first as Uint8Array;
      if (this.#left < FRAME_HEAD_BYTES) at = this.#takeHead(message, out, at, end);
      const lo = this.#left - FRAME_HEAD_BYTES;
      if (lo < 0) return;
      const take = Math.min(end - at, message.length - lo);
      const isWhole = lo === 0 && take === message.length;
      out.set(isWhole ? message : message.subarray(lo, lo + take), at);
      at += take;
      this.#left += take;
      if (lo + take === message.length) this.#shift();
    }
  }

  #takeHead(message: Uint8Array, out: Uint8Array, from: number, end: number): number {
    if (this.#left === 0 && end - from >= FRAME_HEAD_BYTES) {
      writeFrameHead(out, from, message.length);
      this.#left = FRAME_HEAD_BYTES;
      return from + FRAME_HEAD_BYTES;
    }
    const head = new Uint8Array(FRAME_HEAD_BYTES);
    writeFrameHead(head, 0, message.length);
    let at = from;
    while (at < end && this.#left < FRAME_HEAD_BYTES) out[at++] = head[this.#left++] as number;
    return at;
  }

  #shift(): void {
    this.#left = 0;
    const more = this.#more;
    if (more === null) {
      this.#first = null;
      return;
    }
    this.#first = more[this.#nextMore++] as Uint8Array;
    if (this.#nextMore === more.length) {
      this.#more = null;
      this.#nextMore = 0;
    } else if (this.#nextMore >= 1024) {
      more.splice(0, this.#nextMore);
      this.#nextMore = 0;
    }
  }
}
