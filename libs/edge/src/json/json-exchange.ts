/**
 * One HTTP request of the JSON gateway as a Call: its body becomes request messages, the Call's answers
 * the body of the response.
 *
 *   reading -> open -> over
 *
 * `reading`: no message is there yet; what is wrong so far is answered with a plain error and no Call is
 * made. `open`: the handler works. `over`: the answer is decided and leaves; nothing is heard any more.
 *
 * A method with one answer ends in one JSON body. A stream is one line for each message; its head leaves
 * with the first. Credit: as for gRPC, `send` answers false above `callCreditBytes`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CallHandler,
  type CallHead,
  type ServerCall,
  type ServerCallEvents,
  Status,
  type StatusCode,
} from '@conclave/base';
import type { MethodDescriptor } from '@conclave/wire';
import { HttpOutput } from './http-output.js';
import { JsonBody } from './json-body.js';
import type { JsonGatewayLimits } from './json-gateway.js';
import { errorBody, errorLine, httpStatusOf } from './json-status.js';
import type { MessagePlan } from './message-plan.js';
import { writeMessage } from './message-writer.js';

export interface JsonMethod {
  readonly descriptor: MethodDescriptor<object, object>;
  readonly request: MessagePlan;
  readonly response: MessagePlan;
  readonly handler: CallHandler;
}

/** What an exchange needs from its gateway. */
export interface JsonExchangeHost {
  readonly limits: JsonGatewayLimits;
  /** Bytes of bodies that came (or were read); false if that is too many in all. */
  hold(bytes: number): boolean;
  /** The exchange is no more. */
  closed(exchange: JsonExchange): void;
}

/** A deadline before it is over already, as for gRPC. */
const DEADLINE_MS_MIN = 0.001;
/** Node's timers reach no further. */
const DEADLINE_MS_MAX = 2 ** 31 - 1;
const JSON_TYPE = 'application/json';
/** Above it an answer leaves in pieces, so that a client that stops reading is noticed. */
const ONE_PIECE_BYTES_MAX = 64 * 1024;

export class JsonExchange implements ServerCall {
  readonly head: CallHead;
  readonly #method: JsonMethod;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #host: JsonExchangeHost;
  readonly #body: JsonBody;
  readonly #output: HttpOutput;
  #state: 'reading' | 'open' | 'over' = 'reading';
  #events: ServerCallEvents | null = null;
  #heldBytes = 0;
  #isPaused = false;
  #isHalfClosed = false;
  #isDrainWanted = false;
  #answer: Uint8Array | null = null;
  #deadline: NodeJS.Timeout | null = null;
  /** A message must be complete by then. */
  #slow: NodeJS.Timeout | null = null;

  constructor(
    head: CallHead,
    method: JsonMethod,
    request: IncomingMessage,
    response: ServerResponse,
    host: JsonExchangeHost,
  ) {
    this.head = head;
    this.#method = method;
    this.#request = request;
    this.#response = response;
    this.#host = host;
    this.#body = new JsonBody(host.limits.bodyBytesMax);
    this.#output = new HttpOutput(response, host.limits.stalledMs, () => this.#taken());
  }

  /** Begins to read; afterwards everything comes by events. */
  start(): void {
    const { timeoutMs } = this.head;
    this.#response.once('close', () => this.#gone());
    if (timeoutMs !== null && timeoutMs < DEADLINE_MS_MIN) {
      this.#deadlineExceeded();
      return;
    }
    if (timeoutMs !== null) {
      const ms = Math.min(timeoutMs, DEADLINE_MS_MAX);
      this.#deadline = setTimeout(() => this.#deadlineExceeded(), ms);
    }
    this.#mindTheClock();
    this.#request.on('data', this.#dataCame);
    this.#request.on('end', this.#bodyEnded);
  }

  // ------------------------------------------------------------------ the client's side

  readonly #dataCame = (chunk: Buffer): void => {
    if (this.#state === 'over') return;
    this.#body.push(chunk);
    this.#read();
  };

  readonly #bodyEnded = (): void => {
    if (this.#state === 'over') return;
    this.#body.end();
    this.#read();
  };

  /** Messages to the handler, one after the other, until it pauses or there are none. */
  #read(): void {
    const { descriptor, request } = this.#method;
    while (this.#state !== 'over' && !this.#isPaused && !this.#isHalfClosed) {
      const result = this.#body.next(request);
      switch (result.type) {
        case 'more':
          this.#wait();
          return;
        case 'message':
          this.#messageCame(result.message);
          if (!descriptor.clientStreaming) this.#halfClose();
          break;
        case 'end':
          if (this.#state === 'reading') this.#ended();
          else this.#halfClose();
          return;
        case 'fault':
          this.#faultCame(result.text);
          return;
        case 'too-large':
          this.#tooLarge();
          return;
      }
    }
  }

  #wait(): void {
    if (!this.#hold(this.#body.heldBytes)) {
      this.#refuse(Status.RESOURCE_EXHAUSTED, 'too many bytes of request bodies at the same time');
    } else this.#mindTheClock();
  }

  /** An empty body is an empty message; a stream has none then. */
  #ended(): void {
    const { descriptor, request } = this.#method;
    if (descriptor.clientStreaming) this.#open();
    else this.#messageCame(request.create());
    this.#halfClose();
  }

  #messageCame(message: object): void {
    this.#stopClock();
    this.#hold(0);
    const bytes = this.#method.descriptor.request.encode(message);
    const { messageBytesMax } = this.#host.limits;
    if (bytes.length > messageBytesMax) {
      const sizes = `${bytes.length} vs. ${messageBytesMax}`;
      const text = `grpc: received message larger than max (${sizes})`;
      this.breakOff(Status.RESOURCE_EXHAUSTED, text);
      return;
    }
    if (this.#state === 'reading') this.#open();
    this.#events?.message(bytes);
  }

  #open(): void {
    this.#state = 'open';
    const events = this.#method.handler.open(this);
    if (this.#isOpen()) this.#events = events;
  }

  /** The state may change within any call of the handler. */
  #isOpen(): boolean {
    return this.#state === 'open';
  }

  #halfClose(): void {
    if (this.#isHalfClosed) return;
    this.#isHalfClosed = true;
    this.#stopClock();
    this.#letBodyGo();
    if (this.#isOpen()) this.#events?.halfClosed();
  }

  /** In a stream that is open already a broken message ends the requests, not the answers. */
  #faultCame(text: string): void {
    if (this.#state === 'open') this.#halfClose();
    else {
      const { clientStreaming } = this.#method.descriptor;
      this.#refuse(clientStreaming ? Status.UNKNOWN : Status.INVALID_ARGUMENT, text);
    }
  }

  #tooLarge(): void {
    const text = `the JSON of one message is longer than ${this.#host.limits.bodyBytesMax} bytes`;
    this.breakOff(Status.RESOURCE_EXHAUSTED, text);
  }

  /** From the first byte of a message, or of the body, to its last. */
  #mindTheClock(): void {
    if (this.#slow !== null || (this.#state === 'open' && !this.#body.isInside)) return;
    const { bodyMs } = this.#host.limits;
    this.#slow = setTimeout(() => {
      if (this.#state === 'open') this.#halfClose();
      else this.#refuse(Status.CANCELLED, `the request body was not complete after ${bodyMs} ms`);
    }, bodyMs);
  }

  #stopClock(): void {
    if (this.#slow !== null) clearTimeout(this.#slow);
    this.#slow = null;
  }

  #hold(bytes: number): boolean {
    const change = bytes - this.#heldBytes;
    this.#heldBytes = bytes;
    return this.#host.hold(change);
  }

  /** What the client still sends is read and thrown away. */
  #letBodyGo(): void {
    this.#body.clear();
    this.#hold(0);
    this.#request.off('data', this.#dataCame);
    this.#request.off('end', this.#bodyEnded);
    this.#request.resume();
  }

  #deadlineExceeded(): void {
    const text = 'context deadline exceeded';
    this.breakOff(Status.DEADLINE_EXCEEDED, text);
  }

  /** The connection is gone, or the answer has left. */
  #gone(): void {
    const events = this.#events;
    const wasOpen = this.#isOpen();
    this.#over();
    this.#output.clear();
    this.#host.closed(this);
    if (wasOpen) events?.cancelled();
  }

  /** Ends the call from our side, without the handler. */
  breakOff(code: StatusCode, message: string): void {
    if (this.#state === 'reading') this.#refuse(code, message);
    else this.#breakOff(code, message);
  }

  #breakOff(code: StatusCode, message: string): void {
    const events = this.#events;
    this.#end(code, message, code === Status.DEADLINE_EXCEEDED);
    events?.cancelled();
  }

  /** Answers what never became a Call. */
  #refuse(code: StatusCode, message: string): void {
    this.#over();
    this.#sendError(code, message);
  }

  #over(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#events = null;
    this.#stopClock();
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#letBodyGo();
  }

  // ------------------------------------------------------------------ the handler's side

  send(message: Uint8Array): boolean {
    if (!this.#isOpen()) return true;
    if (!this.#method.descriptor.serverStreaming) {
      this.#answer ??= message;
      return true;
    }
    const { callCreditBytes, callQueueBytesMax } = this.#host.limits;
    if (this.#output.bytes >= callQueueBytesMax) {
      this.#breakOff(Status.RESOURCE_EXHAUSTED, 'grpc: the client reads too slowly');
      return true;
    }
    this.#sendHead(200);
    this.#output.push(`{"result":${this.#json(message)}}\n`);
    if (this.#output.bytes < callCreditBytes) return true;
    this.#isDrainWanted = true;
    return false;
  }

  end(code: StatusCode, message: string): void {
    this.#end(code, message, false);
  }

  pauseInput(): void {
    if (this.#state === 'over') return;
    this.#isPaused = true;
    this.#request.pause();
  }

  resumeInput(): void {
    if (this.#state === 'over' || !this.#isPaused) return;
    this.#isPaused = false;
    this.#request.resume();
    this.#read();
  }

  #taken(): void {
    if (!this.#isDrainWanted || !this.#isOpen()) return;
    if (this.#output.bytes > this.#host.limits.callCreditBytes / 2) return;
    this.#isDrainWanted = false;
    this.#events?.drained();
  }

  // ------------------------------------------------------------------ the answer

  #json(message: Uint8Array): string {
    const { descriptor, response } = this.#method;
    return writeMessage(response, descriptor.response.decode(message));
  }

  /** `isOwn`: decided here, before any answer: the body is that of a refused request. */
  #end(code: StatusCode, message: string, isOwn: boolean): void {
    if (!this.#isOpen()) return;
    this.#over();
    if (!this.#method.descriptor.serverStreaming) {
      if (code !== Status.OK) this.#sendError(code, message);
      else this.#sendAnswer();
      return;
    }
    if (!this.#response.headersSent && code !== Status.OK && isOwn) {
      this.#sendError(code, message);
      return;
    }
    this.#sendHead(httpStatusOf(code));
    if (code !== Status.OK) this.#output.push(errorLine(code, message));
    this.#output.end();
  }

  #sendHead(status: number): void {
    const response = this.#response;
    if (response.headersSent) return;
    response.statusCode = status;
    response.setHeader('Content-Type', JSON_TYPE);
    if (status === 200) response.setHeader('Grpc-Metadata-Content-Type', 'application/grpc');
  }

  #sendAnswer(): void {
    const response = this.#response;
    if (this.#answer === null) {
      this.#sendError(Status.INTERNAL, 'the call ended without an answer');
      return;
    }
    const body = this.#json(this.#answer);
    response.statusCode = 200;
    response.setHeader('Content-Type', JSON_TYPE);
    response.setHeader('Grpc-Metadata-Content-Type', 'application/grpc');
    this.#sendBody(body);
  }

  #sendError(code: StatusCode, message: string): void {
    const response = this.#response;
    response.statusCode = httpStatusOf(code);
    response.setHeader('Content-Type', JSON_TYPE);
    this.#sendBody(errorBody(code, message));
  }

  #sendBody(body: string): void {
    const response = this.#response;
    response.setHeader('Content-Length', Buffer.byteLength(body));
    if (body.length <= ONE_PIECE_BYTES_MAX) response.end(body);
    else {
      this.#output.push(body);
      this.#output.end();
    }
  }
}
