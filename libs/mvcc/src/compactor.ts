/**
 * Physical compaction: makes the engine and the index forget what a logical compaction put out of
 * reach. One slice a call, one compaction at a time, in order.
 *
 * A compaction at C walks all keys in order. Of each key it drops what `KeyHistory.droppedBy(C)` says,
 * and writes the versions <= C that stay into 'k' rows of C. At the end one batch makes those rows
 * count: it removes the 'k' rows of the compaction before, all 'i' rows up to C, and records C as
 * finished. A crash before that leaves C scheduled and not finished; the start then reads the older
 * rows, which name versions that are gone but that nobody can ask for, and the walk begins again.
 *
 * With `hashesKept`, each compaction first hashes the store as HashKV at C would have with the
 * compacted revision before, as etcd from 3.5.5 on: members compare these later.
 */
import { type Revision, assert } from '@conclave/base';
import { HashRead } from './hash-read.js';
import type { KeyHistory } from './key-history.js';
import { VersionPacker, encodeNumber, indexRow, keysRow, metaRow, versionRow } from './rows.js';
import type { State } from './state.js';

/** Compactions that wait behind one another; beyond, older ones are skipped for the newest. */
const JOBS_MAX = 16;

export interface CompactionHash {
  readonly revision: Revision;
  readonly hash: number;
  /** The compacted revision before that compaction. */
  readonly compactRevision: Revision;
}

interface Job {
  readonly revision: Revision;
  /** Null: not known any more, so no hash is made. */
  readonly before: Revision | null;
  phase: 'hash' | 'hashing' | 'walk' | 'walking';
  /** Where the walk goes on. */
  from: string;
  seq: number;
}

interface Waiter {
  readonly revision: Revision;
  readonly done: () => void;
}

export class Compactor {
  readonly #state: State;
  readonly #packer = new VersionPacker();
  #jobs: Job[] = [];
  #hashes: CompactionHash[] = [];
  #waiters: Waiter[] = [];
  #written: Revision = -1;

  constructor(state: State) {
    this.#state = state;
  }

  /** Queues the physical work of a logical compaction. `before`: the compacted revision before it. */
  schedule(revision: Revision, before: Revision | null): void {
    this.#jobs.push({ revision, before, phase: 'hash', from: '', seq: 0 });
    if (this.#jobs.length > JOBS_MAX) this.#jobs.splice(1, 1);
  }

  /** One slice; false: there is none. True may also mean: wait for a read or a hash. */
  step(): boolean {
    const job = this.#jobs[0];
    if (job === undefined) return false;
    if (job.phase === 'hash') this.#hash(job);
    else if (job.phase !== 'hashing') this.#walk(job);
    return this.#jobs.length > 0;
  }

  /** The hash made at the compaction at exactly `revision`. */
  hashOf(revision: Revision): CompactionHash | null {
    return this.#hashes.find((hash) => hash.revision === revision) ?? null;
  }

  get hashes(): readonly CompactionHash[] {
    return this.#hashes;
  }

  whenWritten(revision: Revision, done: () => void): void {
    if (this.#written >= revision) done();
    else this.#waiters.push({ revision, done });
  }

  /** After a load; resumes what was scheduled and not finished. Waiters stay. */
  reset(scheduled: Revision, finished: Revision): void {
    this.#jobs = [];
    this.#hashes = [];
    if (scheduled > finished) this.schedule(scheduled, null);
    this.#finished(finished);
  }

  #hash(job: Job): void {
    const { hashesKept } = this.#state.options;
    if (hashesKept === 0 || job.before === null) {
      job.phase = 'walk';
      return;
    }
    const before = job.before;
    job.phase = 'hashing';
    new HashRead(this.#state, job.revision, before, (hash) => {
      if (hash === null) return;
      this.#hashes.push({ revision: job.revision, hash, compactRevision: before });
      if (this.#hashes.length > hashesKept) this.#hashes.shift();
      job.phase = 'walk';
    }).start();
  }

  #walk(job: Job): void {
    const { index, reads, records, options } = this.#state;
    if (!reads.allow(job.revision)) return;
    const { overlay } = records;
    if (job.phase === 'walk') {
      job.phase = 'walking';
      const lo = keysRow(job.revision, 0);
      overlay.addRow({ type: 'delete-range', lo, hi: keysRow(job.revision + 1, 0) });
    }
    const gone: string[] = [];
    let budget = options.compactionBatchRows;
    let cutShort: string | null = null;
    const next = index.walk(job.from, null, options.compactionBatchRows, (history) => {
      const drop = history.droppedBy(job.revision);
      const n = Math.min(drop, budget);
      this.#drop(history, n);
      budget -= n;
      if (n < drop) {
        cutShort = history.key;
        return false;
      }
      if (history.length === 0) gone.push(history.key);
      else this.#keep(history, job.revision);
      return true;
    });
    for (const key of gone) index.remove(key);
    if (this.#packer.count > 0) {
      const key = keysRow(job.revision, job.seq++);
      overlay.addRow({ type: 'put', key, value: this.#packer.take() });
    }
    const from = cutShort ?? next;
    if (from !== null) job.from = from;
    else this.#finish(job);
  }

  #drop(history: KeyHistory, n: number): void {
    const { overlay } = this.#state.records;
    for (let i = 0; i < n; i++) {
      const key = versionRow(history.mainAt(i), history.subAt(i), history.tombstoneAt(i));
      overlay.addRow({ type: 'delete', key });
    }
    history.cut(n);
    this.#state.counts.compacted += n;
  }

  /** Packs the versions that a finished compaction's 'k' rows must name. */
  #keep(history: KeyHistory, revision: Revision): void {
    for (let i = 0; i < history.length && history.mainAt(i) <= revision; i++) {
      this.#packer.add(
        history.key,
        history.mainAt(i),
        history.subAt(i),
        history.createAt(i),
        history.versionAt(i),
        history.leaseAt(i),
        history.tombstoneAt(i),
      );
    }
  }

  #finish(job: Job): void {
    const { overlay } = this.#state.records;
    const { revision } = job;
    assert(this.#jobs[0] === job, 'compactions finish in order');
    overlay.addRow({ type: 'delete-range', lo: keysRow(0, 0), hi: keysRow(revision, 0) });
    overlay.addRow({ type: 'delete-range', lo: indexRow(0), hi: indexRow(revision + 1) });
    overlay.addRow({ type: 'put', key: metaRow('finished'), value: encodeNumber(revision) });
    overlay.whenWritten(() => this.#finished(revision));
    this.#jobs.shift();
  }

  #finished(revision: Revision): void {
    this.#written = revision;
    const ready = this.#waiters.filter((waiter) => waiter.revision <= revision);
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > revision);
    for (const waiter of ready) waiter.done();
  }
}
