/**
 * `BlobStore` on a directory: small named files, each replaced by write, fsync, rename, fsync of the
 * directory. Names may have one directory part. Temporary files of a killed process are removed at start.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { type BlobStore, type DiskDone, type DiskFailure, assert } from '@conclave/base';
import { diskError, diskFailure } from './disk-trouble.js';
import {
  type FileSystem,
  NODE_FS,
  syncDirectory,
  syncDirectorySync,
  writeAll,
  writeAllSync,
} from './file-system.js';

const TEMPORARY = '.tmp';
const FLAGS =
  fs.constants.O_WRONLY |
  fs.constants.O_CREAT |
  fs.constants.O_TRUNC |
  (fs.constants.O_NOFOLLOW ?? 0);
export class FileBlobStore implements BlobStore {
  readonly #directory: string;
  readonly #system: FileSystem;
  #number = 0;

  /** Creates the directory if it is not there. */
  constructor(directory: string, system: FileSystem = NODE_FS) {
    this.#directory = directory;
    this.#system = system;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of fs.readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
      if (/\.\d+\.tmp$/.test(name)) fs.rmSync(path.join(directory, name), { force: true });
    }
  }

  readSync(name: string): Uint8Array | null {
    try {
      const bytes = fs.readFileSync(this.#path(name));
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw diskError(error, `read ${name}`);
    }
  }

  replaceSync(name: string, bytes: Uint8Array): void {
    const target = this.#path(name);
    const temporary = this.#temporary(target);
    try {
      this.#parentSync(target);
      const fd = this.#system.openSync(temporary, FLAGS, 0o600);
      try {
        writeAllSync(this.#system, fd, bytes, 0);
        this.#system.fsyncSync(fd);
      } finally {
        this.#system.closeSync(fd);
      }
      this.#system.renameSync(temporary, target);
      syncDirectorySync(this.#system, path.dirname(target));
    } catch (error) {
      throw diskError(error, `replace ${name}`);
    }
  }

  replace(name: string, bytes: Uint8Array, done: DiskDone): void {
    const target = this.#path(name);
    const temporary = this.#temporary(target);
    const end = ending(`replace ${name}`, done);
    try {
      this.#parentSync(target);
    } catch (error) {
      setImmediate(end, error);
      return;
    }
    this.#system.open(temporary, FLAGS, 0o600, (openError, fd) => {
      if (openError !== null) {
        end(openError);
        return;
      }
      this.#writeAndClose(fd, bytes, (error) => {
        if (error !== null) {
          end(error);
          return;
        }
        this.#system.rename(temporary, target, (renameError) => {
          if (renameError !== null) end(renameError);
          else syncDirectory(this.#system, path.dirname(target), end);
        });
      });
    });
  }

  listSync(): readonly string[] {
    return fs
      .readdirSync(this.#directory)
      .filter((name) => !name.endsWith(TEMPORARY))
      .sort();
  }

  remove(name: string, done: DiskDone): void {
    const target = this.#path(name);
    const end = ending(`remove ${name}`, done);
    this.#system.rm(target, { recursive: true, force: true }, (error) => {
      if (error !== null) end(error);
      else syncDirectory(this.#system, path.dirname(target), end);
    });
  }

  read(name: string, done: (failure: DiskFailure | null, bytes: Uint8Array | null) => void): void {
    fs.readFile(this.#path(name), (error, bytes) => {
      if (error?.code === 'ENOENT') done(null, null);
      else if (error !== null) done(diskFailure(error, `read ${name}`), null);
      else done(null, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    });
  }

  #writeAndClose(fd: number, bytes: Uint8Array, done: (error: unknown) => void): void {
    writeAll(this.#system, fd, [bytes], 0, (writeError) => {
      if (writeError !== null) {
        this.#system.close(fd, () => done(writeError));
        return;
      }
      this.#system.fsync(fd, (syncError) => {
        this.#system.close(fd, (closeError) => done(syncError ?? closeError ?? null));
      });
    });
  }

  #parentSync(target: string): void {
    const parent = path.dirname(target);
    if (parent === this.#directory || fs.existsSync(parent)) return;
    fs.mkdirSync(parent, { mode: 0o700 });
    syncDirectorySync(this.#system, this.#directory);
  }

  #temporary(target: string): string {
    return `${target}.${this.#number++}${TEMPORARY}`;
  }

  #path(name: string): string {
    const plain = /^[A-Za-z0-9_-][\w.-]*(\/[A-Za-z0-9_-][\w.-]*)?$/.test(name);
    assert(plain && !name.endsWith(TEMPORARY), 'a plain name below the directory');
    return path.join(this.#directory, name);
  }
}

function ending(doing: string, done: DiskDone): (error: unknown) => void {
  return (error) => {
    done(error === null || error === undefined ? null : diskFailure(error, doing));
  };
}
