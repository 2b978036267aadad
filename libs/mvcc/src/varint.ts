/**
 * Base-128 numbers as protobuf writes them, for safe integers >= 0 and for 64-bit ids.
 */

/** Bytes that `writeVarint` writes for `n`, an integer in [0, 2^53). */
export function varintSize(n: number): number {
  let size = 1;
  while (n >= 128) {
    n = n < 0x80000000 ? n >>> 7 : Math.floor(n / 128);
    size++;
  }
  return size;
}

/** Writes `n`, an integer in [0, 2^53), at `at` and returns the end offset. */
export function writeVarint(out: Uint8Array, at: number, n: number): number {
  while (n >= 0x80000000) {
    out[at++] = (n % 128) | 128;
    n = Math.floor(n / 128);
  }
  while (n >= 128) {
    out[at++] = (n & 127) | 128;
    n >>>= 7;
  }
  out[at++] = n;
  return at;
}

/** Bytes of a 64-bit id, negative ones as their two's complement. */
export function idSize(id: bigint): number {
  let rest = BigInt.asUintN(64, id);
  let size = 1;
  for (; rest >= 128n; rest >>= 7n) size++;
  return size;
}

export function writeId(out: Uint8Array, at: number, id: bigint): number {
  let rest = BigInt.asUintN(64, id);
  for (; rest >= 128n; rest >>= 7n) out[at++] = Number(rest & 127n) | 128;
  out[at++] = Number(rest);
  return at;
}

/** Reads the numbers of one row of our own, in order. */
export class VarintReader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** An integer in [0, 2^53); NaN if the bytes end inside it or it is larger. */
  next(): number {
    let n = 0;
    let unit = 1;
    for (let i = 0; i < 8; i++) {
      const b = this.bytes[this.at++];
      if (b === undefined) return Number.NaN;
      n += (b & 127) * unit;
      if (b < 128) return n <= Number.MAX_SAFE_INTEGER ? n : Number.NaN;
      unit *= 128;
    }
    return Number.NaN;
  }
}
