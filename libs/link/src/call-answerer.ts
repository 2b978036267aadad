/**
 * The answering side of a link: hands the Calls of a gateway or member to a `CallHandler`.
 *
 * A Call counts as open until its `end` frame has left, so a peer that opens and cancels or never
 * reads cannot pile up more than `callsMax`. When the link is lost every Call is cancelled.
 */
import {
  type CallHandler,
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';
import {
  DecodeError,
  type LinkFrame,
  type MembersFrame,
  type OpenFrame,
  decodeLinkFrames,
} from '@conclave/wire';
import { CallScheduler, Outbound } from './call-scheduler.js';
import type { FrameSocket, FrameSocketEvents } from './frame-socket.js';
import { Inbound, LinkBudget } from './inbound.js';
import type { LinkOptions } from './options.js';

export class CallAnswerer implements FrameSocketEvents {
  readonly #socket: FrameSocket;
  readonly #options: LinkOptions;
  readonly #handler: CallHandler;
  readonly #peer: string;
  readonly #scheduler: CallScheduler;
  readonly #budget: LinkBudget;
  readonly #calls = new Map<number, AnsweredCall>();
  readonly #onClosed: (reason: string) => void;
  #closed = false;

  /** `peer` names the other side in `CallHead.peer`. */
  constructor(
    socket: FrameSocket,
    options: LinkOptions,
    handler: CallHandler,
    peer: string,
    onClosed: (reason: string) => void,
  ) {
    this.#socket = socket;
    this.#options = options;
    this.#handler = handler;
    this.#peer = peer;
    this.#scheduler = new CallScheduler(socket, options);
    this.#budget = new LinkBudget(options.linkBytesMax);
    this.#onClosed = onClosed;
  }

  get openCalls(): number {
    return this.#calls.size;
  }

  /** Tells the other side who leads and who there is. */
  pushMembers(frame: MembersFrame): void {
    if (!this.#closed) this.#scheduler.control(frame);
  }

  close(reason: string): void {
    this.#socket.close(reason);
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
      case 'open':
        return this.#open(frame);
      case 'data':
        return this.#data(frame.callId, frame.fragment, frame.last);
      case 'half-close':
        return this.#halfClose(frame.callId);
      case 'cancel':
        return this.#calls.get(frame.callId)?.cancelled();
      case 'credit':
        return this.#calls.get(frame.callId)?.credit(frame.bytes);
      case 'ping':
        return this.#scheduler.control({ type: 'pong', token: frame.token });
      case 'pong':
        return;
      default:
        this.#socket.destroy(`a ${frame.type} frame has no place in a request`);
    }
  }

  #open(frame: OpenFrame): void {
    const { callId, method, metadata, timeoutMs } = frame;
    if (this.#calls.has(callId)) return this.#socket.destroy(`call ${callId} is open already`);
    if (this.#calls.size >= this.#options.callsMax) {
      this.#scheduler.control({
        type: 'end',
        callId,
        status: Status.RESOURCE_EXHAUSTED,
        message: 'etcdserver: too many requests',
      });
      return;
    }
    const head: CallHead = { method, metadata, timeoutMs, peer: this.#peer };
    const call = new AnsweredCall(callId, head, {
      options: this.#options,
      scheduler: this.#scheduler,
      budget: this.#budget,
      calls: this.#calls,
    });
    this.#calls.set(callId, call);
    call.begin(this.#handler);
  }

  #data(callId: number, fragment: Uint8Array, last: boolean): void {
    const outcome = this.#calls.get(callId)?.data(fragment, last) ?? 'ok';
    if (outcome !== 'ok') this.#socket.destroy(`call ${callId}: ${outcome}`);
  }

  #halfClose(callId: number): void {
    const inOrder = this.#calls.get(callId)?.halfClosed() ?? true;
    if (!inOrder) this.#socket.destroy(`call ${callId}: half closed in the middle of a message`);
  }

  drained(): void {
    this.#scheduler.drained();
  }

  closed(reason: string): void {
    this.#closed = true;
    const calls = [...this.#calls.values()];
    for (const call of calls) call.cancelled();
    this.#onClosed(reason);
  }
}

interface AnswererParts {
  readonly options: LinkOptions;
  readonly scheduler: CallScheduler;
  readonly budget: LinkBudget;
  readonly calls: Map<number, AnsweredCall>;
}

class AnsweredCall implements ServerCall {
  readonly head: CallHead;
  readonly #callId: number;
  readonly #parts: AnswererParts;
  readonly #out: Outbound;
  readonly #in: Inbound;
  /** Null until the handler answered `open`; what comes meanwhile cannot be, for frames follow. */
  #events: ServerCallEvents | null = null;
  /** The handler ended it, or the other side cancelled. */
  #over = false;

  constructor(callId: number, head: CallHead, parts: AnswererParts) {
    const { options, scheduler, budget, calls } = parts;
    this.#callId = callId;
    this.head = head;
    this.#parts = parts;
    this.#out = new Outbound(callId, options.callCreditBytes, {
      drained: () => !this.#over && this.#events?.drained(),
      ended: () => calls.delete(callId),
    });
    this.#in = new Inbound(options.callCreditBytes, options.requestBytesMax, budget, {
      message: (bytes) => this.#events?.message(bytes),
      credit: (bytes) => scheduler.control({ type: 'credit', callId, bytes }),
    });
  }

  begin(handler: CallHandler): void {
    this.#events = handler.open(this);
  }

  send(message: Uint8Array): boolean {
    return this.#over || this.#parts.scheduler.message(this.#out, message);
  }

  end(status: StatusCode, message: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#in.drop();
    this.#parts.scheduler.push(this.#out, { type: 'end', status, message });
  }

  pauseInput(): void {
    this.#in.pause();
  }

  resumeInput(): void {
    this.#in.resume();
  }

  data(fragment: Uint8Array, last: boolean): 'ok' | 'over-credit' | 'bad-order' {
    const outcome = this.#in.data(fragment, last);
    if (outcome !== 'too-large') return outcome;
    if (!this.#over) {
      this.end(Status.RESOURCE_EXHAUSTED, 'the request is too large for a link');
      this.#events?.cancelled();
    }
    return 'ok';
  }

  halfClosed(): boolean {
    return this.#in.finish(() => {
      if (!this.#over) this.#events?.halfClosed();
    });
  }

  credit(bytes: number): void {
    this.#parts.scheduler.addCredit(this.#out, bytes);
  }

  /** The other side cancelled, or the link is gone. */
  cancelled(): void {
    this.#parts.calls.delete(this.#callId);
    this.#parts.scheduler.drop(this.#out);
    this.#in.drop();
    if (this.#over) return;
    this.#over = true;
    this.#events?.cancelled();
  }
}
