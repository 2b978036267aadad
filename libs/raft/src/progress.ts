/**
 * What a leader knows about one peer, and whether it may send to it now.
 *
 *     probe      one append, then wait: where the logs agree is not known yet
 *     replicate  stream of appends, bounded by the window; `next` runs ahead of what is acknowledged
 *     snapshot   nothing is sent but heartbeats until a snapshot is installed or has failed
 *
 * Invariant: match < next. In `probe` and `snapshot` the window is empty.
 */
import { assertLt, type Index, type Term } from '@conclave/base';
import type { SnapshotMeta } from '@conclave/wire';
import { Inflights } from './inflights.js';
import type { Slot } from './ready.js';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export class Progress {
  readonly slot: Slot;
  /** Known to be durable there and equal to our log up to here. */
  match: Index = 0;
  /** The next entry to send. */
  next: Index;
  state: ProgressState = 'probe';
  learner: boolean;
  /** A message of this peer was received since CheckQuorum last looked. */
  recentActive: boolean;
  /** No more appends until an answer to an append or a heartbeat arrives. */
  paused = false;
  readonly inflights: Inflights;
  /** Highest commit index ever sent in an append on this stream; a hint that saves messages. */
  sentCommit: Index = 0;
  /** Largest read context this peer has confirmed in the present term. */
  readAck = 0;
  /** The snapshot that was announced; null until the replica has chosen one. */
  snapshot: SnapshotMeta | null = null;
  /** Tick at which the snapshot was announced last. */
  snapshotTick = 0;
  /** Id of the outstanding EntriesRequest for this peer, or 0. */
  reading = 0;
  /** An entry of ours whose term was read back from disk: the one before those to send. */
  readIndex: Index = -1;
  readTerm: Term = 0;

  constructor(slot: Slot, next: Index, learner: boolean, inflights: Inflights) {
    this.slot = slot;
    this.next = next;
    this.learner = learner;
    this.recentActive = false;
    this.inflights = inflights;
  }

  /** Starts over, for a new term: nothing is known of the peer's log. */
  reset(next: Index): void {
    this.match = 0;
    this.next = next;
    this.recentActive = false;
    this.readAck = 0;
    this.#enter('probe');
  }

  becomeProbe(): void {
    const installed = this.state === 'snapshot' && this.snapshot !== null ? this.snapshot.index : 0;
    this.next = Math.max(this.match, installed) + 1;
    this.#enter('probe');
  }

  becomeReplicate(): void {
    this.next = this.match + 1;
    this.#enter('replicate');
  }

  becomeSnapshot(): void {
    this.#enter('snapshot');
  }

  #enter(state: ProgressState): void {
    this.state = state;
    this.paused = false;
    this.snapshot = null;
    this.snapshotTick = 0;
    this.reading = 0;
    this.readIndex = -1;
    this.sentCommit = 0;
    this.inflights.clear();
    assertLt(this.match, this.next, 'Progress: match < next');
  }

  /** True if nothing may be sent now. */
  get isPaused(): boolean {
    return this.state === 'snapshot' || this.paused || this.reading !== 0;
  }

  /** Notes an append that was just sent; `last` is its last index, or that before it if empty. */
  sent(last: Index, count: number, bytes: number): void {
    if (this.state === 'probe') {
      this.paused = true;
      return;
    }
    if (count > 0) {
      this.next = last + 1;
      this.inflights.add(last, bytes);
    }
    this.paused = this.inflights.full;
  }

  /** The peer acknowledged `index`. False if that is no news. */
  acknowledge(index: Index): boolean {
    if (index <= this.match) return false;
    this.match = index;
    if (this.next <= index) this.next = index + 1;
    this.paused = false;
    return true;
  }

  /**
   * The peer refused an append after `rejected` and proposes to agree at `hint`. False if the
   * answer is old news (a later message has moved on), so that nothing is to be done.
   */
  refuse(rejected: Index, hint: Index): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.becomeProbe();
      return true;
    }
    if (this.state === 'snapshot' || this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
    this.paused = false;
    this.reading = 0;
    return true;
  }
}
