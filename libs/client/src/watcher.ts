/**
 * One watcher of a client's stream: what it takes to create it again on another member so that the
 * client sees every event once.
 *
 * Between two responses `next` is enough: the first revision not delivered. In the middle of a
 * fragmented response it is not, since the client has half of it: then the watcher starts again at
 * the revision of the last event it got, and the first `groupEvents` events of that revision are
 * taken out, for the order of events inside a revision is the same on every member.
 */
import type { WatchResponseHead } from './watch-heads.js';
import { countEventsAt, dropEvents } from './watch-heads.js';

export class Watcher {
  readonly id: number;
  /** The client's WatchCreateRequest; copied. */
  readonly create: Uint8Array;
  /** The router chose the id, as etcd would have. */
  readonly auto: boolean;
  /** First revision not delivered; 0: from the next change on, as long as nobody said which. */
  next: number;
  /** The client has seen `created`. */
  acknowledged = false;
  /** Sent on the current downstream stream, or created there. */
  sent = false;
  /** To be created again after a loss, and not yet known to be. */
  returning = false;
  /** The client asked for its end. */
  cancelled = false;
  /** Ended by the member; it only keeps its id, until the client cancels it as well. */
  dead = false;
  /** A response in fragments is half delivered: up to `groupEvents` events of `groupRevision`. */
  groupOpen = false;
  groupRevision = 0;
  groupEvents = 0;
  #skipRevision = 0;
  #skipLeft = 0;

  constructor(id: number, create: Uint8Array, start: number, auto: boolean) {
    this.id = id;
    this.create = create;
    this.next = start;
    this.auto = auto;
  }

  /** Where the next member must begin; call `resumed` when it is told. */
  get start(): number {
    return this.groupOpen ? this.groupRevision : this.next;
  }

  resumed(): void {
    this.sent = true;
    this.#skipLeft = this.groupOpen ? this.groupEvents : 0;
    this.#skipRevision = this.groupRevision;
  }

  /**
   * Takes a response with events. Answers what goes to the client, or null when nothing is left.
   */
  deliver(bytes: Uint8Array, head: WatchResponseHead): Uint8Array | null {
    let message = bytes;
    if (this.#skipLeft > 0) {
      const cut = dropEvents(bytes, this.#skipRevision, this.#skipLeft);
      // Events of a later revision: all there were of the earlier one have passed.
      const passed = head.lastRevision > this.#skipRevision;
      this.#skipLeft = passed ? 0 : this.#skipLeft - cut.dropped;
      message = cut.message;
      // An emptied piece says nothing, unless it ends the response that the client has half of.
      if (cut.dropped === head.events && (head.fragment || !this.groupOpen)) return null;
      if (cut.dropped === head.events) {
        this.#closeGroup(head.lastRevision);
        return message;
      }
    }
    if (head.fragment) this.#openGroup(message, head.lastRevision);
    else this.#closeGroup(head.lastRevision);
    return message;
  }

  #openGroup(message: Uint8Array, revision: number): void {
    const here = countEventsAt(message, revision);
    const before = this.groupOpen && this.groupRevision === revision ? this.groupEvents : 0;
    this.groupOpen = true;
    this.groupRevision = revision;
    this.groupEvents = before + here;
  }

  #closeGroup(revision: number): void {
    this.groupOpen = false;
    this.groupEvents = 0;
    this.delivered(revision);
  }

  /** Everything up to `revision` is with the client. */
  delivered(revision: number): void {
    if (revision + 1 > this.next) this.next = revision + 1;
  }
}
