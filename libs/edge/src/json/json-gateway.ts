/**
 * The JSON gateway: `POST /v3/...` with a message as JSON. Which path is which method stands in the .proto
 * files; a request becomes the same Call as by gRPC and goes through the same door, so it is counted,
 * traced and answered as one.
 *
 * `/v3beta/` is `/v3/`, as in etcd. Other methods than POST are 405, other paths below 404.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CallHandler, Status, type StatusCode, assertDefined } from '@conclave/base';
import { METHODS_BY_HTTP_PATH, type MethodDescriptor } from '@conclave/wire';
import { sendError } from '../http-answer.js';
import { readJsonHead } from './json-head.js';
import { JsonExchange, type JsonExchangeHost, type JsonMethod } from './json-exchange.js';
import { errorBody, httpStatusOf } from './json-status.js';
import { MessagePlans } from './message-plan.js';

export interface JsonGatewayLimits {
  /** Largest request message, as for gRPC. */
  readonly messageBytesMax: number;
  /** JSON text of one message; longer than the message itself by base64 and names. */
  readonly bodyBytesMax: number;
  /** Of all requests that are being read, together. */
  readonly heldBytesMax: number;
  /** Requests being read or answered at a time. */
  readonly callsMax: number;
  /** A message must be complete so long after its first byte. */
  readonly bodyMs: number;
  /** A client that takes nothing for this long is cut off. */
  readonly stalledMs: number;
  /** Of one answer: above it the handler waits. */
  readonly callCreditBytes: number;
  /** A call whose handler ignores that ends once so much waits. */
  readonly callQueueBytesMax: number;
}

const MIB = 1024 * 1024;

/** `messageBytesMax`: as for gRPC. */
export function jsonGatewayLimits(messageBytesMax: number): JsonGatewayLimits {
  return Object.freeze({
    messageBytesMax,
    bodyBytesMax: 8 * messageBytesMax,
    heldBytesMax: Math.max(128 * MIB, 16 * messageBytesMax),
    callsMax: 16_384,
    bodyMs: 60_000,
    stalledMs: 30_000,
    callCreditBytes: 256 * 1024,
    callQueueBytesMax: 64 * MIB,
  });
}

const BETA = '/v3beta/';
const STABLE = '/v3/';

export class JsonGateway implements JsonExchangeHost {
  readonly limits: JsonGatewayLimits;
  readonly #methods: ReadonlyMap<string, JsonMethod>;
  readonly #open = new Set<JsonExchange>();
  #heldBytes = 0;

  /** `services`: handlers by service, the same that gRPC has. */
  constructor(limits: JsonGatewayLimits, services: ReadonlyMap<string, CallHandler>) {
    this.limits = limits;
    const plans = new MessagePlans();
    const methods = new Map<string, JsonMethod>();
    for (const [path, method] of METHODS_BY_HTTP_PATH) {
      const descriptor = method as MethodDescriptor<object, object>;
      methods.set(path, {
        descriptor,
        request: plans.of(descriptor.request.typeName),
        response: plans.of(descriptor.response.typeName),
        handler: assertDefined(services.get(descriptor.service), 'each service has a handler'),
      });
    }
    this.#methods = methods;
  }

  get callCount(): number {
    return this.#open.size;
  }

  /** Takes a request below `/v3/` and answers true; leaves any other alone. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (path === '/v3' || path === '/v3beta') {
      response.statusCode = 301;
      response.setHeader('Location', `${path}/`);
      response.setHeader('Content-Length', 0);
      response.end();
      return true;
    }
    const stable = path.startsWith(BETA) ? STABLE + path.slice(BETA.length) : path;
    if (!stable.startsWith(STABLE)) return false;
    const method = this.#methods.get(stable);
    if (method === undefined) sendError(response, 404, 'Not Found');
    else if (request.method !== 'POST') sendError(response, 405, 'Method Not Allowed');
    else this.#begin(method, stable, request, response);
    return true;
  }

  #begin(
    method: JsonMethod,
    route: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const head = readJsonHead(request.rawHeaders);
    if (!head.ok) {
      refuse(response, Status.INVALID_ARGUMENT, head.message);
      return;
    }
    if (this.#open.size >= this.limits.callsMax) {
      refuse(response, Status.RESOURCE_EXHAUSTED, 'too many requests at the same time');
      return;
    }
    const { metadata, timeoutMs } = head;
    const { path } = method.descriptor;
    const peer = peerOf(request);
    const http = { method: 'POST', route };
    const exchange = new JsonExchange(
      { method: path, metadata, timeoutMs, peer, http },
      method,
      request,
      response,
      this,
    );
    this.#open.add(exchange);
    exchange.start();
  }

  hold(bytes: number): boolean {
    this.#heldBytes += bytes;
    return bytes <= 0 || this.#heldBytes <= this.limits.heldBytesMax;
  }

  closed(exchange: JsonExchange): void {
    this.#open.delete(exchange);
  }

  /** Ends every call that is still open with UNAVAILABLE. */
  endCalls(message: string): void {
    for (const exchange of this.#open) exchange.breakOff(Status.UNAVAILABLE, message);
  }
}

function refuse(response: ServerResponse, code: StatusCode, message: string): void {
  const body = errorBody(code, message);
  response.statusCode = httpStatusOf(code);
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

function peerOf({ socket }: IncomingMessage): string {
  const { remoteAddress: address, remotePort: port } = socket;
  if (address === undefined) return 'unix';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
