/**
 * A network between members, as a judge of fates: for each message it says when copies of it arrive.
 * It holds no messages; the world puts them in its event queue.
 *
 * A link is a direction between two members. It can be cut, clogged (held back until a time, then all
 * at once), lossy, doubling, slow, or out of order; each connection (a pair of links) has an epoch,
 * and a message whose connection was reset meanwhile is lost. Levels 1 and 2 share it.
 */
import { assert, type Random } from '@conclave/base';
import { MS, SECOND } from './clock.js';

export interface NetworkOptions {
  /** Smallest delay and mean of the exponential part, in microseconds. */
  readonly delayMin: number;
  readonly delayMean: number;
  /** Probabilities. */
  readonly drop: number;
  readonly duplicate: number;
  /** A copy arrives again up to 10 s later. */
  readonly replay: number;
  /** Without: what is sent first on a link arrives first. */
  readonly reorder: boolean;
}

/** Quantiles of the exponential distribution of mean 1,000, so that no float function is needed. */
const EXPONENTIAL: readonly number[] = [
  16, 48, 81, 116, 151, 188, 226, 266, 307, 350, 395, 442, 491, 542, 596, 653, 714, 778, 846, 919,
  998, 1083, 1175, 1276, 1387, 1512, 1653, 1816, 2010, 2250, 2577, 3100, 4159,
];

const REPLAY_MAX = 10 * SECOND;

export class Network {
  readonly #random: Random;
  readonly #size: number;
  options: NetworkOptions;
  /** By link: how many faults cut it now. */
  readonly #cuts: Int32Array;
  /** By link: bits of the message types that are lost. */
  readonly #typeCuts: Int32Array;
  readonly #clogs: Float64Array;
  readonly #epochs: Int32Array;
  readonly #lastArrival: Float64Array;
  dropped = 0;
  duplicated = 0;

  /** Members are numbered 1 to `members`. */
  constructor(members: number, options: NetworkOptions, random: Random) {
    this.#size = members + 1;
    this.#random = random;
    this.options = options;
    const links = this.#size * this.#size;
    this.#cuts = new Int32Array(links);
    this.#typeCuts = new Int32Array(links);
    this.#clogs = new Float64Array(links);
    this.#epochs = new Int32Array(links);
    this.#lastArrival = new Float64Array(links);
  }

  #link(from: number, to: number): number {
    assert(from > 0 && to > 0 && from < this.#size && to < this.#size, 'Network: a known member');
    return from * this.#size + to;
  }

  isCut(from: number, to: number): boolean {
    return (this.#cuts[this.#link(from, to)] as number) > 0;
  }

  /** Each cut is undone by one `join`. */
  cut(from: number, to: number): void {
    const link = this.#link(from, to);
    this.#cuts[link] = (this.#cuts[link] as number) + 1;
  }

  join(from: number, to: number): void {
    const link = this.#link(from, to);
    assert((this.#cuts[link] as number) > 0, 'Network.join: it was cut');
    this.#cuts[link] = (this.#cuts[link] as number) - 1;
  }

  /** Messages of the types in `mask` (bit number = type) are lost from now on. */
  cutTypes(from: number, to: number, mask: number): void {
    this.#typeCuts[this.#link(from, to)] = mask;
  }

  clog(from: number, to: number, until: number): void {
    this.#clogs[this.#link(from, to)] = until;
  }

  /** Both directions lose what is on its way. */
  reset(a: number, b: number): void {
    for (const link of [this.#link(a, b), this.#link(b, a)]) {
      this.#epochs[link] = (this.#epochs[link] as number) + 1;
      this.#lastArrival[link] = 0;
    }
  }

  /** A process died: what is on its way to it, and, with `outbound`, from it, is lost. */
  resetAll(member: number, outbound: boolean): void {
    for (let other = 1; other < this.#size; other++) {
      const inbound = this.#link(other, member);
      this.#epochs[inbound] = (this.#epochs[inbound] as number) + 1;
      if (!outbound) continue;
      const link = this.#link(member, other);
      this.#epochs[link] = (this.#epochs[link] as number) + 1;
    }
  }

  epoch(from: number, to: number): number {
    return this.#epochs[this.#link(from, to)] as number;
  }

  /** All faults end; what is on its way stays so. */
  heal(options: NetworkOptions): void {
    this.#cuts.fill(0);
    this.#typeCuts.fill(0);
    this.#clogs.fill(0);
    this.options = options;
  }

  /** Calls `arrive` with the time of each copy: none, one, or several. */
  route(
    from: number,
    to: number,
    type: number,
    now: number,
    arrive: (at: number, epoch: number) => void,
  ): void {
    const link = this.#link(from, to);
    const { drop, duplicate, replay } = this.options;
    const cut = (this.#cuts[link] as number) > 0;
    if (cut || ((this.#typeCuts[link] as number) & (1 << type)) !== 0) {
      this.dropped++;
      return;
    }
    if (drop > 0 && this.#random.chance(drop)) {
      this.dropped++;
      return;
    }
    const epoch = this.#epochs[link] as number;
    arrive(this.#arrival(link, now), epoch);
    if (duplicate > 0 && this.#random.chance(duplicate)) {
      this.duplicated++;
      arrive(this.#arrival(link, now), epoch);
    }
    if (replay > 0 && this.#random.chance(replay)) {
      this.duplicated++;
      arrive(now + this.#random.below(REPLAY_MAX), epoch);
    }
  }

  #arrival(link: number, now: number): number {
    const { delayMin, delayMean, reorder } = this.options;
    let at = now + delayMin + this.#exponential(delayMean);
    const clog = this.#clogs[link] as number;
    if (clog > at) at = clog;
    if (!reorder) {
      const last = this.#lastArrival[link] as number;
      if (last > at) at = last;
      this.#lastArrival[link] = at;
    }
    return at;
  }

  #exponential(mean: number): number {
    const factor = EXPONENTIAL[this.#random.below(EXPONENTIAL.length)] as number;
    return Math.floor((mean * factor) / 1_000);
  }
}

/** What a healthy network does. */
export const CALM_NETWORK: NetworkOptions = Object.freeze({
  delayMin: 100,
  delayMean: 1 * MS,
  drop: 0,
  duplicate: 0,
  replay: 0,
  reorder: false,
});
