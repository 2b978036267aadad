import type { ByteString, Revision } from '@conclave/base';
import type { EncodedEvent } from './encoded-event.js';
import type { Stream } from './stream.js';
import type { WatcherIndex } from './watcher-index.js';

/**
 * One watcher of one stream: what it wants, and how far it is.
 *
 * `synced`: in the live index, told of each publication that matches. `lagging`: has to read history
 * from `next` on first; in a turn of the catch-up, or parked while its stream has no room. `compacted`:
 * what it would have to read is gone and it was told so; it keeps its id until the client cancels it.
 * `gone`: cancelled, or its stream closed.
 *
 * Invariants: every event of revision < `next` that it wants was handed to its stream, in order, once;
 * `index` is the live index exactly while synced.
 */
export type WatcherState = 'synced' | 'lagging' | 'compacted' | 'gone';

/** What a create request asks for, checked. */
export interface WatcherWish {
  readonly id: number;
  readonly key: ByteString;
  /** Half-open; null to the end of all keys; '' for just `key`. */
  readonly end: ByteString | null;
  readonly prevKv: boolean;
  readonly fragment: boolean;
  readonly progressNotify: boolean;
  readonly puts: boolean;
  readonly deletes: boolean;
}

export class Watcher {
  readonly stream: Stream;
  readonly id: number;
  readonly key: ByteString;
  readonly end: ByteString | null;
  readonly prevKv: boolean;
  readonly fragment: boolean;
  readonly progressNotify: boolean;
  readonly puts: boolean;
  readonly deletes: boolean;

  state: WatcherState = 'gone';
  /** Events of lower revisions are not for it any more, or never were. */
  next: Revision = 0;
  /** No progress below this revision may be reported: it asked for later, or has seen later. */
  floor: Revision = 0;
  /** Sent so far, for the survey: events, and bytes as queued. */
  events = 0;
  bytes = 0;
  /** No events since the last periodic progress. */
  idle = true;

  /** The index it is in: the live one, or that of a history read. Owned by `WatcherIndex`. */
  index: WatcherIndex | null = null;
  before: Watcher | null = null;
  after: Watcher | null = null;
  /** The turn of the catch-up it waits in. Owned by `CatchUp`. */
  bucket: Set<Watcher> | null = null;
  /** Events found for it in the distribution under way. Owned by `collect`. */
  batch: EncodedEvent[] | null = null;

  constructor(stream: Stream, wish: WatcherWish) {
    this.stream = stream;
    this.id = wish.id;
    this.key = wish.key;
    this.end = wish.end;
    this.prevKv = wish.prevKv;
    this.fragment = wish.fragment;
    this.progressNotify = wish.progressNotify;
    this.puts = wish.puts;
    this.deletes = wish.deletes;
  }

  takeBatch(): EncodedEvent[] {
    const batch = this.batch as EncodedEvent[];
    this.batch = null;
    return batch;
  }
}
