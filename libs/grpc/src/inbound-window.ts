/**
 * What a client may still send us on the whole connection. Credit is given back as bytes arrive,
 * half a window at a time: a call that is paused holds up its own stream, not the connection.
 */
export class InboundWindow {
  readonly #size: number;
  #left: number;
  #used = 0;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** Counts bytes that came; false if the client had no credit for them. */
  take(bytes: number): boolean {
    this.#left -= bytes;
    this.#used += bytes;
    return this.#left >= 0;
  }

  /** The credit to give back now; 0 if it is not worth a frame yet. */
  refill(): number {
    if (this.#used * 2 < this.#size) return 0;
    const used = this.#used;
    this.#left += used;
    this.#used = 0;
    return used;
  }
}
