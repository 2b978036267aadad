import {
  type Revision,
  type Scheduler,
  assert,
  assertDefined,
  assertLe,
  assertLt,
} from '@conclave/base';
import type { HistoryEvent, KeyRange, MvccEvent, Store } from '@conclave/mvcc';
import { EncodedEvent } from './encoded-event.js';
import { WatcherIndex } from './watcher-index.js';
import type { Watcher, WatcherState } from './watcher.js';

/**
 * Lagging watchers read history here until they are in sync.
 *
 * They wait in buckets by how far they are; each turn takes one bucket and answers all its watchers by one
 * bounded read, then the bucket goes to the end. So a watcher that starts a million revisions back and
 * ten thousand that lag by a few do not wait for each other, and live delivery waits for nobody.
 *
 * The hand-over to live delivery has no gap: what is published while a read runs is kept (`#tail`, bounded)
 * and given out behind the read. If too much came meanwhile, the watchers take another turn.
 *
 * Invariants: one read in flight; the watchers of that read are in `#group`, all others that have a turn
 * coming are in one bucket each; parked ones are in neither.
 */

/** Revisions that make a bucket. */
const BUCKET_REVISIONS = 1_000;
/** Watchers served by one read: bounds a turn. */
const GROUP_MAX = 4_096;
/** Events kept that were published during a read. */
const TAIL_EVENTS_MAX = 10_000;
/** A slice aims at this many bytes; the number of rows follows from the size of the last ones. */
const SLICE_BYTES_AIM = 2 * 1024 * 1024;
const FIRST_ROWS = 128;

export interface CatchUpHost {
  readonly published: Revision;
  /** Events for one watcher, from history. */
  deliver(watcher: Watcher, revision: Revision, events: EncodedEvent[]): void;
  /** Everything up to `published` was delivered: it goes live. */
  synced(watcher: Watcher): void;
  /** What it would read next is gone. */
  overtaken(watcher: Watcher, compactRevision: Revision): void;
}

export interface CatchUpOptions {
  readonly historyRowsMax: number;
}

export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #store: Store;
  readonly #scheduler: Scheduler;
  readonly #host: CatchUpHost;
  /** In order of their turns. */
  readonly #buckets = new Map<number, Set<Watcher>>();
  /** Null while no read is in flight. */
  #group: WatcherIndex | null = null;
  #members: Watcher[] = [];
  /** Null: too much came. */
  #tail: EncodedEvent[] | null = null;
  #scheduled = false;
  #epoch = 0;
  #rows: number;

  constructor(options: CatchUpOptions, store: Store, scheduler: Scheduler, host: CatchUpHost) {
    assertLe(1, options.historyRowsMax, 'historyRowsMax is at least 1');
    this.#options = options;
    this.#store = store;
    this.#scheduler = scheduler;
    this.#host = host;
    this.#rows = Math.min(FIRST_ROWS, options.historyRowsMax);
  }

  /** A lagging watcher gets a turn. One whose stream is full is parked instead. */
  add(watcher: Watcher): void {
    assert(watcher.state === 'lagging' && watcher.index === null, 'only a lagging watcher reads');
    assert(watcher.bucket === null, 'a watcher has one turn coming');
    if (watcher.stream.outbox.full) {
      watcher.stream.parked.add(watcher);
      return;
    }
    const number = Math.floor(watcher.next / BUCKET_REVISIONS);
    let bucket = this.#buckets.get(number);
    if (bucket === undefined) {
      bucket = new Set();
      this.#buckets.set(number, bucket);
    }
    bucket.add(watcher);
    watcher.bucket = bucket;
    this.#schedule();
  }

  /** Takes a lagging watcher out, wherever it waits. */
  remove(watcher: Watcher): void {
    watcher.stream.parked.delete(watcher);
    watcher.bucket?.delete(watcher);
    watcher.bucket = null;
    if (watcher.index !== null) {
      assert(
        watcher.index === this.#group,
        'a lagging watcher is in no index but that of its read',
      );
      watcher.index.remove(watcher);
    }
  }

  /** Told of each publication, for the watchers whose read is under way. */
  record(events: readonly EncodedEvent[]): void {
    if (this.#group === null || this.#tail === null) return;
    if (this.#tail.length + events.length > TAIL_EVENTS_MAX) this.#tail = null;
    else for (const event of events) this.#tail.push(event);
  }

  /** A read is under way, so `record` wants to know. */
  get listening(): boolean {
    return this.#group !== null;
  }

  /** A compaction: tells those at once who would find out at their next read. */
  overtake(compactRevision: Revision): void {
    for (const [number, bucket] of this.#buckets) {
      if (number * BUCKET_REVISIONS >= compactRevision) continue;
      for (const watcher of bucket) {
        if (watcher.next < compactRevision) this.#host.overtaken(watcher, compactRevision);
      }
    }
  }

  /** The store was replaced: a read under way answers for the old one, so its watchers begin again. */
  restart(): void {
    this.#epoch++;
    for (const watcher of this.#endRead()) this.add(watcher);
  }

  #schedule(): void {
    if (this.#scheduled || this.#group !== null || this.#buckets.size === 0) return;
    this.#scheduled = true;
    this.#scheduler.yieldTo(() => {
      this.#scheduled = false;
      if (this.#group === null) this.#turn();
    });
  }

  /** Takes the next bucket that has watchers with room, and reads for them. */
  #turn(): void {
    for (const [number, bucket] of this.#buckets) {
      this.#buckets.delete(number);
      const members = this.#takeMembers(bucket);
      if (bucket.size > 0) this.#buckets.set(number, bucket);
      if (members.length === 0) continue;
      this.#read(members);
      return;
    }
  }

  #takeMembers(bucket: Set<Watcher>): Watcher[] {
    const members: Watcher[] = [];
    for (const watcher of bucket) {
      if (members.length === GROUP_MAX) break;
      bucket.delete(watcher);
      watcher.bucket = null;
      if (watcher.stream.outbox.full) watcher.stream.parked.add(watcher);
      else members.push(watcher);
    }
    return members;
  }

  #read(members: Watcher[]): void {
    const group = new WatcherIndex();
    let lo = Number.MAX_SAFE_INTEGER;
    let prevKv = false;
    for (const watcher of members) {
      group.add(watcher);
      if (watcher.next < lo) lo = watcher.next;
      if (watcher.prevKv) prevKv = true;
    }
    this.#group = group;
    this.#members = members;
    this.#tail = [];
    // While the store loads a snapshot its own number may lag.
    const revision = Math.max(this.#store.revision, this.#host.published);
    const epoch = this.#epoch;
    const query = { lo, ranges: mergedRanges(members), limit: this.#rows, prevKv };
    this.#store.history(query, (result) => {
      if (epoch !== this.#epoch) return;
      if (result.ok) this.#deliver(result.events, lo, result.next, revision, prevKv);
      else this.#compacted(result.compactRevision);
      this.#schedule();
    });
  }

  #deliver(
    history: readonly HistoryEvent[],
    lo: Revision,
    next: Revision,
    asked: Revision,
    prevKv: boolean,
  ): void {
    assertLt(lo, next, 'a read of history goes on');
    this.#adapt(history);
    const group = assertDefined(this.#group, 'a read that ends was in flight');
    for (const event of history) group.collect(EncodedEvent.fromHistory(event, prevKv), null);
    let reached = next;
    // `#tail` has all that was published since the read began, so behind `asked` it has no gap.
    if (next > asked && this.#tail !== null) {
      for (const event of this.#tail) if (event.revision >= next) group.collect(event, null);
      reached = Math.max(next, this.#host.published + 1);
    }
    const members = this.#endRead();
    const revision = Math.max(asked, reached - 1);
    for (const watcher of members) this.#advance(watcher, revision, reached);
  }

  /** Each member once: sending may close streams and make room in others. */
  #advance(watcher: Watcher, revision: Revision, reached: Revision): void {
    const events = watcher.batch;
    watcher.batch = null;
    if (watcher.state !== 'lagging') return;
    if (events !== null && watcher.stream.outbox.full) {
      // What was found is dropped here and read again once there is room.
      watcher.next = (events[0] as EncodedEvent).revision;
      watcher.stream.parked.add(watcher);
      return;
    }
    watcher.next = Math.max(watcher.next, reached);
    if (events !== null) this.#host.deliver(watcher, revision, events);
    // Only what is sent can have changed the state, by closing the stream.
    if ((watcher.state as WatcherState) !== 'lagging') return;
    if (watcher.next > this.#host.published) this.#host.synced(watcher);
    else this.add(watcher);
  }

  #compacted(compactRevision: Revision): void {
    for (const watcher of this.#endRead()) {
      if (watcher.state !== 'lagging') continue;
      if (watcher.next < compactRevision) this.#host.overtaken(watcher, compactRevision);
      else this.add(watcher);
    }
  }

  /** Answers the watchers of the read that are still lagging, out of any index. */
  #endRead(): Watcher[] {
    const members = this.#members.filter((watcher) => watcher.index === this.#group);
    for (const watcher of members) watcher.index?.remove(watcher);
    this.#members = [];
    this.#group = null;
    this.#tail = null;
    return members;
  }

  /** More rows while they are small, fewer when they are large. */
  #adapt(events: readonly MvccEvent[]): void {
    let bytes = 0;
    for (const event of events) bytes += event.kv.length;
    const grown = this.#rows * 4;
    const fitting = bytes === 0 ? grown : Math.ceil((SLICE_BYTES_AIM / bytes) * events.length);
    this.#rows = Math.max(1, Math.min(grown, fitting, this.#options.historyRowsMax));
  }
}

/** The union of what the watchers want: sorted, not touching. */
export function mergedRanges(watchers: readonly Pick<Watcher, 'key' | 'end'>[]): KeyRange[] {
  const ranges = watchers.map(({ key, end }) => ({ key, end: end === '' ? `${key}\0` : end }));
  ranges.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const merged: { key: string; end: string | null }[] = [];
  let last: { key: string; end: string | null } | null = null;
  for (const range of ranges) {
    if (last === null || (last.end !== null && last.end < range.key)) {
      last = { key: range.key, end: range.end };
      merged.push(last);
    } else if (last.end !== null && (range.end === null || range.end > last.end)) {
      last.end = range.end;
    }
  }
  return merged;
}
