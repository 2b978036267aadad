/**
 * A deletion as an event. One request may delete hundreds of thousands of keys that nobody watches, so
 * what a watcher would be sent is encoded when it is asked for, once.
 */
import type { ByteString, Revision } from '@conclave/base';
import { encodeDeleted } from './record.js';
import type { MvccEvent, Version } from './types.js';

export class DeletedEvent implements MvccEvent {
  readonly type = 'delete';
  readonly key: ByteString;
  readonly main: Revision;
  readonly sub: number;
  readonly create = 0;
  readonly previous: Version | null;
  /** The stored record of the tombstone; not copied. */
  readonly #record: Uint8Array;
  #kv: Uint8Array | null = null;

  constructor(
    key: ByteString,
    main: Revision,
    sub: number,
    record: Uint8Array,
    previous: Version | null,
  ) {
    this.key = key;
    this.main = main;
    this.sub = sub;
    this.#record = record;
    this.previous = previous;
  }

  get kv(): Uint8Array {
    this.#kv ??= encodeDeleted(this.#record, this.main);
    return this.#kv;
  }
}
