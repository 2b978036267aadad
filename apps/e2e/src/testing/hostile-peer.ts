/**
 * Somebody on the peer port who means ill: raw TCP after a WebSocket upgrade, so that every bit of a
 * frame is the test's own; and what our own codecs make, for those who know the protocol.
 */
import { type Socket, connect } from 'node:net';
import { concatBytes } from '@conclave/base';
import { type Hello, type LinkFrame, decodeLinkFrames, encodeLinkFrames } from '@conclave/wire';

export type PeerPath = '/raft' | '/raft/snapshot' | '/link';

const MASKED = 0x80;
/** FIN and opcode. */
export const BINARY = 0x82;
export const TEXT = 0x81;
export const PING = 0x89;
export const CLOSE = 0x88;

const UPGRADE = (path: string, extra: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`;

/** A client frame with any first byte, masked with zeros; `announced` may lie about its length. */
export function wsFrame(
  first: number,
  payload: Uint8Array,
  announced = payload.length,
): Uint8Array {
  const head = Buffer.alloc(14);
  head[0] = first;
  let at = 2;
  if (announced < 126) head[1] = MASKED | announced;
  else if (announced < 65_536) {
    head[1] = MASKED | 126;
    at = head.writeUInt16BE(announced, 2);
  } else {
    head[1] = MASKED | 127;
    at = head.writeBigUInt64BE(BigInt(announced), 2);
  }
  return concatBytes([head.subarray(0, at + 4), payload]);
}

/** The same without a mask, which only servers may send. */
export function unmasked(first: number, payload: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(first, payload.length), payload]);
}

export class HostilePeer {
  readonly socket: Socket;
  /** Resolves once the connection is gone. */
  readonly closed: Promise<void>;
  /** All that came, the HTTP head too. */
  received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** Connects and asks for the upgrade; resolves with the answer's first bytes, or at the end. */
  static async open(peerUrl: string, path: string, headers = ''): Promise<HostilePeer> {
    const { hostname, port } = new URL(peerUrl);
    const socket = connect(Number(port), hostname);
    const peer = new HostilePeer(socket);
    socket.write(UPGRADE(path, headers));
    await Promise.race([new Promise((done) => socket.once('data', done)), peer.closed]);
    return peer;
  }

  get upgraded(): boolean {
    return this.received.toString('latin1').startsWith('HTTP/1.1 101');
  }

  /** Link frames received, of unfragmented messages. */
  get frames(): LinkFrame[] {
    const end = this.received.indexOf('\r\n\r\n');
    const frames: LinkFrame[] = [];
    let at = end < 0 ? this.received.length : end + 4;
    while (at + 2 <= this.received.length) {
      const first = this.received[at] as number;
      let length = (this.received[at + 1] as number) & 0x7f;
      at += 2;
      if (length === 126) {
        length = this.received.readUInt16BE(at);
        at += 2;
      } else if (length === 127) {
        length = Number(this.received.readBigUInt64BE(at));
        at += 8;
      }
      if (at + length > this.received.length) break;
      if (first === BINARY) {
        frames.push(...decodeLinkFrames(new Uint8Array(this.received.subarray(at, at + length))));
      }
      at += length;
    }
    return frames;
  }

  raw(...pieces: readonly Uint8Array[]): this {
    for (const piece of pieces) if (!this.socket.destroyed) this.socket.write(piece);
    return this;
  }

  send(bytes: Uint8Array): this {
    return this.raw(wsFrame(BINARY, bytes));
  }

  hello(hello: Hello): this {
    return this.send(encodeLinkFrames([hello]));
  }

  destroy(): void {
    this.socket.destroy();
  }
}
