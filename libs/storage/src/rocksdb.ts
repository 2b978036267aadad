/**
 * The part of npm `rocksdb-native` (RocksDB 10.5) that this room uses; the package has no types of
 * its own. Loaded on first use, so that a missing shared library is named instead of a stack trace.
 */
import { storageError } from './disk-trouble.js';

export interface RocksOptions {
  readonly maxBackgroundJobs?: number;
  readonly avoidFlushDuringShutdown?: boolean;
  readonly createIfMissing?: boolean;
  /** Bytes of a block of a table file. */
  readonly tableBlockSize?: number;
  readonly writeBufferSize?: number;
  readonly maxWriteBufferNumber?: number;
}

export interface RocksRange {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
}

export interface RocksReadBatch {
  /** Resolves once the batch is flushed. */
  get(key: Uint8Array): Promise<Buffer | null>;
  tryFlush(): void;
}

export interface RocksWriteBatch {
  tryPut(key: Uint8Array, value: Uint8Array): void;
  tryDelete(key: Uint8Array): void;
  tryDeleteRange(start: Uint8Array, end: Uint8Array): void;
  flush(): Promise<void>;
}

export interface RocksFound {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** A stream: rows flow once `data` is listened to; `close` comes last, also behind an error. */
export interface RocksIterator {
  on(event: 'data', listener: (row: RocksFound) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'close', listener: () => void): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface RocksSession {
  read(options?: { readonly capacity?: number; readonly autoDestroy?: boolean }): RocksReadBatch;
  /** `limit` rows at most (all if there is none), fetched `capacity` at a time. */
  iterator(
    range: RocksRange,
    options: { readonly limit?: number; readonly capacity: number },
  ): RocksIterator;
  close(): Promise<void>;
}

export interface RocksDatabase extends RocksSession {
  ready(): Promise<void>;
  /** A session that does not move. */
  snapshot(): RocksSession;
  write(options?: { readonly capacity?: number; readonly autoDestroy?: boolean }): RocksWriteBatch;
  flush(): Promise<void>;
  getProperty(name: string): Promise<string | undefined>;
}

type RocksConstructor = new (directory: string, options?: RocksOptions) => RocksDatabase;

/** Opens the database; rejects as RocksDB does. Throws `missing-library`. */
export async function openRocks(directory: string, options: RocksOptions): Promise<RocksDatabase> {
  const Constructor = loadRocks(() => require('rocksdb-native') as RocksConstructor);
  const database = new Constructor(directory, options);
  await database.ready();
  return database;
}

/** Runs the loader and explains its failure. */
export function loadRocks<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const library = /(lib[\w+-]+\.so[.\d]*)[^\n]*(cannot open shared object|No such file)/.exec(
      text,
    );
    if (library?.[1]?.startsWith('libatomic')) {
      throw storageError(
        'missing-library',
        'RocksDB needs libatomic1, which is not installed; this helps: ' +
          'apt-get install -y libatomic1 (Debian, Ubuntu) or dnf install -y libatomic (Fedora, RHEL)',
        error,
      );
    }
    throw storageError('missing-library', `RocksDB cannot be loaded: ${text}`, error);
  }
}
