/**
 * HashKV, bit for bit etcd's (spec 12.5): CRC-32C over the bytes `key` and, in order of revision, the
 * row key and value of every stored version that counts at revision R with compacted revision C:
 *
 * - C < main <= R: all count, tombstones too;
 * - main <= C: only if it is its key's value at R, the newest version <= R and no tombstone. If no
 *   key at all is alive at R, this does not look at R: what the compaction at C left counts, which is
 *   the newest version <= C of each key, if no tombstone.
 *
 * So physical compaction may lag behind without changing the hash. `HashFold` is given the rows in order by
 * whoever reads them; `HashRead` reads them itself.
 */
import { type Revision, crc32c, encodeUtf8, toByteString } from '@conclave/base';
import type { Read } from './reads.js';
import { recordKey } from './record.js';
import { RevisionScan, type StoredRow } from './revision-scan.js';
import { rowIsTombstone, rowMain, rowSub } from './rows.js';
import type { State } from './state.js';

/** What HashKV answers at a negative revision, and the beginning of all others. */
const SEED = crc32c(encodeUtf8('key'));

const WALK_FACTOR = 16;

export class HashFold implements Read {
  /** The compacted revision it is made with: the next compaction waits. */
  readonly floor: Revision;
  readonly #state: State;
  readonly #revision: Revision;
  /** Called when the state was replaced: what was added is void. */
  readonly #replaced: () => void;
  #hash = SEED;
  #anyAlive = false;

  constructor(
    state: State,
    revision: Revision,
    compactRevision: Revision,
    replaced: () => void = () => undefined,
  ) {
    this.#state = state;
    this.#revision = revision;
    this.floor = compactRevision;
    this.#replaced = replaced;
  }

  /** Holds compaction back from now to `end`. */
  hold(): void {
    this.#state.reads.add(this);
  }

  /** Once, while it holds; rows may be added once `ready` is called. */
  begin(ready: () => void): void {
    if (this.floor < 0) ready();
    else this.#findAlive('', ready);
  }

  /** Stored versions up to the revision, in order of revision. */
  add(rows: readonly StoredRow[]): void {
    let hash = this.#hash;
    for (const row of rows) {
      if (rowMain(row.key) <= this.floor && !this.#counts(row)) continue;
      hash = crc32c(row.key, hash, 1);
      hash = crc32c(row.value, hash);
    }
    this.#hash = hash;
  }

  /** Lets compaction go on; the hash of all that was added. */
  end(): number {
    this.#state.reads.remove(this);
    return this.#hash;
  }

  restart(): void {
    this.#replaced();
  }

  #findAlive(from: string, ready: () => void): void {
    const { index, options, scheduler, records } = this.#state;
    const next = index.walk(from, null, options.rangeSliceRows * WALK_FACTOR, (history) => {
      this.#anyAlive = history.aliveAt(this.#revision) >= 0;
      return !this.#anyAlive;
    });
    if (next === null) {
      ready();
      return;
    }
    const epoch = records.epoch;
    scheduler.yieldTo(() => {
      if (epoch === records.epoch) this.#findAlive(next, ready);
    });
  }

  /** Whether a version at or below the compacted revision counts. */
  #counts(row: StoredRow): boolean {
    if (rowIsTombstone(row.key)) return false;
    const history = this.#state.index.get(toByteString(recordKey(row.value)));
    if (history === undefined) return false;
    const at = history.aliveAt(this.#anyAlive ? this.#revision : this.floor);
    if (at < 0) return false;
    return history.mainAt(at) === rowMain(row.key) && history.subAt(at) === rowSub(row.key);
  }
}

export class HashRead {
  readonly #state: State;
  readonly #revision: Revision;
  readonly #fold: HashFold;
  readonly #done: (hash: number | null) => void;

  /** `done(null)`: the state was replaced meanwhile. */
  constructor(
    state: State,
    revision: Revision,
    compactRevision: Revision,
    done: (hash: number | null) => void,
  ) {
    this.#state = state;
    this.#revision = revision;
    this.#done = done;
    this.#fold = new HashFold(state, revision, compactRevision, () => done(null));
  }

  start(): void {
    this.#fold.hold();
    this.#fold.begin(() => {
      new RevisionScan(
        this.#state,
        0,
        this.#revision + 1,
        (rows) => this.#fold.add(rows),
        () => this.#done(this.#fold.end()),
      ).step();
    });
  }
}
