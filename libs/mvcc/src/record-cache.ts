/**
 * Records read from the engine not long ago, within a bound of bytes.
 *
 * Two maps stand in for a list ordered by last use: a record found in the old one moves to the
 * young one; when the young one holds half the bound, it becomes the old one and the former old one
 * is dropped. So a record that is asked for again within half a turnover stays, and neither a hit nor
 * an eviction moves anything else. What moves is copied: a record may be a piece of a larger array
 * whose other pieces are long out of use.
 */
import type { Revision } from '@conclave/base';
import { Slab } from './slab.js';

/** What a record costs besides its bytes: two map entries and the array's head. */
const OVERHEAD_BYTES = 160;

export type RecordId = number | string;

const SUBS = 8192;
const MAINS = 2 ** 40;

/**
 * One map key for (main, sub): a number, small where it can be, because those are the cheapest; a text
 * only for transactions and revisions beyond all measure.
 */
export function recordId(main: Revision, sub: number): RecordId {
  if (sub === 0) return main;
  return sub < SUBS && main < MAINS ? -(main * SUBS + sub) : `${main}.${sub}`;
}

export class RecordCache {
  readonly #bytesMax: number;
  readonly #slab = new Slab();
  #young = new Map<RecordId, Uint8Array>();
  #old = new Map<RecordId, Uint8Array>();
  #youngBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(main: Revision, sub: number): Uint8Array | null {
    const id = recordId(main, sub);
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old === undefined) return null;
    this.#old.delete(id);
    const copy = this.#slab.copy(old);
    this.#add(id, copy);
    return copy;
  }

  put(main: Revision, sub: number, record: Uint8Array): void {
    const id = recordId(main, sub);
    if (!this.#young.has(id)) this.#add(id, record);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngBytes = 0;
  }

  #add(id: RecordId, record: Uint8Array): void {
    this.#young.set(id, record);
    this.#youngBytes += record.length + OVERHEAD_BYTES;
    if (this.#youngBytes * 2 <= this.#bytesMax) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}
