/**
 * The accepting side: takes HTTP upgrades on `/raft`, `/raft/snapshot` and `/link`, hears the hello,
 * asks the owner whether it is welcome, answers, and hands the connection to the room that serves
 * the path. It has no port of its own: whoever listens gives it the upgrade requests.
 *
 * A stranger can cost us at most `connectionsMax` sockets for `handshakeMs` each.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Probe } from '@conclave/base';
import { type Hello, type HelloAnswer, encodeLinkFrames } from '@conclave/wire';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  FrameSocket,
  type FrameSocketEvents,
  type SocketEnd,
  SOCKET_LIMITS,
} from './frame-socket.js';
import { type LinkIdentity, type RefusalReason, readHello, refusal } from './handshake.js';
import { LogOnce } from './log-once.js';
import type { LinkOptions } from './options.js';

export type LinkPath = '/raft' | '/raft/snapshot' | '/link';

export interface LinkServerPorts {
  readonly clock: Clock;
  readonly probe: Probe;
  identity(): LinkIdentity;
  /**
   * Is this hello welcome? May take a while (an incarnation met for the first time is made durable
   * before it is answered); `done` with null to accept.
   */
  admit(hello: Hello, path: LinkPath, done: (reason: RefusalReason | null) => void): void;
  /** Takes over an accepted connection; its answer has been sent. */
  accepted(socket: FrameSocket, hello: Hello, path: LinkPath, peer: string): FrameSocketEvents;
}

const PATHS: ReadonlySet<string> = new Set(['/raft', '/raft/snapshot', '/link']);

/** Events of a socket whose owner is not decided. */
const IGNORED: FrameSocketEvents = Object.freeze({ message() {}, drained() {}, closed() {} });

export class LinkServer {
  readonly #options: LinkOptions;
  readonly #ports: LinkServerPorts;
  readonly #raft: WebSocketServer;
  readonly #plain: WebSocketServer;
  readonly #logOnce: LogOnce;
  readonly #sockets = new Set<FrameSocket>();
  /** Upgraded or being upgraded. */
  #connections = 0;
  #closed = false;

  constructor(options: LinkOptions, ports: LinkServerPorts) {
    this.#options = options;
    this.#ports = ports;
    const common = { ...SOCKET_LIMITS, noServer: true, clientTracking: false };
    this.#raft = new WebSocketServer({ ...common, maxPayload: options.raftPayloadBytesMax });
    this.#plain = new WebSocketServer({ ...common, maxPayload: options.payloadBytesMax });
    this.#logOnce = new LogOnce(ports.probe);
  }

  get connections(): number {
    return this.#connections;
  }

  /** True when the request was for one of our paths and is dealt with. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const path = (request.url ?? '').split('?', 1)[0] as string;
    if (!PATHS.has(path)) return false;
    socket.on('error', () => socket.destroy());
    if (this.#closed) return reject(socket, '503 Service Unavailable');
    // Browsers send Origin, our processes never: a page must not reach this port.
    if (request.headers.origin !== undefined) return reject(socket, '403 Forbidden');
    if (this.#connections >= this.#options.connectionsMax) {
      return reject(socket, '503 Service Unavailable');
    }
    const server = path === '/raft' ? this.#raft : this.#plain;
    this.#connections++;
    socket.once('close', () => {
      this.#connections--;
    });
    const peer = `${request.socket.remoteAddress ?? 'local'}:${request.socket.remotePort ?? 0}`;
    server.handleUpgrade(request, socket, head, (ws) => this.#greet(ws, path as LinkPath, peer));
    return true;
  }

  #greet(ws: WebSocket, path: LinkPath, peer: string): void {
    const { pingMs, livenessMs, closeMs, handshakeMs } = this.#options;
    const { clock } = this.#ports;
    const timeout = setTimeout(() => socket.destroy('no hello'), handshakeMs);
    timeout.unref();
    let heard = false;
    const socket = new FrameSocket(
      ws,
      { clock, pingMs, livenessMs, closeMs },
      {
        message: (bytes) => {
          // Nothing may follow a hello before its answer.
          if (heard) return socket.destroy('a frame before the answer to hello', 'violation');
          heard = true;
          clearTimeout(timeout);
          this.#hello(socket, bytes, path, peer);
        },
        drained() {},
        closed: (why, end) => {
          clearTimeout(timeout);
          this.#closedBy(socket, why, end, path, peer);
        },
      },
    );
    this.#sockets.add(socket);
  }

  #hello(socket: FrameSocket, bytes: Uint8Array, path: LinkPath, peer: string): void {
    const hello = readHello(bytes);
    if (!('type' in hello)) return this.#refuse(socket, hello, path, peer);
    this.#ports.admit(hello, path, (reason) => {
      if (socket.isClosed) return;
      if (this.#closed) {
        reason = { code: 'stopping', text: 'the member is stopping' };
      }
      if (reason !== null) return this.#refuse(socket, reason, path, peer);
      socket.send(encodeLinkFrames([this.#answer()]));
      const owner = this.#ports.accepted(socket, hello, path, peer);
      socket.handTo({
        message: (frame) => owner.message(frame),
        drained: () => owner.drained(),
        closed: (why, end) => {
          this.#closedBy(socket, why, end, path, peer);
          owner.closed(why, end);
        },
      });
    });
  }

  /** One line a cause, path and host: whoever does it once may do it all day. */
  #closedBy(socket: FrameSocket, why: string, end: SocketEnd, path: LinkPath, peer: string): void {
    this.#sockets.delete(socket);
    if (end !== 'violation') return;
    const host = peer.slice(0, peer.lastIndexOf(':'));
    const text = 'closed link: the other side does not speak our protocol';
    const fields = { 'remote-peer': peer, path, error: why };
    this.#logOnce.log(`violation ${why} ${path} ${host}`, 'warn', text, fields);
  }

  #answer(): HelloAnswer {
    const { clusterId, memberId, incarnation, feature, name } = this.#ports.identity();
    return { type: 'hello-answer', clusterId, memberId, incarnation, feature, name };
  }

  #refuse(socket: FrameSocket, reason: RefusalReason, path: LinkPath, peer: string): void {
    const host = peer.slice(0, peer.lastIndexOf(':'));
    this.#logOnce.log(`${reason.code} ${path} ${host}`, 'warn', 'refused link', {
      'remote-peer': peer,
      path,
      code: reason.code,
      error: reason.text,
    });
    socket.send(encodeLinkFrames([refusal(reason.code, reason.text)]));
    this.#sockets.delete(socket);
    socket.handTo(IGNORED);
    socket.close(reason.code);
  }

  /** Ends all connections; later upgrades are refused. */
  close(reason: string): void {
    this.#closed = true;
    for (const socket of [...this.#sockets]) socket.close(reason);
    this.#raft.close();
    this.#plain.close();
  }
}

function reject(socket: Duplex, status: string): true {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  return true;
}
