/**
 * Trouble with disks and data directories, named: as a `DiskFailure` through a port's callback, as a
 * `ConclaveError<StorageCode>` where a call may throw.
 */
import { ConclaveError, type DiskFailure } from '@conclave/base';

export type StorageCode =
  /** Another process has the directory. */
  | 'locked'
  | 'read-only'
  | 'symlink'
  | 'no-directory'
  /** Bytes that fail their checksum, or files that do not fit together. */
  | 'corrupt'
  | 'unknown-format'
  | 'other-member'
  | 'missing'
  /** Data of another program. */
  | 'foreign'
  /** A shared library that RocksDB needs is not installed. */
  | 'missing-library'
  | 'disk';

export function storageError(
  code: StorageCode,
  message: string,
  cause?: unknown,
): ConclaveError<StorageCode> {
  return new ConclaveError<StorageCode>(code, message, {}, cause);
}

/** The failure that `error`, thrown or passed by node:fs or RocksDB, stands for. */
export function diskFailure(error: unknown, doing: string): DiskFailure {
  const code = (error as { readonly code?: unknown } | null)?.code;
  const text = error instanceof Error ? error.message : String(error);
  return { code: typeof code === 'string' ? code : 'EIO', message: `${doing}: ${text}` };
}

/** The same, to be thrown. */
export function diskError(error: unknown, doing: string): ConclaveError {
  if (error instanceof ConclaveError) return error;
  const failure = diskFailure(error, doing);
  return new ConclaveError(failure.code, failure.message, {}, error);
}
