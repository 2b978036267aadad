/**
 * How many keys and versions lie under which prefix, for the operator who looks for what fills the store.
 *
 * One walk over the index, in slices of `KEYS_A_SLICE`, each in a turn of its own; keys that come and go
 * meanwhile are counted or not. The index knows no sizes of values: those of a few keys a prefix are read
 * (the 1st, 2nd, 4th, 8th, ... of each), and the rest is estimated from their mean.
 *
 * Bounds: `PREFIXES_MAX` prefixes are told apart, what comes on top is summed up as `other`; values are
 * read for `SAMPLED_PREFIXES_MAX` of them, those with the most keys.
 */
import { type ByteString, fromByteString } from '@conclave/base';
import { RangeRequest } from '@conclave/wire';
import type { State } from './state.js';
import type { RangeResult } from './types.js';

const KEYS_A_SLICE = 4_096;
const PREFIXES_MAX = 10_000;
const SAMPLED_PREFIXES_MAX = 200;
const SLASH = '/';

export interface PrefixSize {
  readonly prefix: ByteString;
  readonly keys: number;
  /** Versions not compacted yet, tombstones included. */
  readonly versions: number;
  /** Keys and newest values in bytes, estimated from samples; null: not sampled. */
  readonly bytesEstimate: number | null;
}

export interface PrefixSizes {
  readonly keys: number;
  readonly versions: number;
  /** Most keys first. */
  readonly prefixes: readonly PrefixSize[];
  /** Of all prefixes that were not told apart. */
  readonly other: { readonly keys: number; readonly versions: number };
}

interface Tally {
  readonly prefix: ByteString;
  keys: number;
  versions: number;
  readonly samples: ByteString[];
  sampledBytes: number;
}

/** The first `depth` parts of a path, with the slash behind them; a slash in front is no part. */
export function prefixOf(key: ByteString, depth: number): ByteString {
  let end = key.startsWith(SLASH) ? 1 : 0;
  for (let i = 0; i < depth; i++) {
    const slash = key.indexOf(SLASH, end);
    if (slash < 0) break;
    end = slash + 1;
  }
  return key.slice(0, end);
}

export class PrefixSurvey {
  readonly #state: State;
  readonly #depth: number;
  readonly #range: (request: RangeRequest, done: (result: RangeResult) => void) => void;
  readonly #done: (sizes: PrefixSizes) => void;
  readonly #tallies = new Map<ByteString, Tally>();
  readonly #other = { keys: 0, versions: 0 };
  #keys = 0;
  #versions = 0;

  constructor(
    state: State,
    depth: number,
    range: (request: RangeRequest, done: (result: RangeResult) => void) => void,
    done: (sizes: PrefixSizes) => void,
  ) {
    this.#state = state;
    this.#depth = depth;
    this.#range = range;
    this.#done = done;
  }

  start(): void {
    this.#slice('');
  }

  #slice(from: ByteString): void {
    const { index, revision, scheduler } = this.#state;
    const next = index.walk(from, null, KEYS_A_SLICE, (history) => {
      const isAlive = history.aliveAt(revision) >= 0;
      this.#count(history.key, history.length, isAlive);
      return true;
    });
    if (next !== null) scheduler.yieldTo(() => this.#slice(next));
    else this.#sample();
  }

  #count(key: ByteString, versions: number, isAlive: boolean): void {
    const prefix = prefixOf(key, this.#depth);
    const keys = isAlive ? 1 : 0;
    this.#keys += keys;
    this.#versions += versions;
    let tally = this.#tallies.get(prefix);
    if (tally === undefined) {
      if (this.#tallies.size >= PREFIXES_MAX) {
        this.#other.keys += keys;
        this.#other.versions += versions;
        return;
      }
      tally = { prefix, keys: 0, versions: 0, samples: [], sampledBytes: 0 };
      this.#tallies.set(prefix, tally);
    }
    tally.keys += keys;
    tally.versions += versions;
    // The 1st, 2nd, 4th, 8th, ...: some 20 of a million.
    if (isAlive && (tally.keys & (tally.keys - 1)) === 0) tally.samples.push(key);
  }

  #sample(): void {
    const sorted = [...this.#tallies.values()].sort((a, b) => b.keys - a.keys);
    const wanted: [Tally, ByteString][] = sorted
      .slice(0, SAMPLED_PREFIXES_MAX)
      .flatMap((tally) => tally.samples.map((key): [Tally, ByteString] => [tally, key]));
    let at = 0;
    const next = (): void => {
      const sample = wanted[at++];
      if (sample === undefined) return this.#finish(sorted);
      const [tally, key] = sample;
      this.#range(RangeRequest.create({ key: fromByteString(key) }), (result) => {
        if (result.ok) tally.sampledBytes += result.body.length;
        this.#state.scheduler.yieldTo(next);
      });
    };
    next();
  }

  #finish(sorted: readonly Tally[]): void {
    const prefixes = sorted.map((tally, i) => {
      const { prefix, keys, versions, samples, sampledBytes } = tally;
      const isSampled = i < SAMPLED_PREFIXES_MAX;
      const mean = samples.length === 0 ? 0 : sampledBytes / samples.length;
      return { prefix, keys, versions, bytesEstimate: isSampled ? Math.round(mean * keys) : null };
    });
    this.#done({ keys: this.#keys, versions: this.#versions, prefixes, other: this.#other });
  }
}
