/**
 * One record by version, for the previous value of an event that is delivered late.
 *
 * The version was its key's value from its own revision to the one before the next change. If all
 * of that is compacted the answer is null, whether or not the row is still there.
 */
import type { ByteString, Revision } from '@conclave/base';
import type { Read } from './reads.js';
import type { State } from './state.js';
import type { Version } from './types.js';

export class RecordRead implements Read {
  readonly floor: Revision;
  readonly #state: State;
  readonly #version: Version;
  readonly #key: ByteString;
  readonly #done: (kv: Uint8Array | null) => void;

  constructor(
    state: State,
    version: Version,
    key: ByteString,
    done: (kv: Uint8Array | null) => void,
  ) {
    this.#state = state;
    this.#version = version;
    this.#key = key;
    this.#done = done;
    this.floor = version.main;
  }

  restart(): void {
    const { main, sub } = this.#version;
    if (!this.#readable()) {
      this.#done(null);
      return;
    }
    const now = this.#state.records.peek(main, sub);
    if (now !== null) {
      this.#done(now);
      return;
    }
    this.#state.reads.add(this);
    this.#state.records.fetch([this.#version], (records) => {
      this.#state.reads.remove(this);
      this.#done(records[0] as Uint8Array);
    });
  }

  #readable(): boolean {
    const history = this.#state.index.get(this.#key);
    if (history === undefined) return false;
    const at = history.exact(this.#version.main, this.#version.sub);
    if (at < 0 || history.tombstoneAt(at)) return false;
    const last = at + 1 < history.length ? history.mainAt(at + 1) - 1 : this.#state.revision;
    return last >= this.#state.compactRevision;
  }
}
