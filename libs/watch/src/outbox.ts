import { BoundedQueue, type Revision, assert } from '@conclave/base';
import type { EncodedEvent, PreviousWaiter } from './encoded-event.js';
import type { EventsResponse } from './response.js';
import type { WatchSink } from './types.js';

/**
 * What one stream still has to send, in order: responses leave strictly one behind the other, so the pieces
 * of a fragmented one are never parted, and a progress report stands behind every event queued before.
 *
 * It stops where the sink is full, or where the next response waits for a previous record, and goes on from
 * there. Events are put into bytes only when they leave: until then watchers share them.
 *
 * Invariants: `#bytes` is the sum of the sizes of what is queued; nothing is sent after `close`.
 */

/** What an entry of the queue costs besides its bytes. */
const ENTRY_BYTES = 64;

/**
 * Entries of a queue, whatever their size. Events and answers to requests stop at half of it; the rest
 * is for what must be told at all events: one `compacted` a watcher.
 */
const ENTRIES_MAX = 1 << 20;
export const WATCHERS_MAX = ENTRIES_MAX / 4;

interface Entry {
  /** A whole response, or null. */
  readonly control: Uint8Array | null;
  readonly events: EventsResponse | null;
  readonly bytes: number;
}

export interface OutboxOptions {
  readonly bytesMax: number;
  readonly fragmentBytesMax: number;
}

export class Outbox implements PreviousWaiter {
  readonly #options: OutboxOptions;
  readonly #sink: WatchSink;
  readonly #header: (revision: Revision) => Uint8Array;
  /** Called after each flush that left room. */
  readonly #onRoom: () => void;
  readonly #queue = new BoundedQueue<Entry>(ENTRIES_MAX);
  #bytes = 0;
  #blocked = false;
  #flushing = false;
  #closed = false;
  /** The event whose previous record the queue waits for. */
  #awaited: EncodedEvent | null = null;

  constructor(
    options: OutboxOptions,
    sink: WatchSink,
    header: (revision: Revision) => Uint8Array,
    onRoom: () => void,
  ) {
    this.#options = options;
    this.#sink = sink;
    this.#header = header;
    this.#onRoom = onRoom;
  }

  /** Over the bound: events must wait in history instead. */
  get full(): boolean {
    return this.#bytes > this.#options.bytesMax || this.#queue.length >= ENTRIES_MAX / 2;
  }

  /** Room for more history: half of the bound, so that one drained response does not cause a read. */
  get roomy(): boolean {
    return this.#bytes <= this.#options.bytesMax / 2 && this.#queue.length < ENTRIES_MAX / 4;
  }

  /** False: no more answers to requests. */
  get open(): boolean {
    return !this.#closed && this.#queue.length < ENTRIES_MAX / 2;
  }

  /** Bytes queued, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#queue.length;
  }

  sendControl(response: Uint8Array): void {
    this.#push({ control: response, events: null, bytes: ENTRY_BYTES + response.length });
  }

  /** The caller looked at `full` before. Answers about how many bytes they are. */
  sendEvents(events: EventsResponse): number {
    const bytes = events.sizeGuess();
    this.#push({ control: null, events, bytes: ENTRY_BYTES + bytes });
    return bytes;
  }

  drained(): void {
    this.#blocked = false;
    this.#flush();
  }

  previousReady(): void {
    this.#awaited = null;
    this.#flush();
  }

  close(): void {
    this.#closed = true;
    this.#queue.clear();
    this.#bytes = 0;
  }

  #push(entry: Entry): void {
    if (this.#closed) return;
    const taken = this.#queue.push(entry);
    assert(taken, 'the queue of a stream has room where its bound was asked before');
    this.#bytes += entry.bytes;
    this.#flush();
  }

  /** Not re-entered: a sink that calls back finds the loop going on by itself. */
  #flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    while (!this.#blocked && this.#awaited === null && !this.#closed) {
      const entry = this.#queue.peek();
      if (entry === undefined) break;
      if (entry.control !== null) {
        this.#drop(entry);
        this.#send(entry.control);
      } else this.#sendPiece(entry, entry.events as EventsResponse);
    }
    this.#flushing = false;
    if (!this.#closed && this.roomy) this.#onRoom();
  }

  #sendPiece(entry: Entry, events: EventsResponse): void {
    const unready = events.firstUnready();
    if (unready !== null) {
      this.#awaited = unready;
      unready.onReady(this);
      return;
    }
    const piece = events.take(this.#header(events.revision), this.#options.fragmentBytesMax);
    if (events.done) this.#drop(entry);
    this.#send(piece);
  }

  #drop(entry: Entry): void {
    const first = this.#queue.shift();
    assert(first === entry, 'what leaves the queue stood first');
    this.#bytes -= entry.bytes;
    assert(this.#bytes >= 0, 'no more leaves the queue than came in');
  }

  /** Blocked before the call, so that a `drained` from inside it is not lost. */
  #send(response: Uint8Array): void {
    this.#blocked = true;
    if (this.#sink.send(response)) this.#blocked = false;
  }
}
