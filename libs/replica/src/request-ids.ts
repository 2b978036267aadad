import { Random, assert } from '@conclave/base';

const LOW_MAX = 0x1_0000_0000_0000;

/** What makes one run of a member differ from its others, and from those of other members. */
export interface RunOfMember {
  readonly memberId: bigint;
  readonly incarnation: bigint;
  /** Chance, drawn anew at every start. */
  readonly seed: number;
  readonly wallMs: number;
}

/**
 * Numbers for requests, unlike any other of the cluster that may still be under way: 16 bits of the member
 * id, and 48 bits counted from a random place. A number that an earlier run gave to an entry which
 * is applied only now would answer the wrong proposal, so uniqueness must not hang on a clock that may be set
 * back (etcd's numbers do): two runs come near each other with a chance of 1 in 2^32 at most.
 */
export class RequestIds {
  readonly #prefix: bigint;
  #low: number;

  constructor({ memberId, incarnation, seed, wallMs }: RunOfMember) {
    assert(Number.isSafeInteger(seed), 'RequestIds: a seed');
    this.#prefix = (memberId & 0xffffn) << 48n;
    const time = BigInt(Math.floor(wallMs));
    let mixed = seed;
    for (const part of [memberId, incarnation, time]) {
      mixed = new Random(mixed).uint32() ^ fold(part);
    }
    const random = new Random(mixed);
    this.#low = random.uint32() * 0x1_0000 + random.below(0x1_0000);
  }

  /** Never 0n. */
  next(): bigint {
    this.#low = this.#low + 1 < LOW_MAX ? this.#low + 1 : 1;
    return this.#prefix | BigInt(this.#low);
  }
}

function fold(bits64: bigint): number {
  return Number(bits64 & 0xffff_ffffn) ^ Number((bits64 >> 32n) & 0xffff_ffffn);
}
