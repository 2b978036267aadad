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
  /** Bytes received and not yet looked at: `#chunk[#at, #end)`. */
  #chunk: Uint8Array | null = null;
  #at = 0;
  #end = 0;
  /** `#chunk` is a buffer of our own: there may be room behind `#end`. */
  #isOwn = false;
  /** Bytes of a message's head seen so far, and what they said. */
  #headBytes = 0;
  #flag = 0;
  #announced = 0;
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

  /** Takes `chunk[lo, hi)` over; messages are views of it where possible. */
  push(chunk: Uint8Array, lo = 0, hi = chunk.length): void {
    if (lo === hi || this.#failure !== null) return;
    if (this.#chunk !== null) {
      this.#append(this.#chunk, chunk, lo, hi);
      return;
    }
    this.#chunk = chunk;
    this.#at = lo;
    this.#end = hi;
    this.#isOwn = false;
  }

  /** Behind what is still unread; room doubles, so that many small chunks cost no more than one. */
  #append(rest: Uint8Array, chunk: Uint8Array, lo: number, hi: number): void {
    const more = hi - lo;
    let into = rest;
    if (!this.#isOwn || this.#end + more > rest.length) {
      const unread = this.#end - this.#at;
      into = new Uint8Array((unread + more) * 2);
      into.set(rest.subarray(this.#at, this.#end), 0);
      this.#at = 0;
      this.#end = unread;
      this.#chunk = into;
      this.#isOwn = true;
    }
    into.set(chunk.subarray(lo, hi), this.#end);
    this.#end += more;
  }

  /** The next whole message, or null if more bytes are needed or the framing failed. */
  next(): Uint8Array | null {
    const chunk = this.#chunk;
    if (this.#failure !== null || chunk === null) return null;
    if (this.#length < 0 && !this.#readHead(chunk)) return null;
    return this.#readBody(chunk);
  }

  #readHead(chunk: Uint8Array): boolean {
    while (this.#headBytes < FRAME_HEAD_BYTES && this.#at < this.#end) {
      const byte = chunk[this.#at++] as number;
      if (this.#headBytes++ === 0) {
        this.#flag = byte;
        this.#announced = 0;
      } else this.#announced = this.#announced * 256 + byte;
    }
    if (this.#headBytes < FRAME_HEAD_BYTES) {
      this.#chunk = null;
      return false;
    }
    const flag = this.#flag;
    const length = this.#announced;
    if (flag === 1) return this.#fail({ type: 'compressed' });
    if (flag !== 0) return this.#fail({ type: 'bad-flag', flag });
    if (length > this.#max) return this.#fail({ type: 'too-large', length, max: this.#max });
    this.#length = length;
    this.#headBytes = 0;
    return true;
  }

  #readBody(chunk: Uint8Array): Uint8Array | null {
    const missing = this.#length - this.#bodyBytes;
    const here = this.#end - this.#at;
    if (this.#body === null && here >= missing) {
      const message = new Uint8Array(chunk.buffer, chunk.byteOffset + this.#at, missing);
      this.#finish(missing);
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
    this.#finish(take);
    return message;
  }

  #finish(taken: number): void {
    this.#at += taken;
    if (this.#at === this.#end) this.#chunk = null;
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
