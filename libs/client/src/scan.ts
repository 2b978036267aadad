/**
 * Looks into protobuf messages without decoding them.
 *
 * The router copies message bytes and must know only a few fields: is a range serializable, which
 * watcher is a response for. `Scanner` walks the fields of `bytes[lo, hi)` and allocates nothing per
 * field. Malformed bytes end the walk with `bad` set: the caller then leaves the message to the
 * member, which answers as etcd does. Groups are not used by etcd's messages and count as bad.
 */
import { NUMBER_MAX } from '@conclave/base';

const TWO_32 = 0x1_0000_0000;

export class Scanner {
  /** Number of the current field. */
  field = 0;
  /** Offset of the current field's tag. */
  tagAt = 0;
  /** Offset behind the current field. */
  at: number;
  /** Bytes of a length-delimited field: `[lo, hi)`. Both 0 for other wire types. */
  lo = 0;
  hi = 0;
  /** A varint field as signed 64 bits, clamped to +-(2^53 - 1); 0 for other wire types. */
  value = 0;
  bad = false;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, lo = 0, hi = bytes.length) {
    this.#bytes = bytes;
    this.at = lo;
    this.#end = hi;
  }

  /** Moves to the next field; false at the end, or when the bytes are malformed. */
  next(): boolean {
    if (this.bad || this.at >= this.#end) return false;
    this.tagAt = this.at;
    this.lo = 0;
    this.hi = 0;
    const tag = this.#varint();
    if (this.bad || tag < 8 || tag >= TWO_32) return this.#fail();
    this.field = Math.floor(tag / 8);
    const type = tag & 7;
    this.value = 0;
    if (type === 0) {
      this.value = this.#varint();
    } else if (type === 2) {
      const length = this.#varint();
      if (this.bad || length < 0 || length > this.#end - this.at) return this.#fail();
      this.lo = this.at;
      this.hi = this.at + length;
      this.at = this.hi;
      this.value = 0;
    } else if (type === 1) this.at += 8;
    else if (type === 5) this.at += 4;
    else return this.#fail();
    if (this.at > this.#end) return this.#fail();
    return !this.bad;
  }

  #fail(): false {
    this.bad = true;
    return false;
  }

  #varint(): number {
    let low = 0;
    let high = 0;
    for (let k = 0; k < 10; k++) {
      if (this.at >= this.#end) break;
      const b = this.#bytes[this.at++] as number;
      const v = b & 127;
      if (k < 4) low |= v << (7 * k);
      else if (k === 4) {
        low |= v << 28;
        high = v >> 4;
      } else high |= v << (7 * k - 32);
      if (b < 128) return toNumber(low >>> 0, high | 0);
    }
    this.bad = true;
    return 0;
  }
}

function toNumber(low: number, high: number): number {
  const n = high * TWO_32 + low;
  return n > NUMBER_MAX ? NUMBER_MAX : n < -NUMBER_MAX ? -NUMBER_MAX : n;
}

/** Appends a varint field; a negative value takes ten bytes, as protobuf's int64 does. */
export function pushVarintField(out: number[], field: number, value: number): void {
  pushVarint(out, field * 8);
  pushVarint(out, value);
}

/** Appends `value`, a safe integer, as a 64-bit two's complement varint. */
export function pushVarint(out: number[], value: number): void {
  let low = value % TWO_32;
  let high = Math.floor(value / TWO_32);
  if (low < 0) low += TWO_32;
  if (high < 0) high += TWO_32;
  while (high > 0 || low > 127) {
    out.push((low % 128) + 128);
    low = Math.floor(low / 128) + (high % 128) * 0x200_0000;
    high = Math.floor(high / 128);
  }
  out.push(low);
}

/** `extra` (fields as bytes) behind `bytes[lo, hi)`: for singular fields the last one wins. */
export function withFields(
  bytes: Uint8Array,
  lo: number,
  hi: number,
  extra: readonly number[],
): Uint8Array {
  const out = new Uint8Array(hi - lo + extra.length);
  out.set(bytes.subarray(lo, hi), 0);
  out.set(extra, hi - lo);
  return out;
}

/** A message whose only field is `field`, holding `body`. */
export function wrapField(field: number, body: Uint8Array): Uint8Array {
  const head: number[] = [];
  pushVarint(head, field * 8 + 2);
  pushVarint(head, body.length);
  const out = new Uint8Array(head.length + body.length);
  out.set(head, 0);
  out.set(body, head.length);
  return out;
}
