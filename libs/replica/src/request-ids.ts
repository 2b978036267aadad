/**
 * Numbers for requests, unlike any other of the cluster: 16 bits of the member id, 40 bits of the wall
 * clock at the start of the process, 8 bits and what flows over for counting (as etcd makes them).
 * The clock only makes two runs of one member differ; going back a little costs nothing but luck.
 */
export class RequestIds {
  readonly #prefix: bigint;
  #low: number;

  constructor(memberId: bigint, wallMs: number) {
    this.#prefix = (memberId & 0xffffn) << 48n;
    this.#low = (Math.floor(wallMs) % 0x100_0000_0000) * 256;
  }

  next(): bigint {
    this.#low = (this.#low + 1) % 0x1_0000_0000_0000;
    return this.#prefix | BigInt(this.#low);
  }
}
