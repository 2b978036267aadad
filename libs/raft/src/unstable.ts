/**
 * What is durable here, and what is on its way: the numbered appends that the replica writes, in
 * order, while Raft goes on.
 *
 * An append vouches for the log up to its last entry. When a conflict truncates the log at index k,
 * every append still in flight vouches for k-1 at most: its entries from k on are replaced by a
 * later append, even if a third one puts the very same entry back (the ABA race: first and third
 * write carry the same index and term, the second lies between them on disk). So durability needs no
 * comparison of terms: it is exact.
 *
 * Messages that vouch for a write (votes, acknowledgements) ride in it and leave when it is durable.
 * Invariant: durableIndex <= emittedIndex <= last index of the log.
 */
import { assert, assertLe, assertLt, type Index, type Term } from '@conclave/base';
import type { Entry, RaftMessage } from '@conclave/wire';
import type { RaftLog } from './raft-log.js';
import type { Append, Slot, SlotHardState } from './ready.js';

/** Appends in flight; with more, entries wait here for the next. */
export const APPENDS_IN_FLIGHT_MAX = 1024;

interface InFlight {
  readonly sequence: number;
  vouches: Index;
  readonly term: Term;
  readonly vote: Slot;
  /** Tick at which the oldest part of it arose. */
  readonly since: number;
}

const NO_MESSAGES: readonly RaftMessage[] = Object.freeze([]);
const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

export class Unstable {
  durableIndex: Index;
  /** Term and vote as they are durable here. */
  durableTerm: Term;
  durableVote: Slot;
  #emittedIndex: Index;
  #emittedTerm: Term;
  #emittedVote: Slot;
  #emittedCommit: Index;
  #sequence = 0;
  #inFlight: InFlight[] = [];
  #messages: RaftMessage[] = [];
  /** Tick at which the first thing not yet given out arose; -1 if there is none. */
  #pendingSince = -1;

  constructor(hardState: SlotHardState, lastIndex: Index) {
    this.durableIndex = lastIndex;
    this.durableTerm = hardState.term;
    this.durableVote = hardState.vote;
    this.#emittedIndex = lastIndex;
    this.#emittedTerm = hardState.term;
    this.#emittedVote = hardState.vote;
    this.#emittedCommit = hardState.commit;
  }

  /** Nothing is waiting to be written or being written. */
  isClean(term: Term, vote: Slot, lastIndex: Index): boolean {
    return (
      this.durableTerm === term &&
      this.durableVote === vote &&
      this.durableIndex === lastIndex &&
      this.#inFlight.length === 0 &&
      this.#messages.length === 0
    );
  }

  /** Queues a message that leaves once everything so far is durable. */
  addMessage(message: RaftMessage, tick: number): void {
    this.#messages.push(message);
    this.touch(tick);
  }

  /** Something to write arose. */
  touch(tick: number): void {
    if (this.#pendingSince < 0) this.#pendingSince = tick;
  }

  /** The log dropped `index` and everything behind it. */
  truncated(index: Index): void {
    const kept = index - 1;
    if (this.durableIndex > kept) this.durableIndex = kept;
    if (this.#emittedIndex > kept) this.#emittedIndex = kept;
    for (const append of this.#inFlight) if (append.vouches > kept) append.vouches = kept;
  }

  /** A snapshot was installed: the durable log is exactly what it says. */
  reset(index: Index): void {
    for (const append of this.#inFlight) append.vouches = 0;
    this.durableIndex = index;
    this.#emittedIndex = index;
    this.#emittedCommit = index;
  }

  /** Ticks since the oldest write that is not durable arose; 0 if there is none. */
  age(tick: number, term: Term, vote: Slot, lastIndex: Index): number {
    const oldest = this.#inFlight[0];
    if (oldest !== undefined) return tick - oldest.since;
    // What was to be written may have gone with the log that a snapshot replaced.
    if (!this.hasAppend(term, vote, lastIndex)) this.#pendingSince = -1;
    return this.#pendingSince < 0 ? 0 : tick - this.#pendingSince;
  }

  hasAppend(term: Term, vote: Slot, lastIndex: Index): boolean {
    if (this.#inFlight.length >= APPENDS_IN_FLIGHT_MAX) return false;
    return (
      this.#messages.length > 0 ||
      this.#emittedIndex < lastIndex ||
      this.#emittedTerm !== term ||
      this.#emittedVote !== vote
    );
  }

  /** The next append, or null. A new commit index alone is not worth a write: it rides along. */
  takeAppend(term: Term, vote: Slot, log: RaftLog, tick: number): Append | null {
    if (!this.hasAppend(term, vote, log.lastIndex)) return null;
    const stateChanged = this.#emittedTerm !== term || this.#emittedVote !== vote;
    const hasEntries = this.#emittedIndex < log.lastIndex;
    let hardState: SlotHardState | null = null;
    if (stateChanged || (hasEntries && this.#emittedCommit !== log.commit)) {
      hardState = { term, vote, commit: log.commit };
      this.#emittedTerm = term;
      this.#emittedVote = vote;
      this.#emittedCommit = log.commit;
    }
    const entries = hasEntries
      ? log.slice(this.#emittedIndex + 1, log.lastIndex + 1, Number.MAX_SAFE_INTEGER)
      : NO_ENTRIES;
    this.#emittedIndex = log.lastIndex;
    const messages = this.#messages.length > 0 ? this.#messages : NO_MESSAGES;
    if (this.#messages.length > 0) this.#messages = [];
    const sequence = ++this.#sequence;
    const since = this.#pendingSince < 0 ? tick : this.#pendingSince;
    this.#pendingSince = -1;
    this.#inFlight.push({ sequence, vouches: log.lastIndex, term, vote, since });
    return { sequence, hardState, entries, messages };
  }

  /** Append `sequence`, and with it every one before, is durable. */
  appendDone(sequence: number): void {
    assertLe(sequence, this.#sequence, 'appendDone: given out before');
    assert(this.#inFlight.length > 0, 'appendDone: an append is in flight');
    const first = (this.#inFlight[0] as InFlight).sequence;
    assertLe(first, sequence, 'appendDone: in order, each once');
    const n = sequence - first + 1;
    const done = this.#inFlight[n - 1] as InFlight;
    assertLt(n - 1, this.#inFlight.length, 'appendDone: in flight');
    for (let i = 0; i < n; i++) {
      const vouches = (this.#inFlight[i] as InFlight).vouches;
      if (vouches > this.durableIndex) this.durableIndex = vouches;
    }
    this.durableTerm = done.term;
    this.durableVote = done.vote;
    this.#inFlight.splice(0, n);
    assertLe(this.durableIndex, this.#emittedIndex, 'durable <= given out');
  }
}
