/**
 * From a byte stream, cut anywhere, to frames.
 *
 * A frame that lies whole in a chunk is handed on in place. Of one that does not, DATA is handed on in
 * pieces as they come, anything else is collected (16 KiB at most), and what we do not know is
 * skipped. The parser knows sizes and padding; what a frame means is its sink's business.
 *
 * Invariant: after `stop` or a fault the sink hears nothing more, whatever is pushed.
 */
import {
  ErrorCode,
  Flag,
  Frame,
  FRAME_BYTES_MAX,
  HEAD_BYTES,
  PREFACE,
  readUint32,
} from './frames.js';

export interface FrameSink {
  /** A frame that is not DATA; its payload is `bytes[lo, hi)`, empty for an unknown type. */
  frame(type: number, flags: number, id: number, bytes: Buffer, lo: number, hi: number): void;
  /**
   * A piece of a DATA frame, without padding; empty pieces occur. `length` is the payload's with its
   * padding, which is what flow control counts, once, at the first piece.
   */
  data(
    id: number,
    flags: number,
    length: number,
    bytes: Buffer,
    lo: number,
    hi: number,
    isFirst: boolean,
    isLast: boolean,
  ): void;
  /** The bytes cannot be read on: a connection error. */
  fault(code: ErrorCode, reason: string): void;
}

const enum Mode {
  Preface,
  Head,
  Body,
  Data,
  Skip,
}

/** Cuts what a client sends into frames. */
export class FrameParser {
  readonly #sink: FrameSink;
  #mode: Mode = Mode.Preface;
  #isStopped = false;
  readonly #head = Buffer.allocUnsafe(HEAD_BYTES);
  /** Bytes of the preface or of a head seen so far. */
  #seen = 0;
  #length = 0;
  #type = 0;
  #flags = 0;
  #id = 0;
  /** A frame collected over several chunks. */
  #body: Buffer | null = null;
  #bodyBytes = 0;
  /** DATA: bytes of body and padding to come; the padding is -1 until its length was read. */
  #left = 0;
  #padding = 0;
  #isFirst = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** True inside a frame other than DATA, or inside a frame head: somebody may be dawdling. */
  get isInside(): boolean {
    return this.#mode === Mode.Body || this.#mode === Mode.Skip || this.#seen > 0;
  }

  stop(): void {
    this.#isStopped = true;
    this.#body = null;
  }

  /** Takes a chunk; frames in it are views of it, valid as long as the sink keeps them. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#isStopped) {
      switch (this.#mode) {
        case Mode.Preface:
          at = this.#readPreface(chunk, at);
          break;
        case Mode.Head:
          at = this.#readHead(chunk, at);
          break;
        case Mode.Body:
          at = this.#readBody(chunk, at);
          break;
        case Mode.Data:
          at = this.#readData(chunk, at);
          break;
        case Mode.Skip:
          at = this.#skip(chunk, at);
          break;
      }
    }
  }

  #fault(code: ErrorCode, reason: string): void {
    this.stop();
    this.#sink.fault(code, reason);
  }

  #readPreface(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.#seen < PREFACE.length) {
      if (chunk[at++] !== PREFACE[this.#seen++]) {
        this.#fault(ErrorCode.PROTOCOL_ERROR, 'bad_preface');
        return at;
      }
    }
    if (this.#seen === PREFACE.length) this.#toHead();
    return at;
  }

  #toHead(): void {
    this.#mode = Mode.Head;
    this.#seen = 0;
    this.#body = null;
  }

  #readHead(chunk: Buffer, from: number): number {
    if (this.#seen === 0 && chunk.length - from >= HEAD_BYTES) {
      return this.#begin(chunk, from, chunk, from + HEAD_BYTES);
    }
    let at = from;
    while (at < chunk.length && this.#seen < HEAD_BYTES) {
      this.#head[this.#seen++] = chunk[at++] as number;
    }
    if (this.#seen < HEAD_BYTES) return at;
    this.#seen = 0;
    return this.#begin(this.#head, 0, chunk, at);
  }

  /** A head is complete at `head[headAt]`; its payload starts at `chunk[at]`. */
  #begin(head: Buffer, headAt: number, chunk: Buffer, at: number): number {
    const length =
      ((head[headAt] as number) << 16) |
      ((head[headAt + 1] as number) << 8) |
      (head[headAt + 2] as number);
    const type = head[headAt + 3] as number;
    const flags = head[headAt + 4] as number;
    const id = readUint32(head, headAt + 5) & 0x7fffffff;
    if (length > FRAME_BYTES_MAX) {
      this.#fault(ErrorCode.FRAME_SIZE_ERROR, 'frame_too_large');
      return at;
    }
    this.#length = length;
    this.#type = type;
    this.#flags = flags;
    this.#id = id;
    if (type === Frame.DATA) return this.#beginData(chunk, at);
    if (type > Frame.CONTINUATION) {
      this.#left = length;
      if (length > 0) this.#mode = Mode.Skip;
      this.#sink.frame(type, flags, id, chunk, at, at);
      return at;
    }
    const end = at + length;
    if (end <= chunk.length) {
      this.#sink.frame(type, flags, id, chunk, at, end);
      return end;
    }
    this.#body = Buffer.allocUnsafeSlow(length);
    this.#bodyBytes = 0;
    this.#mode = Mode.Body;
    return at;
  }

  #readBody(chunk: Buffer, at: number): number {
    const body = this.#body as Buffer;
    const take = Math.min(chunk.length - at, this.#length - this.#bodyBytes);
    chunk.copy(body, this.#bodyBytes, at, at + take);
    this.#bodyBytes += take;
    if (this.#bodyBytes === this.#length) {
      this.#toHead();
      this.#sink.frame(this.#type, this.#flags, this.#id, body, 0, this.#length);
    }
    return at + take;
  }

  #skip(chunk: Buffer, at: number): number {
    const take = Math.min(chunk.length - at, this.#left);
    this.#left -= take;
    if (this.#left === 0) this.#toHead();
    return at + take;
  }

  // ------------------------------------------------------------------ DATA

  #beginData(chunk: Buffer, at: number): number {
    const length = this.#length;
    const isPadded = (this.#flags & Flag.PADDED) !== 0;
    if (isPadded && length === 0) {
      this.#fault(ErrorCode.FRAME_SIZE_ERROR, 'no_pad_length');
      return at;
    }
    const end = at + length;
    if (!isPadded && end <= chunk.length) {
      this.#sink.data(this.#id, this.#flags, length, chunk, at, end, true, true);
      return end;
    }
    this.#mode = Mode.Data;
    this.#isFirst = true;
    this.#left = length;
    this.#padding = isPadded ? -1 : 0;
    return at;
  }

  #readData(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#padding < 0) {
      const padding = chunk[at++] as number;
      if (padding >= this.#length) {
        this.#fault(ErrorCode.PROTOCOL_ERROR, 'too_much_padding');
        return at;
      }
      this.#padding = padding;
      this.#left = this.#length - 1 - padding;
      if (this.#left === 0) this.#piece(chunk, at, at);
    }
    if (this.#left > 0) {
      const take = Math.min(chunk.length - at, this.#left);
      if (take === 0) return at;
      this.#left -= take;
      this.#piece(chunk, at, at + take);
      at += take;
    }
    if (this.#left > 0 || this.#isStopped) return at;
    const padding = Math.min(chunk.length - at, this.#padding);
    this.#padding -= padding;
    if (this.#padding === 0) this.#toHead();
    return at + padding;
  }

  #piece(chunk: Buffer, lo: number, hi: number): void {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const isLast = this.#left === 0;
    this.#sink.data(this.#id, this.#flags, this.#length, chunk, lo, hi, isFirst, isLast);
  }
}
