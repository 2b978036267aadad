import { type Revision, assert, assertLt } from '@conclave/base';
import { WatchResponse } from '@conclave/wire';
import { type EncodedEvent, lengthSize, putLength } from './encoded-event.js';

/**
 * WatchResponses as bytes, put together from an encoded header, a small head of their own and events
 * that are encoded already. Fields stand in the order of their numbers, as etcd writes them.
 */

/** WatchResponse field 1, length-delimited. */
const TAG_HEADER = 0x0a;

/** `fragment: true` takes as many. */
const FRAGMENT_FIELD_BYTES = 2;

/** "No watcher", or "all watchers of the stream". */
export const NO_WATCHER = -1;

export type ControlFields = Partial<Omit<WatchResponse, 'header' | 'events'>>;

/** A response without events. `header` is an encoded ResponseHeader. */
export function controlResponse(header: Uint8Array, fields: ControlFields): Uint8Array {
  const head = WatchResponse.encode(WatchResponse.create(fields));
  const out = new Uint8Array(headerSize(header) + head.length);
  out.set(head, putHeader(header, out));
  return out;
}

/**
 * Events of one watcher as one response, or as several pieces that must go out one behind the other:
 * `take` answers the next piece until `done`. A piece holds at least one event; all but the last are
 * marked. Without `fragment` there is one piece, however large.
 *
 * Invariant: `#at` is the first event not yet in a piece taken.
 */
export class EventsResponse {
  readonly revision: Revision;
  readonly #watchId: number;
  readonly #events: readonly EncodedEvent[];
  readonly #withPrevious: boolean;
  readonly #fragment: boolean;
  #at = 0;

  constructor(
    watchId: number,
    revision: Revision,
    events: readonly EncodedEvent[],
    withPrevious: boolean,
    fragment: boolean,
  ) {
    assertLt(0, events.length, 'a response of events has one');
    this.revision = revision;
    this.#watchId = watchId;
    this.#events = events;
    this.#withPrevious = withPrevious;
    this.#fragment = fragment;
  }

  get count(): number {
    return this.#events.length;
  }

  get done(): boolean {
    return this.#at === this.#events.length;
  }

  /** The first event whose previous record is wanted and still being read. */
  firstUnready(): EncodedEvent | null {
    if (!this.#withPrevious) return null;
    for (let i = this.#at; i < this.#events.length; i++) {
      const encoded = this.#events[i] as EncodedEvent;
      if (!encoded.previousKnown) return encoded;
    }
    return null;
  }

  sizeGuess(): number {
    let size = 0;
    for (const encoded of this.#events) size += encoded.sizeGuess(this.#withPrevious);
    return size;
  }

  /** The next piece; every event is ready. A piece of several events stays below `bytesMax`. */
  take(header: Uint8Array, bytesMax: number): Uint8Array {
    assert(!this.done, 'a piece is left');
    const last = this.#fragment ? this.#cut(header, bytesMax) : this.#events.length;
    const head = WatchResponse.encode(
      WatchResponse.create({ watchId: this.#watchId, fragment: last < this.#events.length }),
    );
    let size = headerSize(header) + head.length;
    for (let i = this.#at; i < last; i++) size += this.#bytes(i).length;
    const out = new Uint8Array(size);
    let at = putHeader(header, out);
    out.set(head, at);
    at += head.length;
    for (; this.#at < last; this.#at++) {
      const bytes = this.#bytes(this.#at);
      out.set(bytes, at);
      at += bytes.length;
    }
    assert(at === size, 'a response is as long as it was measured');
    return out;
  }

  /** Where the piece that starts at `#at` ends. */
  #cut(header: Uint8Array, bytesMax: number): number {
    const fields = { watchId: this.#watchId, fragment: this.#at > 0 };
    const base = headerSize(header) + WatchResponse.sizeOf(WatchResponse.create(fields));
    let whole = base;
    for (let i = this.#at; i < this.#events.length; i++) whole += this.#bytes(i).length;
    if (this.#at === 0 && whole < bytesMax) return this.#events.length;
    let size = this.#at > 0 ? base : base + FRAGMENT_FIELD_BYTES;
    let last = this.#at;
    while (last < this.#events.length) {
      size += this.#bytes(last).length;
      if (size >= bytesMax && last > this.#at) break;
      last++;
    }
    return last;
  }

  #bytes(i: number): Uint8Array {
    const encoded = this.#events[i] as EncodedEvent;
    return this.#withPrevious ? encoded.full : encoded.plain;
  }
}

function headerSize(header: Uint8Array): number {
  return 1 + lengthSize(header.length) + header.length;
}

function putHeader(header: Uint8Array, out: Uint8Array): number {
  out[0] = TAG_HEADER;
  const at = putLength(header.length, out, 1);
  out.set(header, at);
  return at + header.length;
}
