/**
 * Fixed little-endian fields written to and read from one buffer: heads of segments, marks.
 *
 * The hot path (records of entries) writes its bytes itself; see group-builder.ts. Reading beyond the
 * end or a number beyond 2^53 - 1 sets `failed` and answers zero, so a decoder checks once at its end.
 */
import { NUMBER_MAX, assertLe } from '@conclave/base';

const TWO_32 = 0x1_0000_0000;

export class ByteWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  u8(value: number): void {
    this.#view.setUint8(this.at, value);
    this.at += 1;
  }

  u16(value: number): void {
    this.#view.setUint16(this.at, value, true);
    this.at += 2;
  }

  u32(value: number): void {
    assertLe(value, 0xffff_ffff, 'value fits 32 bits');
    this.#view.setUint32(this.at, value, true);
    this.at += 4;
  }

  /** A safe integer in 64 bits. */
  number(value: number): void {
    assertLe(0, value, 'number is not negative');
    assertLe(value, NUMBER_MAX, 'number is safe');
    this.#view.setUint32(this.at, value % TWO_32, true);
    this.#view.setUint32(this.at + 4, Math.floor(value / TWO_32), true);
    this.at += 8;
  }

  id(value: bigint): void {
    this.#view.setBigUint64(this.at, value, true);
    this.at += 8;
  }
}

export class ByteReader {
  readonly #view: DataView;
  at: number;
  /** Set for good by the first field that was not there or out of range. */
  failed = false;

  constructor(bytes: Uint8Array, at = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  get left(): number {
    return this.#view.byteLength - this.at;
  }

  u8(): number {
    return this.#take(1) ? this.#view.getUint8(this.at - 1) : 0;
  }

  u16(): number {
    return this.#take(2) ? this.#view.getUint16(this.at - 2, true) : 0;
  }

  u32(): number {
    return this.#take(4) ? this.#view.getUint32(this.at - 4, true) : 0;
  }

  number(): number {
    if (!this.#take(8)) return 0;
    const high = this.#view.getUint32(this.at - 4, true);
    if (high >= 1 << 21) {
      this.failed = true;
      return 0;
    }
    return high * TWO_32 + this.#view.getUint32(this.at - 8, true);
  }

  id(): bigint {
    return this.#take(8) ? this.#view.getBigUint64(this.at - 8, true) : 0n;
  }

  #take(bytes: number): boolean {
    if (this.failed || this.left < bytes) {
      this.failed = true;
      return false;
    }
    this.at += bytes;
    return true;
  }
}
