/**
 * A call with one request message: unary, or answered by a stream. Tries members until one answers.
 *
 *     request -> (session) -> link <-> running -> done
 *                               ^ delay ^
 *
 * What may be repeated is in `methods.ts`. A read is repeated as long as nothing was passed on to
 * the client. A write is repeated only under its (session, sequence). Any other call is repeated only
 * when its try certainly never left this process. When nobody can know what became of a write, the
 * client is told so in etcd's words.
 *
 * Invariants: at most one attempt is current, and events of an older one are dropped; a slot, once
 * held, is released exactly once, when no try can follow.
 */
import {
  type ClientCall,
  type ClientCallEvents,
  type EndOrigin,
  type Metadata,
  SEQUENCE_BELOW_MARK,
  SESSION_UNKNOWN,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
  TraceMetadata,
  type TraceSpan,
  hexId,
} from '@conclave/base';
import { type LinkWaiter, type RouterCore, isBetter, retryDelayMs } from './core.js';
import type { LinkEntry, LinkUser } from './member-table.js';
import { type MethodRule, classify, wantsLeaseId, withLeaseId } from './methods.js';
import { type SessionSlot, type SessionWaiter, withSession } from './session.js';
import { Texts } from './texts.js';
import type { Timer } from './timers.js';

/** One try at one member. `owner` is null once it is no longer the current one. */
class Attempt implements ClientCallEvents {
  owner: SingleCall | null;
  readonly entry: LinkEntry;
  /** Of this try alone, so that a trace shows each of them; null: not traced. */
  readonly span: TraceSpan | null;
  down: ClientCall | null = null;

  constructor(owner: SingleCall, entry: LinkEntry, span: TraceSpan | null) {
    this.owner = owner;
    this.entry = entry;
    this.span = span;
  }

  message(bytes: Uint8Array): void {
    this.owner?.answered(bytes);
  }

  ended(code: StatusCode, message: string, origin: EndOrigin = 'handler'): void {
    this.owner?.attemptEnded(this, code, message, origin);
  }

  drained(): void {}
}

type Phase = 'request' | 'session' | 'link' | 'delay' | 'running' | 'done';

export class SingleCall implements ServerCallEvents, LinkUser, LinkWaiter, SessionWaiter, Timer {
  /** For `Timers`: this object is the timer of the deadline. */
  bucket = -1;
  readonly #core: RouterCore;
  readonly #up: ServerCall;
  readonly #metadata: Metadata;
  #rule: MethodRule;
  #request: Uint8Array | null = null;
  #phase: Phase = 'request';
  #attempt: Attempt | null = null;
  #slot: SessionSlot | null = null;
  #delay: Timer | null = null;
  #tries = 0;
  /** Messages passed on to the client. */
  #passed = 0;
  /** A try of this write may have reached a member and its answer was not seen. */
  #outcomeUnknown = false;
  /** Null when the client set none: then the member uses its own. */
  #clientDeadlineMs: number | null = null;
  #patienceMs = 0;
  /** The last answer that made us try again; told to the client when time is up. */
  #lastCode: StatusCode = Status.OK;
  #lastMessage = '';

  constructor(core: RouterCore, up: ServerCall, rule: MethodRule, metadata: Metadata) {
    this.#core = core;
    this.#up = up;
    this.#rule = rule;
    this.#metadata = metadata;
  }

  message(bytes: Uint8Array): void {
    if (this.#phase !== 'request') return;
    this.start(bytes);
  }

  /** Begins with `request`; for calls of the router itself, which have no client to send it. */
  start(request: Uint8Array): void {
    const { method, timeoutMs } = this.#up.head;
    const { requestTimeoutMs, requestTimeoutMaxMs } = this.#core.options;
    this.#rule = classify(method, this.#rule, request);
    this.#request = request;
    if (method === '/etcdserverpb.Lease/LeaseGrant' && wantsLeaseId(request)) {
      this.#request = withLeaseId(request, this.#leaseId());
    }
    const now = this.#core.now();
    this.#clientDeadlineMs = timeoutMs === null ? null : now + timeoutMs;
    this.#patienceMs = Math.min(timeoutMs ?? requestTimeoutMs, requestTimeoutMaxMs);
    this.#core.timers.set(this, now + this.#patienceMs);
    if (this.#rule.repeat === 'write') this.#takeSlot();
    else this.retry();
  }

  #leaseId(): bigint {
    const id = this.#core.random.uint64() & 0x7fff_ffff_ffff_ffffn;
    return id === 0n ? 1n : id;
  }

  halfClosed(): void {
    if (this.#phase === 'request') {
      this.#finish(Status.INTERNAL, 'the request stream ended without a message');
    }
  }

  cancelled(): void {
    this.#detach(true);
    this.#close();
  }

  drained(): void {
    this.#attempt?.down?.resumeInput();
  }

  #takeSlot(): void {
    this.#phase = 'session';
    const slot = this.#core.sessions.acquire(this);
    if (slot === 'full') this.#finish(Status.RESOURCE_EXHAUSTED, Texts.TOO_MANY_REQUESTS);
    else if (slot !== 'wait') this.sessionReady(slot);
  }

  sessionReady(slot: SessionSlot): void {
    this.#slot = slot;
    this.retry();
  }

  /** Starts the next try, or waits until a member can take it. */
  retry(): void {
    if (this.#phase === 'done' || this.#phase === 'running') return;
    const avoid = this.#attempt?.entry.linkId ?? -1;
    const entry = this.#core.table.pick(this.#rule.target, avoid, this.#core.now());
    if (entry === null) {
      this.#phase = 'link';
      this.#core.waiting.add(this);
      return;
    }
    this.#core.waiting.delete(this);
    this.#run(entry);
  }

  #run(entry: LinkEntry): void {
    this.#tries++;
    const trace = this.#up.head.trace;
    const span = trace === undefined ? null : this.#beginSpan(trace, entry);
    const attempt = new Attempt(this, entry, span);
    this.#attempt = attempt;
    this.#phase = 'running';
    entry.users.add(this);
    let metadata = this.#slot === null ? this.#metadata : withSession(this.#metadata, this.#slot);
    if (span !== null) metadata = new Map(metadata).set(TraceMetadata.PARENT, span.traceparent);
    const down = entry.channel.open(this.#up.head.method, metadata, this.#timeLeft(), attempt);
    attempt.down = down;
    // A closed channel ends the attempt before `open` returns; then it is no longer ours.
    if (attempt.owner !== this) return;
    down.send(this.#request as Uint8Array);
    if (attempt.owner === this) down.halfClose();
  }

  #beginSpan(trace: TraceSpan, entry: LinkEntry): TraceSpan {
    const span = trace.child('link');
    span.set('conclave.member.id', hexId(entry.memberId));
    span.set('conclave.try', this.#tries);
    return span;
  }

  #timeLeft(): number | null {
    if (this.#clientDeadlineMs === null) return null;
    return Math.max(1, Math.ceil(this.#clientDeadlineMs - this.#core.now()));
  }

  /** An answer of the current attempt. A unary call is complete with it. */
  answered(bytes: Uint8Array): void {
    const writable = this.#up.send(bytes);
    this.#passed++;
    if (this.#rule.shape === 'unary') this.#finish(Status.OK, '');
    else {
      if (this.#passed === 1) this.#core.timers.clear(this);
      if (!writable) this.#attempt?.down?.pauseInput();
    }
  }

  attemptEnded(attempt: Attempt, code: StatusCode, message: string, origin: EndOrigin): void {
    if (attempt !== this.#attempt) return;
    attempt.span?.end(code === Status.OK ? '' : message);
    this.#detach(false);
    if (origin !== 'unsent' && this.#mayHaveHappened(code, origin)) this.#outcomeUnknown = true;
    if (this.#sessionLost(code, message)) return;
    if (this.#mayRepeat(code, message, origin)) {
      this.#lastCode = origin === 'handler' ? code : Status.UNAVAILABLE;
      this.#lastMessage = origin === 'handler' ? message : Texts.CONNECTION_LOST;
      this.#core.probe.count('conclave_router_retries_total', 1);
      this.#wait();
      return;
    }
    if (origin === 'handler') this.#finish(code, message);
    else this.#finish(Status.UNAVAILABLE, Texts.CONNECTION_LOST);
  }

  #mayHaveHappened(code: StatusCode, origin: EndOrigin): boolean {
    return origin === 'lost' || code === Status.UNAVAILABLE || code === Status.DEADLINE_EXCEEDED;
  }

  /** Handles a member's refusal of the session; true when it was one. */
  #sessionLost(code: StatusCode, message: string): boolean {
    if (this.#slot === null || code !== Status.FAILED_PRECONDITION) return false;
    const unknown = message === SESSION_UNKNOWN;
    if (!unknown && message !== SEQUENCE_BELOW_MARK) return false;
    if (unknown) this.#core.sessions.invalidate(this.#slot.session);
    this.#dropSlot();
    if (unknown && !this.#outcomeUnknown) {
      // This and every earlier try was refused, so the write may go under a new session.
      this.#takeSlot();
    } else this.#finish(Status.UNAVAILABLE, Texts.TIMED_OUT);
    return true;
  }

  #mayRepeat(code: StatusCode, message: string, origin: EndOrigin): boolean {
    if (this.#passed > 0) return false;
    if (origin === 'unsent') return true;
    if (this.#rule.repeat === 'once') return false;
    if (origin === 'lost' || code === Status.UNAVAILABLE) return true;
    return code === Status.FAILED_PRECONDITION && message === Texts.NOT_FOR_LEARNER;
  }

  /** The first repetition goes at once, to another member if there is one; later ones wait. */
  #wait(): void {
    if (this.bucket < 0) this.#core.timers.set(this, this.#core.now() + this.#patienceMs);
    if (this.#tries === 1) {
      this.#phase = 'link';
      this.retry();
      return;
    }
    this.#phase = 'delay';
    this.#delay ??= { bucket: -1, fire: () => this.#phase === 'delay' && this.retry() };
    const delay = retryDelayMs(this.#core, this.#tries - 1);
    this.#core.timers.set(this.#delay, this.#core.now() + delay);
  }

  /** The member of the current attempt lost its leader or fell silent. */
  reconsider(): void {
    if (this.#phase !== 'running' || this.#passed > 0 || this.#rule.repeat === 'once') return;
    const attempt = this.#attempt as Attempt;
    const { table } = this.#core;
    const other = table.pick(this.#rule.target, attempt.entry.linkId, this.#core.now());
    if (!isBetter(this.#core, other, attempt.entry)) return;
    this.#detach(true);
    this.#outcomeUnknown = true;
    this.#core.probe.count('conclave_router_retries_total', 1);
    this.#run(other as LinkEntry);
  }

  /** Our patience, or the client's deadline, ended. */
  fire(): void {
    // A stream may be quiet, and a Lock may wait: with these it is the member that keeps time.
    const open = this.#rule.repeat === 'once' || this.#rule.shape !== 'unary';
    if (this.#phase === 'running' && open) return;
    this.#detach(true);
    if (this.#lastCode !== Status.OK && this.#lastMessage !== '') {
      this.#finish(this.#lastCode, this.#lastMessage);
    } else if (this.#core.table.linkCount === 0) {
      this.#finish(Status.UNAVAILABLE, Texts.CONNECTION_LOST);
    } else this.#finish(Status.UNAVAILABLE, Texts.TIMED_OUT);
  }

  /** Leaves the current attempt, which stays known as the member to avoid. */
  #detach(cancel: boolean): void {
    const attempt = this.#attempt;
    if (attempt === null || attempt.owner === null) return;
    attempt.owner = null;
    attempt.span?.end(cancel ? 'left' : '');
    attempt.entry.users.delete(this);
    if (cancel) attempt.down?.cancel();
  }

  #dropSlot(): void {
    if (this.#slot === null) return;
    const slot = this.#slot;
    this.#slot = null;
    this.#core.sessions.release(slot);
  }

  #finish(code: StatusCode, message: string): void {
    if (this.#phase === 'done') return;
    this.#detach(code !== Status.OK);
    this.#close();
    this.#up.end(code, message);
  }

  #close(): void {
    if (this.#phase === 'done') return;
    this.#phase = 'done';
    this.#core.timers.clear(this);
    if (this.#delay !== null) this.#core.timers.clear(this.#delay);
    this.#core.waiting.delete(this);
    this.#core.sessions.stopWaiting(this);
    this.#dropSlot();
    this.#request = null;
    this.#attempt = null;
    this.#core.closed();
  }
}
