/**
 * All versions of one key that are still known: everything but the values.
 *
 * The life of a key is cut into generations. A generation begins with the put that creates the key
 * and ends with the tombstone of its deletion; the next put begins a new one. Worked example:
 *
 *     put k      -> 2.0   generation 1: create 2, version 1
 *     put k      -> 3.0                 create 2, version 2
 *     delete k   -> 4.0   tombstone, ends generation 1
 *     put k      -> 6.0   generation 2: create 6, version 1
 *     put k      -> 7.0                 create 6, version 2
 *
 * A read at revision r takes the newest entry with main <= r; a tombstone means: not there. So
 * r = 3 finds 3.0, r = 4 and 5 nothing, r = 6 finds 6.0.
 *
 * Compaction at C drops what no read at a revision >= C can see, and keeps what was written at C
 * itself, so that a watch may still begin there:
 *
 *     compact(2) keeps everything
 *     compact(3) drops 2.0;           3.0 is the value at 3 (still create 2, version 2)
 *     compact(4) drops 2.0 3.0;       the tombstone 4.0 stays until the next compaction
 *     compact(5) drops 2.0 3.0 4.0;   a tombstone below C says nothing that "no entry" does not say
 *     compact(7) drops all but 7.0    (create 6, version 2)
 *
 * Layout: the newest entry lies in the object itself, for most keys have no other; `#older` holds two
 * numbers for each entry before it, ascending: main and 2 * sub + (tombstone ? 1 : 0). Version and create
 * revision are not stored: inside a generation versions count up by one, so only the oldest entry's are
 * kept (compaction may have cut its generation), and where later generations begin. Leases are kept only
 * if some entry has one.
 *
 * Invariants: entries ascend by (main, sub); a tombstone is never first in a generation that was not
 * cut; `#starts` lists the entries right behind tombstones, ascending.
 */
import { type ByteString, type Revision, assert, assertLe } from '@conclave/base';
import type { Version } from './types.js';

/** One packed value per revision pair: (sub, tombstone). */
const pack = (sub: number, tombstone: boolean): number => sub * 2 + (tombstone ? 1 : 0);
/** In place of a packed value: there is no entry. */
const NONE = -1;

export class KeyHistory {
  readonly key: ByteString;
  #newestMain: Revision = 0;
  #newest = NONE;
  #older: number[] | null = null;
  #firstCreate: Revision = 0;
  #firstVersion = 0;
  #starts: number[] | null = null;
  #leases: bigint[] | null = null;

  constructor(key: ByteString) {
    this.key = key;
  }

  get length(): number {
    if (this.#older !== null) return this.#older.length / 2 + 1;
    return this.#newest === NONE ? 0 : 1;
  }

  /** The newest entry is no tombstone. */
  get alive(): boolean {
    return this.#newest !== NONE && this.#newest % 2 === 0;
  }

  mainAt(i: number): Revision {
    const older = this.#older;
    return older === null || 2 * i === older.length ? this.#newestMain : (older[2 * i] as number);
  }

  subAt(i: number): number {
    return Math.floor(this.#packedAt(i) / 2);
  }

  tombstoneAt(i: number): boolean {
    return this.#packedAt(i) % 2 === 1;
  }

  leaseAt(i: number): bigint {
    return this.#leases === null ? 0n : (this.#leases[i] as bigint);
  }

  /** 0 for a tombstone. */
  createAt(i: number): Revision {
    if (this.tombstoneAt(i)) return 0;
    const start = this.#startOf(i);
    return start === 0 ? this.#firstCreate : this.mainAt(start);
  }

  /** 0 for a tombstone. */
  versionAt(i: number): number {
    if (this.tombstoneAt(i)) return 0;
    const start = this.#startOf(i);
    return (start === 0 ? this.#firstVersion : 1) + (i - start);
  }

  /** Entry `i` as a value of its own, which later changes of the history do not touch. */
  version(i: number): Version {
    return {
      main: this.mainAt(i),
      sub: this.subAt(i),
      create: this.createAt(i),
      version: this.versionAt(i),
      lease: this.leaseAt(i),
      tombstone: this.tombstoneAt(i),
    };
  }

  /** The newest entry, tombstones too, with main <= revision; -1: none. */
  find(revision: Revision): number {
    const last = this.length - 1;
    if (last < 0 || this.#newestMain <= revision) return last;
    const older = this.#older;
    if (older === null) return -1;
    let lo = 0;
    let hi = last;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if ((older[2 * mid] as number) <= revision) lo = mid + 1;
      else hi = mid;
    }
    return lo - 1;
  }

  /** The entry a read at `revision` sees; -1: the key is not there. */
  aliveAt(revision: Revision): number {
    const i = this.find(revision);
    return i < 0 || this.tombstoneAt(i) ? -1 : i;
  }

  /** The entry written at exactly (main, sub); -1: none, or compacted. */
  exact(main: Revision, sub: number): number {
    let i = this.find(main);
    while (i >= 0 && this.mainAt(i) === main && this.subAt(i) > sub) i--;
    return i >= 0 && this.mainAt(i) === main && this.subAt(i) === sub ? i : -1;
  }

  /** Appends a put; `lease` 0n for none. */
  put(main: Revision, sub: number, lease: bigint): void {
    const n = this.length;
    if (n === 0) {
      this.#firstCreate = main;
      this.#firstVersion = 1;
    } else if (this.tombstoneAt(n - 1)) {
      this.#begin(n);
    }
    this.#append(main, sub, false, lease);
  }

  /** Appends a tombstone. The key must be there. */
  tombstone(main: Revision, sub: number): void {
    assert(this.length > 0 && !this.tombstoneAt(this.length - 1), 'tombstone: the key is there');
    this.#append(main, sub, true, 0n);
  }

  /**
   * Appends an entry as it was stored, while the index is rebuilt; `create` and `version` 0 for a
   * tombstone. False: it cannot come behind the entries here, and nothing was appended.
   */
  restore(
    main: Revision,
    sub: number,
    create: Revision,
    version: number,
    lease: bigint,
    tombstone: boolean,
  ): boolean {
    const n = this.length;
    if (n === 0) {
      this.#firstCreate = create;
      this.#firstVersion = version;
      this.#newestMain = main;
      this.#newest = pack(sub, tombstone);
      if (lease !== 0n) this.#leases = [lease];
      return true;
    }
    const before = this.#newestMain;
    if (main < before || (main === before && sub <= this.subAt(n - 1))) return false;
    const deleted = this.#newest % 2 === 1;
    if (tombstone ? deleted : version !== (deleted ? 1 : this.versionAt(n - 1) + 1)) return false;
    if (deleted) this.#begin(n);
    this.#append(main, sub, tombstone, lease);
    return true;
  }

  /** How many of the oldest entries a compaction at `revision` drops. */
  droppedBy(revision: Revision): number {
    const last = this.find(revision);
    if (last < 0) return 0;
    if (this.mainAt(last) < revision) return this.tombstoneAt(last) ? last + 1 : last;
    let first = last;
    while (first > 0 && this.mainAt(first - 1) === revision) first--;
    return first;
  }

  /** Forgets the `n` oldest entries. */
  cut(n: number): void {
    assertLe(n, this.length, 'cut: no more than there is');
    if (n === 0) return;
    if (n < this.length) {
      const create = this.createAt(n);
      const version = this.versionAt(n);
      this.#firstCreate = create;
      this.#firstVersion = version;
    }
    this.#cutEntries(n);
    this.#cutLeases(n);
    if (this.#starts === null) return;
    const starts: number[] = [];
    for (const s of this.#starts) if (s > n) starts.push(s - n);
    this.#starts = starts.length === 0 ? null : starts;
  }

  #cutEntries(n: number): void {
    if (n === this.length) {
      this.#older = null;
      this.#newestMain = 0;
      this.#newest = NONE;
    } else if (this.#older !== null) {
      this.#older = n === this.length - 1 ? null : this.#older.slice(2 * n);
    }
  }

  #cutLeases(n: number): void {
    if (this.#leases === null) return;
    const rest = this.#leases.slice(n);
    this.#leases = rest.some((lease) => lease !== 0n) ? rest : null;
  }

  #packedAt(i: number): number {
    const older = this.#older;
    return older === null || 2 * i === older.length ? this.#newest : (older[2 * i + 1] as number);
  }

  #begin(at: number): void {
    if (this.#starts === null) this.#starts = [at];
    else this.#starts.push(at);
  }

  #append(main: Revision, sub: number, tombstone: boolean, lease: bigint): void {
    const n = this.length;
    if (n > 0) {
      const before = this.#newestMain;
      assert(before < main || (before === main && this.subAt(n - 1) < sub), 'entries ascend');
      if (this.#older === null) this.#older = [before, this.#newest];
      else this.#older.push(before, this.#newest);
    }
    this.#newestMain = main;
    this.#newest = pack(sub, tombstone);
    if (this.#leases !== null) {
      const last = this.#leases[n - 1];
      this.#leases.push(last === lease ? last : lease);
    } else if (lease !== 0n) {
      this.#leases = Array.from({ length: n }, () => 0n);
      this.#leases.push(lease);
    }
  }

  /** The first entry of the generation that entry `i` belongs to. */
  #startOf(i: number): number {
    const starts = this.#starts;
    if (starts === null) return 0;
    let lo = 0;
    let hi = starts.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if ((starts[mid] as number) <= i) lo = mid + 1;
      else hi = mid;
    }
    return lo === 0 ? 0 : (starts[lo - 1] as number);
  }
}
