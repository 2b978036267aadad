/**
 * ReadIndex (thesis 6.4): what a leader must know before it may say "read at this index".
 *
 * The leader alone makes read contexts: a counter that never repeats. A heartbeat carries the
 * newest one; its answer confirms that one and every earlier one of the same term, for they were
 * sent before it. A read is answered once a quorum has confirmed the context given to it, and it
 * gets a context only after it has arrived, so no late answer to an earlier heartbeat can confirm
 * it. All reads that arrive between two rounds share one context.
 *
 * Invariants: contexts of `#pending` rise; requests of a leader that has committed nothing in its
 * own term wait without an index.
 */
import { assertLe, BoundedQueue, type Index } from '@conclave/base';
import { READS_WAITING_MAX } from './config.js';
import type { Slot } from './ready.js';

export interface ReadRequest {
  /** Who asked; our own slot for local reads. */
  readonly from: Slot;
  /** The asker's own number. */
  readonly context: number;
  /** Commit index when it was asked; -1 until the leader has committed in its term. */
  index: Index;
  /** The leader's context that confirms it; 0 until the next round is sent. */
  round: number;
}

export class ReadOnly {
  /** The newest context sent. Never reset: unique over all terms of this process. */
  round = 0;
  readonly #pending = new BoundedQueue<ReadRequest>(READS_WAITING_MAX);
  /** Requests with an index that wait for the next round. */
  #fresh: ReadRequest[] = [];
  /** Requests without an index: nothing is committed in this term yet. */
  #waiting: ReadRequest[] = [];

  get length(): number {
    return this.#pending.length + this.#fresh.length + this.#waiting.length;
  }

  /** False if there are too many. `index` -1: no commit in this term yet. */
  add(from: Slot, context: number, index: Index): boolean {
    if (this.length >= READS_WAITING_MAX) return false;
    const request = { from, context, index, round: 0 };
    if (index < 0) this.#waiting.push(request);
    else this.#fresh.push(request);
    return true;
  }

  /** The leader committed in its own term: those that waited read at `commit` or later. */
  committed(commit: Index): void {
    for (const request of this.#waiting) {
      request.index = commit;
      this.#fresh.push(request);
    }
    if (this.#waiting.length > 0) this.#waiting = [];
  }

  get needsRound(): boolean {
    return this.#fresh.length > 0;
  }

  /** Starts a round for all fresh requests; answers its context. */
  startRound(): number {
    this.round++;
    for (const request of this.#fresh) {
      request.round = this.round;
      this.#pending.push(request);
    }
    this.#fresh = [];
    return this.round;
  }

  /** The next request whose round a quorum has confirmed up to `confirmed`, taken out. */
  takeConfirmed(confirmed: number): ReadRequest | undefined {
    const oldest = this.#pending.peek();
    if (oldest === undefined || oldest.round > confirmed) return undefined;
    assertLe(oldest.round, this.round, 'ReadOnly: a round that was sent');
    return this.#pending.shift();
  }

  /** Drops everything; answers the numbers that `self` had asked under. */
  drop(self: Slot): readonly number[] {
    const dropped: number[] = [];
    let request = this.#pending.shift();
    while (request !== undefined) {
      if (request.from === self) dropped.push(request.context);
      request = this.#pending.shift();
    }
    for (const r of this.#fresh) if (r.from === self) dropped.push(r.context);
    for (const r of this.#waiting) if (r.from === self) dropped.push(r.context);
    this.#fresh = [];
    this.#waiting = [];
    return dropped;
  }
}

interface Forwarded {
  readonly context: number;
  readonly tick: number;
}

/**
 * Reads that a follower has sent on to its leader. On the wire they carry a number of their own,
 * started at a random point, so an answer that was meant for this member before a restart fits none.
 */
export class ForwardedReads {
  #next: number;
  /** In order of asking, hence of age. */
  readonly #byNumber = new Map<number, Forwarded>();

  constructor(start: number) {
    this.#next = start;
  }

  /** The number to send; 0 if there are too many. */
  add(context: number, tick: number): number {
    if (this.#byNumber.size >= READS_WAITING_MAX) return 0;
    const number = ++this.#next;
    this.#byNumber.set(number, { context, tick });
    return number;
  }

  /** The asker's number for an answer, taken out; -1 if it fits none. */
  take(number: number): number {
    const found = this.#byNumber.get(number);
    if (found === undefined) return -1;
    this.#byNumber.delete(number);
    return found.context;
  }

  /** Drops those asked at or before `tick`, into `dropped`. */
  expire(tick: number, dropped: number[]): void {
    for (const [number, read] of this.#byNumber) {
      if (read.tick > tick) return;
      this.#byNumber.delete(number);
      dropped.push(read.context);
    }
  }
}
