/** A store with its whole history, and watches of it that are served bit by bit. Naive on purpose. */
import { type Random, encodeUtf8 } from '@conclave/base';
import type { Change } from '../message.js';

export const RESERVED = '_own/';

export class StoreModel {
  /** Changes of revision i + 2; a store begins at revision 1. */
  readonly history: Change[][] = [];
  compactRevision = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get revision(): number {
    return this.history.length + 1;
  }

  write(changes: number): void {
    const revision = this.revision + 1;
    const random = this.#random;
    const out: Change[] = [];
    const own = random.chance(0.15);
    for (let i = 0; i < changes; i++) {
      const key = `${own && i % 2 === 0 ? RESERVED : ''}k${random.below(8)}/${i}`;
      const type = random.chance(0.3) ? 'delete' : 'put';
      const value = encodeUtf8(type === 'put' ? `${revision}/${i}` : '');
      const base = { key, value, revision, lease: 0n };
      out.push({ ...base, type, createRevision: revision, version: 1 });
    }
    this.history.push(out);
  }

  compact(): void {
    const span = this.revision - this.compactRevision;
    this.compactRevision += this.#random.below(span + 1);
  }

  at(revision: number): readonly Change[] {
    return this.history[revision - 2] ?? [];
  }

  /** The keys at a revision, without the feed's own. */
  view(revision: number): Map<string, string> {
    const view = new Map<string, string>();
    for (let r = 2; r <= revision; r++) for (const change of this.at(r)) applyTo(view, change);
    return view;
  }
}

export function applyTo(view: Map<string, string>, change: Change): void {
  if (change.key.startsWith(RESERVED)) return;
  if (change.type === 'delete') view.delete(change.key);
  else view.set(change.key, String.fromCharCode(...change.value));
}

/** Where a watch is: the next change to hand out is number `sub` of `revision`. */
export class WatchModel {
  readonly #store: StoreModel;
  #revision: number;
  #sub = 0;
  #paused = false;
  #cancelled = false;

  constructor(store: StoreModel, startRevision: number) {
    this.#store = store;
    this.#revision = startRevision;
  }

  resume(): void {
    this.#paused = false;
  }

  /** Hands out a piece: events, a progress report, or `compacted`. */
  step(
    random: Random,
    to: {
      changes(changes: readonly Change[], isFragment: boolean): boolean;
      progress(revision: number): void;
      compacted(revision: number): void;
    },
  ): void {
    const store = this.#store;
    if (this.#paused || this.#cancelled) return;
    if (this.#sub === 0 && this.#revision < store.compactRevision) {
      this.#cancelled = true;
      return to.compacted(store.compactRevision);
    }
    if (this.#revision > store.revision) {
      if (this.#revision === store.revision + 1) to.progress(store.revision);
      return;
    }
    const out: Change[] = [];
    let left = 1 + random.below(6);
    let isFragment = false;
    while (left > 0 && this.#revision <= store.revision) {
      const all = store.at(this.#revision);
      const take = all.slice(this.#sub, this.#sub + left);
      out.push(...take);
      left -= Math.max(1, take.length);
      this.#sub += take.length;
      isFragment = this.#sub < all.length;
      if (isFragment) break;
      this.#sub = 0;
      this.#revision++;
    }
    if (out.length > 0) this.#paused = !to.changes(out, isFragment);
  }
}
