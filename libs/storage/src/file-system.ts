/**
 * The functions of node:fs that touch the log and the small files, handed in so that a test can make
 * each of them fail. Production passes `NODE_FS`.
 */
import * as fs from 'node:fs';

export type FileSystem = Pick<
  typeof fs,
  | 'close'
  | 'closeSync'
  | 'fdatasync'
  | 'fsync'
  | 'fsyncSync'
  | 'fstatSync'
  | 'ftruncateSync'
  | 'open'
  | 'openSync'
  | 'read'
  | 'readSync'
  | 'readdirSync'
  | 'rename'
  | 'renameSync'
  | 'rm'
  | 'unlink'
  | 'unlinkSync'
  | 'write'
  | 'writeSync'
  | 'writev'
>;

export const NODE_FS: FileSystem = fs;

/** Makes names in `directory` durable. Windows has no such call and needs none. */
export function syncDirectorySync(system: FileSystem, directory: string): void {
  if (process.platform === 'win32') return;
  const fd = system.openSync(directory, 'r');
  try {
    system.fsyncSync(fd);
  } finally {
    system.closeSync(fd);
  }
}

export function syncDirectory(
  system: FileSystem,
  directory: string,
  done: (error: unknown) => void,
): void {
  if (process.platform === 'win32') {
    setImmediate(done, null);
    return;
  }
  system.open(directory, 'r', (openError, fd) => {
    if (openError !== null) {
      done(openError);
      return;
    }
    system.fsync(fd, (syncError) => {
      system.close(fd, (closeError) => done(syncError ?? closeError ?? null));
    });
  });
}

/** Writes all of `bytes` at `offset`; a write that makes no progress is an error. */
export function writeAllSync(
  system: FileSystem,
  fd: number,
  bytes: Uint8Array,
  offset: number,
): void {
  for (let at = 0; at < bytes.length;) {
    const written = system.writeSync(fd, bytes, at, bytes.length - at, offset + at);
    if (written === 0) throw Object.assign(new Error('write made no progress'), { code: 'EIO' });
    at += written;
  }
}

/** As `writeAllSync`. A short write goes on with the rest, so that the reason of it shows. */
export function writeAll(
  system: FileSystem,
  fd: number,
  chunks: readonly Uint8Array[],
  offset: number,
  done: (error: unknown) => void,
): void {
  let total = 0;
  for (const chunk of chunks) total += chunk.length;
  const after = (error: unknown, written: number): void => {
    if (error !== null) done(error);
    else if (written === total) done(null);
    else if (written === 0) {
      done(Object.assign(new Error('write made no progress'), { code: 'EIO' }));
    } else writeAll(system, fd, behind(chunks, written), offset + written, done);
  };
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) {
    system.write(fd, only, 0, only.length, offset, after);
  } else system.writev(fd, chunks as Uint8Array[], offset, after);
}

/** The chunks without their first `bytes` bytes. */
function behind(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (bytes >= chunk.length) bytes -= chunk.length;
    else {
      rest.push(chunk.subarray(bytes));
      bytes = 0;
    }
  }
  return rest;
}
