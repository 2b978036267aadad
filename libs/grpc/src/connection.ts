/**
 * One HTTP/2 connection: its frames, its calls, and the rules a client must keep (RFC 9113).
 *
 * States: `open`; `draining` (GOAWAY without an end: calls on their way are still taken);
 * `leaving` (the last GOAWAY: no more calls, it closes after its last one); `closing` (nothing
 * read any more, the last bytes leave); `closed`.
 *
 * Whatever a client sends ends in a frame for its stream or in GOAWAY for its connection, never in an
 * exception. Frames are written at the end of the turn (`flush`). All time rules are checked by
 * `sweep`, which the server calls about once a second.
 */
import type { Duplex } from 'node:stream';

import { type CallHandler, Status, unreachable } from '@conclave/base';

import { type ClientFrameEvents, ClientFrames } from './client-frames.js';
import { ControlQueue } from './control-queue.js';
import type { DeadlineWheel } from './deadlines.js';
import { FloodCounters } from './floods.js';
import { FrameParser } from './frame-parser.js';
import { ErrorCode, Flag, STREAM_ID_MAX, WINDOW_DEFAULT, WINDOW_MAX } from './frames.js';
import { ResponseEncoder } from './hpack-encoder.js';
import { InboundWindow } from './inbound-window.js';
import type { GrpcLimits } from './limits.js';
import { CONTENT_TYPE, NO_HEAD } from './metadata.js';
import type { OutBuffer } from './out-buffer.js';
import { type CallHost, Http2Call } from './server-call.js';
import { PingPolicy, TokenBucket } from './rate.js';
import { type HeadOutcome, RequestHeads } from './request-heads.js';
import { type ClientSettings, greet } from './settings.js';
import { type ConnectionState, Watchdog } from './watchdog.js';
import { StreamTable } from './stream-table.js';
import { AT_SOCKET_MAX, WriteLine } from './write-line.js';

/** What a connection needs from its server. */
export interface ConnectionHost {
  readonly limits: GrpcLimits;
  readonly deadlines: DeadlineWheel;
  /** Room for decoding that nobody keeps anything in. */
  readonly scratch: Buffer;
  handlerOf(service: string): CallHandler | null;
  /** Have `connection.flush` run at the end of this turn. */
  markDirty(connection: Http2Connection): void;
  connectionClosed(connection: Http2Connection): void;
  /** A client was sent away for breaking a rule. */
  rejected(peer: string, reason: string): void;
}

/** Payloads of our pings: the first byte tells which answer it is. */
const KEEPALIVE_PING = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);
const DRAIN_PING = new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0]);
/** So long calls on their way are waited for if the client does not answer the ping. */
const DRAIN_MS = 5000;
/** So long a client has to take the last bytes. */
const LINGER_MS = 1000;

const nowMs = (): number => performance.now();

export class Http2Connection implements CallHost, ClientFrameEvents, ConnectionState {
  readonly limits: GrpcLimits;
  readonly deadlines: DeadlineWheel;
  readonly encoder = new ResponseEncoder();
  readonly peer: string;
  outWindow = WINDOW_DEFAULT;
  queuedBytes = 0;
  readonly #socket: Duplex;
  readonly #host: ConnectionHost;
  readonly #streams = new StreamTable();
  readonly #frames: ClientFrames;
  readonly #parser: FrameParser;
  readonly #control = new ControlQueue();
  readonly #line = new WriteLine();
  readonly #pings: PingPolicy;
  readonly #floods: FloodCounters;
  readonly #opened: TokenBucket | null;
  readonly #watchdog: Watchdog;
  #state: 'open' | 'draining' | 'leaving' | 'closing' | 'closed' = 'open';
  #stateMs: number;
  #isDirty = false;
  #isEnded = false;
  readonly #inbound: InboundWindow;
  #initialWindow = WINDOW_DEFAULT;
  #writtenBytes = 0;

  constructor(socket: Duplex, peer: string, openedMs: number, host: ConnectionHost) {
    const limits = host.limits;
    this.limits = limits;
    this.deadlines = host.deadlines;
    this.peer = peer;
    this.#socket = socket;
    this.#host = host;
    this.#stateMs = openedMs;
    const heads = new RequestHeads(limits, peer, host.scratch, (name) => host.handlerOf(name));
    this.#floods = new FloodCounters(limits, openedMs);
    this.#frames = new ClientFrames(limits, heads, this.#floods, nowMs, this);
    this.#parser = new FrameParser(this.#frames);
    this.#pings = new PingPolicy(limits.keepaliveMinTimeMs);
    const perSecond = limits.callsPerSecond;
    this.#opened = perSecond > 0 ? new TokenBucket(perSecond, perSecond, openedMs) : null;
    this.#watchdog = new Watchdog(limits, openedMs);
    this.#inbound = new InboundWindow(limits.connectionWindowBytes);
    greet(this.#control, limits);
    this.#dirty();
    this.#listen();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => {
      this.#watchdog.heard();
      this.#parser.push(chunk);
    });
    socket.on('drain', () => this.#dirty());
    socket.on('end', () => this.#close());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
    socket.resume();
  }

  get callCount(): number {
    return this.#streams.calls.size;
  }

  get hasSettings(): boolean {
    return this.#frames.hasSettings;
  }

  get isInsideFrame(): boolean {
    return this.#frames.isInsideBlock || this.#parser.isInside;
  }

  get framesCompleted(): number {
    return this.#frames.completed;
  }

  get sentBytes(): number {
    return this.#writtenBytes - this.#socket.writableLength;
  }

  // ------------------------------------------------------------------ what the client meant

  settingsCame(settings: ClientSettings): void {
    if (settings.tableBytes >= 0) this.encoder.limitTable(settings.tableBytes);
    if (settings.initialWindow >= 0 && !this.#changeWindows(settings.initialWindow)) return;
    this.#control.settingsAck();
    this.#answered();
  }

  #changeWindows(initial: number): boolean {
    const change = initial - this.#initialWindow;
    if (change === 0) return true;
    this.#initialWindow = initial;
    for (const call of this.#streams.calls.values()) {
      call.outWindow += change;
      if (call.outWindow > WINDOW_MAX) {
        this.fail(ErrorCode.FLOW_CONTROL_ERROR, 'window_overflow');
        return false;
      }
      if (change > 0 && call.queuedBytes > 0) this.wantsToWrite(call);
    }
    return true;
  }

  pingCame(bytes: Buffer, at: number): void {
    if (!this.#pings.allows(nowMs(), this.#streams.calls.size)) {
      this.sendAway('too_many_pings');
      return;
    }
    this.#control.ping(Flag.ACK, bytes, at);
    this.#answered();
  }

  pingAnswered(firstByte: number): void {
    if (firstByte === DRAIN_PING[0] && this.#state === 'draining') this.#leave();
  }

  windowUpdateCame(id: number, increment: number): void {
    if (id === 0) {
      this.outWindow += increment;
      if (this.outWindow > WINDOW_MAX) this.fail(ErrorCode.FLOW_CONTROL_ERROR, 'window_overflow');
      this.#line.unblock();
      if (this.#line.hasReady) this.#dirty();
      return;
    }
    const call = this.#streams.calls.get(id);
    if (call === undefined) {
      this.#isKnown(id, 'window_update_on_idle_stream');
      return;
    }
    call.outWindow += increment;
    if (increment === 0) this.#breakStream(id, ErrorCode.PROTOCOL_ERROR);
    else if (call.outWindow > WINDOW_MAX) this.#breakStream(id, ErrorCode.FLOW_CONTROL_ERROR);
    else if (call.queuedBytes > 0) this.wantsToWrite(call);
  }

  resetCame(id: number, code: ErrorCode): void {
    const call = this.#streams.calls.get(id);
    if (call === undefined) {
      if (!this.#isKnown(id, 'reset_of_idle_stream')) return;
      if (!this.#floods.allowsLateReset(nowMs)) this.sendAway('too_many_resets');
      return;
    }
    const counts = call.isOpen || code !== ErrorCode.NO_ERROR;
    this.#forget(call);
    call.gone();
    if (counts) this.#countReset();
  }

  /** A stream without a call must have been one. */
  #isKnown(id: number, reason: string): boolean {
    if (this.#streams.isKnown(id)) return true;
    this.fail(ErrorCode.PROTOCOL_ERROR, reason);
    return false;
  }

  dataCame(id: number, length: number): void {
    if (!this.#inbound.take(length)) {
      this.fail(ErrorCode.FLOW_CONTROL_ERROR, 'connection_window_exceeded');
      return;
    }
    const credit = this.#inbound.refill();
    if (credit > 0) {
      this.#control.windowUpdate(0, credit);
      this.#dirty();
    }
    const call = this.#streams.calls.get(id);
    if (call === undefined) {
      const isKnown = this.#isKnown(id, 'data_on_idle_stream');
      if (isKnown && !this.#streams.isAbandoned(id)) this.#breakStream(id, ErrorCode.STREAM_CLOSED);
    } else if (call.isInputOver) this.#breakStream(id, ErrorCode.STREAM_CLOSED);
    else if (!call.countInput(length)) this.#breakStream(id, ErrorCode.FLOW_CONTROL_ERROR);
  }

  bytesCame(id: number, bytes: Buffer, lo: number, hi: number, isEnd: boolean): void {
    const call = this.#streams.calls.get(id);
    if (call === undefined) return;
    call.input(bytes, lo, hi);
    if (isEnd) call.inputEnded();
  }

  /** A new call, or the trailers of one. */
  headCame(id: number, isEnd: boolean, outcome: HeadOutcome): void {
    if (id > this.#streams.seenId) {
      this.#streams.seenId = id;
      this.#open(id, isEnd, outcome);
      return;
    }
    const call = this.#streams.calls.get(id);
    if (call === undefined) {
      if (!this.#streams.isAbandoned(id)) this.fail(ErrorCode.PROTOCOL_ERROR, 'old_stream_id');
    } else if (call.isInputOver) this.#breakStream(id, ErrorCode.STREAM_CLOSED);
    else if (!isEnd) this.#breakStream(id, ErrorCode.PROTOCOL_ERROR);
    else call.inputEnded();
  }

  // ------------------------------------------------------------------ calls

  #open(id: number, isEnd: boolean, outcome: HeadOutcome): void {
    const { limits } = this;
    if (this.#state === 'leaving') {
      // The client knows from the last GOAWAY that nobody saw this call.
      this.#streams.abandon(id);
      return;
    }
    if (this.#opened !== null && !this.#opened.take(nowMs())) {
      this.sendAway('too_many_calls');
      return;
    }
    this.#streams.takenId = id;
    const isFull =
      this.#streams.calls.size >= limits.concurrentStreamsMax ||
      this.queuedBytes > limits.connectionQueueBytesMax ||
      this.#streams.heldBytes > limits.heldMetadataBytesMax;
    if (isFull) this.#refuse(id, isEnd, ErrorCode.REFUSED_STREAM);
    else if (outcome.type === 'malformed') this.#refuse(id, isEnd, ErrorCode.PROTOCOL_ERROR);
    else if (outcome.type !== 'request') this.#refuse(id, isEnd, ErrorCode.ENHANCE_YOUR_CALM);
    else this.#start(id, isEnd, outcome);
  }

  #start(id: number, isEnd: boolean, request: HeadOutcome & { type: 'request' }): void {
    const { result, handler, heldBytes } = request;
    const head = result.ok ? result.head : NO_HEAD;
    const contentType = result.ok ? result.contentType : CONTENT_TYPE;
    const call = new Http2Call(id, head, contentType, this.#initialWindow, this);
    call.heldBytes = heldBytes;
    this.#streams.add(call);
    if (!result.ok) call.refuse(result.httpStatus, result.code, result.message);
    else if (handler !== null) call.start(handler);
    else call.end(Status.UNIMPLEMENTED, `unknown service ${result.service}`);
    if (isEnd) call.inputEnded();
  }

  /** Resets a stream that never became a call. */
  #refuse(id: number, isEnd: boolean, code: ErrorCode): void {
    if (!isEnd) this.#streams.abandon(id);
    this.#control.reset(id, code);
    this.#answered();
    this.#countReset();
  }

  /** A stream error: the stream is reset, its handler told. */
  #breakStream(id: number, code: ErrorCode): void {
    const call = this.#streams.calls.get(id);
    if (call === undefined || !call.isInputOver) this.#streams.abandon(id);
    this.#control.reset(id, code);
    this.#answered();
    if (call !== undefined) {
      this.#forget(call);
      call.gone();
    }
    this.#countReset();
  }

  #forget(call: Http2Call): void {
    this.#streams.remove(call);
    this.#watchdog.used();
    if (this.#state === 'leaving' && this.#streams.calls.size === 0) this.#dirty();
  }

  callEnded(call: Http2Call): void {
    if (!call.isInputOver) {
      this.#streams.abandon(call.id);
      this.#floods.earnReset();
    }
    this.#forget(call);
  }

  giveCredit(call: Http2Call, bytes: number): void {
    this.#control.windowUpdate(call.id, bytes);
    this.#dirty();
  }

  wantsToWrite(call: Http2Call): void {
    this.#line.add(call);
    this.#dirty();
  }

  countQueued(bytes: number): void {
    this.queuedBytes += bytes;
  }

  sentSomething(isData: boolean): void {
    this.#pings.sentSomething();
    if (isData) this.#floods.sentData();
  }

  #countReset(): void {
    if (!this.#floods.allowsReset(nowMs())) this.sendAway('too_many_resets');
  }

  // ------------------------------------------------------------------ writing

  #dirty(): void {
    if (this.#isDirty || this.#isEnded) return;
    this.#isDirty = true;
    this.#host.markDirty(this);
  }

  /** A control frame waits that the client made us write. */
  #answered(): void {
    this.#dirty();
    if (this.#control.frames <= this.limits.pendingAcksMax || this.#state === 'closing') return;
    this.#host.rejected(this.peer, 'too_many_pending_acks');
    this.destroy();
  }

  /** Writes what this turn brought, in one go. */
  flush(out: OutBuffer): void {
    this.#isDirty = false;
    const socket = this.#socket;
    if (this.#isEnded || socket.destroyed || socket.writableEnded) return;
    if (socket.writableLength >= AT_SOCKET_MAX && this.#state !== 'closing') return;
    out.begin(socket);
    if (this.#control.length > 0) {
      out.append(this.#control.bytes, this.#control.length);
      this.#control.clear();
    }
    this.#line.write(out);
    this.#writtenBytes += out.end();
    if (this.#state === 'leaving' && this.#streams.calls.size === 0) this.#close();
    if (this.#state !== 'closing') return;
    this.#isEnded = true;
    socket.end();
  }

  // ------------------------------------------------------------------ time

  /** Checks every rule about time. Called about once a second. */
  sweep(now: number): void {
    if (this.#state === 'closing') {
      if (now - this.#stateMs > LINGER_MS) this.destroy();
      return;
    }
    if (this.#state === 'draining' && now - this.#stateMs > DRAIN_MS) this.#leave();
    for (const call of this.#streams.stalled(now, this.limits)) {
      this.#host.rejected(this.peer, 'stalled_reader');
      this.#breakStream(call.id, ErrorCode.CANCEL);
    }
    this.#line.prune(this.#streams.calls.size);
    const due = this.#watchdog.check(now, this);
    switch (due) {
      case 'nothing':
        return;
      case 'ping':
        this.#control.ping(0, KEEPALIVE_PING, 0);
        this.#dirty();
        return;
      case 'go-away':
        this.goAway();
        return;
      case 'slow_frame':
        this.sendAway(due);
        return;
      case 'no_settings':
      case 'stalled_connection':
        this.#host.rejected(this.peer, due);
        this.destroy();
        return;
      case 'dead':
        this.destroy();
        return;
      default:
        unreachable(due);
    }
  }

  // ------------------------------------------------------------------ leaving

  /**
   * Sends the client to another connection (GOAWAY, NO_ERROR). Calls it has already sent are taken
   * until it answers a ping behind that GOAWAY; then the last GOAWAY tells which ones were.
   */
  goAway(): void {
    if (this.#state !== 'open') return;
    this.#enter('draining');
    this.#control.goAway(STREAM_ID_MAX, ErrorCode.NO_ERROR, '');
    this.#control.ping(0, DRAIN_PING, 0);
    this.#dirty();
  }

  #leave(): void {
    if (this.#state !== 'draining') return;
    this.#enter('leaving');
    this.#control.goAway(this.#streams.takenId, ErrorCode.NO_ERROR, '');
    this.#dirty();
  }

  /** Ends every call that is still open with this status, and takes no more. */
  endCalls(message: string): void {
    for (const call of this.#streams.calls.values()) call.breakOff(Status.UNAVAILABLE, message);
    this.#leave();
  }

  sendAway(reason: string): void {
    this.fail(ErrorCode.ENHANCE_YOUR_CALM, reason);
  }

  /** A connection error: GOAWAY with its reason, then the end. */
  fail(code: ErrorCode, reason: string): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#host.rejected(this.peer, reason);
    this.#control.goAway(this.#streams.takenId, code, reason);
    this.#close();
  }

  /** Nothing is read any more and no call goes on; what is written leaves at the end of the turn. */
  #close(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#enter('closing');
    this.#parser.stop();
    this.#line.clear();
    for (const call of this.#streams.clear()) call.gone();
    this.#dirty();
  }

  #enter(state: 'draining' | 'leaving' | 'closing'): void {
    this.#state = state;
    this.#stateMs = nowMs();
  }

  /** Ends at once; what has not left is lost. */
  destroy(): void {
    if (this.#state === 'closed') return;
    this.#close();
    this.#state = 'closed';
    this.#socket.destroy();
    this.#host.connectionClosed(this);
  }
}
