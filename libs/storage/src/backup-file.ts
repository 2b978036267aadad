/**
 * Backup files on a disk: read and verified, never trusted. The format is that of `snapshot`.
 *
 * A file is refused with a text that says what it is or what is wrong with it, and nothing is done before
 * all of it was read and compared: its SHA-256, the checksum and number of its rows.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { ConclaveError, type EngineRow } from '@conclave/base';
import {
  BACKUP_BLOCK_BYTES,
  BACKUP_HEAD_BYTES_MAX,
  BACKUP_SHA_BYTES,
  type BackupEnd,
  type BackupHead,
  BackupRows,
  backupBytes,
  decodeBackupEnd,
  decodeBackupHead,
} from '@conclave/snapshot';

const READ_BYTES = 1024 * 1024;
/** As between members. */
const ROW_BYTES_MAX = 64 * 1024 * 1024;
/** Where a bbolt file has its magic number, and the number as it is on the disk. */
const BOLT_MAGIC_OFFSET = 16;
const BOLT_MAGIC = Buffer.from('edda0ced', 'hex');

export type BackupFileCode = 'backup-missing' | 'backup-foreign' | 'backup-damaged';

export interface BackupFileOptions {
  /** Do not compare the SHA-256 at the end, which may then be missing as well. */
  readonly skipHashCheck?: boolean;
  /** Bytes read so far, of all. */
  readonly onProgress?: (bytes: number, of: number) => void;
  /** Rows as they come, before the end of the file is seen; waited for. */
  readonly onRows?: (rows: readonly EngineRow[]) => Promise<void>;
}

export interface BackupFileInfo {
  readonly head: BackupHead;
  readonly end: BackupEnd;
  /** Of the file. */
  readonly bytes: number;
  /** Hex; of the file without its last 32 bytes. */
  readonly sha256: string;
}

/** Reads all of a backup and compares. Throws `ConclaveError<BackupFileCode>`. */
export async function readBackupFile(
  file: string,
  options: BackupFileOptions = {},
): Promise<BackupFileInfo> {
  let handle: fs.promises.FileHandle;
  try {
    handle = await fs.promises.open(file, 'r');
  } catch (error) {
    throw new ConclaveError('backup-missing', (error as Error).message, {}, error);
  }
  try {
    return await new Reading(file, handle, options).run();
  } finally {
    await handle.close();
  }
}

/** The head alone, of a file that may still be growing; null: there is none yet, or it is damaged. */
export async function readBackupHead(file: string): Promise<BackupHead | null> {
  const handle = await fs.promises.open(file, 'r');
  try {
    const bytes = Buffer.alloc(BACKUP_HEAD_BYTES_MAX);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    const head = decodeBackupHead(bytes.subarray(0, bytesRead));
    return head.ok ? head.value : null;
  } finally {
    await handle.close();
  }
}

class Reading {
  readonly #file: string;
  readonly #handle: fs.promises.FileHandle;
  readonly #options: BackupFileOptions;
  readonly #sha = createHash('sha256');

  constructor(file: string, handle: fs.promises.FileHandle, options: BackupFileOptions) {
    this.#file = file;
    this.#handle = handle;
    this.#options = options;
  }

  async run(): Promise<BackupFileInfo> {
    const { size } = await this.#handle.stat();
    const first = await this.#read(0, Math.min(size, BACKUP_HEAD_BYTES_MAX));
    this.#refuseForeign(first);
    const head = decodeBackupHead(first);
    if (!head.ok) throw this.#refusal(head.text);
    const hasSha = size % BACKUP_BLOCK_BYTES === BACKUP_SHA_BYTES;
    const dataBytes = hasSha ? size - BACKUP_SHA_BYTES : size;
    const skips = this.#options.skipHashCheck === true;
    if (dataBytes % BACKUP_BLOCK_BYTES !== 0) throw this.#refusal('it was cut short');
    if (!hasSha && !skips) throw this.#refusal('its SHA-256 is missing: it was cut short');
    const endAt = dataBytes - BACKUP_BLOCK_BYTES;
    const end = decodeBackupEnd(await this.#read(Math.max(0, endAt), BACKUP_BLOCK_BYTES));
    if (!end.ok) throw this.#refusal(end.text);
    if (backupBytes(head.end, end.value.rowBytes) !== dataBytes) {
      throw this.#refusal('it is not as long as it says');
    }
    await this.#rows(head.end, end.value, dataBytes);
    const sha256 = this.#sha.digest();
    if (!skips && !sha256.equals(await this.#read(dataBytes, BACKUP_SHA_BYTES))) {
      throw this.#refusal('its SHA-256 is not that of its bytes');
    }
    return { head: head.value, end: end.value, bytes: size, sha256: sha256.toString('hex') };
  }

  async #rows(rowsAt: number, end: BackupEnd, dataBytes: number): Promise<void> {
    const rows = new BackupRows(end, ROW_BYTES_MAX);
    const rowsEnd = rowsAt + end.rowBytes;
    for (let at = 0; at < dataBytes; at += READ_BYTES) {
      const piece = await this.#read(at, Math.min(READ_BYTES, dataBytes - at));
      this.#sha.update(piece);
      const lo = Math.max(0, rowsAt - at);
      const hi = Math.min(piece.length, rowsEnd - at);
      if (lo < hi) {
        const parsed = rows.push(piece.subarray(lo, hi));
        if (!parsed.ok) throw this.#refusal(parsed.text);
        if (parsed.rows.length > 0) await this.#options.onRows?.(parsed.rows);
      }
      this.#options.onProgress?.(at + piece.length, dataBytes);
    }
    const fault = rows.finish();
    if (fault !== null) throw this.#refusal(fault);
  }

  /** A buffer of its own each time: rows are views into it. */
  async #read(at: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, at + filled);
      if (bytesRead === 0) throw this.#refusal('it became shorter while it was read');
      filled += bytesRead;
    }
    return bytes;
  }

  #refuseForeign(first: Buffer): void {
    const magic = first.subarray(BOLT_MAGIC_OFFSET, BOLT_MAGIC_OFFSET + BOLT_MAGIC.length);
    if (!magic.equals(BOLT_MAGIC)) return;
    throw new ConclaveError<BackupFileCode>(
      'backup-foreign',
      `${this.#file} is a snapshot that etcd made, which is not read: start a new cluster and copy ` +
        'the keys, for example with etcdctl make-mirror',
    );
  }

  #refusal(text: string): ConclaveError<BackupFileCode> {
    return new ConclaveError('backup-damaged', `backup ${this.#file} is refused: ${text}`);
  }
}
