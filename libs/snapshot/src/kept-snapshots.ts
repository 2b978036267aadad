import { type EngineSnapshot, type Index, type Random, assert, assertLe } from '@conclave/base';
import { ChunkMarks } from './chunk-source.js';
import type { ReadHead, SnapshotHead } from './types.js';

/**
 * Engine snapshots that are being sent, or were and may be asked for again: a broken stream goes on where
 * it broke only if the very same snapshot is still there.
 *
 * Bounded in number and, while nobody sends from one, in ticks; each holds back space in the engine.
 *
 * Invariants: a snapshot is released once, when it leaves; one in use never leaves; one of an engine
 * that was given up (`clear`) is not offered again.
 */
export class KeptSnapshot {
  readonly id: bigint;
  readonly snapshot: EngineSnapshot;
  readonly head: SnapshotHead;
  readonly source: Source;
  readonly marks = new ChunkMarks();
  /** Members it was offered to. */
  readonly targets = new Set<bigint>();
  users = 0;
  idleTicks = 0;

  constructor(id: bigint, snapshot: EngineSnapshot, head: SnapshotHead, source: Source) {
    this.id = id;
    this.snapshot = snapshot;
    this.head = head;
    this.source = source;
  }
}

/** One engine, as long as snapshots are taken of it, and what is held of it. */
interface Source {
  held: number;
  /** Set once it is given up. */
  onEmpty: (() => void) | null;
}

export interface KeptOptions {
  readonly keptMax: number;
  readonly keptTicks: number;
}

export class KeptSnapshots {
  readonly #options: KeptOptions;
  readonly #readHead: ReadHead;
  readonly #random: Random;
  readonly #kept = new Set<KeptSnapshot>();
  /** Snapshots taken whose head is being read. */
  #opening = 0;
  #source: Source = { held: 0, onEmpty: null };

  constructor(options: KeptOptions, readHead: ReadHead, random: Random) {
    assertLe(1, options.keptMax, 'keptMax is at least 1');
    this.#options = options;
    this.#readHead = readHead;
    this.#random = random;
  }

  get size(): number {
    return this.#kept.size + this.#opening;
  }

  /** The lowest index a snapshot stands at; 0 while one is not known yet; null: there is none. */
  get indexMin(): Index | null {
    if (this.#opening > 0) return 0;
    let lowest: Index | null = null;
    for (const { head, source } of this.#kept) {
      if (source !== this.#source) continue;
      if (lowest === null || head.index < lowest) lowest = head.index;
    }
    return lowest;
  }

  /** What was offered to `target` before and still helps it; counts as used. */
  again(target: bigint, indexMin: Index): KeptSnapshot | null {
    for (const kept of this.#kept) {
      if (kept.source !== this.#source) continue;
      if (kept.targets.has(target) && kept.head.index >= indexMin) {
        kept.users++;
        return kept;
      }
    }
    return null;
  }

  /** A new one of `take()`; `done` gets it counted as used, or why there is none. */
  open(
    take: () => EngineSnapshot,
    done: (kept: KeptSnapshot | null, failure: string) => void,
  ): void {
    if (!this.#makeRoom()) {
      done(null, 'too many snapshots are being sent');
      return;
    }
    const snapshot = take();
    const source = this.#source;
    source.held++;
    this.#opening++;
    this.#readHead(snapshot, (failure, head) => {
      this.#opening--;
      if (failure !== null || head === null) {
        snapshot.release();
        letGo(source);
        done(null, failure ?? 'a state without a head');
        return;
      }
      const kept = new KeptSnapshot(this.#newId(), snapshot, head, source);
      kept.users = 1;
      this.#kept.add(kept);
      done(kept, '');
    });
  }

  /** The user is done with it; `useful`: it may be asked for again. */
  release(kept: KeptSnapshot, useful: boolean): void {
    assert(kept.users > 0, 'a kept snapshot in use is released');
    kept.users--;
    kept.idleTicks = 0;
    if (kept.users === 0 && (!useful || kept.source !== this.#source)) this.#drop(kept);
  }

  tick(): void {
    for (const kept of this.#kept) {
      if (kept.users === 0 && ++kept.idleTicks >= this.#options.keptTicks) this.#drop(kept);
    }
  }

  /**
   * Gives the engine up: lets go of what nobody uses; `empty` is called once nothing of this engine is
   * held. What is opened from now on is of another one, and is not waited for.
   */
  clear(empty: () => void): void {
    const ended = this.#source;
    this.#source = { held: 0, onEmpty: null };
    for (const kept of this.#kept) if (kept.users === 0) this.#drop(kept);
    if (ended.held === 0) empty();
    else ended.onEmpty = empty;
  }

  /** The longest idle one goes if there is no room. */
  #makeRoom(): boolean {
    if (this.size < this.#options.keptMax) return true;
    let idle: KeptSnapshot | null = null;
    for (const kept of this.#kept) {
      if (kept.users === 0 && (idle === null || kept.idleTicks > idle.idleTicks)) idle = kept;
    }
    if (idle === null) return false;
    this.#drop(idle);
    return true;
  }

  #drop(kept: KeptSnapshot): void {
    assert(this.#kept.delete(kept), 'a kept snapshot leaves once');
    kept.snapshot.release();
    letGo(kept.source);
  }

  #newId(): bigint {
    for (;;) {
      const id = this.#random.uint64();
      if (id !== 0n) return id;
    }
  }
}

function letGo(source: Source): void {
  assert(source.held > 0, 'what is let go was held');
  source.held--;
  if (source.held > 0 || source.onEmpty === null) return;
  const empty = source.onEmpty;
  source.onEmpty = null;
  empty();
}
