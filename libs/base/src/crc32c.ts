/**
 * CRC-32C (Castagnoli), RFC 3720 appendix B.4; slicing by eight.
 *
 * `crc32c(bytes, previous)` carries a checksum on, so a chain over many pieces equals the checksum of
 * their concatenation. No allocation.
 */
const POLYNOMIAL = 0x82f6_3b78;

const TABLES: readonly Uint32Array[] = makeTables();

function makeTables(): Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  const first = tables[0] as Uint32Array;
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
    first[n] = c >>> 0;
  }
  for (let t = 1; t < 8; t++) {
    const before = tables[t - 1] as Uint32Array;
    const here = tables[t] as Uint32Array;
    for (let n = 0; n < 256; n++) {
      const c = before[n] as number;
      here[n] = ((first[c & 255] as number) ^ (c >>> 8)) >>> 0;
    }
  }
  return tables;
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as unknown as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

/** The checksum (unsigned 32 bits) of `bytes[lo, hi)`, carried on from `previous`. */
export function crc32c(bytes: Uint8Array, previous = 0, lo = 0, hi = bytes.length): number {
  let c = ~previous;
  let i = lo;
  for (const end = hi - 7; i < end; i += 8) {
    const a =
      c ^
      ((bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24));
    c =
      (T7[a & 255] as number) ^
      (T6[(a >>> 8) & 255] as number) ^
      (T5[(a >>> 16) & 255] as number) ^
      (T4[a >>> 24] as number) ^
      (T3[bytes[i + 4] as number] as number) ^
      (T2[bytes[i + 5] as number] as number) ^
      (T1[bytes[i + 6] as number] as number) ^
      (T0[bytes[i + 7] as number] as number);
  }
  for (; i < hi; i++) c = (T0[(c ^ (bytes[i] as number)) & 255] as number) ^ (c >>> 8);
  return ~c >>> 0;
}

/** Reflected polynomial 1: x^0. */
const ONE = 0x8000_0000;

/** Product of two polynomials modulo that of CRC-32C, reflected. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= factor;
    factor = (factor & 1) === 0 ? factor >>> 1 : (factor >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}

/** x to the power of 8 * 2^i, for i below 53. */
const SHIFTS: readonly number[] = makeShifts();

function makeShifts(): number[] {
  // x^8
  const shifts = [0x0080_0000];
  while (shifts.length < 53) {
    const last = shifts[shifts.length - 1] as number;
    shifts.push(multiply(last, last));
  }
  return shifts;
}

/**
 * The checksum of two pieces together, out of theirs: that of `second`, which is `length` bytes long, carried
 * on from `first`. Costs some microseconds, however long the pieces are.
 */
export function joinCrc32c(first: number, second: number, length: number): number {
  let shift = ONE;
  for (let i = 0, rest = length; rest > 0; i++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shift = multiply(SHIFTS[i] as number, shift);
  }
  return (multiply(shift, first) ^ second) >>> 0;
}
