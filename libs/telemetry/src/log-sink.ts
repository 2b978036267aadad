/**
 * Where log lines go, without ever holding the process up.
 *
 * Node writes to a pipe synchronously, so a reader that stops would stop the whole member (etcd's
 * issue 22214). A sink therefore writes through the thread pool, one write in flight, and gathers
 * meanwhile up to a bound; beyond it lines are counted and lost, and the next line that gets through
 * says how many. A reader that is gone ends the sink in silence. Nothing here throws.
 */
import { closeSync, openSync, write, writeSync } from 'node:fs';

import { ConclaveError, encodeUtf8 } from '@conclave/base';

/** The two calls a sink makes; replaced in tests. */
export interface SinkFile {
  write(
    bytes: Uint8Array,
    done: (error: NodeJS.ErrnoException | null, written: number) => void,
  ): void;
  writeSync(bytes: Uint8Array): number;
  close(): void;
}

const BUFFER_CHARS_MAX = 1024 * 1024;
const RETRY_MS = 20;
/** How long a last synchronous write waits for the one in flight. */
const LAST_WAIT_MS = 10;

function fileOf(fd: number, isOurs: boolean): SinkFile {
  return {
    write: (bytes, done) => write(fd, bytes, 0, bytes.length, null, done),
    writeSync: (bytes) => writeSync(fd, bytes),
    close: () => {
      if (isOurs) closeSync(fd);
    },
  };
}

/** Opens an output of `--log-outputs`: `stderr`, `default`, `stdout` or a file to append to. */
export function openOutput(output: string): SinkFile {
  if (output === 'stderr' || output === 'default') return fileOf(2, false);
  if (output === 'stdout') return fileOf(1, false);
  if (output === 'systemd/journal') {
    throw new ConclaveError('log-output', 'log output systemd/journal is not supported yet', {});
  }
  try {
    return fileOf(openSync(output, 'a', 0o600), true);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConclaveError('log-output', `cannot open log output: ${why}`, { output }, cause);
  }
}

export class LogSink {
  readonly #file: SinkFile;
  readonly #dropped: (lines: number) => void;
  readonly #charsMax: number;
  #lines: string[] = [];
  #chars = 0;
  #lost = 0;
  #isWriting = false;
  #isDead = false;
  #isClosing = false;
  #whenEmpty: (() => void) | null = null;

  constructor(file: SinkFile, dropped: (lines: number) => void, charsMax = BUFFER_CHARS_MAX) {
    this.#file = file;
    this.#dropped = dropped;
    this.#charsMax = charsMax;
  }

  /** Takes a line; it is on its way when this returns, or counted as lost. */
  line(text: string): void {
    if (this.#isDead) return;
    if (this.#chars + text.length > this.#charsMax) {
      this.#lost++;
      this.#dropped(1);
      return;
    }
    this.#lines.push(text);
    this.#chars += text.length;
    if (!this.#isWriting) this.#writeNext();
  }

  #writeNext(): void {
    if (this.#lines.length === 0 || this.#isDead) {
      this.#empty();
      return;
    }
    this.#isWriting = true;
    this.#write(encodeUtf8(this.#takeLines()));
  }

  #takeLines(): string {
    if (this.#lost > 0) {
      const msg = `{"level":"warn","msg":"log lines were lost","count":${this.#lost}}\n`;
      this.#lines.push(msg);
      this.#lost = 0;
    }
    const text = this.#lines.join('');
    this.#lines = [];
    this.#chars = 0;
    return text;
  }

  #write(bytes: Uint8Array): void {
    this.#file.write(bytes, (error, written) => {
      if (error?.code === 'EAGAIN' || error?.code === 'EINTR') {
        setTimeout(() => this.#write(bytes), RETRY_MS).unref();
        return;
      }
      if (error !== null) this.#die();
      if (error === null && written < bytes.length) {
        this.#write(bytes.subarray(written));
        return;
      }
      this.#isWriting = false;
      this.#writeNext();
    });
  }

  #die(): void {
    this.#isDead = true;
    this.#lines = [];
    this.#chars = 0;
  }

  #empty(): void {
    const whenEmpty = this.#whenEmpty;
    this.#whenEmpty = null;
    if (this.#isClosing) this.#closeFile();
    whenEmpty?.();
  }

  #closeFile(): void {
    this.#isDead = true;
    try {
      this.#file.close();
    } catch {
      // The descriptor was taken away from us: there is nothing left to close.
    }
  }

  /** `done` once everything is written, or nothing more can be. */
  flush(done: () => void): void {
    if (!this.#isWriting) {
      setImmediate(done);
      return;
    }
    const before = this.#whenEmpty;
    this.#whenEmpty = () => {
      before?.();
      done();
    };
  }

  /** As `flush`, and the sink takes nothing afterwards. */
  close(done: () => void): void {
    this.#isClosing = true;
    if (!this.#isWriting) this.#closeFile();
    this.flush(done);
  }

  /** For the last moment of a process: writes what is left without waiting for the event loop. */
  flushSync(): void {
    if (this.#isDead) return;
    if (this.#isWriting) {
      // The pool's thread finishes the write in flight; only then may the rest follow it.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WAIT_MS);
    }
    if (this.#lines.length === 0) return;
    try {
      this.#file.writeSync(encodeUtf8(this.#takeLines()));
    } catch {
      this.#die();
    }
  }
}
