/**
 * From the events of a watch to the items of the feed: each revision gets its `sub` numbers and its
 * count, keys of our own are left out, and what the stream has already is skipped.
 *
 * A revision is held back until all of it is here, so that each of its messages can say how many there
 * are. One above the bounds (a delete of a million keys) is let go in pieces: then only its last
 * message has the count.
 *
 * Invariants: items leave in order of (revision, sub); `next` is the first revision that has not left
 * whole; at most `revisionChangesMax` changes and about `revisionBytesMax` bytes are held.
 */
import { assertLe, assertLt } from '@conclave/base';
import type { Change, FeedItem } from './message.js';

export interface AssemblerOptions {
  /** Keys that begin so are the feed's own. */
  readonly reservedPrefix: string;
  readonly revisionChangesMax: number;
  readonly revisionBytesMax: number;
}

/** Where the stream ends: what is to be skipped, and what came before. */
export interface Resume {
  /** First revision that is not wholly in the stream. */
  readonly next: number;
  /** So many changes of revision `next` are in the stream. */
  readonly skip: number;
  /** The last revision before `next` that the stream tells of; 0: none. */
  readonly previous: number;
}

export class Assembler {
  readonly #options: AssemblerOptions;
  readonly #emit: (item: FeedItem) => void;
  #next: number;
  #skip: number;
  #previous: number;
  /** Changes of revision `#next` that have left or were skipped. */
  #sub = 0;
  #held: Change[] = [];
  #heldBytes = 0;

  constructor(options: AssemblerOptions, resume: Resume, emit: (item: FeedItem) => void) {
    this.#options = options;
    this.#emit = emit;
    this.#next = resume.next;
    this.#skip = resume.skip;
    this.#previous = resume.previous;
  }

  get next(): number {
    return this.#next;
  }

  /** A part of a revision is held, or has left now or before. */
  get isOpen(): boolean {
    return this.#held.length > 0 || this.#sub > 0 || this.#skip > 0;
  }

  /** The next change, in the order of the watch. */
  change(change: Change): void {
    assertLe(this.#next, change.revision, 'a watch never goes back');
    if (this.isOpen && change.revision > this.#next) this.#close();
    if (change.key.startsWith(this.#options.reservedPrefix)) return;
    if (change.revision > this.#next) {
      this.#next = change.revision;
      this.#skip = 0;
    }
    if (this.#skip > 0) {
      this.#skip--;
      this.#sub++;
      return;
    }
    const { revisionChangesMax, revisionBytesMax } = this.#options;
    if (this.#held.length >= revisionChangesMax || this.#heldBytes >= revisionBytesMax) {
      this.#release(null);
    }
    this.#held.push(change);
    this.#heldBytes += change.key.length + change.value.length;
  }

  /** A response that is no fragment ended: the revision of its last event is whole. */
  responseEnd(): void {
    if (this.isOpen) this.#close();
  }

  /** The watch said that it has told everything up to `revision`. */
  progress(revision: number): void {
    if (this.isOpen || revision < this.#next) return;
    this.#next = revision + 1;
    this.#skip = 0;
  }

  /** History up to `to` is gone. What is held of a revision is whole only if `next` is beyond. */
  gap(to: number): void {
    const from = this.#next;
    assertLe(from, to, 'a gap has an extent');
    this.#held = [];
    this.#heldBytes = 0;
    this.#sub = 0;
    this.#skip = 0;
    this.#next = to + 1;
    this.#emit({ type: 'gap', from, to, previous: this.#previous });
    this.#previous = to;
  }

  /** Everything up to `revision`, and nothing more, has left: says so. */
  mark(revision: number): void {
    assertLt(revision, this.#next, 'a mark is behind what was told');
    this.#emit({ type: 'mark', revision, previous: this.#previous });
    this.#previous = revision;
  }

  #close(): void {
    const revision = this.#next;
    // A resume that skipped all there was: nothing new of this revision.
    if (this.#held.length > 0) this.#release(this.#sub + this.#held.length);
    this.#previous = revision;
    this.#next = revision + 1;
    this.#sub = 0;
    this.#skip = 0;
  }

  #release(count: number | null): void {
    for (const change of this.#held) {
      const sub = this.#sub++;
      this.#emit({ type: 'change', change, sub, count, previous: this.#previous });
    }
    this.#held = [];
    this.#heldBytes = 0;
  }
}
