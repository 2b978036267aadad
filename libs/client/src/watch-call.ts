/**
 * A Watch stream that outlives its members: the client has one stream, the router serves it by one
 * stream at some member, and when that is lost creates each watcher again at another, with the same
 * id, behind the last revision the client has.
 *
 * - Ids are chosen here, by etcd's rule (a counter from 0 that skips ids in use), and sent
 *   explicitly, so they mean the same at every member. Only 0 cannot be sent explicitly: it is the
 *   first id that the member's own counter gives, and nothing else ever asks that counter.
 * - A second `created` is hidden; a second creation that fails becomes a cancellation.
 * - The pieces of a fragmented response must reach the client back to back: a half-delivered one is
 *   finished before any other watcher is created again.
 * - A progress answer speaks for all watchers, so it is asked only when all are created again, and
 *   one below a revision already told is dropped and asked again.
 *
 * Invariants: `#creating` holds the creates sent downstream whose `created` is missing, in order;
 * `#queue` those still to be sent, in order; a watcher that lives is in `#watchers`.
 */
import {
  type EndOrigin,
  type Metadata,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
  assert,
} from '@conclave/base';
import { DecodeError, WatchRequest } from '@conclave/wire';
import {
  type LinkWaiter,
  type LongStream,
  type RouterCore,
  isBetter,
  retryDelayMs,
} from './core.js';
import { Fifo } from './fifo.js';
import { Downstream, type DownstreamOwner } from './downstream.js';
import type { LinkEntry } from './member-table.js';
import { Texts } from './texts.js';
import type { Timer } from './timers.js';
import {
  type WatchResponseHead,
  asCancelOf,
  cancelRequest,
  cancelResponse,
  createRequest,
  progressRequest,
  readWatchCreate,
  readWatchRequest,
  readWatchResponse,
  refusedCreate,
} from './watch-heads.js';
import { Watcher } from './watcher.js';

const METHOD = '/etcdserverpb.Watch/Watch';
/** Progress requests counted as owed; one answer each, and more could not be told apart. */
const PROGRESS_OWED_MAX = 1024;

export class WatchCall implements ServerCallEvents, DownstreamOwner, LinkWaiter, LongStream {
  readonly wantsLeader: boolean;
  readonly #core: RouterCore;
  readonly #up: ServerCall;
  readonly #metadata: Metadata;
  readonly #watchers = new Map<number, Watcher>();
  #queue = new Fifo<Watcher>();
  #creating = new Fifo<Watcher>();
  #createBytes = 0;
  #nextId = 0;
  #down: Downstream | null = null;
  #lastLink = -1;
  #failures = 0;
  /** The member takes no more for now. */
  #blocked = false;
  /** The client was asked to wait. */
  #paused = false;
  /** The watcher whose fragmented response the client has half of. */
  #group: Watcher | null = null;
  #progressOwed = 0;
  /** A progress request waits until every watcher is created. */
  #progressDeferred = false;
  /** Watchers to be created again before progress may be asked for. */
  #resuming = 0;
  /** Highest progress told for the whole stream. */
  #progressRevision = 0;
  /** A ResponseHeader of this cluster, for answers of our own. */
  #header: Uint8Array = new Uint8Array(0);
  #revision = 0;
  #done = false;
  readonly #delay: Timer = { bucket: -1, fire: () => this.retry() };
  readonly #progressTimer: Timer = { bucket: -1, fire: () => this.#askProgress() };
  /** Asks for progress of our own accord, so that an idle watcher need not resume far back. */
  readonly #idleTimer: Timer = { bucket: -1, fire: () => this.#askIdle() };

  constructor(core: RouterCore, up: ServerCall, metadata: Metadata, leaderWanted: boolean) {
    this.#core = core;
    this.#up = up;
    this.#metadata = metadata;
    this.wantsLeader = leaderWanted;
    core.streams.add(this);
    this.#askIdle();
  }

  // ---- the client's side

  message(message: Uint8Array): void {
    if (this.#done) return;
    const bytes = this.#judged(message);
    if (bytes === null) return;
    const head = readWatchRequest(bytes);
    switch (head.type) {
      case 'create':
        this.#create(bytes.slice(head.lo, head.hi));
        return;
      case 'cancel':
        this.#cancel(head.watchId);
        return;
      case 'progress':
        if (this.#progressOwed < PROGRESS_OWED_MAX) this.#progressOwed++;
        this.#progressDeferred = !this.#isSettled();
        if (!this.#progressDeferred) this.#sendDown(progressRequest());
        return;
      case 'unknown':
        return;
      case 'bad':
        assert(false, 'a request that decodes has a head');
    }
  }

  /**
   * A request that does not decode ends the stream here, in etcd's words: at a member its end would
   * look like trouble of that member. One that decodes and holds what the readers of heads do not
   * know (groups) is written anew, without it. Null: ended.
   */
  #judged(bytes: Uint8Array): Uint8Array | null {
    let request: WatchRequest;
    try {
      request = WatchRequest.decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const text = `grpc: failed to unmarshal the received message: ${error.message}`;
      this.#end(Status.INTERNAL, text);
      return null;
    }
    const head = readWatchRequest(bytes);
    const readable =
      head.type === 'create'
        ? readWatchCreate(bytes, head.lo, head.hi) !== null
        : head.type !== 'bad';
    return readable ? bytes : WatchRequest.encode(request);
  }

  /** As in etcd, the end of requests does not end the stream. */
  halfClosed(): void {}

  cancelled(): void {
    this.#close();
  }

  drained(): void {
    this.#down?.resumeInput();
  }

  #create(create: Uint8Array): void {
    const head = readWatchCreate(create, 0, create.length);
    assert(head !== null, 'a create that decodes has a head');
    const { watchersPerStreamMax, watchBytesMax } = this.#core.options;
    const full =
      this.#watchers.size + this.#queue.length + this.#creating.length >= watchersPerStreamMax;
    if (full || this.#createBytes + create.length > watchBytesMax) {
      this.#up.send(refusedCreate(this.#header, Texts.TOO_MANY_REQUESTS));
      return;
    }
    const auto = head.watchId === 0;
    const id = auto ? this.#takeId() : head.watchId;
    const watcher = new Watcher(id, create, Math.max(0, head.startRevision), auto);
    // A negative start is answered by the member; nothing can be resumed from it.
    if (head.startRevision < 0) watcher.next = head.startRevision;
    // An id in use: the member refuses it, and the watcher that has it goes on.
    if (!this.#watchers.has(id)) this.#watchers.set(id, watcher);
    this.#createBytes += create.length;
    this.#queue.push(watcher);
    if (this.#down === null) this.retry();
    else this.#pump();
  }

  #takeId(): number {
    while (this.#watchers.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  #cancel(id: number): void {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) {
      // Perhaps one that takes over an id just freed; a member ignores an id it does not know.
      this.#sendDown(cancelRequest(id));
      return;
    }
    watcher.cancelled = true;
    if (watcher.sent) {
      this.#sendDown(cancelRequest(id));
      return;
    }
    // Not known to the present member: one still to be created is cancelled right behind that.
    if (!watcher.acknowledged) return;
    this.#answerCancel(watcher);
  }

  #answerCancel(watcher: Watcher): void {
    this.#forget(watcher);
    this.#up.send(cancelResponse(this.#header, this.#revision, watcher.id));
  }

  #forget(watcher: Watcher): void {
    if (this.#watchers.get(watcher.id) === watcher) this.#watchers.delete(watcher.id);
    this.#createBytes -= watcher.create.length;
    if (this.#group === watcher) this.#groupEnded();
  }

  #sendDown(bytes: Uint8Array): void {
    if (this.#down === null) return;
    if (!this.#down.send(bytes)) this.#blocked = true;
  }

  // ---- finding a member

  retry(): void {
    if (this.#done || this.#down !== null || this.#delay.bucket >= 0) return;
    const entry = this.#core.table.pick('any', this.#lastLink, this.#core.now());
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
    this.#blocked = false;
    if (down.open(METHOD, this.#metadata)) this.#pump();
  }

  /** Sends creates as long as the member takes them. */
  #pump(): void {
    if (this.#group !== null && !this.#group.sent) {
      // Its queue entry is skipped later, for then it is sent.
      this.#sendCreate(this.#group);
    }
    while (this.#down !== null && !this.#blocked && this.#queue.length > 0) {
      if (this.#group !== null && this.#resuming > 0) break;
      const watcher = this.#queue.shift() as Watcher;
      if (watcher.sent) continue;
      if (this.#isGone(watcher)) this.#isBack(watcher);
      else this.#sendCreate(watcher);
    }
    if (this.#progressDeferred && this.#isSettled()) this.#askProgress();
    const full = this.#blocked && this.#queue.length > 0;
    if (full !== this.#paused) {
      this.#paused = full;
      if (full) this.#up.pauseInput();
      else this.#up.resumeInput();
    }
  }

  /** A watcher that was acknowledged and is known no more. */
  #isGone(watcher: Watcher): boolean {
    return watcher.acknowledged && this.#watchers.get(watcher.id) !== watcher;
  }

  #sendCreate(watcher: Watcher): void {
    const request = createRequest(watcher.create, watcher.id, watcher.start);
    watcher.resumed();
    this.#creating.push(watcher);
    this.#sendDown(request);
    if (watcher.cancelled) this.#sendDown(cancelRequest(watcher.id));
  }

  downstreamDrained(): void {
    this.#blocked = false;
    this.#pump();
  }

  downstreamEnded(code: StatusCode, message: string, origin: EndOrigin): void {
    this.#detach(false);
    if (origin === 'handler' && code !== Status.UNAVAILABLE) {
      this.#end(code, message);
      return;
    }
    this.#moved();
    this.#failures++;
    if (this.#failures === 1) return this.retry();
    const delay = retryDelayMs(this.#core, this.#failures - 1);
    this.#core.timers.set(this.#delay, this.#core.now() + delay);
  }

  reconsider(): void {
    if (this.#down === null) return;
    const { entry } = this.#down;
    const other = this.#core.table.pick('any', entry.linkId, this.#core.now());
    if (!isBetter(this.#core, other, entry)) return;
    this.#detach(true);
    this.#moved();
    this.#connect(other as LinkEntry);
  }

  /** The downstream stream is gone: everything that lives must be created again. */
  #moved(): void {
    this.#core.probe.count('conclave_router_watch_resumes_total', 1);
    const unanswered = new Fifo<Watcher>();
    for (const from of [this.#creating, this.#queue]) {
      for (let w = from.shift(); w !== undefined; w = from.shift()) {
        if (!w.acknowledged) unanswered.push(w);
      }
    }
    this.#resuming = 0;
    this.#progressDeferred = this.#progressOwed > 0;
    for (const watcher of [...this.#watchers.values()]) {
      if (!watcher.acknowledged) continue;
      watcher.sent = false;
      if (watcher.cancelled) this.#answerCancel(watcher);
      else if (!watcher.dead) this.#again(watcher);
    }
    for (let w = unanswered.shift(); w !== undefined; w = unanswered.shift()) this.#again(w);
  }

  #again(watcher: Watcher): void {
    watcher.sent = false;
    watcher.returning = true;
    this.#resuming++;
    this.#queue.push(watcher);
  }

  /** One watcher less to wait for before progress may be asked. */
  #isBack(watcher: Watcher): void {
    if (!watcher.returning) return;
    watcher.returning = false;
    this.#resuming--;
  }

  /** Every watcher of the client is known to the present member, or on its way there. */
  #isSettled(): boolean {
    return this.#down !== null && this.#resuming === 0 && this.#queue.length === 0;
  }

  // ---- the member's side

  response(bytes: Uint8Array): void {
    const head = readWatchResponse(bytes);
    if (head === null) return this.#end(Status.INTERNAL, 'a malformed watch response');
    this.#failures = 0;
    if (head.revision > this.#revision) this.#revision = head.revision;
    if (head.created) this.#created(bytes, head);
    else if (head.canceled) this.#canceled(bytes, head);
    else if (head.events > 0) this.#events(bytes, head);
    else this.#progress(bytes, head);
  }

  #pass(bytes: Uint8Array): void {
    if (!this.#up.send(bytes)) this.#down?.pauseInput();
  }

  #created(bytes: Uint8Array, head: WatchResponseHead): void {
    const watcher = this.#creating.shift();
    if (watcher === undefined || (!head.canceled && head.watchId !== watcher.id)) {
      return this.#end(Status.INTERNAL, 'a watcher was created that nobody asked for');
    }
    this.#header = bytes.slice(head.headerLo, head.headerHi);
    const first = !watcher.acknowledged;
    if (head.canceled) this.#refused(bytes, watcher, first);
    else {
      if (watcher.next === 0) watcher.next = head.revision + 1;
      watcher.acknowledged = true;
      this.#own(watcher);
      if (first) this.#pass(bytes);
    }
    if (!watcher.returning) return;
    this.#isBack(watcher);
    this.#pump();
  }

  /** The id is this watcher's: one that had it before ended, or died with its member. */
  #own(watcher: Watcher): void {
    const before = this.#watchers.get(watcher.id);
    if (before === watcher) return;
    if (before !== undefined) this.#forget(before);
    this.#watchers.set(watcher.id, watcher);
  }

  #refused(bytes: Uint8Array, watcher: Watcher, first: boolean): void {
    if (this.#isGone(watcher)) return;
    if (first && watcher.auto && this.#nextId === watcher.id + 1) this.#nextId = watcher.id;
    this.#forget(watcher);
    this.#pass(first ? bytes : asCancelOf(bytes, watcher.id));
  }

  #canceled(bytes: Uint8Array, head: WatchResponseHead): void {
    const watcher = this.#watchers.get(head.watchId);
    // Not known: its end was told to the client before.
    if (watcher === undefined) return;
    if (watcher.cancelled) this.#forget(watcher);
    else {
      watcher.dead = true;
      watcher.groupOpen = false;
      if (this.#group === watcher) this.#groupEnded();
    }
    this.#pass(bytes);
  }

  #events(bytes: Uint8Array, head: WatchResponseHead): void {
    const watcher = this.#watchers.get(head.watchId);
    if (watcher === undefined || watcher.dead) return;
    const message = watcher.deliver(bytes, head);
    if (message !== null) this.#pass(message);
    if (watcher.groupOpen) this.#group = watcher;
    else if (this.#group === watcher) this.#groupEnded();
  }

  #groupEnded(): void {
    this.#group = null;
    if (this.#down !== null) this.#pump();
  }

  #progress(bytes: Uint8Array, head: WatchResponseHead): void {
    const watcher = this.#watchers.get(head.watchId);
    if (watcher !== undefined && !watcher.dead) {
      // A member that lags says less than the client knows: not passed on.
      if (head.revision + 1 < watcher.next) return;
      watcher.delivered(head.revision);
      this.#pass(bytes);
      return;
    }
    if (head.watchId !== -1 || this.#resuming > 0) return;
    if (head.revision < this.#progressRevision) return;
    for (const w of this.#watchers.values()) {
      if (w.acknowledged && !w.dead) w.delivered(head.revision);
    }
    // Nobody but us asked: what it says is kept, and goes no further.
    if (this.#progressOwed === 0) return;
    this.#progressOwed--;
    this.#progressRevision = head.revision;
    if (this.#progressOwed === 0) this.#core.timers.clear(this.#progressTimer);
    this.#pass(bytes);
  }

  #askIdle(): void {
    if (this.#watchers.size > 0 && this.#isSettled()) this.#sendDown(progressRequest());
    this.#core.timers.set(this.#idleTimer, this.#core.now() + this.#core.options.idleProgressMs);
  }

  /** After a resume: what the client asked of the member before is asked of this one. */
  #askProgress(): void {
    this.#progressDeferred = false;
    if (this.#done || this.#progressOwed === 0) return;
    if (this.#isSettled()) this.#sendDown(progressRequest());
    const at = this.#core.now() + this.#core.options.progressRetryMs;
    this.#core.timers.set(this.#progressTimer, at);
  }

  // ---- the end

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
    this.#core.timers.clear(this.#delay);
    this.#core.timers.clear(this.#progressTimer);
    this.#core.timers.clear(this.#idleTimer);
    this.#core.waiting.delete(this);
    this.#core.streams.delete(this);
    this.#watchers.clear();
    this.#queue = new Fifo();
    this.#creating = new Fifo();
    this.#core.closed();
  }
}
