/**
 * One process at a time on a data directory.
 *
 * Node has no file locks; RocksDB has. `member/lock` is an empty RocksDB whose LOCK is taken before
 * anything else in the directory is read or written, and is held until the process ends, however it
 * ends. A lock of its own, not that of the state, because states are opened, closed and replaced
 * while the member runs.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { type ConclaveError } from '@conclave/base';
import { type StorageCode, storageError } from './disk-trouble.js';
import { type RocksDatabase, openRocks } from './rocksdb.js';

const LOCK_DIRECTORY = 'lock';

export class DirectoryLock {
  readonly #database: RocksDatabase;

  private constructor(database: RocksDatabase) {
    this.#database = database;
  }

  /** Takes the lock below `member`; throws `locked`, `read-only`, `missing-library` or `disk`. */
  static async take(member: string): Promise<DirectoryLock> {
    const directory = path.join(member, LOCK_DIRECTORY);
    let database: RocksDatabase;
    try {
      fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
      database = await openRocks(directory, { maxBackgroundJobs: 1, writeBufferSize: 65_536 });
    } catch (error) {
      throw lockError(error, member, path.join(directory, 'LOCK'));
    }
    // RocksDB keeps a thousand old info logs otherwise; only the holder of the lock may tidy up.
    for (const name of fs.readdirSync(directory)) {
      if (name.startsWith('LOG.old')) fs.rmSync(path.join(directory, name), { force: true });
    }
    return new DirectoryLock(database);
  }

  async release(): Promise<void> {
    await this.#database.close();
  }
}

function lockError(error: unknown, member: string, file: string): ConclaveError<StorageCode> {
  const text = error instanceof Error ? error.message : String(error);
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (code === 'missing-library') return error as ConclaveError<StorageCode>;
  if (/lock/i.test(text) && /temporarily unavailable|No locks available/.test(text)) {
    const pid = holderOf(file);
    return storageError(
      'locked',
      `data directory ${path.dirname(member)} is in use by another process` +
        (pid === null ? '' : ` (pid ${pid})`),
      error,
    );
  }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM' || /Read-only|denied/.test(text)) {
    return storageError('read-only', `data directory ${path.dirname(member)}: ${text}`, error);
  }
  return storageError('disk', `data directory ${path.dirname(member)}: ${text}`, error);
}

/** Linux tells who holds a lock; elsewhere, and across containers, nobody knows. */
function holderOf(file: string): number | null {
  try {
    const { ino } = fs.statSync(file);
    for (const line of fs.readFileSync('/proc/locks', 'utf8').split('\n')) {
      const found = /\sPOSIX\s.*\s(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line);
      if (found !== null && Number(found[2]) === ino && Number(found[1]) > 0) {
        return Number(found[1]);
      }
    }
  } catch {
    // The holder's number is a courtesy.
  }
  return null;
}
