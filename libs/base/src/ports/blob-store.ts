import type { DiskDone, DiskFailure } from './log-disk.js';

/**
 * The data directory apart from the log: small named files replaced atomically, and state directories.
 * `replace` is write to a temporary name, fsync, rename, fsync of the directory.
 */
export interface BlobStore {
  readSync(name: string): Uint8Array | null;
  replaceSync(name: string, bytes: Uint8Array): void;
  replace(name: string, bytes: Uint8Array, done: DiskDone): void;
  /** Names of the entries directly below the directory. */
  listSync(): readonly string[];
  /** Removes a file or a whole directory. */
  remove(name: string, done: DiskDone): void;
  read(name: string, done: (failure: DiskFailure | null, bytes: Uint8Array | null) => void): void;
}
