/**
 * Finds the record of a version: in the overlay, among those prefetched for the next write, among those
 * written or read not long ago, or else in the engine.
 *
 * Misses of one turn are collected and asked for together, at most `GET_KEYS_MAX` a call and
 * `GETS_MAX` calls at a time: one row alone costs several times its share of a hundred.
 */
import {
  type DiskFailure,
  type EngineReader,
  type Revision,
  type Scheduler,
  assert,
} from '@conclave/base';
import { Overlay } from './overlay.js';
import { RecordCache, type RecordId, recordId } from './record-cache.js';
import { versionRow } from './rows.js';
import { WrittenRecords } from './written-records.js';

const GET_KEYS_MAX = 1_000;
const GETS_MAX = 4;

/** Where a version's record is found. */
export interface Place {
  readonly main: Revision;
  readonly sub: number;
}

/** One request for records; `left` counts those still missing. */
interface Fetch {
  readonly records: Uint8Array[];
  left: number;
  readonly done: (records: readonly Uint8Array[]) => void;
}

interface Miss {
  readonly place: Place;
  readonly slot: number;
  readonly fetch: Fetch;
}

export interface RecordsPorts {
  readonly scheduler: Scheduler;
  /** A read failed, or a row that must be there is not: the end of this process. */
  readonly failed: (message: string) => void;
}

export class Records {
  overlay: Overlay;
  engine: EngineReader;
  readonly #written: WrittenRecords;
  readonly #cache: RecordCache;
  readonly #ports: RecordsPorts;
  readonly #pinned = new Map<RecordId, Uint8Array>();
  #queue: Miss[] = [];
  #scheduled = false;
  #gets = 0;
  #epoch = 0;

  constructor(engine: EngineReader, cacheBytesMax: number, ports: RecordsPorts) {
    this.engine = engine;
    this.overlay = new Overlay(1);
    this.#written = new WrittenRecords(cacheBytesMax / 2);
    this.#cache = new RecordCache(cacheBytesMax / 2);
    this.#ports = ports;
  }

  /** Counts the states this room has had; a callback of an earlier one is to be dropped. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The record if it is in memory, else null. Shared: not to be changed. */
  peek(main: Revision, sub: number): Uint8Array | null {
    const written = this.overlay.record(main, sub);
    if (written !== null) return written;
    if (this.#pinned.size > 0) {
      const pinned = this.#pinned.get(recordId(main, sub));
      if (pinned !== undefined) return pinned;
    }
    return this.#written.get(main, sub) ?? this.#cache.get(main, sub);
  }

  /** The record of a version that was prefetched. */
  now(main: Revision, sub: number): Uint8Array {
    const record = this.peek(main, sub);
    assert(record !== null, 'write: every record it needs was prefetched');
    return record;
  }

  /** Keeps a record in memory until `unpin`. */
  pin(main: Revision, sub: number, record: Uint8Array): void {
    this.#pinned.set(recordId(main, sub), record);
  }

  unpin(): void {
    if (this.#pinned.size > 0) this.#pinned.clear();
  }

  /** Answers in the order of `places`; before it returns if all are in memory. */
  fetch(places: readonly Place[], done: (records: readonly Uint8Array[]) => void): void {
    const records: Uint8Array[] = [];
    records.length = places.length;
    let fetch: Fetch | null = null;
    for (let slot = 0; slot < places.length; slot++) {
      const place = places[slot] as Place;
      const record = this.peek(place.main, place.sub);
      if (record !== null) {
        records[slot] = record;
        continue;
      }
      if (fetch === null) fetch = { records, left: 0, done };
      fetch.left++;
      this.#queue.push({ place, slot, fetch });
    }
    if (fetch === null) done(records);
    else this.#schedule();
  }

  opsDone(): void {
    this.overlay.finished(this.#written);
  }

  /** Forgets everything; what was asked for is never answered. */
  reset(overlay: Overlay): void {
    this.#epoch++;
    this.overlay = overlay;
    this.#written.clear();
    this.#cache.clear();
    this.#pinned.clear();
    this.#queue = [];
    this.#gets = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#gets >= GETS_MAX) return;
    this.#scheduled = true;
    this.#ports.scheduler.yieldTo(() => {
      this.#scheduled = false;
      while (this.#queue.length > 0 && this.#gets < GETS_MAX) this.#get();
    });
  }

  #get(): void {
    const misses = this.#queue.splice(0, GET_KEYS_MAX);
    const keys = misses.map((miss) => versionRow(miss.place.main, miss.place.sub, false));
    const epoch = this.#epoch;
    this.#gets++;
    this.engine.get(keys, (failure, values) => {
      if (epoch !== this.#epoch) return;
      this.#gets--;
      if (failure !== null) this.#ports.failed(failureText('get', failure));
      else for (let i = 0; i < misses.length; i++) this.#found(misses[i] as Miss, values[i]);
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #found(miss: Miss, record: Uint8Array | null | undefined): void {
    const { main, sub } = miss.place;
    if (record === null || record === undefined) {
      this.#ports.failed(`state: the record of revision ${main}.${sub} is missing`);
      return;
    }
    this.#cache.put(main, sub, record);
    miss.fetch.records[miss.slot] = record;
    miss.fetch.left--;
    if (miss.fetch.left === 0) miss.fetch.done(miss.fetch.records);
  }
}

export function failureText(what: string, failure: DiskFailure): string {
  return `state: ${what} failed: ${failure.code} ${failure.message}`;
}
