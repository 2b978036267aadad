import { type Revision, assert } from '@conclave/base';
import type { HistoryEvent, MvccEvent, Store } from '@conclave/mvcc';

/**
 * An event as it stands in a WatchResponse: tag and length of field 11 and an Event message. Encoded
 * once, on first use, and shared by every watcher that gets it; a second form, also made once, has
 * the previous KeyValue for watchers that asked for it.
 *
 * The previous record may have to be read. Until it is there `withPrevious` is null, and whoever
 * waits is woken by `onReady`. Invariant: `#previous` never changes once it is known.
 */

/** WatchResponse field 11, length-delimited. */
const TAG_EVENTS = 0x5a;
/** Event fields: type (varint), kv and prev_kv (length-delimited). */
const TAG_TYPE = 0x08;
const TAG_KV = 0x12;
const TAG_PREV_KV = 0x1a;
const TYPE_DELETE = 1;

/** Somebody with events that wait for a previous record. */
export interface PreviousWaiter {
  previousReady(): void;
}

export class EncodedEvent {
  readonly event: MvccEvent;
  #plain: Uint8Array | null = null;
  #full: Uint8Array | null = null;
  /** undefined: not known yet. */
  #previous: Uint8Array | null | undefined;
  #waiters: PreviousWaiter[] = [];

  constructor(event: MvccEvent, previous?: Uint8Array | null) {
    this.event = event;
    this.#previous = event.previous === null ? null : previous;
  }

  static fromHistory(event: HistoryEvent, withPrevious: boolean): EncodedEvent {
    return withPrevious ? new EncodedEvent(event, event.prevKv) : new EncodedEvent(event);
  }

  get revision(): Revision {
    return this.event.main;
  }

  get previousKnown(): boolean {
    return this.#previous !== undefined;
  }

  /** Shared: must not be changed. */
  get plain(): Uint8Array {
    this.#plain ??= encode(this.event, null);
    return this.#plain;
  }

  /** Shared: must not be changed. Only once `previousKnown`. */
  get full(): Uint8Array {
    assert(this.#previous !== undefined, 'a previous record is known before it is sent');
    if (this.#previous === null) return this.plain;
    this.#full ??= encode(this.event, this.#previous);
    return this.#full;
  }

  /** Bytes it will take in a response; for an unread previous record about as many as the new one. */
  sizeGuess(withPrevious: boolean): number {
    const size = this.plain.length;
    if (!withPrevious || this.#previous === null) return size;
    return this.#previous === undefined ? 2 * size : size + this.#previous.length;
  }

  /** Wakes `waiter` once the previous record is known, which it is not yet. */
  onReady(waiter: PreviousWaiter): void {
    assert(this.#previous === undefined, 'nobody waits for what is known');
    this.#waiters.push(waiter);
  }

  /** The record was read (null: compacted meanwhile). */
  setPrevious(record: Uint8Array | null): void {
    assert(this.#previous === undefined, 'a previous record is set once');
    this.#previous = record;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.previousReady();
  }
}

/**
 * Reads previous records for live events, each once however many watchers want it. After `restart` (the
 * store was replaced) what is under way is asked again and old answers are ignored.
 */
export class PreviousRecords {
  readonly #store: Store;
  readonly #reading = new Set<EncodedEvent>();
  #epoch = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  require(encoded: EncodedEvent): void {
    if (encoded.previousKnown || this.#reading.has(encoded)) return;
    this.#reading.add(encoded);
    this.#read(encoded);
  }

  restart(): void {
    this.#epoch++;
    for (const encoded of this.#reading) this.#read(encoded);
  }

  #read(encoded: EncodedEvent): void {
    const { previous, key } = encoded.event;
    assert(previous !== null, 'an event without a previous version needs no read');
    const epoch = this.#epoch;
    this.#store.record(previous, key, (record) => {
      if (epoch !== this.#epoch || !this.#reading.delete(encoded)) return;
      encoded.setPrevious(record);
    });
  }
}

function encode(event: MvccEvent, previous: Uint8Array | null): Uint8Array {
  const isDelete = event.type === 'delete';
  let size = (isDelete ? 2 : 0) + 1 + lengthSize(event.kv.length) + event.kv.length;
  if (previous !== null) size += 1 + lengthSize(previous.length) + previous.length;
  const out = new Uint8Array(1 + lengthSize(size) + size);
  out[0] = TAG_EVENTS;
  let at = putLength(size, out, 1);
  if (isDelete) {
    out[at++] = TAG_TYPE;
    out[at++] = TYPE_DELETE;
  }
  at = putBytes(TAG_KV, event.kv, out, at);
  if (previous !== null) at = putBytes(TAG_PREV_KV, previous, out, at);
  assert(at === out.length, 'an event is as long as it was measured');
  return out;
}

function putBytes(tag: number, bytes: Uint8Array, out: Uint8Array, at: number): number {
  out[at] = tag;
  const start = putLength(bytes.length, out, at + 1);
  out.set(bytes, start);
  return start + bytes.length;
}

/** Bytes of a length as a varint. */
export function lengthSize(length: number): number {
  return length < 0x80
    ? 1
    : length < 0x4000
      ? 2
      : length < 0x20_0000
        ? 3
        : length < 0x1000_0000
          ? 4
          : 5;
}

/** Writes a length below 2^32 as a varint, returns the end offset. */
export function putLength(length: number, out: Uint8Array, at: number): number {
  while (length >= 0x80) {
    out[at++] = (length & 0x7f) | 0x80;
    length >>>= 7;
  }
  out[at++] = length;
  return at;
}
