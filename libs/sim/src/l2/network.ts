/**
 * The network between machines: who can send to whom now, how long it takes, what gets lost.
 *
 * Directions are blocked one by one, so a partition may be one-way. A blocked direction swallows datagrams
 * (peer frames); a stream (`Pipe`) holds what is sent until the direction opens or the connection is
 * given up.
 */
import type { Random } from '@conclave/base';
import type { Host } from './host.js';
import type { Timeline } from './timeline.js';

export interface NetworkShape {
  readonly minMs: number;
  readonly meanMs: number;
  /** Of datagrams. */
  readonly lossChance: number;
  readonly duplicateChance: number;
  readonly reorderChance: number;
  /** Of datagrams that come once more, up to ten seconds late. */
  readonly replayChance: number;
}

/** Quantiles of the exponential distribution of mean 1: no float function that machines disagree on. */
export const EXPONENTIAL: readonly number[] = [
  0.03, 0.1, 0.17, 0.25, 0.33, 0.42, 0.52, 0.63, 0.76, 0.9, 1.06, 1.27, 1.52, 1.86, 2.37, 4,
];

const REPLAY_MS = 10_000;

export class Network {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #blocked = new Set<string>();
  readonly #listeners = new Set<() => void>();
  shape: NetworkShape;
  /** Raft messages of this type get lost; -1: none. */
  mutedType = -1;

  constructor(timeline: Timeline, random: Random, shape: NetworkShape) {
    this.#timeline = timeline;
    this.#random = random;
    this.shape = shape;
  }

  block(from: Host, to: Host): void {
    this.#blocked.add(`${from.name}>${to.name}`);
  }

  unblock(from: Host, to: Host): void {
    this.#blocked.delete(`${from.name}>${to.name}`);
    this.#changed();
  }

  heal(): void {
    this.mutedType = -1;
    this.#blocked.clear();
    this.#changed();
  }

  isBlocked(from: Host, to: Host): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(`${from.name}>${to.name}`);
  }

  /** Told whenever a direction opens. */
  onOpen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  latencyMs(): number {
    const { minMs, meanMs } = this.shape;
    return minMs + meanMs * this.#random.pick(EXPONENTIAL);
  }

  /** One datagram: `arrive` is called once, or never, or (`mayRepeat`) twice. */
  send(from: Host, to: Host, delayMs: number, mayRepeat: boolean, arrive: () => void): void {
    const { lossChance, duplicateChance, replayChance } = this.shape;
    if (this.isBlocked(from, to) || this.#random.chance(lossChance)) return;
    const life = to.life;
    const hop = (): void => {
      if (!this.isBlocked(from, to)) to.deliver(life, arrive);
    };
    this.#timeline.after(delayMs, hop);
    if (mayRepeat && this.#random.chance(duplicateChance)) {
      this.#timeline.after(delayMs + this.latencyMs(), hop);
    }
    if (mayRepeat && this.#random.chance(replayChance)) {
      this.#timeline.after(delayMs + this.#random.below(REPLAY_MS), hop);
    }
  }

  get reorders(): boolean {
    return this.#random.chance(this.shape.reorderChance);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** One direction of a connection: everything arrives, in order, or the connection is over. */
export class Pipe {
  readonly #network: Network;
  readonly #timeline: Timeline;
  readonly #from: Host;
  readonly #to: Host;
  readonly #life: number;
  #queue: { readonly atMs: number; readonly run: () => void }[] = [];
  #lastMs = 0;
  #closed = false;

  constructor(network: Network, timeline: Timeline, from: Host, to: Host) {
    this.#network = network;
    this.#timeline = timeline;
    this.#from = from;
    this.#to = to;
    this.#life = to.life;
  }

  send(run: () => void): void {
    if (this.#closed) return;
    const atMs = Math.max(this.#lastMs, this.#timeline.nowMs + this.#network.latencyMs());
    this.#lastMs = atMs;
    this.#queue.push({ atMs, run });
    this.#timeline.after(atMs - this.#timeline.nowMs, () => this.pump());
  }

  /** Hands over what has arrived by now. */
  pump(): void {
    while (!this.#closed && this.#queue.length > 0) {
      const first = this.#queue[0] as { atMs: number; run: () => void };
      if (first.atMs > this.#timeline.nowMs + 0.001) return;
      if (this.#network.isBlocked(this.#from, this.#to)) return;
      this.#queue.shift();
      this.#to.deliver(this.#life, first.run);
    }
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
  }
}
