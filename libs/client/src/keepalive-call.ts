/**
 * A LeaseKeepAlive stream: one answer per request, in order. The stream outlives the members that
 * serve it: what has not been answered is sent again to the next one. Renewing twice is harmless.
 *
 * Invariants: `#unanswered` holds the requests whose answers the client still waits for, oldest
 * first, all of them sent on the current downstream stream; at most `keepAlivesMax`.
 */
import {
  BoundedQueue,
  type EndOrigin,
  type Metadata,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';
import { type LinkWaiter, type LongStream, type RouterCore, retryDelayMs } from './core.js';
import { isBetter } from './core.js';
import { Downstream, type DownstreamOwner } from './downstream.js';
import type { LinkEntry } from './member-table.js';
import { Texts } from './texts.js';
import type { Timer } from './timers.js';

const METHOD = '/etcdserverpb.Lease/LeaseKeepAlive';
/** A deposed leader's answer; its text is etcd's, its code UNKNOWN. */
const NOT_PRIMARY = 'not a primary lessor';

export class KeepAliveCall
  implements ServerCallEvents, DownstreamOwner, LinkWaiter, LongStream, Timer
{
  /** For `Timers`: fires when the oldest request waited too long. */
  bucket = -1;
  readonly wantsLeader: boolean;
  readonly #core: RouterCore;
  readonly #up: ServerCall;
  readonly #metadata: Metadata;
  readonly #unanswered: BoundedQueue<Uint8Array>;
  #down: Downstream | null = null;
  #lastLink = -1;
  #failures = 0;
  #paused = false;
  #halfClosed = false;
  #done = false;
  readonly #delay: Timer = { bucket: -1, fire: () => this.retry() };

  constructor(core: RouterCore, up: ServerCall, metadata: Metadata, leaderWanted: boolean) {
    this.#core = core;
    this.#up = up;
    this.#metadata = metadata;
    this.wantsLeader = leaderWanted;
    this.#unanswered = new BoundedQueue(core.options.keepAlivesMax);
    core.streams.add(this);
  }

  message(bytes: Uint8Array): void {
    if (this.#done) return;
    if (!this.#unanswered.push(bytes)) {
      // Only a client that was paused and sends all the same comes here.
      this.abort(Status.RESOURCE_EXHAUSTED, Texts.TOO_MANY_REQUESTS);
      return;
    }
    if (this.#unanswered.length === 1) this.#await();
    if (this.#unanswered.length * 2 > this.#unanswered.max) this.#pause();
    if (this.#down === null) this.retry();
    else if (!this.#down.send(bytes)) this.#pause();
  }

  #await(): void {
    this.#core.timers.set(this, this.#core.now() + this.#core.options.requestTimeoutMs);
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#up.pauseInput();
  }

  #resume(): void {
    if (!this.#paused || this.#unanswered.length * 4 > this.#unanswered.max) return;
    this.#paused = false;
    this.#up.resumeInput();
  }

  halfClosed(): void {
    if (this.#done) return;
    this.#halfClosed = true;
    if (this.#unanswered.length === 0) this.#end(Status.OK, '');
    else this.#down?.halfClose();
  }

  cancelled(): void {
    this.#close();
  }

  drained(): void {
    this.#down?.resumeInput();
  }

  retry(): void {
    if (this.#done || this.#down !== null || this.#delay.bucket >= 0) return;
    if (this.#unanswered.length === 0) {
      this.#core.waiting.delete(this);
      return;
    }
    const entry = this.#core.table.pick('leader', this.#lastLink, this.#core.now());
    if (entry === null) {
      this.#core.waiting.add(this);
      return;
    }
    this.#core.waiting.delete(this);
    this.#connect(entry);
  }

  #connect(entry: LinkEntry): void {
    const down = new Downstream(this, entry);
    this.#down = down;
    this.#lastLink = entry.linkId;
    let writable = down.open(METHOD, this.#metadata);
    for (let n = this.#unanswered.length; n > 0 && down.isHeld; n--) {
      // One turn of the ring: each is sent and goes back to the end, so the order stays.
      const request = this.#unanswered.shift() as Uint8Array;
      this.#unanswered.push(request);
      writable = down.send(request);
    }
    if (!down.isHeld) return;
    if (!writable) this.#pause();
    if (this.#halfClosed) down.halfClose();
  }

  response(bytes: Uint8Array): void {
    if (this.#unanswered.shift() === undefined) {
      this.#end(Status.INTERNAL, 'a keepalive was answered that nobody asked for');
      return;
    }
    this.#failures = 0;
    if (!this.#up.send(bytes)) this.#down?.pauseInput();
    if (this.#unanswered.length > 0) this.#await();
    else {
      this.#core.timers.clear(this);
      if (this.#halfClosed) return this.#end(Status.OK, '');
    }
    this.#resume();
  }

  downstreamDrained(): void {
    this.#resume();
  }

  downstreamEnded(code: StatusCode, message: string, origin: EndOrigin): void {
    this.#detach(false);
    const again = origin !== 'handler' || code === Status.UNAVAILABLE || message === NOT_PRIMARY;
    if (!again) return this.#end(code, message);
    this.#core.probe.count('conclave_router_retries_total', 1);
    this.#failures++;
    if (this.#failures === 1) return this.retry();
    const delay = retryDelayMs(this.#core, this.#failures - 1);
    this.#core.timers.set(this.#delay, this.#core.now() + delay);
  }

  reconsider(): void {
    if (this.#down === null) return;
    const { entry } = this.#down;
    const other = this.#core.table.pick('leader', entry.linkId, this.#core.now());
    if (!isBetter(this.#core, other, entry)) return;
    this.#detach(true);
    this.#connect(other as LinkEntry);
  }

  /** The oldest keepalive got no answer in time. */
  fire(): void {
    this.abort(Status.UNAVAILABLE, Texts.NO_LEADER);
  }

  abort(code: StatusCode, message: string): void {
    this.#end(code, message);
  }

  #detach(cancel: boolean): void {
    const down = this.#down;
    this.#down = null;
    down?.letGo(cancel);
  }

  #end(code: StatusCode, message: string): void {
    if (this.#done) return;
    this.#close();
    this.#up.end(code, message);
  }

  #close(): void {
    if (this.#done) return;
    this.#done = true;
    this.#detach(true);
    this.#core.timers.clear(this);
    this.#core.timers.clear(this.#delay);
    this.#core.waiting.delete(this);
    this.#core.streams.delete(this);
    this.#unanswered.clear();
    this.#core.closed();
  }
}
