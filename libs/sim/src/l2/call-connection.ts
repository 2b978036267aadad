/**
 * Calls over a simulated connection: what `link` and the client edge do in production. Each call has
 * byte credit in each direction, ends once, and tells its opener whether it may have been received.
 */
import {
  type CallHandler,
  type Channel,
  type ClientCall,
  type ClientCallEvents,
  type Metadata,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';
import { Connection, type ConnectionPorts } from './connection.js';
import type { Host } from './host.js';
import type { Pipe } from './network.js';

export interface CallConnectionOptions {
  /** Credit of a call in each direction. */
  readonly creditBytes: number;
  readonly peer: string;
  /** The server's side keeps the deadline, as the client edge does. */
  readonly keepsDeadlines: boolean;
}

/** From `open` until its bytes leave the opener's process. */
const LEAVE_MS = 0.01;

export class CallConnection implements Channel {
  readonly connection: Connection;
  readonly options: CallConnectionOptions;
  readonly #handler: CallHandler;
  readonly #ports: ConnectionPorts;
  readonly #calls = new Set<SimCall>();
  #isOpen = true;

  constructor(
    ports: ConnectionPorts,
    opener: Host,
    server: Host,
    handler: CallHandler,
    options: CallConnectionOptions,
    closed: () => void,
  ) {
    this.#ports = ports;
    this.#handler = handler;
    this.options = options;
    this.connection = new Connection(ports, opener, server, {
      openerClosed: () => {
        this.#isOpen = false;
        // The owner of the channel hears of it before its calls end, as over a real link.
        closed();
        for (const call of [...this.#calls]) call.lost();
      },
      serverClosed: () => {
        for (const call of [...this.#calls]) call.serverLost();
      },
    });
  }

  get nowMs(): number {
    return this.#ports.timeline.nowMs;
  }

  get openCalls(): number {
    return this.#calls.size;
  }

  open(
    method: string,
    metadata: Metadata,
    timeoutMs: number | null,
    events: ClientCallEvents,
  ): ClientCall {
    const call = new SimCall(this, this.#handler, method, metadata, timeoutMs, events);
    if (!this.#isOpen) {
      events.ended(Status.UNAVAILABLE, 'connection lost', 'unsent');
      return call.client;
    }
    this.#calls.add(call);
    call.begin();
    return call.client;
  }

  forget(call: SimCall): void {
    this.#calls.delete(call);
  }
}

/** Messages of one direction of a call, against credit. */
class Flow {
  readonly #pipe: Pipe;
  readonly #creditBytes: number;
  readonly #receive: (bytes: Uint8Array) => void;
  /** Tells the sender, in its own process, that there is room again. */
  readonly #drained: () => void;
  #queuedBytes = 0;
  #isBehind = false;
  #isPaused = false;
  readonly #held: (() => void)[] = [];

  constructor(
    pipe: Pipe,
    creditBytes: number,
    receive: (bytes: Uint8Array) => void,
    drained: () => void,
  ) {
    this.#pipe = pipe;
    this.#creditBytes = creditBytes;
    this.#receive = receive;
    this.#drained = drained;
  }

  send(bytes: Uint8Array): boolean {
    const copy = bytes.slice();
    this.#queuedBytes += copy.length + 1;
    this.inOrder(() => {
      this.#queuedBytes -= copy.length + 1;
      this.#receive(copy);
      if (this.#isBehind && this.#queuedBytes <= this.#creditBytes / 2) {
        this.#isBehind = false;
        this.#drained();
      }
    });
    this.#isBehind ||= this.#queuedBytes > this.#creditBytes;
    return !this.#isBehind;
  }

  /** Runs at the receiver behind everything sent before. */
  inOrder(run: () => void): void {
    this.#pipe.send(() => {
      if (this.#isPaused || this.#held.length > 0) this.#held.push(run);
      else run();
    });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    while (!this.#isPaused && this.#held.length > 0) (this.#held.shift() as () => void)();
  }
}

class SimCall {
  readonly client: ClientCall;
  readonly #channel: CallConnection;
  readonly #handler: CallHandler;
  readonly #method: string;
  readonly #metadata: Metadata;
  readonly #timeoutMs: number | null;
  readonly #leavesMs: number;
  readonly #up: Flow;
  readonly #down: Flow;
  #clientEvents: ClientCallEvents | null;
  #serverEvents: ServerCallEvents | null = null;
  #serverState: 'waiting' | 'open' | 'over' = 'waiting';

  constructor(
    channel: CallConnection,
    handler: CallHandler,
    method: string,
    metadata: Metadata,
    timeoutMs: number | null,
    events: ClientCallEvents,
  ) {
    this.#channel = channel;
    this.#handler = handler;
    this.#method = method;
    this.#metadata = new Map(metadata);
    this.#timeoutMs = timeoutMs;
    this.#clientEvents = events;
    this.#leavesMs = channel.nowMs + LEAVE_MS;
    const { there, back } = channel.connection;
    const { creditBytes } = channel.options;
    this.#up = new Flow(
      there,
      creditBytes,
      (bytes) => this.#serverEvents?.message(bytes),
      () => back.send(() => this.#clientEvents?.drained()),
    );
    this.#down = new Flow(
      back,
      creditBytes,
      (bytes) => this.#clientEvents?.message(bytes),
      () => there.send(() => this.#serverEvents?.drained()),
    );
    this.client = {
      send: (bytes) => this.#clientEvents === null || this.#up.send(bytes),
      halfClose: () => this.#up.inOrder(() => this.#serverEvents?.halfClosed()),
      cancel: () => this.#cancel(),
      pauseInput: () => this.#down.pause(),
      resumeInput: () => this.#down.resume(),
    };
  }

  begin(): void {
    this.#up.inOrder(() => this.#accept());
  }

  /** The connection is gone, as the opener sees it. */
  lost(): void {
    const events = this.#clientEvents;
    if (events === null) return;
    this.#clientEvents = null;
    this.#forget();
    const isUnsent = this.#channel.nowMs < this.#leavesMs;
    events.ended(Status.UNAVAILABLE, 'connection lost', isUnsent ? 'unsent' : 'lost');
  }

  serverLost(): void {
    const events = this.#serverEvents;
    this.#serverEvents = null;
    this.#serverState = 'over';
    events?.cancelled();
    this.#forget();
  }

  #accept(): void {
    if (this.#serverState === 'over') return;
    this.#serverState = 'open';
    const { server } = this.#channel.connection;
    const serverCall: ServerCall = {
      head: {
        method: this.#method,
        metadata: this.#metadata,
        timeoutMs: this.#timeoutMs,
        peer: this.#channel.options.peer,
      },
      send: (bytes) => this.#serverState !== 'open' || this.#down.send(bytes),
      end: (code, message) => this.#end(code, message),
      pauseInput: () => this.#up.pause(),
      resumeInput: () => this.#up.resume(),
    };
    const events = this.#handler.open(serverCall);
    if (this.#isOpenAtServer) this.#serverEvents = events;
    if (this.#timeoutMs === null || !this.#channel.options.keepsDeadlines) return;
    server.after(Math.max(0, this.#timeoutMs), () => {
      if (!this.#isOpenAtServer) return;
      const late = this.#serverEvents;
      this.#end(Status.DEADLINE_EXCEEDED, 'context deadline exceeded');
      late?.cancelled();
    });
  }

  get #isOpenAtServer(): boolean {
    return this.#serverState === 'open';
  }

  #end(code: StatusCode, message: string): void {
    if (this.#serverState === 'over') return;
    this.#serverState = 'over';
    this.#serverEvents = null;
    this.#down.inOrder(() => {
      const events = this.#clientEvents;
      this.#clientEvents = null;
      this.#forget();
      events?.ended(code, message, 'handler');
    });
  }

  #cancel(): void {
    if (this.#clientEvents === null) return;
    this.#clientEvents = null;
    this.#up.resume();
    this.#channel.connection.there.send(() => {
      const events = this.#serverEvents;
      this.#serverEvents = null;
      this.#serverState = 'over';
      events?.cancelled();
      this.#forget();
    });
  }

  #forget(): void {
    if (this.#clientEvents === null && this.#serverState !== 'open') this.#channel.forget(this);
  }
}
