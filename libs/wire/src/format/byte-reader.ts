import { EMPTY_BYTES, NUMBER_MAX, decodeUtf8 } from '@conclave/base';
import { failDecode } from '../protobuf/decode-error.js';

/**
 * Reads our own formats (Raft frames, link frames, records), strictly: a number out of range, an
 * end too early and bytes left over are each a `DecodeError`. Nothing is trusted and nothing allocated
 * ahead of the bytes that prove it.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  pos: number;
  end: number;
  /** What is being read, for error texts. */
  readonly what: string;

  /** Reads `bytes[lo, hi)`. */
  constructor(bytes: Uint8Array, what: string, lo = 0, hi = bytes.length) {
    this.bytes = bytes;
    this.what = what;
    this.pos = lo;
    this.end = hi;
    if (!(lo >= 0 && lo <= hi && hi <= bytes.length)) this.fail('range outside the input');
  }

  get left(): number {
    return this.end - this.pos;
  }

  fail(problem: string): never {
    return failDecode(`${this.what}: ${problem}`);
  }

  /** The first byte of every format. */
  format(known: number): void {
    const format = this.u8();
    if (format !== known) this.fail(`unknown format ${format}, known is ${known}`);
  }

  u8(): number {
    if (this.pos >= this.end) this.fail('ends early');
    return this.bytes[this.pos++] as number;
  }

  /** A byte that is below `limit`. */
  u8Below(limit: number, name: string): number {
    const value = this.u8();
    if (value >= limit) this.fail(`unknown ${name} ${value}`);
    return value;
  }

  bool(): boolean {
    return this.u8Below(2, 'boolean') === 1;
  }

  /** Little-endian, unsigned. */
  u32(): number {
    const p = this.#take(4);
    const b = this.bytes;
    return (
      ((b[p] as number) |
        ((b[p + 1] as number) << 8) |
        ((b[p + 2] as number) << 16) |
        ((b[p + 3] as number) << 24)) >>>
      0
    );
  }

  /** An id: 64 bits, little-endian, unsigned. */
  u64(): bigint {
    const low = this.u32();
    const high = this.u32();
    return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
  }

  /** A varint in [0, max], `max` being a safe integer; overlong forms are refused. */
  number(max: number = NUMBER_MAX): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 8; i++) {
      const b = this.u8();
      value += (b & 0x7f) * factor;
      if (b < 0x80) {
        if (b === 0 && i > 0) this.fail('overlong number');
        if (value > max) this.fail(`number above ${max}`);
        return value;
      }
      factor *= 0x80;
    }
    return this.fail(`number above ${max}`);
  }

  /** A view of the next `length` bytes. */
  raw(length: number): Uint8Array {
    if (length === 0) return EMPTY_BYTES;
    const at = this.#take(length);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, length);
  }

  /** A length of at most `max`, and a view of as many bytes. */
  view(max: number): Uint8Array {
    return this.raw(this.#length(max));
  }

  /** A text of at most `max` bytes. */
  string(max: number): string {
    const length = this.#length(max);
    const at = this.#take(length);
    return decodeUtf8(this.bytes, at, at + length);
  }

  /** How many of something follow, each of which takes at least `bytesMin` bytes. */
  count(max: number, bytesMin: number): number {
    const count = this.number(max);
    if (count * bytesMin > this.left) this.fail('more announced than follows');
    return count;
  }

  /** Everything must have been read. */
  finish(): void {
    if (this.pos !== this.end) this.fail(`${this.end - this.pos} bytes left over`);
  }

  #length(max: number): number {
    const length = this.number();
    if (length > max) this.fail(`length ${length} above ${max}`);
    if (length > this.left) this.fail('ends early');
    return length;
  }

  #take(length: number): number {
    const at = this.pos;
    if (length > this.end - at) this.fail('ends early');
    this.pos = at + length;
    return at;
  }
}
