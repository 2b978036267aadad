/**
 * A fingerprint of a whole run: two 32-bit lanes over everything that happened, in order. The same
 * seed must give the same fingerprint, on any machine and in any process.
 */
export class TraceHash {
  #a = 0x9e3779b9 | 0;
  #b = 0x85ebca6b | 0;

  /** Takes the low 32 bits of `x` and, for larger numbers, those above them. */
  mix(x: number): void {
    const low = x | 0;
    this.#a = Math.imul(this.#a ^ low, 0x9e3779b1);
    this.#b = (Math.imul(this.#b, 0x01000193) + low + (this.#a >>> 15)) | 0;
  }

  mixTime(us: number): void {
    this.mix(us);
    this.mix(Math.floor(us / 0x1_0000_0000));
  }

  toString(): string {
    return hex(this.#a) + hex(this.#b);
  }
}

function hex(x: number): string {
  return (x >>> 0).toString(16).padStart(8, '0');
}
