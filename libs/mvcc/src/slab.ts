/**
 * Bytes for records and answers, cut one after another from larger arrays.
 *
 * Above 64 bytes an array of its own lives outside the engine's heap and costs several times what
 * filling it does. Whoever keeps a piece keeps its slab; what is kept long is copied (record-cache.ts).
 */
const SLAB_BYTES = 32 * 1024;
const PIECE_BYTES_MAX = 4 * 1024;
/** V8 keeps these on its own heap: cheaper than a view. */
const ON_HEAP_BYTES_MAX = 64;

export class Slab {
  #buffer = new ArrayBuffer(SLAB_BYTES);
  #used = 0;

  /** `size` zeroed bytes that belong to the caller. */
  allocate(size: number): Uint8Array {
    if (size <= ON_HEAP_BYTES_MAX || size > PIECE_BYTES_MAX) return new Uint8Array(size);
    if (this.#used + size > SLAB_BYTES) {
      this.#buffer = new ArrayBuffer(SLAB_BYTES);
      this.#used = 0;
    }
    const out = new Uint8Array(this.#buffer, this.#used, size);
    this.#used += size;
    return out;
  }

  copy(bytes: Uint8Array): Uint8Array {
    const out = this.allocate(bytes.length);
    out.set(bytes);
    return out;
  }
}
