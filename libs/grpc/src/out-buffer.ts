/**
 * Where the frames of a turn are put together, shared by all connections of a server.
 *
 * A connection flushes between `begin` and `end`, alone; what it wrote leaves in one write, or in
 * one `writev` if it needed more than one buffer. If the kernel took all of it at once, its room
 * is used again.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { assert, assertLe } from '@conclave/base';

const BUFFER_BYTES = 64 * 1024;

export class OutBuffer {
  /** Frames are written at `bytes[at]`, after `reserve`, by moving `at` on. */
  bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  at = 0;
  #from = 0;
  #socket: Duplex | null = null;
  #isCorked = false;
  #handedOver = 0;

  begin(socket: Duplex): void {
    assert(this.#socket === null, 'connections flush one after the other');
    this.#socket = socket;
    this.#from = this.at;
    this.#handedOver = 0;
  }

  /** Bytes written since `begin` that the kernel does not have yet, and those of earlier turns. */
  get waiting(): number {
    return (this.#socket as Duplex).writableLength + this.at - this.#from;
  }

  /** Makes room for `bytes` at `at`. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    assertLe(bytes, BUFFER_BYTES, 'a piece fits the buffer');
    this.#handOver();
    this.bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.at = 0;
    this.#from = 0;
  }

  /** Copies `bytes[0, length)`, however long. */
  append(bytes: Uint8Array, length: number): void {
    for (let from = 0; from < length; from += BUFFER_BYTES) {
      const take = Math.min(length - from, BUFFER_BYTES);
      this.reserve(take);
      this.bytes.set(bytes.subarray(from, from + take), this.at);
      this.at += take;
    }
  }

  #handOver(): void {
    const socket = this.#socket as Duplex;
    if (this.at === this.#from) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
    }
    this.#handedOver += this.at - this.#from;
    socket.write(this.bytes.subarray(this.#from, this.at));
  }

  /** Hands everything to the socket; answers how many bytes that was since `begin`. */
  end(): number {
    const socket = this.#socket as Duplex;
    this.#socket = null;
    if (this.at > this.#from) {
      this.#handedOver += this.at - this.#from;
      socket.write(this.bytes.subarray(this.#from, this.at));
    }
    if (this.#isCorked) {
      this.#isCorked = false;
      socket.uncork();
    }
    // Other streams may keep the bytes; a socket that has nothing left has copied them.
    if (socket instanceof Socket && socket.writableLength === 0) this.at = this.#from;
    this.#from = this.at;
    return this.#handedOver;
  }
}
