/**
 * A connection without a socket: bytes are fed to it and the frames it answers are read, all in the same turn.
 *
 * Clients here are hostile or odd, so frames and header blocks are built byte by byte, with no check.
 */
import { Duplex } from 'node:stream';

import type { CallHandler } from '@conclave/base';

import { Http2Connection, type ConnectionHost } from '../connection.js';
import { DeadlineWheel } from '../deadlines.js';
import { ErrorCode, Flag, Frame } from '../frames.js';
import { HpackDecoder, huffmanScratch } from '../hpack-decoder.js';
import { type GrpcLimits, grpcLimits } from '../limits.js';
import { OutBuffer } from '../out-buffer.js';
import { echoHandler, type SeenCall } from './echo.js';

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export function frame(
  type: number,
  flags = 0,
  id = 0,
  payload: Buffer | readonly number[] = [],
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, Buffer.from(payload)]);
}

export const SETTINGS = frame(Frame.SETTINGS);
export const HELLO = Buffer.concat([PREFACE, SETTINGS]);

export function setting(id: number, value: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id);
  payload.writeUInt32BE(value, 2);
  return payload;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A field spelled out; `first` is 0 (not entered), 0x10 (never) or 0x40 (entered). */
export function field(name: string, value: string, first = 0): Buffer {
  const text = (s: string): Buffer => {
    const bytes = Buffer.from(s, 'latin1');
    const head: number[] = [];
    let rest = bytes.length;
    if (rest < 127) head.push(rest);
    else {
      head.push(127);
      for (rest -= 127; rest >= 128; rest >>>= 7) head.push((rest & 127) | 128);
      head.push(rest);
    }
    return Buffer.concat([Buffer.from(head), bytes]);
  };
  return Buffer.concat([Buffer.from([first]), text(name), text(value)]);
}

export type Fields = readonly (readonly [string, string])[];

export function block(fields: Fields): Buffer {
  return Buffer.concat(fields.map(([name, value]) => field(name, value)));
}

export const REQUEST: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/test.Echo/Unary'],
  [':authority', 'x'],
  ['te', 'trailers'],
  ['content-type', 'application/grpc'],
];

/** The fields of a call to a method of `test.Echo`. */
export function requestTo(method: string, more: Fields = []): Fields {
  const path = REQUEST.map(([name, value]): readonly [string, string] =>
    name === ':path' ? [name, `/test.Echo/${method}`] : [name, value],
  );
  return [...path, ...more];
}

export function headers(
  id: number,
  fields: Fields = REQUEST,
  flags: number = Flag.END_HEADERS,
): Buffer {
  return frame(Frame.HEADERS, flags, id, block(fields));
}

export function data(id: number, payload: Buffer | readonly number[], flags = 0): Buffer {
  return frame(Frame.DATA, flags, id, payload);
}

export function message(body: string | Buffer): Buffer {
  const bytes = Buffer.from(body as string);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A whole unary call. */
export function call(id: number, text: string, fields: Fields = REQUEST): Buffer {
  const bytes = message(text);
  const parts = [headers(id, fields)];
  for (let at = 0; at < bytes.length; at += 16_384) {
    const isLast = at + 16_384 >= bytes.length;
    parts.push(data(id, bytes.subarray(at, at + 16_384), isLast ? Flag.END_STREAM : 0));
  }
  return Buffer.concat(parts);
}

export interface SentFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function framesOf(bytes: Buffer): SentFrame[] {
  const all: SentFrame[] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = bytes.readUIntBE(at, 3);
    all.push({
      type: bytes[at + 3] as number,
      flags: bytes[at + 4] as number,
      id: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, at + 9 + length),
    });
    at += 9 + length;
  }
  return all;
}

/** A peer of the connection that takes everything, or nothing (`isStuck`). */
class WireSocket extends Duplex {
  sent: Buffer[] = [];
  isStuck = false;

  constructor() {
    super({ allowHalfOpen: false });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sent.push(chunk);
    if (!this.isStuck) done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    for (const { chunk } of chunks) this.sent.push(chunk);
    if (!this.isStuck) done();
  }
}

const ERROR_NAMES = new Map<number, string>(
  Object.entries(ErrorCode).map(([name, code]) => [code, name]),
);

export interface WireRoom {
  readonly out: OutBuffer;
  readonly scratch: Buffer;
}

export function wireRoom(): WireRoom {
  return { out: new OutBuffer(), scratch: huffmanScratch(16_384) };
}

export class Wire implements ConnectionHost {
  readonly limits: GrpcLimits;
  readonly deadlines = new DeadlineWheel();
  readonly scratch: Buffer;
  readonly socket = new WireSocket();
  readonly connection: Http2Connection;
  readonly calls: SeenCall[] = [];
  readonly rejections: string[] = [];
  isClosed = false;
  readonly #handler: CallHandler = echoHandler(this.calls, () => undefined);
  readonly #out: OutBuffer;
  readonly #decoder: HpackDecoder;
  #isDirty = false;

  /** `room` is what a server's connections share; a test with many wires makes one. */
  constructor(limits: Partial<GrpcLimits> = {}, room: WireRoom = wireRoom()) {
    this.limits = grpcLimits(limits);
    this.scratch = room.scratch;
    this.#out = room.out;
    this.#decoder = new HpackDecoder(this.limits, this.scratch);
    this.connection = new Http2Connection(this.socket, 'peer', performance.now(), this);
  }

  handlerOf(service: string): CallHandler | null {
    return service === 'test.Echo' ? this.#handler : null;
  }

  markDirty(): void {
    this.#isDirty = true;
  }

  connectionClosed(): void {
    this.isClosed = true;
  }

  rejected(_peer: string, reason: string): void {
    this.rejections.push(reason);
  }

  /** One chunk from the client, and the end of the turn. */
  feed(...parts: Buffer[]): this {
    this.socket.emit('data', parts.length === 1 ? parts[0] : Buffer.concat(parts));
    return this.flush();
  }

  flush(): this {
    for (let turns = 0; this.#isDirty && turns < 10_000; turns++) {
      this.#isDirty = false;
      this.connection.flush(this.#out);
    }
    return this;
  }

  /** The bytes sent since the last look. */
  bytes(): Buffer {
    return Buffer.concat(this.socket.sent.splice(0));
  }

  frames(): SentFrame[] {
    return framesOf(this.bytes());
  }

  fields(sent: SentFrame): Map<string, string> {
    if (!this.#decoder.decode(sent.payload, 0, sent.payload.length)) throw new Error('bad block');
    const fields = this.#decoder.fields;
    const map = new Map<string, string>();
    for (let i = 0; i < fields.length; i += 2)
      map.set(fields[i] as string, fields[i + 1] as string);
    return map;
  }

  /**
   * What the client got, in words: `GOAWAY code reason`, `RST id code`, `END id grpc-status`,
   * `DATA id bytes`, `ACK`, `PONG`. The greeting and credit are left out.
   */
  story(): string[] {
    const story: string[] = [];
    for (const sent of this.frames()) {
      const { type, flags, id, payload } = sent;
      if (type === Frame.GOAWAY) {
        const code = ERROR_NAMES.get(payload.readUInt32BE(4));
        story.push(`GOAWAY ${code} ${payload.subarray(8).toString()}`.trim());
      } else if (type === Frame.RST_STREAM) {
        story.push(`RST ${id} ${ERROR_NAMES.get(payload.readUInt32BE(0))}`);
      } else if (type === Frame.HEADERS) {
        const fields = this.fields(sent);
        if (flags & Flag.END_STREAM) story.push(`END ${id} ${fields.get('grpc-status')}`);
      } else if (type === Frame.DATA) story.push(`DATA ${id} ${payload.length}`);
      else if (type === Frame.SETTINGS && flags & Flag.ACK) story.push('ACK');
      else if (type === Frame.PING) story.push(flags & Flag.ACK ? 'PONG' : 'PING');
    }
    return story;
  }
}
