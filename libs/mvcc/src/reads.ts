/**
 * Reads under way that take more than one turn.
 *
 * Each holds the rows it still needs: physical compaction at a revision above a read's `floor` waits
 * for it. New reads below a logical compaction are refused, so the wait ends. When the whole state
 * is replaced (snapshot install), each read begins again on the new state.
 */
import type { Revision } from '@conclave/base';

export interface Read {
  /** Versions that a compaction at `floor` keeps stay readable. */
  readonly floor: Revision;
  /** Begins again; everything found so far is void, and no earlier callback arrives any more. */
  restart(): void;
}

export class Reads {
  readonly #reads = new Set<Read>();

  add(read: Read): void {
    this.#reads.add(read);
  }

  remove(read: Read): void {
    this.#reads.delete(read);
  }

  /** Whether physical compaction at `revision` takes nothing from any read. */
  allow(revision: Revision): boolean {
    for (const read of this.#reads) if (read.floor < revision) return false;
    return true;
  }

  restartAll(): void {
    const reads = [...this.#reads];
    this.#reads.clear();
    for (const read of reads) read.restart();
  }
}
