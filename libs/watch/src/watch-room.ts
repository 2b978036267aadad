import {
  type Probe,
  type Random,
  type Revision,
  type Scheduler,
  assert,
  assertEq,
  assertLe,
} from '@conclave/base';
import type { MvccEvent, Store } from '@conclave/mvcc';
import { CatchUp, type CatchUpHost } from './catch-up.js';
import { EncodedEvent, PreviousRecords } from './encoded-event.js';
import { WATCHERS_MAX } from './outbox.js';
import { Stream, type StreamHost, type StreamOptions } from './stream.js';
import type { WatchHub, WatchOptions, WatchSink, WatchStream } from './types.js';
import { type WatchersByRange, surveyWatchers } from './watch-survey.js';
import { WatcherIndex } from './watcher-index.js';
import type { Watcher } from './watcher.js';

/**
 * All watchers of one member (spec 2.7). What is applied is published here, in order; watchers in sync get it
 * at once, in time proportional to those that match; the others read history until they are in sync.
 *
 * A watcher never loses an event. One whose stream has no room falls back to history, from the first revision
 * that was not queued, and comes back when there is room; if a compaction overtakes it, it is told so.
 *
 * Invariants: `#published` is the last revision published; every synced watcher was handed each matching
 * event up to it; a publication is one revision, and the next one.
 *
 * Make it when the store is loaded, or call `restored` then.
 */

/** Part of the interval by which the first periodic progress of a stream is put off, at random. */
const PROGRESS_JITTER = 0.1;

export interface WatchPorts {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly probe: Probe;
  /** For the jitter of periodic progress alone. */
  readonly random: Random;
}

export class WatchRoom implements WatchHub, StreamHost, CatchUpHost {
  readonly #options: WatchOptions;
  readonly #streamOptions: StreamOptions;
  readonly #ports: WatchPorts;
  readonly #streams = new Set<Stream>();
  /** Streams that have a watcher with progress_notify. */
  readonly #notifying = new Set<Stream>();
  /** Watchers in sync. */
  readonly #live = new WatcherIndex();
  readonly #catchUp: CatchUp;
  readonly #previous: PreviousRecords;
  #published: Revision;
  #publishing = false;
  #watcherCount = 0;
  #laggingCount = 0;
  #nowMs: number | null = null;

  constructor(options: WatchOptions, ports: WatchPorts) {
    assertLe(options.watchersPerStreamMax, WATCHERS_MAX, 'watchersPerStreamMax');
    assertLe(1, options.progressIntervalMs, 'progressIntervalMs is positive');
    this.#options = options;
    this.#ports = ports;
    this.#streamOptions = Object.freeze({
      bytesMax: options.streamQueueBytesMax,
      fragmentBytesMax: options.fragmentBytesMax,
      watchersMax: options.watchersPerStreamMax,
    });
    this.#published = ports.store.revision;
    this.#catchUp = new CatchUp(options, ports.store, ports.scheduler, this);
    this.#previous = new PreviousRecords(ports.store);
  }

  get watcherCount(): number {
    return this.#watcherCount;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  /** Watchers that read history, or wait for room to do so. */
  get laggingCount(): number {
    return this.#laggingCount;
  }

  /** Bytes queued for the stream that has most, about; looks at all streams. */
  get queuedBytes(): number {
    let most = 0;
    for (const { outbox } of this.#streams) most = Math.max(most, outbox.bytes);
    return most;
  }

  open(sink: WatchSink, header: (revision: Revision) => Uint8Array): WatchStream {
    const stream = new Stream(this.#streamOptions, sink, header, this);
    this.#streams.add(stream);
    return stream;
  }

  /** Who watches what, in slices, beside everything else. */
  survey(done: (found: WatchersByRange) => void): void {
    surveyWatchers(this.#streams, this.#ports.scheduler, done);
  }

  publish(revision: Revision, events: readonly MvccEvent[]): void {
    assert(!this.#publishing, 'a publication ends before the next begins');
    assertEq(revision, this.#published + 1, 'revisions are published one by one');
    assertLe(revision, this.#ports.store.revision, 'what is published is in the store');
    this.#published = revision;
    if (this.#watcherCount === 0) return;
    this.#publishing = true;
    const touched: Watcher[] = [];
    const recorded: EncodedEvent[] | null = this.#catchUp.listening ? [] : null;
    for (const event of events) {
      assertEq(event.main, revision, 'an event belongs to the revision published');
      const encoded = new EncodedEvent(event);
      recorded?.push(encoded);
      this.#live.collect(encoded, touched);
    }
    if (recorded !== null) this.#catchUp.record(recorded);
    for (const watcher of touched) this.#deliverLive(watcher, revision);
    this.#publishing = false;
  }

  compacted(revision: Revision): void {
    this.#catchUp.overtake(revision);
  }

  restored(): void {
    const revision = this.#ports.store.revision;
    assertLe(this.#published, revision, 'a snapshot does not go back');
    const missed = this.#published + 1;
    this.#published = revision;
    this.#previous.restart();
    this.#catchUp.restart();
    // A snapshot may be ahead in the log and not in revisions: then nobody missed anything.
    if (missed > revision) return;
    for (const stream of this.#streams) {
      for (const watcher of stream.watchers) {
        if (watcher.state !== 'synced' || watcher.next > revision) continue;
        this.#fallBack(watcher, Math.max(watcher.next, missed));
      }
    }
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const stream of this.#notifying) {
      if (stream.progressAtMs === null) stream.progressAtMs = this.#firstProgress(nowMs);
      else if (nowMs >= stream.progressAtMs) {
        stream.progressAtMs = nowMs + this.#options.progressIntervalMs;
        stream.tickProgress();
      }
    }
    const { probe } = this.#ports;
    probe.gauge('etcd_debugging_mvcc_watcher_total', this.#watcherCount);
    probe.gauge('etcd_debugging_mvcc_watch_stream_total', this.#streams.size);
    probe.gauge('etcd_debugging_mvcc_slow_watcher_total', this.#laggingCount);
  }

  // ---- for streams

  /** While the store loads a snapshot its own number may lag. */
  get revision(): Revision {
    return Math.max(this.#ports.store.revision, this.#published);
  }

  get published(): Revision {
    return this.#published;
  }

  join(watcher: Watcher, start: Revision): void {
    const { revision } = this;
    this.#watcherCount++;
    // Applied but not yet published revisions are not for a watcher that starts "now".
    watcher.next = start === 0 ? revision + 1 : start;
    watcher.floor = start === 0 ? revision : start;
    if (watcher.next > this.#published) this.#goLive(watcher);
    else if (watcher.next < this.#ports.store.compactRevision) {
      this.#compact(watcher, this.#ports.store.compactRevision);
    } else {
      this.#lag(watcher);
      this.#catchUp.add(watcher);
    }
  }

  leave(watcher: Watcher): void {
    const { stream } = watcher;
    if (watcher.state === 'gone') return;
    this.#watcherCount--;
    if (watcher.state === 'synced') this.#live.remove(watcher);
    else if (watcher.state === 'lagging') this.#endLag(watcher);
    else stream.compacted--;
  }

  unpark(stream: Stream): void {
    const parked = [...stream.parked];
    stream.parked.clear();
    for (const watcher of parked) this.#catchUp.add(watcher);
  }

  notifyChanged(stream: Stream): void {
    if (!stream.notifies) {
      this.#notifying.delete(stream);
      stream.progressAtMs = null;
      return;
    }
    this.#notifying.add(stream);
    if (this.#nowMs !== null) stream.progressAtMs = this.#firstProgress(this.#nowMs);
  }

  closed(stream: Stream): void {
    this.#notifying.delete(stream);
    this.#streams.delete(stream);
  }

  ignored(): void {
    this.#ports.probe.log('warn', 'ignored a watch request: its client does not read the answers');
  }

  // ---- for the catch-up

  deliver(watcher: Watcher, revision: Revision, events: EncodedEvent[]): void {
    if (watcher.prevKv) for (const encoded of events) this.#previous.require(encoded);
    this.#ports.probe.count('etcd_debugging_mvcc_events_total', events.length);
    watcher.stream.sendEvents(watcher, revision, events);
  }

  synced(watcher: Watcher): void {
    this.#endLag(watcher);
    // No progress may be reported below what it has seen already.
    watcher.floor = Math.max(watcher.floor, watcher.next - 1);
    this.#goLive(watcher);
  }

  overtaken(watcher: Watcher, compactRevision: Revision): void {
    this.#endLag(watcher);
    this.#compact(watcher, compactRevision);
  }

  // ---- states

  #deliverLive(watcher: Watcher, revision: Revision): void {
    const events = watcher.takeBatch();
    // An earlier delivery may have closed its stream.
    if (watcher.state !== 'synced') return;
    if (watcher.stream.outbox.full) this.#fallBack(watcher, revision);
    else {
      watcher.next = revision + 1;
      this.deliver(watcher, revision, events);
    }
  }

  #fallBack(watcher: Watcher, next: Revision): void {
    this.#live.remove(watcher);
    watcher.next = next;
    this.#lag(watcher);
    this.#catchUp.add(watcher);
  }

  #goLive(watcher: Watcher): void {
    watcher.state = 'synced';
    this.#live.add(watcher);
    watcher.stream.holdProgress(watcher);
  }

  #lag(watcher: Watcher): void {
    watcher.state = 'lagging';
    watcher.stream.lagging++;
    this.#laggingCount++;
  }

  #endLag(watcher: Watcher): void {
    this.#catchUp.remove(watcher);
    watcher.stream.lagging--;
    this.#laggingCount--;
  }

  #compact(watcher: Watcher, compactRevision: Revision): void {
    watcher.state = 'compacted';
    watcher.stream.compacted++;
    watcher.stream.sendCompacted(watcher, compactRevision);
  }

  #firstProgress(nowMs: number): number {
    const jitter = this.#ports.random.fraction() * PROGRESS_JITTER;
    return nowMs + Math.ceil(this.#options.progressIntervalMs * (1 + jitter));
  }
}
