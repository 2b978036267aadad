/**
 * gRPC message framing: one flag byte, four length bytes (big endian), the message.
 *
 * HTTP/2 cuts the byte stream wherever it likes, so one chunk may hold many messages and one message
 * may arrive a byte at a time. `MessageReader` is pulled: the call takes the next message when its
 * handler can have it, which is what makes pausing exact.
 *
 * Invariant: memory held is at most twice the bytes of the message received so far, never the
 * length a client merely announced.
 */
import { assert } from '@conclave/base';

export const FRAME_HEAD_BYTES = 5;

/** Why a stream of frames cannot be read on. */
export type FramingFailure =
  | { readonly type: 'too-large'; readonly length: number; readonly max: number }
  | { readonly type: 'compressed' }
  | { readonly type: 'bad-flag'; readonly flag: number };

/** Cuts the request bytes of one call into messages. */
export class MessageReader {
  readonly #max: number;
  /** Bytes received and not yet looked at: `#chunk[#at, end)`. */
  #chunk: Uint8Array | null = null;
  #at = 0;
  readonly #head = new Uint8Array(FRAME_HEAD_BYTES);
  #headBytes = 0;
  /** Length of the message being collected; -1 while its head is incomplete. */
  #length = -1;
  #body: Uint8Array | null = null;
  #bodyBytes = 0;
  #failure: FramingFailure | null = null;

  constructor(messageBytesMax: number) {
    assert(messageBytesMax >= 0, 'messageBytesMax is not negative');
    this.#max = messageBytesMax;
  }

  get failure(): FramingFailure | null {
    return this.#failure;
  }

  /** True if the bytes so far end inside a message: an end of the stream now cuts it. */
  get isInside(): boolean {
    return this.#headBytes > 0 || this.#length >= 0;
  }

  /** Takes a chunk over; messages are views of it where possible. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#failure !== null) return;
    const rest = this.#chunk;
    if (rest === null) {
      this.#chunk = chunk;
      this.#at = 0;
      return;
    }
    const joined = new Uint8Array(rest.length - this.#at + chunk.length);
    joined.set(rest.subarray(this.#at), 0);
    joined.set(chunk, rest.length - this.#at);
    this.#chunk = joined;
    this.#at = 0;
  }

  /** The next whole message, or null if more bytes are needed or the framing failed. */
  next(): Uint8Array | null {
    const chunk = this.#chunk;
    if (this.#failure !== null || chunk === null) return null;
    if (this.#length < 0 && !this.#readHead(chunk)) return null;
    return this.#readBody(chunk);
  }

  #readHead(chunk: Uint8Array): boolean {
    while (this.#headBytes < FRAME_HEAD_BYTES && this.#at < chunk.length) {
      this.#head[this.#headBytes++] = chunk[this.#at++] as number;
    }
    if (this.#headBytes < FRAME_HEAD_BYTES) {
      this.#chunk = null;
      return false;
    }
    const head = this.#head;
    const flag = head[0] as number;
    const length =
      (head[1] as number) * 0x1000000 +
      ((head[2] as number) << 16) +
      ((head[3] as number) << 8) +
      (head[4] as number);
    if (flag === 1) return this.#fail({ type: 'compressed' });
    if (flag !== 0) return this.#fail({ type: 'bad-flag', flag });
    if (length > this.#max) return this.#fail({ type: 'too-large', length, max: this.#max });
    this.#length = length;
    this.#headBytes = 0;
    return true;
  }

  #readBody(chunk: Uint8Array): Uint8Array | null {
    const missing = this.#length - this.#bodyBytes;
    const here = chunk.length - this.#at;
    if (this.#body === null && here >= missing) {
      const message = chunk.subarray(this.#at, this.#at + missing);
      this.#finish(chunk, missing);
      return message;
    }
    const take = here < missing ? here : missing;
    const body = this.#roomFor(take);
    body.set(chunk.subarray(this.#at, this.#at + take), this.#bodyBytes);
    this.#bodyBytes += take;
    if (take < missing) {
      this.#chunk = null;
      return null;
    }
    const message = body.subarray(0, this.#length);
    this.#finish(chunk, take);
    return message;
  }

  #finish(chunk: Uint8Array, taken: number): void {
    this.#at += taken;
    if (this.#at === chunk.length) this.#chunk = null;
    this.#length = -1;
    this.#body = null;
    this.#bodyBytes = 0;
  }

  /** The buffer being filled, grown to hold `more` further bytes by doubling. */
  #roomFor(more: number): Uint8Array {
    const needed = this.#bodyBytes + more;
    const body = this.#body;
    if (body !== null && body.length >= needed) return body;
    const grown = new Uint8Array(Math.min(this.#length, Math.max(4096, needed * 2)));
    if (body !== null) grown.set(body.subarray(0, this.#bodyBytes));
    this.#body = grown;
    return grown;
  }

  #fail(failure: FramingFailure): false {
    this.#failure = failure;
    this.#chunk = null;
    this.#body = null;
    return false;
  }
}

/** Writes the five bytes before a message of `length` bytes at `out[at]`. */
export function writeFrameHead(out: Uint8Array, at: number, length: number): void {
  out[at] = 0;
  out[at + 1] = length >>> 24;
  out[at + 2] = (length >>> 16) & 255;
  out[at + 3] = (length >>> 8) & 255;
  out[at + 4] = length & 255;
}
