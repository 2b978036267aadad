/**
 * What leaves over a link that carries Calls: one frame of at most 64 KiB per Call in turn, so that
 * one large answer holds up nobody, and everything of one event-loop turn in few WebSocket messages.
 *
 * A Call's items leave in its own order. Data leaves only against the credit the receiver gave. When
 * the socket is behind, nothing more is encoded until it caught up: what waits, waits here, where the
 * turns are fair.
 *
 * Invariants: a Call is in the ring at most once; credit never falls below 0; after `drop` nothing of
 * that Call leaves.
 */
import { type StatusCode, assertLe } from '@conclave/base';
import {
  LINK_BATCH_FRAMES_MAX,
  LINK_FRAGMENT_BYTES_MAX,
  type LinkFrame,
  type OpenFrame,
  encodeLinkFrames,
  sizeOfLinkFrame,
} from '@conclave/wire';
import { Fifo } from './fifo.js';
import type { FrameSocket } from './frame-socket.js';
import type { LinkOptions } from './options.js';

type Item = Uint8Array | OpenFrame | { readonly type: 'half-close' } | EndItem;
interface EndItem {
  readonly type: 'end';
  readonly status: StatusCode;
  readonly message: string;
}

export interface OutboundEvents {
  drained(): void;
  /** The `end` frame left: nothing of the Call is to come. */
  ended(): void;
}

/** The sending half of one Call. */
export class Outbound {
  readonly callId: number;
  readonly events: OutboundEvents;
  credit: number;
  /** Something of the Call was handed to the socket. */
  isSent = false;
  readonly items = new Fifo<Item>();
  /** Message bytes in `items`. */
  queuedBytes = 0;
  /** Bytes of the first item that have left. */
  at = 0;
  inRing = false;
  isDropped = false;
  /** A `send` answered false: tell when there is room again. */
  isBehind = false;

  constructor(callId: number, credit: number, events: OutboundEvents) {
    this.callId = callId;
    this.credit = credit;
    this.events = events;
  }
}

/** Messages encoded per flush before other work gets its turn. */
const BATCHES_PER_TURN = 8;
const FRAMES_PER_BATCH = LINK_BATCH_FRAMES_MAX / 4;

export class CallScheduler {
  readonly #socket: FrameSocket;
  readonly #options: LinkOptions;
  readonly #control = new Fifo<LinkFrame>();
  #ring = new Fifo<Outbound>();
  #scheduled = false;
  /** The socket is behind; `drained` goes on. */
  #waiting = false;
  #queuedBytes = 0;

  constructor(socket: FrameSocket, options: LinkOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** Message bytes of all Calls that have not left. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Ahead of all Calls. */
  control(frame: LinkFrame): void {
    this.#control.push(frame);
    this.#schedule();
  }

  push(out: Outbound, item: OpenFrame | { readonly type: 'half-close' } | EndItem): void {
    if (out.isDropped) return;
    out.items.push(item);
    this.#enter(out);
  }

  /** False when the receiver's credit does not cover what is queued: `drained` will follow. */
  message(out: Outbound, bytes: Uint8Array): boolean {
    if (out.isDropped) return true;
    out.items.push(bytes);
    out.queuedBytes += bytes.length;
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > this.#options.linkBytesMax) {
      this.#socket.destroy('too many bytes wait for this link');
      return false;
    }
    this.#enter(out);
    if (out.queuedBytes <= out.credit) return true;
    out.isBehind = true;
    return false;
  }

  addCredit(out: Outbound, bytes: number): void {
    out.credit += bytes;
    if (out.items.length > 0) this.#enter(out);
    else this.#tellDrained(out);
  }

  /** Forgets all that waits of this Call. */
  drop(out: Outbound): void {
    if (out.isDropped) return;
    out.isDropped = true;
    this.#queuedBytes -= out.queuedBytes;
    out.queuedBytes = 0;
    out.items.clear();
  }

  /** The socket took what it had. */
  drained(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#flush();
  }

  #enter(out: Outbound): void {
    if (!out.inRing) {
      out.inRing = true;
      this.#ring.push(out);
    }
    this.#schedule();
  }

  /** At the end of the turn, after all sockets that have something to say were read. */
  #schedule(): void {
    if (this.#scheduled || this.#waiting) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#waiting) this.#flush();
    });
  }

  #flush(): void {
    const behind: Outbound[] = [];
    const ended: Outbound[] = [];
    for (let n = 0; this.#hasWork() && !this.#socket.isClosed; n++) {
      if (n === BATCHES_PER_TURN) {
        this.#schedule();
        break;
      }
      const full = this.#socket.bufferedBytes > this.#options.callBufferedBytesMax;
      const batch = this.#fill(behind, ended);
      if (batch.length === 0) break;
      if (full) {
        // The last batch before the pause: told when the socket has taken it.
        this.#waiting = true;
        this.#socket.sendAndTell(encodeLinkFrames(batch));
        break;
      }
      this.#socket.send(encodeLinkFrames(batch));
    }
    for (const out of ended) out.events.ended();
    for (const out of behind) this.#tellDrained(out);
  }

  #hasWork(): boolean {
    return this.#control.length > 0 || this.#ring.length > 0;
  }

  #tellDrained(out: Outbound): void {
    if (!out.isBehind || out.isDropped || out.queuedBytes > out.credit || out.credit === 0) return;
    out.isBehind = false;
    out.events.drained();
  }

  #fill(behind: Outbound[], ended: Outbound[]): LinkFrame[] {
    const batch: LinkFrame[] = [];
    let bytes = 0;
    while (bytes < this.#options.callBatchBytes && batch.length < FRAMES_PER_BATCH) {
      const frame = this.#control.shift();
      if (frame === undefined) break;
      batch.push(frame);
      bytes += sizeOfLinkFrame(frame);
    }
    while (bytes < this.#options.callBatchBytes && batch.length < FRAMES_PER_BATCH) {
      const out = this.#ring.shift();
      if (out === undefined) break;
      out.inRing = false;
      if (out.isDropped) continue;
      bytes += this.#visit(out, batch, ended);
      if (out.isBehind) behind.push(out);
      if (this.#canGoOn(out)) {
        out.inRing = true;
        this.#ring.push(out);
      }
    }
    return batch;
  }

  #canGoOn(out: Outbound): boolean {
    const item = out.items.peek();
    if (item === undefined) return false;
    return !(item instanceof Uint8Array) || out.credit > 0 || item.length === out.at;
  }

  /** One Call's turn: its items until one frame's worth of data is taken. Answers the bytes. */
  #visit(out: Outbound, batch: LinkFrame[], ended: Outbound[]): number {
    const { callId } = out;
    let budget = LINK_FRAGMENT_BYTES_MAX;
    let bytes = 0;
    let item = out.items.peek();
    for (; item !== undefined && budget > 0; item = out.items.peek()) {
      if (!(item instanceof Uint8Array)) {
        out.items.shift();
        const frame: LinkFrame = item.type === 'open' ? item : { ...item, callId };
        batch.push(frame);
        bytes += sizeOfLinkFrame(frame);
        if (item.type === 'end') ended.push(out);
        continue;
      }
      const n = Math.min(item.length - out.at, budget, out.credit);
      if (n === 0 && item.length > out.at) break;
      const fragment = item.subarray(out.at, out.at + n);
      out.at += n;
      const last = out.at === item.length;
      batch.push({ type: 'data', callId, fragment, last });
      bytes += n + 16;
      budget -= n;
      this.#took(out, n, last);
    }
    if (bytes > 0) out.isSent = true;
    return bytes;
  }

  #took(out: Outbound, bytes: number, last: boolean): void {
    assertLe(bytes, out.credit, 'CallScheduler: data only against credit');
    out.credit -= bytes;
    out.queuedBytes -= bytes;
    this.#queuedBytes -= bytes;
    if (!last) return;
    out.items.shift();
    out.at = 0;
  }
}
