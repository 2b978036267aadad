/**
 * The body of an answer on its way out, in pieces: so that one can tell a client that reads slowly from one
 * that has stopped. The second is cut off after `stalledMs` without a piece taken.
 *
 * Invariant: `bytes` counts what was pushed and not yet taken by the kernel.
 */
import type { ServerResponse } from 'node:http';

const PIECE_BYTES = 64 * 1024;
/** One is with the kernel, the next waits behind it. */
const PIECES_AT_ONCE = 2;

export class HttpOutput {
  bytes = 0;
  readonly #response: ServerResponse;
  readonly #stalledMs: number;
  readonly #taken: () => void;
  #line: Buffer[] = [];
  #writing = 0;
  #isEnding = false;
  #stalled: NodeJS.Timeout | null = null;

  /** `taken` is called whenever `bytes` became less. */
  constructor(response: ServerResponse, stalledMs: number, taken: () => void) {
    this.#response = response;
    this.#stalledMs = stalledMs;
    this.#taken = taken;
  }

  push(text: string): void {
    const bytes = Buffer.from(text);
    this.bytes += bytes.length;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      this.#line.push(bytes.subarray(at, at + PIECE_BYTES));
    }
    this.#write();
  }

  /** The answer ends once all of it is taken. */
  end(): void {
    this.#isEnding = true;
    this.#write();
  }

  /** Nothing of it leaves any more. */
  clear(): void {
    this.#line = [];
    this.#rest();
  }

  #write(): void {
    while (this.#writing < PIECES_AT_ONCE && this.#line.length > 0) {
      const piece = this.#nextPiece();
      this.#writing++;
      this.#response.write(piece, () => this.#wrote(piece.length));
    }
    if (this.#writing > 0) {
      this.#stalled ??= setTimeout(() => this.#response.destroy(), this.#stalledMs).unref();
    } else if (this.#isEnding) {
      this.#isEnding = false;
      this.#response.end();
    }
  }

  /** Small ones leave together. */
  #nextPiece(): Buffer {
    let count = 0;
    let bytes = 0;
    while (count < this.#line.length && bytes < PIECE_BYTES) {
      bytes += (this.#line[count++] as Buffer).length;
    }
    const pieces = this.#line.splice(0, count);
    return count === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, bytes);
  }

  #wrote(length: number): void {
    this.#writing--;
    this.bytes -= length;
    this.#rest();
    this.#write();
    this.#taken();
  }

  #rest(): void {
    if (this.#stalled !== null) clearTimeout(this.#stalled);
    this.#stalled = null;
  }
}
