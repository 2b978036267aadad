/**
 * The log directory of a member as it stood at one moment, for reading only, while the member may run.
 *
 * A running member appends: groups go behind each other, one in flight. Whoever reads such a file from
 * its end to its beginning sees, at every offset, at least all that was durable before anything seen at
 * a higher offset; so the copy is a prefix of the log with one torn group at most, as after a crash.
 * The mark, which trails the log, is read first. What lies below the active segment changes no more and
 * is not copied: it is held open, so that it may be removed meanwhile.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ConclaveError, type DiskDone, type LogDisk, assert } from '@conclave/base';

const CHUNK_BYTES = 1024 * 1024;
const HEAD_BYTES = 4096;
const SEGMENT = /^[0-9a-f]{16}\.log$/;
/** Files beside the segments are a few KiB. */
const SMALL_FILE_BYTES_MAX = 1024 * 1024;
const ZEROS = new Uint8Array(CHUNK_BYTES);

/** Chunks of a file by number; one that is all zeros is null. */
interface Copy {
  readonly size: number;
  readonly chunks: readonly (Uint8Array | null)[];
}

export class FrozenLogDisk implements LogDisk {
  readonly #copies = new Map<string, Copy>();
  readonly #open = new Map<string, { readonly fd: number; readonly size: number }>();

  /** Reads and opens everything; throws what node:fs throws. */
  constructor(directory: string) {
    try {
      const isSegment = (name: string): boolean => SEGMENT.test(name);
      for (const name of filesIn(directory)) if (!isSegment(name)) this.#copySmall(directory, name);
      const segments = filesIn(directory).filter(isSegment).sort().reverse();
      for (const name of segments) this.#openSegment(directory, name);
      for (const name of segments) if (this.#freeze(name)) break;
    } catch (error) {
      this.closeSync();
      throw error;
    }
  }

  list(): readonly string[] {
    return [...this.#copies.keys(), ...this.#open.keys()].sort();
  }

  size(name: string): number {
    const size = this.#copies.get(name)?.size ?? this.#open.get(name)?.size;
    assert(size !== undefined, 'a file that was listed');
    return size;
  }

  readSync(name: string, offset: number, length: number): Uint8Array {
    const copy = this.#copies.get(name);
    if (copy !== undefined) return readCopy(copy, offset, length);
    const opened = this.#open.get(name);
    assert(opened !== undefined, 'a file that was listed');
    return readAt(opened.fd, offset, Math.max(0, Math.min(length, opened.size - offset)));
  }

  closeSync(): void {
    for (const { fd } of this.#open.values()) fs.closeSync(fd);
    this.#open.clear();
  }

  createSync(): void {
    throw readOnly();
  }

  writeSync(): void {
    throw readOnly();
  }

  syncSync(): void {
    throw readOnly();
  }

  truncateSync(): void {
    throw readOnly();
  }

  removeSync(): void {
    throw readOnly();
  }

  create(_name: string, _bytes: number, done: DiskDone): void {
    done(READ_ONLY);
  }

  write(_name: string, _offset: number, _chunks: readonly Uint8Array[], done: DiskDone): void {
    done(READ_ONLY);
  }

  read(
    _name: string,
    _offset: number,
    _length: number,
    done: (failure: typeof READ_ONLY, bytes: Uint8Array) => void,
  ): void {
    done(READ_ONLY, new Uint8Array(0));
  }

  remove(_name: string, done: DiskDone): void {
    done(READ_ONLY);
  }

  close(done: DiskDone): void {
    this.closeSync();
    done(null);
  }

  #copySmall(directory: string, name: string): void {
    const fd = openSync(path.join(directory, name));
    if (fd === null) return;
    try {
      const { size } = fs.fstatSync(fd);
      if (size > SMALL_FILE_BYTES_MAX) return;
      this.#copies.set(name, { size, chunks: [readAt(fd, 0, size)] });
    } finally {
      fs.closeSync(fd);
    }
  }

  /** One that is gone was removed by the member since it was listed. */
  #openSegment(directory: string, name: string): void {
    const fd = openSync(path.join(directory, name));
    if (fd !== null) this.#open.set(name, { fd, size: fs.fstatSync(fd).size });
  }

  /** Copies a segment backwards; true if it is in use, false if it was prepared for later. */
  #freeze(name: string): boolean {
    const opened = this.#open.get(name);
    if (opened === undefined) return false;
    const { fd, size } = opened;
    const chunks: (Uint8Array | null)[] = [];
    for (let i = Math.ceil(size / CHUNK_BYTES) - 1; i >= 0; i--) {
      const offset = i * CHUNK_BYTES;
      const bytes = readAt(fd, offset, Math.min(CHUNK_BYTES, size - offset));
      chunks[i] = isZero(bytes, bytes.length) ? null : bytes;
    }
    this.#copies.set(name, { size, chunks });
    this.#open.delete(name);
    fs.closeSync(fd);
    const first = chunks[0];
    return first !== undefined && first !== null && !isZero(first, HEAD_BYTES);
  }
}

const READ_ONLY = { code: 'EROFS', message: 'the log is open for reading only' };

function readOnly(): ConclaveError {
  return new ConclaveError(READ_ONLY.code, READ_ONLY.message);
}

function filesIn(directory: string): string[] {
  return fs
    .readdirSync(directory, { withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => found.name);
}

/** Null: there is no such file. */
function openSync(file: string): number | null {
  try {
    return fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function readAt(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const read = fs.readSync(fd, bytes, at, length - at, offset + at);
    if (read === 0) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

function readCopy(copy: Copy, offset: number, length: number): Uint8Array {
  const end = Math.min(copy.size, offset + length);
  const out = new Uint8Array(Math.max(0, end - offset));
  for (let at = offset; at < end;) {
    const i = Math.floor(at / CHUNK_BYTES);
    const stop = Math.min(end, (i + 1) * CHUNK_BYTES);
    const chunk = copy.chunks[i];
    if (chunk) out.set(chunk.subarray(at - i * CHUNK_BYTES, stop - i * CHUNK_BYTES), at - offset);
    at = stop;
  }
  return out;
}

function isZero(bytes: Uint8Array, end: number): boolean {
  return Buffer.compare(bytes.subarray(0, end), ZEROS.subarray(0, end)) === 0;
}
