import { NUMBER_MAX, assert, utf8Length, writeUtf8 } from '@conclave/base';

/** The pieces our own formats are written with; the counterpart of `ByteReader`. */

/** Bytes of a varint for a safe integer >= 0. */
export function sizeOfNumber(value: number): number {
  let n = 1;
  while (value >= 0x80) {
    value = Math.floor(value / 0x80);
    n++;
  }
  return n;
}

/** Writes a safe integer >= 0 as a varint and returns the end offset. */
export function putNumber(value: number, out: Uint8Array, at: number): number {
  assert(value >= 0 && value <= NUMBER_MAX, 'a number in our formats is a safe integer >= 0');
  while (value > 0x7fff_ffff) {
    out[at++] = (value % 0x80) | 0x80;
    value = Math.floor(value / 0x80);
  }
  while (value >= 0x80) {
    out[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  out[at++] = value;
  return at;
}

/** Little-endian. */
export function putU32(value: number, out: Uint8Array, at: number): number {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
  return at + 4;
}

/** Little-endian; of a negative id the lower 64 bits of two's complement. */
export function putU64(value: bigint, out: Uint8Array, at: number): number {
  putU32(Number(BigInt.asUintN(32, value)), out, at);
  return putU32(Number(BigInt.asUintN(32, value >> 32n)), out, at + 4);
}

/**
 * Grows as needed. Give it a good guess and it allocates once.
 * Invariant: at <= out.length; bytes [0, at) are written.
 */
export class ByteWriter {
  #out: Uint8Array;
  #at = 0;

  constructor(bytesGuess: number) {
    this.#out = new Uint8Array(bytesGuess);
  }

  get length(): number {
    return this.#at;
  }

  u8(value: number): void {
    this.#room(1)[this.#at++] = value;
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  u32(value: number): void {
    this.#at = putU32(value, this.#room(4), this.#at);
  }

  u64(value: bigint): void {
    this.#at = putU64(value, this.#room(8), this.#at);
  }

  number(value: number): void {
    this.#at = putNumber(value, this.#room(8), this.#at);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length).set(bytes, this.#at);
    this.#at += bytes.length;
  }

  bytes(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.raw(bytes);
  }

  string(text: string): void {
    const length = utf8Length(text);
    this.number(length);
    this.#at = writeUtf8(text, this.#room(length), this.#at);
  }

  /** The array to write `size` bytes into, from `length` on; then tell `advance` the end offset. */
  reserve(size: number): Uint8Array {
    return this.#room(size);
  }

  advance(end: number): void {
    assert(end >= this.#at && end <= this.#out.length, 'a piece stays in the room it asked for');
    this.#at = end;
  }

  /** What was written. The writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#at === this.#out.length ? this.#out : this.#out.subarray(0, this.#at);
  }

  #room(count: number): Uint8Array {
    const need = this.#at + count;
    if (need > this.#out.length) {
      const larger = new Uint8Array(Math.max(need, this.#out.length * 2));
      larger.set(this.#out.subarray(0, this.#at));
      this.#out = larger;
    }
    return this.#out;
  }
}
