/**
 * The receiving half of one Call: puts fragments together, holds messages while the owner is paused,
 * and gives credit back for what was taken.
 *
 * Invariants: `#allowed` is what the sender may still send; more than that is a broken peer. While
 * paused no credit goes out, so at most one credit's worth waits here.
 */
import { concatBytes } from '@conclave/base';
import { Fifo } from './fifo.js';

/** Bytes held for all Calls of a link. */
export class LinkBudget {
  held = 0;
  readonly max: number;

  constructor(max: number) {
    this.max = max;
  }
}

export interface InboundOwner {
  message(bytes: Uint8Array): void;
  /** The sender may send `bytes` more. */
  credit(bytes: number): void;
}

/** Smaller messages are copied, so that a kept value does not pin the whole batch it came in. */
const COPY_BYTES_MAX = 16 * 1024;
/** Messages held while paused; credit bounds their bytes, this the empty ones. */
const READY_MAX = 65_536;

export class Inbound {
  readonly #owner: InboundOwner;
  readonly #budget: LinkBudget;
  readonly #creditBytes: number;
  readonly #messageBytesMax: number;
  #allowed: number;
  /** Received and not given back as credit. */
  #taken = 0;
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;
  readonly #ready = new Fifo<Uint8Array>();
  #readyBytes = 0;
  #paused = false;
  #delivering = false;
  /** What comes behind the last message: half close or end. */
  #finish: (() => void) | null = null;
  #dropped = false;

  constructor(
    creditBytes: number,
    messageBytesMax: number,
    budget: LinkBudget,
    owner: InboundOwner,
  ) {
    this.#creditBytes = creditBytes;
    this.#messageBytesMax = messageBytesMax;
    this.#budget = budget;
    this.#owner = owner;
    this.#allowed = creditBytes;
  }

  /** `over-credit` and `bad-order`: the peer is broken. `too-large`: only this Call must end. */
  data(fragment: Uint8Array, last: boolean): 'ok' | 'over-credit' | 'bad-order' | 'too-large' {
    if (this.#dropped) return 'ok';
    if (this.#finish !== null) return 'bad-order';
    this.#allowed -= fragment.length;
    if (this.#allowed < 0) return 'over-credit';
    this.#taken += fragment.length;
    if (last && this.#pieces.length === 0) {
      this.#accept(fragment.length <= COPY_BYTES_MAX ? fragment.slice() : fragment);
    } else {
      this.#pieces.push(fragment);
      this.#piecesBytes += fragment.length;
      this.#budget.held += fragment.length;
      const held = this.#budget.held > this.#budget.max;
      if (this.#piecesBytes > this.#messageBytesMax || held) return 'too-large';
      if (last) this.#acceptPieces();
    }
    if (this.#ready.length > READY_MAX) return 'too-large';
    this.#giveCredit();
    return 'ok';
  }

  #acceptPieces(): void {
    const message = concatBytes(this.#pieces);
    this.#budget.held -= this.#piecesBytes;
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.#accept(message);
  }

  #accept(message: Uint8Array): void {
    if (!this.#paused && this.#ready.length === 0) {
      this.#owner.message(message);
      return;
    }
    this.#ready.push(message);
    this.#readyBytes += message.length;
    this.#budget.held += message.length;
  }

  #giveCredit(): void {
    if (this.#paused || this.#dropped || this.#taken * 4 < this.#creditBytes) return;
    const bytes = this.#taken;
    this.#taken = 0;
    this.#allowed += bytes;
    this.#owner.credit(bytes);
  }

  /** Runs `then` when every message before it was delivered. False: it was said before. */
  finish(then: () => void): boolean {
    if (this.#dropped) return true;
    if (this.#finish !== null || this.#pieces.length > 0) return false;
    this.#finish = then;
    this.#deliver();
    return true;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#deliver();
    this.#giveCredit();
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    while (!this.#paused && !this.#dropped && this.#ready.length > 0) {
      const message = this.#ready.shift() as Uint8Array;
      this.#readyBytes -= message.length;
      this.#budget.held -= message.length;
      this.#owner.message(message);
    }
    this.#delivering = false;
    if (this.#paused || this.#dropped || this.#ready.length > 0) return;
    const then = this.#finish;
    if (then === null) return;
    // Kept as a marker that nothing may follow; runs once.
    this.#finish = NOTHING;
    then();
  }

  /** The Call is over: nothing more is delivered. */
  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#budget.held -= this.#piecesBytes + this.#readyBytes;
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.#readyBytes = 0;
    this.#ready.clear();
  }
}

const NOTHING = (): void => {};
