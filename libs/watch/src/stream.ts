import type { Revision } from '@conclave/base';
import type { WatchCreateRequest, WatchRequest } from '@conclave/wire';
import type { EncodedEvent } from './encoded-event.js';
import { Outbox, type OutboxOptions } from './outbox.js';
import { type ControlFields, EventsResponse, NO_WATCHER, controlResponse } from './response.js';
import type { WatchSink, WatchStream } from './types.js';
import { watchRange } from './watch-range.js';
import { Watcher } from './watcher.js';

/**
 * One client stream: the protocol of spec 2.7. Requests come in, responses go to the outbox in the order
 * in which their causes happened. Where a watcher gets its events from is the room's business.
 *
 * Invariants: `lagging` and `compacted` count watchers in those states; `parked` are lagging ones that wait
 * for room in the outbox; every id in `#watchers` is taken until the client cancels it.
 */

const EMPTY_RANGE = 'mvcc: watcher range is empty';
const DUPLICATE_ID = 'mvcc: duplicate watch ID provided on the WatchStream';
const COMPACTED = 'etcdserver: mvcc: required revision has been compacted';
/** etcd knows no such bound; its text for overload. */
const TOO_MANY = 'etcdserver: too many requests';

const FILTER_NO_PUT = 0;
const FILTER_NO_DELETE = 1;

/** What a stream needs of the room. */
export interface StreamHost {
  /** The store's revision, at least the published one. */
  readonly revision: Revision;
  /** Everything up to here was handed to the watchers in sync. */
  readonly published: Revision;
  /** Places a new watcher, whose `created` was sent; `start` 0: from the next change. */
  join(watcher: Watcher, start: Revision): void;
  /** Takes a watcher out of whatever it waits in. */
  leave(watcher: Watcher): void;
  /** A stream with parked watchers has room. */
  unpark(stream: Stream): void;
  /** The stream's first watcher with progress_notify came, or its last one went. */
  notifyChanged(stream: Stream): void;
  closed(stream: Stream): void;
  ignored(): void;
}

export interface StreamOptions extends OutboxOptions {
  readonly watchersMax: number;
}

export class Stream implements WatchStream {
  readonly #options: StreamOptions;
  readonly #host: StreamHost;
  readonly #header: (revision: Revision) => Uint8Array;
  readonly #watchers = new Map<number, Watcher>();
  readonly #notified = new Set<Watcher>();
  /** Watchers that forbid a progress report until the store has reached their floor. */
  readonly #ahead = new Set<Watcher>();
  readonly outbox: Outbox;
  readonly parked = new Set<Watcher>();
  lagging = 0;
  compacted = 0;
  /** When the next periodic progress is due; null: not set yet. Owned by the room. */
  progressAtMs: number | null = null;
  #nextId = 0;
  #closed = false;

  constructor(
    options: StreamOptions,
    sink: WatchSink,
    header: (revision: Revision) => Uint8Array,
    host: StreamHost,
  ) {
    this.#options = options;
    this.#host = host;
    this.#header = header;
    this.outbox = new Outbox(options, sink, header, () => {
      if (this.parked.size > 0) host.unpark(this);
    });
  }

  get watchers(): Iterable<Watcher> {
    return this.#watchers.values();
  }

  get size(): number {
    return this.#watchers.size;
  }

  get notifies(): boolean {
    return this.#notified.size > 0;
  }

  get accepting(): boolean {
    return !this.outbox.full;
  }

  request(request: WatchRequest): void {
    if (this.#closed) return;
    if (!this.outbox.open) {
      this.#host.ignored();
      return;
    }
    const union = request.requestUnion;
    switch (union?.$case) {
      case 'createRequest':
        this.#create(union.createRequest);
        break;
      case 'cancelRequest':
        this.#cancel(union.cancelRequest.watchId);
        break;
      case 'progressRequest':
        this.#progress();
        break;
      case undefined:
        break;
    }
  }

  refuse(reason: string): void {
    if (this.#closed || !this.outbox.open) return;
    this.#control(this.#host.revision, {
      watchId: NO_WATCHER,
      created: true,
      canceled: true,
      cancelReason: reason,
    });
  }

  drained(): void {
    if (!this.#closed) this.outbox.drained();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.outbox.close();
    for (const watcher of this.#watchers.values()) this.#leave(watcher);
    this.#watchers.clear();
    this.#notified.clear();
    this.#ahead.clear();
    this.#host.closed(this);
  }

  /** Events of one watcher, whole revisions, later than all it got before. */
  sendEvents(watcher: Watcher, revision: Revision, events: readonly EncodedEvent[]): void {
    watcher.idle = false;
    const { id, prevKv, fragment } = watcher;
    const response = new EventsResponse(id, revision, events, prevKv, fragment);
    watcher.events += events.length;
    watcher.bytes += this.outbox.sendEvents(response);
  }

  /** The second message of spec 2.7: what the watcher would read next is compacted. */
  sendCompacted(watcher: Watcher, compactRevision: Revision): void {
    this.#control(0, { watchId: watcher.id, canceled: true, compactRevision });
  }

  /** Reports no progress below `watcher.floor`. */
  holdProgress(watcher: Watcher): void {
    if (watcher.floor > this.#host.published) this.#ahead.add(watcher);
  }

  /** Periodic: each watcher in sync, with nothing since the last time, hears how far it is. */
  tickProgress(): void {
    for (const watcher of this.#notified) {
      if (this.#closed || this.outbox.full) return;
      const idle = watcher.idle;
      watcher.idle = true;
      if (!idle || watcher.state !== 'synced' || this.#host.published < watcher.floor) continue;
      this.#control(this.#host.published, { watchId: watcher.id });
    }
  }

  #create(create: WatchCreateRequest): void {
    // A watcher compacted away keeps its id but wants nothing more; the bound counts it all the same.
    if (this.#watchers.size >= this.#options.watchersMax) return this.refuse(TOO_MANY);
    if (create.startRevision < 0) return this.refuse(COMPACTED);
    const range = watchRange(create.key, create.rangeEnd);
    if (range === null) return this.refuse(EMPTY_RANGE);
    if (create.watchId !== 0 && this.#watchers.has(create.watchId))
      return this.refuse(DUPLICATE_ID);
    const watcher = new Watcher(this, {
      id: create.watchId === 0 ? this.#takeId() : create.watchId,
      key: range.key,
      end: range.end,
      prevKv: create.prevKv,
      fragment: create.fragment,
      progressNotify: create.progressNotify,
      puts: !create.filters.includes(FILTER_NO_PUT),
      deletes: !create.filters.includes(FILTER_NO_DELETE),
    });
    this.#watchers.set(watcher.id, watcher);
    if (watcher.progressNotify) {
      this.#notified.add(watcher);
      if (this.#notified.size === 1) this.#host.notifyChanged(this);
    }
    this.#control(this.#host.revision, { watchId: watcher.id, created: true });
    if (!this.#closed) this.#host.join(watcher, create.startRevision);
  }

  /** The next free id; the counter never goes back. */
  #takeId(): number {
    while (this.#watchers.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  /** An unknown id gets no answer. */
  #cancel(id: number): void {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) return;
    this.#watchers.delete(id);
    this.#ahead.delete(watcher);
    if (this.#notified.delete(watcher) && !this.notifies) this.#host.notifyChanged(this);
    this.#leave(watcher);
    this.#control(this.#host.revision, { watchId: id, canceled: true });
  }

  #leave(watcher: Watcher): void {
    this.#host.leave(watcher);
    watcher.state = 'gone';
  }

  /**
   * Answered only when every watcher has every event up to the published revision in this very queue.
   * Otherwise the client hears nothing and asks again.
   */
  #progress(): void {
    if (this.#watchers.size === 0 || this.lagging > 0 || this.compacted > 0) return;
    const published = this.#host.published;
    for (const watcher of this.#ahead) {
      if (watcher.floor > published) return;
      this.#ahead.delete(watcher);
    }
    this.#control(published, { watchId: NO_WATCHER });
  }

  #control(revision: Revision, fields: ControlFields): void {
    this.outbox.sendControl(controlResponse(this.#header(revision), fields));
  }
}
