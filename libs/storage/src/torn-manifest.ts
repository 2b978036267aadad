/**
 * RocksDB's list of its tables (`MANIFEST-*`) after a loss of power in its last, unsynced write.
 *
 * A list that merely ends too early RocksDB takes; one whose last pages were written in part it
 * refuses, though nothing that was ever synced is missing. Then what is behind the last whole edit
 * is cut off here. Only if nothing readable follows: damage in the middle is no torn write. Should
 * it have been a synced edit that decayed, the state is at an earlier flush: then the Raft log does
 * not reach back to it, or a table is missing, and the start is refused for that.
 *
 * Format: blocks of 32 KiB; records of masked CRC-32C (4 bytes), length (2) and type (1: a whole
 * edit; 2 to 4: its first, middle, last part), little-endian, never across blocks
 * (rocksdb/db/log_format.h).
 */
import fs from 'node:fs';
import path from 'node:path';

import { crc32c } from '@conclave/base';

const BLOCK = 32 * 1024;
const HEADER = 7;
const FULL = 1;
const LAST = 4;
const MASK_DELTA = 0xa282ead8;
const MANIFEST_BYTES_MAX = 256 * 1024 * 1024;

/** Length of the record at `at`, header included; 0: there is no whole one. */
function recordAt(bytes: Buffer, at: number): number {
  if (at + HEADER > bytes.length) return 0;
  const length = HEADER + bytes.readUInt16LE(at + 4);
  const type = bytes[at + 6] as number;
  if (type < FULL || type > LAST || (at % BLOCK) + length > BLOCK || at + length > bytes.length) {
    return 0;
  }
  const crc = crc32c(bytes.subarray(at + 6, at + length));
  const masked = (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
  return masked === bytes.readUInt32LE(at) ? length : 0;
}

/** Where the whole edits end; null if what follows is not one torn write. */
export function endOfEdits(bytes: Buffer): number | null {
  let at = 0;
  let end = 0;
  for (;;) {
    if (BLOCK - (at % BLOCK) < HEADER) at += BLOCK - (at % BLOCK);
    const length = recordAt(bytes, at);
    if (length === 0) break;
    const type = bytes[at + 6] as number;
    at += length;
    if (type === FULL || type === LAST) end = at;
  }
  // A write that tore is the last: anything that can be read behind it says otherwise.
  for (let next = at + 1; next + HEADER <= bytes.length; next++) {
    if (recordAt(bytes, next) > HEADER) return null;
  }
  return end === 0 ? null : end;
}

/**
 * Cuts the torn end off the list of tables in `directory`. Answers what it did, for the log; null: nothing,
 * because it is whole, or damaged otherwise.
 */
export function mendTornManifest(directory: string): string | null {
  let file: string;
  let bytes: Buffer;
  try {
    const current = fs.readFileSync(path.join(directory, 'CURRENT'), 'utf8');
    const name = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
    if (name === undefined) return null;
    file = path.join(directory, name);
    if (fs.statSync(file).size > MANIFEST_BYTES_MAX) return null;
    bytes = fs.readFileSync(file);
  } catch {
    return null;
  }
  const end = endOfEdits(bytes);
  if (end === null || end === bytes.length) return null;
  const fd = fs.openSync(file, 'r+');
  try {
    fs.ftruncateSync(fd, end);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  return `${file}: cut ${bytes.length - end} bytes of a write that the power interrupted`;
}
