import {
  type ByteString,
  type Random,
  type Revision,
  type Scheduler,
  assert,
  fromByteString,
} from '@conclave/base';
import type { HistoryEvent, KeyRange, MvccEvent, Store, Version } from '@conclave/mvcc';
import { KeyValue } from '@conclave/wire';

/**
 * A store that remembers every event, for the tests of this room: just what watches need of `Store`, plainly
 * written. With `random`, answers come at once or in a later turn, and reads are cut short.
 */
export interface FakeWrite {
  readonly key: ByteString;
  /** Null: delete. */
  readonly value: string | null;
}

export type WatchedStore = Pick<Store, 'revision' | 'compactRevision' | 'history' | 'record'>;

export class FakeStore implements WatchedStore {
  revision: Revision = 1;
  compactRevision: Revision = -1;
  /** Every event ever, in order. */
  readonly events: MvccEvent[] = [];
  /** Calls of `history`, for tests that count reads. */
  readonly queries: { readonly lo: Revision; readonly ranges: readonly KeyRange[] }[] = [];
  recordReads = 0;
  /** Records are answered only when the test says so. */
  holdRecords = false;
  readonly #held: (() => void)[] = [];
  readonly #scheduler: Scheduler;
  readonly #random: Random | null;
  readonly #latest = new Map<ByteString, Version>();
  readonly #records = new Map<string, Uint8Array>();
  readonly #revisions = new Map<Revision, readonly MvccEvent[]>();

  constructor(scheduler: Scheduler, random: Random | null = null) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** This fake as the whole store; what watches never call is missing. */
  asStore(): Store {
    return this as unknown as Store;
  }

  /** One transaction. Answers its events. */
  write(...writes: readonly FakeWrite[]): readonly MvccEvent[] {
    const main = ++this.revision;
    const events = writes.map((write, sub) => this.#event(write, main, sub));
    this.events.push(...events);
    this.#revisions.set(main, events);
    return events;
  }

  compact(revision: Revision): void {
    assert(revision > this.compactRevision && revision <= this.revision, 'a compaction moves on');
    this.compactRevision = revision;
  }

  /** The state of `source`, as a snapshot install leaves it. */
  replaceBy(source: FakeStore): void {
    this.events.length = 0;
    this.events.push(...source.events);
    this.revision = source.revision;
    this.compactRevision = source.compactRevision;
    this.#held.length = 0;
    this.#latest.clear();
    for (const [key, version] of source.#latest) this.#latest.set(key, version);
    for (const [name, record] of source.#records) this.#records.set(name, record);
    for (const [revision, events] of source.#revisions) this.#revisions.set(revision, events);
  }

  readonly history: Store['history'] = (query, done) => {
    this.queries.push({ lo: query.lo, ranges: query.ranges });
    this.#answer(() => {
      if (query.lo < this.compactRevision) {
        done({ ok: false, code: 'compacted', compactRevision: this.compactRevision });
        return;
      }
      const short = this.#random?.chance(0.2) === true;
      const limit = short ? 1 : query.limit;
      const events: HistoryEvent[] = [];
      let next = query.lo;
      let revisions = 0;
      for (; next <= this.revision && revisions < limit; next++) {
        revisions++;
        for (const event of this.#at(next)) {
          if (!query.ranges.some((range) => inRange(event.key, range))) continue;
          events.push({ ...event, prevKv: query.prevKv ? this.#previousOf(event) : null });
        }
      }
      done({ ok: true, events, next });
    });
  };

  readonly record: Store['record'] = (version, key, done) => {
    this.recordReads++;
    const answer = (): void => done(this.#recordOf(version, key));
    if (this.holdRecords) this.#held.push(answer);
    else this.#answer(answer);
  };

  /** Answers the records held, in reverse, to be nasty. */
  releaseRecords(): void {
    for (const answer of this.#held.splice(0).reverse()) answer();
  }

  #answer(task: () => void): void {
    if (this.#random?.chance(0.3) === true) task();
    else this.#scheduler.yieldTo(task);
  }

  #at(revision: Revision): readonly MvccEvent[] {
    return this.#revisions.get(revision) ?? [];
  }

  #event({ key, value }: FakeWrite, main: Revision, sub: number): MvccEvent {
    const latest = this.#latest.get(key);
    const previous = latest === undefined || latest.tombstone ? null : latest;
    const put = value !== null;
    const create = !put ? 0 : previous === null ? main : previous.create;
    const version = put ? (previous?.version ?? 0) + 1 : 0;
    const kv = KeyValue.encode(
      KeyValue.create({
        key: fromByteString(key),
        modRevision: main,
        createRevision: create,
        version,
        value: fromByteString(value ?? ''),
      }),
    );
    this.#latest.set(key, { main, sub, create, version, lease: 0n, tombstone: !put });
    this.#records.set(`${main}/${key}`, kv);
    return { type: put ? 'put' : 'delete', key, main, sub, kv, create, previous };
  }

  #previousOf(event: MvccEvent): Uint8Array | null {
    return event.previous === null ? null : this.#recordOf(event.previous, event.key);
  }

  /** Gone once a later version of the key is at or below the compact revision. */
  #recordOf(version: Version, key: ByteString): Uint8Array | null {
    const gone = this.events.some(
      (event) =>
        event.key === key && event.main > version.main && event.main <= this.compactRevision,
    );
    return gone ? null : (this.#records.get(`${version.main}/${key}`) ?? null);
  }
}

export function inRange(key: ByteString, range: KeyRange): boolean {
  if (range.end === '') return key === range.key;
  return key >= range.key && (range.end === null || key < range.end);
}
