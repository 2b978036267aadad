/**
 * A hash map from keys to their histories, in parts.
 *
 * A JavaScript Map grows by moving all it holds: with half a million keys that took 150 ms in one go, and
 * above 2^24 entries it throws. Each part here grows alone. Which part a key lies in follows from its last
 * characters, where keys differ most; keys that all end alike cost speed and nothing else.
 */
import type { ByteString } from '@conclave/base';
import type { KeyHistory } from './key-history.js';

/** A power of two. */
const PARTS = 256;
const ENDING = 4;

export class KeyMap {
  readonly #parts = Array.from({ length: PARTS }, () => new Map<ByteString, KeyHistory>());

  get(key: ByteString): KeyHistory | undefined {
    return this.#part(key).get(key);
  }

  set(key: ByteString, history: KeyHistory): void {
    this.#part(key).set(key, history);
  }

  /** False: it was not there. */
  delete(key: ByteString): boolean {
    return this.#part(key).delete(key);
  }

  clear(): void {
    for (const part of this.#parts) part.clear();
  }

  #part(key: ByteString): Map<ByteString, KeyHistory> {
    const { length } = key;
    let hash = length;
    for (let i = length > ENDING ? length - ENDING : 0; i < length; i++) {
      hash = Math.imul(hash, 31) + key.charCodeAt(i);
    }
    return this.#parts[hash & (PARTS - 1)] as Map<ByteString, KeyHistory>;
  }
}
