/**
 * What the tests of this room talk to: a service of a few methods on a real socket of port 0.
 *
 * Each call the service sees is kept in `calls` with everything its handler was told, so that a test
 * can look at the handler's side as well as at the client's.
 */
import {
  type CallHandler,
  encodeUtf8,
  type Probe,
  type ServerCall,
  type ServerCallEvents,
  Status,
} from '@conclave/base';

import { createGrpcServer, type GrpcServer } from '../grpc-server.js';
import { Http1Server, type UpgradeHook } from '../http1-server.js';
import type { GrpcLimits } from '../limits.js';
import { PortListener } from '../port-listener.js';

/** One call as its handler lived it. */
export interface SeenCall {
  readonly call: ServerCall;
  readonly messages: Uint8Array[];
  halfClosed: boolean;
  cancelled: boolean;
  drains: number;
}

export interface Rig {
  readonly port: number;
  readonly grpc: GrpcServer;
  readonly calls: SeenCall[];
  /** Told once for every call opened and every event of one. */
  onEvent: () => void;
  close(): Promise<void>;
}

type Behaviour = (seen: SeenCall) => Partial<ServerCallEvents>;

/** The methods of `test.Echo`, by name. */
const METHODS: Readonly<Record<string, Behaviour>> = {
  /** Answers the first message with itself. */
  Unary: ({ call, messages }) => ({
    halfClosed() {
      const first = messages[0];
      if (first !== undefined) call.send(first);
      call.end(Status.OK, '');
    },
  }),
  /** Answers every message at once, ends when the client does. */
  Bidi: ({ call }) => ({
    message: (bytes) => void call.send(bytes),
    halfClosed: () => call.end(Status.OK, ''),
  }),
  /** Fails at once, with the text of the message. */
  Fail: ({ call }) => ({
    message: (bytes) => call.end(Status.FAILED_PRECONDITION, new TextDecoder().decode(bytes)),
  }),
  /** Never answers. */
  Hang: () => ({}),
  /** Sends as many messages as the request's bytes say, 64 KiB each, within the credit. */
  Pour: ({ call, messages }) => {
    let left = 0;
    const chunk = new Uint8Array(64 * 1024);
    const pour = (): void => {
      while (left > 0) {
        left--;
        if (!call.send(chunk)) return;
      }
      call.end(Status.OK, '');
    };
    return {
      halfClosed() {
        left = Number(new TextDecoder().decode(messages[0] as Uint8Array));
        pour();
      },
      drained: pour,
    };
  },
  /** Sends without looking at the credit until the transport ends the call. */
  Flood: ({ call }) => ({
    halfClosed() {
      const chunk = new Uint8Array(1024 * 1024);
      for (let i = 0; i < 200; i++) call.send(chunk);
    },
  }),
  /** Answers with one message of 8 MiB. */
  Huge: ({ call }) => ({
    halfClosed() {
      call.send(new Uint8Array(8 * 1024 * 1024));
      call.end(Status.OK, '');
    },
  }),
  /** Answers with the metadata it was sent. */
  Metadata: ({ call }) => ({
    halfClosed() {
      call.send(encodeUtf8(JSON.stringify([...call.head.metadata])));
      call.end(Status.OK, '');
    },
  }),
  /** Ends while the client is still sending. */
  EndEarly: ({ call }) => ({
    message() {
      call.send(new Uint8Array([1]));
      call.end(Status.OK, '');
    },
  }),
};

/** Answers the methods of `test.Echo` and notes every call in `calls`. */
export function echoHandler(calls: SeenCall[], event: () => void): CallHandler {
  return {
    open(call) {
      const seen: SeenCall = { call, messages: [], halfClosed: false, cancelled: false, drains: 0 };
      calls.push(seen);
      const name = call.head.method.slice('/test.Echo/'.length);
      const behaviour = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
      if (behaviour === undefined) {
        call.end(Status.UNIMPLEMENTED, `unknown method ${name} for service test.Echo`);
        return { message() {}, halfClosed() {}, cancelled() {}, drained() {} };
      }
      const does = behaviour(seen);
      event();
      return {
        message(bytes) {
          seen.messages.push(bytes);
          does.message?.(bytes);
          event();
        },
        halfClosed() {
          seen.halfClosed = true;
          does.halfClosed?.();
          event();
        },
        cancelled() {
          seen.cancelled = true;
          does.cancelled?.();
          event();
        },
        drained() {
          seen.drains++;
          does.drained?.();
          event();
        },
      };
    },
  };
}

export interface RigOptions {
  readonly limits?: Partial<GrpcLimits>;
  readonly upgrade?: UpgradeHook;
  readonly url?: string;
  readonly probe?: Probe;
  readonly firstByteMs?: number;
}

/** A whole port: listener, gRPC and HTTP/1.1, on a free port of 127.0.0.1. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const calls: SeenCall[] = [];
  const rig = { onEvent: (): void => undefined };
  const probe = options.probe === undefined ? {} : { probe: options.probe };
  const grpc = createGrpcServer({
    services: new Map([['test.Echo', echoHandler(calls, () => rig.onEvent())]]),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...probe,
  });
  const http1 = new Http1Server({
    handler: (request, response) => response.end(`${request.method} ${request.url}`),
    ...(options.upgrade === undefined ? {} : { upgrade: options.upgrade }),
    limits: { headersMs: 300 },
  });
  const listener = new PortListener({
    protocols: {
      http2: (socket, peer) => grpc.accept(socket, peer),
      http1: (socket) => http1.accept(socket),
    },
    ...(options.firstByteMs === undefined ? {} : { firstByteMs: options.firstByteMs }),
    ...probe,
  });
  const bound = await listener.listen(options.url ?? 'http://127.0.0.1:0');
  return Object.assign(rig, {
    port: bound.port,
    grpc,
    calls,
    async close(): Promise<void> {
      listener.close();
      await new Promise<void>((done) => grpc.shutdown(0, done));
      await new Promise<void>((done) => http1.shutdown(0, done));
    },
  });
}
