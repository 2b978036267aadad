import { EMPTY_BYTES, decodeUtf8 } from '@conclave/base';
import { failDecode } from './decode-error.js';

/**
 * Reads protobuf's wire format, as tolerant as etcd's (gogo) decoder and no more.
 *
 * Tolerated: unknown fields, groups, overlong varints up to ten bytes, the upper bits of the tenth
 * byte, tags beyond 32 bits (cut), invalid UTF-8. Refused with a `DecodeError`: input that ends early, an
 * eleventh varint byte, negative lengths, field numbers below 1, a known field with another wire
 * type, a stray end of group, messages nested deeper than `MESSAGE_DEPTH_MAX`.
 *
 * Invariant: pos <= end <= length of the input; within a sub-message `end` is that message's end.
 */

/**
 * Messages within messages. A transaction in a transaction costs two levels, so 1,000 of them fit.
 * Go's own limit is 10,000, which would overflow the stack of a JavaScript engine (1,000 nested
 * transactions take some 500 of Node's 984 KiB); etcd's limit of 128 operations a transaction stops
 * honest clients at a depth of 128.
 */
export const MESSAGE_DEPTH_MAX = 2_100;

const EOF = 'unexpected EOF';
const OVERFLOW = 'proto: integer overflow';
const NEGATIVE = 'proto: negative length found during unmarshaling';

const TWO_32 = 0x1_0000_0000;
const SAFE_HIGH = 0x1f_ffff;

/** Scratch to join two halves into a bigint; never holds a value between two calls. */
const JOIN = new DataView(new ArrayBuffer(8));

/** Field number to Go's name of the field, for the text of a wrong wire type. */
export type FieldNames = ReadonlyMap<number, string>;

export class Reader {
  readonly bytes: Uint8Array;
  pos: number;
  end: number;
  #depth = 0;
  /** The halves of the varint last read by `#varint`. */
  #low = 0;
  #high = 0;

  /** Reads `bytes[lo, hi)`. */
  constructor(bytes: Uint8Array, lo: number, hi: number) {
    if (!(lo >= 0 && lo <= hi && hi <= bytes.length)) failDecode(EOF);
    this.bytes = bytes;
    this.pos = lo;
    this.end = hi;
  }

  /** field number * 8 + wire type. */
  tag(): number {
    const pos = this.pos;
    const b = this.bytes[pos] as number;
    if (b < 0x80) {
      this.pos = pos + 1;
      return b;
    }
    this.#varint();
    const field = (this.#low >>> 3) | (this.#high << 29) | 0;
    return field * 8 + (this.#low & 7);
  }

  bool(): boolean {
    const pos = this.pos;
    if (pos < this.end) {
      const b = this.bytes[pos] as number;
      if (b < 0x80) {
        this.pos = pos + 1;
        return b !== 0;
      }
    }
    this.#varint();
    return (this.#low | this.#high) !== 0;
  }

  /** Also enums: any value is kept. */
  int32(): number {
    const pos = this.pos;
    if (pos < this.end) {
      const b = this.bytes[pos] as number;
      if (b < 0x80) {
        this.pos = pos + 1;
        return b;
      }
    }
    this.#varint();
    return this.#low | 0;
  }

  uint32(): number {
    this.#varint();
    return this.#low >>> 0;
  }

  /** A signed 64-bit integer, clamped to +-(2^53 - 1). */
  int64Number(): number {
    const pos = this.pos;
    if (pos < this.end) {
      const b = this.bytes[pos] as number;
      if (b < 0x80) {
        this.pos = pos + 1;
        return b;
      }
    }
    this.#varint();
    const low = this.#low >>> 0;
    const high = this.#high | 0;
    if (high >= 0) return high > SAFE_HIGH ? Number.MAX_SAFE_INTEGER : high * TWO_32 + low;
    if (high < -SAFE_HIGH - 1 || (high === -SAFE_HIGH - 1 && low === 0)) {
      return Number.MIN_SAFE_INTEGER;
    }
    return high * TWO_32 + low;
  }

  /** An unsigned 64-bit integer, clamped to 2^53 - 1. */
  uint64Number(): number {
    const pos = this.pos;
    if (pos < this.end) {
      const b = this.bytes[pos] as number;
      if (b < 0x80) {
        this.pos = pos + 1;
        return b;
      }
    }
    this.#varint();
    const high = this.#high >>> 0;
    return high > SAFE_HIGH ? Number.MAX_SAFE_INTEGER : high * TWO_32 + (this.#low >>> 0);
  }

  int64(): bigint {
    this.#varint();
    if (this.#high === 0) return BigInt(this.#low >>> 0);
    JOIN.setInt32(0, this.#high);
    JOIN.setInt32(4, this.#low);
    return JOIN.getBigInt64(0);
  }

  uint64(): bigint {
    this.#varint();
    if (this.#high === 0) return BigInt(this.#low >>> 0);
    JOIN.setInt32(0, this.#high);
    JOIN.setInt32(4, this.#low);
    return JOIN.getBigUint64(0);
  }

  /** A view, not a copy; always a plain Uint8Array, also when the input is a Buffer. */
  view(): Uint8Array {
    const length = this.length();
    if (length === 0) return EMPTY_BYTES;
    const bytes = this.bytes;
    const at = this.pos;
    this.pos = at + length;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + at, length);
  }

  string(): string {
    const length = this.length();
    const at = this.pos;
    this.pos = at + length;
    return decodeUtf8(this.bytes, at, at + length);
  }

  /** A length that lies within the message, checked. */
  length(): number {
    const pos = this.pos;
    const end = this.end;
    if (pos < end) {
      const b = this.bytes[pos] as number;
      if (b < 0x80) {
        this.pos = pos + 1;
        if (b > end - pos - 1) failDecode(EOF);
        return b;
      }
    }
    this.#varint();
    if (this.#high < 0) failDecode(NEGATIVE);
    const low = this.#low >>> 0;
    if (this.#high !== 0 || low > end - this.pos) failDecode(EOF);
    return low;
  }

  /** Steps into a sub-message and answers the end to hand to `leave`. */
  enter(): number {
    const length = this.length();
    if (++this.#depth > MESSAGE_DEPTH_MAX) failDecode('proto: messages nested too deeply');
    const outer = this.end;
    this.end = this.pos + length;
    return outer;
  }

  leave(outer: number): void {
    this.#depth--;
    this.end = outer;
  }

  /** Handles a tag the message's own switch does not take: skips the field or refuses it. */
  other(tag: number, message: string, fields: FieldNames): void {
    const type = tag & 7;
    const field = (tag - type) / 8;
    if (type === 4) failDecode(`proto: ${message}: wiretype end group for non-group`);
    if (field <= 0) failDecode(`proto: ${message}: illegal tag ${field} (wire type ${type})`);
    const name = fields.get(field);
    if (name !== undefined) failDecode(`proto: wrong wireType = ${type} for field ${name}`);
    this.skip(type);
  }

  /** Skips the value of a field of that wire type; a group with all it holds, no recursion. */
  skip(type: number): void {
    let depth = 0;
    for (;;) {
      if (type === 0) this.#varint();
      else if (type === 1) this.#advance(8);
      else if (type === 2) {
        const length = this.length();
        this.pos += length;
      } else if (type === 3) depth++;
      else if (type === 4) {
        if (depth === 0) failDecode('proto: unexpected end of group');
        depth--;
      } else if (type === 5) this.#advance(4);
      else failDecode(`proto: illegal wireType ${type}`);
      if (depth === 0) return;
      if (this.pos >= this.end) failDecode(EOF);
      this.#varint();
      type = this.#low & 7;
    }
  }

  #advance(count: number): void {
    if (count > this.end - this.pos) failDecode(EOF);
    this.pos += count;
  }

  #varint(): void {
    const bytes = this.bytes;
    const end = this.end;
    let pos = this.pos;
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift >= 70) failDecode(OVERFLOW);
      if (pos >= end) failDecode(EOF);
      const b = bytes[pos++] as number;
      const bits = b & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= bits << 31;
      if (b < 0x80) break;
    }
    this.pos = pos;
    this.#low = low;
    this.#high = high;
  }
}
