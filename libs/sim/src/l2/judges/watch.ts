/**
 * What a watch promises (C4, I17 to I23), judged against the committed events: ordered, unique, atomic,
 * reliable (all there is from the start to the last, nothing else), bookmarkable (progress only
 * behind everything it speaks of), resumable (a new watch from where one broke off is another record
 * that must be whole in itself), and with the right filter, previous value and creation mark.
 */
import { toByteString } from '@conclave/base';
import { type Event, EventType, FilterType, type KeyValue } from '@conclave/wire';
import type { Commit, CommittedEvent, Compaction, Finding, WatchRecord } from './history.js';
import { ModelStore, isInRange } from './model-store.js';
import { sameKv } from './revision.js';

export interface WatchHistory {
  readonly commits: readonly Commit[];
  readonly compactions: readonly Compaction[];
}

/** `atHead`: every open watcher has had time to catch up with the last commit. */
export function judgeWatches(
  history: WatchHistory,
  records: readonly WatchRecord[],
  atHead: boolean,
): Finding[] {
  const store = new ModelStore(history.commits);
  const findings: Finding[] = [];
  for (const record of records) {
    const judge = new WatchJudge(history, store, record, (rule, text) => {
      findings.push({ rule, text: `${record.name}: ${text}` });
    });
    judge.run(atHead);
  }
  return findings.slice(0, 20);
}

class WatchJudge {
  readonly #history: WatchHistory;
  readonly #store: ModelStore;
  readonly #record: WatchRecord;
  readonly #find: (rule: string, text: string) => void;
  /** Everything below this revision was told, as far as it matches. */
  #next: number;
  #lastProgress = 0;

  constructor(
    history: WatchHistory,
    store: ModelStore,
    record: WatchRecord,
    find: (rule: string, text: string) => void,
  ) {
    this.#history = history;
    this.#store = store;
    this.#record = record;
    this.#find = find;
    const { startRevision } = record.create;
    this.#next = startRevision > 0 ? startRevision : record.createdRevision + 1;
  }

  run(atHead: boolean): void {
    const { responses, state, create } = this.#record;
    if (this.#record.createdRevision === 0) return;
    let open: Event[] | null = null;
    for (const response of responses) {
      if (response.canceled) {
        // A cancellation may cut a group of fragments short.
        this.#canceled(response.compactRevision, response.cancelReason);
        return;
      }
      if (response.events.length === 0) {
        if (open !== null) this.#find('I19', 'progress in the middle of a fragmented response');
        this.#progress(response.header?.revision ?? 0);
        continue;
      }
      if (response.fragment && !create.fragment) {
        this.#find('I19', 'a fragment that was not asked for');
      }
      const events: Event[] = open ?? [];
      for (const event of response.events) events.push(event);
      open = response.fragment ? events : null;
      if (open === null) this.#batch(events);
    }
    if (state === 'open' && atHead && open === null) this.#atHead();
  }

  /** Whole revisions, in order, each exactly what was committed. */
  #batch(events: readonly Event[]): void {
    let at = 0;
    while (at < events.length) {
      const revision = modRevision(events[at] as Event);
      let end = at;
      while (end < events.length && modRevision(events[end] as Event) === revision) end++;
      if (revision < this.#next) {
        const rule = revision === this.#next - 1 ? 'I18' : 'I17';
        this.#find(rule, `revision ${revision} again or too late, at ${this.#next} already`);
        return;
      }
      this.#skipped(revision);
      this.#revision(revision, events.slice(at, end));
      this.#next = revision + 1;
      at = end;
    }
  }

  /** Nothing that matches may lie in `[next, revision)`. */
  #skipped(revision: number): void {
    for (let r = this.#next; r < revision; r++) {
      if (this.#matching(r).length === 0) continue;
      this.#find('I20', `revision ${r} is missing, ${revision} came`);
      return;
    }
  }

  #revision(revision: number, events: readonly Event[]): void {
    const wanted = this.#matching(revision);
    if (events.length !== wanted.length) {
      const text = `revision ${revision} came with ${events.length} of ${wanted.length} events`;
      this.#find(wanted.length === 0 ? 'I23' : 'I19', text);
      return;
    }
    events.forEach((event, i) => {
      this.#event(revision, event, wanted[i] as CommittedEvent);
    });
  }

  #event(revision: number, event: Event, wanted: CommittedEvent): void {
    const isPut = event.type === EventType.PUT;
    if (isPut !== (wanted.type === 'put') || event.kv === null) {
      return this.#find('I20', `revision ${revision} has another event than was committed`);
    }
    if (!sameKv(event.kv, wanted.kv)) {
      return this.#find('I20', `revision ${revision} has another key or value than was committed`);
    }
    const { prevKv } = this.#record.create;
    if (!prevKv) {
      if (event.prevKv !== null) this.#find('I23', `revision ${revision} has an unasked prev_kv`);
      return;
    }
    const before = this.#store.get(toByteString(event.kv.key), revision - 1);
    if (event.prevKv === null) {
      // What came before may be compacted; then it is left out.
      const isCompacted = this.#history.compactions.some((c) => c.revision >= revision - 1);
      if (before !== null && !isCompacted) this.#find('I23', `revision ${revision} lacks prev_kv`);
      return;
    }
    if (!sameKv(event.prevKv, before)) {
      this.#find('I23', `revision ${revision} has the wrong prev_kv`);
    }
  }

  #progress(revision: number): void {
    if (revision < this.#lastProgress) {
      this.#find('I21', `progress fell from ${this.#lastProgress} to ${revision}`);
    }
    this.#lastProgress = Math.max(this.#lastProgress, revision);
    for (let r = this.#next; r <= Math.min(revision, this.#store.revision); r++) {
      if (this.#matching(r).length === 0) continue;
      this.#find('I21', `progress to ${revision} before revision ${r} was told`);
      return;
    }
  }

  #canceled(compactRevision: number, reason: string): void {
    if (compactRevision === 0) return;
    const isTrue = this.#history.compactions.some((c) => c.revision === compactRevision);
    if (!isTrue) this.#find('I20', `canceled by compaction ${compactRevision}, which never was`);
    if (this.#next > compactRevision) {
      const text = `canceled (${reason}) at compaction ${compactRevision}, needing only ${this.#next}`;
      this.#find('I20', text);
    }
  }

  #atHead(): void {
    for (let r = this.#next; r <= this.#store.revision; r++) {
      if (this.#matching(r).length === 0) continue;
      this.#find('C5', `is open and never told revision ${r} of ${this.#store.revision}`);
      return;
    }
  }

  #matching(revision: number): CommittedEvent[] {
    const { key, rangeEnd, filters } = this.#record.create;
    const events = this.#store.commit(revision)?.events ?? [];
    return events.filter(
      (event) =>
        isInRange(event.key, key, rangeEnd) &&
        !filters.includes(event.type === 'put' ? FilterType.NOPUT : FilterType.NODELETE),
    );
  }
}

function modRevision(event: Event): number {
  const kv: KeyValue | null = event.kv;
  return kv?.modRevision ?? 0;
}
