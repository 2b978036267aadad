/**
 * Text to a file descriptor, in order and in large pieces, from code that never yields.
 *
 * A reader that is gone ends the output without an error, as for any tool in a pipe; a slow one is
 * waited for.
 */
import { writeSync } from 'node:fs';

const BATCH_CHARS = 64 * 1024;
const WAIT_MS = 2;

export class Output {
  readonly #fd: number;
  #pending = '';
  #gone = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Nobody reads any more: there is no point in going on. */
  get gone(): boolean {
    return this.#gone;
  }

  line(text: string): void {
    this.#pending += `${text}\n`;
    if (this.#pending.length >= BATCH_CHARS) this.flush();
  }

  /** At once, without an end of line. */
  text(text: string): void {
    this.#pending += text;
    this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    let at = 0;
    while (at < bytes.length && !this.#gone) {
      try {
        at += writeSync(this.#fd, bytes, at);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE' || code === 'EOF') this.#gone = true;
        else if (code === 'EAGAIN') pause();
        else throw error;
      }
    }
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
}
