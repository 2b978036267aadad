import { NUMBER_MAX, assert, utf8Length, writeUtf8 } from '@conclave/base';

/**
 * The pieces the generated encoders are made of: `size*` tells how many bytes `write*` will write.
 *
 * Numbers are safe integers; a negative one takes ten bytes, as protobuf has it. No bounds are
 * checked here: the caller made room by the size it asked for.
 */

const TWO_32 = 0x1_0000_0000;

/** Scratch to split a bigint into halves; never holds a value between two calls. */
const SPLIT = new DataView(new ArrayBuffer(8));

/** Bytes of an unsigned 32-bit value as a varint. */
export function sizeUint32(value: number): number {
  return value < 0x80
    ? 1
    : value < 0x4000
      ? 2
      : value < 0x20_0000
        ? 3
        : value < 0x1000_0000
          ? 4
          : 5;
}

/** Also enums; a negative value is written as 64 bits. */
export function sizeInt32(value: number): number {
  return value < 0 ? 10 : sizeUint32(value);
}

export function sizeNumber(value: number): number {
  if (value < 0) return 10;
  if (value < 0x1000_0000) {
    return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
  }
  return value < 0x8_0000_0000
    ? 5
    : value < 0x400_0000_0000
      ? 6
      : value < 0x2_0000_0000_0000
        ? 7
        : 8;
}

export function sizeBigint(value: bigint): number {
  SPLIT.setBigInt64(0, value);
  const high = SPLIT.getUint32(0);
  if (high === 0) return sizeUint32(SPLIT.getUint32(4));
  if (high < 0x8) return 5;
  if (high < 0x400) return 6;
  if (high < 0x2_0000) return 7;
  if (high < 0x100_0000) return 8;
  return high < 0x8000_0000 ? 9 : 10;
}

/** A length and what it counts. */
export function sizeBytes(value: Uint8Array): number {
  const n = value.length;
  return sizeUint32(n) + n;
}

export function sizeString(value: string): number {
  const n = utf8Length(value);
  return sizeUint32(n) + n;
}

/** Writes an unsigned 32-bit value. */
export function writeUint32(value: number, out: Uint8Array, at: number): number {
  while (value >= 0x80) {
    out[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  out[at++] = value;
  return at;
}

export function writeInt32(value: number, out: Uint8Array, at: number): number {
  return value < 0 ? writeHalves(value >>> 0, 0xffff_ffff, out, at) : writeUint32(value, out, at);
}

export function writeNumber(value: number, out: Uint8Array, at: number): number {
  if (value >= 0 && value < TWO_32) return writeUint32(value, out, at);
  assert(value <= NUMBER_MAX && value >= -NUMBER_MAX, 'a number on the wire is a safe integer');
  return writeHalves(value >>> 0, Math.floor(value / TWO_32) >>> 0, out, at);
}

export function writeBigint(value: bigint, out: Uint8Array, at: number): number {
  SPLIT.setBigInt64(0, value);
  const high = SPLIT.getUint32(0);
  const low = SPLIT.getUint32(4);
  return high === 0 ? writeUint32(low, out, at) : writeHalves(low, high, out, at);
}

function writeHalves(low: number, high: number, out: Uint8Array, at: number): number {
  while (high !== 0) {
    out[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  return writeUint32(low, out, at);
}

/** Below this length a loop beats `set`. */
const COPY_LOOP_MAX = 24;

export function writeBytes(value: Uint8Array, out: Uint8Array, at: number): number {
  const n = value.length;
  if (n < 0x80) out[at++] = n;
  else at = writeUint32(n, out, at);
  if (n <= COPY_LOOP_MAX) for (let i = 0; i < n; i++) out[at + i] = value[i] as number;
  else out.set(value, at);
  return at + n;
}

export function writeString(value: string, out: Uint8Array, at: number): number {
  return writeUtf8(value, out, writeUint32(utf8Length(value), out, at));
}

/** The payload of a packed repeated field, without its length. */
export function sizePackedInt32(values: readonly number[]): number {
  let n = 0;
  for (let i = 0; i < values.length; i++) n += sizeInt32(values[i] as number);
  return n;
}

export function writePackedInt32(values: readonly number[], out: Uint8Array, at: number): number {
  at = writeUint32(sizePackedInt32(values), out, at);
  for (let i = 0; i < values.length; i++) at = writeInt32(values[i] as number, out, at);
  return at;
}

export function sizePackedBigint(values: readonly bigint[]): number {
  let n = 0;
  for (let i = 0; i < values.length; i++) n += sizeBigint(values[i] as bigint);
  return n;
}

export function writePackedBigint(values: readonly bigint[], out: Uint8Array, at: number): number {
  at = writeUint32(sizePackedBigint(values), out, at);
  for (let i = 0; i < values.length; i++) at = writeBigint(values[i] as bigint, out, at);
  return at;
}

/**
 * The sizes of sub-messages in the order they are written: measured once on the way down, read on
 * the way back, so that deep nesting costs no more than its bytes.
 */
export class Sizes {
  readonly #list: number[] = [];
  #at = 0;

  add(size: number): void {
    this.#list.push(size);
  }

  /** Keeps a place for a size that is known only after those of its own sub-messages. */
  reserve(): number {
    return this.#list.push(0) - 1;
  }

  fill(place: number, size: number): void {
    this.#list[place] = size;
  }

  next(): number {
    return this.#list[this.#at++] as number;
  }
}

/** What every generated encoder ends in. */
export function checkEnd(at: number, size: number): void {
  if (at !== size) assert(false, 'an encoder writes what it measured');
}
