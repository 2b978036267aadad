/**
 * `LogDisk` on real files.
 *
 * Segments are filled with zeros before use, so a write changes no metadata, and on Linux they are opened
 * with O_DSYNC: the write is the sync, in one hop to a thread. Elsewhere fdatasync follows the write.
 * Filling goes in small durable steps, so that it never puts a large flush in a group's way.
 *
 * The first failure of any kind is final: every later call answers it. What to do then (stop the
 * process) is the owner's business. Nothing is written through a symbolic link.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { type DiskDone, type DiskFailure, type LogDisk, assert } from '@conclave/base';
import { diskError, diskFailure } from './disk-trouble.js';
import {
  type FileSystem,
  NODE_FS,
  syncDirectory,
  syncDirectorySync,
  writeAll,
  writeAllSync,
} from './file-system.js';

const FILL_STEP = 256 * 1024;
const FILL_STEP_SYNC = 4 * 1024 * 1024;
const FILE_MODE = 0o600;

const DSYNC = process.platform === 'linux' ? fs.constants.O_DSYNC : 0;
const OPEN_FLAGS = fs.constants.O_RDWR | (fs.constants.O_NOFOLLOW ?? 0) | DSYNC;
const CREATE_FLAGS = OPEN_FLAGS | fs.constants.O_CREAT | fs.constants.O_EXCL;

export class FileLogDisk implements LogDisk {
  readonly #directory: string;
  readonly #system: FileSystem;
  readonly #fds = new Map<string, number>();
  /** Files with a write under way. */
  readonly #writing = new Set<string>();
  #zeros: Uint8Array = new Uint8Array(0);
  #failure: DiskFailure | null = null;
  #underWay = 0;
  #closing: DiskDone | null = null;
  #closed = false;

  readonly #openFlags: number;

  /** The directory exists. `system` is for tests that inject faults. */
  constructor(directory: string, system: FileSystem = NODE_FS, openFlags = OPEN_FLAGS) {
    this.#directory = directory;
    this.#system = system;
    this.#openFlags = openFlags;
  }

  /** For looking at the log of a member that may be running: every write fails. */
  static readOnly(directory: string): FileLogDisk {
    return new FileLogDisk(directory, NODE_FS, fs.constants.O_RDONLY);
  }

  list(): readonly string[] {
    return this.#sync('list the log directory', () =>
      this.#system
        .readdirSync(this.#directory, { withFileTypes: true })
        .filter((found) => found.isFile())
        .map((found) => found.name)
        .sort(),
    );
  }

  size(name: string): number {
    return this.#sync(`size of ${name}`, () => this.#system.fstatSync(this.#fd(name)).size);
  }

  readSync(name: string, offset: number, length: number, into?: Uint8Array): Uint8Array {
    return this.#sync(`read ${name}`, () => {
      const fits = into !== undefined && into.length >= length;
      const bytes = fits ? into.subarray(0, length) : new Uint8Array(length);
      let at = 0;
      while (at < length) {
        const read = this.#system.readSync(this.#fd(name), bytes, at, length - at, offset + at);
        if (read === 0) break;
        at += read;
      }
      return bytes.subarray(0, at);
    });
  }

  createSync(name: string, bytes: number): void {
    this.#sync(`create ${name}`, () => {
      const target = this.#path(name);
      // Filled without O_DSYNC and synced once: nobody else uses the disk yet.
      const fd = this.#system.openSync(target, CREATE_FLAGS & ~DSYNC, FILE_MODE);
      try {
        const zeros = new Uint8Array(Math.min(bytes, FILL_STEP_SYNC));
        for (let at = 0; at < bytes; at += zeros.length) {
          const length = Math.min(zeros.length, bytes - at);
          writeAllSync(this.#system, fd, zeros.subarray(0, length), at);
        }
        this.#system.fsyncSync(fd);
      } finally {
        this.#system.closeSync(fd);
      }
      syncDirectorySync(this.#system, this.#directory);
    });
  }

  writeSync(name: string, offset: number, chunks: readonly Uint8Array[]): void {
    this.#sync(`write ${name}`, () => {
      let at = offset;
      for (const chunk of chunks) {
        writeAllSync(this.#system, this.#fd(name), chunk, at);
        at += chunk.length;
      }
      if (DSYNC === 0) this.#system.fsyncSync(this.#fd(name));
    });
  }

  syncSync(name: string): void {
    this.#sync(`sync ${name}`, () => this.#system.fsyncSync(this.#fd(name)));
  }

  truncateSync(name: string, bytes: number): void {
    this.#sync(`truncate ${name}`, () => {
      this.#system.ftruncateSync(this.#fd(name), bytes);
      this.#system.fsyncSync(this.#fd(name));
    });
  }

  removeSync(name: string): void {
    this.#sync(`remove ${name}`, () => {
      this.#forgetSync(name);
      this.#system.unlinkSync(this.#path(name));
      syncDirectorySync(this.#system, this.#directory);
    });
  }

  create(name: string, bytes: number, done: DiskDone): void {
    const end = this.#begin(`create ${name}`, done);
    if (end === null) return;
    this.#system.open(this.#path(name), CREATE_FLAGS, FILE_MODE, (error, fd) => {
      if (error !== null) {
        end(error);
        return;
      }
      this.#fds.set(name, fd);
      this.#fill(fd, 0, bytes, (fillError) => {
        if (fillError !== null) {
          end(fillError);
          return;
        }
        this.#system.fsync(fd, (syncError) => {
          if (syncError !== null) end(syncError);
          else syncDirectory(this.#system, this.#directory, end);
        });
      });
    });
  }

  write(name: string, offset: number, chunks: readonly Uint8Array[], done: DiskDone): void {
    assert(!this.#writing.has(name), 'one write per file in flight');
    const end = this.#begin(`write ${name}`, done);
    if (end === null) return;
    let fd: number;
    try {
      fd = this.#fd(name);
    } catch (error) {
      setImmediate(end, error);
      return;
    }
    this.#writing.add(name);
    writeAll(this.#system, fd, chunks, offset, (error) => {
      if (error !== null || DSYNC !== 0) {
        this.#writing.delete(name);
        end(error);
        return;
      }
      this.#system.fdatasync(fd, (syncError) => {
        this.#writing.delete(name);
        end(syncError);
      });
    });
  }

  read(
    name: string,
    offset: number,
    length: number,
    done: (failure: DiskFailure | null, bytes: Uint8Array) => void,
  ): void {
    const bytes = new Uint8Array(length);
    let at = 0;
    const end = this.#begin(`read ${name}`, (failure) => {
      done(failure, failure === null ? bytes.subarray(0, at) : new Uint8Array(0));
    });
    if (end === null) return;
    const more = (): void => {
      this.#system.read(this.#fd(name), bytes, at, length - at, offset + at, (error, read) => {
        at += read;
        if (error !== null || read === 0 || at === length) end(error);
        else more();
      });
    };
    try {
      more();
    } catch (error) {
      setImmediate(end, error);
    }
  }

  remove(name: string, done: DiskDone): void {
    const end = this.#begin(`remove ${name}`, done);
    if (end === null) return;
    this.#system.unlink(this.#path(name), (error) => {
      if (error !== null) {
        end(error);
        return;
      }
      const fd = this.#fds.get(name);
      this.#fds.delete(name);
      const sync = (): void => syncDirectory(this.#system, this.#directory, end);
      if (fd === undefined) sync();
      else this.#system.close(fd, (closeError) => (closeError ? end(closeError) : sync()));
    });
  }

  /** Waits for what is under way. */
  close(done: DiskDone): void {
    assert(this.#closing === null, 'disk is closed once');
    this.#closing = done;
    setImmediate(() => this.#finishClose());
  }

  #finishClose(): void {
    const done = this.#closing;
    if (done === null || this.#underWay > 0 || this.#closed) return;
    this.#closed = true;
    let failure = this.#failure;
    for (const fd of this.#fds.values()) {
      try {
        this.#system.closeSync(fd);
      } catch (error) {
        failure ??= diskFailure(error, 'close');
      }
    }
    this.#fds.clear();
    done(failure);
  }

  #fill(fd: number, at: number, bytes: number, done: (error: unknown) => void): void {
    if (at >= bytes) {
      done(null);
      return;
    }
    if (this.#zeros.length === 0) this.#zeros = new Uint8Array(FILL_STEP);
    const step = this.#zeros.subarray(0, Math.min(FILL_STEP, bytes - at));
    writeAll(this.#system, fd, [step], at, (error) => {
      if (error !== null) done(error);
      else this.#fill(fd, at + step.length, bytes, done);
    });
  }

  /** Counts an operation in; the answer ends it. Null when the disk has failed before. */
  #begin(doing: string, done: DiskDone): ((error: unknown) => void) | null {
    if (this.#failure !== null) {
      setImmediate(() => done(this.#failure));
      return null;
    }
    assert(this.#closing === null, 'disk is open');
    this.#underWay++;
    return (error) => {
      this.#underWay--;
      if (error !== null && error !== undefined) this.#failure ??= diskFailure(error, doing);
      done(this.#failure);
      if (this.#closing !== null) this.#finishClose();
    };
  }

  #sync<T>(doing: string, work: () => T): T {
    if (this.#failure !== null) throw diskError(this.#failure, this.#failure.message);
    try {
      return work();
    } catch (error) {
      throw diskError(error, `${doing} in ${this.#directory}`);
    }
  }

  #fd(name: string): number {
    const known = this.#fds.get(name);
    if (known !== undefined) return known;
    const fd = this.#system.openSync(this.#path(name), this.#openFlags);
    this.#fds.set(name, fd);
    return fd;
  }

  #forgetSync(name: string): void {
    const fd = this.#fds.get(name);
    if (fd === undefined) return;
    this.#fds.delete(name);
    this.#system.closeSync(fd);
  }

  #path(name: string): string {
    assert(/^[\w.-]+$/.test(name) && !name.startsWith('.'), 'a plain file name');
    return path.join(this.#directory, name);
  }
}
