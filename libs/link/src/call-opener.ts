/**
 * The asking side of a link: Calls over one WebSocket, as a `Channel`.
 *
 * When the link is lost every open Call ends with UNAVAILABLE; `unsent` if certainly nothing of it
 * left this process, else `lost`: then nobody knows what became of it.
 *
 * Invariants: a Call ends exactly once; frames of a Call that ended here are dropped, for the other
 * side may not know yet.
 */
import {
  type Channel,
  type ClientCall,
  type ClientCallEvents,
  type EndOrigin,
  type Metadata,
  Status,
  type StatusCode,
} from '@conclave/base';
import {
  DecodeError,
  type LinkFrame,
  type MembersFrame,
  decodeLinkFrames,
  fitsOpenFrame,
} from '@conclave/wire';
import { CallScheduler, Outbound } from './call-scheduler.js';
import type { FrameSocket, FrameSocketEvents } from './frame-socket.js';
import { Inbound, LinkBudget } from './inbound.js';
import type { LinkOptions } from './options.js';

const LOST_TEXT = 'the link to the member was lost';
const CALL_ID_END = 0x1_0000_0000;

/** A Call that never began. */
const NO_CALL: ClientCall = Object.freeze({
  send: () => true,
  halfClose() {},
  cancel() {},
  pauseInput() {},
  resumeInput() {},
});

export interface CallOpenerEvents {
  /** The member says who leads and who there is; also its sign of life. */
  members(frame: MembersFrame): void;
  closed(reason: string): void;
}

export class CallOpener implements Channel, FrameSocketEvents {
  readonly #socket: FrameSocket;
  readonly #options: LinkOptions;
  readonly #events: CallOpenerEvents;
  readonly #scheduler: CallScheduler;
  readonly #budget: LinkBudget;
  readonly #calls = new Map<number, OpenedCall>();
  #nextId = 1;
  #closed = false;

  constructor(socket: FrameSocket, options: LinkOptions, events: CallOpenerEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    this.#scheduler = new CallScheduler(socket, options);
    this.#budget = new LinkBudget(options.linkBytesMax);
  }

  get openCalls(): number {
    return this.#calls.size;
  }

  get rttMs(): number {
    return this.#socket.rttMs;
  }

  open(
    method: string,
    metadata: Metadata,
    timeoutMs: number | null,
    events: ClientCallEvents,
  ): ClientCall {
    if (this.#closed) {
      events.ended(Status.UNAVAILABLE, LOST_TEXT, 'unsent');
      return NO_CALL;
    }
    if (!fitsOpenFrame(method, metadata)) {
      events.ended(Status.RESOURCE_EXHAUSTED, 'the metadata is too large', 'handler');
      return NO_CALL;
    }
    if (this.#calls.size >= this.#options.callsMax) {
      events.ended(Status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'unsent');
      return NO_CALL;
    }
    const call = new OpenedCall(this.#takeId(), events, {
      options: this.#options,
      scheduler: this.#scheduler,
      budget: this.#budget,
      calls: this.#calls,
    });
    this.#calls.set(call.callId, call);
    call.begin(method, metadata, timeoutMs);
    return call;
  }

  #takeId(): number {
    while (this.#calls.has(this.#nextId)) this.#step();
    const id = this.#nextId;
    this.#step();
    return id;
  }

  #step(): void {
    this.#nextId = this.#nextId + 1 === CALL_ID_END ? 1 : this.#nextId + 1;
  }

  message(bytes: Uint8Array): void {
    let frames: LinkFrame[];
    try {
      frames = decodeLinkFrames(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#socket.destroy(`bad frame: ${error.message}`);
      return;
    }
    for (const frame of frames) {
      if (this.#closed) return;
      this.#frame(frame);
    }
  }

  #frame(frame: LinkFrame): void {
    switch (frame.type) {
      case 'data':
        return this.#calls.get(frame.callId)?.data(frame.fragment, frame.last, this.#socket);
      case 'end':
        return this.#calls.get(frame.callId)?.end(frame.status, frame.message, this.#socket);
      case 'credit':
        return this.#calls.get(frame.callId)?.credit(frame.bytes);
      case 'members':
        return this.#events.members(frame);
      case 'ping':
        return this.#scheduler.control({ type: 'pong', token: frame.token });
      case 'pong':
        return;
      default:
        this.#socket.destroy(`a ${frame.type} frame has no place in an answer`);
    }
  }

  drained(): void {
    this.#scheduler.drained();
  }

  closed(reason: string): void {
    this.#closed = true;
    // First the link, so that nobody opens a Call here; then the Calls, which may move elsewhere.
    this.#events.closed(reason);
    const calls = [...this.#calls.values()];
    for (const call of calls) call.lost();
  }
}

interface OpenerParts {
  readonly options: LinkOptions;
  readonly scheduler: CallScheduler;
  readonly budget: LinkBudget;
  readonly calls: Map<number, OpenedCall>;
}

class OpenedCall implements ClientCall {
  readonly callId: number;
  readonly #events: ClientCallEvents;
  readonly #parts: OpenerParts;
  readonly #out: Outbound;
  readonly #in: Inbound;
  #over = false;

  constructor(callId: number, events: ClientCallEvents, parts: OpenerParts) {
    const { options, scheduler, budget } = parts;
    this.callId = callId;
    this.#events = events;
    this.#parts = parts;
    this.#out = new Outbound(callId, options.callCreditBytes, {
      drained: () => !this.#over && events.drained(),
      ended() {},
    });
    this.#in = new Inbound(options.callCreditBytes, options.responseBytesMax, budget, {
      message: (bytes) => events.message(bytes),
      credit: (bytes) => scheduler.control({ type: 'credit', callId, bytes }),
    });
  }

  begin(method: string, metadata: Metadata, timeoutMs: number | null): void {
    const { callId } = this;
    this.#parts.scheduler.push(this.#out, { type: 'open', callId, method, metadata, timeoutMs });
  }

  send(message: Uint8Array): boolean {
    return this.#over || this.#parts.scheduler.message(this.#out, message);
  }

  halfClose(): void {
    if (!this.#over) this.#parts.scheduler.push(this.#out, { type: 'half-close' });
  }

  cancel(): void {
    if (this.#over) return;
    const sent = this.#out.isSent;
    this.#close();
    if (sent) this.#parts.scheduler.control({ type: 'cancel', callId: this.callId });
  }

  pauseInput(): void {
    this.#in.pause();
  }

  resumeInput(): void {
    this.#in.resume();
  }

  data(fragment: Uint8Array, last: boolean, socket: FrameSocket): void {
    const outcome = this.#in.data(fragment, last);
    if (outcome === 'ok' || this.#over) return;
    if (outcome !== 'too-large') return socket.destroy(`a call's data: ${outcome}`);
    this.cancel();
    this.#events.ended(Status.RESOURCE_EXHAUSTED, 'the answer is too large for a link', 'handler');
  }

  end(status: StatusCode, message: string, socket: FrameSocket): void {
    const inOrder = this.#in.finish(() => this.#finish(status, message, 'handler'));
    if (!inOrder) socket.destroy('a call ended in the middle of a message');
  }

  credit(bytes: number): void {
    this.#parts.scheduler.addCredit(this.#out, bytes);
  }

  lost(): void {
    this.#finish(Status.UNAVAILABLE, LOST_TEXT, this.#out.isSent ? 'lost' : 'unsent');
  }

  #finish(status: StatusCode, message: string, origin: EndOrigin): void {
    if (this.#over) return;
    this.#close();
    this.#events.ended(status, message, origin);
  }

  #close(): void {
    this.#over = true;
    this.#parts.calls.delete(this.callId);
    this.#parts.scheduler.drop(this.#out);
    this.#in.drop();
  }
}
