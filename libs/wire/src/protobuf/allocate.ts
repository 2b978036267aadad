/**
 * Arrays for encoded messages.
 *
 * Above 64 bytes a Uint8Array of its own costs some 350 ns, twice what writing a put takes, so small
 * messages are cut one after another from a slab, as Node's own Buffer does. This slab is the room's
 * only state that outlives a call; bytes once handed out are never touched again, so it cannot be
 * seen but by `.buffer`. A message that is kept keeps its slab: 16 KiB.
 */
const SLAB_BYTES = 16 * 1024;
const FROM_SLAB_BYTES_MAX = 2 * 1024;
/** V8 keeps these on its own heap: cheaper than a view. */
const ON_HEAP_BYTES_MAX = 64;

let slab = new ArrayBuffer(SLAB_BYTES);
let used = 0;

/** `size` zeroed bytes that belong to the caller. */
export function allocate(size: number): Uint8Array {
  if (size <= ON_HEAP_BYTES_MAX || size > FROM_SLAB_BYTES_MAX) return new Uint8Array(size);
  if (used + size > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = 0;
  }
  const out = new Uint8Array(slab, used, size);
  used += size;
  return out;
}
